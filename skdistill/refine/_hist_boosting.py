"""Histogram gradient boosting of scikit-learn, whose trees are private.

It has no public method that says which leaf a row falls into. So a copy of the model is
asked whose leaves hold their own numbers and whose constant part is 0: each stage of
its raw prediction adds the number of a leaf. Two private attributes of the fitted model
are used, in this file alone: `_predictors` and `_baseline_prediction`.
"""

from copy import deepcopy
from typing import ClassVar

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from skdistill._typing import Estimator
from skdistill.refine._loss import LogLoss, SquaredLoss
from skdistill.refine._model import TreeModel

__all__ = ["HistClassifier", "HistRegressor", "count_hist_leaves"]


class _Hist(TreeModel):
    """The contribution of a leaf is its value."""

    # The public method that yields the raw prediction after each round.
    staged: str

    def __init__(self, model):
        super().__init__(model)
        leaves = [nodes["is_leaf"].astype(bool) for nodes in _nodes(model)]
        self.sizes = [int(is_leaf.sum()) for is_leaf in leaves]
        self.n_outputs = model.n_trees_per_iteration_
        if self.n_outputs > 1:
            self.outputs = np.arange(len(leaves)) % self.n_outputs
        self._numbered = deepcopy(model)
        self._numbered._baseline_prediction[:] = 0
        for nodes, is_leaf in zip(_nodes(self._numbered), leaves, strict=True):
            nodes["value"][is_leaf] = np.arange(is_leaf.sum())

    def leaves(self, X):
        stages = np.stack(list(getattr(self._numbered, self.staged)(X)), axis=1)
        numbers = np.diff(stages, axis=1, prepend=0)
        return numbers.reshape(len(numbers), -1).astype(np.intp)

    def corrected(self, correction):
        model = deepcopy(self.model)
        changes = self.by_tree(correction[:, 0])
        for nodes, change in zip(_nodes(model), changes, strict=True):
            nodes["value"][nodes["is_leaf"].astype(bool)] += change
        return model


class HistRegressor(_Hist):
    """HistGradientBoostingRegressor with squared loss."""

    loss = SquaredLoss
    staged = "staged_predict"
    allowed: ClassVar[dict] = {"loss": ["squared_error"], "monotonic_cst": [None]}

    def raw(self, X):
        """Return the predictions."""
        return self.model.predict(X)


class HistClassifier(_Hist):
    """HistGradientBoostingClassifier with log loss."""

    loss = LogLoss
    staged = "staged_decision_function"
    allowed: ClassVar[dict] = {"loss": ["log_loss"], "monotonic_cst": [None]}

    def raw(self, X):
        """Return the logits."""
        return self.model.decision_function(X)


def _nodes(model):
    """Return the structured array of each tree's nodes, round by round."""
    return [tree.nodes for trees in model._predictors for tree in trees]


def count_hist_leaves(model: Estimator) -> int | None:
    """Count the leaves of histogram gradient boosting; None for another model."""
    if isinstance(
        model, HistGradientBoostingClassifier | HistGradientBoostingRegressor
    ):
        return sum(int(nodes["is_leaf"].sum()) for nodes in _nodes(model))
    return None
