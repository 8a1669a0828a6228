"""Tables on disk: what their columns hold, and reading them so each time.

A table is read twice. The first time pandas guesses, and of a fit what it guessed is
kept as a `Schema`. The second time the table is read by that schema, so that a column
never changes its kind, also where rows are to be predicted.
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

# Texts of more values than this are text; the others are categories. It is skrub's.
MOST_CATEGORIES = 40
_PARQUET = (".parquet", ".pq")
_DTYPES = {"number": "float64", "label": "int64", "truth": "bool"}


@dataclass(frozen=True)
class Schema:
    """What the columns of a table hold.

    Attributes
    ----------
    kinds : dict of str to str
        For each column "number", "category", "text" or "date"; a target of classes may
        also be "label", a whole number, or "truth".
    formats : dict of str to str
        How dates that are texts are written, for `strptime`.
    """

    kinds: dict[str, str]
    formats: dict[str, str]

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the columns of these kinds."""
        return [name for name, kind in self.kinds.items() if kind in kinds]

    @property
    def dtypes(self) -> dict[str, str]:
        """As what pandas reads the columns of a CSV file; of texts dates are made."""
        return {name: _DTYPES.get(kind, "str") for name, kind in self.kinds.items()}

    @property
    def dtypes_of_parquet(self) -> dict[str, str]:
        """What columns of a Parquet file become, other than dates and texts."""
        return {name: one for name, one in self.dtypes.items() if one != "str"}

    @property
    def dates(self) -> dict[str, str | None]:
        """How each column of dates is written, where it is text; None is unknown."""
        return {name: self.formats.get(name) for name in self.of_kind("date")}

    def without(self, name: str) -> "Schema":
        """Return the schema of the other columns."""
        kinds = {key: kind for key, kind in self.kinds.items() if key != name}
        formats = {key: form for key, form in self.formats.items() if key != name}
        return Schema(kinds, formats)

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as JSON has it; `Schema(**it)` reads it."""
        return asdict(self)


def is_parquet(path: Path) -> bool:
    """Tell whether the file is Parquet, by its name."""
    return path.suffix.lower() in _PARQUET


def guess(path: Path) -> "DataFrame":
    """Read a table as pandas guesses it.

    Raises
    ------
    CommandError
        If it cannot be read, has no row or has two columns of one name.
    """
    import pandas as pd

    with _telling(path):
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
    """Return how a CSV file is written, as `read_csv` is told of it.

    What separates its cells is what its header has most of. Where that is no comma, a
    comma is the decimal one if that makes numbers of more columns, and of none a text.
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


def _numbers(path, sep, decimal):
    """Return the names of the columns that are numbers with this decimal sign."""
    import pandas as pd

    frame = pd.read_csv(
        path, sep=sep, decimal=decimal, index_col=False, low_memory=False
    )
    return set(frame.select_dtypes("number"))


def read_schema(frame: "DataFrame", path: Path) -> Schema:
    """Return what the columns hold; an empty one, numbers that are all missing."""
    kinds, formats = {}, {}
    for name in frame.columns:
        cells = frame[name].dropna()
        if cells.empty:
            kinds[name] = "number"
            continue
        kinds[name], written = guess_kind(cells)
        if written is not None and not is_parquet(path):
            formats[name] = written
        elif written is not None:  # Parquet has a type for dates; this is text.
            kinds[name] = _kind_of_texts(cells)
    return Schema(kinds, formats)


def guess_kind(cells: "Series") -> tuple[str, str | None]:
    """Return what cells hold, and of dates that are texts how they are written."""
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
    return (_kind_of_texts(cells), None) if written is None else ("date", written)


def _kind_of_texts(cells):
    is_few = cells.astype("str").nunique() <= MOST_CATEGORIES
    return "category" if is_few else "text"


def _date_format(cells):
    """Return the one format in which all cells are dates, or None."""
    import pandas as pd
    from pandas.tseries.api import guess_datetime_format

    first = str(cells.iloc[0])
    if sum(one.isdigit() for one in first) < 5:  # Neither a time nor a month alone.
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
    """Read the columns of the schema, as it says, from the table that was guessed.

    Missing texts become empty ones; missing numbers stay missing.

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
    texts = schema.of_kind("category", "text")
    with _telling(path):
        if is_parquet(path):
            frame = guessed.astype(schema.dtypes_of_parquet)
        else:
            frame = pd.read_csv(path, **dialect(path), dtype=schema.dtypes)
        for name, written in schema.dates.items():
            frame[name] = _dates(frame[name], written)
    frame = frame[list(schema.kinds)]
    cells = frame[texts].astype("object").fillna("")
    frame[texts] = cells.astype("str").astype("object")
    return frame


def _dates(cells, written, **options):
    """Return dates without a time zone, in UTC where they had one."""
    import pandas as pd

    dates = pd.to_datetime(cells, format=written, utc=True, **options)
    return dates.dt.tz_convert(None).astype("datetime64[us]")


def _check_cells(frame, schema, path):
    """Raise unless numbers are finite numbers, and dates dates."""
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
                f"{row + 1:,}, where {what} must be. Mend it, or leave it empty."
            )


def _check_names(columns, path):
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise CommandError(f"{path} has two columns {names(twice)}. Rename one.")


def _check_file(path):
    if path.is_dir():
        raise CommandError(f"{path} is a folder. Give a CSV or Parquet file.")
    if path.stat().st_size == 0:
        raise CommandError(f"{path} is empty. Give a table with a header and rows.")
    if not is_parquet(path) and path.suffix.lower() in (".csv", ".tsv", ".txt", ""):
        with path.open("rb") as file:
            if b"\0" in file.read(1 << 16):
                raise CommandError(
                    f"{path} is a binary file. Give a CSV or Parquet file, named so."
                )


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Say of any failure to read what is wrong with the file."""
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
            f"{path} is no text in UTF-8 ({error}). Save it as CSV in UTF-8."
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(f"{path} cannot be read: {reason}.") from error
    except (ValueError, EOFError, zlib.error, OverflowError, ParserWarning) as error:
        kind = "Parquet" if is_parquet(path) else "CSV"
        raise CommandError(
            f"{path} cannot be read as {kind}: {str(error).rstrip('.')}. Mend the "
            "file, or save it anew."
        ) from error
