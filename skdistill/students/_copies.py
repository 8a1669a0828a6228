"""Soft labels for any classifier that takes weights: one weighted copy a class.

With weights w and soft labels m the loss is sum_i w_i sum_k m_ik loss(f(x_i), k): the
loss of a data set that holds row i once for each class k, labelled k, with weight
w_i m_ik. Copies of weight 0 are left out, which changes nothing. Rules that count rows
(`min_samples_leaf`, row subsampling, batches) see the copies.
"""

import numpy as np
from sklearn.utils import compute_class_weight

from skdistill._fitting import LabelCoder, final_step, weight_param
from skdistill._sklearn import index_params, safe_indexing

__all__ = ["copies_of", "count_classes", "fit_on_copies"]


def fit_on_copies(student, X, labels, classes, *, y, sample_weight, fit_params):
    """Fit a classifier on weighted copies; see `skdistill.students.register`."""
    names = LabelCoder(student).encode(classes)
    rows, columns, weight = copies_of(labels, sample_weight)
    student = count_classes(student, y, classes, names)
    return student.fit(
        safe_indexing(X, rows),
        names[columns],
        **weight_param(student, weight, part="student"),
        **index_params(X, fit_params, indices=rows),
    )


def copies_of(labels, sample_weight):
    """Return the row, the class and the weight of each copy, row by row."""
    target = labels.mixed
    rows, columns = np.nonzero(target)
    if len(rows) == len(target):
        # Every row is certain: no row has copies, and the weights are the given ones.
        return rows, columns, sample_weight
    weight = target[rows, columns]
    if sample_weight is not None:
        weight = weight * sample_weight[rows]
    return rows, columns, weight


def count_classes(student, y, classes, names):
    """Resolve class_weight="balanced" on the labels: copies would count as rows."""
    final = final_step(student)
    balance = getattr(final, "class_weight", None)
    if not isinstance(balance, str):
        return student
    if balance != "balanced":
        raise ValueError(
            "The student's class_weight must be None, a dict or 'balanced' to learn "
            f"soft labels. Got {balance!r}, which would count weighted copies as rows."
        )
    share = compute_class_weight("balanced", classes=classes, y=y)
    final.set_params(class_weight=dict(zip(names.tolist(), share, strict=True)))
    return student
