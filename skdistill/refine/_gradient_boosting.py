"""scikit-learn's gradient boosting: init + learning_rate * (sum of leaf values)."""

from copy import deepcopy
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import validate_data

from skdistill.refine._loss import LogLoss, SquaredLoss
from skdistill.refine._model import LeafNodes, TreeModel

__all__ = ["BoostedClassifier", "BoostedRegressor"]


class _Boosted(TreeModel):
    """The contribution of a leaf is its value times the learning rate."""

    def __init__(self, model):
        super().__init__(model)
        self._leaf_nodes = LeafNodes(tree.children_left for tree in _trees(model))
        self.sizes = self._leaf_nodes.sizes
        n_rounds, self.n_outputs = model.estimators_.shape
        if self.n_outputs > 1:
            self.outputs = np.tile(np.arange(self.n_outputs), n_rounds)

    def leaves(self, X):
        # `apply` itself takes no lists, and warns of column names.
        X = validate_data(
            self.model, X, reset=False, dtype=np.float32, accept_sparse="csr"
        )
        nodes = self.model.apply(X).astype(np.intp)
        return self._leaf_nodes.numbers(nodes.reshape(len(nodes), -1))

    def corrected(self, correction):
        model = deepcopy(self.model)
        changes = self.by_tree(correction[:, 0] / model.learning_rate)
        for tree, nodes, change in zip(
            _trees(model), self._leaf_nodes.nodes, changes, strict=True
        ):
            tree.value[nodes, 0, 0] += change
        return model


class BoostedRegressor(_Boosted):
    """GradientBoostingRegressor with squared loss."""

    loss = SquaredLoss
    allowed: ClassVar[dict] = {"loss": ["squared_error"]}

    def raw(self, X):
        """Return the predictions."""
        return self.model.predict(X)


class BoostedClassifier(_Boosted):
    """GradientBoostingClassifier with log loss."""

    loss = LogLoss
    allowed: ClassVar[dict] = {"loss": ["log_loss"]}

    def raw(self, X):
        """Return the logits."""
        return self.model.decision_function(X)


def _trees(model):
    """Return the trees, round by round."""
    return [member.tree_ for member in model.estimators_.ravel()]
