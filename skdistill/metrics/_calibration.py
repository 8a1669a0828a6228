"""Calibration: whether a class given 80 % comes true in 80 % of the samples."""

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length, column_or_1d

from skdistill._validation import check_weights
from skdistill.metrics._probabilities import check_probabilities

__all__ = ["calibration_error"]


def calibration_error(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    n_bins: int = 15,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the calibration error of the top class, expected over bins of equal mass.

    Samples are ordered by the probability of their most probable class, its
    *confidence*, and cut into bins of equal weight. The error is the mean over the
    samples of ``|accuracy - mean confidence|`` of their bins. Samples of equal
    confidence stay in one bin, so the order of the samples plays no part.

    Bins of equal mass are less biased than those of equal width [2]_. An error of 0 is
    not to be expected of few samples: even for perfect probabilities each bin is off by
    chance.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The labels.
    y_prob : array-like of shape (n_samples, n_classes) or (n_samples,)
        Probabilities of the classes in sorted order. One dimension holds those of the
        second of two classes.
    n_bins : int, default=15
        The number of bins.
    labels : array-like of shape (n_classes,), default=None
        The classes of the columns. If None, those in `y_true` are used, sorted.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    float
        From 0 to 1.

    References
    ----------
    .. [1] Guo et al., "On Calibration of Modern Neural Networks", 2017, equation 3 (the
       error, in bins of equal width).
    .. [2] Roelofs et al., "Mitigating Bias in Calibration Error Estimation", 2022
       (bins of equal mass).

    Examples
    --------
    >>> from skdistill.metrics import calibration_error
    >>> y = ["a", "b", "b", "b"]
    >>> calibration_error(y, [0.75, 0.75, 0.75, 0.75])
    0.0
    >>> calibration_error(y, [1.0, 1.0, 1.0, 1.0])
    0.25

    As a scorer:

    >>> from sklearn.metrics import make_scorer
    >>> scorer = make_scorer(
    ...     calibration_error, greater_is_better=False, response_method="predict_proba"
    ... )
    """
    if not isinstance(n_bins, Integral) or n_bins < 1:
        raise ValueError(f"n_bins must be an int, 1 or more. Got {n_bins!r}.")
    check_consistent_length(y_true, y_prob)
    y = column_or_1d(y_true)
    proba = check_probabilities(y_prob, "y_prob")
    classes = np.unique(y) if labels is None else np.asarray(labels)
    if len(classes) != proba.shape[1]:
        raise ValueError(
            f"y_prob must have a column for each class. Got {proba.shape[1]} columns "
            f"and the classes {classes.tolist()}. Pass the classes of the columns as "
            "labels."
        )
    weight = check_weights(sample_weight, len(y))
    weight = np.ones(len(y)) if weight is None else weight
    confidence = proba.max(axis=1)
    surplus = (classes[proba.argmax(axis=1)] == y) - confidence
    sums = np.bincount(
        _equal_mass(confidence, weight, n_bins), weights=weight * surplus
    )
    return float(np.abs(sums).sum() / weight.sum())


def _equal_mass(values: NDArray, weight: NDArray, n_bins: int) -> NDArray[np.integer]:
    """Return the bin of each sample; equal values share the bin of their middle."""
    _, codes = np.unique(values, return_inverse=True)
    mass = np.bincount(codes, weights=weight)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.minimum((n_bins * middle).astype(int), n_bins - 1)[codes]
