"""Calibration: whether a class given 80 % comes true in 80 % of the samples."""

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length, column_or_1d

from skdistill._validation import check_weights
from skdistill.metrics._probabilities import check_probabilities

__all__ = ["calibration_bins", "calibration_error"]


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

    Raises
    ------
    ValueError
        If `n_bins` is out of its range, or `y_prob` holds no probabilities of the
        classes.

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
    is_right = classes[proba.argmax(axis=1)] == y
    predicted, observed, mass = calibration_bins(
        is_right, proba.max(axis=1), n_bins=n_bins, sample_weight=weight
    )
    return float(np.average(np.abs(observed - predicted), weights=mass))


def calibration_bins(
    is_true: ArrayLike,
    probability: ArrayLike,
    *,
    n_bins: int = 10,
    sample_weight: ArrayLike | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return how often something comes true, over bins of its predicted probability.

    The bins have equal mass, and samples of equal probability stay in one, as in
    `calibration_error`; `sklearn.calibration.calibration_curve` takes no weights.

    Parameters
    ----------
    is_true : array-like of bool of shape (n_samples,)
        Whether it came true.
    probability : array-like of shape (n_samples,)
        What was predicted of it.
    n_bins : int, default=10
        The largest number of bins.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    predicted : ndarray of shape (n_found,)
        The mean probability of each bin that holds samples, in ascending order.
    observed : ndarray of shape (n_found,)
        The fraction of its samples for which it came true.
    mass : ndarray of shape (n_found,)
        Their number, or the sum of their weights.

    Examples
    --------
    >>> from skdistill.metrics import calibration_bins
    >>> predicted, observed, mass = calibration_bins(
    ...     [False, True, True, True], [0.25, 0.25, 0.75, 0.75]
    ... )
    >>> predicted.tolist(), observed.tolist(), mass.tolist()
    ([0.25, 0.75], [0.5, 1.0], [2.0, 2.0])
    """
    check_consistent_length(is_true, probability)
    values = np.asarray(probability, dtype=float)
    weight = check_weights(sample_weight, len(values))
    weight = np.ones(len(values)) if weight is None else weight
    bins = _equal_mass(values, weight, n_bins)
    mass = np.bincount(bins, weights=weight).astype(float, copy=False)
    found = mass > 0
    predicted, observed = (
        np.bincount(bins, weights=weight * part)[found] / mass[found]
        for part in (values, np.asarray(is_true, dtype=float))
    )
    return predicted, observed, mass[found]


def _equal_mass(values: NDArray, weight: NDArray, n_bins: int) -> NDArray[np.integer]:
    """Return the bin of each sample; equal values share the bin of their middle."""
    _, codes = np.unique(values, return_inverse=True)
    mass = np.bincount(codes, weights=weight)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.minimum((n_bins * middle).astype(int), n_bins - 1)[codes]
