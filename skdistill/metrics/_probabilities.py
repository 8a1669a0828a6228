"""Probabilities as metrics take them, and the log loss that the package scores by."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from skdistill._typing import Estimator, Table

__all__ = ["LEAST_PROBABILITY", "check_probabilities", "negated_log_loss"]

# The smallest probability that counts: one sample that a forest gives 0 must not
# decide.
LEAST_PROBABILITY = 1e-6
# By how much a sum may differ from 1: probabilities in single precision do.
_SUM_TOLERANCE = 1e-3


def check_probabilities(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return probabilities as an array with a column for each class.

    Parameters
    ----------
    values : array-like of shape (n_samples, n_classes) or (n_samples,)
        One column or dimension is the probability of the second of two classes, as
        scikit-learn's scorers pass it.
    name : str
        How an error calls them.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)

    Raises
    ------
    ValueError
        If they are no probabilities: finite, 0 or more, and 1 in sum over the classes.

    Examples
    --------
    >>> from skdistill.metrics import check_probabilities
    >>> check_probabilities([0.25, 1.0], "y_prob")
    array([[0.75, 0.25],
           [0.  , 1.  ]])
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
    """Score a classifier by the log loss, negated, with probabilities of 1e-6 at least.

    A scorer as scikit-learn takes it. Its own "neg_log_loss" lets a single sample of
    probability 0, such as a forest gives, decide the score.

    Parameters
    ----------
    estimator : fitted classifier
        With `predict_proba` and `classes_`.
    X : table of shape (n_samples, n_features)
        The samples.
    y : ndarray of shape (n_samples,)
        Their labels. A label that is none of `classes_` has probability 0.
    sample_weight : ndarray of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    float
        0 or less, in nats; greater is better.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from skdistill.metrics import negated_log_loss
    >>> y = np.array(["a", "a", "a", "b"])
    >>> model = DummyClassifier(strategy="most_frequent").fit(np.zeros((4, 1)), y)
    >>> round(negated_log_loss(model, np.zeros((4, 1)), y), 2)  # -log(1e6) / 4
    -3.45
    """
    proba, classes = np.asarray(estimator.predict_proba(X)), estimator.classes_
    codes = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    given = np.where(classes[codes] == y, proba[np.arange(len(codes)), codes], 0.0)
    floored = np.log(np.maximum(given, LEAST_PROBABILITY))
    return float(np.average(floored, weights=sample_weight))
