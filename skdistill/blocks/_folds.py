"""Folds of whole blocks: none is split between fit and prediction."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skdistill._typing import Table
from skdistill.teachers import (
    FoldMeanClassifier,
    FoldMeanRegressor,
    check_predictions,
)

__all__ = ["BlockFolds", "assign_folds"]


class BlockFolds(NamedTuple):
    """The teachers of the folds, and which of them did not see which block.

    Attributes
    ----------
    teacher : FoldMeanRegressor or FoldMeanClassifier
        Their mean.
    of_block : tuple of int
        For each block the number of the teacher that did not see it.
    """

    teacher: FoldMeanRegressor | FoldMeanClassifier
    of_block: tuple[int, ...]

    def predict(self, X: Table, block: int) -> NDArray:
        """Return the out-of-fold predictions for samples of a block."""
        predictions = self.teacher.predict_by(self.of_block[block], X)
        check_predictions(predictions, f"block {block} of X")
        return predictions


def assign_folds(counts: Sequence[int], n_folds: int, seed: int) -> tuple[int, ...]:
    """Return the fold of each block, so that all folds hold about as many samples.

    Parameters
    ----------
    counts : sequence of int
        How many samples each block has.
    n_folds : int
        How many folds there are.
    seed : int
        The same seed assigns the same folds.

    Returns
    -------
    folds : tuple of int

    Raises
    ------
    ValueError
        If a fold would be empty.

    Examples
    --------
    >>> assign_folds([5, 5, 10], 2, seed=0)
    (1, 1, 0)
    """
    filled = np.count_nonzero(counts)
    if filled < n_folds:
        raise ValueError(
            f"Each fold must have a partition of its own, so cv={n_folds} needs "
            f"{n_folds} that hold samples. Got {filled}; those of weight 0 do not "
            "count. Use X.repartition or rechunk, fewer folds, or a number "
            "as teacher_samples."
        )
    # The largest first, each to the fold with the fewest samples; blocks of the same
    # size in random order, as they may be sorted.
    order = np.random.default_rng(seed).permutation(len(counts))
    order = order[np.argsort(-np.asarray(counts)[order], kind="stable")]
    sizes, folds = np.zeros(n_folds, dtype=int), np.zeros(len(counts), dtype=int)
    for block in order:
        folds[block] = sizes.argmin()
        sizes[folds[block]] += counts[block]
    return tuple(folds.tolist())
