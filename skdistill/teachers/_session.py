"""What is kept without being asked for, and is gone with the process.

The process that the user started keeps entries in its memory. Its workers, such as
those of a search with `n_jobs`, share a folder that is named after it. It removes that
folder when it ends; what a process left that was killed is removed by a later one.
"""

import atexit
import os
import platform
import re
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, BinaryIO

from skdistill.teachers._files import Fill
from skdistill.teachers._locks import giving_way
from skdistill.teachers._ownership import reason_against
from skdistill.teachers._store import FolderStore, Limited, Store, TooLargeError

__all__ = [
    "ProcessStore",
    "default_store",
    "forget",
    "is_temporary",
    "keep",
    "kept",
    "temporary_folder",
]

# The bytes that are kept; and the number of cross-fits that cannot be pickled: of these
# nobody knows the size.
_MOST_BYTES, _MOST_OBJECTS = 256 * 2**20, 8
# Seconds after which a folder is left over where nobody can say who lives.
_STALE = 24 * 3600
_SEARCH = "search-"


class ProcessStore:
    """Entries in the memory of the process, the last ones up to a limit.

    Parameters
    ----------
    limit : int, default=256 * 2**20
        The bytes that are kept.
    """

    lasts = False

    def __init__(self, limit: int = _MOST_BYTES) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Forget all entries, and who waits for them."""
        self._entries: OrderedDict[str, dict[str, bytes]] = OrderedDict()
        self._locks: dict[str, tuple[Any, list]] = {}
        self._guard = threading.RLock()

    def __reduce__(self) -> tuple:
        return default_store, ()  # Another process has its own.

    def read(self, key: str, part: str) -> BinaryIO | None:
        """Open a part; None if it is not there."""
        with self._guard:
            found = self._entries.get(key, {}).get(part)
            if found is None:
                return None
            self._entries.move_to_end(key)
            return BytesIO(found)

    def holds(self, key: str, part: str) -> bool:
        """Return whether a part is there."""
        return part in self._entries.get(key, {})

    def add(self, key: str, parts: dict[str, Fill]) -> bool:
        """Store an entry; return False if it is larger than the limit."""
        written, left = {}, self._limit
        for part, fill in parts.items():
            contents = _contents(fill, left)
            if contents is None:
                return False
            written[part], left = contents, left - len(contents)
        with self._guard:
            self._entries[key] = written
            self._make_room()
        return True

    def add_part(self, key: str, part: str, fill: Fill) -> None:
        """Store a further part of an entry."""
        contents = _contents(fill, self._limit)
        with self._guard:
            if contents is not None and key in self._entries:
                self._entries[key][part] = contents
                self._make_room()

    def discard(self, key: str, reason: str) -> None:
        """Remove an entry."""
        with self._guard:
            self._entries.pop(key, None)

    @contextmanager
    def holding(self, key: str) -> Iterator[None]:
        """Keep other threads from the work that leads to an entry."""
        with self._guard:
            lock, users = self._locks.setdefault(key, (threading.RLock(), []))
            users.append(None)
        try:
            if not lock.acquire(blocking=False):
                with giving_way():
                    lock.acquire()
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._guard:
                users.pop()
                if not users:
                    self._locks.pop(key, None)

    def say(self, reason: str) -> None:
        """Do nothing: nobody asked for the work to be kept."""

    def _make_room(self) -> None:
        sizes = {
            key: sum(map(len, parts.values())) for key, parts in self._entries.items()
        }
        total = sum(sizes.values())
        while total > self._limit:
            key, _ = self._entries.popitem(last=False)
            total -= sizes[key]


def _contents(fill: Fill, limit: int) -> bytes | None:
    """Return what is to be stored as bytes; None if these are too many."""
    file = BytesIO()
    try:
        fill(Limited(file, limit))  # type: ignore[arg-type]
    except TooLargeError:
        return None
    return file.getvalue()


_process = ProcessStore()
_objects: OrderedDict[str, Any] = OrderedDict()
if hasattr(os, "register_at_fork"):
    # Another thread may hold the guard while a process is forked.
    os.register_at_fork(after_in_child=_process.clear)


def default_store() -> Store:
    """Return where work is kept without being asked for.

    Workers of one process share a folder; if that cannot be trusted, each keeps what it
    does to itself.
    """
    parent = parent_process()
    folder = None if parent is None or parent.pid is None else _folder_of(parent.pid)
    if folder is None:
        return _process
    return FolderStore(folder / "shared", limit=_MOST_BYTES, is_asked_for=False)


def keep(key: str, done: Any) -> None:
    """Keep work that cannot be pickled, among the last of its kind."""
    _objects[key] = done
    while len(_objects) > _MOST_OBJECTS:
        _objects.popitem(last=False)


def kept(key: str) -> Any:
    """Return work that cannot be pickled; None if it is not kept."""
    return _objects.get(key)


def forget(key: str) -> None:
    """Keep work that cannot be pickled no longer."""
    _objects.pop(key, None)


@contextmanager
def temporary_folder() -> Iterator[Path | None]:
    """Yield a folder that is removed at the end, or by a later process if this dies.

    None where no folder can be made.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=_SEARCH, dir=_folder_of(os.getpid())))
    except OSError:
        yield None
        return
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        # That of the process, if nothing else is in it: a worker has no other end.
        with suppress(OSError):
            folder.parent.rmdir()


def is_temporary(folder: Path) -> bool:
    """Return whether a folder is one of `temporary_folder`, in any process."""
    return folder.parent.parent == _root() and folder.name.startswith(_SEARCH)


def _root() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"skdistill-{user}"


def _host() -> str:
    return re.sub(r"\W", "_", platform.node())


def _folder_of(process: int) -> Path | None:
    """Make the folder of a process and its workers; None if it cannot be trusted."""
    folder = _root() / f"{_host()}-{process}"
    try:
        if not folder.is_dir():
            _root().mkdir(mode=0o700, exist_ok=True)
            _sweep()
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return None if reason_against(_root()) or reason_against(folder) else folder


def _sweep() -> None:
    """Remove the folders of processes of this machine that are no more."""
    if reason_against(_root()) is not None:
        return
    for folder in _root().iterdir():
        host, _, process = folder.name.rpartition("-")
        if host == _host() and process.isdecimal() and not _lives(int(process), folder):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int, folder: Path) -> bool:
    if os.name != "posix":  # There a signal of 0 would end it.
        return time.time() - folder.stat().st_mtime < _STALE
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove_at_exit(process: int) -> None:
    if os.getpid() != process:  # A fork runs what its parent registered.
        return
    shutil.rmtree(_root() / f"{_host()}-{process}", ignore_errors=True)
    with suppress(OSError):
        _root().rmdir()


if parent_process() is None:
    atexit.register(_remove_at_exit, os.getpid())
