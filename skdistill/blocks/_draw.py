"""Which samples are drawn, of how many blocks and for what."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skdistill._fitting import spawn_seeds

__all__ = ["draw_rows", "seed_of"]


def draw_rows(
    counts: Sequence[int], n_samples: int, seed: int
) -> list[NDArray[np.intp]]:
    """Return which rows of each block make up a sample of all, without replacement.

    Parameters
    ----------
    counts : sequence of int
        How many rows each block has.
    n_samples : int
        How many to draw; all if there are no more.
    seed : int
        The same seed draws the same rows.

    Returns
    -------
    rows : list of ndarray of int
        Sorted.

    Examples
    --------
    >>> draw_rows([2, 1], 3, seed=0)
    [array([0, 1]), array([0])]
    >>> sum(len(rows) for rows in draw_rows([1000, 1000], 10, seed=0))
    10
    """
    if n_samples >= sum(counts):
        return [np.arange(count) for count in counts]
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric(counts, n_samples, method="marginals")
    return [
        np.sort(rng.choice(count, size, replace=False))
        for count, size in zip(counts, drawn, strict=True)
    ]


def seed_of(random_state: Any) -> int:
    """Return a seed: what is done again, or in parts, draws the same each time."""
    if isinstance(random_state, Integral):
        return int(random_state)
    rng = check_random_state(random_state)
    return spawn_seeds(rng, 1)[0] or 0
