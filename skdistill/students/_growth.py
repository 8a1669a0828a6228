"""A student that learns a transfer set stays what it is without one.

Rules that go by the number of samples would make it another student: a transfer set is
several times as large as the training data.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.pipeline import Pipeline

from skdistill._fitting import final_step, weight_param
from skdistill._typing import Estimator, Table
from skdistill.students._registry import find_adapter
from skdistill.targets import Target

__all__ = ["adapt_to_transfer_set", "check_takes_transfer_set"]

# Where ensembles and wrappers keep what they have fitted.
_FITTED = ("estimators_", "regressor_", "best_estimator_", "estimator_")


def adapt_to_transfer_set(
    student: Estimator,
    X: Table,
    target: Target,
    fit_params: Mapping[str, Any] | None = None,
) -> None:
    """Set what the number of samples would decide as the training samples alone would.

    Early stopping that depends on it is resolved. Trees without a limit get the number
    of leaves that they have in the baseline student, which is fitted for it.

    Parameters
    ----------
    student : estimator
        Unfitted; its parameters are changed in place.
    X : array-like of shape (n_samples, n_features)
        The training samples, without the transfer set.
    target : Target
        Their target.
    fit_params : mapping of str to object, default=None
        Further parameters of the student's `fit`, for the baseline student.

    Raises
    ------
    ValueError
        If the student scores itself out of bag: a transfer set has no labels.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.students import adapt_to_transfer_set
    >>> from skdistill.targets import Target
    >>> X, y = load_diabetes(return_X_y=True)
    >>> student = DecisionTreeRegressor(min_samples_leaf=50, random_state=0)
    >>> adapt_to_transfer_set(student, X, Target.of_values(y, y, alpha=0.5))
    >>> student.max_leaf_nodes
    7
    """
    check_takes_transfer_set(student)
    final = final_step(student)
    find_adapter(final).keep_growth(final, len(target.labels))
    unlimited = {
        name: part
        for name, part in [("", final), *final.get_params().items()]
        if find_adapter(part).has_unlimited_trees(part)
    }
    if unlimited:
        baseline = final_step(_fit_baseline(student, X, target, fit_params or {}))
        for name, part in unlimited.items():
            sizes = [
                size for one in _fitted_as(baseline, name) for size in _tree_sizes(one)
            ]
            part.set_params(max_leaf_nodes=max([2, *sizes]) if sizes else None)


def check_takes_transfer_set(student: Estimator) -> None:
    """Raise, before any work is done, if a student cannot learn a transfer set.

    Parameters
    ----------
    student : estimator
        Unfitted.

    Raises
    ------
    ValueError
        If the student scores itself out of bag: a transfer set has no labels.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from skdistill.students import check_takes_transfer_set
    >>> check_takes_transfer_set(RandomForestRegressor())
    """
    final = final_step(student)
    if getattr(final, "oob_score", False):
        raise ValueError(
            "A student with oob_score learns no transfer set: its samples have no "
            f"labels to be scored by. Got {final!r}. Use oob_score=False."
        )


def _fit_baseline(
    student: Estimator, X: Table, target: Target, fit_params: Mapping[str, Any]
) -> Estimator:
    y = target.y
    if is_regressor(student) and y.dtype.kind not in "fiu":
        y = target.labels
    weight = weight_param(student, target.weight, part="student")
    return clone(student).fit(X, y, **weight | dict(fit_params))


def _fitted_as(fitted: Estimator, name: str) -> list[Estimator]:
    """Return what a parameter, such as "forest" or "estimator__tree", was fitted as.

    Members of voting and stacking have their own names; in all other ensembles and
    wrappers the parameter `estimator` or the like is fitted once or several times.
    """
    found = [final_step(fitted)]
    for key in filter(None, name.split("__")):
        found = [part for one in found for part in _held(one, key)]
    return found


def _held(fitted: Estimator, key: str) -> list[Estimator]:
    if isinstance(fitted, Pipeline):
        return [fitted.named_steps[key]]
    named = getattr(fitted, "named_estimators_", {})
    if key in named:
        return [named[key]]
    if key == "final_estimator":
        return [fitted.final_estimator_]
    for attribute in _FITTED:
        if hasattr(fitted, attribute):
            return _flat(getattr(fitted, attribute))
    return []


def _flat(parts: Any) -> list[Estimator]:
    # Not np.ravel of a list: a forest is a sequence of its trees.
    return (
        [*parts.ravel()]
        if isinstance(parts, np.ndarray)
        else [*(parts if isinstance(parts, list) else [parts])]
    )


def _tree_sizes(fitted: Estimator) -> Iterator[int]:
    """Yield the leaves of each tree that a fitted model holds, however deep."""
    fitted = final_step(fitted)
    adapter = find_adapter(fitted)
    if adapter.is_single_tree:
        counts = adapter.count_values(fitted)
        yield counts.leaves if counts else 0
        return
    for name in _FITTED:
        if hasattr(fitted, name):
            for part in _flat(getattr(fitted, name)):
                yield from _tree_sizes(part)
            return
