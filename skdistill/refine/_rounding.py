"""Whether refined leaf values survive in a library that adds them up in floats.

A sum of trees in single precision that begins far from zero, say at 5e7, holds
multiples of 4 alone: smaller leaf values are rounded away, tree after tree. What was
solved for in double precision is then not what the model predicts, and may be far worse
than what it was grown to, as growing saw the rounded sums.
"""

import numpy as np
from numpy.typing import NDArray

from skdistill._typing import Table
from skdistill._warnings import warn_user
from skdistill.exceptions import UnrefinedWarning
from skdistill.refine._solver import Problem
from skdistill.students import LeafModel

__all__ = ["without_lost_corrections"]

# Rounding up to this fraction of the target's deviations cannot matter.
_HARMLESS = 1e-3
# The fractions of the gain, and of the loss, that may be lost.
_MOST_OF_GAIN, _MOST_OF_LOSS = 0.5, 0.01


def without_lost_corrections(
    problem: Problem,
    leaf_model: LeafModel,
    X: Table,
    offset: NDArray | None,
    corrections: list[NDArray],
) -> list[NDArray]:
    """Return the corrections, those that rounding would undo replaced by zeros.

    Parameters
    ----------
    problem : Problem
        The rows, as they were solved for.
    leaf_model : LeafModel
        The leaves of the model as it is.
    X : table of shape (n_samples, n_features)
        The rows.
    offset : ndarray of shape (n_samples, n_outputs) or None
        What is added to the raw predictions.
    corrections : list of ndarray
        For each strength.

    Returns
    -------
    list of ndarray
    """
    if not leaf_model.single_precision or _is_harmless(problem, len(leaf_model.sizes)):
        return corrections
    kept: dict[int, NDArray] = {}
    for correction in corrections:
        if id(correction) not in kept:
            survives = not correction.any() or _survives(
                problem, leaf_model, X, offset, correction
            )
            kept[id(correction)] = correction if survives else 0 * correction
    if any(kept[id(one)] is not one for one in corrections):
        warn_user(
            f"The leaf values of this {type(leaf_model.model).__name__} are left as "
            "they were: it adds them up in single precision, and its predictions, "
            f"around {np.mean(problem.raw):.3g}, are too large for deviations of "
            f"{_deviations(problem).min():.3g}. Subtract a constant from y, or divide "
            "out its size; TransformedTargetRegressor around the distilled model does.",
            UnrefinedWarning,
        )
    return [kept[id(one)] for one in corrections]


def _is_harmless(problem: Problem, n_trees: int) -> bool:
    """Return whether sums of leaves are rounded by too little to matter."""
    largest = np.abs(problem.raw).max(axis=0).astype(np.float32)
    rounding = np.spacing(largest) * np.sqrt(n_trees)
    return bool((rounding <= _HARMLESS * _deviations(problem)).all())


def _deviations(problem: Problem) -> NDArray:
    return problem.loss.target.std(axis=0)


def _survives(
    problem: Problem,
    leaf_model: LeafModel,
    X: Table,
    offset: NDArray | None,
    correction: NDArray,
) -> bool:
    """Return whether the corrected model gains what was solved for, or most of it."""
    refined = type(leaf_model)(leaf_model.corrected(correction))
    before, hoped, found = (
        problem.loss.value(raw)
        for raw in (
            problem.raw,
            problem.raw_with(correction),
            refined.raw_from(X, offset),
        )
    )
    return found - hoped <= max(
        _MOST_OF_GAIN * (before - hoped), _MOST_OF_LOSS * before
    )
