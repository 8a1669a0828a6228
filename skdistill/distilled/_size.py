"""A student without a size limit is grown no larger than its plain twin.

Trees without a limit grow with the rows, and transfer rows are several times as many as
the training rows. The student that is shipped is to be as small as the plain one.
"""

from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import BaseDecisionTree

from skdistill._fitting import final_step, weight_param

__all__ = ["limit_to_plain_size"]

_UNLIMITED = (
    BaseDecisionTree,
    RandomForestClassifier,
    RandomForestRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
)


def limit_to_plain_size(student, X, y, sample_weight):
    """Limit the leaves of an unfitted student's trees to those of its plain twin."""
    final = final_step(student)
    if not isinstance(final, _UNLIMITED):
        return
    if final.max_leaf_nodes is not None or final.max_depth is not None:
        return
    weight = weight_param(student, sample_weight, part="student")
    plain = final_step(clone(student).fit(X, y, **weight))
    trees = getattr(plain, "estimators_", [plain])
    most = max(int(tree.get_n_leaves()) for tree in trees)
    final.set_params(max_leaf_nodes=max(2, most))
