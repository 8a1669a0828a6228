"""A student that learns a transfer set stays what it is without one.

Rules that go by the number of samples would make it another student: a transfer set is
several times as large as the training data.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import clone, is_regressor

from skdistill._fitting import final_step, weight_param
from skdistill._typing import Estimator, Table
from skdistill.students._registry import find_adapter
from skdistill.targets import Target

__all__ = ["adapt_to_transfer_set", "check_takes_transfer_set"]


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
    unlimited = [
        part
        for part in (final, *final.get_params().values())
        if find_adapter(part).has_unlimited_trees(part)
    ]
    if unlimited:
        sizes = _baseline_sizes(student, X, target, fit_params or {})
        for part in unlimited:
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


def _baseline_sizes(
    student: Estimator, X: Table, target: Target, fit_params: Mapping[str, Any]
) -> list[int]:
    """Return how many leaves each tree of the baseline student has."""
    y = target.y
    if is_regressor(student) and y.dtype.kind not in "fiu":
        y = target.labels
    weight = weight_param(student, target.weight, part="student")
    baseline = clone(student).fit(X, y, **weight | dict(fit_params))
    return list(_tree_sizes(baseline))


def _tree_sizes(fitted: Estimator) -> Iterator[int]:
    """Yield the leaves of each tree that a fitted model holds, however deep."""
    fitted = final_step(fitted)
    adapter = find_adapter(fitted)
    if adapter.is_single_tree:
        counts = adapter.count_values(fitted)
        yield counts.leaves if counts else 0
        return
    for name in ("estimators_", "regressor_", "best_estimator_", "estimator_"):
        if hasattr(fitted, name):
            for part in np.ravel(getattr(fitted, name)):
                yield from _tree_sizes(part)
            return
