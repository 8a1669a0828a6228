"""The matrix A of the refinement: a row for each row of X, a column for each leaf.

A row holds a 1 for the leaf that it falls into in each tree. Several small trees are
read as one: the leaves of trees with 8 and 31 leaves make 248 joint leaves, of which a
row falls into one. So A = J P, where J has a single 1 in each row for each *group* of
trees, and P says which leaves a joint leaf consists of. J is stored as the numbers of
the joint leaves, in the smallest integers that hold them: 2 bytes a row for two trees
of 31 leaves or three of 8. It is read a block of rows at a time; the blocks of a small
J are kept.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

__all__ = ["LeafMatrix", "MergedLeaves", "merging"]

# A group's joint leaves: few enough that their values stay in the processor's cache.
_MOST_JOINT_LEAVES = 1024
# Ones of J that are handled at once, and up to how many all blocks are kept.
_BLOCK_SIZE = 2**20
_MOST_KEPT = 2**23


class LeafMatrix:
    """Which leaves each row falls into, as an operator on leaf values.

    Parameters
    ----------
    sizes : sequence of int of shape (n_trees,)
        The number of leaves of each tree.
    outputs : ndarray of int of shape (n_trees,) or None
        The column of the raw prediction that each tree adds to; None if each leaf holds
        one value for every column.
    n_rows : int
        The number of rows.
    """

    def __init__(
        self, sizes: Sequence[int], outputs: NDArray | None, n_rows: int
    ) -> None:
        counts = np.asarray(sizes)
        leaf_tree = np.repeat(np.arange(len(counts)), counts)
        if outputs is None:
            self._parts = [(slice(None), slice(None), slice(None))]
        else:
            self._parts = [
                (outputs == k, outputs[leaf_tree] == k, slice(k, k + 1))
                for k in np.unique(outputs)
            ]
        self._memberships = [
            _Memberships(counts[trees], n_rows) for trees, _, _ in self._parts
        ]
        self.n_leaves = len(leaf_tree)

    def fill(self, rows: slice, leaves: NDArray) -> None:
        """Store the leaf numbers, of shape (n_block_rows, n_trees), of some rows."""
        for (trees, _, _), part in zip(self._parts, self._memberships, strict=True):
            part.fill(rows, leaves[:, trees])

    def times(self, values: NDArray, shape: tuple[int, int]) -> NDArray:
        """Return A @ values, of shape (n_rows, n_outputs): sums over each row's leaves.

        `values` has shape (n_leaves, 1), or (n_leaves, n_outputs) if `outputs` is None.
        """
        result = np.zeros(shape)
        for (_, leaves, columns), part in zip(
            self._parts, self._memberships, strict=True
        ):
            result[:, columns] = part.times(values[leaves])
        return result

    def sums(self, rows: NDArray) -> NDArray:
        """Return A.T @ rows, of the shape of the values: sums over each leaf's rows."""
        n_columns = rows[:, self._parts[0][2]].shape[1]
        result = np.zeros((self.n_leaves, n_columns))
        for (_, leaves, columns), part in zip(
            self._parts, self._memberships, strict=True
        ):
            result[leaves] = part.sums(rows[:, columns])
        return result

    def rows(self, which: NDArray) -> list[tuple[NDArray, csr_array]]:
        """Return some rows of A, and whose leaves they are, for each raw prediction.

        Where each leaf holds a value for all of them, there is one matrix.
        """
        numbers = np.arange(self.n_leaves)
        return [
            (numbers[leaves], part.rows(which))
            for (_, leaves, _), part in zip(self._parts, self._memberships, strict=True)
        ]


class MergedLeaves:
    """A with the columns of leaves that have become one added up.

    Parameters
    ----------
    matrix : LeafMatrix
        For whole trees.
    group : ndarray of int of shape (n_whole_leaves,)
        The leaf, from 0 on, that each leaf of these belongs to.
    is_free : ndarray of bool of shape (n_leaves,)
        Whether a leaf's value counts; the columns of the others are zeros.
    """

    def __init__(self, matrix: LeafMatrix, group: NDArray, is_free: NDArray) -> None:
        self._matrix, self._group, self._is_free = matrix, group, is_free[:, None]
        self._members = merging(group).T.tocsr()
        self.n_leaves = self._members.shape[0]

    def times(self, values: NDArray, shape: tuple[int, int]) -> NDArray:
        """Return A @ values, as `LeafMatrix.times` does."""
        return self._matrix.times((self._is_free * values)[self._group], shape)

    def sums(self, rows: NDArray) -> NDArray:
        """Return A.T @ rows, as `LeafMatrix.sums` does."""
        return self._is_free * self.add_up(self._matrix.sums(rows))

    def add_up(self, values: NDArray) -> NDArray:
        """Add up values of whole leaves, of shape (n_whole_leaves, n_columns)."""
        return self._members @ values


def merging(group: NDArray) -> csr_array:
    """Return the 0/1 matrix of what belongs to which group, from 0 on."""
    return csr_array(
        (np.ones(len(group)), (np.arange(len(group)), group)),
        shape=(len(group), int(group.max()) + 1),
    )


class _Memberships:
    """J and P of trees that add to one output."""

    def __init__(self, sizes: NDArray, n_rows: int) -> None:
        self._starts: list[int] = []
        joint_sizes: list[int] = []
        self._strides = np.ones(len(sizes), dtype=np.int64)
        for tree, size in enumerate(sizes):
            if tree and joint_sizes[-1] * size <= _MOST_JOINT_LEAVES:
                self._strides[tree] = joint_sizes[-1]
                joint_sizes[-1] *= int(size)
            else:
                self._starts.append(tree)
                joint_sizes.append(int(size))
        self._offsets = np.cumsum([0, *joint_sizes])
        self._leaves_of = self._decompose(sizes)
        self._codes = np.empty(
            (n_rows, len(joint_sizes)), dtype=np.min_scalar_type(max(joint_sizes) - 1)
        )
        self._kept: list[tuple[slice, csr_array]] | None = None
        self._ones = np.ones(min(n_rows, self._step) * len(joint_sizes))

    def _decompose(self, sizes: NDArray) -> csr_array:
        """Return P, of shape (n_joint_leaves, n_leaves)."""
        first_leaf = np.cumsum([0, *sizes])
        blocks = []
        for start, stop, low, high in zip(
            self._starts,
            [*self._starts[1:], len(sizes)],
            self._offsets[:-1],
            self._offsets[1:],
            strict=True,
        ):
            joint = np.arange(high - low)[:, None]
            trees = slice(start, stop)
            leaves = joint // self._strides[trees] % sizes[trees] + first_leaf[trees]
            blocks.append(
                csr_array(
                    (
                        np.ones(leaves.size),
                        leaves.ravel(),
                        np.arange(0, leaves.size + 1, stop - start),
                    ),
                    shape=(len(joint), first_leaf[-1]),
                )
            )
        return vstack(blocks, format="csr")

    @property
    def _step(self) -> int:
        return max(1, _BLOCK_SIZE // self._codes.shape[1])

    def fill(self, rows: slice, leaves: NDArray) -> None:
        self._kept = None
        codes = leaves * self._strides
        self._codes[rows] = np.add.reduceat(codes, self._starts, axis=1)

    def times(self, values: NDArray) -> NDArray:
        joint = self._leaves_of @ values
        return np.concatenate([block @ joint for _, block in self._blocks()])

    def sums(self, rows: NDArray) -> NDArray:
        return self._leaves_of.T @ sum(
            block.T @ rows[where] for where, block in self._blocks()
        )

    def rows(self, which: NDArray) -> csr_array:
        return self._joint(self._codes[which]) @ self._leaves_of

    def _blocks(self) -> Iterable[tuple[slice, csr_array]]:
        """Return J a block of rows at a time."""
        if self._codes.size > _MOST_KEPT:
            return self._make_blocks()
        if self._kept is None:
            self._kept = list(self._make_blocks())
        return self._kept

    def _make_blocks(self) -> Iterator[tuple[slice, csr_array]]:
        for start in range(0, len(self._codes), self._step):
            rows = slice(start, start + self._step)
            yield rows, self._joint(self._codes[rows])

    def _joint(self, codes: NDArray) -> csr_array:
        """Return some rows of J; those of a block share their ones."""
        columns = np.add(codes, self._offsets[:-1], dtype=np.int32)
        is_block = columns.size <= len(self._ones)
        return csr_array(
            (
                self._ones[: columns.size] if is_block else np.ones(columns.size),
                columns.ravel(),
                np.arange(0, columns.size + 1, columns.shape[1], dtype=np.int32),
            ),
            shape=(len(columns), self._offsets[-1]),
        )
