"""Hints in the flow: what they go with, whose they are, and on which scale."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator

from skdistill._fitting import final_step
from skdistill._numerics import temper
from skdistill._sklearn import validate_params
from skdistill._typing import Student, Table, Teachers
from skdistill._validation import check_goes_with_rest
from skdistill.flow._data import Data
from skdistill.students import find_adapter, registered_names, training_loss
from skdistill.targets import variance_of
from skdistill.teachers import (
    FittedHints,
    Hints,
    LazyTeacher,
    LazyTeachers,
    Signal,
    label_of,
    learns_in_context,
    named_teachers,
)

__all__ = ["as_table", "check_hints", "folds_for", "make_hints", "resolve_hints"]


def resolve_hints(hints: Hints | str | None, alpha: float) -> Hints | None:
    """Return the hints that a parameter stands for; none for the baseline student.

    Parameters
    ----------
    hints : Hints, str or None
        The parameter.
    alpha : float
        Weight of the teacher in the target.

    Returns
    -------
    Hints or None
    """
    if hints is not None:
        hints = Hints(hints) if isinstance(hints, str) else hints
        validate_params(hints)
    return hints if alpha > 0 else None


def folds_for(
    cross_fit: str | bool, hints: Hints | str | None, teacher: Teachers
) -> str | bool:
    """Return where predictions come from: with hints, by the teachers of the folds.

    Parameters
    ----------
    cross_fit : {"auto", "kfold", "oob", "stack"} or False
        The parameter.
    hints : Hints, str or None
        The parameter.
    teacher : estimator, list or None
        The teacher; several give hints by their predictions, wherever these come from.
    """
    is_one = hints is not None and not isinstance(teacher, list | FrozenEstimator)
    return "kfold" if is_one and cross_fit == "auto" else cross_fit


def check_hints(plan: Any, data: Data) -> None:
    """Raise, before any work is done, if hints do not go with the rest.

    Parameters
    ----------
    plan : Plan
        Its hints, teacher and student.
    data : Data
        The training data.
    """
    if plan.hints is None:
        return
    several = isinstance(plan.teacher, list)
    reasons = {
        "Stored predictions hold no representation. Pass the teacher instead": (
            data.has_stored_predictions
        ),
        "They come from the teachers of the folds. Use cross_fit='kfold'": (
            not several and plan.cross_fit in ("oob", "stack")
        ),
        "A teacher that learns in context has no representation of its own. Use "
        "another teacher": any(
            learns_in_context(one) for _, one in named_teachers(plan.teacher)
        ),
        "They are those of the whole teacher. Use teacher_stage=1.0": (
            plan.teacher_stage < 1
        ),
        "They would outlast the teacher. Use alpha_until=1.0": plan.alpha_until < 1,
        "A bound says nothing of them. Use bound=None": plan.bound is not None,
        "Several teachers give their predictions. Use hints='members'": (
            several and plan.hints.source != "members"
        ),
        "The default teacher is a stack. Use hints='members', or pass a teacher": (
            plan.teacher is None and plan.hints.source != "members"
        ),
        **_of_student(plan.student, data),
    }
    check_goes_with_rest("hints", plan.hints, reasons)
    if plan.teacher is not None and not several:
        plan.hints.check_teacher(label_of("teacher"), plan.teacher)


def _of_student(student: Student, data: Data) -> dict[str, bool]:
    """Return what speaks against hints for a student, each with whether it holds."""
    final = final_step(student)
    adapter = find_adapter(final)
    known = ", ".join(registered_names(lambda other: other.learns_hints))
    reason = adapter.reason_not_to_hint(final) if adapter.learns_hints else ""
    is_mean = data.is_classification or training_loss(student).is_mean
    is_other = data.is_classification and not is_classifier(student)
    return {
        f"The student must share what it learns among several outputs, and "
        f"{final!r} does not. Use one of {known}": not adapter.learns_hints,
        f"In {final!r}, {reason}. Set another value": bool(reason),
        "The student's loss is not least for the mean. Use one of squared loss": (
            not is_mean
        ),
        "A regressor that learns logits has a model for each. Use a classifier": (
            is_other
        ),
    }


def make_hints(
    hints: Hints,
    data: Data,
    signal: Signal,
    teacher: LazyTeacher | LazyTeachers | None,
    X: Table,
) -> FittedHints:
    """Return the hints of the training samples, and what gives those of others.

    Parameters
    ----------
    hints : Hints
        Which.
    data : Data
        The training data.
    signal : Signal
        The teacher's predictions for them.
    teacher : LazyTeacher, LazyTeachers or None
        The fitted teacher, or several.
    X : table of shape (n_samples, n_features)
        The samples as the teacher sees them.

    Returns
    -------
    FittedHints
    """
    scale = _scale(data)
    if signal.parts:
        stacked = np.stack([part.predictions for part in signal.parts], axis=1)
        return hints.of_values(as_table(stacked, data), data.weight, scale)
    fitted = teacher.get()  # type: ignore[union-attr]
    if hasattr(fitted, "folds_"):
        return hints.fit(fitted.estimators, fitted.folds_, X, data.weight, scale)
    alone = np.zeros(len(data.y), dtype=int)
    return hints.fit([fitted], alone, X, data.weight, scale)


def as_table(stacked: Any, data: Data) -> NDArray[np.float64]:
    """Return what several teachers predict as one table: values or probabilities.

    Parameters
    ----------
    stacked : ndarray of shape (n_samples, n_teachers, ...)
        Their predictions.
    data : Data
        The training data.
    """
    if data.is_classification:
        stacked = temper(stacked, 1.0)
    return stacked.reshape(len(stacked), -1)


def _scale(data: Data) -> float:
    """Return the root of the variance of the labels, over all outputs or classes."""
    y = data.y if data.classes is None else np.eye(data.n_classes)[data.codes]
    mean = np.average(y, axis=0, weights=data.weight)
    return math.sqrt(variance_of(y, mean, data.weight))
