"""The choice: the baseline student, unless another is better beyond noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

__all__ = ["Choice", "choose"]

# How sure it must be that the teacher knows more than a constant, and from how many
# standard errors on it is sure enough, as of two parts alone nothing is.
_KNOWS, _SURE = 0.975, 5.0


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why.

    Attributes
    ----------
    index : int
        Position among the candidates; 0 is the baseline student.
    reason : str
        A sentence.
    """

    index: int
    reason: str


@dataclass(frozen=True)
class _Difference:
    """Mean of paired differences of scores, and its standard error."""

    mean: float
    error: float


def _compare(first: NDArray, second: NDArray) -> _Difference:
    """Return by how much the scores `first` are above `second`."""
    paired = first - second
    error = paired.std(ddof=1) / np.sqrt(len(paired))
    return _Difference(float(paired.mean()), float(error))


def choose(
    scores: NDArray,
    teacher: NDArray,
    constant: NDArray,
    names: list[str],
) -> Choice:
    """Choose a candidate by its scores on held-out samples.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates, n_parts)
        Greater is better. Row 0 is the baseline student; NaN marks a failure.
    teacher : ndarray of shape (n_parts,)
        Scores of the teacher.
    constant : ndarray of shape (n_parts,)
        Scores of a model that knows nothing but the labels' mean or frequencies.
    names : list of str
        What to call the candidates.

    Returns
    -------
    Choice
    """
    baseline = scores[0]
    knows = _compare(teacher, constant)
    # A calibrated teacher that knows nothing is about as good as a constant, so what
    # is left between them is noise, of which few parts make a small standard error.
    errors = min(float(t.ppf(_KNOWS, len(teacher) - 1)), _SURE)
    if not knows.mean > errors * knows.error:
        return Choice(
            0,
            "Kept the baseline student: on held-out samples the teacher's score is "
            f"above a constant's by {knows.mean:.3g}, with a standard error of "
            f"{knows.error:.3g}. It has nothing to teach.",
        )
    leads = _compare(teacher, baseline)
    if not leads.mean > 0:
        return Choice(
            0,
            "Kept the baseline student: on held-out samples the teacher's score is "
            f"{teacher.mean():.4g}, the baseline student's {baseline.mean():.4g}.",
        )
    means = scores[1:].mean(axis=1)
    if np.isnan(means).all():
        return Choice(
            0, "Kept the baseline student: the students of all candidates failed."
        )
    best = int(np.nanargmax(means)) + 1
    gain = _compare(scores[best], baseline)
    found = (
        f"{names[best]} scores {scores[best].mean():.4g} on held-out samples, the "
        f"baseline student {baseline.mean():.4g}, the teacher "
        f"{teacher.mean():.4g}; the paired difference is {gain.mean:.3g}, with a "
        f"standard error of {gain.error:.3g}."
    )
    if gain.mean > gain.error:
        return Choice(best, f"Chose distillation: {found}")
    return Choice(0, f"Kept the baseline student: the best candidate, {found}")
