"""What a fitted model stores: leaves, weights, bytes."""

import json
import pickle
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import final_step
from skdistill._typing import Estimator
from skdistill.refine._hist_boosting import count_hist_leaves

__all__ = ["ValueCounts", "count_bytes", "count_values"]

# By which attributes a model that is no tree is known, and where its weights are.
_WEIGHTS = (
    ("coefs_", "intercepts_"),
    ("support_vectors_", "dual_coef_", "intercept_"),
    ("X_fit_", "dual_coef_"),
    ("coef_", "intercept_"),
    ("theta_", "var_", "class_prior_"),
)
# Where wrappers hold the one model that they fitted.
_INNER = ("student_", "best_estimator_", "regressor_", "estimator_", "estimator")


class ValueCounts(NamedTuple):
    """How many numbers a fitted model stores to predict with.

    Attributes
    ----------
    leaves : int
        Leaves of trees.
    weights : int
        Weights of linear models and networks; for kernel machines and naive Bayes all
        numbers they store.
    """

    leaves: int = 0
    weights: int = 0

    @property
    def total(self) -> int:
        """Leaves and weights."""
        return self.leaves + self.weights

    def __str__(self) -> str:
        parts = [
            f"{count:,} {name}"
            for count, name in zip(self, self._fields, strict=True)
            if count
        ]
        return " and ".join(parts) or "nothing"


def count_values(model: Estimator) -> ValueCounts | None:
    """Count the leaves and weights of a fitted model.

    Parameters
    ----------
    model : estimator
        Fitted. Trees, forests and boosting of scikit-learn, LightGBM and XGBoost,
        linear models, perceptrons, support vector machines, kernel ridge and Gaussian
        naive Bayes. Ensembles, stacks with their final estimator, are summed up. Of a
        Pipeline the last step counts, of a distilled model its `student_`, of a search
        its best model.

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


def _count(model):
    model = final_step(model)
    leaves = _count_leaves(model)
    if leaves is not None:
        return ValueCounts(leaves=leaves)
    members = _members(model)
    if members is not None:
        return _sum(_count(member) for member in members)
    for names in _WEIGHTS:
        if hasattr(model, names[0]):
            parts = [getattr(model, name) for name in names]
            return ValueCounts(weights=sum(map(_count_numbers, parts)))
    inner = (getattr(model, name, None) for name in _INNER)
    return next((_count(part) for part in inner if hasattr(part, "fit")), None)


def _count_leaves(model):
    """Return the number of leaves, None for a model that is no sum of trees."""
    # Those of the trees that predict: they end at the best iteration, if there is one.
    if hasattr(model, "booster_"):  # LightGBM
        text = model.booster_.model_to_string()
        return sum(map(int, re.findall(r"\nnum_leaves=(\d+)\n", text)))
    if hasattr(model, "get_booster") and not hasattr(model, "coef_"):  # XGBoost
        booster = model.get_booster()
        best = booster.attr("best_iteration")
        booster = booster if best is None else booster[: int(best) + 1]
        trees = booster.get_dump(dump_format="json")
        return sum(_count_json_leaves(json.loads(tree)) for tree in trees)
    if hasattr(model, "get_n_leaves"):
        return int(model.get_n_leaves())
    return count_hist_leaves(model)


def _count_json_leaves(node):
    children = node.get("children")
    return 1 if children is None else sum(map(_count_json_leaves, children))


def _members(model):
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


def _count_numbers(values):
    if isinstance(values, list | tuple):  # the layers of a network
        return sum(map(_count_numbers, values))
    return int(values.size) if hasattr(values, "size") else int(np.size(values))


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
