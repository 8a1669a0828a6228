"""What the refinement needs to know of a model, whatever its library."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skdistill._typing import Estimator, Table
from skdistill.refine._loss import Loss

__all__ = ["LeafNodes", "TreeModel", "check_objective"]


class TreeModel:
    """A fitted model whose raw prediction is a sum of leaf values and a constant part.

    The leaf values themselves are not asked for: the refinement finds a correction of
    each leaf's *contribution* to the raw prediction, so that shrinkage, averaging and
    the constant part are the subclass's business alone.

    Parameters
    ----------
    model : estimator
        Fitted. It is never changed.

    Attributes
    ----------
    sizes : sequence of int of shape (n_trees,)
        The number of leaves of each tree.
    n_outputs : int
        The columns of the raw prediction.
    outputs : ndarray of int of shape (n_trees,) or None
        The column that each tree adds to; None if each leaf has a value for each.
    loss : type of Loss
        The loss of the raw predictions that is minimised.
    bounded : bool
        Whether not all leaf values are valid, so that corrections need `project`.
    allowed : dict of str to sequence
        The parameters that may rule out the refinement, with the values that do not;
        None alone where the parameter holds monotone constraints, which it would break.
    """

    sizes: Sequence[int]
    n_outputs: int = 1
    outputs: NDArray | None = None
    loss: type[Loss]
    bounded: bool = False
    allowed: ClassVar[dict[str, Sequence[Any]]] = {}

    def __init__(self, model: Estimator) -> None:
        self.model = model

    @classmethod
    def obstacle(cls, estimator: Estimator) -> str | None:
        """Return why the parameters of an estimator, fitted or not, rule it out."""
        params = estimator.get_params(deep=False)
        for name, values in cls.allowed.items():
            value = params.get(name, values[0])
            same = [value is v or (np.isscalar(value) and value == v) for v in values]
            if not any(same):
                return f"got {name}={value!r}, not {' or '.join(map(repr, values))}"
        return None

    def raw(self, X: Table) -> NDArray:
        """Return the raw predictions, (n_samples, n_outputs) or (n_samples,)."""
        raise NotImplementedError

    def leaves(self, X: Table) -> NDArray:
        """Return the leaf in each tree, from 0 on, of shape (n_samples, n_trees)."""
        raise NotImplementedError

    def corrected(self, correction: NDArray) -> Estimator:
        """Return a copy of the model with corrected contributions of its leaves.

        `correction` has shape (n_leaves, 1), or (n_leaves, n_outputs) if `outputs` is
        None; the leaves of the first tree come first.
        """
        raise NotImplementedError

    def project(self, correction: NDArray) -> NDArray:
        """Move to the nearest correction with which all leaves hold valid values."""
        return correction

    def by_tree(self, correction: NDArray) -> list[NDArray]:
        """Cut a correction into those of each tree."""
        return np.split(correction, np.cumsum(self.sizes)[:-1])


class LeafNodes:
    """The leaves among the numbered nodes of each tree.

    Parameters
    ----------
    left_children : iterable of ndarray of shape (n_nodes,)
        For each tree, each node's left child, below 0 in a leaf.
    """

    def __init__(self, left_children: Iterable[NDArray]) -> None:
        self.nodes, self._numbers = [], []
        for children in left_children:
            is_leaf = np.asarray(children) < 0
            self.nodes.append(np.flatnonzero(is_leaf))
            self._numbers.append(np.cumsum(is_leaf) - 1)
        self.sizes = [len(nodes) for nodes in self.nodes]

    def numbers(self, nodes: NDArray) -> NDArray:
        """Turn node numbers into leaf numbers, both of shape (n_samples, n_trees)."""
        result = np.empty(nodes.shape, dtype=np.intp)
        for tree, numbers in enumerate(self._numbers):
            result[:, tree] = numbers[nodes[:, tree]]
        return result


def check_objective(model: Estimator, objective: str, patterns: Sequence[str]) -> None:
    """Raise if a fitted model says that it was trained for another objective."""
    if not any(re.fullmatch(pattern, objective) for pattern in patterns):
        raise ValueError(
            f"The leaves of {type(model).__name__} can be refined for the objectives "
            f"{', '.join(patterns)}. Got a model of objective {objective}."
        )
