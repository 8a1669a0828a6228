"""The search that `skdistill fit` fits: its parts, and how much it tries."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdistill._typing import Estimator
from skdistill.cli._effort import Effort, fitting, pace_of, usual
from skdistill.cli._options import FitOptions
from skdistill.cli._parts import (
    TEACHERS,
    load_teacher,
    preparation,
    students,
    teacher,
)
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
        Whether part of the work is done already.
    """
    prepare, kind, X = preparation(task.features), task.kind, parts.X
    path = None
    if options.teacher in TEACHERS:
        chosen_teacher = teacher(
            options.teacher, kind, prepare, X, options.device, options.seed
        )
    else:
        path = Path(options.teacher).resolve()
        chosen_teacher = load_teacher(path, kind)
    compared = students(options.student, kind, prepare, parts, options.device)
    if parts.weight is not None:
        for _, part in compared if isinstance(compared, list) else [("", compared)]:
            request_weights(part)
        request_weights(chosen_teacher)
    params: dict[str, Any] = {
        "max_latency": options.max_latency,
        "max_bytes": options.max_size,
        "scoring": options.metric,
    }
    if options.alpha is not None:
        params["alphas"] = (options.alpha,)
    if options.temperature is not None:
        params["temperatures"] = (options.temperature,)
    effort, notes = _effort_of(
        options, task, parts, chosen_teacher, compared, console, resumes
    )
    own = effort.search_params(kind, options.seed, has_groups=parts.groups is not None)
    search = DistilledRegressorCV if kind == "regression" else DistilledClassifierCV
    model = search(
        chosen_teacher, compared, random_state=options.seed, **(own | params)
    )
    return model, path, notes


def _effort_of(
    options: FitOptions,
    task: Task,
    parts: Parts,
    chosen_teacher: Estimator,
    compared: Estimator | list[tuple[str, Estimator]],
    console: "Console",
    resumes: bool,
) -> tuple[Effort, list[str]]:
    """Return how much to try, and what is left out for that; say how long it takes."""
    effort = usual(*parts.X.shape, quick=options.quick)
    if resumes and options.time_limit is None:
        return effort, []
    several = compared if isinstance(compared, list) else [("", compared)]
    has_temperatures = task.kind == "classification" and options.temperature is None
    pace = pace_of(
        chosen_teacher,
        [student for _, student in several],
        parts.X,
        parts.y,
        task=task.kind,
        seed=options.seed,
        n_temperatures=2 if has_temperatures else 1,
        n_jobs=options.jobs,
    )
    if pace is None:
        return effort, []
    notes, fits = [], True
    if options.time_limit is not None:
        left = options.time_limit - (time.monotonic() - options.started)
        effort, fits = fitting(effort, pace.seconds, left)
        notes = [f"To take {options.time_limit:g} seconds at most: {effort.words}."]
    if not fits:
        notes.append(
            f"It takes about {pace.seconds(effort):,.0f} seconds all the same, as no "
            "less can be done for a whole result. Use a faster --teacher or --student."
        )
    elif (seconds := pace.seconds(effort)) > _WORTH_SAYING:
        say(console, f"It takes about {seconds:,.0f} seconds.")
    for note in notes:
        say(console, note)
    return effort, notes
