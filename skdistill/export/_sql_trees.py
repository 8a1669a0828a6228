"""Trees as expressions of SQL.

A tree is one CASE that follows the larger child of each split, and has the smaller one
behind a WHEN. So no CASE lies within more others than the number of leaves can be
halved, however deep the tree is: SQLite's parser takes less than 20.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skdistill.export._ensembles import Ensemble, Tree
from skdistill.export._sql_source import number, summed

__all__ = ["tree_sums"]


def tree_sums(ensemble: Ensemble, names: Sequence[str]) -> list[str]:
    """Return the expressions of the outputs of an ensemble.

    Parameters
    ----------
    ensemble : Ensemble
        Of any precision; what it rounds to single precision is compared as it is, with
        other thresholds.
    names : sequence of str
        The names of the values that it gets.

    Returns
    -------
    values : list of str
    """
    ensemble = ensemble.in_double_precision()
    terms = [[number(start)] for start in ensemble.start]
    for tree in ensemble.trees:
        writer = _TreeWriter(tree, names, takes_missing=ensemble.takes_missing)
        for column in range(tree.value.shape[1]):
            values = tree.value[:, column]
            terms[tree.output + column].append(writer.case(values))
    sums = [summed(one) for one in terms]
    if ensemble.divisor != 1.0:
        sums = [f"({one}) / {number(ensemble.divisor)}" for one in sums]
    if ensemble.takes_missing:
        return sums
    missing = " OR ".join(f"{name} IS NULL" for name in names)
    return [f"CASE WHEN {missing} THEN NULL ELSE {one} END" for one in sums]


class _TreeWriter:
    """Writes a tree for each of its outputs."""

    def __init__(
        self, tree: Tree, names: Sequence[str], *, takes_missing: bool
    ) -> None:
        self._tree, self._names = tree, names
        self._before = tree.leaves_before
        self._takes_missing = takes_missing

    def case(self, values: NDArray) -> str:
        """Return the expression of what the leaf of a sample holds."""
        return self._case(values, 0, int(self._tree.is_leaf.sum()))

    def _case(self, values: NDArray, node: int, n_leaves: int) -> str:
        tree, branches = self._tree, []
        while tree.left[node] >= 0:
            left, right = tree.left[node], tree.right[node]
            n_left = int(self._before[right] - self._before[node])
            goes_left = 2 * n_left <= n_leaves
            small, other = (left, right) if goes_left else (right, left)
            n_small = n_left if goes_left else n_leaves - n_left
            branches.append(
                f"WHEN {self._condition(node, goes_left=goes_left)} "
                f"THEN {self._case(values, small, n_small)}"
            )
            node, n_leaves = other, n_leaves - n_small
        leaf = number(values[node])
        return f"CASE {' '.join(branches)} ELSE {leaf} END" if branches else leaf

    def _condition(self, node: int, *, goes_left: bool) -> str:
        """Return whether a sample goes left, or whether it goes right."""
        name = self._names[self._tree.feature[node]]
        threshold = self._tree.threshold[node]
        sign = "<=" if goes_left else ">"
        compared = f"{name} {sign} {number(threshold)}"
        if np.isposinf(threshold):  # Of which SQL has no constant.
            compared = f"{name} IS NOT NULL" if goes_left else "1 = 0"
        elif np.isneginf(threshold):
            sign = "<" if goes_left else ">="
            compared = f"{name} {sign} {number(-np.finfo(float).max)}"
        if self._takes_missing and self._tree.missing_left[node] == goes_left:
            return f"{compared} OR {name} IS NULL"
        return compared
