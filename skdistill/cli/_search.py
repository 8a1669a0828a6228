"""The search that `skdistill fit` fits: its parts, and how much it tries."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdistill._typing import Estimator
from skdistill.cli._effort import (
    TRIED,
    TRIED_FOLDS,
    Effort,
    Pace,
    fitting,
    pace_of,
    usual,
)
from skdistill.cli._options import FitOptions
from skdistill.cli._parts import preparation, students, teacher_maker, teacher_path
from skdistill.cli._progress import say
from skdistill.cli._rows import Parts
from skdistill.cli._task import Task
from skdistill.cli._weights import request_weights
from skdistill.search import DistilledClassifierCV, DistilledRegressorCV

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["search_of"]

# Who waits less long than that does not ask how long.
_WORTH_SAYING = 5.0
_UNFORESEEN = (
    f"--time-limit leaves nothing out: it takes {TRIED} rows to train on, of two "
    "classes at least, to foresee how long a fit takes. Use --quick to try less."
)


def search_of(
    options: FitOptions, task: Task, parts: Parts, console: "Console", *, resumes: bool
) -> tuple[Estimator, Path | None, list[str]]:
    """Return the unfitted search, the file of its teacher, if any, and notes.

    Parameters
    ----------
    options : FitOptions
        What the user asked for.
    task : Task
        What was read of the table.
    parts : Parts
        Its rows.
    console : Console
        Where it is said how long it takes.
    resumes : bool
        Whether part of the work is done already: how long it takes is not known.
    """
    prepare, kind = preparation(task.features), task.kind
    compared = students(
        *(options.student, kind, prepare, parts.n_values, options.device),
        options.loss,
    )
    several = compared if isinstance(compared, list) else [("", compared)]
    if parts.weight is not None:
        for _, part in several:
            request_weights(part)
    teacher_of = teacher_maker(options, kind, prepare, parts.X, parts.X_test)
    effort, notes = usual(parts.n_values, quick=options.quick), list[str]()
    if options.time_limit is not None or not (resumes or options.quick):
        pace = pace_of(
            teacher_of(TRIED_FOLDS),
            [student for _, student in several],
            *(parts.X, parts.y),
            task=kind,
            seed=options.seed,
            n_temperatures=1 if options.temperature is not None else 2,
            n_jobs=options.jobs,
        )
        if pace is not None:
            effort, notes = _in_time(effort, pace, options, console)
        elif options.time_limit is not None and not options.quick:
            notes = [_UNFORESEEN]
            say(console, _UNFORESEEN)
    search = DistilledRegressorCV if kind == "regression" else DistilledClassifierCV
    chosen = teacher_of(effort.n_teacher_folds, small=effort.has_small_teacher)
    model = search(chosen, compared, **_params(options, effort, kind, parts))
    return model, teacher_path(options.teacher), notes


def _params(
    options: FitOptions, effort: Effort, kind: str, parts: Parts
) -> dict[str, Any]:
    """Return the parameters of the search: what was asked for, and the effort."""
    params: dict[str, Any] = {
        "max_latency": options.max_latency,
        "max_bytes": options.max_size,
        "scoring": options.metric,
        "random_state": options.seed,
        **effort.search_params(
            kind, len(parts.X), options.seed, has_groups=parts.groups is not None
        ),
    }
    if options.alpha is not None:
        params["alphas"] = (options.alpha,)
    if options.temperature is not None:
        params["temperatures"] = (options.temperature,)
    return params


def _in_time(
    effort: Effort, pace: Pace, options: FitOptions, console: "Console"
) -> tuple[Effort, list[str]]:
    """Return how much to try within the limit, and notes on it; say how long it takes.

    Where there is no limit it stays as it is.
    """
    if options.time_limit is None:
        if (seconds := pace.seconds(effort)) > _WORTH_SAYING:
            say(console, f"It takes about {seconds:,.0f} seconds.")
        return effort, []
    left = options.time_limit - (time.monotonic() - options.started)
    effort, fits = fitting(effort, pace.seconds, left)
    notes = [f"To take {options.time_limit:g} seconds at most: {effort.words}."]
    if not fits:
        notes.append(
            f"It takes about {pace.seconds(effort):,.0f} seconds all the same, as less "
            "would be no whole result. Use a faster --teacher or --student."
        )
    for note in notes:
        say(console, note)
    return effort, notes
