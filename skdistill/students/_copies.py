"""Soft labels for any classifier that takes weights: one weighted copy a class.

With weights w and soft labels m the loss is sum_i w_i sum_k m_ik loss(f(x_i), k): the
loss of a data set that holds row i once for each class k, labelled k, with weight
w_i m_ik. Copies of weight 0 are left out, which changes nothing. Rules that count rows
(`min_samples_leaf`, row subsampling, batches) see the copies.

Copies with a share m below tau = 0.01 are thinned: one is kept with probability m / tau
and then has the share tau, so that the expected loss is the loss on all copies. The
draw is systematic along a row, which changes the row's total by less than tau, whatever
the number of classes; its start is a hash of the row's target, so equal rows are
thinned alike and the same data give the same copies.
"""

import numpy as np
from sklearn.utils import compute_class_weight, gen_batches

from skdistill._fitting import LabelCoder, final_step, weight_param
from skdistill._sklearn import counts_weights, index_params, safe_indexing

__all__ = ["copies_of", "count_classes", "fit_on_copies", "thin"]


_SMALL = 0.01
_BLOCK = 10_000  # Rows thinned at once, which bounds the memory it takes.


def fit_on_copies(student, X, labels, classes, *, y, sample_weight, fit_params):
    """Fit a classifier on weighted copies; see `skdistill.students.register`."""
    names = LabelCoder(student).encode(classes)
    rows, columns, weight = copies_of(labels, sample_weight)
    student = count_classes(student, y, classes, names, sample_weight)
    return student.fit(
        safe_indexing(X, rows),
        names[columns],
        **weight_param(student, weight, part="student"),
        **index_params(X, fit_params, indices=rows),
    )


def copies_of(labels, sample_weight):
    """Return the row, the class and the weight of each copy, row by row."""
    target = thin(labels.mixed)
    rows, columns = np.nonzero(target)
    if len(rows) == len(target):
        # Every row is certain: no row has copies, and the weights are the given ones.
        return rows, columns, sample_weight
    weight = target[rows, columns]
    if sample_weight is not None:
        weight = weight * sample_weight[rows]
    return rows, columns, weight


def thin(target):
    """Draw which of the shares below `_SMALL` stay, and raise these to it, in place.

    A class that would be left without a copy keeps all of its own.
    """
    taught = target.any(axis=0)
    rare = {
        k: target[:, k].copy() for k in np.flatnonzero((target < _SMALL).all(axis=0))
    }
    for block in gen_batches(len(target), _BLOCK):
        shares = target[block]
        small = (shares > 0) & (shares < _SMALL)
        steps = np.where(small, shares, 0.0).cumsum(axis=1) / _SMALL
        passed = np.floor(steps + _uniform(shares)[:, None])
        kept = np.diff(passed, axis=1, prepend=0.0) > 0
        shares[small] = np.where(kept[small], _SMALL, 0.0)
    for k in np.flatnonzero(taught & ~target.any(axis=0)):
        target[:, k] = rare[k]
    return target


def _uniform(target):
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


def count_classes(student, y, classes, names, sample_weight=None):
    """Resolve class_weight="balanced" on the labels: copies would count as rows.

    Some students count the rows by their weights, as they do on labels alone.
    """
    final = final_step(student)
    balance = getattr(final, "class_weight", None)
    if not isinstance(balance, str):
        return student
    if balance != "balanced":
        raise ValueError(
            "The student's class_weight must be None, a dict or 'balanced' to learn "
            f"soft labels. Got {balance!r}, which would count weighted copies as rows."
        )
    by_weight = {"sample_weight": sample_weight} if counts_weights(final) else {}
    share = compute_class_weight("balanced", classes=classes, y=y, **by_weight)
    final.set_params(class_weight=dict(zip(names.tolist(), share, strict=True)))
    return student
