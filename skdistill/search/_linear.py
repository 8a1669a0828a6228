"""The best alpha in closed form, from students of the labels and of teachers alone.

A student that is linear in its targets predicts (1 - a) h + a s, with h and s what it
predicts when taught by the labels and by the teacher alone; taught by several teachers
with weights a_k it predicts (1 - sum(a_k)) h + sum(a_k s_k). So two fits say all of one
teacher's alphas, and K + 1 fits all of those of K teachers. For any other student what
lies between these fits is a guess.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skdistill._validation import align_classes
from skdistill.distilled import BaseDistilled
from skdistill.flow import Data, Plan, distill_supervised, supervise
from skdistill.search._scores import students_of
from skdistill.teachers import Combination, named_teachers

__all__ = ["Mix", "best_alpha", "best_mix", "held_out_predictions", "plans_of_ends"]

# The least probability that counts.
_LEAST = 1e-6


class Mix(NamedTuple):
    """How labels and teachers are mixed best.

    Attributes
    ----------
    alpha : float
        Of one teacher of values it may lie outside [0, 1].
    combine : Combination or None
        The weights of several teachers; None where one is enough.
    loss : float
        Mean squared error of the mixed predictions, of values over the variance of y.
    """

    alpha: float
    combine: Combination | None
    loss: float


def best_alpha(
    y: NDArray, hard: NDArray, soft: NDArray, weight: NDArray | None
) -> float:
    """Return the alpha of least squared error on held-out samples.

    With (1 - a) h + a s the error is a parabola in a, whose minimum is
    <s - h, y - h> / |s - h|^2.

    Parameters
    ----------
    y, hard, soft : ndarray of one shape
        Labels, and the predictions of both students, for the same samples.
    weight : ndarray of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    alpha : float
        It may lie outside [0, 1]. 0 if both students are the same.
    """
    step, missing = soft - hard, y - hard
    scale = np.ones(len(y)) if weight is None else weight
    scale = scale.reshape(-1, *[1] * (y.ndim - 1))
    square = float((scale * step * step).sum())
    return float((scale * step * missing).sum()) / square if square > 0 else 0.0


def best_mix(y: NDArray, ends: NDArray, weight: NDArray | None) -> Mix:
    """Return the mix of least squared error, of classes of least log loss.

    The weights of students taught by the labels and by each teacher alone are not
    negative and sum to 1: those of stacking. The first is 1 - alpha, and the others
    over alpha are the weights of the teachers.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Labels: values, or positions in the classes.
    ends : ndarray of shape (n_samples, 1 + n_teachers, ...)
        What these students predict, values or logits: that of the labels comes first.
    weight : ndarray of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    Mix
    """
    stack = Combination("stack").fit(ends, y, weight)
    of_labels, *of_teachers = np.asarray(stack.weights_)
    alpha = float(1 - of_labels)
    if len(of_teachers) > 1:
        known = np.array(of_teachers) if alpha > 0 else np.ones(len(of_teachers))
        combine = Combination((known / known.sum()).round(6).tolist())
        return Mix(alpha, combine, stack.loss_)
    if ends.ndim == y.ndim + 1:  # Of values it is known to the last digit.
        alpha = best_alpha(y, ends[:, 0], ends[:, 1], weight)
    return Mix(alpha, None, stack.loss_)


def plans_of_ends(plan: Plan, *, each: bool) -> list[Plan]:
    """Return the plans of the student of the labels and of those of teachers alone.

    All learn a transfer set, whose target is the teacher's prediction.

    Parameters
    ----------
    plan : Plan
        How the student is distilled, but for alpha.
    each : bool
        Whether several teachers teach a student each, or one together.
    """
    hard, soft = replace(plan, alpha=0.0), replace(plan, alpha=1.0)
    if not each:
        return [hard, soft]
    alone = np.eye(len(named_teachers(plan.teacher))).tolist()
    return [hard, *(replace(soft, combine=Combination(weights)) for weights in alone)]


def held_out_predictions(
    model: BaseDistilled,
    plans: Sequence[Plan],
    data: Data,
    train: NDArray,
    rows: NDArray,
) -> NDArray:
    """Return what the student of each plan predicts, fitted on a part of the samples.

    Parameters
    ----------
    model : DistilledRegressor or DistilledClassifier
        Unfitted; predicts with the student.
    plans : sequence of Plan
        The same but for alpha and for how several teachers are combined.
    data : Data
        All samples.
    train, rows : ndarray
        The samples to train on, and those to predict for.

    Returns
    -------
    predictions : ndarray of shape (n_refinements, n_rows, n_plans, ...)
        Values, or logits of the classes.
    """
    training, held_out = data.part(train).with_present_classes(), data.part(rows)
    supervision, combine = None, None
    predictions = []
    for plan in plans:
        if supervision is None or plan.combine is not combine:
            supervision, combine = supervise(plan, training), plan.combine
        done = distill_supervised(plan, training, supervision)
        students = students_of(model, training, done)
        predictions.append(
            [_predict(one, training, data, held_out) for one in students]
        )
    return np.moveaxis(np.array(predictions), 0, 2)


def _predict(
    student: BaseDistilled, training: Data, data: Data, held_out: Data
) -> NDArray:
    if training.classes is None or data.classes is None:
        return student.predict(held_out.X)
    logits = np.log(np.maximum(student.predict_proba(held_out.X), _LEAST))
    return align_classes(logits, training.classes, data.classes)
