"""The files and folders of a result, which appear whole or not at all."""

import glob
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from skdistill.cli._errors import CommandError, names, one_line

__all__ = [
    "METRICS",
    "naming_damage",
    "new_file",
    "new_folder",
    "read_result",
    "teacher_cache",
]

METRICS = "metrics.json"
# Seconds after which what is being written is taken to be left by a killed command.
_STALE = 24 * 3600
_PARTS = {
    "skdistill": str,
    "report": dict,
    "columns": dict,
    "categories": dict,
    "classes": list | None,
}


@contextmanager
def new_folder(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a folder beside `path` to write to; it becomes `path` at the end.

    If anything is raised inside, the folder is removed and `path` stays as it was.

    Raises
    ------
    CommandError
        If there is something at `path` already, or it cannot be written.
    """
    with _naming_fault(path):
        path = _place(path)
        if os.path.lexists(path):
            _check_overwrites(path, overwrite)
        _sweep(path)
        part = _part_of(path)
        part.mkdir()
    try:
        yield part
        with _naming_fault(path):
            _replace(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield a file beside `path` to write; it becomes `path` at the end."""
    with _naming_fault(path):
        path = _place(path)
        if os.path.lexists(path) and not (overwrite and path.is_file()):
            raise CommandError(
                f"{path} is there already. Choose another --out"
                + (", or add --overwrite." if path.is_file() else ".")
            )
        _sweep(path)
        # Written by a name that ends in the file's own: pandas goes by it.
        part = _part_of(path) / path.name
        part.parent.mkdir(mode=0o700)
    try:
        yield part
        with _naming_fault(path):
            part.replace(path)
    finally:
        shutil.rmtree(part.parent, ignore_errors=True)


@contextmanager
def teacher_cache(path: Path) -> Iterator[Path]:
    """Yield a folder beside `path` for the cache; it is kept only on interruption."""
    with _naming_fault(path):
        path = _place(path)
        folder = path.with_name(f".{path.name}.cache")
        _check_no_link(folder)
    try:
        yield folder
    except KeyboardInterrupt:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def read_result(folder: Path) -> dict[str, Any]:
    """Return the metrics that `fit` wrote into the folder.

    Raises
    ------
    CommandError
        If there are none, or a part is missing or of another type.
    """
    try:
        found = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(
            f"{folder} holds no result: {METRICS} cannot be read "
            f"({one_line(str(error))}). {_remedy(folder)}"
        ) from error
    if not isinstance(found, dict):
        found = {}
    wrong = [key for key in _PARTS if not isinstance(found.get(key, ...), _PARTS[key])]
    if wrong:
        raise CommandError(
            f"{folder} holds no result: {METRICS} is damaged, or not one of skdistill "
            f"fit, by its {names(wrong)}. Give a folder that it wrote, or fit again."
        )
    return found


@contextmanager
def naming_damage(folder: Path) -> Iterator[None]:
    """Raise CommandError where the metrics in the folder turn out to be damaged."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CommandError(
            f"{folder / METRICS} is damaged ({type(error).__name__}: {error}). Fit "
            "again, or restore the file."
        ) from error


def _check_overwrites(path: Path, overwrite: bool) -> None:
    """Raise unless what is at the path is a result that may be replaced."""
    if not overwrite:
        raise CommandError(
            f"{path} is there already. Choose another --out, or add --overwrite to "
            "replace an earlier result."
        )
    read_result(path)  # Nothing else is ever deleted.


def _place(path: Path) -> Path:
    """Return where a result is to be, in a folder that is no link."""
    _check_no_link(path)
    return path.resolve()


def _check_no_link(path: Path) -> None:
    """Raise if the path is a link: what it leads to is not what was named."""
    if path.is_symlink():
        raise CommandError(
            f"{path} is a link to {os.readlink(path)}. Nothing is written through a "
            "link: give that path itself, or choose another --out."
        )


def _part_of(path: Path) -> Path:
    """Return a place beside a path, by a name that nobody can know before."""
    return path.with_name(f".skdistill.{secrets.token_hex(8)}.part")


def _moved_aside(path: Path) -> list[Path]:
    """Return the earlier results that were to be replaced by one at the path."""
    return sorted(path.parent.glob(f"{glob.escape(path.name)}.{'[0-9a-f]' * 16}.old"))


def _remedy(folder: Path) -> str:
    """Say what to do where there is no result at a folder."""
    left = [] if folder.exists() else _moved_aside(folder)
    if not left:
        return "Give a folder that skdistill fit wrote."
    return (
        f"The result that an --overwrite was to replace when it was killed is at "
        f"{left[-1]}: rename it to {folder.name}."
    )


def _sweep(path: Path) -> None:
    """Remove what a command that was killed left beside a path, a day later.

    What was moved aside stays as long as nothing is in its place.
    """
    aside = _moved_aside(path) if path.exists() else []
    for left in (*path.parent.glob(".skdistill.*.part"), *aside):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime > _STALE:
                shutil.rmtree(left)


def _replace(part: Path, path: Path) -> None:
    """Put the folder `part` in the place of `path`."""
    # To be seen by who misses it, if this is killed between both renames.
    old = path.with_name(f"{path.name}.{secrets.token_hex(8)}.old")
    if path.exists():
        os.utime(path)  # Whatever its age, another command must not sweep it yet.
        path.rename(old)
    try:
        part.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _naming_fault(path: Path) -> Iterator[None]:
    """Turn a failure to write into a CommandError that says why."""
    try:
        yield
    except FileNotFoundError as error:
        raise CommandError(
            f"{path} cannot be written: there is no folder {path.parent}. Make it, or "
            "choose another --out."
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(
            f"{path} cannot be written: {reason}. Choose another --out."
        ) from error
