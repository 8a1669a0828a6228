"""A multi-layer perceptron learns soft labels as targets of its own cross-entropy.

Its loss and gradient hold for any probabilities; only its input check insists on
labels. While it is fitted, that check is followed by putting the soft targets in place
of the onehot ones, so batches hold rows, not copies, and hard labels give the plain
fit.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state

from skdistill._numerics import log_probability
from skdistill._sklearn import safe_indexing
from skdistill.students._early_stopping import soft_log_loss

__all__ = ["fit_mlp"]


def fit_mlp(student, X, labels, classes, *, y, sample_weight, fit_params):
    """Fit an MLPClassifier; see `skdistill.students.register`."""
    target = labels.mixed[:, 1 if len(classes) == 2 else 0 :]
    if student.early_stopping and student.solver != "lbfgs":
        return _fit_until_it_stops(student, X, y, labels, target, sample_weight)
    with _learning(student, target):
        return student.fit(X, y, sample_weight=sample_weight)


@contextmanager
def _learning(student: MLPClassifier, target: NDArray) -> Iterator[None]:
    cls = type(student)

    class SoftTarget(cls):  # type: ignore[valid-type, misc]
        def _validate_input(self, X, *args, **kwargs):
            X, _ = super()._validate_input(X, *args, **kwargs)
            return X, target.astype(X.dtype, copy=False)

    student.__class__ = SoftTarget
    try:
        yield
    finally:
        student.__class__ = cls


def _fit_until_it_stops(student, X, y, labels, target, sample_weight):
    """Train epoch by epoch; keep the weights that did best on rows apart.

    scikit-learn's own early stopping would judge these rows by accuracy; here it is the
    cross-entropy to their mixed target.
    """
    params = student.get_params(deep=False)
    rng = check_random_state(params["random_state"])
    train, held_out = train_test_split(
        np.arange(len(y)),
        test_size=params["validation_fraction"],
        stratify=y if target.shape[1] == 1 else None,  # As scikit-learn does.
        random_state=rng,
    )
    X_train, X_held_out = safe_indexing(X, train), safe_indexing(X, held_out)
    weight = None if sample_weight is None else sample_weight[train]
    judge = None if sample_weight is None else sample_weight[held_out]
    mixed = labels.mixed[held_out]
    target, y_train, classes = target[train], y[train], np.unique(y)
    scores: list[float] = []
    best, waited = [], 0
    student.set_params(early_stopping=False, random_state=rng)
    while len(scores) < params["max_iter"] and waited <= params["n_iter_no_change"]:
        with _learning(student, target):
            student.partial_fit(X_train, y_train, sample_weight=weight, classes=classes)
        logits = log_probability(student.predict_proba(X_held_out))
        so_far = max(scores, default=-np.inf)
        score = -soft_log_loss(mixed, logits, judge)
        scores.append(score)
        waited = waited + 1 if score < so_far + params["tol"] else 0
        if score > so_far:
            best = [part.copy() for part in (*student.coefs_, *student.intercepts_)]
    n_layers = len(student.coefs_)
    student.coefs_, student.intercepts_ = best[:n_layers], best[n_layers:]
    student.validation_scores_, student.best_validation_score_ = scores, max(scores)
    student.n_iter_, student.best_loss_ = len(scores), None
    return student.set_params(early_stopping=True, random_state=params["random_state"])
