"""Where teacher work is kept on disk: a folder of entries.

An entry is all that one cross-fit left, under the key of what that depends on: its
parts are "predictions", "teacher", and one for each set of other samples predicted. It
appears whole or not at all, and what turns out damaged is removed as a whole.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO, Protocol

from skdistill._warnings import warn_user
from skdistill.exceptions import CacheWarning
from skdistill.teachers._files import DamagedError, Fill, open_checked, write_checked
from skdistill.teachers._locks import holding

__all__ = [
    "PREDICTIONS",
    "TEACHER",
    "FolderStore",
    "Limited",
    "Store",
    "TooLargeError",
]

# The parts that every entry has, but for a teacher that the task itself holds.
PREDICTIONS, TEACHER = "predictions", "teacher"
# Seconds after which what was being written is taken to be left by a process that died,
# and a lock to be of no use.
_STALE = 24 * 3600
_UNFINISHED, _LOCKS = ".part-", ".locks"


class Store(Protocol):
    """Keeps the parts of entries; `lasts` says whether as long as a fitted model."""

    lasts: bool

    def read(self, key: str, part: str) -> BinaryIO | None:
        """Open a part; None if it is not there, or damaged, which is said."""

    def holds(self, key: str, part: str) -> bool:
        """Return whether a part is there, and whole as far as is known."""

    def add(self, key: str, parts: dict[str, Fill]) -> bool:
        """Store an entry; return whether it could be done."""

    def add_part(self, key: str, part: str, fill: Fill) -> None:
        """Store a further part of an entry."""

    def discard(self, key: str, reason: str) -> None:
        """Remove an entry that is damaged, and say so."""

    def holding(self, key: str) -> AbstractContextManager:
        """Keep others from the work that leads to an entry."""

    def say(self, reason: str) -> None:
        """Say, once, that some work is not kept."""


class TooLargeError(Exception):
    """What was to be stored is larger than all that may be."""


class Limited:
    """A file to which no more than so many bytes can be written."""

    def __init__(self, file: BinaryIO, limit: int | None) -> None:
        self._file, self._left = file, limit

    def write(self, data: bytes) -> int:
        """Write to the file, or raise TooLargeError."""
        if self._left is not None:
            self._left -= memoryview(data).nbytes
            if self._left < 0:
                raise TooLargeError
        return self._file.write(data)


class FolderStore:
    """A folder of entries, each a folder of checked files.

    Parameters
    ----------
    folder : Path
        The folder; it is made when something is stored.
    limit : int, default=None
        How many bytes are kept: the entries stored first are removed. If None, there is
        no limit.
    is_asked_for : bool, default=True
        Whether the user named the folder, and so is told what goes wrong.
    """

    def __init__(
        self, folder: Path, *, limit: int | None = None, is_asked_for: bool = True
    ) -> None:
        self.folder = folder
        self.lasts = limit is None
        self._limit = limit
        self._is_asked_for = is_asked_for
        self._is_said = self._reads_only = False

    def read(self, key: str, part: str, *, again: bool = True) -> BinaryIO | None:
        """Open a part; None if it is not there, or damaged, which is said."""
        path = self._entry(key) / part
        try:
            return open_checked(path, f"{key}/{part}", again=again)
        except FileNotFoundError:
            if part in (PREDICTIONS, TEACHER) and os.path.lexists(self._entry(key)):
                self.discard(key, f"{part} is missing")
            return None
        except (DamagedError, OSError) as error:
            self.discard(key, f"{part}: {_reason(error)}")
            return None

    def holds(self, key: str, part: str) -> bool:
        """Return whether a part is there, and whole as far as this process knows."""
        file = self.read(key, part, again=False)
        if file is None:
            return False
        file.close()
        return True

    def add(self, key: str, parts: dict[str, Fill]) -> bool:
        """Store an entry; return whether it could be done."""
        if self._reads_only:
            return False
        try:
            with self._unfinished() as folder:
                for part, fill in parts.items():
                    self._write(folder / part, f"{key}/{part}", fill)
                folder.rename(self._entry(key))
        except TooLargeError:
            return False
        except OSError as error:
            if not self._entry(key).is_dir():  # Else another process was first.
                self._give_up(error)
            return False
        self._make_room()
        return True

    def add_part(self, key: str, part: str, fill: Fill) -> None:
        """Store a further part of an entry."""
        if self._reads_only or not self._entry(key).is_dir():
            return
        try:
            with self._unfinished() as folder:
                self._write(folder / part, f"{key}/{part}", fill)
                (folder / part).replace(self._entry(key) / part)
        except TooLargeError:
            return
        except OSError as error:
            if self._entry(key).is_dir():  # Else another process removed it.
                self._give_up(error)
            return
        self._make_room()

    @contextmanager
    def holding(self, key: str) -> Iterator[None]:
        """Keep others from the work that leads to an entry, if there are locks."""
        with ExitStack() as stack:
            if not self._reads_only:
                try:
                    self._make()
                    path = self.folder / _LOCKS / f"{key}.lock"
                    if path.is_symlink() or path.is_dir():
                        _remove(path)
                    lock = holding(path, is_silent=not self._is_asked_for)
                    stack.enter_context(lock)
                except (OSError, NotImplementedError) as error:
                    self._give_up(error)
            yield

    def say(self, reason: str) -> None:
        """Say, once, that some work is not kept."""
        if self._is_asked_for and not self._is_said:
            self._is_said = True
            warn_user(
                f"The teacher's work is not kept in {self.folder}: {reason}. The fit "
                "goes on without it, and later ones do the work again. Mend that, or "
                "pass another folder as memory.",
                CacheWarning,
            )

    def discard(self, key: str, reason: str) -> None:
        """Remove an entry that is damaged, and say so."""
        entry = self._entry(key)
        _remove(entry)
        if self._is_asked_for:
            kept = ", but cannot be" if os.path.lexists(entry) else ""
            warn_user(
                f"The entry {entry} of the cache is damaged ({reason}). It is removed"
                f"{kept}, and the teacher's work is done anew.",
                CacheWarning,
            )

    def _give_up(self, error: Exception) -> None:
        """Do no more than read from now on."""
        self.say(_reason(error))
        self._reads_only = True

    def _entry(self, key: str) -> Path:
        return self.folder / key

    def _write(self, path: Path, name: str, fill: Fill) -> None:
        limit = self._limit
        write_checked(path, name, lambda file: fill(Limited(file, limit)))  # type: ignore[arg-type]

    @contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """Yield a new folder to write to; what is left there at the end is removed."""
        self._make()
        folder = Path(mkdtemp(prefix=_UNFINISHED, dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _make(self) -> None:
        """Make the folder, or remove what processes that died left in it."""
        locks = self.folder / _LOCKS
        if not locks.is_dir():
            for folder in (self.folder.parent, self.folder, locks):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        for path in (*self.folder.glob(f"{_UNFINISHED}*"), *locks.iterdir()):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE:
                    _remove(path)

    def _make_room(self) -> None:
        """Remove the entries stored first until the rest is within the limit."""
        if self._limit is None:
            return
        found = []
        for entry in self.folder.iterdir():
            if not entry.name.startswith("."):
                with suppress(OSError):
                    size = sum(part.stat().st_size for part in entry.iterdir())
                    found.append((entry.stat().st_ctime_ns, size, entry))
        total = sum(size for _, size, _ in found)
        for _, size, entry in sorted(found):
            if total <= self._limit:
                break
            shutil.rmtree(entry, ignore_errors=True)
            total -= size


def _remove(path: Path) -> None:
    """Remove whatever is there, if that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
