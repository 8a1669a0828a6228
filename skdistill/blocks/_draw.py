"""Which samples are drawn, of how many blocks and for what."""

from collections.abc import Sequence
from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

from skdistill._fitting import spawn_seeds
from skdistill._typing import Estimator

__all__ = ["Draw", "draw_rows", "seeded"]


class Draw(NamedTuple):
    """Some rows of a block: a few numbers, of which its worker makes the rows."""

    n_rows: int
    size: int
    seed: tuple[int, int]

    def rows(self) -> NDArray[np.intp]:
        """Return the numbers of the rows, sorted; each time the same."""
        if self.size == self.n_rows:
            return np.arange(self.n_rows)
        rng = np.random.default_rng(self.seed)
        return np.sort(rng.choice(self.n_rows, self.size, replace=False))


def draw_rows(
    counts: Sequence[int], n_samples: int, seed: int, *, for_student: bool = False
) -> list[Draw]:
    """Return which rows of each block make up a sample of all, without replacement.

    Each block gives in proportion to its rows.

    Parameters
    ----------
    counts : sequence of int
        How many rows each block has.
    n_samples : int
        How many to draw; all if there are no more.
    seed : int
        The same seed draws the same rows.
    for_student : bool, default=False
        Whether the student is to learn them. They are drawn apart from those of the
        teacher: else there would be few others among them.

    Returns
    -------
    list of Draw

    Examples
    --------
    >>> [draw.rows() for draw in draw_rows([2, 1], 3, seed=0)]
    [array([0, 1]), array([0])]
    >>> sum(draw.size for draw in draw_rows([1000, 1000], 10, seed=0))
    10
    """
    sizes, total = counts, sum(counts)
    if for_student:
        seed = spawn_seeds(seed, 1)[0] or 0
    if n_samples < total:
        # Systematic: a block gets its part, rounded up or down by one random number, so
        # that each row is as likely as any other.
        ends = np.cumsum([0, *counts]) * (n_samples / total)
        ends = np.floor(ends + np.random.default_rng(seed).random())
        sizes = np.diff(ends).astype(int).tolist()
    pairs = zip(counts, sizes, strict=True)
    return [
        Draw(count, size, (seed, number)) for number, (count, size) in enumerate(pairs)
    ]


def seeded(model: Estimator) -> Estimator:
    """Return a clone that does the steps of a fit; its seed is a number.

    So what is done again, or in parts, draws the same each time. The work of its
    teacher is kept only where the model asks for it.

    Parameters
    ----------
    model : estimator
        A distilled one.

    Returns
    -------
    estimator
    """
    seed = model.random_state
    if not isinstance(seed, Integral):
        seed = spawn_seeds(check_random_state(seed), 1)[0] or 0
    memory = False if model.memory is None else model.memory
    return clone(model).set_params(random_state=int(seed), memory=memory)
