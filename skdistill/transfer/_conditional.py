"""Conditional resampling: one column at a time, given the rest of the row."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.tree import ExtraTreeRegressor

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler

__all__ = ["ConditionalSampler"]

# The trees grow on so many rows, and look at so many columns at a node; all rows fill
# their leaves.
TREE_ROWS = 50_000
TREE_COLUMNS = 32


class ConditionalSampler(BaseSampler):
    """Sampler that redraws one column after the other, given the rest of the row.

    `fit` grows for each column j a tree that predicts it from the other columns. From
    a row of X, `sample` then goes `n_sweeps` times over the columns in random order::

        leaf = the leaf of the tree of column j that the row falls into now
        x_j  = the cell in column j of any row of X in that leaf

    That is Gibbs sampling, with the rows of a leaf for p(x_j | rest). Every cell is one
    that was seen, missing ones included. Values that hang together stay together, as
    far as a tree can tell.

    Parameters
    ----------
    n_sweeps : int, default=1
        How many times each column is redrawn, at least 1. More of them lead farther
        away from the row begun with.
    max_samples_leaf : int, default=10
        A leaf of more rows is split where it can be; at least 1. The fewer rows, the
        closer is a cell to the one it replaces.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Numeric columns that are categories: their names, their numbers, or a mask of
        bool. Columns of category, text, object or bool dtype always are, and are all
        there are with "from_dtype".
    random_state : int, RandomState instance or None, default=None
        An int gives the same rows at every call of `sample`.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where X has names that are all strings.

    See Also
    --------
    SwapNoiseSampler : Cells come from any row, whatever the rest.

    Notes
    -----
    The trees are extremely randomised: at each node the best of one random split of
    each of at most 32 columns, by the variance of column j (for categories that of
    their indicators, which is the Gini index). They grow on at most 50,000 rows, which
    is what `max_samples_leaf` counts, and all rows fill the leaves.

    References
    ----------
    Geman and Geman, "Stochastic Relaxation, Gibbs Distributions, and the Bayesian
    Restoration of Images", 1984; Fakoor et al., "Fast, Accurate, and Simple Models for
    Tabular Data via Augmented Distillation", NeurIPS 2020, section 3, with a
    self-attention model for p(x_j | rest).

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import ConditionalSampler
    >>> x = np.random.default_rng(0).normal(size=1000)
    >>> X = np.column_stack([x, -x])
    >>> X_new = ConditionalSampler(random_state=0).fit(X).sample(1000)
    >>> round(np.corrcoef(X_new.T)[0, 1], 1)
    np.float64(-1.0)
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_sweeps": [Interval(Integral, 1, None, closed="left")],
        "max_samples_leaf": [Interval(Integral, 1, None, closed="left")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self,
        n_sweeps=1,
        *,
        max_samples_leaf=10,
        categorical_features="from_dtype",
        random_state=None,
    ):
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.n_sweeps = n_sweeps
        self.max_samples_leaf = max_samples_leaf

    def _learn(self, rng):
        self._ordinals = self._columns.ordinals()
        # Drawn by weight: what is found in a leaf at random is then in proportion.
        donors = self._draw_rows(self._columns.n_rows, rng)
        table = self._ordinals[donors]
        self._trees = []
        for number, column in enumerate(self._columns):
            tree = ExtraTreeRegressor(
                min_samples_split=self.max_samples_leaf + 1,
                max_features=min(TREE_COLUMNS, table.shape[1]),
                random_state=int(rng.integers(np.iinfo(np.int32).max)),
            )
            own = table[:, number].copy()
            table[:, number] = 0  # A constant column is never split.
            tree.fit(table[:TREE_ROWS], column.vectors(donors[:TREE_ROWS]))
            self._trees.append(
                (tree, _Leaves(tree.apply(table, check_input=False), donors))
            )
            table[:, number] = own

    def _vary(self, rows, rng):
        table = self._ordinals[rows]
        source = [rows] * len(self._trees)
        for _ in range(self.n_sweeps):
            for number in rng.permutation(len(self._trees)):
                tree, leaves = self._trees[number]
                table[:, number] = 0
                source[number] = leaves.draw(tree.apply(table, check_input=False), rng)
                table[:, number] = self._ordinals[source[number], number]
        for cells in source:
            yield cells, None


class _Leaves:
    """The rows in each leaf, to draw from.

    Parameters
    ----------
    leaf : ndarray of shape (n_rows,)
        The number of each row's leaf.
    rows : ndarray of shape (n_rows,)
        The rows.
    """

    def __init__(self, leaf, rows):
        self.rows = rows[np.argsort(leaf, kind="stable")]
        self.size = np.bincount(leaf)
        self.start = np.cumsum(self.size) - self.size

    def draw(self, leaf, rng):
        """Return for each of the leaves one of its rows."""
        return self.rows[self.start[leaf] + rng.integers(self.size[leaf])]
