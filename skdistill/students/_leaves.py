"""What the leaf refinement needs to know of a model, whatever its library."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skdistill._typing import Estimator, Table

__all__ = ["CutTree", "LeafLoss", "LeafModel", "LeafNodes", "check_objective"]

LeafLoss: TypeAlias = Literal["squared", "log", "brier"]


class CutTree(NamedTuple):
    """What is left of a tree some of whose nodes have become leaves.

    Attributes
    ----------
    kept : ndarray of int of shape (n_kept,)
        The nodes that stay, by their numbers in the whole tree, in this order.
    children : ndarray of int of shape (n_kept, 2)
        The left and the right child of each among the kept ones; -1 in a leaf.
    values : ndarray of shape (n_leaves, n_columns)
        The contributions of its leaves, in their order.
    """

    kept: NDArray
    children: NDArray
    values: NDArray

    @property
    def is_leaf(self) -> NDArray:
        """Whether a kept node is a leaf, of shape (n_kept,)."""
        return self.children[:, 0] < 0

    @property
    def depth(self) -> int:
        """The number of splits above the deepest leaf."""
        depth, level = -1, np.array([0])
        while level.size:
            depth, level = depth + 1, self.children[level].ravel()
            level = level[level >= 0]
        return depth


class LeafModel:
    """A fitted model whose raw prediction is a sum of leaf values and a constant part.

    The leaf values themselves are not asked for: the refinement finds a correction of
    each leaf's *contribution* to the raw prediction, so that shrinkage, averaging and
    the constant part are the subclass's business alone.

    A subclass sets the attributes in ``__init__`` or on the class, and defines `raw`,
    `leaves` and `corrected`. One whose trees can be cut defines `children`,
    `contributions` and `cut` too.

    Parameters
    ----------
    model : estimator
        Fitted. It is never changed.

    Attributes
    ----------
    sizes : sequence of int of shape (n_trees,)
        The number of leaves of each tree.
    n_outputs : int, default=1
        The number of columns of the raw prediction.
    outputs : ndarray of int of shape (n_trees,), default=None
        The column that each tree adds to; None if each leaf has a value for each.
    loss : {"squared", "log", "brier"}
        The loss of the raw predictions that is minimised: squared loss of values,
        cross-entropy of logits, squared loss of probabilities. With two classes, log
        loss has one logit, that of the second class.
    bounded : bool, default=False
        Whether some leaf values are invalid, so that corrections need `project`.
    single_precision : bool, default=False
        Whether the library adds up its leaf values in single precision, so that small
        ones may be lost beside large predictions.
    allowed : dict of str to sequence, default={}
        The parameters that may rule out the refinement, with the values that do not;
        None alone where the parameter holds monotone constraints, which it would break.

    Examples
    --------
    A single tree of scikit-learn, whose leaves are numbered among its nodes:

    >>> from copy import deepcopy
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.students import LeafModel, LeafNodes
    >>> class TreeLeaves(LeafModel):
    ...     loss = "squared"
    ...
    ...     def __init__(self, model):
    ...         super().__init__(model)
    ...         self.nodes = LeafNodes([model.tree_.children_left])
    ...         self.sizes = self.nodes.sizes
    ...
    ...     def raw(self, X):
    ...         return self.model.predict(X)
    ...
    ...     def leaves(self, X):
    ...         return self.nodes.numbers(self.model.apply(X)[:, None])
    ...
    ...     def corrected(self, correction):
    ...         model = deepcopy(self.model)
    ...         model.tree_.value[self.nodes.nodes[0], 0, 0] += correction[:, 0]
    ...         return model
    >>> X, y = load_diabetes(return_X_y=True)
    >>> leaves = TreeLeaves(DecisionTreeRegressor(max_leaf_nodes=4).fit(X, y))
    >>> leaves.leaves(X).max(), leaves.sizes
    (np.int64(3), [4])
    """

    sizes: Sequence[int]
    n_outputs: int = 1
    outputs: NDArray | None = None
    loss: LeafLoss
    bounded: bool = False
    single_precision: bool = False
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {}

    def __init__(self, model: Estimator) -> None:
        self.model = model

    @classmethod
    def reason(cls, estimator: Estimator) -> str | None:
        """Return why an estimator, fitted or not, cannot be refined, None if it can."""
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

    def raw_from(self, X: Table, offset: NDArray | None) -> NDArray:
        """Return the raw predictions, begun at an offset, (n_samples, n_outputs)."""
        raw = np.reshape(self.raw(X), (-1, self.n_outputs))
        return raw if offset is None else raw + offset

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

    @property
    def rounds(self) -> NDArray:
        """The round that each tree belongs to: rounds are left out as a whole."""
        per_round = 1 if self.outputs is None else self.n_outputs
        return np.arange(len(self.sizes)) // per_round

    def children(self) -> list[NDArray]:
        """Return, for each tree, its nodes' children, of shape (n_nodes, 2).

        Node 0 is the root. A leaf has -1 twice; the leaves are in the order of their
        numbers.
        """
        raise NotImplementedError

    def contributions(self) -> NDArray:
        """Return what each leaf adds to the raw prediction, as `corrected` takes it."""
        raise NotImplementedError

    def cut(self, trees: Sequence[CutTree | None]) -> Estimator:
        """Return a copy of the model with cut trees, and without those that are None.

        Trees of the same round are left out together.
        """
        raise NotImplementedError

    @classmethod
    def can_be_cut(cls) -> bool:
        """Return whether trees can be cut."""
        return cls.cut is not LeafModel.cut

    def by_tree(self, correction: NDArray) -> list[NDArray]:
        """Cut a correction into those of each tree."""
        return np.split(correction, np.cumsum(self.sizes)[:-1])


class LeafNodes:
    """The leaves among the numbered nodes of each tree.

    Parameters
    ----------
    left_children : iterable of ndarray of shape (n_nodes,)
        For each tree, each node's left child, below 0 in a leaf.

    Attributes
    ----------
    nodes : list of ndarray of int of shape (n_leaves,)
        The node numbers of each tree's leaves.
    sizes : list of int
        The number of leaves of each tree.

    Examples
    --------
    >>> from skdistill.students import LeafNodes
    >>> leaves = LeafNodes([np.array([1, -1, -1])])  # A root with two leaves.
    >>> leaves.numbers(np.array([[1], [2], [2]])).ravel()
    array([0, 1, 1])
    """

    def __init__(self, left_children: Iterable[NDArray]) -> None:
        self.nodes: list[NDArray] = []
        self._numbers: list[NDArray] = []
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
