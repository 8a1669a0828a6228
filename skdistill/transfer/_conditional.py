"""Conditional resampling: one feature at a time, given the rest of the sample."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.tree import ExtraTreeRegressor

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler, RandomState, VariedColumn

__all__ = ["ConditionalSampler"]

# The trees grow on so many rows, and look at so many columns at a node; all rows fill
# their leaves.
TREE_ROWS = 50_000
TREE_COLUMNS = 32


class ConditionalSampler(BaseSampler):
    """Sampler that redraws one feature after the other, given the rest of the sample.

    `fit` grows for each feature j a tree that predicts it from the other features. From
    a sample of X, `sample` then goes `n_sweeps` times over the features in random
    order::

        leaf = the leaf of the tree of feature j that the sample falls into now
        x_j  = the value of feature j of any sample of X in that leaf

    That is Gibbs sampling, with the samples of a leaf for p(x_j | rest). Every value is
    one that was seen, missing ones included. Values that go together stay together, as
    far as a tree can tell.

    Parameters
    ----------
    n_sweeps : int, default=1
        How many times each feature is redrawn, at least 1. More of them lead farther
        away from the sample begun with.
    max_samples_leaf : int, default=10
        A leaf of more samples is split where it can be; at least 1. The fewer samples,
        the closer is a value to the one it replaces.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Numeric features that are categories: their names or their indices, or a boolean
        mask of shape (n_features,). Features of category, string, object or bool dtype
        always are. With "from_dtype" there are no others.
    random_state : int, RandomState instance or None, default=None
        An int gives the same samples at every call of `sample`.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    SwapNoiseSampler : Values come from any sample, whatever the rest.

    Notes
    -----
    The trees are extremely randomised: at each node the best of one random split of
    each of at most 32 features, by the variance of feature j (for categories that of
    their indicators, which is the Gini index). They grow on at most 50,000 samples,
    which is what `max_samples_leaf` counts, and all samples fill the leaves.

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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_sweeps": [Interval(Integral, 1, None, closed="left")],
        "max_samples_leaf": [Interval(Integral, 1, None, closed="left")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self,
        n_sweeps: int = 1,
        *,
        max_samples_leaf: int = 10,
        categorical_features: ArrayLike = "from_dtype",
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.n_sweeps = n_sweeps
        self.max_samples_leaf = max_samples_leaf

    def _learn(self, rng: np.random.Generator) -> None:
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

    def _vary(
        self, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> Iterator[VariedColumn]:
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

    def __init__(self, leaf: NDArray[np.intp], rows: NDArray[np.intp]) -> None:
        self.rows = rows[np.argsort(leaf, kind="stable")]
        self.size = np.bincount(leaf)
        self.start = np.cumsum(self.size) - self.size

    def draw(
        self, leaf: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.intp]:
        """Return for each of the leaves one of its rows."""
        return self.rows[self.start[leaf] + rng.integers(self.size[leaf])]
