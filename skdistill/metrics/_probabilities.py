"""Probabilities as metrics take them, and the log loss that the package scores by."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from skdistill._typing import Estimator, Table

__all__ = ["LEAST_PROBABILITY", "check_probabilities", "negated_log_loss"]

# The least probability that counts: one row that a forest gives 0 must not decide.
LEAST_PROBABILITY = 1e-6
# Up to what a row may be off 1: probabilities in single precision are.
_SUM_TOLERANCE = 1e-3


def check_probabilities(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return probabilities of shape (n_samples, n_classes), or raise.

    One column or dimension is the probability of the second of two classes, as
    scikit-learn's scorers pass it.
    """
    proba = check_array(values, ensure_2d=False, dtype=float, input_name=name)
    if proba.ndim == 1 or proba.shape[1] == 1:
        second = proba.reshape(-1)
        proba = np.column_stack([1 - second, second])
    if proba.ndim != 2:
        raise ValueError(
            f"{name} must have the shape (n_samples, n_classes). Got an array of shape "
            f"{proba.shape}. Pass what predict_proba returns."
        )
    off = np.abs(proba.sum(axis=1) - 1)
    wrong = (proba < 0).any(axis=1) | (off > _SUM_TOLERANCE)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{name} must hold probabilities: 0 or more, and 1 in sum over the classes "
            f"of a row. Got {proba[row].tolist()} in row {row}. Pass what "
            "predict_proba returns, not labels or decision values."
        )
    return proba


def negated_log_loss(
    estimator: Estimator,
    X: Table,
    y: NDArray,
    sample_weight: NDArray | None = None,
) -> float:
    """Score by the log loss, negated, with probabilities of 1e-6 at least.

    A scorer: greater is better.
    """
    proba, classes = np.asarray(estimator.predict_proba(X)), estimator.classes_
    codes = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    given = np.where(classes[codes] == y, proba[np.arange(len(codes)), codes], 0.0)
    floored = np.log(np.maximum(given, LEAST_PROBABILITY))
    return float(np.average(floored, weights=sample_weight))
