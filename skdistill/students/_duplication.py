"""Sample duplication: any classifier that takes weights can learn distributions.

With weights w and target m the loss is sum_i w_i sum_k m_ik loss(f(x_i), k): the loss
of a data set that holds sample i once for each class k, labelled k, with weight
w_i m_ik. Duplicates of weight 0 are left out, which changes nothing. Rules that count
samples (`min_samples_leaf`, subsampling, batches) see the duplicates.

Duplicates with a probability m below tau = 0.01 are thinned: one is kept with
probability m / tau and then has the probability tau, so that the expected loss is the
loss on all duplicates. The draw is systematic along a row, which changes the row's
total by less than tau, whatever the number of classes; its start is a hash of the row's
target, so equal rows are thinned alike and the same data give the same duplicates.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from skdistill._fitting import weight_param
from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.targets import Target

__all__ = ["classes_of", "duplicate_samples", "fit_on_duplicates", "thin"]


_SMALL = 0.01
_BLOCK = 10_000  # Rows thinned at once, which bounds the memory it takes.


def fit_on_duplicates(
    student: Estimator, X: Table, target: Target, fit_params: Mapping[str, Any]
) -> Estimator:
    """Fit a classifier on weighted duplicates; its class_weight is resolved."""
    rows, labels, weight = duplicate_samples(target)
    return student.fit(
        safe_indexing(X, rows),
        labels,
        **weight_param(student, weight, part="student"),
        **index_params(X, dict(fit_params), indices=rows),
    )


def duplicate_samples(target: Target) -> tuple[NDArray, NDArray, NDArray | None]:
    """Return the row, the label and the weight of each duplicate, row by row."""
    probability = thin(target.mixed)
    rows, columns = np.nonzero(probability)
    labels = classes_of(target)[columns]
    if len(rows) == len(probability):
        # Every row is certain: none is duplicated, and the weights are the given ones.
        return rows, labels, target.weight
    weight = probability[rows, columns]
    if target.weight is not None:
        weight = weight * target.weight[rows]
    return rows, labels, weight


def classes_of(target: Target) -> NDArray:
    """Return the classes of a target, which is not one of values."""
    if target.classes is None:
        raise ValueError("The student learns classes. Got a target of values.")
    return target.classes


def thin(target: NDArray) -> NDArray:
    """Draw which probabilities below `_SMALL` stay, and raise these to it, in place.

    A class that would be left without a duplicate keeps all of its own.
    """
    present = target.any(axis=0)
    rare = {
        k: target[:, k].copy() for k in np.flatnonzero((target < _SMALL).all(axis=0))
    }
    for block in gen_batches(len(target), _BLOCK):
        part = target[block]
        small = (part > 0) & (part < _SMALL)
        steps = np.where(small, part, 0.0).cumsum(axis=1) / _SMALL
        passed = np.floor(steps + _uniform(part)[:, None])
        kept = np.diff(passed, axis=1, prepend=0.0) > 0
        part[small] = np.where(kept[small], _SMALL, 0.0)
    for k in np.flatnonzero(present & ~target.any(axis=0)):
        target[:, k] = rare[k]
    return target


def _uniform(target: NDArray) -> NDArray[np.float64]:
    """Return for each row a number in [0, 1) that depends on the row's target alone.

    The target is rounded, lest equal rows differ by rounding; the constants are those
    of the splitmix64 generator.
    """
    grid = np.rint(target * 2.0**20).astype(np.uint64)
    bits = np.zeros(len(target), dtype=np.uint64)
    for column in grid.T:
        bits += column + np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits ^= bits >> np.uint64(31)
    return (bits >> np.uint64(11)) / 2.0**53
