"""`skdistill fit`: from a table to a folder with a student and all about it."""

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn import config_context

from skdistill._optional import import_optional
from skdistill._typing import Estimator
from skdistill.cli._check import decisions_of, show_check, warnings_of
from skdistill.cli._errors import CommandError, InterruptedWorkError, shown
from skdistill.cli._folders import METRICS, new_folder, teacher_cache
from skdistill.cli._options import FitOptions
from skdistill.cli._outputs import export, write_results
from skdistill.cli._parts import AUTO
from skdistill.cli._progress import FitProgress, say, step
from skdistill.cli._rows import Parts, draw_parts
from skdistill.cli._script import write_script
from skdistill.cli._search import search_of
from skdistill.cli._ship import write_shipped
from skdistill.cli._task import Task, read_task
from skdistill.cli._threads import at_most
from skdistill.report import DistillationReport

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.console import Console

__all__ = ["fit"]

# Single rows that are timed for the report, and with --quick.
_N_TIMINGS, _FEW_TIMINGS = 50, 10


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
    if options.check:
        task, warnings = _read(options, console)
        show_check(task, warnings, as_json=options.shows == "json")
        return
    with new_folder(options.out, overwrite=options.overwrite) as folder:
        task, warnings = _read(options, console)
        parts = draw_parts(task, options.seed, options.test, options.unlabeled)
        for note in parts.notes:
            say(console, note)
        try:
            with teacher_cache(options.out) as cache, at_most(options.jobs):
                _distil(options, console, folder, task, parts, warnings, cache)
        except KeyboardInterrupt as error:
            raise InterruptedWorkError(
                f"Interrupted. {options.out} was not written. Run the same command "
                "again to go on: what the teacher has done is kept in "
                f"{cache}. Delete that folder to start anew."
            ) from error


def _read(options: FitOptions, console: "Console") -> tuple[Task, list[str]]:
    """Read the table; say what was decided and what is worth a look."""
    with step(console, f"Reading {options.data}"):
        task = read_task(options.data, options.columns, options.task)
        warnings = warnings_of(task)
    say(
        console,
        f"{task.kind}, {len(task.frame):,} rows, {len(task.features.kinds)} columns",
    )
    for note in (*task.notes, *decisions_of(task)):
        say(console, note)
    for warning in warnings:
        say(console, f"warning: {warning}")
    return task, warnings


def _distil(
    options: FitOptions,
    console: "Console",
    folder: Path,
    task: Task,
    parts: Parts,
    warnings: list[str],
    cache: Path,
) -> None:
    """Search, evaluate the chosen student on held-out rows, and write the results."""
    n_timings = min(_FEW_TIMINGS, _N_TIMINGS) if options.quick else _N_TIMINGS
    model, teacher_path, left_out = search_of(
        options, task, parts, console, resumes=cache.exists()
    )
    script = write_script(
        command=options.command,
        data=options.data,
        task=task,
        parts=parts,
        model=model,
        teacher_path=teacher_path,
        metric=options.metric,
        n_timings=n_timings,
    )
    _fit_search(model, parts, options, console, cache)
    with step(console, f"Evaluating on {len(parts.X_test):,} held-out rows"):
        report = DistillationReport(
            model,
            parts.X_test,
            parts.y_test,
            train=parts.train,
            sample_weight=parts.weight_test,
            scoring=options.metric,
            n_timings=n_timings,
        )
    try:
        notes = export(model, parts.X_test, folder)
        (folder / "reproduce.py").write_text(script, encoding="utf-8")
        about = _about(options, task, parts.X) | {"warnings": warnings}
        about["notes"] = left_out + notes
        write_shipped(folder, model, options.columns.target, task.features, parts.X)
        write_results(folder, model, report, about)
    except OSError as error:
        raise CommandError(
            f"{options.out} cannot be written: {error.strerror or error}. Choose "
            "another --out."
        ) from error
    _show(options.shows, folder, report)
    for note in notes:
        say(console, note)


def _fit_search(
    model: Estimator,
    parts: Parts,
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
        with config_context(enable_metadata_routing=parts.needs_routing):
            model.fit(parts.X, parts.y, **parts.fit_params)
    for part in (model, model.best_estimator_):
        part.set_params(memory=None)
        if has_callbacks:
            part.set_callbacks()


def _show(shows: str, folder: Path, report: DistillationReport) -> None:
    """Print the report, all numbers as JSON, or nothing."""
    if shows == "report":
        sys.stdout.write(f"{report!r}\n")
    elif shows == "json":
        sys.stdout.write((folder / METRICS).read_text(encoding="utf-8"))


def _about(options: FitOptions, task: Task, X: "DataFrame") -> dict[str, Any]:
    """Return what a result records about how it was made."""
    features = task.features
    return {
        "command": shown(options.command),
        "task": task.kind,
        "target": options.columns.target,
        "columns": features.to_dict(),
        "categories": {
            name: sorted(set(X[name])) for name in features.of_kind("category")
        },
        "reading": [*task.notes, *decisions_of(task)],
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
