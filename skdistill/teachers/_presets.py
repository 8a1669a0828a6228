"""The teacher that is taken where none is given: a stack of diverse strong models.

Members: extremely randomised trees (variance averaged out), gradient boosting
(interactions), and Bayesian ridge or logistic regression on the columns and random
Fourier features of them (smooth targets, where trees are weak). All take missing
values and row weights; below 500 rows none has a rule that counts rows, so a weight of
k there is the same as k equal rows. Each regressor gets the target in standard units,
as several of them fail in others: trees do not split variances below 1e-16 and lose
them beside a large mean, and Bayesian ridge shrinks large targets to their mean.

References: extremely randomised trees, Geurts et al. 2006; random Fourier features,
Rahimi and Recht 2007; non-negative weights of the members, Breiman 1996.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    RegressorMixin,
    TransformerMixin,
    clone,
)
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import BayesianRidge, LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import Tags, check_array, get_tags
from sklearn.utils.validation import validate_data

from skdistill._sklearn import name_request_owner
from skdistill._typing import Estimator, Table
from skdistill.students import boosting_on_cuda, find_device

__all__ = ["default_classifier", "default_regressor"]

# Below this many rows, histograms and leaves of 20 rows are too coarse.
_FEW_ROWS = 500


def default_regressor(
    n_samples: int,
    n_features: int,
    *,
    cv: Any = None,
    n_jobs: int | None = None,
    device: str = "cpu",
) -> StackingRegressor:
    """Return the default regression teacher, unfitted.

    Parameters
    ----------
    n_samples, n_features : int
        Size of the training data. Below 500 rows boosting is exact, from there on it
        works on histograms.
    cv : int, splitter or iterable of splits
        Folds of the stack.
    n_jobs : int or None
        Jobs of the stack.
    device : {"auto", "cpu", "cuda"}, default="cpu"
        Where boosting works. "cuda" is XGBoost on a CUDA device, which must be there;
        "auto" is that where there is one, and the boosting of "cpu" elsewhere.

    Returns
    -------
    StackingRegressor

    Examples
    --------
    >>> from skdistill.teachers import default_regressor
    >>> teacher = default_regressor(1000, 5, device="auto")
    >>> [name for name, _ in teacher.estimators]
    ['trees', 'boosting', 'smooth']
    """
    on_cuda = find_device(device) == "cuda"
    with config_context(enable_metadata_routing=True):
        if on_cuda:
            boosting = boosting_on_cuda(of_classes=False)
        elif n_samples < _FEW_ROWS:
            boosting = GradientBoostingRegressor(max_depth=4, max_features=0.5)
        else:
            boosting = HistGradientBoostingRegressor(learning_rate=0.05, max_iter=300)
        return StackingRegressor(
            _members(
                StandardTarget(ExtraTreesRegressor(n_estimators=100)),
                StandardTarget(boosting),
                StandardTarget(BayesianRidge()),
                n_features,
            ),
            final_estimator=_asking(StandardTarget(LinearRegression(positive=True))),
            cv=cv,
            n_jobs=n_jobs,
        )


def default_classifier(
    n_samples: int,
    n_features: int,
    *,
    cv: Any = None,
    n_jobs: int | None = None,
    device: str = "cpu",
) -> StackingClassifier:
    """Return the default classification teacher, unfitted.

    Parameters
    ----------
    n_samples, n_features : int
        Size of the training data. Below 500 rows boosting is exact, from there on it
        works on histograms.
    cv : int, splitter or iterable of splits
        Folds of the stack.
    n_jobs : int or None
        Jobs of the stack.
    device : {"auto", "cpu", "cuda"}, default="cpu"
        As for `default_regressor`.

    Returns
    -------
    StackingClassifier
    """
    on_cuda = find_device(device) == "cuda"
    with config_context(enable_metadata_routing=True):
        if on_cuda:
            boosting = boosting_on_cuda(of_classes=True)
        elif n_samples < _FEW_ROWS:
            boosting = GradientBoostingClassifier(max_depth=4, max_features=0.5)
        else:
            boosting = HistGradientBoostingClassifier()
        return StackingClassifier(
            _members(
                ExtraTreesClassifier(n_estimators=100),
                boosting,
                LogisticRegression(max_iter=1000),
                n_features,
            ),
            final_estimator=_asking(LogisticRegression(max_iter=1000)),
            cv=cv,
            n_jobs=n_jobs,
        )


def _asking(estimator: Estimator) -> Estimator:
    """Make `estimator` ask for the weights when metadata is routed."""
    return name_request_owner(estimator.set_fit_request(sample_weight=True))


def _members(
    trees: Estimator, boosting: Estimator, linear: Estimator, n_features: int
) -> list[tuple[str, Estimator]]:
    """Name the three members and give those that need it an imputer and a scaler."""
    smooth = make_pipeline(
        _imputer(),
        _asking(StandardScaler()),
        make_union(
            FunctionTransformer(),
            RBFSampler(gamma=0.5 / max(n_features, 1), n_components=500),
        ),
        _asking(linear),
    )
    _asking(boosting)
    if not get_tags(boosting).input_tags.allow_nan:
        boosting = make_pipeline(_imputer(), boosting)
    else:
        boosting = make_pipeline(EmptyColumnFiller(), boosting)
    return [("trees", _asking(trees)), ("boosting", boosting), ("smooth", smooth)]


class StandardTarget(MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Fits a regressor to a target of mean 0 and standard deviation 1, both weighted.

    Other than that of `TransformedTargetRegressor`, its scale follows the weights.
    """

    def __init__(self, regressor: Estimator) -> None:
        self.regressor = regressor

    def fit(self, X: Table, y: ArrayLike, sample_weight: NDArray | None = None) -> Self:
        """Fit a clone of the regressor to the standardised target."""
        y = np.asarray(y, dtype=float)
        params = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.mean_ = np.average(y, weights=sample_weight)
        variance = np.average((y - self.mean_) ** 2, weights=sample_weight)
        self.scale_ = np.sqrt(variance) or 1.0
        standard = (y - self.mean_) / self.scale_
        self.regressor_ = clone(self.regressor).fit(X, standard, **params)
        return self

    def predict(self, X: Table) -> NDArray[np.float64]:
        """Predict in the unit of the target."""
        return self.mean_ + self.scale_ * self.regressor_.predict(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.regressor).input_tags
        return tags


class EmptyColumnFiller(TransformerMixin, BaseEstimator):
    """Fills columns that had no value in training: histograms of them fail."""

    def fit(self, X: Table, y: Any = None) -> Self:
        """Find the empty columns."""
        values = validate_data(self, X, ensure_all_finite="allow-nan", dtype=float)
        self.is_empty_ = np.isnan(values).all(axis=0)
        return self

    def transform(self, X: Table) -> Table:
        """Fill them with 0; return X as it is if there are none."""
        if not self.is_empty_.any():
            return X
        values = check_array(X, ensure_all_finite="allow-nan", dtype=float)
        return np.where(self.is_empty_, 0.0, values)


def _imputer() -> SimpleImputer:
    return SimpleImputer(strategy="median", keep_empty_features=True)
