"""Trees that no model grew."""

import numpy as np

from skdistill.export._ensembles import Tree

__all__ = ["EDGES", "random_tree"]

# Values on the thresholds, between and beyond them.
EDGES = np.array([-np.inf, -1.0, 0.0, 0.05, 0.5, 1.0, 3.0, np.inf, np.nan])


def random_tree(n_leaves, rng):
    """Return a tree that grew at random leaves, with missing values either way."""
    n_nodes = 2 * n_leaves - 1
    left, right = np.full(n_nodes, -1), np.full(n_nodes, -1)
    leaves = [0]
    for child in range(1, n_nodes, 2):
        node = leaves.pop(rng.integers(len(leaves)))
        left[node], right[node] = child, child + 1
        leaves += [child, child + 1]
    return Tree(
        feature=rng.integers(3, size=n_nodes),
        threshold=rng.choice([-1.0, 0.0, 0.1, 0.5, 2.0, np.inf], n_nodes),
        missing_left=rng.random(n_nodes) < 0.5,
        left=left,
        right=right,
        value=rng.normal(size=(n_nodes, 1)),
    )
