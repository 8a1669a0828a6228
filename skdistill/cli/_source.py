"""Estimators as Python expressions that make them, with the imports they need."""

import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skdistill._typing import Estimator

__all__ = ["Source"]

_WIDTH = 88


class Source:
    """Writes values as Python expressions, and collects the imports they need.

    Parameters
    ----------
    names : mapping of str to object
        Variables of the script; an expression refers to them by name.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = {id(value): name for name, value in names.items()}
        self._imports: set[tuple[str, str]] = set()

    @property
    def imports(self) -> list[str]:
        """The import statements, sorted."""
        modules: dict[str, list[str]] = {}
        for module, name in sorted(self._imports):
            modules.setdefault(module, []).append(name)
        lines = []
        for module, found in modules.items():
            line = f"from {module} import {', '.join(found)}"
            if len(line) > _WIDTH:
                line = "\n    ".join([f"from {module} import (", *_each(found)]) + "\n)"
            lines.append(line)
        return lines

    def name(self, kind: Any) -> str:
        """Return the name of a class or function, and import it."""
        parts = kind.__module__.split(".")
        for length in range(1, len(parts) + 1):
            module = ".".join(parts[:length])
            if getattr(importlib.import_module(module), kind.__name__, None) is kind:
                break
        self._imports.add((module, kind.__name__))
        return kind.__name__

    def write(
        self, value: Any, used: int = 0, indent: int = 0, named: bool = True
    ) -> str:
        """Return the expression.

        Parameters
        ----------
        value : object
            An estimator or another object with `get_params`, a splitter of
            scikit-learn, a list, tuple or dict of these, or anything whose repr is an
            expression that makes it.
        used : int, default=0
            Number of characters before it on its first line.
        indent : int, default=0
            Indentation of the following lines.
        named : bool, default=True
            Whether a variable may stand for the value itself.
        """
        if named and id(value) in self._names:
            return self._names[id(value)]
        opening, parts, closing = self._parts(value)
        if parts is None:
            return opening
        flat = ", ".join(f"{key}{self.write(part)}" for key, part in parts)
        lone = "," if opening == "(" and len(parts) == 1 else ""
        line = f"{opening}{flat}{lone}{closing}"
        if (used + len(line) <= _WIDTH and "\n" not in line) or not parts:
            return line
        deeper = indent + 4
        lines = [
            f"{' ' * deeper}{key}{self.write(part, deeper + len(key) + 1, deeper)},"
            for key, part in parts
        ]
        return "\n".join([opening, *lines, f"{' ' * indent}{closing}"])

    def _parts(self, value: Any) -> tuple[str, Sequence[tuple[str, Any]] | None, str]:
        """Return how the value opens, its parts as (key, part), and how it closes.

        If the parts are None, the opening is the whole expression.
        """
        if isinstance(value, dict):
            return "{", [(f"{key!r}: ", part) for key, part in value.items()], "}"
        if type(value) in (list, tuple):
            opening, closing = "[]" if isinstance(value, list) else "()"
            return opening, [("", part) for part in value], closing
        if isinstance(value, np.ufunc):
            self._imports.add(("numpy", value.__name__))
            return value.__name__, None, ""
        if inspect.isfunction(value):
            return self.name(value), None, ""
        params = None
        if hasattr(value, "get_params") and not isinstance(value, type):
            params = _changed(value, value.get_params(deep=False))
        elif type(value).__module__.startswith("sklearn.model_selection"):
            params = _changed(value, vars(value))
        if params is None:
            return repr(value), None, ""
        parts = [(f"{key}=", part) for key, part in params.items()]
        return f"{self.name(type(value))}(", parts, ")"


def _changed(value: Estimator, params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that differ from the constructor's defaults."""
    try:
        fresh = type(value)()
    except TypeError:  # Some parameters have none.
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(type(value)).parameters.items()
        }
    else:
        has_params = hasattr(fresh, "get_params")
        defaults = fresh.get_params(deep=False) if has_params else vars(fresh)
    return {
        name: param
        for name, param in params.items()
        if not _is_same(param, defaults.get(name))
    }


def _is_same(param: Any, default: Any) -> bool:
    """Return whether a parameter has its default value."""
    return param is default or (
        type(param) is type(default) and repr(param) == repr(default)
    )


def _each(names: Sequence[str]) -> list[str]:
    """Return the names as lines of an import in brackets."""
    return [f"{name}," for name in names]
