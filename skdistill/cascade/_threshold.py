"""The threshold of a cascade, and what held-out samples guarantee of it."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from skdistill.inspect import FidelityCertificate

__all__ = [
    "certify",
    "certify_stages",
    "certify_whole",
    "describe",
    "find_threshold",
    "find_thresholds",
]

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
    if len(counts):
        counts = counts * max(1.0, len(counts) / counts.sum())
    rank = (counts.sum() + 1) * (1 - fraction) - _ROUNDING
    if rank <= 0:
        return -np.inf
    order = np.argsort(scores, kind="stable")
    # Half of what rounding may leave: sums of whole counts are compared as such.
    place = np.searchsorted(np.cumsum(counts[order]), math.ceil(rank) - 0.5)
    return float(scores[order[place]]) if place < len(scores) else np.inf


def find_thresholds(
    scores: Sequence[NDArray],
    fractions: Sequence[float],
    weight: NDArray | None = None,
) -> list[float]:
    """Return the threshold of each stage, above which a sample goes on from it.

    A stage sees the samples above all thresholds before it. Given these, they are
    independent draws from the distribution above them [1]_, and so is a new sample that
    comes so far. So with f[k] / f[k - 1] as its fraction, `find_threshold` lets a new
    sample that comes to stage k go on with at most that probability, and the product of
    these, f[k], bounds the probability that a new sample goes on from it.

    Parameters
    ----------
    scores : list of ndarray of shape (n_samples,)
        Deferral scores of each stage, of samples that the models were not fitted on.
    fractions : list of float
        How many of all samples may go on from each stage, not increasing. They must not
        depend on these samples.
    weight : ndarray of shape (n_samples,), default=None
        Sample weights above 0, which count samples.

    Returns
    -------
    list of float

    References
    ----------
    .. [1] David and Nagaraja, "Order Statistics", 3rd edition, 2003, theorem 2.5.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.cascade import find_thresholds
    >>> scores = np.arange(19.0)
    >>> find_thresholds([scores, -scores], [0.5, 0.2])
    [9.0, -13.0]
    """
    has_come = np.ones(len(scores[0]), dtype=bool)
    thresholds: list[float] = []
    before = 1.0
    for score, fraction in zip(scores, fractions, strict=True):
        part = None if weight is None else weight[has_come]
        of_these = fraction / before if before > 0 else 0.0
        thresholds.append(find_threshold(score[has_come], of_these, part))
        has_come &= score > thresholds[-1]
        before = fraction
    return thresholds


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


def certify_stages(
    scores: Sequence[NDArray],
    thresholds: Sequence[float],
    students: Sequence[NDArray],
    teacher: NDArray,
    *,
    level: float,
    of_classes: bool,
) -> list[FidelityCertificate | None]:
    """Bound how far each student strays on the samples that it keeps, as `certify`.

    Parameters
    ----------
    scores : list of ndarray of shape (n_samples,)
        The held-out scores of each stage.
    thresholds : list of float
        What `find_thresholds` returned.
    students : list of ndarray of shape (n_samples,)
        What each student predicts: values or labels.
    teacher : ndarray of shape (n_samples,)
        What the teacher predicts.
    level : float
        The probability of each bound; or the confidence with which all bounds hold
        together, so that each has that of 1 - (1 - level) / n_stages (Bonferroni).
    of_classes : bool
        Whether the predictions are labels.

    Returns
    -------
    list of FidelityCertificate or None
    """
    each = 1 - (1 - level) / len(scores) if of_classes else level
    has_come = np.ones(len(teacher), dtype=bool)
    found = []
    for score, threshold, student in zip(scores, thresholds, students, strict=True):
        found.append(
            certify(
                *(score[has_come], threshold, student[has_come], teacher[has_come]),
                level=each,
                of_classes=of_classes,
            )
        )
        has_come &= score > threshold
    return found


def certify_whole(
    certificates: Sequence[FidelityCertificate | None],
    thresholds: Sequence[float],
    level: float,
) -> FidelityCertificate | None:
    """Return what holds for all kept samples, whichever student keeps them.

    The loosest bound holds for the kept samples of every stage that a sample can come
    to, which is none after an infinite threshold. So a kept sample is
    beyond it with a probability that is a mean of theirs, each at most 1 - level; and
    the fraction of disagreements among all kept samples is a mean of theirs, too.

    Parameters
    ----------
    certificates : list of FidelityCertificate or None
        Those of the stages.
    thresholds : list of float
        The thresholds. A stage without a certificate may keep new samples unless its
        threshold is negatively infinite.
    level : float
        The probability or confidence of the bound.

    Returns
    -------
    FidelityCertificate or None
        None where no sample is kept, or nothing is known of what a stage keeps.
    """
    n_asked = [*np.isposinf(thresholds), True].index(True) + 1
    keeping = [
        one
        for one, threshold in zip(
            certificates[:n_asked], thresholds[:n_asked], strict=True
        )
        if threshold > -np.inf
    ]
    known = [one for one in keeping if one is not None]
    if not known or len(known) < len(keeping):
        return None
    loosest = max(known, key=lambda one: one.bound)
    if len(known) == 1 or np.isinf(loosest.bound):
        return replace(loosest, level=level)
    counts = [one.n_samples for one in known]
    observed = float(np.average([one.observed for one in known], weights=counts))
    return replace(loosest, level=level, n_samples=sum(counts), observed=observed)


def describe(
    fractions: dict[str, float],
    n_samples: int,
    certificate: FidelityCertificate | None,
    *,
    is_weighted: bool,
    is_refitted: bool,
) -> str:
    """Say in words what is guaranteed, and on which assumptions.

    Parameters
    ----------
    fractions : dict of str to float
        By the names of the students, how many samples may go on from each; from the
        last one to the teacher.
    n_samples : int
        The number of held-out scores.
    certificate : FidelityCertificate or None
        What holds for all samples that are kept.
    is_weighted : bool
        Whether samples had weights.
    is_refitted : bool
        Whether the models that predict were fitted once more, on all samples.

    Returns
    -------
    str
    """
    *others, last = fractions.items()
    said = f"to the teacher with probability {last[1]:.4g} or less"
    said += "".join(f", on from {name!r} with {part:.4g}" for name, part in others)
    statistic = "order statistics" if others else "order statistic"
    parts = [f"A new sample goes {said} ({n_samples} held-out scores; {statistic})."]
    student = "a student keeps" if others else "the student keeps"
    if certificate is not None:
        parts.append(f"For samples that {student}: {certificate}")
    elif others:
        parts.append("Too few held-out samples, if any, are kept for a bound.")
    else:
        parts.append("No sample is kept by the student.")
    assumed = "new samples come from the same distribution"
    if is_weighted:
        assumed += ", weights count samples (but for what is said of kept ones, which "
        assumed += "counts each once)"
    if is_refitted:
        assumed += ", and the models fitted on all samples are as those of the folds"
    return " ".join([*parts, f"This assumes that {assumed}."])
