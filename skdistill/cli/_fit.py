"""`skdistill fit`: from a table to a folder with a student and all about it."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn import config_context

from skdistill._typing import Estimator
from skdistill.cli._blocks import is_large, sample_task
from skdistill.cli._check import decisions_of, show_check, warnings_of
from skdistill.cli._errors import CommandError, InterruptedWorkError, shown
from skdistill.cli._folders import METRICS, new_folder, teacher_cache
from skdistill.cli._large import Done, check_large, fit_large
from skdistill.cli._losses import check_learnable, check_target, naming_metric
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
from skdistill.students import find_device

if TYPE_CHECKING:
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
    options = _with_device(options)
    in_blocks = is_large(options.data)
    if in_blocks:
        check_large(options)
    if options.check:
        task, warnings = _read(options, console, in_blocks=in_blocks)
        show_check(task, warnings, as_json=options.shows == "json")
        return
    with new_folder(options.out, overwrite=options.overwrite) as folder:
        task, warnings = _read(options, console, in_blocks=in_blocks)
        if in_blocks:
            with at_most(options.jobs), naming_metric(options.metric):
                _distil_blocks(options, console, folder, task, warnings)
            return
        parts = draw_parts(task, options.seed, options.test, options.unlabeled)
        check_learnable(parts.y, options.loss)
        check_target(parts.y_test, options.loss)
        for note in parts.notes:
            say(console, note)
        try:
            with (
                teacher_cache(options.out) as cache,
                at_most(options.jobs),
                naming_metric(options.metric),
            ):
                _distil(options, console, folder, task, parts, warnings, cache)
        except KeyboardInterrupt as error:
            raise InterruptedWorkError(
                f"Interrupted. {options.out} was not written. Run the same command "
                "again to go on: what the teacher has done is kept in "
                f"{cache}. Delete that folder to start anew."
            ) from error


def _read(
    options: FitOptions, console: "Console", *, in_blocks: bool
) -> tuple[Task, list[str]]:
    """Read the table, or some rows; say what was decided and what is worth a look."""
    asked = options.data, options.columns, options.task
    with step(console, f"Reading {options.data}"):
        task = sample_task(*asked, options.seed) if in_blocks else read_task(*asked)
        y = task.frame[task.columns.target]
        check_target(y, options.loss)
        check_learnable(y, options.loss)
        warnings = warnings_of(task, options.loss)
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
        n_timings=_timings(options),
    )
    _fit_search(model, parts, options, console, cache)
    categories = {
        name: sorted(set(parts.X[name])) for name in task.features.of_kind("category")
    }
    done = Done(model, task, parts, parts.train, categories, warnings, script, left_out)
    _write(options, console, folder, done)


def _distil_blocks(
    options: FitOptions,
    console: "Console",
    folder: Path,
    task: Task,
    warnings: list[str],
) -> None:
    """Fit the student block by block, evaluate it, and write the results."""
    with step(console, f"Distilling {options.teacher} into {options.student}"):
        done = fit_large(options, task, warnings, folder)
    for note in done.parts.notes:
        say(console, note)
    _write(options, console, folder, done)


def _write(options: FitOptions, console: "Console", folder: Path, done: Done) -> None:
    """Evaluate the student on held-out rows, and write the results."""
    model, task, parts = done.model, done.task, done.parts
    with step(console, f"Evaluating on {len(parts.X_test):,} held-out rows"):
        report = DistillationReport(
            model,
            parts.X_test,
            parts.y_test,
            train=done.train,
            sample_weight=parts.weight_test,
            scoring=options.metric,
            n_timings=_timings(options),
            about={
                "file": shown(str(options.data)),
                "target": shown(options.columns.target),
                "command": shown(options.command),
            },
        )
    try:
        notes = [*done.left_out, *export(model, parts.X_test, folder)]
        if done.script is not None:
            (folder / "reproduce.py").write_text(done.script, encoding="utf-8")
        about = _about(options, task, done.categories)
        about |= {"notes": notes, "warnings": done.warnings}
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


def _timings(options: FitOptions) -> int:
    """Return how many single rows are timed."""
    return min(_FEW_TIMINGS, _N_TIMINGS) if options.quick else _N_TIMINGS


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


def _about(
    options: FitOptions, task: Task, categories: dict[str, list[str]]
) -> dict[str, Any]:
    """Return what a result records about how it was made."""
    features = task.features
    return {
        "command": shown(options.command),
        "task": task.kind,
        "loss": options.loss if task.kind == "regression" else None,
        "target": options.columns.target,
        "columns": features.to_dict(),
        "categories": categories,
        "reading": [*task.notes, *decisions_of(task)],
    }


def _with_device(options: FitOptions) -> FitOptions:
    """Return the options with the device that XGBoost works on.

    Raises
    ------
    CommandError
        If it is to work on one that is not there.
    """
    if "xgboost" not in (options.teacher, options.student):
        if options.device == "cuda":
            raise CommandError(
                "--device cuda is for XGBoost. Add --teacher xgboost or --student "
                "xgboost, or leave it out."
            )
        return replace(options, device="cpu")
    try:
        return replace(options, device=find_device(options.device))
    except ValueError as error:
        raise CommandError(str(error)) from error
