"""What the columns of a table hold, found out from their cells, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from skdistill.cli._errors import CommandError, names
from skdistill.cli._files import RawTable
from skdistill.cli._tables import Schema, are_strings, dates_of, strings_of
from skdistill.tables import (
    PLAIN,
    Notation,
    is_sure,
    missing,
    most_likely,
    notations,
    numbers_of,
)

if TYPE_CHECKING:
    from pandas import Series

__all__ = ["Asked", "Reading", "read_columns", "schema_of"]

# Strings of more distinct values than this are text, others categories.
MOST_CATEGORIES = 40
# From this fraction of numbers on, a column of text is worth a word.
_MOSTLY = 0.8
_PLAIN_NUMBER = r"[+-]?\d*\.?\d*(?:[eE][+-]?\d+)?"
_THOUSANDS = {
    sign: rf"\d[{other}' \u00a0\u202f\u2019]\d{{3}}" for sign, other in (".,", ",.")
}


@dataclass(frozen=True)
class Asked:
    """What the user said of the columns.

    Attributes
    ----------
    kinds : dict of str to str
        The kind of some columns.
    drop : tuple of str
        Columns that are left out.
    date_format : str or None
        The format of dates, for `strptime`.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    date_format: str | None = None

    def check(self, columns: list[str]) -> None:
        """Raise if a column is not in the table."""
        for name in (*self.kinds, *self.drop):
            if name not in columns:
                raise CommandError(
                    f"There is no column {name!r} to be dropped or read as asked. The "
                    f"columns are {names(columns)}."
                )


@dataclass(frozen=True)
class Reading:
    """How a column is read, and why.

    Attributes
    ----------
    kind : str
        What it holds, as in `Schema`.
    why : str
        What says so.
    example : str
        The cell that shows it.
    notation : Notation
        How its numbers are written.
    form : str or None
        The format of its dates.
    is_evident : bool
        Whether it says by itself how it is read.
    warning : str
        What the user should look at, if anything.
    """

    kind: str
    why: str
    example: str = ""
    notation: Notation = PLAIN
    form: str | None = None
    is_evident: bool = True
    warning: str = ""


def read_columns(raw: RawTable, asked: Asked) -> dict[str, Reading]:
    """Return how each column is read that is not dropped.

    Raises
    ------
    CommandError
        If a column cannot be read as asked.
    """
    frame = raw.frame
    asked.check(list(frame))
    dropped = {*asked.drop, raw.index} - {*asked.kinds}
    kept = {name: frame[name] for name in frame if name not in dropped}
    written = {
        name: strings_of(cells) for name, cells in kept.items() if are_strings(cells)
    }
    found = {
        name: notations(values)
        for name, cells in written.items()
        if not raw.has_types and not (values := _values(cells)).empty
    }
    sign = _decimal_of(found)
    readings = {}
    for name, cells in kept.items():
        kind = asked.kinds.get(name)
        if name not in written:
            readings[name] = _of_typed(cells, kind)
        elif kind is not None:
            readings[name] = _as_asked(name, written[name], kind, asked.date_format)
        elif raw.has_types:
            readings[name] = _of_strings(written[name][~missing(written[name])])
        else:
            readings[name] = _of_cells(
                written[name], found.get(name, {}), sign, asked.date_format
            )
    return readings


def schema_of(readings: Mapping[str, Reading]) -> Schema:
    """Return the schema of columns that are read in these ways."""
    return Schema(
        {name: one.kind for name, one in readings.items()},
        {name: one.form for name, one in readings.items() if one.form is not None},
        {
            name: one.notation.to_dict()
            for name, one in readings.items()
            if one.notation != PLAIN
        },
    )


def _values(cells: "Series") -> "Series":
    """Return the cells that are not missing, as numbers or dates."""
    return cells[~missing(cells, values=True)]


def _decimal_of(found: Mapping[str, Mapping[str, Notation]]) -> str:
    """Return the decimal sign of a file, of what its columns can be read by.

    It is a comma if all columns that are numbers with a point still are, and further
    ones too.
    """
    points, commas = (
        {name for name, one in found.items() if sign in one} for sign in ".,"
    )
    return "," if commas > points else "."


def _of_typed(cells: "Series", asked: str | None) -> Reading:
    """Return how a column is read whose cells are no strings."""
    from pandas.api import types

    present = cells.dropna()
    example = "" if present.empty else str(present.iloc[0])
    if types.is_bool_dtype(present) or types.infer_dtype(present) == "boolean":
        kind = "category"
    elif types.is_complex_dtype(cells):
        kind = "text"
    elif present.empty or types.is_numeric_dtype(cells):
        kind = "number"
    else:
        kind = "number" if types.infer_dtype(present) == "decimal" else "date"
    if asked in ("category", "text"):
        return Reading(asked, "as asked", example)
    if asked not in (None, kind):
        raise CommandError(
            f"Column {cells.name!r} holds {example!r}, which is no {asked}. Leave out "
            f"--{asked}."
        )
    return Reading(kind, "its type in the file" if example else "no cells", example)


def _as_asked(name: str, cells: "Series", kind: str, form: str | None) -> Reading:
    """Return how a column of strings is read as asked."""
    values = _values(cells)
    example = "" if values.empty else values.iloc[0]
    if kind == "number":
        return Reading(kind, "as asked", example, most_likely(values))
    if kind == "date" and not values.empty:
        forms = _date_formats(values, form)
        if not forms:
            raise CommandError(
                f"Column {name!r} holds {example!r}, and there is no one format in "
                "which all of its cells are dates. Give it as --date-format, or leave "
                "out --date."
            )
        return Reading(kind, f"as asked, as {forms[0]}", example, form=forms[0])
    return Reading(kind, "as asked", example)


def _of_cells(
    cells: "Series", found: Mapping[str, Notation], sign: str, form: str | None
) -> Reading:
    """Return how a column of strings is read."""
    values = _values(cells)
    present = cells[~missing(cells)]
    if present.empty:
        return Reading("number", "no cells")
    other = next((one for one in found.values() if is_sure(values, one)), None)
    if chosen := found.get(sign, other):
        return _of_numbers(cells, values, chosen)
    if not values.empty and (forms := _date_formats(values, form)):
        warning = ""
        if len(forms) > 1:
            warning = (
                f"day and month are ambiguous: {values.iloc[0]!r} is read as "
                f"{forms[0]}. If it is {forms[1]}, say --date-format {forms[1]!r}"
            )
        return Reading(
            "date",
            f"dates like {forms[0]}",
            values.iloc[0],
            form=forms[0],
            is_evident=False,
            warning=warning,
        )
    return _of_strings(present)


def _of_numbers(cells: "Series", values: "Series", notation: Notation) -> Reading:
    """Return how a column of numbers is read; the example shows what is odd of them."""
    words = cells[~missing(cells)].drop(values.index)
    values = values.drop_duplicates()
    simple = _PLAIN_NUMBER if notation.decimal == "." else r"[+-]?\d+"
    odd = values[~values.str.fullmatch(simple)]
    what = []
    if notation.mark:
        what.append(f"with {notation.mark}, which is left out")
    if notation.decimal == "," and odd.str.contains(",", regex=False).any():
        what.append("with decimal commas")
    if odd.str.contains(_THOUSANDS[notation.decimal]).any():
        what.append("with separated thousands")
    if not words.empty:
        what.append(f"where {words.iloc[0]!r} is missing")
    return Reading(
        "number",
        " ".join(["numbers", *([", ".join(what)] if what else [])]),
        (values if odd.empty else odd).iloc[0],
        notation,
        is_evident=not what,
        warning=_doubt_numbers(values, notation),
    )


def _doubt_numbers(values: "Series", notation: Notation) -> str:
    """Return why numbers may be none, or not those that they seem."""
    codes = values[values.str.fullmatch(r"0\d+")]
    if not codes.empty:
        return (
            f"{codes.iloc[0]!r} begins with 0, as codes do, and is read as a number. "
            "If they are codes, say --category"
        )
    bare = values[~values.str.contains("%")]
    if notation.mark == "%" and not bare.empty:
        return f"{bare.iloc[0]!r} has no %, and is read as if it had"
    return ""


def _of_strings(cells: "Series") -> Reading:
    """Return whether strings are categories or text."""
    n_distinct = cells.nunique()
    return Reading(
        "category" if n_distinct <= MOST_CATEGORIES else "text",
        f"{n_distinct:,} distinct strings",
        "" if cells.empty else cells.iloc[0],
        warning=_doubt_strings(_values(cells)),
    )


def _doubt_strings(values: "Series") -> str:
    """Return why strings may be numbers."""
    if values.empty:
        return ""
    values = values.drop_duplicates()
    is_number = numbers_of(values, most_likely(values)).notna()
    if is_number.mean() < _MOSTLY:
        return ""
    if is_number.all():
        return "all of its strings are numbers. If they are meant so, say --number"
    return (
        f"{is_number.mean():.0%} of its values are numbers, but "
        f"{values[~is_number].iloc[0]!r} is none. Correct it, or say --number, so that "
        "it counts as missing"
    )


def _date_formats(cells: "Series", asked: str | None) -> list[str]:
    """Return the formats in which all cells are dates: the month first, and the day."""
    from pandas.tseries.api import guess_datetime_format

    first = str(cells.iloc[0])
    forms = [] if asked is None else [asked]
    if sum(one.isdigit() for one in first) >= 5:  # No time or month alone.
        forms += [
            guess_datetime_format(first, dayfirst=dayfirst)
            for dayfirst in (False, True)
        ]
    fitting: list[str] = []
    for form in forms:
        if form is None or "%d" not in form or "%z" in form or form in fitting:
            continue
        if dates_of(cells, form).notna().all():
            fitting.append(form)
    return fitting[:1] if asked in fitting else fitting
