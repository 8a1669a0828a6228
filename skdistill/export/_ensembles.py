"""Trees as arrays of nodes, alike for every library."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ensemble", "Tree"]


@dataclass(frozen=True)
class Tree:
    """A tree of at least two leaves. Its root is node 0.

    Attributes
    ----------
    feature, threshold : ndarray of shape (n_nodes,)
        A sample goes left where this feature is not above this threshold.
    missing_left : ndarray of bool of shape (n_nodes,)
        Whether missing values go left.
    left, right : ndarray of shape (n_nodes,)
        The nodes below, -1 at leaves.
    value : ndarray of shape (n_nodes, n_values)
        What a leaf adds, times `scale`, to as many outputs from `output` on.
    output : int
        The first of them.
    scale : float
        The step of quantised leaves.
    """

    feature: NDArray
    threshold: NDArray
    missing_left: NDArray[np.bool_]
    left: NDArray
    right: NDArray
    value: NDArray
    output: int = 0
    scale: float = 1.0

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Whether nodes are leaves."""
        return self.left < 0

    @property
    def leaves_before(self) -> NDArray[np.intp]:
        """How many leaves stand left of those of each node, (n_nodes,)."""
        order, stack = [], [0]
        while stack:
            node = stack.pop()
            order.append(node)
            if self.left[node] >= 0:
                stack += [int(self.right[node]), int(self.left[node])]
        is_leaf = self.is_leaf[order]
        before = np.zeros(len(self.left), dtype=np.intp)
        before[order] = np.cumsum(is_leaf) - is_leaf
        return before

    @property
    def leaf_values(self) -> NDArray:
        """The values of the leaves, from left to right."""
        leaves = np.flatnonzero(self.is_leaf)
        return self.value[leaves[np.argsort(self.leaves_before[leaves])]]

    @property
    def outputs(self) -> slice:
        """The outputs that the leaves add to."""
        return slice(self.output, self.output + self.value.shape[1])

    def apply(self, X: NDArray) -> NDArray:
        """Return what the leaf of each sample adds, (n_samples, n_values)."""
        nodes, rows = np.zeros(len(X), dtype=np.intp), np.arange(len(X))
        while len(rows):
            at = nodes[rows]
            values = X[rows, self.feature[at]]
            goes_left = np.where(
                np.isnan(values), self.missing_left[at], values <= self.threshold[at]
            )
            nodes[rows] = np.where(goes_left, self.left[at], self.right[at])
            rows = rows[~self.is_leaf[nodes[rows]]]
        return self.scale * self.value[nodes]


@dataclass(frozen=True)
class Ensemble:
    """(start + what the leaves of all trees add) / divisor; a part.

    Attributes
    ----------
    trees : tuple of Tree
        None of them is a single leaf.
    start : ndarray of shape (n_outputs,)
        What the sum begins with.
    divisor : float
        By which the sum is divided.
    single : bool
        Whether samples are rounded to single precision first.
    takes_missing : bool
        Whether the model takes missing values.
    leaves : {"float", "int16", "int8"}
        What leaves hold.
    """

    trees: tuple[Tree, ...]
    start: NDArray
    divisor: float = 1.0
    single: bool = False
    takes_missing: bool = True
    leaves: str = "float"

    def apply(self, X: NDArray) -> NDArray:
        rows = X.astype(np.float32).astype(float) if self.single else X
        total = np.tile(self.start, (len(X), 1))
        for tree in self.trees:
            total[:, tree.outputs] += tree.apply(rows)
        return total / self.divisor

    def count_outputs(self, n_inputs: int) -> int:
        return len(self.start)

    def in_single_precision(self, rounded: Callable[[NDArray], NDArray]) -> "Ensemble":
        """Return the ensemble that compares single with single precision."""
        if self.single:
            return self
        trees = (
            replace(tree, threshold=rounded(tree.threshold).astype(float))
            for tree in self.trees
        )
        return replace(self, trees=tuple(trees), single=True)

    def in_double_precision(self) -> "Ensemble":
        """Return the ensemble that need not round samples to single precision.

        Each threshold is the largest double that is rounded to the one before or below.
        """
        if not self.single:
            return self
        trees = (
            replace(tree, threshold=_highest_rounded(tree.threshold))
            for tree in self.trees
        )
        return replace(self, trees=tuple(trees), single=False)

    def quantised(self, leaves: str) -> "Ensemble":
        """Return the ensemble with integers in the leaves, each tree on its own scale.

        The middle between the highest and the lowest leaf goes to the start, so the
        error of a leaf is at most 1 in 4 * limit of how far a tree's leaves lie apart.
        """
        start, trees = self.start.copy(), []
        limit = np.iinfo(leaves).max
        for tree in self.trees:
            values = tree.value[tree.is_leaf]
            low, high = values.min(axis=0), values.max(axis=0)
            middle = (low + high) / 2
            start[tree.outputs] += middle
            scale = float(np.float32((high - middle).max() / limit)) or 1.0
            codes = np.rint((tree.value - middle) / scale).clip(-limit, limit)
            trees.append(replace(tree, value=codes, scale=scale))
        return replace(self, trees=tuple(trees), start=start, leaves=leaves)


def _highest_rounded(thresholds: NDArray) -> NDArray[np.float64]:
    """Return the largest doubles that are rounded to these numbers or below.

    They are the middle between a number and the next, where the number is even and so
    gets what lies there, or the double before that.
    """
    single = thresholds.astype(np.float32)
    with np.errstate(over="ignore"):
        after = np.nextafter(single, np.float32(np.inf)).astype(float)
    after[np.isposinf(after)] = 2.0**128  # From half-way to which on all is infinite.
    middle = (single.astype(float) + after) / 2
    is_even = single.view(np.uint32) % 2 == 0
    highest = np.where(is_even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isposinf(single), np.inf, highest)
