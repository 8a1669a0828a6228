"""C functions and constant arrays while they are written."""

import re
from collections.abc import Iterable
from textwrap import fill, indent

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["CSource", "braces", "integer", "number", "strings"]

_INTEGERS = ("int8", "uint8", "int16", "uint16", "int32")


def number(value: float, real: str) -> str:
    """Return a number as a constant of C that is read back as the same number."""
    with np.errstate(over="ignore"):
        found = np.float32(value) if real == "float" else float(value)
    if np.isnan(found):
        return "NAN"
    if np.isinf(found):
        return "INFINITY" if found > 0 else "-INFINITY"
    return f"{found!s}f" if real == "float" else repr(found)


def integer(value: int, kind: str) -> str:
    """Return an integer as a constant of C, of a type such as "uint32"."""
    return f"{value:#x}ull" if kind == "uint64" else str(value)


def strings(values: Iterable[str]) -> list[str]:
    r"""Return strings as constants of C: UTF-8, with octal numbers for most bytes.

    >>> print(*strings(["a b", "é?"]))
    "a b" "\303\251\077"
    """
    safe = re.compile(rb"[A-Za-z0-9 !#$%&'()*+,\-./:;<=>@\[\]^_`{|}~]")
    return [
        '"'
        + "".join(
            chr(byte) if safe.match(bytes([byte])) else f"\\{byte:03o}"
            for byte in value.encode()
        )
        + '"'
        for value in values
    ]


class CSource:
    """The functions and arrays of a C file, in the order in which they are needed.

    Parameters
    ----------
    name : str
        With which all names begin.
    real : {"double", "float"}
        The type of inputs, outputs and what is computed.
    """

    def __init__(self, name: str, real: str) -> None:
        self.name, self.real = name, real
        self.suffix = "f" if real == "float" else ""
        self.blocks: list[str] = []
        self._n_names = 0

    def array(self, values: ArrayLike, kind: str | None = None) -> str:
        """Write a constant array; return its name.

        If `kind` is None, it is the smallest type of integers that holds the values.
        """
        values = np.ravel(values)
        kind = _smallest_type(values) if kind is None else kind
        if kind in ("double", "float"):
            items = [number(value, kind) for value in values]
        else:
            items = [integer(int(value), kind) for value in values]
            kind = f"{kind}_t"
        name = self.new_name()
        self.blocks.append(f"static const {kind} {name}[] = {braces(items)};")
        return name

    def records(self, fields: dict[str, NDArray]) -> str:
        """Write an array of structures of integers; return its name."""
        types = {name: _smallest_type(values) for name, values in fields.items()}
        members = " ".join(f"{kind}_t {name};" for name, kind in types.items())
        columns = (values.tolist() for values in fields.values())
        items = [braces(map(str, row)) for row in zip(*columns, strict=True)]
        name = self.new_name()
        self.blocks.append(
            f"static const struct {{ {members} }} {name}[] = {braces(items)};"
        )
        return name

    def new_name(self) -> str:
        """Return a name that is not used yet."""
        self._n_names += 1
        return f"{self.name}_{self._n_names}"

    def function(self, body: str) -> str:
        """Write a function from x to y; return its name."""
        name, real = self.new_name(), self.real
        self.blocks.append(
            f"static void {name}(const {real} *x, {real} *y)\n"
            f"{{\n{indent(body, '    ')}\n}}"
        )
        return name

    def kind_of(self, values: NDArray) -> str:
        """Return the smaller type that holds real numbers exactly, or as needed."""
        with np.errstate(over="ignore"):
            single = values.astype(np.float32)
        is_same = np.array_equal(single, values, equal_nan=True)
        return "float" if is_same else self.real


def braces(items: Iterable[str]) -> str:
    """Return items in braces, over as many lines as they take."""
    text = ", ".join(items)
    return f"{{{text}}}" if len(text) < 60 else f"{{\n{_filled(text)}\n}}"


def _filled(text: str) -> str:
    return fill(text, 80, break_long_words=False, break_on_hyphens=False)


def _smallest_type(values: NDArray) -> str:
    """Return the smallest type of integers that holds the values."""
    return next(
        kind
        for kind in _INTEGERS
        if np.iinfo(kind).min <= values.min() and values.max() <= np.iinfo(kind).max
    )
