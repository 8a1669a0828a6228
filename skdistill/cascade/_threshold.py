"""The threshold of a cascade, and what held-out samples guarantee of it."""

import math

import numpy as np
from numpy.typing import NDArray

from skdistill.inspect import FidelityCertificate

__all__ = ["certify", "describe", "find_threshold"]

# A product that is whole but for rounding adds no rank.
_ROUNDING = 1e-9


def find_threshold(
    scores: NDArray, fraction: float, weight: NDArray | None = None
) -> float:
    """Return the threshold above which a sample goes to the teacher.

    It is the k-th smallest of n held-out scores, k = ceil((n + 1) (1 - fraction)). The
    rank of a new score among them is uniform where all are exchangeable, so the new one
    is above the k-th smallest with a probability of at most 1 - k / (n + 1), which is
    at most `fraction`; less where scores are equal. This is split conformal prediction
    with the score in the place of the residual [1]_.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Deferral scores of samples that the models were not fitted on.
    fraction : float
        From 0 to 1, how many samples may go to the teacher.
    weight : ndarray of shape (n_samples,), default=None
        Sample weights above 0, which count samples: a weight of 2 is two equal ones.
        Where their sum is less than the number of samples, they are scaled to it.

    Returns
    -------
    float
        Infinite where no sample may go to the teacher, negatively so where all may.

    References
    ----------
    .. [1] Lei et al., "Distribution-Free Predictive Inference for Regression", 2018,
       theorem 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.cascade import find_threshold
    >>> find_threshold(np.arange(1.0, 10.0), 0.2)
    8.0
    >>> find_threshold(np.arange(1.0, 10.0), 0.05)
    inf
    """
    counts = np.ones(len(scores)) if weight is None else weight
    counts = counts * max(1.0, len(counts) / counts.sum())
    rank = (counts.sum() + 1) * (1 - fraction) - _ROUNDING
    if rank <= 0:
        return -np.inf
    order = np.argsort(scores, kind="stable")
    # Half of what rounding may leave: sums of whole counts are compared as such.
    place = np.searchsorted(np.cumsum(counts[order]), math.ceil(rank) - 0.5)
    return float(scores[order[place]]) if place < len(scores) else np.inf


def certify(
    scores: NDArray,
    threshold: float,
    student: NDArray,
    teacher: NDArray,
    *,
    level: float,
    of_classes: bool,
) -> FidelityCertificate | None:
    """Bound how far the student strays from the teacher on the samples that it keeps.

    The scores below the k-th smallest are, given that one, independent draws from the
    distribution below it [1]_, and so is the score of a new sample that is kept. So the
    kept samples, without the one that sets the threshold, and a new kept sample are
    exchangeable, though they have set the threshold: conformal and binomial bounds
    hold for them as for samples that had no part in it. That is exact where the scores
    differ; where several equal the threshold it holds but for their part in the kept.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        The held-out scores that the threshold was found by.
    threshold : float
        What `find_threshold` returned.
    student : ndarray of shape (n_samples,)
        What the student predicts for these samples: values or labels.
    teacher : ndarray of shape (n_samples,)
        What the teacher predicts.
    level : float
        The probability or confidence of the bound.
    of_classes : bool
        Whether the predictions are labels.

    Returns
    -------
    FidelityCertificate or None
        None where no sample is kept.

    References
    ----------
    .. [1] David and Nagaraja, "Order Statistics", 3rd edition, 2003, theorem 2.5.
    """
    kept = np.flatnonzero(scores <= threshold)
    setting = np.flatnonzero(scores[kept] == threshold)
    kept = np.delete(kept, setting[:1])
    if len(kept) == 0:
        return None
    make = FidelityCertificate.from_values
    if of_classes:
        make = FidelityCertificate.from_labels
    return make(teacher[kept], student[kept], level=level)


def describe(
    fraction: float,
    n_samples: int,
    certificate: FidelityCertificate | None,
    *,
    is_weighted: bool,
    is_refitted: bool,
) -> str:
    """Say in words what is guaranteed, and on which assumptions.

    Parameters
    ----------
    fraction : float
        How many samples may go to the teacher.
    n_samples : int
        The number of held-out scores.
    certificate : FidelityCertificate or None
        What `certify` returned.
    is_weighted : bool
        Whether samples had weights.
    is_refitted : bool
        Whether the models that predict were fitted once more, on all samples.

    Returns
    -------
    str
    """
    parts = [
        f"A new sample goes to the teacher with probability {fraction:.4g} or less "
        f"({n_samples} held-out scores; order statistic)."
    ]
    if certificate is None:
        parts.append("No sample is kept by the student.")
    else:
        parts.append(f"For samples that the student keeps: {certificate}")
    assumed = "new samples come from the same distribution"
    if is_weighted:
        assumed += ", weights count samples (but for what is said of kept ones, which "
        assumed += "counts each once)"
    if is_refitted:
        assumed += ", and the models fitted on all samples are as those of the folds"
    return " ".join([*parts, f"This assumes that {assumed}."])
