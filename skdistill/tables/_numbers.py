"""Numbers as people write them: `1.234,56`, `$5,125.73`, `12.3%`, `(980)`, `n/a`.

A column is read one way, by its `Notation`. Which one cannot be said of a cell alone:
`1.250` is 1250 where commas are decimal.
"""

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import Series

__all__ = [
    "MISSING",
    "MISSING_VALUES",
    "PLAIN",
    "Notation",
    "is_sure",
    "missing",
    "most_likely",
    "notations",
    "numbers_of",
]

# What stands for a missing value in any column.
MISSING = (
    *("", "#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "n/a", "NULL", "null"),
    *("NaN", "nan", "-NaN", "-nan", "None", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
# And, in lower case, among numbers and dates.
MISSING_VALUES = (
    *(
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        "?",
        ".",
        "..",
        "na",
        "n.a.",
        "n/a",
        "none",
        "null",
    ),
    *("missing", "#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!"),
)
_MARK = r"[$€£¥₹%‰]|US\$|USD|EUR|GBP|CHF|JPY"
_CELL = re.compile(
    rf"(?P<open>\()?\s*(?P<minus>[+-])?\s*(?P<before>{_MARK})?\s*(?P<sign>[+-])?"
    rf"(?P<body>[\d.,' ]*\d[\d.,' ]*?(?:[eE][+-]?\d+)?|inf|infinity)"
    rf"\s*(?P<after>{_MARK})?\s*(?P<close>\))?",
    re.IGNORECASE,
)
_OTHER = {".": ",", ",": "."}
_LONGEST = 64
_GROUP = 3
_SAMPLE = 100
_AS_WRITTEN = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2212": "-", "\u2019": "'"}
)


def _body(decimal: str) -> re.Pattern[str]:
    """Return the pattern of a number without sign and mark.

    Thousands have one separator in a cell: the other sign, a space or an apostrophe.
    """
    point, groups = re.escape(decimal), f"[{_OTHER[decimal]} ']"
    whole = rf"(?:[1-9]\d{{0,2}}({groups})\d{{3}}(?:\1\d{{3}})*|\d+)"
    return re.compile(
        rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:e[+-]?\d+)?|inf|infinity",
        re.IGNORECASE,
    )


_BODY = {decimal: _body(decimal) for decimal in _OTHER}


@dataclass(frozen=True)
class Notation:
    """How a column writes its numbers.

    Attributes
    ----------
    decimal : {".", ","}, default="."
        The decimal sign. Thousands may be separated by the other one, by spaces or by
        apostrophes.
    mark : str, default=""
        The percent sign or currency that its cells may have.
    coerce : bool, default=False
        Whether what is no number counts as missing.
    """

    decimal: str = "."
    mark: str = ""
    coerce: bool = False

    def __post_init__(self) -> None:
        types = type(self.decimal), type(self.mark), type(self.coerce)
        if types != (str, str, bool) or self.decimal not in _OTHER:
            raise ValueError(f"{self} is no way to write numbers.")

    @property
    def what(self) -> str:
        """What a cell must be, for errors."""
        return "number" + (f", maybe with {self.mark}," if self.mark else "")

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; `Notation(**found)` makes it again."""
        return asdict(self)


PLAIN = Notation()


def missing(cells: "Series", *, values: bool = False) -> "Series":
    """Return which cells are missing.

    Parameters
    ----------
    cells : Series of object
        Strings, or None.
    values : bool, default=False
        Whether they are numbers or dates, among which more stands for a missing one.
    """
    words = {*MISSING}
    if values:
        words.update(filter(_is_no_value, cells.dropna().unique()))
    return cells.isna() | cells.isin(words)


def _is_no_value(cell: str) -> bool:
    """Return whether a cell among numbers or dates is missing."""
    return cell.strip().lower() in ("", *MISSING_VALUES)


def numbers_of(cells: "Series", notation: Notation) -> "Series":
    """Return the numbers that strings stand for; not a number where they are none."""
    values, marks = _parsed(cells, notation.decimal)
    return values.mask(~marks.isin(("", notation.mark.upper())))


def notations(cells: "Series") -> dict[str, Notation]:
    """Return each notation in which all cells are numbers, by its decimal sign.

    Where both signs would do, such as for `980` and `1.250`, thousands are meant if
    some cells have none, and none of more than three digits, and others end in a 0: who
    writes trailing zeros would write `980.000`, and who does not `1.25`.
    """
    found = {}
    cells = cells.drop_duplicates()
    for decimal in _OTHER:
        if _parsed(cells[:_SAMPLE], decimal)[0].isna().any():
            continue  # Mostly so; it saves the others.
        values, marks = _parsed(cells, decimal)
        used = sorted(set(marks) - {""})
        if values.notna().all() and len(used) <= 1:
            found[decimal] = Notation(decimal, *used)
    if len(found) == 2:
        for decimal in _OTHER:
            if _are_thousands(cells, decimal):
                del found[decimal]
                break
    return found


def is_sure(cells: "Series", notation: Notation) -> bool:
    """Return whether cells hold the other sign, so that it parts thousands."""
    return bool(cells.str.contains(_OTHER[notation.decimal], regex=False).any())


def most_likely(cells: "Series") -> Notation:
    """Return the notation in which most cells are numbers."""
    best: tuple[int, Notation] = (-1, PLAIN)
    for decimal in _OTHER:
        values, marks = _parsed(cells, decimal)
        used = marks[marks != ""].mode()
        mark = "" if used.empty else str(used.iloc[0])
        n_read = int((values.notna() & marks.isin(("", mark))).sum())
        if n_read > best[0]:
            best = n_read, Notation(decimal, mark, coerce=True)
    return best[1]


def _are_thousands(cells: "Series", sign: str) -> bool:
    """Return whether the sign parts thousands, in cells where it could be decimal."""
    has_sign = cells.str.contains(sign, regex=False)
    if not has_sign.any() or has_sign.all():
        return False
    ends = cells[has_sign].str.contains(r"0\D*$")
    whole = cells[~has_sign].str.count(r"\d")
    return bool(ends.any() and whole.max() == _GROUP)


def _parsed(cells: "Series", decimal: str) -> tuple["Series", "Series"]:
    """Return the value of each cell, not a number where it has none, and its mark."""
    import pandas as pd

    marks = pd.Series("", index=cells.index, dtype="object")
    simple = cells
    if decimal == ",":
        simple = cells.where(~cells.str.contains(".", regex=False))
        simple = simple.str.replace(",", ".", regex=False)
    values = pd.to_numeric(simple, errors="coerce").astype("float64")
    left = cells[values.isna()]
    if left.empty:
        return values, marks
    known = {cell: _parse(cell, decimal) for cell in set(left)}
    values.loc[left.index] = [known[cell][0] for cell in left]
    marks.loc[left.index] = [known[cell][1] for cell in left]
    return values, marks


def _parse(cell: str, decimal: str) -> tuple[float, str]:
    """Return the value of a cell, not a number where it has none, and its mark."""
    nothing = float("nan"), ""
    if len(cell) > _LONGEST:
        return nothing
    parts = _CELL.fullmatch(cell.strip().translate(_AS_WRITTEN))
    if parts is None or (parts["open"] is None) != (parts["close"] is None):
        return nothing
    signs = [sign for sign in (parts["minus"], parts["sign"]) if sign]
    marks = [mark.upper() for mark in (parts["before"], parts["after"]) if mark]
    if not _BODY[decimal].fullmatch(parts["body"]) or len(signs) > 1 or len(marks) > 1:
        return nothing
    body = parts["body"].translate(str.maketrans("", "", f"{_OTHER[decimal]} '"))
    value = float(body.replace(",", "."))
    if parts["open"] or signs == ["-"]:
        value = -value
    return value, next(iter(marks), "")
