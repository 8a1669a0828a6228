"""Tables on disk: what their columns hold, and reading them alike each time.

A table is read twice. The first time pandas guesses, and `fit` keeps what it guessed as
a `Schema`. The second time the table is read by that schema, so that a column never
changes its kind, also where rows are to be predicted.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdistill.cli._errors import CommandError, names

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Schema", "dialect", "guess", "guess_kind", "read", "read_schema"]

# Strings of more distinct values than this are text, others categories, as in skrub.
MOST_CATEGORIES = 40
_PARQUET = (".parquet", ".pq")
_DTYPES = {"number": "float64", "label": "int64", "boolean": "bool"}


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
    """

    kinds: dict[str, str]
    formats: dict[str, str]

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the columns of these kinds."""
        return [name for name, kind in self.kinds.items() if kind in kinds]

    @property
    def dtypes(self) -> dict[str, str]:
        """The dtypes for `read_csv`; dates are read as strings."""
        return {name: _DTYPES.get(kind, "str") for name, kind in self.kinds.items()}

    @property
    def dtypes_of_parquet(self) -> dict[str, str]:
        """The dtypes of columns of a Parquet file, other than dates and strings."""
        return {name: one for name, one in self.dtypes.items() if one != "str"}

    @property
    def dates(self) -> dict[str, str | None]:
        """The format of each column of dates; None where it is unknown."""
        return {name: self.formats.get(name) for name in self.of_kind("date")}

    def without(self, name: str) -> "Schema":
        """Return the schema of the other columns."""
        kinds = {key: kind for key, kind in self.kinds.items() if key != name}
        formats = {key: form for key, form in self.formats.items() if key != name}
        return Schema(kinds, formats)

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as JSON has it; `Schema(**found)` makes it again."""
        return asdict(self)


def is_parquet(path: Path) -> bool:
    """Return whether the file is Parquet, by its name."""
    return path.suffix.lower() in _PARQUET


def guess(path: Path) -> "DataFrame":
    """Read a table as pandas guesses it.

    Raises
    ------
    CommandError
        If it cannot be read, has no rows or has two columns of the same name.
    """
    import pandas as pd

    with _naming_fault(path):
        _check_file(path)
        if is_parquet(path):
            frame = pd.read_parquet(path)
            frame.columns = [str(name) for name in frame.columns]
        else:
            frame = pd.read_csv(
                path, **dialect(path), index_col=False, low_memory=False
            )
    _check_names(frame.columns.tolist(), path)
    if frame.empty:
        raise CommandError(f"{path} has no rows. Give a table with a header and rows.")
    return frame


def dialect(path: Path) -> dict[str, str]:
    """Return the separator and the decimal sign of a CSV file, for `read_csv`.

    The separator is the one that splits the header into most names. If it is not a
    comma, the decimal sign is one if all columns that are numbers with a point still
    are, and further ones too.
    """
    import pandas as pd

    headers = {}
    for sep in ",;\t":
        header = pd.read_csv(path, sep=sep, header=None, nrows=1, dtype="str")
        headers[sep] = header.iloc[0].dropna().tolist()
    sep = max(headers, key=lambda one: len(headers[one]))
    _check_names(headers[sep], path)  # pandas would rename the second.
    if sep != "," and _numbers(path, sep, ",") > _numbers(path, sep, "."):
        return {"sep": sep, "decimal": ","}
    return {"sep": sep}


def _numbers(path: Path, sep: str, decimal: str) -> set[str]:
    """Return the names of the columns that are numbers with this decimal sign."""
    import pandas as pd

    frame = pd.read_csv(
        path, sep=sep, decimal=decimal, index_col=False, low_memory=False
    )
    return set(frame.select_dtypes("number"))


def read_schema(frame: "DataFrame", path: Path) -> Schema:
    """Return what the columns hold; an empty one counts as missing numbers."""
    kinds: dict[str, str] = {}
    formats: dict[str, str] = {}
    for name in frame.columns:
        cells = frame[name].dropna()
        if cells.empty:
            kinds[name] = "number"
            continue
        kinds[name], written = guess_kind(cells)
        if written is not None and not is_parquet(path):
            formats[name] = written
        elif written is not None:  # Parquet has a type for dates; these are strings.
            kinds[name] = _kind_of_strings(cells)
    return Schema(kinds, formats)


def guess_kind(cells: "Series") -> tuple[str, str | None]:
    """Return what cells hold, and the format if they are dates written as strings."""
    from pandas.api import types

    if types.is_bool_dtype(cells):
        return "category", None
    if types.is_numeric_dtype(cells):
        return ("text", None) if types.is_complex_dtype(cells) else ("number", None)
    if types.is_datetime64_any_dtype(cells):
        return "date", None
    inferred = types.infer_dtype(cells)
    if inferred in ("date", "datetime"):
        return "date", None
    if inferred == "decimal":
        return "number", None
    written = _date_format(cells) if inferred == "string" else None
    return (_kind_of_strings(cells), None) if written is None else ("date", written)


def _kind_of_strings(cells: "Series") -> str:
    """Return whether strings are categories or text."""
    is_few = cells.astype("str").nunique() <= MOST_CATEGORIES
    return "category" if is_few else "text"


def _date_format(cells: "Series") -> str | None:
    """Return the one format in which all cells are dates, or None."""
    import pandas as pd
    from pandas.tseries.api import guess_datetime_format

    first = str(cells.iloc[0])
    if sum(one.isdigit() for one in first) < 5:  # A time or a month alone.
        return None
    for dayfirst in (False, True):
        written = guess_datetime_format(first, dayfirst=dayfirst)
        if written is None or "%d" not in written:
            return None
        dates = pd.to_datetime(cells, format=written, errors="coerce", utc=True)
        if dates.notna().all():
            return None if "%z" in written else written
    return None


def read(path: Path, schema: Schema, guessed: "DataFrame") -> "DataFrame":
    """Read the columns of the schema, and as it says.

    Missing strings become empty ones; missing numbers stay missing.

    Raises
    ------
    CommandError
        If the table lacks a column, or a cell is not what its column holds.
    """
    import pandas as pd

    missing = [name for name in schema.kinds if name not in guessed]
    if missing:
        raise CommandError(
            f"{path} has no column {names(missing)}. It has {names(list(guessed))}. "
            "Name the columns as in the table that was fitted."
        )
    _check_cells(guessed, schema, path)
    strings = schema.of_kind("category", "text")
    with _naming_fault(path):
        if is_parquet(path):
            frame = guessed.astype(schema.dtypes_of_parquet)
        else:
            frame = pd.read_csv(path, **dialect(path), dtype=schema.dtypes)
        for name, written in schema.dates.items():
            frame[name] = _dates(frame[name], written)
    frame = frame[list(schema.kinds)]
    cells = frame[strings].astype("object").fillna("")
    frame[strings] = cells.astype("str").astype("object")
    return frame


def _dates(cells: "Series", written: str | None, errors: str = "raise") -> "Series":
    """Return dates without a time zone, in UTC where they had one."""
    import pandas as pd

    dates = pd.to_datetime(cells, format=written, utc=True, errors=errors)
    return dates.dt.tz_convert(None).astype("datetime64[us]")


def _check_cells(frame: "DataFrame", schema: Schema, path: Path) -> None:
    """Raise unless numbers are finite numbers, and dates are dates."""
    import numpy as np
    import pandas as pd

    for name, kind in schema.kinds.items():
        cells = frame[name]
        if kind in ("number", "label"):
            read_as = pd.to_numeric(cells.astype("object"), errors="coerce")
            read_as = read_as.astype("float64").where(np.isfinite)
            what = "a finite number"
        elif kind == "date":
            read_as = _dates(cells, schema.dates[name], errors="coerce")
            what = "a date"
            if name in schema.formats:
                what += f" like {schema.formats[name]}"
        else:
            continue
        wrong = read_as.isna() & cells.notna()
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise CommandError(
                f"Column {name!r} of {path} holds {str(cells.iloc[row])!r} in row "
                f"{row + 1:,}, where {what} must be. Correct it, or leave it empty."
            )


def _check_names(columns: list[str], path: Path) -> None:
    """Raise if two columns have the same name."""
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise CommandError(f"{path} has two columns {names(twice)}. Rename one.")


def _check_file(path: Path) -> None:
    """Raise if the file is a folder, empty or binary."""
    if path.is_dir():
        raise CommandError(f"{path} is a folder. Give a CSV or Parquet file.")
    if path.stat().st_size == 0:
        raise CommandError(f"{path} is empty. Give a table with a header and rows.")
    if not is_parquet(path) and path.suffix.lower() in (".csv", ".tsv", ".txt", ""):
        with path.open("rb") as file:
            if b"\0" in file.read(1 << 16):
                raise CommandError(
                    f"{path} is a binary file. Give a CSV or Parquet file, with that "
                    "ending."
                )


@contextmanager
def _naming_fault(path: Path) -> Iterator[None]:
    """Turn a failure to read into a CommandError that says why."""
    import warnings

    from pandas.errors import EmptyDataError, ParserWarning

    try:
        with warnings.catch_warnings():
            # More cells in a row than in the header.
            warnings.simplefilter("error", ParserWarning)
            yield
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {path}. Check the path.") from error
    except EmptyDataError as error:
        raise CommandError(
            f"{path} is empty. Give a table with a header and rows."
        ) from error
    except UnicodeEncodeError as error:
        raise CommandError(
            f"The name of {path} is not UTF-8, as that of a Parquet file must be. "
            "Rename it."
        ) from error
    except UnicodeError as error:
        raise CommandError(
            f"{path} is not written in UTF-8 ({error}). Save it as CSV in UTF-8."
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(f"{path} cannot be read: {reason}.") from error
    except (ValueError, EOFError, zlib.error, OverflowError, ParserWarning) as error:
        kind = "Parquet" if is_parquet(path) else "CSV"
        raise CommandError(
            f"{path} cannot be read as {kind}: {str(error).rstrip('.')}. Correct the "
            "file, or save it again."
        ) from error
