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

__all__ = ["fit_on_copies"]


def fit_on_copies(student, X, y, target, classes, *, sample_weight, fit_params):
    """Fit a classifier on weighted copies; see `fit_soft_labels`."""
    coder = LabelCoder(student)
    labels = coder.encode(classes)
    rows, columns = np.nonzero(target)
    if len(rows) == len(target):
        # Every row is certain: hard labels, and no copies or new weights are needed.
        params = weight_param(student, sample_weight, part="student")
        return student.fit(X, labels[columns], **params, **fit_params)
    weight = target[rows, columns]
    if sample_weight is not None:
        weight = weight * sample_weight[rows]
    student = _with_counted_classes(student, y, classes, labels)
    params = weight_param(student, weight, part="student")
    return student.fit(
        safe_indexing(X, rows),
        labels[columns],
        **params,
        **index_params(X, fit_params, indices=rows),
    )


def _with_counted_classes(student, y, classes, labels):
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
    final.set_params(class_weight=dict(zip(labels.tolist(), share, strict=True)))
    return student
