"""`skdistill fit` on a table that is read block by block."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn import config_context

from skdistill._typing import Estimator
from skdistill.blocks import BlockDistilledClassifier, BlockDistilledRegressor
from skdistill.cli._blocks import LARGE, TableBlocks
from skdistill.cli._errors import CommandError
from skdistill.cli._losses import LOG
from skdistill.cli._options import FitOptions
from skdistill.cli._parts import (
    AUTO,
    preparation,
    student,
    teacher_maker,
)
from skdistill.cli._rows import Parts
from skdistill.cli._task import Task
from skdistill.cli._weights import request_weights
from skdistill.students import trains_in_blocks

__all__ = ["Done", "check_large", "fit_large"]


@dataclass(frozen=True)
class Done:
    """A fitted model and all that is written of it.

    Attributes
    ----------
    model : estimator
        The fitted search, or one distilled block by block.
    task : Task
        What was read.
    parts : Parts
        The rows to train on, or some of them, and those held out.
    train : tuple
        What a baseline student is fitted on.
    categories : dict of str to list of str
        The values of the columns of categories.
    warnings : list of str
        What the user should look at.
    script : str or None
        The script that repeats the fit, if there is one.
    left_out : list of str
        What was not tried, to end in time.
    """

    model: Estimator
    task: Task
    parts: Parts
    train: tuple[Any, ...]
    categories: dict[str, list[str]]
    warnings: list[str]
    script: str | None
    left_out: list[str]


def check_large(options: FitOptions) -> None:
    """Raise if an option needs all rows at once."""
    columns = options.columns
    needs_all = {
        "--group": columns.group,
        "--time": columns.time,
        "--test": options.test,
        "--unlabeled": options.unlabeled,
        "--max-latency": options.max_latency,
        "--max-size": options.max_size,
        "--time-limit": options.time_limit,
        "--student auto": options.student == AUTO,
    }
    found = [name for name, value in needs_all.items() if value]
    if found:
        raise CommandError(
            f"{options.data} has more than {LARGE:,} cells (rows times columns) and is "
            f"read block by block, where {found[0]} is not possible. Leave it out"
            + (", name one student" if options.student == AUTO else "")
            + ", or give some of the rows."
        )


def fit_large(
    options: FitOptions, task: Task, warnings: list[str], folder: Path
) -> Done:
    """Distil a student from a table, block by block.

    Parameters
    ----------
    options : FitOptions
        What is asked for; `check_large` has nothing against it.
    task : Task
        What was read of some rows.
    warnings : list of str
        What was seen in these.
    folder : Path
        Where files may lie until the student is fitted.

    Returns
    -------
    Done
    """
    columns, features = task.columns, [*task.features.kinds]
    blocks = _blocks_of(options, task)
    held, categories = blocks.held_out()
    X, weighted = task.frame[features], columns.weight is not None
    model = _model(options, task, folder)
    train = (blocks, columns.target, *([columns.weight] if weighted else []))
    with config_context(enable_metadata_routing=weighted):
        model.fit(*train)
    weights = [
        frame[columns.weight].to_numpy() if weighted else None
        for frame in (task.frame, held)
    ]
    parts = Parts(
        how={},
        X=X,
        y=task.frame[columns.target],
        weight=weights[0],
        X_test=held[features],
        y_test=held[columns.target],
        weight_test=weights[1],
        groups=None,
        unlabeled=None,
        test_file=None,
        unlabeled_file=None,
        notes=_notes(options, model, of_classes=task.kind == "classification"),
    )
    kept = {name: categories[name] for name in task.features.of_kind("category")}
    return Done(model, task, parts, train, kept, warnings, None, [])


def _blocks_of(options: FitOptions, task: Task) -> TableBlocks:
    """Return the table; classes that some rows did not show are rare ones too."""
    columns, kept = task.columns, task.kept
    merges = columns.rare == "merge"
    if task.kind == "classification" and columns.rare != "refuse" and not kept:
        kept = task.frame[columns.target].unique().tolist()
    return TableBlocks(
        options.data,
        task.schema,
        columns.target,
        options.seed,
        kept=kept,
        merge=merges,
        loss=options.loss,
    )


def _model(options: FitOptions, task: Task, folder: Path) -> Estimator:
    """Return the unfitted model."""
    is_regression = task.kind == "regression"
    kind = BlockDistilledRegressor if is_regression else BlockDistilledClassifier
    X = task.frame[[*task.features.kinds]]
    prepare = preparation(task.features)
    chosen = teacher_maker(options, task.kind, prepare, X)()
    learner = student(
        options.student, task.kind, prepare, LARGE, options.device, options.loss
    )
    if options.student == "xgboost":  # Nothing else is fitted meanwhile.
        getattr(learner[-1], "regressor", learner[-1]).set_params(n_jobs=options.jobs)
    if task.columns.weight is not None:
        request_weights(learner)
    params: dict[str, Any] = {
        "alpha": options.alpha,
        "temperature": options.temperature,
    }
    return kind(
        chosen,
        learner,
        **{name: one for name, one in params.items() if one is not None},
        on_poor_teacher="baseline",
        folder=str(folder),
        n_jobs=options.jobs,
        random_state=options.seed,
        memory=False,
    )


def _notes(options: FitOptions, model: Estimator, *, of_classes: bool) -> list[str]:
    """Return what the user should know of how a model was fitted."""
    learned = "all rows to train on"
    if not trains_in_blocks(model.student, of_classes=of_classes):
        learned = f"at most {model.student_samples:,} rows"
        if options.loss != LOG:
            learned += "; --student xgboost learns all"
    notes = [
        f"The teacher learned at most {model.teacher_samples:,} rows, "
        f"{options.student} {learned}. Nothing was searched, and there is no "
        "reproduce.py."
    ]
    return notes if model.poor_teacher_ is None else [*notes, model.poor_teacher_]
