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
    elif isinstance(final, _UNLIMITED):
        _limit_to_plain_size(student, X, y, fit_params.get("sample_weight"))


def _limit_to_plain_size(student, X, y, sample_weight):
    """Limit the leaves of an unfitted student's trees to those of its plain twin."""
    final = final_step(student)
    if final.max_leaf_nodes is not None or final.max_depth is not None:
        return
    if is_regressor(student) and y.dtype.kind not in "fiu":
        y = np.unique(y, return_inverse=True)[1]
    weight = weight_param(student, sample_weight, part="student")
    plain = final_step(clone(student).fit(X, y, **weight))
    trees = getattr(plain, "estimators_", [plain])
    most = max(int(tree.get_n_leaves()) for tree in trees)
    final.set_params(max_leaf_nodes=max(2, most))
