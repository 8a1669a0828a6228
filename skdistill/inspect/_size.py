"""What a fitted model stores: leaves, weights, bytes."""

import pickle
from collections.abc import Iterable

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import final_step
from skdistill._typing import Estimator
from skdistill.students import ValueCounts, find_adapter

__all__ = ["count_bytes", "count_values"]

# Where wrappers hold the one model that they fitted.
_INNER = ("student_", "best_estimator_", "regressor_", "estimator_", "estimator")


def count_values(model: Estimator) -> ValueCounts | None:
    """Count the leaves and weights of a fitted model.

    Parameters
    ----------
    model : estimator
        Fitted. Trees, forests and boosting of scikit-learn, LightGBM and XGBoost,
        linear models, perceptrons, support vector machines, kernel ridge and Gaussian
        naive Bayes, and what is registered by `skdistill.students.register`. Ensembles,
        stacks with their final estimator, are summed up. What counts is the
        last step of a Pipeline, the `student_` of a distilled model, the best model of
        a search.

    Returns
    -------
    counts : ValueCounts or None
        None for a model of another kind, or with a member of another kind.

    Raises
    ------
    NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.inspect import count_values
    >>> X, y = load_diabetes(return_X_y=True)
    >>> count_values(DecisionTreeRegressor(max_leaf_nodes=8).fit(X, y))
    ValueCounts(leaves=8, weights=0)
    >>> print(count_values(Ridge().fit(X, y)))
    11 weights
    """
    check_is_fitted(model)
    return _count(model)


def _count(model: Estimator) -> ValueCounts | None:
    model = final_step(model)
    counts = find_adapter(model).count_values(model)
    if counts is not None:
        return counts
    members = _members(model)
    if members is not None:
        return _sum(_count(member) for member in members)
    inner = (getattr(model, name, None) for name in _INNER)
    return next((_count(part) for part in inner if _is_fitted(part)), None)


def _is_fitted(part: Estimator) -> bool:
    """Return whether a wrapper holds a fitted model; its parameter is unfitted."""
    if not hasattr(part, "fit"):
        return False
    try:
        check_is_fitted(part)
    except NotFittedError:
        return False
    return True


def _members(model: Estimator) -> list[Estimator] | None:
    """Return the fitted members of an ensemble, None for a single model."""
    for name in ("estimators_", "regressors_", "estimators"):
        members = getattr(model, name, None)
        if members is None:
            continue
        # Only of an array: numpy would unpack forests in a list, as they have a length.
        members = [*(members.ravel() if isinstance(members, np.ndarray) else members)]
        if all(hasattr(member, "fit") for member in members):
            final = getattr(model, "final_estimator_", None)
            return members if final is None else [*members, final]
    return None


def _sum(counts: Iterable[ValueCounts | None]) -> ValueCounts | None:
    total = ValueCounts()
    for count in counts:
        if count is None:
            return None
        total = ValueCounts(*(np.add(total, count).tolist()))
    return total


class _Counter:
    """A file that keeps the number of bytes alone."""

    n_bytes = 0

    def write(self, data: bytes) -> int:
        size = memoryview(data).nbytes
        self.n_bytes += size
        return size


def count_bytes(model: Estimator) -> int | None:
    """Return the size of a fitted model on disk: the bytes of its pickle.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    n_bytes : int or None
        None if the model cannot be pickled.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill.inspect import count_bytes
    >>> count_bytes(Ridge().fit([[0.0], [1.0]], [0.0, 1.0])) < 2000
    True
    """
    counter = _Counter()
    try:
        pickle.Pickler(counter, protocol=pickle.HIGHEST_PROTOCOL).dump(model)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
    return counter.n_bytes
