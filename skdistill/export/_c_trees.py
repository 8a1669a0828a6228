"""An ensemble of trees as a C function over arrays of nodes.

A split takes its threshold and three small integers, a leaf its value. Leaves are
numbered apart from splits: a child below 0 is the leaf ~child of its tree.

Missing values fail every comparison, so they go to the second child. Where they have to
go left, v <= t is written as not -v <= -(the next number after t), on negated values
that stand behind the others, and the children change places: no split need ask whether
a value is missing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.export._c_source import CSource, braces, number, smallest_type
from skdistill.export._ensembles import Ensemble, Tree

__all__ = ["write_trees"]

_REFUSE_MISSING = """\
for (int i = 0; i < {n_inputs}; i++)
    if (x[i] != x[i]) {{
        for (int k = 0; k < {n_outputs}; k++)
            y[k] = NAN;
        return;
    }}
"""
_ROW = """\
{value} row[{n_row}];
for (int i = 0; i < {n_inputs}; i++)
    row[i] = ({value})x[i];
"""
_NEGATED = """\
for (int i = 0; i < {n_inputs}; i++)
    row[{n_inputs} + i] = -row[i];
"""
_START = """\
for (int k = 0; k < {n_outputs}; k++)
    y[k] = {start}[k];
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
_DIVIDE = """\
for (int k = 0; k < {n_outputs}; k++)
    y[k] /= {divisor};
"""


def write_trees(source: CSource, ensemble: Ensemble, n_inputs: int) -> str:
    """Write the arrays of an ensemble; return the statements that compute its outputs.

    Parameters
    ----------
    source : CSource
        Where the arrays are written to.
    ensemble : Ensemble
        The trees.
    n_inputs : int
        The number of values that it gets.

    Returns
    -------
    body : str
        Reads x and writes y.
    """
    trees = [_splits_of(tree, ensemble, n_inputs) for tree in ensemble.trees]
    has_negated = any((tree.feature >= n_inputs).any() for tree in trees)
    is_rounded = ensemble.single and source.real == "double"
    body = "" if ensemble.takes_missing else _REFUSE_MISSING
    if trees and (is_rounded or has_negated):
        body += _ROW + (_NEGATED if has_negated else "")
    body += _START if trees else "(void)x;\n" + _START
    facts: dict[str, Any] = {
        "n_inputs": n_inputs,
        "n_outputs": len(ensemble.start),
        "n_row": (1 + has_negated) * n_inputs,
        "value": "float" if ensemble.single else source.real,
        "start": source.array(ensemble.start, source.real),
    }
    if trees:
        body += _WALK
        facts |= _nodes(source, trees) | {"add": _add(source, ensemble)}
        facts["row"] = "row" if is_rounded or has_negated else "x"
    if ensemble.divisor != 1.0:
        body += _DIVIDE
        facts["divisor"] = number(ensemble.divisor, source.real)
    return body.format(**facts).rstrip()


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
    numbers = np.where(inner, np.cumsum(inner) - 1, ~(np.cumsum(~inner) - 1))
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
        "splits": _records(source, fields),
    }


def _records(source: CSource, fields: dict[str, NDArray]) -> str:
    """Write an array of structures of integers; return its name."""
    types = {name: smallest_type(values) for name, values in fields.items()}
    members = " ".join(f"{kind}_t {name};" for name, kind in types.items())
    columns = (values.tolist() for values in fields.values())
    items = [braces(map(str, row)) for row in zip(*columns, strict=True)]
    name = source.new_name()
    source.blocks.append(
        f"static const struct {{ {members} }} {name}[] = {braces(items)};"
    )
    return name


def _add(source: CSource, ensemble: Ensemble) -> str:
    """Return the statement that adds what a leaf gives to the outputs."""
    trees = ensemble.trees
    values = np.concatenate([tree.value[tree.is_leaf] for tree in trees])
    is_quantised = ensemble.leaves != "float"
    kind = ensemble.leaves if is_quantised else source.kind_of(values)
    leaves, n_values = source.array(values, kind), values.shape[1]
    scale = ""
    if is_quantised:
        scale = source.array([tree.scale for tree in trees], "float") + "[t] * "
    if n_values > 1:
        value = f"{scale}{leaves}[leaf * {n_values} + k]"
        return f"for (int k = 0; k < {n_values}; k++)\n        y[k] += {value};"
    if len(ensemble.start) == 1:
        return f"y[0] += {scale}{leaves}[leaf];"
    outputs = source.array([tree.output for tree in trees])
    return f"y[{outputs}[t]] += {scale}{leaves}[leaf];"
