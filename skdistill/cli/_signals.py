"""Requests to end: Ctrl-C, and those of a scheduler.

Python raises KeyboardInterrupt wherever it is. Inside a callback of another library,
such as the one with which XGBoost reads its samples, the exception is lost. So a
request is remembered, and checked after every step.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["check_not_interrupted", "ending_as_interrupted"]

_asked = threading.Event()


@contextmanager
def ending_as_interrupted() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C, and remember both."""
    _asked.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = (signal.SIGINT, signal.SIGTERM)
    before = {end: signal.signal(end, _interrupt) for end in ends}
    try:
        yield
    finally:
        for end, handler in before.items():
            signal.signal(end, handler)


def check_not_interrupted() -> None:
    """Raise KeyboardInterrupt if there was a request to end."""
    if _asked.is_set():
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Handle a signal: remember it, and raise KeyboardInterrupt."""
    _asked.set()
    raise KeyboardInterrupt
