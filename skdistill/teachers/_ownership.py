"""Which folders and files are trusted: a cache holds pickles, and a pickle is code."""

import os
import stat
from pathlib import Path

__all__ = ["reason_against", "reason_against_file"]

# So many links one after the other are a loop, as to the system.
_MOST_LINKS = 40


def reason_against(folder: Path) -> str | None:
    """Return why a folder is not to be trusted; None if it is, or is not there yet.

    Trusted are folders of the user and of root into which no other user can write, and
    which no link of another user leads to. A folder such as /tmp, in which everybody
    may make files and nobody may replace another's, is trusted too: the cache makes a
    folder of its own in it.
    """
    if not hasattr(os, "getuid"):
        return None
    try:
        link = _foreign_link(Path(os.path.abspath(folder)))
        found = folder.stat()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # A path with a null character, say.
        return str(error)
    if link is not None:
        return f"the link {link} on the way to it belongs to another user"
    if not stat.S_ISDIR(found.st_mode):
        return "it is not a folder"
    if not _is_own(found):
        return f"it belongs to another user, of number {found.st_uid}"
    if not found.st_mode & stat.S_ISVTX and _others_write(found):
        return "other users may write to it"
    return None


def reason_against_file(found: os.stat_result) -> str | None:
    """Return why an open file is not to be trusted; None if it is."""
    if not stat.S_ISREG(found.st_mode):
        return "it is not a file"
    if not hasattr(os, "getuid"):
        return None
    if not _is_own(found):
        return f"it belongs to another user, of number {found.st_uid}"
    return "other users may write to it" if _others_write(found) else None


def _is_own(found: os.stat_result) -> bool:
    return found.st_uid in (0, os.getuid())


def _others_write(found: os.stat_result) -> bool:
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_private(found.st_gid)


def _is_private(group: int) -> bool:
    """Return whether a group is the user's own, as many systems make one for each."""
    import grp
    import pwd

    try:
        user, found = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_name == user and {*found.gr_mem} <= {user}


def _foreign_link(path: Path, depth: int = 0) -> Path | None:
    """Return the first link on the way to a path that belongs to another user."""
    for step in (*reversed(path.parents), path):
        if not step.is_symlink():
            continue
        if depth > _MOST_LINKS:
            raise OSError(f"the link {step} leads to itself")
        if not _is_own(step.lstat()):
            return step
        target = Path(os.path.abspath(step.parent / os.readlink(step)))
        if (found := _foreign_link(target, depth + 1)) is not None:
            return found
    return None
