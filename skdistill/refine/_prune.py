"""Pruning: fewer leaves, step by step, all leaf values solved for after each."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._typing import Estimator, Table
from skdistill.refine._costs import Curvature, merging_cost
from skdistill.refine._cuts import Cuts
from skdistill.refine._matrix import LeafMatrix, MergedLeaves
from skdistill.refine._path import check_strengths, solve_leaves
from skdistill.refine._registry import open_prunable
from skdistill.refine._rows import LeafPath, Rows
from skdistill.refine._solver import Problem
from skdistill.students import LeafModel

__all__ = ["PruningPath", "prune_leaves", "pruning_path"]

# The fraction of the leaves that stays in a step.
_STEP = 0.8
# A larger part of a tree goes in several steps.
_MOST_AT_ONCE = 64
# The weight of a leaf without rows, where means are taken.
_NO_ROWS = 1e-9


def prune_leaves(
    model: Estimator,
    X: Table,
    target: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    max_leaves: int,
    strength: float = 10.0,
    tol: float = 1e-3,
    offset: ArrayLike | None = None,
) -> Estimator:
    """Cut the trees of a fitted model back to a number of leaves, and return a copy.

    In each step a fifth of the leaves goes: parts of trees become leaves where the loss
    grows least for each leaf that is saved, given that all others make up for it; then
    the values of all leaves that are left are solved for, as `refine_leaves` does. A
    tree without a split is left out, and what it added goes into the others. The copy
    is a model of the same library that predicts, and is stored, as any other.

    Parameters
    ----------
    model : estimator
        A fitted model for which `is_prunable` is true. It is left as it is.
    X : array-like of shape (n_samples, n_features)
        The rows, as `model.predict` takes them.
    target : array-like of shape (n_samples,), (n_samples, n_outputs) or \
(n_samples, n_classes)
        Values for a regressor; for a classifier labels, or a probability for each of
        `model.classes_`. Where the model was fitted with `class_weight` or the like, it
        does not count here: pass `sample_weight`.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights s. A weight of k is the same as k equal rows.
    max_leaves : int
        The most leaves of all trees together. One round of trees stays in any case: one
        tree, or one for each class or output of boosting, each as often as XGBoost's
        ``num_parallel_tree`` says.
    strength : float, default=10.0
        How strongly leaf values are held where they are, as in `refine_leaves`; that of
        leaves that have become one at the mean of theirs.
    tol : float, default=1e-3
        About which fraction of the possible decrease of the objective may be left out.
    offset : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        From where the raw prediction of each sample begins, as the model was fitted
        with it: XGBoost's `base_margin`, LightGBM's `init_score`. It stays out of the
        leaves.

    Returns
    -------
    pruned : estimator
        A smaller copy of `model`.

    Raises
    ------
    ValueError
        If the model cannot be pruned, see `check_prunable`, or a parameter is out of
        its range.

    Warns
    -----
    UnrefinedWarning
        If the model adds up its leaf values in single precision, and the target lies so
        far from zero that they would be rounded away. The copy is then as it was.

    References
    ----------
    Breiman et al., "Classification and Regression Trees", 1984, section 3.3 (the cost
    for each leaf); Hassibi and Stork, "Second order derivatives for network pruning:
    Optimal Brain Surgeon", 1992, equation 5 (the cost where the others make up for it).

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from skdistill.inspect import count_values
    >>> X, y = make_friedman1(2000, noise=0.5, random_state=0)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X[:1000], y[:1000])
    >>> pruned = prune_leaves(model, X[:1000], y[:1000], max_leaves=200)
    >>> count_values(pruned).leaves
    200
    >>> pruned.score(X[1000:], y[1000:]) > model.score(X[1000:], y[1000:])
    True
    """
    path = pruning_path(
        model,
        X,
        target,
        sample_weight,
        sizes=[max_leaves],
        strength=strength,
        tol=tol,
        offset=offset,
    )
    return path.model(0)


def pruning_path(
    model: Estimator,
    X: Table,
    target: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    sizes: Sequence[float],
    strength: float = 10.0,
    tol: float = 1e-3,
    offset: ArrayLike | None = None,
) -> "PruningPath":
    """Prune a model to each of several sizes; see `prune_leaves`.

    The rows are looked up in the trees once, and the way to a small size leads past the
    larger ones. Which others are asked for does not change a model.

    Parameters
    ----------
    model : estimator
        A fitted model for which `is_prunable` is true. It is left as it is.
    X : array-like of shape (n_samples, n_features)
        The rows, as `model.predict` takes them.
    target : array-like of shape (n_samples,), (n_samples, n_outputs) or \
(n_samples, n_classes)
        Values for a regressor; for a classifier labels, or a probability for each of
        `model.classes_`. Where the model was fitted with `class_weight` or the like, it
        does not count here: pass `sample_weight`.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights s. A weight of k is the same as k equal rows.
    sizes : sequence of float
        The most leaves of each model, in any order, each 1 or more; ``np.inf`` keeps
        all of them.
    strength : float, default=10.0
        How strongly leaf values are held where they are, above 0 and finite; see
        `prune_leaves`.
    tol : float, default=1e-3
        About which fraction of the possible decrease of the objective may be left out.
    offset : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        From where the raw prediction of each sample begins, as the model was fitted
        with it: XGBoost's `base_margin`, LightGBM's `init_score`. It stays out of the
        leaves.

    Returns
    -------
    PruningPath

    Raises
    ------
    ValueError
        As of `prune_leaves`.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> X, y = make_friedman1(2000, noise=0.5, random_state=0)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X[:1000], y[:1000])
    >>> path = pruning_path(model, X[:1000], y[:1000], sizes=[400, 80])
    >>> path.n_leaves
    array([400,  80])
    >>> losses = path.losses(X[1000:], y[1000:])
    >>> pruned = path.model(1)
    """
    wanted = _check_sizes(sizes)
    (held,) = check_strengths([strength], tol)
    if held == np.inf:
        raise ValueError(
            "The strength of pruning must be finite, as leaves that are left make up "
            "for those that go. Got inf. Use 10.0."
        )
    leaf_model = open_prunable(model)
    rows = Rows(model, leaf_model, X, target, sample_weight, offset)
    pruner = _Pruner(rows.problem, rows.matrix, leaf_model, held, tol)
    states = dict(pruner.prune(sorted(set(wanted), reverse=True)))
    labels, corrections = zip(*(states[size] for size in wanted), strict=True)
    return PruningPath(model, leaf_model, labels, rows.without_lost([*corrections]))


class PruningPath(LeafPath):
    """A model pruned to each of several sizes.

    Made by `pruning_path`.

    Attributes
    ----------
    n_leaves : ndarray of int of shape (n_sizes,)
        The leaves of each model, in the order in which the sizes were asked for, which
        is that of all results.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> X, y = make_friedman1(200, random_state=0)
    >>> model = DecisionTreeRegressor(max_leaf_nodes=32, random_state=0).fit(X, y)
    >>> path = pruning_path(model, X, y, sizes=[np.inf, 8])
    >>> path.n_leaves, int(path.model(1).get_n_leaves())
    (array([32,  8]), 8)
    """

    def __init__(
        self,
        model: Estimator,
        leaf_model: LeafModel,
        labels: Sequence[NDArray],
        corrections: list[NDArray],
    ) -> None:
        super().__init__(model, leaf_model, corrections)
        self._labels, self._cuts = labels, Cuts(leaf_model)
        whole, n_leaves = self._cuts.label, []
        for index, label in enumerate(labels):
            self._cuts.label = label if self._is_solved(index) else whole
            n_leaves.append(self._cuts.n_leaves)
        self.n_leaves = np.array(n_leaves)

    def _is_solved(self, index: int) -> bool:
        """Return whether the leaves have values that rounding did not undo."""
        return bool(self._corrections[index].any())

    def _changed(self, index: int) -> Estimator:
        if not self._is_solved(index):
            return super()._changed(index)
        values = self._leaf_model.contributions() + self._corrections[index]
        return self._leaf_model.cut(self._cuts.trees(self._labels[index], values))


class _Pruner:
    """Takes leaves away, and solves for the values of those that are left."""

    def __init__(
        self,
        problem: Problem,
        matrix: LeafMatrix,
        leaf_model: LeafModel,
        strength: float,
        tol: float,
    ) -> None:
        self._problem, self._matrix, self._leaf_model = problem, matrix, leaf_model
        self._strength, self._tol = strength, tol
        self._cuts = Cuts(leaf_model)
        self._curvature = Curvature(problem, matrix, strength)
        self._grown = leaf_model.contributions()
        self._rows_in_leaf = problem.rows_in_leaf[:, :1] + _NO_ROWS
        self._values = self._grown
        self._solve()

    def prune(self, sizes: list[float]) -> Iterator[tuple[float, tuple]]:
        """Yield, for each size, which leaves are one now, and their correction.

        A size does not depend on the others: whole steps are the same for all of them,
        and the last one, which is smaller, is taken back.
        """
        for size in sizes:
            while int(_STEP * self._cuts.n_leaves) >= size and self._cuts.splits():
                self._step(size)
            whole_steps = self._cuts.label.copy(), self._values
            while self._cuts.n_leaves > size and self._cuts.splits():
                self._step(size)
            yield size, (self._cuts.label.copy(), self._values - self._grown)
            self._cuts.label, self._values = whole_steps

    def _step(self, size: float) -> None:
        """Take a fifth of the leaves away, but not more than there are over `size`."""
        present = self._cuts.n_leaves
        self._collapse(present - max(size, int(_STEP * present)))
        self._solve()

    def _collapse(self, n_too_many: float) -> None:
        """Make leaves of the nodes that cost least, until enough leaves are saved."""
        splits, group = self._cuts.splits(), self._cuts.group
        raw = self._problem.raw_with(self._values - self._grown)
        inverse = self._curvature.inverse(raw, group)
        costs, saved = [], []
        for split in splits:
            leaves, first = np.unique(group[split.leaves], return_index=True)
            if len(leaves) > _MOST_AT_ONCE:
                costs.append(np.inf)
                saved.append(1)
                continue
            values = self._values[split.leaves[first]]
            saved.append(len(leaves) - 1 + self._cuts.ends_round(split))
            cost = merging_cost(inverse(leaves), values)
            costs.append(cost / saved[-1])
        is_gone = np.zeros(len(group), dtype=bool)
        for number in np.argsort(costs, kind="stable"):
            leaves = splits[number].leaves
            if is_gone[leaves].any() or saved[number] > max(2, n_too_many):
                continue
            self._cuts.collapse(splits[number])
            is_gone[leaves] = True
            n_too_many -= saved[number]
            if n_too_many <= 0:
                break

    def _solve(self) -> None:
        """Solve for the values of the present leaves, from the present ones on.

        What trees that are left out add stays: others can make up for it.
        """
        group = self._cuts.group
        is_free = np.ones(int(group.max()) + 1, dtype=bool)
        is_free[group[self._cuts.is_left_out]] = False
        merged = MergedLeaves(self._matrix, group, is_free)
        weight = merged.add_up(self._rows_in_leaf)
        present = merged.add_up(self._rows_in_leaf * self._values) / weight
        # Where the leaves are held: the mean of what they were grown to.
        grown = merged.add_up(self._rows_in_leaf * self._grown) / weight
        held = np.where(is_free[:, None], grown, present)
        start, moved = present - held, held[group] - self._grown
        problem = Problem(self._problem.loss, merged, self._problem.raw_with(moved))
        _, first = np.unique(group, return_index=True)

        def project(correction: NDArray) -> NDArray:
            valid = self._leaf_model.project(moved + correction[group])
            return (valid - moved)[first]

        bounded = project if self._leaf_model.bounded else None
        found = solve_leaves(problem, self._strength, start, self._tol, bounded)
        self._values = self._grown + moved + found[group]


def _check_sizes(sizes: Sequence[float]) -> list[float]:
    if len(sizes) == 0 or not all(size >= 1 for size in sizes):
        raise ValueError(
            "The number of leaves must be 1 or more; infinity keeps all. Got "
            f"{sizes!r}."
        )
    return [float(size) for size in sizes]
