"""`skdistill fit`: from a table to a folder with a student and all about it."""

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.model_selection import train_test_split

from skdistill._optional import import_optional
from skdistill._typing import Estimator
from skdistill.cli._errors import CommandError, InterruptedWorkError, shown
from skdistill.cli._folders import new_folder, teacher_cache
from skdistill.cli._outputs import export, write_results
from skdistill.cli._parts import (
    AUTO,
    TEACHERS,
    load_teacher,
    preparation,
    students,
    teacher,
)
from skdistill.cli._progress import FitProgress, step
from skdistill.cli._script import write_script
from skdistill.cli._ship import write_shipped
from skdistill.cli._tables import Schema
from skdistill.cli._task import read_task
from skdistill.report import DistillationReport
from skdistill.search import DistilledClassifierCV, DistilledRegressorCV

if TYPE_CHECKING:
    from pandas import DataFrame, Series
    from rich.console import Console

__all__ = ["FitOptions", "fit"]

_HELD_OUT = 0.2
_N_TIMINGS = 50


@dataclass(frozen=True)
class FitOptions:
    """What the user asked for; alpha and temperature are None for "auto".

    The most latency is in microseconds, the largest size in bytes; None is no limit.
    """

    data: Path
    target: str
    task: str
    student: str
    max_latency: float | None
    max_size: float | None
    teacher: str
    alpha: float | None
    temperature: float | None
    device: str
    out: Path
    jobs: int
    seed: int
    overwrite: bool
    command: str


def fit(options: FitOptions, console: "Console") -> None:
    """Read the table, distil, and write the results.

    Raises
    ------
    CommandError
        If data, teacher or folder are not as they must be; nothing is left behind.
    InterruptedWorkError
        If the user interrupted it; the teacher's work is kept, for the next run.
    """
    _check_device(options)
    with new_folder(options.out, overwrite=options.overwrite) as folder:
        with step(console, f"Reading {options.data}"):
            task, schema, frame = read_task(options.data, options.target, options.task)
        console.print(
            f"{task}, {len(frame):,} rows, {len(schema.kinds) - 1} columns",
            markup=False,
            highlight=False,
        )
        X, y = frame.drop(columns=options.target), frame[options.target]
        try:
            with teacher_cache(options.out) as cache:
                _distil(options, console, folder, task, schema, X, y, cache)
        except KeyboardInterrupt as error:
            raise InterruptedWorkError(
                f"Interrupted. {options.out} was not written. Run the same command "
                "again to go on: what the teacher has done is kept in "
                f"{cache}. Delete that folder to start anew."
            ) from error


def _distil(
    options: FitOptions,
    console: "Console",
    folder: Path,
    task: str,
    schema: Schema,
    X: "DataFrame",
    y: "Series",
    cache: Path,
) -> None:
    """Search, evaluate the chosen student on held-out rows, and write the results."""
    held_out: dict[str, Any] = {"test_size": _HELD_OUT, "random_state": options.seed}
    if task == "classification":
        held_out["stratify"] = y
    X, X_test, y, y_test = train_test_split(X, y, **held_out)
    features = schema.without(options.target)
    model, teacher_path = _search(options, task, features, X)
    script = write_script(
        command=options.command,
        data=options.data,
        schema=schema,
        target=options.target,
        model=model,
        teacher_path=teacher_path,
        held_out=held_out,
        n_timings=_N_TIMINGS,
    )
    _fit_search(model, X, y, options, console, cache)
    with step(console, f"Evaluating on {len(X_test):,} held-out rows"):
        report = DistillationReport(
            model, X_test, y_test, train=(X, y), n_timings=_N_TIMINGS
        )
    try:
        notes = export(model, X_test, folder)
        (folder / "reproduce.py").write_text(script, encoding="utf-8")
        about = _about(options, task, features, X) | {"notes": notes}
        write_shipped(folder, model, options.target, features, X)
        write_results(folder, model, report, about)
    except OSError as error:
        raise CommandError(
            f"{options.out} cannot be written: {error.strerror or error}. Choose "
            "another --out."
        ) from error
    _show(report, notes, console)


def _fit_search(
    model: Estimator,
    X: "DataFrame",
    y: "Series",
    options: FitOptions,
    console: "Console",
    cache: Path,
) -> None:
    """Fit the search; it keeps neither the cache nor the callback of the bar."""
    into = "several students" if options.student == AUTO else options.student
    what = f"Distilling {options.teacher} into {into}"
    # Before scikit-learn 1.9 there are no callbacks.
    has_callbacks = hasattr(model, "set_callbacks")
    with step(console, what, measured=has_callbacks) as move:
        model.set_params(memory=str(cache), n_jobs=options.jobs)
        if has_callbacks:
            model.set_callbacks(FitProgress(move))
        model.fit(X, y)
    for part in (model, model.best_estimator_):
        part.set_params(memory=None)
        if has_callbacks:
            part.set_callbacks()


def _show(report: DistillationReport, notes: Sequence[str], console: "Console") -> None:
    """Print the report, and beside it what there is to say of the export."""
    sys.stdout.write(f"{report!r}\n")
    for note in notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)


def _about(
    options: FitOptions, task: str, schema: Schema, X: "DataFrame"
) -> dict[str, Any]:
    """Return what a result records about how it was made."""
    return {
        "command": shown(options.command),
        "task": task,
        "target": options.target,
        "columns": schema.to_dict(),
        "categories": {
            name: sorted(set(X[name])) for name in schema.of_kind("category")
        },
    }


def _check_device(options: FitOptions) -> None:
    """Raise if XGBoost is to work on a device that is not there."""
    if options.device == "cpu":
        return
    if "xgboost" not in (options.teacher, options.student):
        raise CommandError(
            "--device cuda is for XGBoost. Add --teacher xgboost or --student xgboost, "
            "or leave it out."
        )
    if not _has_cuda():
        raise CommandError(
            "--device cuda needs a CUDA device and an XGBoost made for it. Found none. "
            "Leave it out to work on the CPU."
        )


def _has_cuda() -> bool:
    """Return whether XGBoost fits on a CUDA device; it may fall back with a warning."""
    xgboost = import_optional("xgboost", extra="xgboost")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if not xgboost.build_info().get("USE_CUDA", False):
            return False
        model = xgboost.XGBRegressor(n_estimators=1, device="cuda")
        try:
            model.fit([[0.0], [1.0]], [0, 1])
        except Exception:  # XGBoost raises its own error, of no narrower class.
            return False
    return not any("GPU" in str(one.message) for one in caught)


def _search(
    options: FitOptions, task: str, schema: Schema, X: "DataFrame"
) -> tuple[Estimator, Path | None]:
    """Return the unfitted search, and the file that its teacher comes from, if any."""
    prepare = preparation(schema)
    path = None
    if options.teacher in TEACHERS:
        chosen_teacher = teacher(
            options.teacher, task, prepare, X, options.device, options.seed
        )
    else:
        path = Path(options.teacher).resolve()
        chosen_teacher = load_teacher(path, task)
    compared = students(options.student, task, prepare, len(X), options.device)
    kind = DistilledRegressorCV if task == "regression" else DistilledClassifierCV
    params: dict[str, Any] = {
        "max_latency": options.max_latency,
        "max_bytes": options.max_size,
    }
    if options.alpha is not None:
        params["alphas"] = (options.alpha,)
    if options.temperature is not None:
        params["temperatures"] = (options.temperature,)
    elif task == "classification":
        params["temperatures"] = (1.0, 2.0)
    model = kind(chosen_teacher, compared, random_state=options.seed, **params)
    return model, path
