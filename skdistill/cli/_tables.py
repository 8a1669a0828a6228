"""What the columns of a table hold, and reading them alike each time.

`fit` finds out what each column holds and keeps it as a `Schema`. Every other table is
read by that schema, so that a column never changes its kind, nor how its numbers and
dates are written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skdistill.cli._errors import CommandError, names
from skdistill.cli._files import RawTable, read_raw
from skdistill.tables import Notation, decoded, missing, numbers_of, read_strings

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = [
    "Schema",
    "are_strings",
    "dates_of",
    "interpret",
    "read_table",
    "strings_of",
    "with_target",
]

# Trees compare numbers in single precision.
_LARGEST = float(np.finfo(np.float32).max)
_SIGNS = {".": "points", ",": "commas"}
_DTYPES = {
    "number": "float64",
    "label": "int64",
    "boolean": "bool",
    "date": "datetime64[us]",
}


@dataclass(frozen=True)
class Schema:
    """What the columns of a table hold.

    Attributes
    ----------
    kinds : dict of str to str
        For each column "number", "category", "text" or "date"; a target of classes may
        also be "label", an integer, or "boolean".
    formats : dict of str to str
        The format of dates that are strings, for `strptime`.
    numbers : dict of str to dict
        How numbers that are strings are written, as `Notation`; those not named are
        plain.
    """

    kinds: dict[str, str]
    formats: dict[str, str]
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the columns of these kinds."""
        return [name for name, kind in self.kinds.items() if kind in kinds]

    def notation(self, name: str) -> Notation:
        """Return how a column writes its numbers."""
        return Notation(**self.numbers.get(name, {}))

    def with_decimal(self, sign: str, columns: Iterable[str]) -> "Schema":
        """Return the schema with another decimal sign of these columns."""
        changed = {
            name: {**self.numbers.get(name, {}), "decimal": sign} for name in columns
        }
        return replace(self, numbers=self.numbers | changed)

    def without(self, *names: str) -> "Schema":
        """Return the schema of the other columns."""

        def kept(part: dict[str, Any]) -> dict[str, Any]:
            return {name: one for name, one in part.items() if name not in names}

        return Schema(kept(self.kinds), kept(self.formats), kept(self.numbers))

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as JSON has it; `Schema(**found)` makes it again."""
        return asdict(self)


def read_table(
    path: str | Path,
    *,
    kinds: Mapping[str, str],
    formats: Mapping[str, str] | None = None,
    numbers: Mapping[str, Mapping[str, Any]] | None = None,
    target: str | None = None,
) -> "DataFrame":
    r"""Read a table as `skdistill fit` and `skdistill predict` do.

    Parameters
    ----------
    path : str or path-like
        CSV, Parquet or Excel, maybe packed; "-" for standard input.
    kinds : mapping of str to {"number", "category", "text", "date", "label", "boolean"}
        What each column that is read holds.
    formats : mapping of str to str, default=None
        The formats of dates that are strings, for `strptime`.
    numbers : mapping of str to mapping, default=None
        How numbers that are not plain are written: "decimal", the sign; "mark", the
        percent sign or currency; "coerce", whether what is no number counts as missing.
    target : str, default=None
        The column without whose value a row is left out.

    Returns
    -------
    DataFrame
        Numbers as floats, dates without a time zone, categories and text as strings,
        empty where they are missing.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skdistill.cli import read_table
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "houses.csv"
    >>> _ = path.write_text("size;price\n98;1.250,50\n120;?\n")
    >>> read_table(
    ...     path,
    ...     kinds={"size": "number", "price": "number"},
    ...     numbers={"price": {"decimal": ","}},
    ... )
        size   price
    0   98.0  1250.5
    1  120.0     NaN
    """
    schema = Schema(
        dict(kinds),
        dict(formats or {}),
        {name: dict(one) for name, one in (numbers or {}).items()},
    )
    path = Path(path)
    raw = read_raw(path)
    if target is not None:
        raw = with_target(raw, target, schema.kinds[target])
    return interpret(raw, schema, path)[0]


def with_target(raw: RawTable, target: str, kind: str) -> RawTable:
    """Return the rows whose target is not missing."""
    cells = raw.frame[target]
    empty = cells.isna()
    if are_strings(cells):
        empty = missing(strings_of(cells), values=kind in ("number", "label", "date"))
    return raw.of_rows(~empty)


def are_strings(cells: "Series") -> bool:
    """Return whether cells are strings, maybe mixed with other values."""
    from pandas.api import types

    if not (types.is_object_dtype(cells) or types.is_string_dtype(cells)):
        return False
    typed = ("boolean", "date", "datetime", "decimal", "floating", "integer")
    return types.infer_dtype(cells, skipna=True) not in typed


def strings_of(cells: "Series") -> "Series":
    """Return cells as strings, None where there is nothing."""
    from pandas.api import types

    cells = cells.astype("object")
    if types.infer_dtype(cells, skipna=True) == "string":
        return cells.where(cells.notna(), None)
    found = cells.where(cells.isna(), cells.map(str, na_action="ignore"))
    return found.where(cells.notna(), None)


def interpret(
    raw: RawTable, schema: Schema, path: Path
) -> tuple["DataFrame", list[str]]:
    """Return the columns of the schema as it says, and notes on what was decided.

    Missing strings become empty ones; missing numbers stay missing.

    Raises
    ------
    CommandError
        If the table lacks a column, or a cell is not what its column holds.
    """
    import pandas as pd

    lacking = [name for name in schema.kinds if name not in raw.frame]
    if lacking:
        raise CommandError(
            f"{path} has no column {names(lacking)}. It has {names(list(raw.frame))}. "
            "Name the columns as in the table that was fitted."
        )
    schema, notes = _in_this_file(raw.frame, schema)
    columns = {}
    for name, kind in schema.kinds.items():
        cells = raw.frame[name]
        if kind in ("category", "text"):
            columns[name] = pd.Series(read_strings(cells), cells.index, dtype="object")
            continue
        values, empty, what = _values(cells, kind, schema, name)
        wrong = values.isna() & ~empty
        if wrong.any() and schema.notation(name).coerce:
            notes.append(
                f"Column {name!r}: {int(wrong.sum()):,} cells are no numbers and count "
                f"as missing, such as {str(cells[wrong].iloc[0])!r}."
            )
        elif wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise CommandError(
                f"Column {name!r} of {path} holds {str(cells.iloc[row])!r} in row "
                f"{row + 1:,}, where {what} must be. Correct it, or leave it empty."
            )
        columns[name] = values.astype(_DTYPES[kind])
    return pd.DataFrame(columns, index=raw.frame.index), notes


def _in_this_file(frame: "DataFrame", schema: Schema) -> tuple[Schema, list[str]]:
    """Return the schema with the decimal sign of this file, and a note if it differs.

    It is the sign of the table that was fitted, if all numbers can be read by it, and
    otherwise the one that reads most columns: one sign for the whole file.
    """
    text = {
        name: cells
        for name in schema.of_kind("number", "label")
        if are_strings(frame[name])
        and not (cells := _present(frame[name])).empty
        and not schema.notation(name).coerce
    }
    best, fewest = schema, len(text) + 1
    for tried in (schema, *(schema.with_decimal(sign, text) for sign in _SIGNS)):
        n_wrong = sum(
            bool(numbers_of(cells, tried.notation(name)).isna().any())
            for name, cells in text.items()
        )
        if n_wrong < fewest:
            best, fewest = tried, n_wrong
    if best is schema:
        return schema, []
    (sign,) = {best.notation(name).decimal for name in text}
    return best, [
        f"This file writes decimal {_SIGNS[sign]}, unlike the table that was fitted."
    ]


def _present(cells: "Series") -> "Series":
    """Return the strings of the cells that are not missing, as numbers or dates."""
    text = strings_of(cells)
    return text[~missing(text, values=True)]


def _values(
    cells: "Series", kind: str, schema: Schema, name: str
) -> tuple["Series", "Series", str]:
    """Return the values of cells, which of these are empty, and what they must be."""
    import pandas as pd

    if kind in ("number", "label"):
        notation = schema.notation(name)
        found, is_empty = decoded(cells, notation)
        values = pd.Series(found, cells.index)
        empty = pd.Series(is_empty, cells.index)
        is_small = np.abs(values) <= _LARGEST
        what = f"a finite {notation.what}"
        if (np.isfinite(values) & ~is_small).any():
            what += f", {_LARGEST:.1e} at most,"
        return values.where(is_small), empty, what
    empty = cells.isna()
    if are_strings(cells):
        cells = strings_of(cells)
        empty = missing(cells, values=True)
        cells = cells.where(~empty, None)
    if kind == "date":
        form = schema.formats.get(name)
        return dates_of(cells, form), empty, f"a date like {form or '2024-01-28'}"
    values = strings_of(cells).str.lower().map({"true": True, "false": False})
    return values, empty, "True or False"


def dates_of(cells: "Series", form: str | None) -> "Series":
    """Return dates without a time zone, in UTC where they had one.

    What is no date in the format, or of ISO 8601 without one, becomes missing.
    """
    import pandas as pd

    dates = pd.to_datetime(cells, format=form or "ISO8601", utc=True, errors="coerce")
    return dates.dt.tz_convert(None).astype("datetime64[us]")
