"""The signal of a plan: what its teacher, or several, say of the samples."""

from typing import Any

from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from skdistill._fitting import naming_failures
from skdistill._numerics import log_probability
from skdistill._typing import Estimator, Table
from skdistill.flow._data import Data
from skdistill.flow._plan import Plan
from skdistill.flow._view import View
from skdistill.students import has_stages
from skdistill.teachers import (
    ONE_TEACHER,
    CrossFitTask,
    LazyTeacher,
    LazyTeachers,
    Signal,
    cached_cross_fit,
    cached_predictions,
    cached_quantiles,
    check_predictions,
    distribution_in,
    label_of,
)

__all__ = ["make_signal", "predict_by_fold", "predict_new", "quantiles_new"]


def make_signal(
    plan: Plan, data: Data, view: View
) -> tuple[Signal, LazyTeacher | LazyTeachers | None]:
    """Return the predictions for the training samples after all steps, and the teacher.

    Several teachers are cross-fitted and taken through the steps each by itself, as if
    it was alone, and then combined.
    """
    if data.teacher_predictions is not None:
        # Whether it has seen these samples only the user knows.
        return _with_steps(plan, data, data.teacher_predictions, True), None
    X = view.of_teacher(data.X, data.X_privileged)
    if not isinstance(plan.teacher, list):
        return _cross_fitted(plan, data, X, ONE_TEACHER, plan.teacher)
    names = [name for name, _ in plan.teacher]
    signals, teachers = [], []
    for name, teacher in plan.teacher:
        with naming_failures(label_of(name)):
            signal, fitted = _cross_fitted(plan, data, X, name, teacher)
        signals.append(signal)
        teachers.append(fitted)
    with naming_failures(f"step of combine ({type(plan.combine).__name__})"):
        combined = Signal.combined(signals, plan.combine, data.codes, data.weight)
    return combined, LazyTeachers(names, teachers, combined, data.classes)


def _cross_fitted(
    plan: Plan, data: Data, X: Table, name: str, teacher: Estimator | None
) -> tuple[Signal, LazyTeacher]:
    """Return the signal of one teacher, and the teacher."""
    task = CrossFitTask(
        teacher=teacher,
        X=X,
        y=data.y,
        classes=data.classes,
        fit_params=data.teacher_params.get(name, {}),
        split_params=data.split_params,
        cv=plan.cv,
        seeds=(plan.seeds.folds, plan.seeds.teacher),
        n_jobs=plan.n_jobs,
    )
    method = plan.cross_fit
    if isinstance(plan.teacher, list) and isinstance(teacher, FrozenEstimator):
        method = "auto"  # What is asked for holds for those that are fitted.
    has_earlier = plan.teacher_stage < 1 and has_stages(teacher)
    predictions, is_out_of_fold, fitted = cached_cross_fit(
        plan.memory, task, method, plan.teacher_stage if has_earlier else 1.0
    )
    signal = _with_steps(plan, data, predictions, is_out_of_fold)
    told = distribution_in(teacher)
    if told is not None and plan.learns_distribution(data):
        quantiles = cached_quantiles(plan.memory, fitted, X, out_of_fold=True)
        levels = getattr(told, "levels_", told.levels)  # One is frozen, and fitted.
        signal = signal.with_quantiles(levels, predictions, quantiles)
    return signal, fitted


def _with_steps(
    plan: Plan, data: Data, predictions: NDArray, is_out_of_fold: bool
) -> Signal:
    """Return the signal of some predictions, as the steps of the plan change it."""
    signal = Signal.of(
        predictions,
        data.codes,
        data.weight,
        is_out_of_fold=is_out_of_fold,
        is_classifier=data.is_classification,
    )
    for step in plan.steps:
        with naming_failures(f"step of calibrate ({type(step).__name__})"):
            signal = signal.then(step, data.codes, data.weight)
    return signal


def predict_new(
    memory: Any,
    teacher: Any,
    X: Table,
    classes: NDArray | None,
) -> Any:
    """Return what a teacher predicts for other samples, or each of several teachers."""
    if isinstance(teacher, LazyTeachers):
        return teacher.predictions(memory, X, classes)
    return cached_predictions(memory, teacher, X, classes)


def quantiles_new(memory: Any, teacher: Any, X: Table) -> Any:
    """Return the quantiles that a teacher says of other samples, or each of several."""
    if isinstance(teacher, LazyTeachers):
        return teacher.quantiles(memory, X)
    return cached_quantiles(memory, teacher, X)


def predict_by_fold(
    teacher: Any, X: Table, classes: NDArray | None
) -> tuple[NDArray, NDArray]:
    """Return what the teachers of the folds predict together, as `predict_new` does.

    Beside it stands what each of them predicts, stacked along the second axis.

    Raises
    ------
    ValueError
        If the teacher is no mean of such.
    """
    fitted = teacher.get()
    if not hasattr(fitted, "predict_each"):
        raise ValueError(
            "trust='spread' compares several teachers, or those of the folds. Got one "
            f"{type(fitted).__name__}, which is no mean of such. Use "
            "cross_fit='kfold', or teacher=[('a', ...), ('b', ...)]."
        )
    each = fitted.predict_each(X)
    check_predictions(each, "the unlabeled samples")
    mean = fitted.mean_of(each)
    return mean if classes is None else log_probability(mean), each
