"""A file of the cache: what it is, what it holds, and a checksum of both."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from skdistill.teachers._ownership import reason_against_file

__all__ = ["DamagedError", "Fill", "open_checked", "write_checked"]

# Writes what a file holds.
Fill = Callable[[BinaryIO], None]

_KIND = b"skdistill cache 1\n"
_DIGEST = hashlib.sha256
_BLOCK = 1 << 20
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)

# Files found whole by this process, as the system knows them: a large teacher is
# looked through once, not by every candidate of a search.
_whole: set[tuple[int, ...]] = set()


class DamagedError(Exception):
    """A file is not what was written, or not to be trusted; the message says why."""


class _Hashing:
    """A file that is written to, and the checksum of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, _DIGEST()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)


def write_checked(path: Path, name: str, fill: Fill) -> None:
    """Write a new file that only the user can read.

    Parameters
    ----------
    path : Path
        Where to; there must be nothing yet.
    name : str
        What it is; it is read back under this name alone.
    fill : callable
        Writes the contents to the open file that it is given.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS
    with open(os.open(path, flags, 0o600), "wb") as file:
        hashing = _Hashing(file)
        hashing.write(_KIND + name.encode() + b"\n")
        fill(hashing)  # type: ignore[arg-type]
        file.write(hashing.digest.digest())


def open_checked(path: Path, name: str, *, again: bool = True) -> BinaryIO:
    """Open a file that was written under a name, at the start of its contents.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What it was written as.
    again : bool, default=True
        Whether it is looked through once more if this process has done so and the file
        was not written to since.

    Returns
    -------
    file : binary file

    Raises
    ------
    DamagedError
        If the file is not what was written, or another user may have written it.
    OSError
        If it is not there, or cannot be read.
    """
    file = os.fdopen(os.open(path, os.O_RDONLY | _FLAGS), "rb")
    try:
        _check(file, _KIND + name.encode() + b"\n", again)
    except BaseException:
        file.close()
        raise
    return file


def _check(file: BinaryIO, head: bytes, again: bool) -> None:
    """Raise unless the file is whole; leave it at the start of its contents."""
    found = os.fstat(file.fileno())
    if (reason := reason_against_file(found)) is not None:
        raise DamagedError(reason)
    if file.read(len(head)) != head:
        raise DamagedError("it is not what it should be by its first line")
    state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    if again or state not in _whole:
        _check_digest(file, head, found.st_size)
        _whole.add(state)
        file.seek(len(head))


def _check_digest(file: BinaryIO, head: bytes, size: int) -> None:
    digest = _DIGEST(head)
    left = size - len(head) - digest.digest_size
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        digest.update(block)
        left -= len(block)
    if left or file.read(digest.digest_size + 1) != digest.digest():
        raise DamagedError("its checksum is that of other contents")
