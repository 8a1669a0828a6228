"""Cells as they come from a file, a database or JSON, read as one type."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ISO", "read_dates", "read_numbers", "read_strings"]

# How dates without a format are written as strings.
ISO = "%Y-%m-%d %H:%M:%S"


def read_numbers(cells: Any, name: str) -> NDArray[np.float64]:
    """Return cells as numbers, NaN where they are missing.

    Raises
    ------
    ValueError
        If a cell is no number; the message names the column.
    """
    import pandas as pd

    cells = np.asarray(cells)
    if cells.dtype.kind in "fiub":
        return cells.astype(np.float64)
    missing = pd.isna(cells)
    numbers = np.full(len(cells), np.nan)
    for row in np.flatnonzero(~missing).tolist():
        try:
            numbers[row] = float(cells[row])
        except (TypeError, ValueError) as error:
            raise _wrong(name, cells, row, "a number") from error
    return numbers


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
    dates = pd.to_datetime(
        cells, format=written or "ISO8601", utc=True, errors="coerce"
    )
    read = dates.tz_convert(None).to_numpy().astype("datetime64[us]")
    wrong = np.isnat(read) & ~pd.isna(cells) & (cells != "")
    if wrong.any():
        like = "a date" if written is None else f"a date like {written}"
        raise _wrong(name, cells, int(wrong.argmax()), like)
    return read


def read_strings(cells: Any) -> list[str]:
    """Return cells as strings, the empty one where they are missing.

    An integer is the same whether it is stored as such or, as pandas does beside
    missing cells, as a float.
    """
    import pandas as pd

    cells = np.asarray(cells, dtype=object)
    return [
        "" if is_missing else cell if type(cell) is str else _string(cell)
        for cell, is_missing in zip(cells, pd.isna(cells), strict=True)
    ]


def _string(cell: Any) -> str:
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)


def _wrong(name: str, cells: NDArray, row: int, what: str) -> ValueError:
    return ValueError(
        f"Column {name!r} must hold {what} in each cell, or nothing. Got "
        f"{str(cells[row])!r} in row {row + 1:,}. Correct it, or leave it empty."
    )
