"""An ensemble of trees as a C function."""

from typing import Any

import numpy as np

from skdistill.export._c_bits import MAX_LEAVES, write_bits
from skdistill.export._c_source import CSource, number
from skdistill.export._c_walk import write_walk
from skdistill.export._ensembles import Ensemble

__all__ = ["write_trees"]

_REFUSE_MISSING = """\
for (int i = 0; i < {n_inputs}; i++)
    if (x[i] != x[i]) {{
        for (int k = 0; k < {n_outputs}; k++)
            y[k] = NAN;
        return;
    }}
"""
_START = """\
for (int k = 0; k < {n_outputs}; k++)
    y[k] = {start}[k];
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
    facts: dict[str, Any] = {
        "n_inputs": n_inputs,
        "n_outputs": len(ensemble.start),
        "start": source.array(ensemble.start, source.real),
    }
    body = "" if ensemble.takes_missing else _REFUSE_MISSING
    body = (body + _START).format(**facts)
    body += _sum(source, ensemble, n_inputs) if ensemble.trees else "(void)x;\n"
    if ensemble.divisor != 1.0:
        body += _DIVIDE.format(divisor=number(ensemble.divisor, source.real), **facts)
    return body.rstrip()


def _sum(source: CSource, ensemble: Ensemble, n_inputs: int) -> str:
    """Return the statements that add the leaves of a sample to y."""
    value = "float" if ensemble.single else source.real
    add = _add(source, ensemble)
    if max(tree.is_leaf.sum() for tree in ensemble.trees) > MAX_LEAVES:
        return write_walk(source, ensemble, n_inputs, value, add)
    return write_bits(source, ensemble, value, add)


def _add(source: CSource, ensemble: Ensemble) -> str:
    """Return the statement that adds what a leaf gives to the outputs."""
    trees = ensemble.trees
    values = np.concatenate([tree.leaf_values for tree in trees])
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
