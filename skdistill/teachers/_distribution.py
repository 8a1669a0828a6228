"""Teachers of distributions: regressors that say the quantiles of a label."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, column_or_1d

from skdistill._fitting import final_step, forget_fit, naming_failures
from skdistill._sklearn import HasMethods, fit_context
from skdistill._typing import Estimator, Table
from skdistill._validation import check_readable
from skdistill.students import last_step
from skdistill.teachers._cache import LazyTeacher, cached_part
from skdistill.teachers._fold_mean import FoldMeanRegressor
from skdistill.teachers._keys import NoKeyError, key_of
from skdistill.teachers._predictions import check_predictions
from skdistill.teachers._quantile_sources import QuantileSource, source_of
from skdistill.teachers._store import Store
from skdistill.teachers._wrapper import TeacherWrapper

__all__ = [
    "DistributionRegressor",
    "cached_quantiles",
    "check_says_quantiles",
    "distribution_in",
]


class DistributionRegressor(RegressorMixin, TeacherWrapper):
    """Regressor that says the distribution of a label, by its quantiles.

    As teacher it teaches a student of quantiles, or of another loss that is not least
    for the mean, the spread and shape that it sees at each sample. A student of the
    mean learns what it predicts, as from any other.

    Parameters
    ----------
    estimator : regressor
        Not fitted. It, or its last step if it is a Pipeline, is one of these:

        - a regressor of a quantile, such as ``LGBMRegressor(objective="quantile")``: a
          clone is fitted for each level, and the mean of the quantiles is predicted;
        - a random forest or extremely randomised trees of scikit-learn: a sample's
          distribution is that of the labels in its leaves, which are best not small,
          as with ``min_samples_leaf=5``;
        - a regressor whose `predict` takes `return_std`, such as
          `GaussianProcessRegressor`: the distribution is normal;
        - one whose `predict` takes `quantiles`, such as `RandomForestQuantileRegressor`
          of quantile-forest;
        - one with `pred_dist`, such as `NGBRegressor` of ngboost.
    levels : array-like of shape (n_levels,), default=(0.05, 0.1, 0.2, 0.3, 0.4, 0.5, \
0.6, 0.7, 0.8, 0.9, 0.95)
        The levels of the quantiles, rising, between 0 and 1; two at least. Between them
        the quantile function is a line.

    Attributes
    ----------
    estimators_ : list of regressors
        The fitted clones: one, or one for each level.
    levels_ : ndarray of shape (n_levels,)
        The levels.
    n_features_in_ : int
        Number of features seen during `fit`, where the regressor says it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where the regressor says them.

    References
    ----------
    Meinshausen, "Quantile Regression Forests", Journal of Machine Learning Research 7,
    2006 (forests). Chernozhukov, Fernandez-Val and Galichon, "Quantile and Probability
    Curves Without Crossing", Econometrica 78, 2010: quantiles that cross are sorted.

    Examples
    --------
    >>> from sklearn.linear_model import QuantileRegressor
    >>> X, y = [[0.0]] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]
    >>> teacher = DistributionRegressor(QuantileRegressor(), levels=[0.3, 0.7])
    >>> teacher.fit(X, y).predict_quantiles([[0.0]]).round(3)
    array([[2., 4.]])
    """

    # The folds' teachers are kept, as out-of-fold quantiles are asked of them.
    learns_in_context: ClassVar[bool] = False
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "levels": ["array-like"],
    }

    def __init__(
        self,
        estimator: Estimator,
        *,
        levels: Sequence[float] | NDArray = (
            0.05,
            0.1,
            0.2,
            0.3,
            0.4,
            0.5,
            0.6,
            0.7,
            0.8,
            0.9,
            0.95,
        ),
    ) -> None:
        self.estimator = estimator
        self.levels = levels

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Table, y: ArrayLike, **fit_params: Any) -> Self:
        """Fit a clone of the regressor, or one for each level.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples; they reach the regressor as they are.
        y : array-like of shape (n_samples,)
            Their labels.
        **fit_params : dict
            Metadata of the regressor's `fit`; with metadata routing that which it
            requests.

        Returns
        -------
        self : object
        """
        forget_fit(self, "_kept")
        check_readable(X=X, y=y)
        levels, source = check_says_quantiles(self)
        labels = column_or_1d(y, warn=True)
        done = source.fit(self.estimator, levels, X, labels, self._routed(fit_params))
        self.estimators_, self.levels_, self._kept = done.fitted, levels, done.kept
        self._take_names(done.fitted[0])
        return self

    def predict(self, X: Table) -> NDArray[np.float64]:
        """Return the mean of each label: the regressor's own, or that of the quantiles.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        return self._source().mean(X)

    def predict_quantiles(self, X: Table) -> NDArray[np.float64]:
        """Return the quantiles of each label.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        quantiles : ndarray of shape (n_samples, n_levels)
            At `levels_`, sorted in each row.
        """
        return np.sort(self._source().quantiles(X), axis=1)

    def _source(self) -> QuantileSource:
        check_is_fitted(self)
        source = source_of(self.estimators_[0])
        return source(self.levels_, self.estimators_, self._kept)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False  # One label has one distribution.
        return tags


def distribution_in(teacher: Estimator | None) -> DistributionRegressor | None:
    """Return the part of a teacher, fitted or not, that says distributions, if any.

    Parameters
    ----------
    teacher : estimator or None
        The last step of a Pipeline counts, and what a FrozenEstimator holds.

    Examples
    --------
    >>> from sklearn.linear_model import BayesianRidge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> teacher = DistributionRegressor(BayesianRidge())
    >>> distribution_in(make_pipeline(StandardScaler(), teacher)) is teacher
    True
    >>> distribution_in(BayesianRidge()) is None
    True
    """
    if isinstance(teacher, FrozenEstimator):
        teacher = teacher.estimator
    last = final_step(teacher)
    return last if isinstance(last, DistributionRegressor) else None


def cached_quantiles(
    store: Store | None, teacher: LazyTeacher, X: Table, *, out_of_fold: bool = False
) -> NDArray[np.float64]:
    """Return the quantiles that a teacher says, found or read from the cache.

    Parameters
    ----------
    store : Store or None
        The one that `cached_cross_fit` was given.
    teacher : LazyTeacher
        What `cached_cross_fit` returned for one in which `distribution_in` finds some.
    X : table of shape (n_samples, n_features)
        New samples, as the teacher sees them; or the training samples.
    out_of_fold : bool, default=False
        Whether X are the training samples, for each of which the teacher that did not
        see its label is asked. If False, the mean over the teachers of the folds is
        returned.

    Returns
    -------
    quantiles : ndarray of shape (n_samples, n_levels)
        Sorted in each row.
    """
    find = partial(_find_quantiles, teacher, X, out_of_fold=out_of_fold)
    try:
        name = "quantiles-" + ("out-of-fold" if out_of_fold else key_of(X))
    except NoKeyError:
        return find()
    return cached_part(store, teacher, name, find)


def _find_quantiles(teacher: LazyTeacher, X: Table, *, out_of_fold: bool) -> NDArray:
    fitted = teacher.get()
    with naming_failures("teacher", "asking for the quantiles of"):
        if not isinstance(fitted, FoldMeanRegressor):
            found = _quantiles_of(fitted, X)
        elif out_of_fold:
            each = fitted.estimators
            found = fitted.out_of_fold(X, lambda k, part: _quantiles_of(each[k], part))
        else:
            by_fold = [_quantiles_of(one, X) for one in fitted.estimators]
            found = np.mean(by_fold, axis=0)
        check_predictions(found, "the samples, as quantiles")
    return found


def _quantiles_of(fitted: Estimator, X: Table) -> NDArray[np.float64]:
    last, seen = last_step(fitted, X)
    return last.predict_quantiles(seen)


def check_says_quantiles(
    teacher: DistributionRegressor,
) -> tuple[NDArray[np.float64], type[QuantileSource]]:
    """Return the levels and the way to ask for them; raise if there is none.

    Parameters
    ----------
    teacher : DistributionRegressor
        Not fitted.

    Returns
    -------
    levels : ndarray of shape (n_levels,)
    source : type of QuantileSource

    Raises
    ------
    ValueError
        If the levels are no levels, or the regressor says no quantiles.
    """
    try:
        levels = np.asarray(teacher.levels, dtype=float)
    except (TypeError, ValueError):
        levels = np.empty(0)
    is_row = levels.ndim == 1 and len(levels) >= 2
    if not is_row or not (np.diff(levels, prepend=0.0, append=1.0) > 0).all():
        raise ValueError(
            "The 'levels' parameter must hold at least two levels between 0 and 1, "
            f"rising, such as (0.1, 0.5, 0.9). Got {teacher.levels!r} instead."
        )
    return levels, source_of(teacher.estimator)
