"""What all samplers share: validation, weights, seeds, the container of the samples."""

from abc import abstractmethod
from collections.abc import Iterator
from numbers import Integral
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from skdistill._sklearn import StrOptions, fit_context
from skdistill._typing import Table
from skdistill._validation import check_not_empty, check_readable, check_weights
from skdistill.transfer._columns import Columns, categorical_mask, is_frame

__all__ = ["BaseSampler", "RandomState", "VariedColumn"]

RandomState: TypeAlias = int | np.random.RandomState | None

# Where the cells of one column come from, by row, and new numbers for some of them.
VariedColumn: TypeAlias = tuple[NDArray[np.intp], NDArray[np.float64] | None]


class BaseSampler(BaseEstimator):
    """Base of the samplers; the subclass says how a row is varied.

    A sampled row begins as a row of X. `_vary` then says for each column which row of X
    its cell is taken from, and may give a new number instead, which the base rounds to
    the column's range and grid.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "categorical_features": ["array-like", StrOptions({"from_dtype"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        categorical_features: ArrayLike = "from_dtype",
        random_state: RandomState = None,
    ) -> None:
        self.categorical_features = categorical_features
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Table, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn what the samples of X look like.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            The samples. Values may be missing. X is kept, not copied.
        y : Ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            The chance of a sample to be drawn, up to a factor: not negative, not all 0.
            Samples of weight 0 are left out. If None, all have the same chance.

        Returns
        -------
        self : object
            The fitted sampler.

        Raises
        ------
        TypeError
            If X is sparse, or lies on a device.
        ValueError
            If a parameter, a weight or X is not as described; the message says what is
            allowed, what came and what to do.
        """
        check_readable(X=X, sample_weight=sample_weight)
        X = self._check_table(X)
        weight = check_weights(sample_weight, len(X))
        if weight is not None and not weight.all():
            X, weight = X[weight > 0], weight[weight > 0]
        self._weight = weight
        self._columns = Columns(X, categorical_mask(X, self.categorical_features))
        # Another stream than that of `sample`, whose draws do not repeat these.
        self._learn(self._rng().spawn(1)[0])
        return self

    def sample(self, n_samples: int = 1) -> Table:
        """Draw new samples.

        Each sample of X is the start of ``n_samples * weight / sum(weight)`` new ones,
        up to rounding, in random order.

        Parameters
        ----------
        n_samples : int, default=1
            How many samples.

        Returns
        -------
        X_new : ndarray or DataFrame of shape (n_samples, n_features)
            In the container of X, with its columns, dtypes and categories. Two calls
            give the same samples if `random_state` is an int.

        Raises
        ------
        ValueError
            If `n_samples` is no int of 1 or more.
        """
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                f"n_samples must be an int in the range [1, inf). Got {n_samples!r}."
            )
        rng = self._rng()
        return self._made_from(self._draw_rows(int(n_samples), rng), rng)

    def vary(self) -> Table:
        """Return each sample of X once, varied, in the order of X.

        Returns
        -------
        X_new : ndarray or DataFrame of shape (n_samples, n_features)
            In the container of X. Samples of weight 0 are left out. Two calls give the
            same samples if `random_state` is an int.
        """
        check_is_fitted(self)
        return self._made_from(np.arange(self._columns.n_rows), self._rng())

    def _check_table(self, X: Table) -> Table:
        """Return X as an array, or as the DataFrame it is."""
        if is_frame(X):
            check_not_empty(X)
            return validate_data(self, X, skip_check_array=True)
        if hasattr(X, "__dataframe__"):
            raise TypeError(
                "X must be an array or a pandas DataFrame. Got "
                f"{type(X).__module__}.{type(X).__qualname__}. Use X.to_pandas()."
            )
        return validate_data(self, X, dtype=None, ensure_all_finite="allow-nan")

    def _made_from(self, rows: NDArray[np.intp], rng: np.random.Generator) -> Table:
        cells = (
            column.take(source, values)
            for column, (source, values) in zip(
                self._columns, self._vary(rows, rng), strict=True
            )
        )
        return self._columns.restore(cells, len(rows))

    def _rng(self) -> np.random.Generator:
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        return np.random.default_rng(seed)

    def _draw_rows(self, n_samples: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Return rows of X, each in proportion to its weight, in random order.

        Systematic sampling: equally spaced points on the line of cumulated weights, on
        which the rows lie in random order. A row is drawn as often as it should be,
        rounded up or down.
        """
        order = rng.permutation(self._columns.n_rows)
        weight = np.ones(len(order)) if self._weight is None else self._weight[order]
        ends = np.cumsum(weight)
        points = (rng.random() + np.arange(n_samples)) * (ends[-1] / n_samples)
        drawn = np.searchsorted(ends[:-1], points, side="right")
        return rng.permutation(order[drawn])

    def _learn(self, rng: np.random.Generator) -> None:
        """Learn more than the columns; the default is nothing."""

    @abstractmethod
    def _vary(
        self, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> Iterator[VariedColumn]:
        """Yield for each column the rows that its cells come from, and new numbers.

        A new number of NaN leaves the cell as it is.
        """

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_columns")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.requires_fit = True
        return tags
