"""The target of a plan: labels and the teacher's predictions, mixed as it says."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._validation import LARGEST
from skdistill.flow._data import Data
from skdistill.flow._plan import Plan
from skdistill.targets import Target

__all__ = ["mix"]


def mix(
    plan: Plan,
    data: Data,
    labels: NDArray,
    predictions: NDArray,
    *,
    weight: NDArray | None = None,
    alpha: ArrayLike | None = None,
) -> Target:
    """Return the target of some samples.

    Parameters
    ----------
    plan : Plan
        Holds alpha, temperature, and whose logits are tempered.
    data : Data
        The training data: their classes, or the mean of their labels.
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Values, or positions in the classes.
    predictions : ndarray
        The teacher's: values, or logits of shape (n_samples, n_classes).
    weight : ndarray of shape (n_samples,), default=None
        Sample weights.
    alpha : float or array-like of shape (n_samples,), default=None
        If None, that of the plan is used.

    Returns
    -------
    Target
    """
    alpha = plan.alpha if alpha is None else alpha
    if data.classes is not None:
        return Target.of_classes(
            labels,
            predictions,
            classes=data.classes,
            alpha=alpha,
            temperature=plan.temperature,
            soften=plan.soften,
            weight=weight,
        )
    with np.errstate(over="ignore", invalid="ignore"):
        target = Target.of_values(
            labels,
            predictions,
            alpha=alpha,
            temperature=plan.temperature,
            mean=data.mean,
            weight=weight,
            bound=plan.bound,
        )
        is_small = plan.temperature == 1 or (np.abs(target.teacher) < LARGEST).all()
    if not is_small:
        raise ValueError(
            "The 'temperature' parameter must leave the teacher's predictions below "
            f"{LARGEST:g}. Got {plan.temperature!r}. Take one nearer to 1."
        )
    return target
