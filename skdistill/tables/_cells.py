"""Cells as they come from a file, a database or JSON, read as one type."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skdistill.tables._numbers import MISSING, PLAIN, Notation, missing, numbers_of

if TYPE_CHECKING:
    from pandas import Series

__all__ = ["ISO", "decoded", "read_dates", "read_numbers", "read_strings"]

# How dates without a format are written as strings.
ISO = "%Y-%m-%d %H:%M:%S"
_WORDS = frozenset(MISSING)


def read_numbers(
    cells: Any, name: str, notation: Notation = PLAIN
) -> NDArray[np.float64]:
    """Return cells as numbers, NaN where they are missing.

    Raises
    ------
    ValueError
        If a cell is no number; the message names the column.
    """
    cells = np.asarray(cells)
    numbers, empty = decoded(cells, notation)
    wrong = np.isnan(numbers) & ~empty
    if wrong.any() and not notation.coerce:
        raise _wrong(name, cells, int(wrong.argmax()), f"a {notation.what}")
    if notation.coerce:
        numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def decoded(
    cells: Any, notation: Notation
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the numbers of cells, NaN where they have none, and which are missing.

    Strings are read by the notation; what is stored as a number stays as it is.
    """
    import pandas as pd

    cells = np.asarray(cells)
    if cells.dtype.kind in "fiub":
        numbers = cells.astype(np.float64)
        return numbers, np.isnan(numbers)
    found = pd.Series(cells.astype(object))
    empty, is_string = _empty(found)
    numbers = np.full(len(found), np.nan)
    if (written := is_string & ~empty).any():
        numbers[written] = numbers_of(found[written], notation)
    for row in np.flatnonzero(~is_string & ~empty).tolist():
        with suppress(TypeError, ValueError, OverflowError):
            numbers[row] = float(found[row])
    return numbers, empty


def _empty(cells: "Series") -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which cells among numbers or dates are missing, and which are strings."""
    empty = cells.isna().to_numpy(copy=True)
    is_string = np.array([isinstance(cell, str) for cell in cells], dtype=bool)
    if is_string.any():
        empty[is_string] = missing(cells[is_string], values=True)
    return empty, is_string


def read_dates(cells: Any, name: str, written: str | None) -> NDArray[np.datetime64]:
    """Return cells as dates without a time zone, in UTC where they had one.

    Raises
    ------
    ValueError
        If a cell is no date; the message names the column.
    """
    import pandas as pd

    cells = np.asarray(cells)
    if cells.dtype.kind == "M":
        return cells.astype("datetime64[us]")
    cells = cells.astype(object)
    empty, _ = _empty(pd.Series(cells))
    dates = pd.to_datetime(
        np.where(empty, None, cells),
        format=written or "ISO8601",
        utc=True,
        errors="coerce",
    )
    read = dates.tz_convert(None).to_numpy().astype("datetime64[us]")
    wrong = np.isnat(read) & ~empty
    if wrong.any():
        like = "a date" if written is None else f"a date like {written}"
        raise _wrong(name, cells, int(wrong.argmax()), like)
    return read


def read_strings(cells: Any) -> list[str]:
    """Return cells as strings, the empty one where they are missing.

    What pandas reads as missing in a file is so as a string, too. An integer is the
    same whether it is stored as such or, as pandas does beside missing cells, as a
    float.
    """
    import pandas as pd

    cells = np.asarray(cells, dtype=object)
    strings = [
        "" if is_missing else cell if type(cell) is str else _string(cell)
        for cell, is_missing in zip(cells, pd.isna(cells), strict=True)
    ]
    return ["" if one in _WORDS else one for one in strings]


def _string(cell: Any) -> str:
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)


def _wrong(name: str, cells: NDArray, row: int, what: str) -> ValueError:
    return ValueError(
        f"Column {name!r} must hold {what} in each cell, or nothing. Got "
        f"{str(cells[row])!r} in row {row + 1:,}. Correct it, or leave it empty."
    )
