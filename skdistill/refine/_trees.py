"""Forests and single trees of scikit-learn: predictions are means over the trees."""

from copy import deepcopy
from typing import ClassVar

import numpy as np

from skdistill.refine._loss import BrierLoss, SquaredLoss
from skdistill.refine._model import LeafNodes, TreeModel

__all__ = ["AveragedClassifier", "AveragedRegressor"]


class _Averaged(TreeModel):
    """The contribution of a leaf is its value over the number of trees."""

    def __init__(self, model):
        super().__init__(model)
        trees = _trees(model)
        self._leaf_nodes = LeafNodes(tree.children_left for tree in trees)
        self.sizes = self._leaf_nodes.sizes
        self._values = np.concatenate(
            [
                tree.value.reshape(tree.node_count, -1)[nodes]
                for tree, nodes in zip(trees, self._leaf_nodes.nodes, strict=True)
            ]
        )
        self.n_outputs = self._values.shape[1]

    def leaves(self, X):
        nodes = self.model.apply(X)
        return self._leaf_nodes.numbers(nodes.reshape(len(nodes), -1))

    def corrected(self, correction):
        model = deepcopy(self.model)
        values = self._values + len(self.sizes) * correction
        if self.bounded:  # Rounding may have put some a hair below 0.
            values = np.maximum(values, 0)
        for tree, nodes, new in zip(
            _trees(model), self._leaf_nodes.nodes, self.by_tree(values), strict=True
        ):
            tree.value[nodes] = new.reshape(-1, *tree.value.shape[1:])
        return model


class AveragedRegressor(_Averaged):
    """RandomForestRegressor, ExtraTreesRegressor, DecisionTreeRegressor and kin."""

    loss = SquaredLoss
    allowed: ClassVar[dict] = {
        "criterion": ["squared_error", "friedman_mse"],
        "monotonic_cst": [None],
    }

    def raw(self, X):
        """Return the predictions."""
        return self.model.predict(X)


class AveragedClassifier(_Averaged):
    """RandomForestClassifier, ExtraTreesClassifier, DecisionTreeClassifier and kin.

    Their raw predictions are probabilities. Unlike logits these must be valid as they
    are, so every leaf keeps a probability distribution.
    """

    loss = BrierLoss
    bounded = True
    allowed: ClassVar[dict] = {"monotonic_cst": [None]}

    @classmethod
    def obstacle(cls, estimator):
        """Return why the parameters rule the estimator out."""
        if isinstance(getattr(estimator, "classes_", None), list):
            return f"got {estimator.n_outputs_} outputs of classes, not 1"
        return super().obstacle(estimator)

    def raw(self, X):
        """Return the probabilities of the classes."""
        return self.model.predict_proba(X)

    def project(self, correction):
        """Move to the nearest correction with which the leaves hold probabilities."""
        n_trees = len(self.sizes)
        values = _nearest_probabilities(self._values + n_trees * correction)
        return (values - self._values) / n_trees


def _nearest_probabilities(values):
    """Project each row onto the simplex, by a threshold: max(v - t, 0), of sum 1.

    Duchi et al., "Efficient projections onto the l1-ball for learning in high
    dimensions", 2008, figure 1.
    """
    ordered = -np.sort(-values, axis=1)
    counts = np.arange(1, values.shape[1] + 1)
    thresholds = (np.cumsum(ordered, axis=1) - 1) / counts
    last = np.sum(ordered > thresholds, axis=1, keepdims=True) - 1
    return np.maximum(values - np.take_along_axis(thresholds, last, axis=1), 0)


def _trees(model):
    """Return the trees of a forest, or the one tree that the model is."""
    return [member.tree_ for member in getattr(model, "estimators_", [model])]
