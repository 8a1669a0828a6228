"""XGBoost: trees are read from and written to the model's documented JSON.

A leaf's value stands in `split_conditions`, in single precision. DART multiplies it by
the `weight_drop` of its tree.
"""

import json
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np

from skdistill.refine._loss import LogLoss, SquaredLoss
from skdistill.refine._model import LeafNodes, TreeModel, check_objective

__all__ = ["XGBoostClassifier", "XGBoostRegressor"]

_ALLOWED: dict[str, list[Any]] = {
    "booster": [None, "gbtree", "dart"],
    "multi_strategy": [None, "one_output_per_tree"],
    "monotone_constraints": [None],
}


class _XGBoost(TreeModel):
    """The contribution of a leaf is its value, times the weight of its tree."""

    # How the model's JSON names the objective.
    objectives: tuple[str, ...]

    def __init__(self, model):
        super().__init__(model)
        learner = _read(model)["learner"]
        check_objective(model, learner["objective"]["name"], self.objectives)
        booster = learner["gradient_booster"]
        ends_of_rounds = _forest(booster)["iteration_indptr"]
        # The trees that predict are those up to the best iteration, if there is one.
        best = model.get_booster().attr("best_iteration")
        self._n_rounds = len(ends_of_rounds) - 1 if best is None else int(best) + 1
        n_trees = ends_of_rounds[self._n_rounds]
        self._leaf_nodes = LeafNodes(
            tree["left_children"] for tree in _forest(booster)["trees"][:n_trees]
        )
        self.sizes = self._leaf_nodes.sizes
        outputs = np.asarray(_forest(booster)["tree_info"][:n_trees])
        self.n_outputs = int(outputs.max()) + 1
        self.outputs = outputs if self.n_outputs > 1 else None
        self._tree_weights = booster.get("weight_drop", [1.0] * n_trees)[:n_trees]

    def raw(self, X):
        return self.model.predict(X, output_margin=True)

    def leaves(self, X):
        import xgboost

        # The model's own `apply` takes no categories before XGBoost 3.1.
        rows = xgboost.DMatrix(
            X,
            missing=self.model.missing,
            feature_types=self.model.feature_types,
            enable_categorical=self.model.enable_categorical,
        )
        nodes = self.model.get_booster().predict(
            rows, pred_leaf=True, iteration_range=(0, self._n_rounds)
        )
        return self._leaf_nodes.numbers(nodes.reshape(len(nodes), -1).astype(np.intp))

    def corrected(self, correction):
        document = _read(self.model)
        trees = _forest(document["learner"]["gradient_booster"])["trees"]
        changes = self.by_tree(correction[:, 0])
        for tree, nodes, weight, change in zip(
            trees[: len(changes)],
            self._leaf_nodes.nodes,
            self._tree_weights,
            changes,
            strict=True,
        ):
            values = np.array(tree["split_conditions"], dtype=np.float32)
            values[nodes] += (change / weight).astype(np.float32)
            tree["split_conditions"] = values.tolist()
        model = deepcopy(self.model)
        model.get_booster().load_model(bytearray(json.dumps(document), "utf-8"))
        return model


class XGBoostRegressor(_XGBoost):
    """XGBRegressor and XGBRFRegressor with squared loss."""

    loss = SquaredLoss
    objectives = ("reg:squarederror",)
    allowed: ClassVar[dict] = {"objective": [None, *objectives], **_ALLOWED}


class XGBoostClassifier(_XGBoost):
    """XGBClassifier and XGBRFClassifier with log loss."""

    loss = LogLoss
    objectives = ("binary:logistic", "multi:softprob", "multi:softmax")
    allowed: ClassVar[dict] = {"objective": [None, *objectives], **_ALLOWED}


def _read(model):
    return json.loads(model.get_booster().save_raw("json"))


def _forest(booster):
    """Return the trees of a booster; those of DART are one level down."""
    return booster.get("gbtree", booster)["model"]
