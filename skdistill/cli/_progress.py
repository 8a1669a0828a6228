"""What a long command shows while it works."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from skdistill._typing import Estimator
from skdistill.cli._errors import shown
from skdistill.cli._signals import check_not_interrupted

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["FitProgress", "say", "step"]

# Seconds from one line of progress to the next.
_BETWEEN_LINES = 5.0


class Task(Protocol):
    """A task of a fit: the part of scikit-learn's `CallbackContext` that is read."""

    task_id: int
    max_subtasks: int | None
    parent: "Task | None"


class FitProgress:
    """A scikit-learn callback that reports how far a fit is.

    Each task is worth 1 / `max_subtasks` of its parent. A task that has ended counts in
    full, also where its subtasks ran in another process or were fewer than announced.

    Parameters
    ----------
    move : callable
        Called with the fraction that is done, from 0 to 1, when a task ends. A pickled
        copy does not have it: other processes have no terminal to write to.
    """

    def __init__(self, move: Callable[[float], None]) -> None:
        self._move: Callable[[float], None] | None = move
        # What is done of the whole fit within the task at each path; () is the root.
        self._done: dict[tuple[int, ...], float] = {}

    def setup(self, estimator: Estimator, context: Task) -> None:
        """Begin anew."""
        check_not_interrupted()
        self._done = {}

    def on_fit_task_begin(self, estimator: Estimator, context: Task) -> None:
        """End the fit here if the user asked for it."""
        check_not_interrupted()

    def on_fit_task_end(self, estimator: Estimator, context: Task) -> None:
        """Count the task, and report the fraction that is done."""
        check_not_interrupted()
        if self._move is None:
            return
        path = _path(context)
        gain = _worth(context) - self._done.get(path, 0.0)
        for depth in range(len(path) + 1):
            above = path[:depth]
            self._done[above] = self._done.get(above, 0.0) + gain
        self._move(self._done[()])

    def teardown(self, estimator: Estimator, context: Task) -> None:
        """End the command here if the user asked for it."""
        check_not_interrupted()

    def __getstate__(self) -> dict[str, Any]:
        return {"_move": None, "_done": {}}


def _path(task: Task) -> tuple[int, ...]:
    """Return the ids of the tasks from below the root down to this one."""
    return () if task.parent is None else (*_path(task.parent), task.task_id)


def _worth(task: Task) -> float:
    """Return which fraction of the whole fit the task is; 0 if nobody knows."""
    if task.parent is None:
        return 1.0
    n_siblings = task.parent.max_subtasks
    return _worth(task.parent) / n_siblings if n_siblings else 0.0


@contextmanager
def step(
    console: "Console", what: str, *, measured: bool = False
) -> Iterator[Callable[[float], None]]:
    """Show that something is being done and for how long, with a bar if it is measured.

    Yields a function that moves the bar to a fraction from 0 to 1. Where the output is
    no terminal, there is a line at the beginning, and if it is measured now and then
    one with the fraction and the time that is left. A request to end that a library
    swallowed ends the step. Names of files show no characters that move the cursor.
    """
    what = shown(what)
    if console.is_terminal:
        with _bar(console, what, measured) as move:
            yield move
    else:
        say(console, f"{what} ...")
        yield _lines(console, what) if measured else _stay
    check_not_interrupted()


def say(console: "Console", text: str) -> None:
    """Write a line, in characters that any terminal can show."""
    console.print(shown(text), markup=False, highlight=False, soft_wrap=True)


def _stay(fraction: float) -> None:
    """Move nothing: there is no bar."""


def _lines(console: "Console", what: str) -> Callable[[float], None]:
    """Return what writes a line with the fraction, but seldom."""
    start = said = time.monotonic()

    def move(fraction: float) -> None:
        nonlocal said
        now = time.monotonic()
        if not 0 < fraction < 1 or now - said < _BETWEEN_LINES:
            return
        said, left = now, (now - start) * (1 - fraction) / fraction
        say(console, f"{what}: {fraction:.0%}, about {left:,.0f} seconds are left")

    return move


@contextmanager
def _bar(
    console: "Console", what: str, measured: bool
) -> Iterator[Callable[[float], None]]:
    """Show a spinner, the time and, if the step is measured, a bar."""
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    bar = [BarColumn(), TaskProgressColumn()] if measured else []
    columns = [SpinnerColumn(), TextColumn("{task.description}"), *bar]
    total = 1.0 if measured else None
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(escape(what), total=total)
        yield lambda fraction: progress.update(task, completed=fraction)
        progress.update(task, completed=total)
