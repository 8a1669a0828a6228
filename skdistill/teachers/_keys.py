"""The key of teacher work: a hash of everything that it depends on.

Data and parameters count by their contents, the libraries of all objects among them by
their versions, and code that is the user's own by what it does: a class or function of
a script, a notebook or a module outside of the installed packages is hashed by its
bytecode, constants, defaults and closure, with the bases, and with the other functions,
classes and values that it names.
"""

import dis
import functools
import os
import platform
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import Any

import numpy as np
from joblib.hashing import NumpyHasher
from scipy.sparse import issparse
from sklearn import get_config

from skdistill._version import __version__

__all__ = ["NoKeyError", "key_of"]

_PACKAGE = __name__.partition(".")[0]
# Libraries that do teachers' work without being named in them.
_ALWAYS = ("numpy", "scipy", "sklearn", "pandas", "joblib")
# Settings of scikit-learn that change what the parts of a teacher are given.
_SETTINGS = ("array_api_dispatch", "enable_metadata_routing", "transform_output")
# Values of these types stand for themselves; as cells they are told apart by their text
# and their type.
_TOLD_BY_TEXT = {str, bytes, int, float, bool, type(None)}
# Objects that pickle does not take, or takes by name, and where their code is.
_WRAPPERS = (
    classmethod,
    functools.cached_property,
    property,
    staticmethod,
    type(cache(len)),
)
_WRAPPED = ("__func__", "__wrapped__", "fdel", "fget", "fset", "func")
# What a class holds that says nothing of what it does.
_NOT_OF_A_CLASS = {
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__module__",
    "__slotnames__",
    "__static_attributes__",
    "__weakref__",
    "_abc_impl",
}


class NoKeyError(Exception):
    """Something that the work depends on cannot be hashed."""


def key_of(*values: Any) -> str:
    """Return a hash of the values, and of all code and versions that they bring.

    Parameters
    ----------
    *values : object
        Data, estimators, functions and the like.

    Returns
    -------
    key : str

    Raises
    ------
    NoKeyError
        If something among them can be told by nothing, such as a generator.
    """
    hasher = _Hasher()
    try:
        contents = hasher.hash(values)
    except Exception as error:  # Pickling raises what it likes.
        raise NoKeyError(f"{type(error).__name__}: {error}") from error
    config = get_config()
    settings = [config.get(name) for name in _SETTINGS]
    return NumpyHasher("sha1").hash((contents, settings, _versions(hasher.libraries)))


def _versions(libraries: set[str]) -> list:
    """Return the versions of the libraries, of Python and of this package."""
    found = {*libraries, *_ALWAYS}
    versions = {
        name: str(getattr(sys.modules.get(name), "__version__", "")) for name in found
    }
    return [sorted(versions.items()), __version__, platform.python_version()]


class _Hasher(NumpyHasher):
    """Hashes by contents, and notes the libraries of what it meets."""

    def __init__(self) -> None:
        super().__init__("sha1", coerce_mmap=True)
        self.libraries: set[str] = set()
        # Code that was described, by its id, with the number of its description.
        self.described: dict[int, tuple[int, Any]] = {}

    def save(self, obj: Any) -> None:
        """Hash an object, or what stands for it."""
        super().save(obj if type(obj) in _TOLD_BY_TEXT else self._stand_in(obj))

    def _stand_in(self, obj: Any) -> Any:
        if isinstance(obj, type):
            return self._class(obj) if self._is_users(obj) else obj
        if isinstance(obj, types.FunctionType):
            return self._function(obj) if self._is_users(obj) else obj
        if isinstance(obj, types.ModuleType):
            self._is_users(obj)
            return "module", obj.__name__
        if isinstance(obj, _WRAPPERS):
            wrapped = [getattr(obj, name, None) for name in _WRAPPED]
            return type(obj).__name__, wrapped
        if isinstance(obj, frozenset):  # As for sets, the order is by chance.
            return "frozenset", set(obj)
        if isinstance(obj, np.ma.MaskedArray):
            return "masked", obj.filled(), np.ma.getmaskarray(obj), obj.fill_value
        if issparse(obj):  # It notes what somebody asked about the order.
            state = vars(obj).items()
            return type(obj), {n: v for n, v in state if not n.startswith("_has_")}
        return _table(obj)

    def _is_users(self, obj: Any) -> bool:
        """Return whether code is the user's; note the library that it is of if not."""
        is_module = isinstance(obj, types.ModuleType)
        name = str(obj.__name__ if is_module else obj.__module__)
        library = name.partition(".")[0]
        if library != _PACKAGE and _is_outside(name):
            return True
        self.libraries.add(library)
        # What cannot be imported by its name is known by its code alone.
        return "<" in getattr(obj, "__qualname__", "")

    def _class(self, kind: type) -> tuple:
        def describe() -> tuple:
            members = {
                name: self._value(value)
                for name, value in vars(kind).items()
                if name not in _NOT_OF_A_CLASS and not _is_made(name, value)
            }
            return kind.__qualname__, kind.__bases__, type(kind), members

        return self._once("class", kind, describe)

    def _function(self, function: types.FunctionType) -> tuple:
        def describe() -> tuple:
            found = [
                *zip(function.__code__.co_freevars, _closure(function), strict=True),
                *_globals(function),
                *vars(function).items(),
            ]
            return (
                function.__qualname__,
                _code(function.__code__),
                self._value(function.__defaults__),
                self._value(function.__kwdefaults__),
                [(name, self._value(value)) for name, value in found],
            )

        return self._once("function", function, describe)

    def _once(self, what: str, obj: Any, describe: Callable[[], tuple]) -> tuple:
        """Return a description, or its number where that was given already."""
        if id(obj) in self.described:
            return what, self.described[id(obj)][0]
        self.described[id(obj)] = len(self.described), obj
        return what, describe()

    def _value(self, value: Any) -> Any:
        """Return a hash of what code holds, or its type if it cannot be hashed."""
        inner = _Hasher()
        inner.libraries, inner.described = self.libraries, dict(self.described)
        try:
            found = inner.hash(value)
        except Exception:  # Pickling raises what it likes.
            return "type", type(value).__qualname__
        self.described = inner.described
        return found


def _is_made(name: str, value: Any) -> bool:
    """Return whether scikit-learn made a member, which it does again in a worker."""
    is_request = name.startswith("set_") and name.endswith("_request")
    return is_request and not isinstance(value, types.FunctionType)


def _closure(function: types.FunctionType) -> list:
    """Return the values that a function closes over; None for one that is not set."""
    values = []
    for cell in function.__closure__ or ():
        try:
            values.append(cell.cell_contents)
        except ValueError:
            values.append(None)
    return values


def _globals(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function names outside of itself: the user's, and other values."""
    codes = [function.__code__]
    for code in codes:
        codes += [one for one in code.co_consts if isinstance(one, types.CodeType)]
    read = {
        one.argval
        for code in codes
        for one in dis.get_instructions(code)
        if one.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    names = {name for code in codes for name in code.co_names}
    known = function.__globals__
    found = {name: known[name] for name in sorted(read & known.keys())}
    found |= _imported(codes, known.get("__package__"))
    seen: set[int] = set()
    for name, value in found.items():
        yield from _members(name, value, names, seen)


def _members(
    name: str, value: Any, names: set[str], seen: set[int]
) -> Iterator[tuple[str, Any]]:
    """Yield a value, and what is named in it if it is a module of the user's."""
    yield name, value
    is_module = isinstance(value, types.ModuleType) and _is_outside(value.__name__)
    if is_module and id(value) not in seen:
        seen.add(id(value))
        for inner in sorted(names & vars(value).keys()):
            yield from _members(f"{name}.{inner}", vars(value)[inner], names, seen)


def _imported(codes: list[types.CodeType], package: str | None) -> dict[str, Any]:
    """Return the modules of the user's that code imports when it runs."""
    found = {}
    for code in codes:
        steps = [s for s in dis.get_instructions(code) if s.opname != "EXTENDED_ARG"]
        # How many packages up, and which names of the module, are put before.
        for level, names, step in zip(steps, steps[1:], steps[2:], strict=False):
            if step.opname == "IMPORT_NAME":
                name = "." * level.argval + step.argval
                found[name] = _users_module(name, package, names.argval)
    return {name: module for name, module in found.items() if module is not None}


def _users_module(
    name: str, package: str | None, names: tuple[str, ...] | None
) -> types.ModuleType | None:
    """Return a module of the user's, imported if it is not yet; None for any other."""
    try:
        name = resolve_name(name, package)
        spec = find_spec(name.partition(".")[0])
        if spec is None or not spec.has_location or not _is_own(spec.origin):
            return None
        # With a name, this is the module itself, and not its package.
        return __import__(name, fromlist=names or ["__name__"])
    except Exception:  # As when the code is run, which knows what to do then.
        return None


def _code(code: types.CodeType) -> tuple:
    """Return what a compiled function does, wherever it stands."""
    consts = [_code(c) if isinstance(c, types.CodeType) else c for c in code.co_consts]
    signature = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return code.co_code, consts, names, signature, code.co_flags, code.co_exceptiontable


@cache
def _is_outside(name: str) -> bool:
    """Return whether a module is neither a part of Python nor installed."""
    module = sys.modules.get(name)
    if name in ("__main__", "__mp_main__") or module is None:
        return True
    return _is_own(getattr(module, "__file__", None))


def _is_own(file: str | None) -> bool:
    """Return whether a file is neither a part of Python nor installed."""
    if file is None:
        return False
    path = Path(os.path.realpath(file))
    if {"site-packages", "dist-packages"} & {*path.parts}:
        return False
    return not any(path.is_relative_to(folder) for folder in _installed())


@cache
def _installed() -> list[str]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return [os.path.realpath(paths[name]) for name in names]


def _table(obj: Any) -> Any:
    """Stand in for pandas data: equal contents may be laid out in several ways."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(obj, pandas.DataFrame | pandas.Series):
        return obj
    frame = obj.to_frame() if isinstance(obj, pandas.Series) else obj
    try:
        index = _cells(frame.index.to_series())
        columns = [_cells(frame.iloc[:, i]) for i in range(frame.shape[1])]
    except TypeError:  # Cells that cannot be hashed there can be pickled.
        return obj
    return (
        type(obj).__name__,
        frame.columns.tolist(),
        frame.columns.names,
        index,
        columns,
    )


def _cells(column: Any) -> tuple:
    """Return what a column holds: its type, and its cells with theirs."""
    from pandas.api.extensions import ExtensionDtype
    from pandas.util import hash_pandas_object

    dtype = column.dtype
    about = [str(dtype)]
    if hasattr(dtype, "categories"):
        categories = dtype.categories
        about += [categories.tolist(), str(categories.dtype), dtype.ordered]
    if isinstance(dtype, ExtensionDtype):
        return about, hash_pandas_object(column, index=False).to_numpy()
    if dtype.kind != "O":
        return about, np.ascontiguousarray(column.to_numpy())
    kinds = [type(cell) for cell in column]
    if not {*kinds} <= _TOLD_BY_TEXT:
        return about, column.to_numpy()
    numbers = {kind: i for i, kind in enumerate(sorted(_TOLD_BY_TEXT, key=repr))}
    codes = np.array([numbers[kind] for kind in kinds], dtype=np.uint8)
    return about, codes, hash_pandas_object(column, index=False).to_numpy()
