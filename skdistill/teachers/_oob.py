"""Out-of-bag predictions: from the trees whose bootstrap missed the sample."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._numerics import log_probability
from skdistill._typing import Estimator

__all__ = ["NoOutOfBagError", "check_oob", "fit_with_oob", "has_oob", "oob_predictions"]


class NoOutOfBagError(ValueError):
    """Some sample has no out-of-bag prediction."""


def has_oob(estimator: Estimator) -> bool:
    """Return whether `estimator` can give out-of-bag predictions once fitted."""
    params = estimator.get_params(deep=False)
    return (
        "oob_score" in params
        and bool(params.get("bootstrap", False))
        and not params.get("warm_start", False)
    )


def check_oob(estimator: Estimator) -> None:
    """Raise unless `estimator` can give out-of-bag predictions."""
    if not has_oob(estimator):
        raise ValueError(
            "cross_fit='oob' needs a bagged teacher: one with an oob_score parameter "
            "and bootstrap=True (and no warm_start), such as RandomForestRegressor. "
            f"Got {estimator!r}. Use cross_fit='kfold', which works for any teacher."
        )


def fit_with_oob(fit: Callable, estimator: Estimator) -> Any:
    """Return fit(estimator), the estimator set to keep its out-of-bag predictions.

    Its warnings about samples without such a prediction are left to
    `oob_predictions`, which raises for them.
    """
    check_oob(estimator)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some inputs do not have OOB scores")
        warnings.filterwarnings("ignore", "invalid value", RuntimeWarning)
        # scikit-learn < 1.8 asks of a regression target whether it is one of classes.
        warnings.filterwarnings("ignore", "The number of unique classes is greater")
        return fit(estimator.set_params(oob_score=True))


def oob_predictions(
    fitted: Estimator, *, n_samples: int, is_classifier: bool
) -> NDArray:
    """Return values, or log-probabilities of the fitted classes."""
    in_every_bag = np.ones(n_samples, dtype=bool)
    for in_bag in fitted.estimators_samples_:
        drawn = np.zeros(n_samples, dtype=bool)
        drawn[in_bag] = True
        in_every_bag &= drawn
    if in_every_bag.any():
        n_trees = len(fitted.estimators_samples_)
        raise NoOutOfBagError(
            "cross_fit='oob' needs each row to be left out of at least one bootstrap "
            f"sample. Got {int(in_every_bag.sum())} of {n_samples} rows that are in "
            f"all {n_trees}. Use more estimators, a smaller max_samples, or "
            "cross_fit='kfold'."
        )
    if is_classifier:
        probability = fitted.oob_decision_function_
        _check_some_probability(probability)
        return log_probability(probability)
    return np.asarray(fitted.oob_prediction_, dtype=float)


def _check_some_probability(probability: NDArray) -> None:
    """Raise where the votes for all classes sum to 0, and were divided by it."""
    none = np.isnan(probability).all(axis=1)
    if none.any():
        raise NoOutOfBagError(
            "cross_fit='oob' needs a probability above 0 of some class for each row. "
            f"Got {int(none.sum())} of {len(none)} rows to which no estimator that "
            "left them out gives one. Use more estimators, or cross_fit='kfold'."
        )
