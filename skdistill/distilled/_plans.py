"""From an estimator's parameters to a plan, and from what it leaves to attributes."""

from copy import copy
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._fitting import spawn_seeds
from skdistill._typing import Estimator
from skdistill._validation import check_splits
from skdistill.distilled._fits import check_fits
from skdistill.distilled._parts import check_parts, student_of
from skdistill.flow import (
    Data,
    Distillation,
    Plan,
    Seeds,
    check_plan,
    folds_for,
    resolve_bound,
    resolve_combination,
    resolve_hints,
    resolve_refinement,
    resolve_steps,
    resolve_transfer,
    resolve_trust,
)
from skdistill.students import LabelCoder
from skdistill.targets import target_scale
from skdistill.teachers import Signal, named_teachers, open_cache

__all__ = ["keep", "make_plan", "translate"]


def make_plan(model: Estimator, data: Data) -> Plan:
    """Resolve the parameters of a distilled estimator, and check that they go together.

    Parameters
    ----------
    model : DistilledRegressor or DistilledClassifier
        With valid parameters.
    data : Data
        What `check_data` returned.

    Returns
    -------
    Plan
    """
    check_parts(model)
    student = student_of(model)
    # A field of the plan with the name of a parameter is that parameter...
    names = {field.name for field in fields(Plan)} & {*model.get_params(deep=False)}
    params = {name: getattr(model, name) for name in names} | {"student": student}
    # ...but for those that are resolved.
    resolved = {
        "cv": _same_folds(check_splits(model.cv)),
        "memory": open_cache(model.memory),
        "seeds": Seeds(*spawn_seeds(model.random_state, len(Seeds._fields))),
        "hints": resolve_hints(model.hints, model.alpha),
        # At any alpha, as all candidates of a search have the same teacher.
        "cross_fit": folds_for(model.cross_fit, model.hints, model.teacher),
        "steps": resolve_steps(model.calibrate, model.cross_fit, data),
        "combine": resolve_combination(model.combine, model.teacher, model.cross_fit),
        "trust": resolve_trust(model.trust),
        "bound": resolve_bound(getattr(model, "bound", None)),
        "transfer": resolve_transfer(model.transfer, student, model.alpha, data),
        "refinements": (resolve_refinement(model.refine, Plan(**params), data),),
    }
    plan = Plan(**params | resolved)
    check_plan(plan, data)
    check_fits(plan, data)
    return plan.keeping_stages() if plan.teacher_stage < 1 else plan


def _same_folds(cv: Any) -> Any:
    """Return folds that are the same whoever asks for them, and how often.

    Several teachers and the guard do, each unless the cache knows what comes of it, and
    so does each process of a search.
    """
    if not isinstance(getattr(cv, "random_state", None), np.random.RandomState):
        return cv
    seeded = copy(cv)
    (seeded.random_state,) = spawn_seeds(cv.random_state, 1)
    return seeded


def keep(
    model: Estimator,
    data: Data,
    distillation: Distillation,
    index: int = 0,
) -> Estimator:
    """Set the fitted attributes of a distilled estimator.

    Parameters
    ----------
    model : DistilledRegressor or DistilledClassifier
        Changed in place.
    data : Data
        What it was distilled from.
    distillation : Distillation
        What that left.
    index : int, default=0
        Which of its students is kept.

    Returns
    -------
    model : estimator
    """
    supervision, student = distillation.supervision, distillation.students[index]
    if supervision.teacher is not None:
        supervision.teacher.end_fit()
    plan, signal = distillation.plan, supervision.signal
    fitted: dict[str, Any] = {
        "student_": student,
        "_teacher": supervision.teacher,
        "teacher_score_": signal.score,
        "calibration_": _calibration(plan, signal),
        "combination_": signal.steps[0] if signal.parts else None,
        "poor_teacher_": str(distillation.verdict) or None,
        "teacher_input_": supervision.view.mapping,
        "n_privileged_": supervision.view.n_privileged,
    }
    if data.classes is None:
        fitted["target_mean_"] = data.mean
        fitted["target_scale_"] = target_scale(plan.alpha, plan.temperature)
    else:
        fitted["classes_"] = data.classes
        fitted["student_takes_codes_"] = LabelCoder(student).needs_codes
    for name, value in fitted.items():
        setattr(model, name, value)
    return model


def _calibration(plan: Plan, signal: Signal) -> Any:
    """Return what calibrated the teacher; for several a dict by their names."""
    if not signal.parts:
        return next(iter(signal.steps), None)
    return {
        name: next(iter(part.steps), None)
        for (name, _), part in zip(
            named_teachers(plan.teacher), signal.parts, strict=True
        )
    }


def translate(model: Estimator, predictions: NDArray) -> NDArray:
    """Turn what the student predicts into what the distilled model predicts.

    Parameters
    ----------
    model : DistilledRegressor or DistilledClassifier
        Fitted.
    predictions : ndarray
        Values of a regression, scaled as the student learned them, or labels or codes.

    Returns
    -------
    predictions : ndarray
    """
    is_class = hasattr(model, "classes_")
    if np.ndim(predictions) == 2 and (is_class or np.ndim(model.target_mean_) == 0):
        predictions = predictions[:, 0]  # CatBoost's labels are a column.
    if is_class:
        return (
            model.classes_[predictions] if model.student_takes_codes_ else predictions
        )
    if not model.rescale:
        return predictions
    mean = model.target_mean_
    return mean + (predictions - mean) / model.target_scale_
