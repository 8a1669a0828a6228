"""LightGBM: leaves are counted in the model's text and set by `set_leaf_output`.

The constant part is in the leaves of the first trees. Random forest mode takes the mean
over the rounds instead of their sum.
"""

import pickle
import re
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np

from skdistill.refine._loss import LogLoss, SquaredLoss
from skdistill.refine._model import TreeModel, check_objective

__all__ = ["LightGBMClassifier", "LightGBMRegressor"]

# With LightGBM's other names for them.
_ALLOWED: dict[str, list[Any]] = {
    "linear_tree": [False],
    "linear_trees": [False],
    "monotone_constraints": [None],
    "monotone_constraint": [None],
    "monotonic_cst": [None],
    "mc": [None],
}


class _LightGBM(TreeModel):
    """The contribution of a leaf is its value, or its share of the mean."""

    # How the model's text names the objective.
    objectives: tuple[str, ...]

    def __init__(self, model):
        super().__init__(model)
        text = model.booster_.model_to_string()  # Up to the best iteration.
        found = re.search(r"\nobjective=(.*)\n", text)
        check_objective(model, found[1] if found else "unknown", self.objectives)
        self.sizes = [int(size) for size in re.findall(r"\nnum_leaves=(\d+)\n", text)]
        self.n_outputs = model.booster_.num_model_per_iteration()
        if self.n_outputs > 1:
            self.outputs = np.arange(len(self.sizes)) % self.n_outputs
        n_rounds = len(self.sizes) // self.n_outputs
        self._scale = n_rounds if "\naverage_output\n" in text else 1

    def raw(self, X):
        # The raw score is a sum in random forest mode too.
        return self.model.predict(X, raw_score=True) / self._scale

    def leaves(self, X):
        leaves = self.model.predict(X, pred_leaf=True)
        return np.reshape(leaves, (len(leaves), -1)).astype(np.intp)

    def corrected(self, correction):
        # A Booster's own deepcopy forgets the best iteration, its pickle does not.
        booster = pickle.loads(pickle.dumps(self.model.booster_))
        changes = self.by_tree(self._scale * correction[:, 0])
        for tree, change in enumerate(changes):
            for leaf, by in enumerate(change):
                value = booster.get_leaf_output(tree, leaf) + by
                booster.set_leaf_output(tree, leaf, value)
        return deepcopy(self.model, {id(self.model.booster_): booster})


class LightGBMRegressor(_LightGBM):
    """LGBMRegressor with squared loss."""

    loss = SquaredLoss
    objectives = ("regression",)
    allowed: ClassVar[dict] = {
        "objective": [
            *(None, "regression", "regression_l2", "l2", "mean_squared_error", "mse"),
            *("l2_root", "root_mean_squared_error", "rmse"),
        ],
        "reg_sqrt": [False],
        **_ALLOWED,
    }


class LightGBMClassifier(_LightGBM):
    """LGBMClassifier with log loss."""

    loss = LogLoss
    objectives = ("binary sigmoid:1", r"multiclass num_class:\d+")
    allowed: ClassVar[dict] = {
        "objective": [None, "binary", "multiclass", "softmax"],
        "sigmoid": [1],
        **_ALLOWED,
    }
