"""Histogram gradient boosting of scikit-learn.

It learns soft labels by its own loss, of which only the gradient changes. Where a
release of scikit-learn does not let it, it learns from duplicated samples. Left to
itself it would put some duplicates of a sample into its validation part and others into
its training part, and would count duplicates to decide whether to stop early at all.

Its trees are private, and it has no public method that says which leaf a sample falls
into. So a copy of the model is asked whose leaves hold their own numbers and whose
constant part is 0: each stage of its raw prediction adds the number of a leaf. Two
private attributes of the fitted model are used, in this file alone: `_predictors` and
`_baseline_prediction`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from skdistill._sklearn import (
    has_methods,
    index_params,
    restore_loss,
    safe_indexing,
)
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter
from skdistill.students._class_weight import weigh_classes
from skdistill.students._counts import ValueCounts
from skdistill.students._duplication import classes_of, duplicate_samples
from skdistill.students._leaves import CutTree, LeafModel
from skdistill.students._registry import register
from skdistill.students._soft_codes import (
    SoftCodes,
    SoftLabelsLostError,
    soft_loss,
)
from skdistill.students._spaces import FRACTIONS, LARGER_LEAVES, PENALTIES, RATES
from skdistill.students._while_fitting import with_methods, with_params
from skdistill.targets import Target

__all__ = ["HistClassifierLeaves", "HistRegressorLeaves", "hist_boosting_nodes"]

# scikit-learn's own limit for early_stopping="auto".
_MANY_SAMPLES = 10_000
# Through which soft labels pass.
_METHODS = ("_encode_y", "_finalize_sample_weight", "_get_loss")


class _HistLeaves(LeafModel):
    """The contribution of a leaf is its value."""

    # The public method that yields the raw prediction after each round.
    staged: str

    def __init__(self, model: Estimator) -> None:
        super().__init__(model)
        leaves = [nodes["is_leaf"].astype(bool) for nodes in hist_boosting_nodes(model)]
        self.sizes = [int(is_leaf.sum()) for is_leaf in leaves]
        self.n_outputs = model.n_trees_per_iteration_
        if self.n_outputs > 1:
            self.outputs = np.arange(len(leaves)) % self.n_outputs
        self._numbered = deepcopy(model)
        self._numbered._baseline_prediction[:] = 0
        for nodes, is_leaf in zip(
            hist_boosting_nodes(self._numbered), leaves, strict=True
        ):
            nodes["value"][is_leaf] = np.arange(is_leaf.sum())

    def leaves(self, X: Table) -> NDArray:
        stages = np.stack(list(getattr(self._numbered, self.staged)(X)), axis=1)
        numbers = np.diff(stages, axis=1, prepend=0)
        return numbers.reshape(len(numbers), -1).astype(np.intp)

    def corrected(self, correction: NDArray) -> Estimator:
        model = deepcopy(self.model)
        changes = self.by_tree(correction[:, 0])
        for nodes, change in zip(hist_boosting_nodes(model), changes, strict=True):
            nodes["value"][nodes["is_leaf"].astype(bool)] += change
        return model

    def children(self) -> list[NDArray]:
        found = []
        for nodes in hist_boosting_nodes(self.model):
            both = np.column_stack([nodes["left"], nodes["right"]]).astype(np.intp)
            found.append(np.where(nodes["is_leaf"].astype(bool)[:, None], -1, both))
        return found

    def contributions(self) -> NDArray:
        values = [
            nodes["value"][nodes["is_leaf"].astype(bool)]
            for nodes in hist_boosting_nodes(self.model)
        ]
        return np.concatenate(values)[:, None]

    def cut(self, trees: Sequence[CutTree | None]) -> Estimator:
        model = deepcopy(self.model)
        left = iter(trees)
        rounds = [[(tree, next(left)) for tree in one] for one in model._predictors]
        model._predictors = []
        for pairs in rounds:
            kept = [_cut_nodes(tree, cut) for tree, cut in pairs if cut is not None]
            if kept:
                model._predictors.append(kept)
        return model


class HistRegressorLeaves(_HistLeaves):
    """HistGradientBoostingRegressor with squared loss."""

    loss = "squared"
    staged = "staged_predict"
    allowed: ClassVar[dict] = {"loss": ["squared_error"], "monotonic_cst": [None]}

    def raw(self, X: Table) -> NDArray:
        """Return the predictions."""
        return self.model.predict(X)


class HistClassifierLeaves(_HistLeaves):
    """HistGradientBoostingClassifier with log loss."""

    loss = "log"
    staged = "staged_decision_function"
    allowed: ClassVar[dict] = {"loss": ["log_loss"], "monotonic_cst": [None]}

    def raw(self, X: Table) -> NDArray:
        """Return the logits."""
        return self.model.decision_function(X)


def hist_boosting_nodes(model: Estimator) -> list[NDArray]:
    """Return the nodes of each tree of a fitted histogram boosting model.

    Parameters
    ----------
    model : estimator
        A fitted HistGradientBoostingRegressor or HistGradientBoostingClassifier.

    Returns
    -------
    nodes : list of structured ndarray
        Views, round by round, with fields such as `value`, `is_leaf`, `num_threshold`
        and `missing_go_to_left`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from skdistill.students import hist_boosting_nodes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=4).fit(X, y)
    >>> [int(nodes["is_leaf"].sum()) for nodes in hist_boosting_nodes(model)]
    [4, 4]
    """
    return [tree.nodes for trees in model._predictors for tree in trees]


def _cut_nodes(predictor: Any, cut: CutTree) -> Any:
    """Cut a tree in place, and return it."""
    nodes, is_leaf = predictor.nodes[cut.kept], cut.is_leaf
    nodes["left"], nodes["right"] = np.maximum(cut.children, 0).T
    nodes["is_leaf"], nodes["value"][is_leaf] = is_leaf, cut.values[:, 0]
    nodes["is_categorical"][is_leaf] = False
    predictor.nodes = nodes
    return predictor


class HistBoostingAdapter(StudentAdapter):
    """Whether it stops early is decided by the number of training samples alone."""

    def __init__(self, leaves: type[LeafModel]) -> None:
        self.leaves = leaves

    def keep_growth(self, student: Estimator, n_samples: int) -> None:
        student.set_params(early_stopping=_stops_early(student, n_samples))

    def search_space(self, student: Estimator) -> dict[str, Any]:
        return {
            "learning_rate": RATES,
            "max_features": FRACTIONS,
            "min_samples_leaf": LARGER_LEAVES,
            "l2_regularization": PENALTIES,
        }

    def count_values(self, model: Estimator) -> ValueCounts:
        nodes = hist_boosting_nodes(model)
        return ValueCounts(leaves=sum(int(tree["is_leaf"].sum()) for tree in nodes))


class HistClassifierAdapter(HistBoostingAdapter):
    """It learns by its own loss, or from duplicates; whole samples stop it early."""

    trains_natively = True

    def resolve_class_weight(self, student: Estimator, target: Target) -> None:
        super().resolve_class_weight(student, _with_codes(target))

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        self.resolve_class_weight(student, target)
        if isinstance(student.loss, str) and has_methods(type(student), _METHODS):
            # With soft labels lost, it learns from duplicates.
            with suppress(SoftLabelsLostError):
                return _fit_natively(student, X, target, fit_params)
        stops = _stops_early(student, len(target.labels))
        own_validation = "X_val" in fit_params or student.validation_fraction is None
        with with_params(student, early_stopping=stops):
            if stops and not own_validation:
                _fit_holding_out(student, X, target, fit_params)
            else:
                super().fit(student, X, target, fit_params)
        return student


def _with_codes(target: Target) -> Target:
    """Return the target with codes as classes, by which its class_weight goes."""
    return replace(target, classes=np.arange(len(classes_of(target))))


def _fit_natively(
    student: Estimator, X: Table, target: Target, fit_params: Mapping[str, Any]
) -> Estimator:
    classes = classes_of(target)
    soft, weight = weigh_classes(student, _with_codes(target))
    # Gradients are of single precision there.
    codes = SoftCodes.of(target.labels, soft, dtype=np.float32)
    del soft

    class SoftBoosting:
        def _encode_y(self, y: NDArray) -> SoftCodes:
            # Each class comes twice, lest scikit-learn take them for numbers.
            super()._encode_y(np.tile(classes, 2))  # type: ignore[misc]
            return codes

        def _finalize_sample_weight(
            self, sample_weight: NDArray | None, y: NDArray
        ) -> NDArray | None:
            return weight  # Which holds the weights of the classes too.

        def _get_loss(self, sample_weight: NDArray | None) -> Any:
            return soft_loss(len(classes))

    try:
        with with_methods(student, SoftBoosting):
            student.fit(X, target.labels, sample_weight=target.weight, **fit_params)
    finally:
        restore_loss(student, weight)
    return student


def _stops_early(student: Estimator, n_samples: int) -> bool:
    stops = student.early_stopping
    return n_samples > _MANY_SAMPLES if stops == "auto" else bool(stops)


def _fit_holding_out(
    student: Estimator, X: Table, target: Target, fit_params: Mapping[str, Any]
) -> None:
    """Fit on the duplicates of some samples, stop early by those of the others."""
    _, held_out = train_test_split(
        np.arange(len(target.labels)),
        test_size=student.validation_fraction,
        stratify=target.y,
        random_state=student.random_state,
    )
    rows, labels, weight = duplicate_samples(target)
    weight = np.ones(len(rows)) if weight is None else weight
    apart = np.isin(rows, held_out)
    student.fit(
        safe_indexing(X, rows[~apart]),
        labels[~apart],
        sample_weight=weight[~apart],
        X_val=safe_indexing(X, rows[apart]),
        y_val=labels[apart],
        sample_weight_val=weight[apart],
        **index_params(X, dict(fit_params), indices=rows[~apart]),
    )


_NAME = (
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoosting"
)
register(f"{_NAME}Regressor", HistBoostingAdapter(HistRegressorLeaves))
register(f"{_NAME}Classifier", HistClassifierAdapter(HistClassifierLeaves))
