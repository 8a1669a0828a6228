"""A student that learns transfer rows stays what its plain twin is.

Rules that go by the number of rows would make it another one: transfer rows are several
times as many as the training rows.
"""

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import BaseDecisionTree

from skdistill._fitting import final_step, weight_param
from skdistill.students import stops_early

__all__ = ["suit_transfer_rows"]

_UNLIMITED = (
    BaseDecisionTree,
    RandomForestClassifier,
    RandomForestRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
)


def suit_transfer_rows(student, X, y, fit_params):
    """Set what the number of rows would decide as the training rows alone would."""
    final = final_step(student)
    if getattr(final, "oob_score", False):
        raise ValueError(
            "A student with oob_score learns no transfer rows: they have no labels to "
            f"be scored by. Got {final!r}. Use oob_score=False."
        )
    if isinstance(
        final, HistGradientBoostingClassifier | HistGradientBoostingRegressor
    ):
        final.set_params(early_stopping=stops_early(final, len(y)))
    unlimited = [
        part
        for part in (final, *final.get_params().values())
        if isinstance(part, _UNLIMITED) and part.max_leaf_nodes is None
    ]
    if unlimited:
        leaves = _count_leaves(student, X, y, fit_params.get("sample_weight"))
        for part in unlimited:
            part.set_params(max_leaf_nodes=max([2, *leaves]) if leaves else None)


def _count_leaves(student, X, y, sample_weight):
    """Return how many leaves each tree of the student's plain twin has."""
    if is_regressor(student) and y.dtype.kind not in "fiu":
        y = np.unique(y, return_inverse=True)[1]
    weight = weight_param(student, sample_weight, part="student")
    plain = clone(student).fit(X, y, **weight)
    return [int(tree.get_n_leaves()) for tree in _trees(plain)]


def _trees(fitted):
    """Yield the trees that a fitted model holds, however deep in others."""
    fitted = final_step(fitted)
    if isinstance(fitted, BaseDecisionTree):
        yield fitted
        return
    for name in ("estimators_", "regressor_", "best_estimator_", "estimator_"):
        if hasattr(fitted, name):
            for part in np.ravel(getattr(fitted, name)):
                yield from _trees(part)
            return
