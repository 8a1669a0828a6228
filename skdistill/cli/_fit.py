"""`skdistill fit`: from a table to a folder with a student and all about it."""

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.model_selection import train_test_split

from skdistill.cli._errors import CommandError, InterruptedWorkError, shown
from skdistill.cli._folders import new_folder, teacher_cache
from skdistill.cli._outputs import export, write_results
from skdistill.cli._parts import TEACHERS, load_teacher, preparation, student, teacher
from skdistill.cli._progress import CountingMemory, count_lessons, step
from skdistill.cli._script import write_script
from skdistill.cli._task import read_task
from skdistill.report import DistillationReport
from skdistill.search import DistilledClassifierCV, DistilledRegressorCV
from skdistill.search._base import MANY_ROWS, N_FOLDS
from skdistill.search._linear import is_linear_in_targets

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["FitOptions", "fit"]

_HELD_OUT = 0.2
_N_TIMINGS = 50


@dataclass(frozen=True)
class FitOptions:
    """What the user asked for; alpha and temperature are None for "auto"."""

    data: Path
    target: str
    task: str
    student: str
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


def _distil(options, console, folder, task, schema, X, y, cache):
    held_out: dict[str, Any] = {"test_size": _HELD_OUT, "random_state": options.seed}
    if task == "classification":
        held_out["stratify"] = y
    X, X_test, y, y_test = train_test_split(X, y, **held_out)
    model, teacher_path = _search(options, task, schema.without(options.target), X)
    n_lessons = count_lessons(
        len(model.temperatures),
        N_FOLDS if len(X) <= MANY_ROWS else 1,
        in_closed_form=_is_in_closed_form(options, task, model),
    )
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
    what = f"Distilling {options.teacher} into {options.student}"
    with step(console, what, n_lessons) as advance:
        model.set_params(
            memory=CountingMemory(str(cache), advance), n_jobs=options.jobs
        )
        model.fit(X, y)
        for part in (model, model.best_estimator_):
            part.set_params(memory=None)
    with step(console, f"Judging by {len(X_test):,} rows held out"):
        report = DistillationReport(
            model, X_test, y_test, train=(X, y), n_timings=_N_TIMINGS
        )
    try:
        onnx = export(model, X_test, folder)
        (folder / "reproduce.py").write_text(script, encoding="utf-8")
        about = _about(options, task, schema.without(options.target), X)
        write_results(folder, model, report, about | {"notes": onnx})
    except OSError as error:
        raise CommandError(
            f"{options.out} cannot be written: {error.strerror or error}. Choose "
            "another --out."
        ) from error
    sys.stdout.write(f"{report!r}\n")
    for line in onnx:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _is_in_closed_form(options, task, model):
    if options.alpha is not None or task == "classification":
        return False
    return is_linear_in_targets(model.student)


def _about(options, task, schema, X):
    """Return what a result says of how it was made."""
    return {
        "command": shown(options.command),
        "task": task,
        "target": options.target,
        "columns": schema.to_dict(),
        "categories": {
            name: sorted(set(X[name])) for name in schema.of_kind("category")
        },
    }


def _check_device(options):
    if options.device == "cpu":
        return
    if "xgboost" not in (options.teacher, options.student):
        raise CommandError(
            "--device cuda is for XGBoost. Add --teacher xgboost or --student xgboost, "
            "or leave it out."
        )
    from xgboost import XGBRegressor, build_info

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        has_cuda = build_info().get("USE_CUDA", False)
        if has_cuda:
            try:
                XGBRegressor(n_estimators=1, device="cuda").fit([[0.0], [1.0]], [0, 1])
            except Exception:
                has_cuda = False
    if not has_cuda or any("GPU" in str(one.message) for one in caught):
        raise CommandError(
            "--device cuda needs a CUDA device and an XGBoost made for it. Found none. "
            "Leave it out to work on the CPU."
        )


def _search(options, task, schema, X):
    """Return the search, unfitted, and where its teacher was loaded from, if it was."""
    prepare = preparation(schema)
    path = None
    if options.teacher in TEACHERS:
        taught_by = teacher(
            options.teacher, task, prepare, X, options.device, options.seed
        )
    else:
        path = Path(options.teacher).resolve()
        taught_by = load_teacher(path, task)
    learner = student(options.student, task, prepare, len(X), options.device)
    kind = DistilledRegressorCV if task == "regression" else DistilledClassifierCV
    params: dict[str, Any] = {}
    if options.alpha is not None:
        params["alphas"] = (options.alpha,)
    if options.temperature is not None:
        params["temperatures"] = (options.temperature,)
    elif task == "classification":
        params["temperatures"] = (1.0, 2.0)
    return kind(taught_by, learner, random_state=options.seed, **params), path
