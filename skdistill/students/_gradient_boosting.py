"""scikit-learn's gradient boosting: init + learning_rate * (sum of leaf values)."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from skdistill._typing import Estimator, Table
from skdistill.students._counts import ValueCounts
from skdistill.students._leaves import CutTree, LeafModel, LeafNodes
from skdistill.students._registry import register
from skdistill.students._rounds import ResumingAdapter
from skdistill.students._spaces import RATES, SAMPLED, TREES
from skdistill.students._trees import children_of, cut_tree

__all__ = ["BoostedClassifierLeaves", "BoostedRegressorLeaves", "BoostingAdapter"]


class _BoostedLeaves(LeafModel):
    """The contribution of a leaf is its value times the learning rate."""

    def __init__(self, model: Estimator) -> None:
        super().__init__(model)
        self._leaf_nodes = LeafNodes(tree.children_left for tree in _trees(model))
        self.sizes = self._leaf_nodes.sizes
        n_rounds, self.n_outputs = model.estimators_.shape
        if self.n_outputs > 1:
            self.outputs = np.tile(np.arange(self.n_outputs), n_rounds)

    def leaves(self, X: Table) -> NDArray:
        # `apply` itself takes no lists, and warns of column names.
        X = validate_data(
            self.model, X, reset=False, dtype=np.float32, accept_sparse="csr"
        )
        nodes = self.model.apply(X).astype(np.intp)
        return self._leaf_nodes.numbers(nodes.reshape(len(nodes), -1))

    def corrected(self, correction: NDArray) -> Estimator:
        model = deepcopy(self.model)
        changes = self.by_tree(correction[:, 0] / model.learning_rate)
        for tree, nodes, change in zip(
            _trees(model), self._leaf_nodes.nodes, changes, strict=True
        ):
            tree.value[nodes, 0, 0] += change
        return model

    def children(self) -> list[NDArray]:
        return [children_of(tree) for tree in _trees(self.model)]

    def contributions(self) -> NDArray:
        values = [
            tree.value[nodes, 0]
            for tree, nodes in zip(
                _trees(self.model), self._leaf_nodes.nodes, strict=True
            )
        ]
        return self.model.learning_rate * np.concatenate(values)

    def cut(self, trees: Sequence[CutTree | None]) -> Estimator:
        model = deepcopy(self.model)
        kept = []
        for member, cut in zip(model.estimators_.ravel(), trees, strict=True):
            if cut is not None:
                values = cut.values / model.learning_rate
                member.tree_ = cut_tree(member.tree_, cut, values)
                kept.append(member)
        model.estimators_ = np.array(kept, dtype=object).reshape(-1, self.n_outputs)
        model.n_estimators_ = len(model.estimators_)
        return model


class BoostedRegressorLeaves(_BoostedLeaves):
    """GradientBoostingRegressor with squared loss."""

    loss = "squared"
    allowed: ClassVar[dict] = {"loss": ["squared_error"]}

    def raw(self, X: Table) -> NDArray:
        """Return the predictions."""
        return self.model.predict(X)


class BoostedClassifierLeaves(_BoostedLeaves):
    """GradientBoostingClassifier with log loss."""

    loss = "log"
    allowed: ClassVar[dict] = {"loss": ["log_loss"]}

    def raw(self, X: Table) -> NDArray:
        """Return the logits."""
        return self.model.decision_function(X)


class BoostingAdapter(ResumingAdapter):
    """Stages are those of scikit-learn; training goes on by `warm_start`."""

    def __init__(self, leaves: type[LeafModel]) -> None:
        self.leaves = leaves

    def count_values(self, model: Estimator) -> ValueCounts:
        return ValueCounts(leaves=sum(int(tree.n_leaves) for tree in _trees(model)))

    def search_space(self, student: Estimator) -> dict[str, Any]:
        return {**TREES, "learning_rate": RATES, "subsample": SAMPLED}

    def reason_not_to_resume(self, student: Estimator) -> str:
        # Each part would start anew to wait, and could go on past the best tree.
        stops = student.n_iter_no_change is not None
        return (
            f"n_iter_no_change={student.n_iter_no_change!r} chooses the trees" * stops
        )

    def further(
        self, student: Estimator, n_rounds: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        n_estimators = len(student.estimators_) + n_rounds
        return {"warm_start": True, "n_estimators": n_estimators}, {}


def _trees(model: Estimator) -> list[Any]:
    """Return the trees, round by round."""
    return [member.tree_ for member in model.estimators_.ravel()]


register(
    "sklearn.ensemble._gb.GradientBoostingRegressor",
    BoostingAdapter(BoostedRegressorLeaves),
)
