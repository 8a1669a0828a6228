"""What a cascade would fail at, before any work is done."""

from collections.abc import Iterator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import is_estimator, weight_param, wrapped
from skdistill._typing import Estimator
from skdistill._validation import check_binary_or_multiclass, check_numeric_target
from skdistill.cascade._costs import find_fractions
from skdistill.cascade._deferral import UNCERTAINTIES
from skdistill.cascade._students import build_models, is_frozen, student_key
from skdistill.distilled import NamedPartsMixin, check_names, named_pairs

__all__ = ["check_cascade", "check_deferral", "check_labels", "check_outputs"]


def check_cascade(model: Estimator, estimator: Estimator) -> None:
    """Raise if parameters of a cascade do not go together.

    Parameters
    ----------
    model : CascadeRegressor or CascadeClassifier
        With valid parameters.
    estimator : estimator
        What it distils: its own, or the default.
    """
    check_names(model)
    pairs = named_pairs(model, "student")
    for name, student in pairs:
        if not is_estimator(student):
            raise ValueError(
                "Each of several students must be an estimator. Got "
                f"{student!r} for {name!r}. Give one, not its class."
            )
    if model.estimator is not None:
        _check_estimator(model)
    if pairs:
        _check_students(model, estimator, dict(pairs))
    n_students = len(pairs) or 1
    _check_budget(model, n_students)
    if model.costs is not None:
        _check_costs(model.costs, n_students)
        if model.budget_unit == "microseconds":
            find_fractions(model.budget, tuple(_numbers(model.costs)), n_students)


def check_deferral(model: Estimator, n_samples: int, weight: NDArray | None) -> None:
    """Raise, before the estimator is fitted, if a deferral model cannot learn.

    Parameters
    ----------
    model : CascadeRegressor or CascadeClassifier
        With valid parameters.
    n_samples : int
        How many it is given.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    """
    n_weighty = n_samples if weight is None else np.count_nonzero(weight)
    learns = not (isinstance(model.deferral, str) and model.deferral in UNCERTAINTIES)
    if is_frozen(model.estimator) and learns and n_weighty < 2:
        raise ValueError(
            "The cascade of a frozen estimator needs at least two samples of weight "
            "above 0: one half teaches the deferral model, the other sets the "
            f"threshold. Got {n_weighty}. Pass more samples, or for classes "
            "deferral='margin', which learns nothing."
        )
    if isinstance(model.deferral, str):
        return
    if is_classifier(model.deferral):
        raise ValueError(
            "The 'deferral' parameter must be a regressor, as it learns by how much "
            f"the student misses. Got {model.deferral!r}. Use one that is."
        )
    weight_param(model.deferral, weight, part="deferral model")


def _check_estimator(model: Estimator) -> None:
    inner, name = model.estimator, type(model).__name__
    while is_frozen(inner) or not isinstance(inner, NamedPartsMixin):
        part = inner.estimator if is_frozen(inner) else wrapped(inner)
        if not is_estimator(part):
            break
        inner = part
    kind = "Classifier" if is_classifier(model) else "Regressor"
    right_kind = is_classifier(inner) == is_classifier(model)
    is_distilled = isinstance(inner, NamedPartsMixin) and not hasattr(inner, "deferral")
    if not (is_distilled and right_kind):
        raise ValueError(
            f"The estimator of a {name} must be distilled, as student and teacher both "
            f"predict. Got {model.estimator!r}. Use Distilled{kind}(teacher, student), "
            "a search over it, or FrozenEstimator of a fitted one. Steps before it go "
            "before the cascade: make_pipeline(step, "
            f"{name}(Distilled{kind}(...)))."
        )
    if not named_pairs(model, "student"):
        _check_probabilities(model, model.estimator, inner.student)


def _check_probabilities(model: Estimator, asked: Estimator, student: Any) -> None:
    """Raise if what is asked for a student's predictions has no probabilities."""
    if is_classifier(model) and not hasattr(asked, "predict_proba"):
        raise ValueError(
            f"The student of a {type(model).__name__} must have predict_proba, by "
            f"which it is seen where it is unsure. Got {student!r}. Use another "
            "student, or wrap it in CalibratedClassifierCV."
        )


def _check_students(
    model: Estimator, estimator: Estimator, students: dict[str, Any]
) -> None:
    """Raise if several students cannot be asked one after the other."""
    if not is_frozen(estimator):
        for name in _searched(estimator):
            raise ValueError(
                "A search in a cascade of several students must leave the student "
                f"alone, as each of them takes its place. Got values for {name!r}. "
                "Take it from what is tried, and list the students in 'student'."
            )
        for name, asked in build_models(model, estimator).items():
            _check_probabilities(model, asked, students[name])
        return
    for student in students.values():
        if not is_frozen(student) or is_classifier(student) != is_classifier(model):
            kind = "classifiers" if is_classifier(model) else "regressors"
            raise ValueError(
                "The students of a frozen estimator are not fitted: each must be a "
                f"FrozenEstimator of one of its fitted {kind}. Got {student!r}. Freeze "
                "it, or give an estimator that is not frozen."
            )
        _check_probabilities(model, student, student)
        check_is_fitted(student)
        if is_classifier(model) and not np.array_equal(
            student.classes_, estimator.classes_
        ):
            raise ValueError(
                "The students of a cascade must know the classes of its teacher, "
                f"{list(estimator.classes_)}. Got {list(student.classes_)} for "
                f"{student!r}. Fit it on samples of all classes."
            )


def _searched(estimator: Estimator) -> Iterator[str]:
    """Yield the parameters by which searches set another student."""
    key = student_key(estimator)
    for name, grids in estimator.get_params(deep=True).items():
        owner, _, last = name.rpartition("__")
        if last not in ("param_grid", "param_distributions"):
            continue
        start = f"{owner}__estimator__".removeprefix("__")
        for grid in [grids] if isinstance(grids, dict) else grids:
            yield from (tried for tried in grid if start + tried == key)


def _check_budget(model: Estimator, n_students: int) -> None:
    """Raise if the budget does not say how many samples may go on."""
    budget: Any = model.budget
    is_fraction = model.budget_unit == "fraction"
    if isinstance(budget, Real):
        if is_fraction and float(budget) > 1:
            raise ValueError(
                "budget is the fraction of the samples that the teacher predicts, from "
                f"0 to 1. Got {budget!r}. For microseconds a sample set "
                "budget_unit='microseconds'."
            )
        return
    found = _numbers(budget)
    falls = np.append(1.0, found)
    if (
        not is_fraction
        or found.shape != (n_students,)
        or not (np.diff(falls) <= 0).all()
        or not (found >= 0).all()
    ):
        raise ValueError(
            "A budget that is a list must have for each student the fraction of all "
            "samples that may go on from it, from 0 to 1, not increasing, with "
            f"budget_unit='fraction'. Got {budget!r} for {n_students} student(s) and "
            f"the unit {model.budget_unit!r}. Give as many numbers, or one."
        )


def _check_costs(costs: ArrayLike, n_students: int) -> None:
    found = _numbers(costs)
    right_shape = found.shape == (n_students + 1,)
    if not right_shape or not (np.isfinite(found) & (found > 0)).all():
        number = "two" if n_students == 1 else str(n_students + 1)
        each = "the student" if n_students == 1 else "each student"
        raise ValueError(
            f"costs must be {number} numbers above 0: the microseconds that a sample "
            f"takes, of {each} with the deferral score and of the teacher. Got "
            f"{costs!r}."
        )


def _numbers(given: ArrayLike) -> NDArray:
    """Return numbers as an array; an empty one where they are none."""
    try:
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        return np.empty(0)


def check_outputs(students: dict[str, NDArray], teacher: NDArray) -> None:
    """Raise if a fitted student predicts something else than the teacher does.

    Parameters
    ----------
    students : dict of str to ndarray
        What each student predicts, by its name.
    teacher : ndarray of shape (n_samples,) or (n_samples, n_classes)
        What the teacher predicts for the same samples.
    """
    for name, predicted in students.items():
        if predicted.shape != teacher.shape:
            raise ValueError(
                "The students of a cascade must predict what its teacher does, of "
                f"shape {teacher.shape}. Got {predicted.shape} from {name!r}. Fit it "
                "on the target of the teacher."
            )


def check_labels(model: Estimator, y: ArrayLike | None) -> NDArray | None:
    """Return the labels, checked; None where a frozen estimator is given none.

    Parameters
    ----------
    model : CascadeRegressor or CascadeClassifier
        What they are given to.
    y : array-like of shape (n_samples,) or None
        The labels.
    """
    if y is None and is_frozen(model.estimator):
        return None
    if is_classifier(model):
        return check_binary_or_multiclass(y)
    values = check_numeric_target(y, multi_output=False)
    if values.ndim == 2:
        raise ValueError(
            "y must have one output, as samples are sent to the teacher by one score. "
            f"Got shape {values.shape}. Fit one CascadeRegressor for each output."
        )
    return values
