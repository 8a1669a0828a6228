"""The ways in which regressors say quantiles, one class for each."""

from collections.abc import Mapping
from inspect import signature
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import norm
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import gen_batches

from skdistill._fitting import final_step
from skdistill._sklearn import num_samples
from skdistill._typing import Estimator, Table
from skdistill.students import at_level, last_step
from skdistill.teachers._quantiles import weights_of_levels

__all__ = ["QuantileSource", "source_of"]

# Any level that an estimator is asked to learn, to see whether it can.
_PROBED = 0.3
# So many weights of training samples are in memory at once.
_MOST_WEIGHTS = 4_000_000


class QuantileSource:
    """A way to ask fitted regressors for quantiles.

    Parameters
    ----------
    levels : ndarray of shape (n_levels,)
        The levels of the quantiles.
    fitted : list of regressors
        What is asked; the last step of a Pipeline says the quantiles.
    kept : tuple
        What else was kept of the training samples.
    """

    def __init__(
        self, levels: NDArray, fitted: list[Estimator], kept: tuple[Any, ...] = ()
    ) -> None:
        self.levels = levels
        self.fitted = fitted
        self.kept = kept

    @classmethod
    def fit(
        cls,
        estimator: Estimator,
        levels: NDArray,
        X: Table,
        y: NDArray,
        params: Mapping[str, Any],
    ) -> Self:
        """Fit clones of a regressor on samples, labels and metadata."""
        fitted = [one.fit(X, y, **params) for one in cls.unfitted(estimator, levels)]
        return cls(levels, fitted, cls.keep(fitted[0], X, y, params))

    @staticmethod
    def knows(regressor: Estimator) -> bool:
        """Return whether a regressor says quantiles in this way."""
        raise NotImplementedError

    @staticmethod
    def unfitted(estimator: Estimator, levels: NDArray) -> list[Estimator]:
        """Return the clones that are to be fitted."""
        return [clone(estimator)]

    @staticmethod
    def keep(
        fitted: Estimator, X: Table, y: NDArray, params: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        """Return what is kept of the training samples."""
        return ()

    def mean(self, X: Table) -> NDArray[np.float64]:
        """Return the mean of each label's distribution."""
        return np.asarray(self.fitted[0].predict(X))

    def quantiles(self, X: Table) -> NDArray[np.float64]:
        """Return the quantiles, of shape (n_samples, n_levels)."""
        return self.ask(*last_step(self.fitted[0], X))

    def ask(self, regressor: Estimator, X: Table) -> NDArray[np.float64]:
        """Return the quantiles that the last step of the regressor says."""
        raise NotImplementedError


class _Levels(QuantileSource):
    """A clone for each level."""

    @staticmethod
    def knows(regressor: Estimator) -> bool:
        return at_level(regressor, _PROBED) is not None

    @staticmethod
    def unfitted(estimator: Estimator, levels: NDArray) -> list[Estimator]:
        return [at_level(estimator, float(level)) for level in levels]

    def mean(self, X: Table) -> NDArray[np.float64]:
        return self.quantiles(X) @ weights_of_levels(self.levels)

    def quantiles(self, X: Table) -> NDArray[np.float64]:
        return np.column_stack([np.ravel(one.predict(X)) for one in self.fitted])


class _Asked(QuantileSource):
    """`predict` takes the levels, as in quantile-forest."""

    @staticmethod
    def knows(regressor: Estimator) -> bool:
        return "quantiles" in signature(regressor.predict).parameters

    def mean(self, X: Table) -> NDArray[np.float64]:
        # Alone it may predict the median.
        return self.quantiles(X) @ weights_of_levels(self.levels)

    def ask(self, regressor: Estimator, X: Table) -> NDArray[np.float64]:
        told = np.asarray(regressor.predict(X, quantiles=self.levels.tolist()))
        expected = num_samples(X), len(self.levels)
        if told.shape != expected:
            raise ValueError(
                "A regressor whose predict takes quantiles must return a column for "
                f"each of them, here shape {expected}. Got shape {told.shape} from "
                f"{type(regressor).__name__}. Wrap it in a regressor that does."
            )
        return told


class _Distributions(QuantileSource):
    """`pred_dist` returns distributions, as in ngboost."""

    @staticmethod
    def knows(regressor: Estimator) -> bool:
        return hasattr(regressor, "pred_dist")

    def ask(self, regressor: Estimator, X: Table) -> NDArray[np.float64]:
        told = regressor.pred_dist(X)
        return np.column_stack([told.ppf(level) for level in self.levels])


class _Normal(QuantileSource):
    """`predict` returns the standard deviation too, of a normal distribution."""

    @staticmethod
    def knows(regressor: Estimator) -> bool:
        return "return_std" in signature(regressor.predict).parameters

    def ask(self, regressor: Estimator, X: Table) -> NDArray[np.float64]:
        # A DataFrame may make a Series of them.
        mean, deviation = map(np.asarray, regressor.predict(X, return_std=True))
        return mean[:, None] + deviation[:, None] * norm.ppf(self.levels)


class _Leaves(QuantileSource):
    """The labels in the leaves of a forest.

    A label's weight is the mean over the trees of its part of the leaf that the sample
    falls into (Meinshausen 2006, equations 4 and 5); the quantile is the least label up
    to which the weights reach the level.
    """

    @staticmethod
    def knows(regressor: Estimator) -> bool:
        return isinstance(regressor, RandomForestRegressor | ExtraTreesRegressor)

    @staticmethod
    def keep(
        fitted: Estimator, X: Table, y: NDArray, params: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        """Return the sorted labels, and their weights in the leaves."""
        forest, seen = last_step(fitted, X)
        order = np.argsort(y, kind="stable")
        leaves = _onehot(forest, forest.apply(seen)[order])
        weighted = sparse.diags(_weight_in(fitted, params, len(y))[order]) @ leaves
        sums = np.asarray(weighted.sum(axis=0)).ravel()
        # A leaf without weight has no part in any distribution.
        part = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)
        return np.asarray(y)[order], (weighted @ sparse.diags(part)).T.tocsr()

    def ask(self, regressor: Estimator, X: Table) -> NDArray[np.float64]:
        labels, parts = self.kept
        leaves = _onehot(regressor, regressor.apply(X))
        n_rows = max(1, _MOST_WEIGHTS // len(labels))
        found = []
        for rows in gen_batches(num_samples(X), n_rows):
            reached = np.cumsum((leaves[rows] @ parts).toarray(), axis=1)
            reached /= reached[:, -1:]
            # What rounding takes from a level that is reached does not count.
            places = [(reached < level - 1e-9).sum(axis=1) for level in self.levels]
            found.append(labels[np.column_stack(places)])
        return np.concatenate(found)


def _onehot(forest: Estimator, nodes: NDArray) -> sparse.csr_matrix:
    """Return for each sample which nodes of all trees it falls into, as ones."""
    starts = np.cumsum([0] + [one.tree_.node_count for one in forest.estimators_])
    n_samples, n_trees = nodes.shape
    columns = (nodes + starts[:-1]).ravel()
    ends = np.arange(0, n_samples * n_trees + 1, n_trees)
    shape = (n_samples, int(starts[-1]))
    return sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=shape)


def _weight_in(
    estimator: Estimator, params: Mapping[str, Any], n_samples: int
) -> NDArray[np.float64]:
    """Return the weights among the metadata of a regressor: of a Pipeline's last."""
    weight, prefix = params.get("sample_weight"), ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
        weight = params.get(f"{prefix}sample_weight", weight)
    return np.ones(n_samples) if weight is None else np.asarray(weight, dtype=float)


def source_of(estimator: Estimator) -> type[QuantileSource]:
    """Return the way in which a regressor says quantiles.

    Raises
    ------
    ValueError
        If there is none.
    """
    last = final_step(estimator)
    for source in (_Levels, _Asked, _Distributions, _Leaves, _Normal):
        if source.knows(last):
            return source
    raise ValueError(
        "DistributionRegressor needs a regressor that says quantiles: one that learns "
        "a quantile, a random forest or extremely randomised trees, or one whose "
        "predict takes return_std or quantiles, or that has pred_dist. Got "
        f"{estimator!r}. Take, for example, LGBMRegressor(objective='quantile'), or "
        "without DistributionRegressor the out-of-fold residuals of this one."
    )
