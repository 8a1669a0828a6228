"""Parameters that a class takes over from another: declared and described once."""

import inspect
import re
from collections.abc import Callable, Collection
from itertools import pairwise
from typing import Any, TypeVar

__all__ = ["assign", "inherit_parameters"]

Class = TypeVar("Class", bound=type)


def inherit_parameters(
    *bases: type, without: Collection[str] = ()
) -> Callable[[Class], Class]:
    """Return a class decorator: parameters of `bases` are parameters of the class too.

    The class declares its own parameters and takes the others as ``**inherited``, which
    it hands on. What scikit-learn and a reader look at is completed here: the signature
    of ``__init__``, from which `get_params` reads the names; the
    ``_parameter_constraints``; and the section "Parameters" of the docstring. So a
    parameter that several classes have is written down in one place.

    Parameters
    ----------
    *bases : type
        The classes that declare the parameters. What is declared first wins.
    without : collection of str, default=()
        Parameters of `bases` that the class has not.

    Returns
    -------
    decorate : callable
        What the class declares itself comes first and wins.
    """

    def decorate(cls: Class) -> Class:
        found = _parameters(cls)
        rest = found.popitem()[1]
        if rest.kind is not rest.VAR_KEYWORD:
            raise TypeError(f"{cls.__name__}.__init__ must end in **inherited.")
        constraints = cls.__dict__.get("_parameter_constraints", {})
        entries = _entries(inspect.cleandoc(cls.__doc__ or ""))
        for base in bases:
            found = found | {
                name: parameter
                for name, parameter in _parameters(base).items()
                if name not in {*found, *without}
                and parameter.kind is not parameter.VAR_KEYWORD
            }
            constraints = vars(base)["_parameter_constraints"] | constraints
            entries = _entries(inspect.cleandoc(base.__doc__ or "")) | entries
        signature = inspect.Signature([*found.values()])
        cls.__init__.__signature__ = signature  # type: ignore[misc]
        names = [name for name in found if name != "self"]
        checks = {name: constraints[name] for name in names}
        cls._parameter_constraints = checks  # type: ignore[attr-defined]
        if cls.__doc__ is not None:  # As it is under python -OO.
            cls.__doc__ = _with_entries(cls.__doc__, entries, names)
        return cls

    return decorate


def assign(
    instance: Any, base: type, given: dict[str, Any], *, without: Collection[str] = ()
) -> None:
    """Set the parameters that an instance inherits from `base`.

    Parameters
    ----------
    instance : estimator
        It is changed in place; parameters that it has already are left as they are.
    base : type
        The class that declares the parameters.
    given : dict
        The values given; all others are the defaults of `base`.
    without : collection of str, default=()
        Parameters of `base` that the instance does not inherit.
    """
    inherited = {
        name: parameter.default
        for name, parameter in _parameters(base).items()
        if name not in {"self", *without}
    }
    unknown = sorted(set(given) - set(inherited))
    if unknown:
        raise TypeError(
            f"{type(instance).__name__} got unexpected parameters {unknown}."
        )
    for name, default in inherited.items():
        if name not in vars(instance):
            setattr(instance, name, given.get(name, default))


def _parameters(cls: type) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(cls.__init__).parameters)  # type: ignore[misc]


def _with_entries(doc: str, entries: dict[str, str], names: list[str]) -> str:
    """Return a docstring with an entry for each parameter, in order."""
    doc = inspect.cleandoc(doc)
    start, end = _section(doc)
    return doc[:start] + "".join(entries[name] for name in names) + doc[end:]


def _section(doc: str) -> tuple[int, int]:
    """Return where the entries of the section "Parameters" begin and end."""
    head = re.search(r"^Parameters\n-+\n", doc, re.MULTILINE)
    if head is None:
        return len(doc), len(doc)
    following = re.search(r"^\n\w[\w ]*\n-+\n", doc[head.end() :], re.MULTILINE)
    end = len(doc) if following is None else head.end() + following.start()
    return head.end(), end


def _entries(doc: str) -> dict[str, str]:
    """Return the text of each entry in the section "Parameters", by name."""
    start, end = _section(doc)
    section = doc[start:end]
    heads = [*re.finditer(r"^(\w+) : ", section, re.MULTILINE)]
    starts = [head.start() for head in heads]
    return {
        head[1]: section[first:last].rstrip("\n") + "\n"
        for head, (first, last) in zip(
            heads, pairwise([*starts, len(section)]), strict=True
        )
    }
