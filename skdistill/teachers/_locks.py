"""Waiting for the process that does the same work, for as long as it lives."""

import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from joblib.parallel import get_active_backend

from skdistill._warnings import warn_now
from skdistill.exceptions import CacheWarning

__all__ = ["giving_way", "holding"]

# Seconds: between two tries; until a wait says what it waits for; between two signs of
# life; and without any until a holder is given up, as one that is stopped, or died on
# another machine.
_TRY, _SILENT, _BEAT, _PATIENCE = 0.1, 5.0, 2.0, 60.0


@contextmanager
def giving_way() -> Iterator[None]:
    """Leave this thread's place among joblib's workers to others, while it waits.

    The work that is waited for may be waiting for a place itself: a Dask worker that
    waits in all of its threads would wait for ever.
    """
    backend, _ = get_active_backend()
    with backend.retrieval_context():
        yield


@contextmanager
def holding(path: Path, *, is_silent: bool = False) -> Iterator[None]:
    """Hold a lock, waited for while its holder shows signs of life.

    The system drops the lock of a process that dies. A holder without signs of life
    is given up: then the work is done twice, which harms nothing.

    Parameters
    ----------
    path : Path
        The lock's file; signs of life are those of the file beside it.
    is_silent : bool, default=False
        Whether nothing is said of a wait.

    Raises
    ------
    OSError, NotImplementedError
        If the folder cannot be written to, or its file system has no locks.
    """
    lock, alive = FileLock(path, mode=0o600), path.with_suffix(".alive")
    if not _acquired(lock, alive, is_silent):
        yield
        return
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(alive, ended), daemon=True)
    try:
        _sign(alive)
        beating.start()
        yield
    finally:
        ended.set()
        with suppress(RuntimeError):  # It was not started.
            beating.join()
        with suppress(OSError):
            alive.unlink()
        with suppress(OSError):
            lock.release()


def _acquired(lock: FileLock, alive: Path, is_silent: bool) -> bool:
    """Wait for a lock; return False if its holder is given up."""
    with suppress(Timeout):
        lock.acquire(timeout=0)
        return True
    with giving_way():
        return _waited(lock, alive, is_silent)


def _waited(lock: FileLock, alive: Path, is_silent: bool) -> bool:
    start = last = time.monotonic()
    sign, is_said = _seen(alive), is_silent
    while True:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            time.sleep(_TRY)
        else:
            return True
        now, new = time.monotonic(), _seen(alive)
        if new != sign:
            sign, last = new, now
        if now - last > _PATIENCE:
            message = (
                f"{_holder(alive)} holds {lock.lock_file}, and has given no sign of "
                f"life for {now - last:.0f} seconds. It is waited for no longer: the "
                "teacher is fitted here too. Delete that file if the process is gone."
            )
            if not is_silent:
                warn_now(message, CacheWarning)
            return False
        if now - start > _SILENT and not is_said:
            is_said = True
            warn_now(
                f"Waiting for {_holder(alive)}, which fits the same teacher on the "
                f"same data and holds {lock.lock_file}. Its work will be read from the "
                "cache.",
                CacheWarning,
            )


def _beat(alive: Path, ended: threading.Event) -> None:
    while not ended.wait(_BEAT):
        with suppress(OSError):
            os.utime(alive)


def _sign(alive: Path) -> None:
    """Say who holds the lock."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(alive, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(f"process {os.getpid()} of {platform.node()}")


def _seen(alive: Path) -> int | None:
    try:
        return alive.stat().st_mtime_ns
    except OSError:
        return None


def _holder(alive: Path) -> str:
    try:
        text = alive.read_text(encoding="utf-8")[:200]
    except (OSError, ValueError):
        text = ""
    return "".join(c for c in text if c.isprintable()) or "another process"
