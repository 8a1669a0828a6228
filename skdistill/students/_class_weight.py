"""The weights that a student gives to classes, in targets that are distributions."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import compute_class_weight

from skdistill._fitting import final_step
from skdistill._typing import Estimator
from skdistill.students._duplication import classes_of
from skdistill.targets import Target

__all__ = ["balance_classes", "multiply_classes", "weigh_classes"]


def balance_classes(student: Estimator, target: Target, *, by_weight: bool) -> None:
    """Resolve class_weight="balanced" on the labels; duplicates would count as samples.

    Parameters
    ----------
    student : estimator
        Changed in place.
    target : Target
        A target of classes.
    by_weight : bool
        Whether the samples are counted by their weights, as some students count them
        when they are fitted on labels.
    """
    final = final_step(student)
    balance = getattr(final, "class_weight", None)
    if not isinstance(balance, str):
        return
    if balance != "balanced":
        raise ValueError(
            "The student's class_weight must be None, a dict or 'balanced' to learn "
            f"distributions over classes. Got {balance!r}, which would count weighted "
            "duplicates as samples."
        )
    weight = {"sample_weight": target.weight} if by_weight else {}
    classes = classes_of(target)
    factors = compute_class_weight("balanced", classes=classes, y=target.y, **weight)
    final.set_params(
        class_weight=dict(zip(classes.tolist(), factors, strict=True)),
    )


def weigh_classes(student: Estimator, target: Target) -> tuple[NDArray, NDArray | None]:
    """Return the target under the student's class weights, and the samples' weights."""
    if student.class_weight is None:
        return target.mixed, target.weight
    classes = classes_of(target)
    factors = compute_class_weight(student.class_weight, classes=classes, y=classes)
    return multiply_classes(target, factors)


def multiply_classes(
    target: Target, factors: ArrayLike
) -> tuple[NDArray, NDArray[np.float64]]:
    """Return the target in which classes count so many times, and samples' weights.

    With c the factors, sum_k c_k m_k CE(k, q) is s CE(c m / s, q), s = sum_k c_k m_k.
    """
    mixed = target.mixed
    mixed *= factors
    total = mixed.sum(axis=1)
    weight = total if target.weight is None else total * target.weight
    mixed /= np.where(total > 0, total, 1.0)[:, None]
    return mixed, weight
