"""Blocks: some samples with their labels, and what is known of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from skdistill._sklearn import safe_indexing
from skdistill._typing import Table
from skdistill._validation import (
    check_binary_or_multiclass,
    check_numeric_target,
    check_readable,
    check_two_classes,
    check_weights,
)
from skdistill.blocks._draw import Draw
from skdistill.flow import Data, join_all

__all__ = ["Block", "Description", "Facts", "describe", "gather_facts", "take"]


class Block(NamedTuple):
    """Samples, their labels and their weights, None if all are 1."""

    X: Table
    y: NDArray
    weight: NDArray | None

    @classmethod
    def of(cls, X: Table, y: Any, weight: Any, *, of_classes: bool) -> "Block":
        """Return a block; raise if it is not as `fit` describes it."""
        check_readable(X=X, y=y, sample_weight=weight)
        given = (X, y) if weight is None else (X, y, weight)
        check_consistent_length(*given)
        labels = np.asarray(y)
        if len(labels):
            check = check_binary_or_multiclass if of_classes else _check_values
            labels = check(labels)
        if weight is not None:
            weight = np.asarray(weight, dtype=float)
            if weight.any() or weight.ndim != 1:
                weight = check_weights(weight, len(labels))
        return cls(X, labels, weight)

    @classmethod
    def joined(cls, blocks: Sequence["Block"]) -> "Block":
        """Return the samples of several blocks as one."""
        X, y, weight = zip(*blocks, strict=True)
        joined = None if weight[0] is None else np.concatenate(weight)
        return cls(join_all(X), np.concatenate(y), joined)

    def take(self, rows: NDArray) -> "Block":
        """Return some of the samples."""
        weight = None if self.weight is None else self.weight[rows]
        return Block(safe_indexing(self.X, rows), self.y[rows], weight)


def _check_values(y: NDArray) -> NDArray:
    return check_numeric_target(y, multi_output=False)


def take(block: Block, draw: Draw) -> Block:
    """Return the drawn samples of a block; a function, as workers are sent one."""
    return block.take(draw.rows())


class Description(NamedTuple):
    """What is known of a block without its samples."""

    n_samples: int
    n_weighty: int
    total: float
    label_sum: float
    labels: NDArray
    weighty: NDArray
    head: Table


def describe(block: Block, *, of_classes: bool) -> Description:
    """Return what has to be known of a block once it is gone.

    Its `labels` are the classes, and `weighty` those of samples with weight, of which
    there are `n_weighty`; for a regression both are the smallest and the largest label.
    """
    X, y, weight = block
    factor = np.ones(len(y)) if weight is None else weight
    head = safe_indexing(X, np.arange(0))
    sizes = len(y), int(np.count_nonzero(factor)), float(factor.sum())
    if of_classes:
        labels, weighty = np.unique(y), np.unique(y[factor > 0])
        return Description(*sizes, 0.0, labels, weighty, head)
    ends = np.array([y.min(), y.max()]) if len(y) else y
    return Description(*sizes, np.sum(factor * y), ends, ends, head)


@dataclass(frozen=True)
class Facts:
    """What is known of all samples.

    Attributes
    ----------
    counts : tuple of int
        How many lie in each block.
    mean_weight : float
        The mean of the weights above 0; 1 if none were given.
    mean : float
        The weighted mean of the labels of a regression.
    labels : ndarray
        The classes, sorted; of a regression the smallest and the largest label.
    of_classes : bool
        Whether the labels are classes.
    head : table of shape (0, n_features)
        The columns of the samples.
    """

    counts: tuple[int, ...]
    mean_weight: float
    mean: float
    labels: NDArray
    of_classes: bool
    head: Table

    @property
    def n_samples(self) -> int:
        """How many samples there are."""
        return sum(self.counts)

    def check_again(self, block: Block, number: int) -> None:
        """Raise if a block is not the one that was described."""
        if len(block.y) != (expected := self.counts[number]):
            raise RuntimeError(
                f"Block {number} must hold the same samples whenever it is read or "
                f"computed. Got {len(block.y)} of them, and {expected} before: it is "
                "drawn by chance, as after the loss of a worker, or read from what has "
                "changed. Give it a seed, or store it, and fit again."
            )

    def no_data(self) -> Data:
        """Return training data without samples, for what is known of them."""
        return self.data(Block(self.head, np.empty(0), None))

    def data(self, block: Block) -> Data:
        """Return some of the samples as training data."""
        return _Part(
            *block,
            classes=self.labels if self.of_classes else None,
            label_mean=self.mean,
        )


@dataclass(frozen=True)
class _Part(Data):
    """Some of the training samples; the mean of the labels is that of all."""

    label_mean: float = 0.0

    @property
    def mean(self) -> NDArray:
        return np.asarray(self.label_mean)


def gather_facts(told: Sequence[Description], *, of_classes: bool) -> Facts:
    """Return what is known of all samples; raise if nothing can be learned of them."""
    filled = [one for one in told if one.n_samples]
    if not filled:
        raise ValueError(
            "X must not be empty. Got 0 samples in all of its blocks. Look at what was "
            "filtered out."
        )
    for one in filled:
        _check_same_columns(filled[0].head, one.head)
    total = sum(one.total for one in filled)
    if not total > 0:
        raise ValueError(
            "sample_weight must hold at least one weight above zero. Got a sum of "
            f"{total:g}."
        )
    labels = np.concatenate([one.labels for one in filled])
    if of_classes:
        labels = np.unique(labels)
        check_two_classes(np.concatenate([one.weighty for one in filled]), None)
    else:
        labels = np.array([labels.min(), labels.max()])
    return Facts(
        counts=tuple(one.n_samples for one in told),
        mean_weight=float(total / sum(one.n_weighty for one in filled)),
        mean=sum(one.label_sum for one in filled) / total,
        labels=labels,
        of_classes=of_classes,
        head=filled[0].head,
    )


def _check_same_columns(first: Table, other: Table) -> None:
    """Raise unless the columns of two partitions have the same names and dtypes."""
    if hasattr(first, "columns"):
        found = [[*zip(one.columns, one.dtypes, strict=True)] for one in (first, other)]
    else:
        found = [[one.shape[1:], one.dtype] for one in (first, other)]
    if found[0] != found[1]:
        changed = [
            f"{one} and {two}" for one, two in zip(*found, strict=False) if one != two
        ]
        raise ValueError(
            "All blocks of X must have the same columns. Got "
            f"{(changed or ['another number of them'])[0]}. Use X.astype, or "
            "categories that are known: in Dask X.categorize()."
        )
