"""What a long command says while it works."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from joblib import Memory

from skdistill.cli._signals import check_not_interrupted

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["CountingMemory", "count_lessons", "step"]


@contextmanager
def step(
    console: "Console", what: str, total: int | None = None
) -> Iterator[Callable[[], None]]:
    """Show that something is being done, how far it is and for how long.

    Yields a function that says that one more of `total` parts is begun. Where the
    output is no terminal, there is one line at the beginning. A request to end that a
    library swallowed ends the step.
    """
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    if not console.is_terminal:
        console.print(f"{what} ...", markup=False, highlight=False, soft_wrap=True)
        yield check_not_interrupted
        check_not_interrupted()
        return
    parts = [] if total is None else [BarColumn(), MofNCompleteColumn()]
    columns = [SpinnerColumn(), TextColumn("{task.description}"), *parts]
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(escape(what), total=total)
        begun = 0

        def advance() -> None:
            nonlocal begun
            check_not_interrupted()
            progress.update(task, completed=begun)
            begun += 1

        yield advance
        progress.update(task, completed=total)
    check_not_interrupted()


class CountingMemory(Memory):
    """A memory that says when a candidate turns to its teacher.

    Parameters
    ----------
    location : str
        The folder.
    on_lesson : callable
        Called, without arguments, each time; in this process alone.
    """

    def __init__(self, location: str, on_lesson: Callable[[], None]) -> None:
        super().__init__(location, verbose=0)
        self._on_lesson: Callable[[], None] | None = on_lesson

    def cache(self, func: Any = None, **params: Any) -> Any:
        """Cache a function as `joblib.Memory` does."""
        if self._on_lesson is not None and "lesson" in (params.get("ignore") or ()):
            self._on_lesson()
        return super().cache(func, **params)

    def __deepcopy__(self, memo):
        return self  # A clone of the model counts on.

    def __getstate__(self):
        # Other processes have no terminal to write to.
        return super().__getstate__() | {"_on_lesson": None}


def count_lessons(n_temperatures: int, n_folds: int, *, in_closed_form: bool) -> int:
    """Return how often a search turns to a teacher.

    On each fold for the plain student and one candidate a temperature; for an alpha in
    closed form two more; and once for the student that is shipped.
    """
    return n_folds * (1 + n_temperatures + 2 * in_closed_form) + 1
