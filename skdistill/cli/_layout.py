"""Where the table stands among the lines of a file: its header, rows and columns."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["lay_out", "rows_of_text"]

Row = Sequence[Any]

_SEPARATORS = ",;\t|"
# So many lines say which separator a file has.
_SAMPLE = 200
_SAYS_SEPARATOR = re.compile(r'\s*"?sep=([,;\t|:])"?[ ]*\r?\n', re.IGNORECASE)
_SUM = re.compile(
    r"\s*(grand\s+)?(totals?|sum|average|mean|summe|gesamt)\s*:?\s*$", re.IGNORECASE
)
# So many rows at the end may be none of the table.
_MOST_FOOTER = 10
_SHOWN = 40


def rows_of_text(text: str) -> tuple[list[Row], str]:
    """Return the rows of all lines, split by the separator that fits, and that one.

    Raises
    ------
    ValueError
        If a quoted cell does not end.
    """
    if said := _SAYS_SEPARATOR.match(text):
        return _split(text[said.end() :], said[1]), said[1]
    # A cell may go on over lines; the last one may be cut.
    sample = "".join(text.splitlines(keepends=True)[:_SAMPLE])
    best = max(_SEPARATORS, key=lambda one: _fit(sample, one))
    return _split(text, best), best


def _split(text: str, separator: str, strict: bool = True) -> list[Row]:
    """Return the cells of each line that has any; None where there is nothing."""
    before = csv.field_size_limit(max(len(text), 1))
    try:
        lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=separator, strict=strict
        )
        return [[cell or None for cell in row] for row in lines if row]
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num:,}: {error}") from error
    finally:
        csv.field_size_limit(before)


def _fit(sample: str, separator: str) -> tuple[bool, int, float, int]:
    """Return how well a separator splits lines into rows of a table; more is better."""
    rows = _split(sample, separator, strict=False)
    if not rows:
        return (False, 0, 0.0, 0)
    width = _width(rows)
    alike = sum(len(row) == width for row in rows) / len(rows)
    return (width > 1, -_header(rows, width), alike, width)


def _width(rows: Sequence[Row]) -> int:
    """Return how many cells most rows have."""
    counts = Counter(len(row) for row in rows)
    return max(counts, key=lambda width: (counts[width], width))


def _header(rows: Sequence[Row], width: int) -> int:
    """Return where the header is: the first row as wide as most, or one cell less."""
    for place, row in enumerate(rows):
        if len(row) == width or (len(row) == width - 1 and _lacks_one(rows, place)):
            return place
    return 0


def _lacks_one(rows: Sequence[Row], place: int) -> bool:
    """Return whether a row with one cell less than the next is the header.

    So it is before rows with names of their own, as R writes them, and before rows that
    end in a separator. It is not where the next row holds names as well.
    """
    following = rows[place + 1] if place + 1 < len(rows) else []
    return None in following or any(_is_number(cell) for cell in following)


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True


class Layout(NamedTuple):
    """The table among the rows of a file.

    Attributes
    ----------
    frame : DataFrame
        The table.
    notes : list of str
        What was left out.
    row_names : str or None
        The column that names its rows.
    n_after : int
        How many rows at the end are none of the table.
    """

    frame: "DataFrame"
    notes: list[str]
    row_names: str | None
    n_after: int


def lay_out(rows: Sequence[Row], *, exact: bool = True) -> Layout:
    """Return the table among the rows.

    Parameters
    ----------
    rows : sequence of sequences
        The cells of each row, None for an empty one.
    exact : bool, default=True
        Whether a row lacks cells at its end only where it is none of the table.

    Raises
    ------
    ValueError
        If a row has more cells than the header has names.
    """
    import pandas as pd

    rows = [row for row in rows if row]
    if not rows:
        return Layout(pd.DataFrame(), [], None, 0)
    place = _header(rows, _width(rows))
    header, body = rows[place], list(rows[place + 1 :])
    ends = _footer(body, exact)
    body = body[: len(body) - len(ends)]
    columns, names, notes, index = _named(header, _columns(body))
    for left_out, where in ((rows[:place], "before the header"), (ends, "at the end")):
        if left_out:
            notes.append(
                f"Left out {len(left_out):,} rows {where}, such as "
                f"{_line(left_out[0])!r}."
            )
    frame = pd.DataFrame(
        {number: pd.Series(one, dtype="object") for number, one in enumerate(columns)}
    )
    return Layout(frame.set_axis(names, axis=1), notes, index, len(ends))


def _columns(rows: Sequence[Row]) -> list[tuple]:
    """Return the cells of each column; rows that are short end in empty cells."""
    return list(zip_longest(*rows))


def _footer(rows: Sequence[Row], exact: bool) -> list[Row]:
    """Return the rows at the end that are none of the table: short ones, and sums."""
    start = max(1, len(rows) - _MOST_FOOTER)
    usual = min((len(row) for row in rows[:start]), default=0)
    has_sums = any(_is_sum(row) for row in rows[:start])
    first = len(rows)
    while first > start:
        row = rows[first - 1]
        n_cells = len(row) if exact else 2 * sum(cell is not None for cell in row)
        if not (n_cells < usual or (_is_sum(row) and not has_sums)):
            break
        first -= 1
    return list(rows[first:])


def _is_sum(row: Row) -> bool:
    """Return whether a row of several cells begins as a sum does."""
    return len(row) > 1 and isinstance(row[0], str) and bool(_SUM.match(row[0]))


def _named(
    header: Row, columns: list[tuple]
) -> tuple[list[tuple], list[str], list[str], str | None]:
    """Return the columns of the table, their names, notes, and which names the rows.

    Raises
    ------
    ValueError
        If there are cells beyond the header.
    """
    names, notes = list(header), []
    beyond = columns[len(names) :]
    if len(beyond) == 1 and None not in beyond[0] and _is_index(columns[0]):
        names.insert(0, None)  # Rows with names of their own, as R writes them.
        beyond = []
    for cells in beyond:
        for number, cell in enumerate(cells, 1):
            if cell is not None:
                raise ValueError(
                    f"row {number:,} has more cells than the {len(names)} names of the "
                    f"header, such as {cell!r}"
                )
    n_rows = len(columns[0]) if columns else 0
    columns = columns + [(None,) * n_rows] * (len(names) - len(columns))
    if beyond:
        notes.append("Rows end in a separator; the empty column was left out.")
    kept, found, index = [], [], None
    for number, (name, cells) in enumerate(zip(names, columns, strict=False)):
        if name is None and all(cell is None for cell in cells):
            continue
        kept.append(cells)
        found.append(f"Unnamed: {number}" if name is None else str(name))
        if name is None and not number and n_rows and _is_index(cells):
            index = found[0]
            notes.append(
                f"The first column, such as {cells[0]!r}, has no name and names the "
                "rows; it is no feature."
            )
    return kept, found, notes, index


def _is_index(cells: tuple) -> bool:
    """Return whether cells number or name the rows: all are there, and all differ."""
    if None in cells or len(set(cells)) < len(cells):
        return False
    return not any(_is_number(cell) and float(cell) % 1 for cell in cells)


def _line(row: Row) -> str:
    """Return the beginning of a row."""
    text = " ".join(str(cell) for cell in row if cell is not None)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
