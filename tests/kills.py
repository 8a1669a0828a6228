"""Processes that are killed at random moments, and what they leave made old."""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_TWO_DAYS = 48 * 3600


def killed(
    start: Callable[[], subprocess.Popen], times: int = 20
) -> Iterator[subprocess.Popen]:
    """Yield a process that ended, and some killed at moments spread over its time.

    Parameters
    ----------
    start : callable
        Starts one from the same state.
    times : int, default=20
        How many are killed. One that is quicker than the first may have ended.
    """
    began = time.monotonic()
    undisturbed = start()
    _, error = undisturbed.communicate()
    assert undisturbed.returncode == 0, error
    duration, rng = time.monotonic() - began, random.Random(0)
    yield undisturbed
    for number in range(times):
        process = start()
        moment = duration * (number + rng.random()) / times
        try:
            process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        yield process


def make_old(folder: Path) -> None:
    """Make all that lies in a folder two days old, also hidden files."""
    then = time.time() - _TWO_DAYS
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (then, then), follow_symlinks=False)
