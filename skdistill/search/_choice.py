"""The choice: the plain student, unless another is better beyond noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Choice", "choose"]


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why.

    Attributes
    ----------
    index : int
        Position among the candidates; 0 is the plain student.
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


def _compare(first, second, held_out_ratio):
    """Return by how much the scores `first` are above `second`.

    Folds share most of their training rows, so their differences are less spread than
    independent ones would be; the correction is that of Nadeau and Bengio, "Inference
    for the Generalization Error", 2003, section 4.
    """
    paired = first - second
    variance = paired.var(ddof=1) * (1 / len(paired) + held_out_ratio)
    return _Difference(float(paired.mean()), float(np.sqrt(variance)))


def choose(
    scores: NDArray,
    teacher: NDArray,
    constant: NDArray,
    *,
    held_out_ratio: float,
    names: list[str],
) -> Choice:
    """Choose a candidate by its scores on held-out rows.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates, n_parts)
        Greater is better. Row 0 is the plain student.
    teacher : ndarray of shape (n_parts,)
        Scores of the teacher.
    constant : ndarray of shape (n_parts,)
        Scores of a model that knows nothing but the labels' mean or shares.
    held_out_ratio : float
        Held-out rows of a fold over its training rows.
    names : list of str
        What to call the candidates.

    Returns
    -------
    Choice
    """
    plain = scores[0]
    knows = _compare(teacher, constant, held_out_ratio)
    if not knows.mean > knows.error:
        return Choice(
            0,
            "Kept the plain student: on held-out rows the teacher's score is above a "
            f"constant's by {knows.mean:.3g}, with a standard error of "
            f"{knows.error:.3g}. It has nothing to teach.",
        )
    leads = _compare(teacher, plain, held_out_ratio)
    if not leads.mean > 0:
        return Choice(
            0,
            "Kept the plain student: on held-out rows the teacher's score is "
            f"{teacher.mean():.4g}, the plain student's {plain.mean():.4g}.",
        )
    best = int(scores[1:].mean(axis=1).argmax()) + 1
    gain = _compare(scores[best], plain, held_out_ratio)
    found = (
        f"{names[best]} scores {scores[best].mean():.4g} on held-out rows, the plain "
        f"student {plain.mean():.4g}, the teacher {teacher.mean():.4g}; the paired "
        f"difference is {gain.mean:.3g}, with a standard error of {gain.error:.3g}."
    )
    if gain.mean > gain.error:
        return Choice(best, f"Chose distillation: {found}")
    return Choice(0, f"Kept the plain student: the best candidate, {found}")
