"""Files as people have them: the rows of a table, and what stands around it.

The content says what a file is: packed, Parquet, a workbook, or text of some encoding
and separator. What is no part of the table is left out, and a note says so.
"""

import bz2
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdistill._optional import import_optional
from skdistill.cli._errors import CommandError
from skdistill.cli._layout import lay_out, rows_of_text

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["STDIN", "RawTable", "is_parquet", "naming_fault", "read_raw"]

# The path that stands for standard input.
STDIN = Path("-")
_PARQUET = (".parquet", ".pq")
_UNPACK = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZh", bz2.decompress),
    (b"\xfd7zXZ", lzma.decompress),
)
_BROKEN = (zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_ENCODINGS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True)
class RawTable:
    """A table before anything is made of its cells.

    Attributes
    ----------
    frame : DataFrame
        Its columns. Those of text are objects: strings as they stand, None for an empty
        cell. Those of Parquet and Excel may have other types.
    notes : list of str
        What was left out, and how the file was read where that is not plain.
    has_types : bool
        Whether the file says what its columns are, as Parquet does.
    index : str or None
        The column that names the rows.
    n_after : int
        How many rows after the last one are none of the table.
    """

    frame: "DataFrame"
    notes: list[str]
    has_types: bool = False
    index: str | None = None
    n_after: int = 0

    def of_rows(self, chosen: "Series") -> "RawTable":
        """Return the rows that are chosen, numbered anew."""
        return replace(self, frame=self.frame[chosen].reset_index(drop=True))


def is_parquet(path: Path) -> bool:
    """Return whether a file is Parquet, by its name."""
    return path.suffix.lower() in _PARQUET


def read_raw(path: Path) -> RawTable:
    """Read a table: CSV of any kind, Parquet or Excel, maybe packed; "-" for stdin.

    Raises
    ------
    CommandError
        If it cannot be read, has no rows or has two columns of the same name.
    """
    with naming_fault(path):
        content = _unpacked(_content(path), path)
        if content.startswith(b"PAR1") or is_parquet(path):
            raw = _of_parquet(content)
        elif _is_zip_with(content, "xl/workbook.xml"):
            raw = _of_workbook(content)
        else:
            raw = _of_text(content, path)
    _check_names(raw.frame.columns.tolist(), path)
    if raw.frame.empty:
        raise CommandError(f"{path} has no rows. Give a table with a header and rows.")
    return raw


def _content(path: Path) -> bytes:
    """Return what the file holds."""
    if path == STDIN:
        content = sys.stdin.buffer.read()
    elif path.is_dir():
        raise CommandError(f"{path} is a folder. Give a CSV, Parquet or Excel file.")
    else:
        content = path.read_bytes()
    return content


def _unpacked(content: bytes, path: Path) -> bytes:
    """Return the content as it was before it was packed."""
    for start, unpack in _UNPACK:
        if content.startswith(start):
            return unpack(content)
    if _is_zip_with(content, ""):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [one for one in archive.namelist() if not one.endswith("/")]
            if len(inside) == 1:
                return archive.read(inside[0])
            if "xl/workbook.xml" not in inside:
                raise CommandError(
                    f"{path} holds {len(inside)} files. Give an archive of one table, "
                    "or unpack it."
                )
    return content


def _is_zip_with(content: bytes, member: str) -> bool:
    """Return whether the content is a ZIP archive with a member of that name."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return not member or member in archive.namelist()


def _of_parquet(content: bytes) -> RawTable:
    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(content)).reset_index(drop=True)
    frame.columns = [str(name) for name in frame.columns]
    return RawTable(frame, [], has_types=True)


def _of_workbook(content: bytes) -> RawTable:
    """Read the first sheet of an Excel workbook."""
    openpyxl = import_optional("openpyxl", extra="excel")
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    first, *others = book.worksheets
    rows = [_without_end(row) for row in first.iter_rows(values_only=True)]
    notes = []
    if others:
        notes.append(f"Read the sheet {first.title!r}, the first of {len(others) + 1}.")
    frame, further, index, n_after = lay_out(rows, exact=False)
    notes += further
    return RawTable(frame.infer_objects(), notes, index=index, n_after=n_after)


def _without_end(row: Sequence[Any]) -> list[Any]:
    """Return the cells up to the last that is not empty."""
    cells = list(row)
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _of_text(content: bytes, path: Path) -> RawTable:
    """Read a table of text."""
    text, notes = _decoded(content)
    if "\0" in text or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise CommandError(
            f"{path} is a binary file. Give a CSV, Parquet or Excel (.xlsx) file."
        )
    if not text.strip():
        raise CommandError(f"{path} is empty. Give a table with a header and rows.")
    rows, separator = rows_of_text(text)
    frame, further, index, n_after = lay_out(rows)
    if separator not in ",\t;":
        further.insert(0, f"The separator is {separator!r}.")
    return RawTable(frame, notes + further, index=index, n_after=n_after)


def _decoded(content: bytes) -> tuple[str, list[str]]:
    """Return the text, and a note unless it is UTF-8."""
    encoding = "utf-8"
    for mark, name in _ENCODINGS:
        if content.startswith(mark):
            encoding = name
            break
    else:
        start = content[:4096]
        for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
            # Of Latin letters every other byte is 0.
            if zeros and zeros.count(0) > 0.7 * len(zeros):
                encoding = name
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding, text = "latin-1", _of_windows(content)
    notes = [] if encoding.startswith("utf-8") else [f"The encoding is {encoding}."]
    return text, notes


def _of_windows(content: bytes) -> str:
    """Return text of Windows, which is Latin-1 but for a few characters."""
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:  # Some bytes have no character there.
        return content.decode("latin-1")


def _check_names(columns: list[str], path: Path) -> None:
    """Raise if two columns have the same name."""
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise CommandError(f"{path} has two columns {twice[0]!r}. Rename one of them.")


@contextmanager
def naming_fault(path: Path) -> Iterator[None]:
    """Turn a failure to read into a CommandError that says why."""
    try:
        yield
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {path}. Check the path.") from error
    except (ValueError, EOFError, OSError, OverflowError, *_BROKEN) as error:
        if isinstance(error, OSError) and error.strerror:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        kind = "Parquet" if is_parquet(path) else "CSV"
        raise CommandError(
            f"{path} cannot be read as {kind}: {str(error).rstrip('.')}. Correct the "
            "file, or save it again."
        ) from error
