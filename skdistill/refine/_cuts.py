"""Which nodes of a model's trees have become leaves."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skdistill.students import CutTree, LeafModel

__all__ = ["Cuts", "Split"]


class Split(NamedTuple):
    """A node that is still split, and all leaves of the whole tree below it."""

    tree: int
    node: int
    leaves: NDArray


class Cuts:
    """The cuts of a model's trees, none at first.

    Parameters
    ----------
    leaf_model : LeafModel
        One that can be cut.

    Attributes
    ----------
    label : ndarray of int of shape (n_whole_leaves,)
        Leaves of the whole trees that have become one have the same label.
    """

    def __init__(self, leaf_model: LeafModel) -> None:
        self._children = leaf_model.children()
        sizes, outputs = np.asarray(leaf_model.sizes), leaf_model.outputs
        self._rounds = leaf_model.rounds
        self._is_round = np.bincount(self._rounds)[self._rounds] == 1
        self._outputs = np.zeros(len(sizes)) if outputs is None else outputs
        first = np.cumsum([0, *sizes])
        self._tree_of_leaf = np.repeat(np.arange(len(sizes)), sizes)
        self._below = [
            _leaves_below(children, start)
            for children, start in zip(self._children, first[:-1], strict=True)
        ]
        self.label = np.arange(first[-1])
        for start, stop, below in zip(first[:-1], first[1:], self._below, strict=True):
            # What XGBoost has deleted stands among the nodes, below none.
            deleted = np.setdiff1d(np.arange(start, stop), below[0])
            self.label[deleted] = below[0][0]

    @property
    def group(self) -> NDArray:
        """The present leaf, from 0 on, of each leaf of the whole trees.

        Trees that are left out add a constant each: those of an output count as one
        leaf, as what they add cannot be told apart.
        """
        label, gone = self.label.copy(), ~self._stays
        for output in np.unique(self._outputs):
            leaves = np.flatnonzero(
                (gone & (self._outputs == output))[self._tree_of_leaf]
            )
            label[leaves] = label[leaves[:1]].sum()
        return np.unique(label, return_inverse=True)[1]

    @property
    def is_left_out(self) -> NDArray:
        """Whether the tree of each leaf of the whole trees is left out."""
        return ~self._stays[self._tree_of_leaf]

    @property
    def n_leaves(self) -> int:
        """The leaves of the trees that are not left out."""
        stays = self._stays
        return int(self._sizes[stays].sum())

    def splits(self) -> list[Split]:
        """Return the nodes that are still split."""
        return [
            Split(tree, node, leaves)
            for tree, below in enumerate(self._below)
            for node, leaves in below.items()
            if (self.label[leaves] != self.label[leaves[0]]).any()
        ]

    def ends_round(self, split: Split) -> bool:
        """Return whether a tree can be left out once this node is a leaf."""
        return split.node == 0 and bool(self._is_round[split.tree])

    def collapse(self, split: Split) -> None:
        """Make a node a leaf."""
        self.label[split.leaves] = self.label[split.leaves].min()

    def trees(self, label: NDArray, values: NDArray) -> list[CutTree | None]:
        """Return what is left of each tree; None where it is left out.

        Rounds all of whose trees are constant are left out; what they add goes into the
        others, as means of trees go on to hold valid values then.

        Parameters
        ----------
        label : ndarray of int of shape (n_whole_leaves,)
            As `label` was when the cuts were those that are wanted.
        values : ndarray of shape (n_whole_leaves, n_columns)
            The contribution of the leaf that each has become a part of.
        """
        self.label = label
        stays = self._stays
        values = values + self._constants(values, stays)[self._tree_of_leaf]
        return [
            self._cut(tree, values) if stays[tree] else None
            for tree in range(len(stays))
        ]

    @property
    def _sizes(self) -> NDArray:
        """The present number of leaves of each tree."""
        trees = self._tree_of_leaf[np.unique(self.label)]
        return np.bincount(trees, minlength=len(self._children))

    @property
    def _stays(self) -> NDArray:
        """Whether each tree stays: a tree of its round has a split."""
        has_split = np.bincount(self._rounds, weights=self._sizes > 1) > 0
        if not has_split.any():
            has_split[0] = True
        return has_split[self._rounds]

    def _constants(self, values: NDArray, stays: NDArray) -> NDArray:
        """Return what each tree that stays has to add for those that are left out."""
        added = np.zeros((len(stays), values.shape[1]))
        root = np.array([below[0][0] for below in self._below])
        for output in np.unique(self._outputs):
            own, gone = self._outputs == output, ~stays
            total = values[root[own & gone]].sum(axis=0)
            added[own & stays] = total / max(1, np.sum(own & stays))
        return added

    def _cut(self, tree: int, values: NDArray) -> CutTree:
        children, below = self._children[tree], self._below[tree]
        kept, is_leaf, open_nodes = [], [], [0]
        while open_nodes:
            node = open_nodes.pop()
            labels = self.label[below[node]]
            kept.append(node)
            is_leaf.append((labels == labels[0]).all())
            if not is_leaf[-1]:
                open_nodes += children[node].tolist()
        order = np.argsort(kept)
        nodes, leaf = np.array(kept)[order], np.array(is_leaf)[order]
        left = np.searchsorted(nodes, children[nodes])
        firsts = [below[node][0] for node in nodes[leaf].tolist()]
        return CutTree(nodes, np.where(leaf[:, None], -1, left), values[firsts])


def _leaves_below(children: NDArray, first: int) -> dict[int, NDArray]:
    """Return, for each node, the leaves below it; they are numbered from `first` on."""
    numbers = first + np.cumsum(children[:, 0] < 0) - 1
    order, open_nodes = [], [0]
    while open_nodes:
        order.append(open_nodes.pop())
        open_nodes += _below(children, order[-1])
    found: dict[int, NDArray] = {}
    for node in reversed(order):
        below: Sequence[int] = _below(children, node)
        found[node] = (
            np.sort(np.concatenate([found[child] for child in below]))
            if below
            else numbers[node : node + 1]
        )
    return found


def _below(children: NDArray, node: int) -> list[int]:
    both = children[node].tolist()
    return both if both[0] >= 0 else []
