"""Trees as a C function that walks down arrays of nodes.

A split takes its threshold and three small integers, a leaf its value. Leaves are
numbered apart from splits, from left to right: a child below 0 is the leaf ~child of
its tree.

Missing values fail every comparison, so they go to the second child. Where they have to
go left, v <= t is written as not -v <= -(the next number after t), on negated values
that stand behind the others, and the children change places: no split need ask whether
a value is missing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.export._c_source import CSource
from skdistill.export._ensembles import Ensemble, Tree

__all__ = ["write_walk"]

_ROW = """\
{value} row[{n_row}];
for (int i = 0; i < {n_inputs}; i++)
    row[i] = ({value})x[i];
"""
_NEGATED = """\
for (int i = 0; i < {n_inputs}; i++)
    row[{n_inputs} + i] = -row[i];
"""
_WALK = """\
for (int t = 0; t < {n_trees}; t++) {{
    const int first = {starts}[t];
    int node = 0;
    do {{
        const int split = first + node;
        const int below = {row}[{splits}[split].feature] <= {thresholds}[split];
        node = below ? {splits}[split].first : {splits}[split].second;
    }} while (node >= 0);
    const int leaf = first + t + ~node;
    {add}
}}
"""


def write_walk(
    source: CSource, ensemble: Ensemble, n_inputs: int, value: str, add: str
) -> str:
    """Write the arrays of trees of any size.

    Parameters
    ----------
    source, ensemble, value, add
        As for `write_bits`.
    n_inputs : int
        The number of values in x.

    Returns
    -------
    body : str
        The statements that read x and add to y.
    """
    trees = [_splits_of(tree, ensemble, n_inputs) for tree in ensemble.trees]
    has_negated = any((tree.feature >= n_inputs).any() for tree in trees)
    has_row = has_negated or value != source.real
    facts: dict[str, Any] = {
        "n_inputs": n_inputs,
        "n_row": (1 + has_negated) * n_inputs,
        "value": value,
        "row": "row" if has_row else "x",
        "add": add,
    } | _nodes(source, trees)
    body = _ROW if has_row else ""
    body += _NEGATED if has_negated else ""
    return (body + _WALK).format(**facts)


@dataclass(frozen=True)
class _Splits:
    """The splits of one tree; children below 0 are leaves."""

    feature: NDArray
    threshold: NDArray
    first: NDArray
    second: NDArray


def _splits_of(tree: Tree, ensemble: Ensemble, n_inputs: int) -> _Splits:
    """Return the splits of a tree, so that missing values go to the second child."""
    inner = ~tree.is_leaf
    numbers = np.where(inner, np.cumsum(inner) - 1, ~tree.leaves_before)
    threshold, feature = tree.threshold[inner], tree.feature[inner]
    left, right = numbers[tree.left[inner]], numbers[tree.right[inner]]
    negated = tree.missing_left[inner] & ensemble.takes_missing
    precision = np.float32 if ensemble.single else np.float64
    with np.errstate(over="ignore"):
        after = np.nextafter(threshold.astype(precision), precision(np.inf))
    # Nothing is above infinity.
    after = np.where(np.isposinf(after), np.nan, after.astype(float))
    return _Splits(
        np.where(negated, feature + n_inputs, feature),
        np.where(negated, -after, threshold),
        np.where(negated, right, left),
        np.where(negated, left, right),
    )


def _nodes(source: CSource, trees: list[_Splits]) -> dict[str, Any]:
    """Write the arrays of all splits; return what the loop over the trees names."""
    n_splits = np.array([len(tree.first) for tree in trees])
    feature, threshold, first, second = (
        np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("feature", "threshold", "first", "second")
    )
    fields = {"feature": feature, "first": first, "second": second}
    return {
        "n_trees": len(trees),
        "starts": source.array(np.cumsum(n_splits) - n_splits),
        "thresholds": source.array(threshold, source.kind_of(threshold)),
        "splits": source.records(fields),
    }
