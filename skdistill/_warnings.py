"""Warnings that point at the user's line, and one that is kept quiet."""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = [
    "Note",
    "collecting",
    "each_once",
    "warn_again",
    "warn_now",
    "warn_user",
    "with_notes",
    "without_name_warnings",
]

# Whose frames are passed over; contextlib runs the decorators of scikit-learn's fit.
_PASSED_OVER = ("skdistill", "sklearn", "contextlib", "joblib")

# A warning that was not given yet: the message and the category.
Note = tuple[str, type[Warning]]

_notes: ContextVar[list[Note] | None] = ContextVar("notes", default=None)


@contextmanager
def collecting() -> Iterator[list[Note]]:
    """Yield a list to which `warn_user` adds, instead of warning.

    So the warnings of another process, or of work that is read from the cache, reach
    the user: by `warn_again`. What others than this package warn of is left alone.
    """
    notes: list[Note] = []
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


@contextmanager
def each_once() -> Iterator[None]:
    """Give each warning of what runs inside once, at its end."""
    notes: list[Note] = []
    try:
        with collecting() as notes:
            yield
    finally:
        warn_again(notes)


def with_notes(call: Callable, *args: Any, **kwargs: Any) -> tuple[Any, list[Note]]:
    """Return what a call returns, and what it would have warned of."""
    with collecting() as notes:
        return call(*args, **kwargs), notes


def warn_again(notes: Iterable[Note]) -> None:
    """Give collected warnings, each once."""
    for message, category in dict.fromkeys(notes):
        warn_user(message, category)


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn with the line outside of the package that led here.

    Parameters
    ----------
    message : str
        What was seen, the cause and the remedy.
    category : type of Warning
        What to warn by.
    """
    notes = _notes.get()
    if notes is not None:
        notes.append((message, category))
    else:
        warn_now(message, category)


def warn_now(message: str, category: type[Warning]) -> None:
    """Warn as `warn_user` does, also where warnings are collected."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_back is not None:
        library = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if library not in _PASSED_OVER:
            break
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def without_name_warnings() -> Iterator[None]:
    """Predict arrays without the warning of models that know names of columns."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        yield
