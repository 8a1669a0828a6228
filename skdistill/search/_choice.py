"""The choice: the baseline student, unless another is expected to be better.

What the folds show of the best candidate is shrunk towards what candidates gained on
other tables, as a fraction of their teachers' lead: a normal prior, and the posterior
of a normal mean (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from skdistill._figures import readable

__all__ = ["Choice", "choose", "expect_gain", "expect_harm"]

# How sure it must be that the teacher knows more than a constant, and from how many
# standard errors on it is sure enough, as of two parts alone nothing is.
_KNOWS, _SURE = 0.975, 5.0
# The fraction of the lead that candidates gained on 20 tables, and its scale; that of
# the folds' differences and, without a lead, of the gain, both in standard errors; and
# how likely harm may be: `python -m benchmarks.choice`.
PRIOR = (0.57, 0.24, 1.83, 1.10)
MAX_HARM = 0.25
# How many standard errors the folds themselves must show, whatever the prior says.
MIN_SHOWN = 0.5
# Some students fail or shine by more than a normal distribution says.
HEAVY_TAILS = 5


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why.

    Attributes
    ----------
    index : int
        Position among the candidates; 0 is the baseline student.
    reason : str
        A sentence.
    rival : int
        Position of the baseline student that it was held against.
    """

    index: int
    reason: str
    rival: int = 0


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


def expect_gain(
    difference: Any, error: Any, lead: Any, prior: Sequence[float] = PRIOR
) -> tuple[Any, Any]:
    """Return the mean of what a candidate gains, and the scale of its deviations.

    Parameters
    ----------
    difference, error : float or array-like
        The mean of its paired differences to the baseline student, over the folds, and
        their standard error.
    lead : float or array-like
        By how much the teacher's score is above the baseline student's there.
    prior : sequence of float, default=PRIOR
        Mean and scale of the gain as fractions of the lead, and the scales of
        differences and of gains in standard errors.
    """
    fraction, spread, error_factor, floor = prior
    of_folds = (error_factor * error) ** 2
    of_prior = (spread * lead) ** 2 + (floor * error) ** 2
    total = of_prior + of_folds
    mean = (of_prior * difference + of_folds * fraction * lead) / total
    return mean, np.sqrt(of_prior * of_folds / total)


def expect_harm(mean: Any, scale: Any) -> Any:
    """Return the probability of a gain below 0."""
    return t.cdf(-mean / scale, HEAVY_TAILS)


def choose(
    scores: NDArray,
    teacher: NDArray,
    constant: NDArray,
    names: list[str],
    called: str = "baseline student",
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
    called : str, default="baseline student"
        What to call the first of them.

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
            f"Kept the {called}: on held-out samples the teacher's score is above a "
            f"constant's by {readable(knows.mean, 3)}, with a standard error of "
            f"{readable(knows.error, 3)}. It has nothing to teach.",
        )
    leads = _compare(teacher, baseline)
    if not leads.mean > 0:
        return Choice(
            0,
            f"Kept the {called}: on held-out samples the teacher's score is "
            f"{readable(teacher.mean())}, the {called}'s {readable(baseline.mean())}.",
        )
    means = scores[1:].mean(axis=1)
    if np.isnan(means).all():
        return Choice(0, f"Kept the {called}: the students of all candidates failed.")
    best = int(np.nanargmax(means)) + 1
    gain = _compare(scores[best], baseline)
    mean, scale = expect_gain(gain.mean, gain.error, leads.mean)
    # Without any error the difference is the gain.
    harm = float(expect_harm(mean, scale)) if scale > 0 else float(mean <= 0)
    found = (
        f"{names[best]} scores {readable(scores[best].mean())} on held-out samples, "
        f"the {called} {readable(baseline.mean())}, the teacher "
        f"{readable(teacher.mean())}; the paired difference is "
        f"{readable(gain.mean, 3)}, with a standard error of "
        f"{readable(gain.error, 3)}; it must be above {MIN_SHOWN:g} of that. By these "
        "and by what students gained of such a lead elsewhere, a gain of "
        f"{readable(mean, 3)} is expected, and harm has a "
        f"probability of {harm:.2g}; it may have {MAX_HARM:g}."
    )
    if gain.mean > MIN_SHOWN * gain.error and harm < MAX_HARM:
        return Choice(best, f"Chose distillation: {found}")
    return Choice(0, f"Kept the {called}: the best candidate, {found}")
