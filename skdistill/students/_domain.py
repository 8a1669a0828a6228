"""Where a student's targets must lie: in the domain of its loss and its transforms.

A teacher may predict values that no label has. A Poisson loss takes none below 0, a
logarithm none at 0, a logistic loss none above 1. Which bound it is exactly, only the
library knows, but the labels lie within. So where there is a bound, targets are clipped
to the range of the labels: just inside the domain, a logarithm would make outliers of
them.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor

from skdistill._typing import Estimator
from skdistill.students._registry import find_adapter
from skdistill.students._wrapped import student_parts
from skdistill.targets import Target

__all__ = ["is_limited", "within_domain"]

# How far outside of the labels, in their range, a transform is tried.
_FAR = 10.0


def within_domain(student: Estimator, target: Target) -> Target:
    """Return the target of a regression, clipped where the student cannot learn it.

    Parameters
    ----------
    student : estimator
        Unfitted.
    target : Target
        Of values. Its labels stay as they are, but those of a transfer set, which are
        predictions.

    Returns
    -------
    Target
    """
    if target.smallest is None or target.largest is None:
        return target
    low, high = _is_bounded(student, target.labels, target.smallest, target.largest)
    if not (low or high):
        return target
    smallest = target.smallest if low else None
    largest = target.largest if high else None
    return replace(
        target,
        labels=np.clip(target.labels, smallest, largest),
        predictions=np.clip(target.predictions, smallest, largest),
    )


def is_limited(student: Estimator) -> bool:
    """Return whether there are values that a regressor cannot learn, such as -1."""
    labels = np.linspace(0.1, 0.9, 10)
    is_positive = find_adapter(student).is_positive_only(next(student_parts(student)))
    return is_positive or any(_is_bounded(student, labels, labels[0], labels[-1]))


def _is_bounded(
    student: Estimator, labels: NDArray, smallest: NDArray, largest: NDArray
) -> tuple[bool, bool]:
    """Return whether targets are bounded from below, and from above.

    A positive loss of the student itself is left to `mixed_values` of its adapter.
    """
    outer, *inner = student_parts(student)
    low = any(find_adapter(part).is_positive_only(part) for part in inner)
    both = any(
        find_adapter(part).is_bounded(part)
        or _transforms_some(part, labels, smallest, largest)
        for part in (outer, *inner)
    )
    return low or both, both


def _transforms_some(
    part: Estimator, labels: NDArray, smallest: NDArray, largest: NDArray
) -> bool:
    """Return whether a student transforms its targets, and not all values."""
    if not isinstance(part, TransformedTargetRegressor):
        return False
    labels = np.clip(labels, smallest, largest)
    far = 1.0 + np.maximum(np.abs(smallest), np.abs(largest))
    far = far + _FAR * (largest - smallest)
    outside = np.array([smallest - far, largest + far])
    try:
        with np.errstate(all="ignore"):
            transformed = _transform(part, labels, outside)
    except (ValueError, ArithmeticError):
        return True
    return not np.isfinite(transformed).all()


def _transform(
    part: TransformedTargetRegressor, labels: NDArray, values: NDArray
) -> NDArray:
    if part.transformer is not None:
        columns = (len(values), -1)
        fitted = clone(part.transformer).fit(labels.reshape(len(labels), -1))
        return np.asarray(fitted.transform(values.reshape(columns)))
    return values if part.func is None else np.asarray(part.func(values))
