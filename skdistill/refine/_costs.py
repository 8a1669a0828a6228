"""What it costs to make a split node a leaf, where all other leaves make up for it.

At the solution v of a loss with the Hessian H, the constraint that the m leaves of a
split node have one value raises the loss by half of

    min_u (v - u)' S (v - u),    S = ((H^-1)_mm)^-1,

the block of the inverse that belongs to these leaves, inverted, with a constant u. So
it is the spread of the values around their mean, weighted by S. With one constraint it
is the saliency of the optimal brain surgeon. Without the inverse's other entries, which
for very many leaves would take too long, the other leaves stay as they are; for a
single tree the two are the same, up to the strength.

References: Hassibi and Stork, "Second order derivatives for network pruning: Optimal
Brain Surgeon", 1992, equation 5; Breiman et al., "Classification and Regression Trees",
1984, section 3.3 (the cost for each leaf that is saved).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor
from scipy.linalg.lapack import dpotri

from skdistill.refine._matrix import LeafMatrix, merging
from skdistill.refine._solver import Problem

__all__ = ["Curvature", "merging_cost"]

# Beyond, the Hessian of an output is taken as diagonal.
_MOST_INVERTED = 3000
# So many rows say enough of it.
_MOST_ROWS = 8000

# From the numbers of some leaves of a tree to the block of the inverse.
Inverse = Callable[[NDArray], NDArray]


class Curvature:
    """The Hessian of a problem in the leaf values, from a part of its rows.

    Parameters
    ----------
    problem : Problem
        What is solved.
    matrix : LeafMatrix
        The leaves of the whole trees.
    strength : float
        How strongly they are held.
    """

    def __init__(self, problem: Problem, matrix: LeafMatrix, strength: float) -> None:
        n_rows = len(problem.raw)
        n_used = min(n_rows, _MOST_ROWS)
        self._which = np.linspace(0, n_rows - 1, n_used).astype(int)
        self._problem, self._strength = problem, strength
        self._factor = n_rows / n_used
        self._parts = matrix.rows(self._which)

    def inverse(self, raw: NDArray, group: NDArray) -> Inverse:
        """Return the inverse where raw predictions are `raw` and leaves are merged.

        Parameters
        ----------
        raw : ndarray of shape (n_samples, n_outputs)
            The raw predictions.
        group : ndarray of int of shape (n_whole_leaves,)
            The present leaf that each leaf of the whole trees belongs to.
        """
        weight = self._problem.loss.own_curvature(raw)[self._which] * self._factor
        place = np.empty(int(group.max()) + 1, dtype=np.intp)
        part_of = np.empty_like(place)
        inverses = []
        for number, (leaves, rows) in enumerate(self._parts):
            present, own = np.unique(group[leaves], return_inverse=True)
            place[present], part_of[present] = np.arange(len(present)), number
            merged = rows @ merging(own)
            weighted = merged.multiply(weight[:, number, None])
            inverses.append(self._invert(merged, weighted))

        def block(leaves: NDArray) -> NDArray:
            found, places = inverses[part_of[leaves[0]]], place[leaves]
            if found.ndim == 1:
                return np.diag(found[places])
            return found[np.ix_(places, places)]

        return block

    def _invert(self, rows: NDArray, weighted: NDArray) -> NDArray:
        """Return the inverse of rows' weighted + strength, or that of its diagonal."""
        n_leaves = rows.shape[1]
        if n_leaves > _MOST_INVERTED:
            return 1 / (weighted.sum(axis=0) + self._strength)
        hessian = (rows.T @ weighted).toarray()
        hessian[np.diag_indices(n_leaves)] += self._strength
        factor, is_lower = cho_factor(hessian, overwrite_a=True)
        found, _ = dpotri(factor, lower=is_lower, overwrite_c=True)
        upper = np.triu(found)  # All that is made of a symmetric matrix.
        return upper + np.triu(upper, 1).T


def merging_cost(block: NDArray, values: NDArray) -> float:
    """Return twice by how much the loss grows if values become one.

    Parameters
    ----------
    block : ndarray of shape (n_leaves, n_leaves)
        The part of the Hessian's inverse that belongs to the leaves.
    values : ndarray of shape (n_leaves, n_columns)
        The contributions of the leaves.
    """
    weights = np.linalg.inv(block)
    total = weights.sum(axis=0)
    away = values - total @ values / total.sum()
    return float(np.vdot(away, weights @ away))
