"""A race of tuned candidates over the folds: whoever falls behind is left behind.

Successive halving (Jamieson and Talwalkar, 2016) whose resource is the folds. All that
are still in the race are scored on the same fold, and so learn from the same
out-of-fold predictions and drawn samples. The student as it is takes part to the end.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from skdistill.search._alphas import Folds
from skdistill.search._candidates import list_candidates, positions
from skdistill.search._scores import Failure, FoldScores, Group

__all__ = ["joined", "laps", "survivors", "widen"]

# Of so many candidates one goes on, after each of the first two laps.
FACTOR = 3


def laps(groups: Sequence[Group], folds: Folds) -> list[Folds]:
    """Return the folds in parts, after each of which some candidates are left behind.

    Parameters
    ----------
    groups : sequence of Group
        If none of them is tuned, there is one lap.
    folds : list of (train, parts)
        The folds.
    """
    if len(folds) == 1 or not any(group.is_tuned for group in groups):
        return [folds]
    parts = [folds[:1], folds[1:2], folds[2:]]
    return [part for part in parts if part]


def survivors(groups: list[Group], scores: NDArray, alive: list[int]) -> list[int]:
    """Return who goes on: the best third of tuned baselines, and of tuned candidates.

    Parameters
    ----------
    groups : list of Group
        All of them.
    scores : ndarray of shape (n_candidates, n_parts)
        So far.
    alive : list of int
        Who ran the last lap.
    """
    means = np.nan_to_num(scores.mean(axis=1), nan=-np.inf)
    best = {number: means[[*positions(groups, {number})]].max() for number in alive}
    going = [number for number in alive if not groups[number].is_tuned]
    for is_baseline in (True, False):
        tuned = [
            number
            for number in alive
            if groups[number].is_tuned and groups[number].is_baseline == is_baseline
        ]
        tuned.sort(key=lambda number: -best[number])
        going += tuned[: ceil(len(tuned) / FACTOR)]
    return sorted(going)


def joined(results: Sequence[FoldScores]) -> NDArray:
    """Return the scores of all folds, of shape (n_rows, n_parts)."""
    return np.concatenate([fold.scores for fold in results], axis=1)


def widen(found: FoldScores, groups: list[Group], alive: list[int]) -> FoldScores:
    """Return what a fold says of those in the race as what it says of all.

    The scores of the others are not numbers.
    """
    if len(alive) == len(groups):
        return found
    places = sorted(positions(groups, {*alive}))
    n_candidates = len(list_candidates(groups))
    n_references = len(found.scores) - len(places)
    places += range(n_candidates, n_candidates + n_references)
    scores = np.full((n_candidates + n_references, found.scores.shape[1]), np.nan)
    scores[places] = found.scores
    failures = [Failure(alive[one.group], one.error) for one in found.failures]
    return FoldScores(scores, failures)
