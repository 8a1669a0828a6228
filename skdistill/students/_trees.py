"""Trees and forests of scikit-learn: predictions are means over the trees.

They learn distributions by their regressor twins on probabilities. The Gini impurity of
a node with mean target p is 1 - sum_k p_k^2. The variance of the targets m, summed over
classes, is mean(sum_k m_k^2) - sum_k p_k^2, and its first term is the same before and
after a split. So a regressor with an output for each class grows, on the same random
state, the tree that the classifier would grow on weighted duplicates, but counts and
draws samples, not duplicates, and sorts K times fewer of them. The grown trees are then
moved into the classifier.

A regressor takes the mean over the K outputs, hence its limits on impurity are K times
smaller.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.metrics import accuracy_score
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from skdistill._sklearn import FORESTS_BALANCE_BY_WEIGHT, Tree
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter
from skdistill.students._class_weight import weigh_classes
from skdistill.students._counts import ValueCounts
from skdistill.students._duplication import classes_of
from skdistill.students._leaves import CutTree, LeafModel, LeafNodes
from skdistill.students._registry import register
from skdistill.students._spaces import TREES
from skdistill.students._while_fitting import with_params
from skdistill.targets import Target

__all__ = [
    "AveragedClassifierLeaves",
    "AveragedRegressorLeaves",
    "children_of",
    "cut_tree",
    "nearest_probabilities",
]

# The feature and the threshold of a leaf.
_UNDEFINED = -2
_IMPURITY_LIMITS = ("min_impurity_decrease", "ccp_alpha")


class _AveragedLeaves(LeafModel):
    """The contribution of a leaf is its value over the number of trees."""

    def __init__(self, model: Estimator) -> None:
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

    def leaves(self, X: Table) -> NDArray:
        nodes = self.model.apply(X)
        return self._leaf_nodes.numbers(nodes.reshape(len(nodes), -1))

    def corrected(self, correction: NDArray) -> Estimator:
        model = deepcopy(self.model)
        values = self._values + len(self.sizes) * correction
        if self.bounded:  # Rounding may have put some a hair below 0.
            values = np.maximum(values, 0)
        for tree, nodes, new in zip(
            _trees(model), self._leaf_nodes.nodes, self.by_tree(values), strict=True
        ):
            tree.value[nodes] = new.reshape(-1, *tree.value.shape[1:])
        return model

    def children(self) -> list[NDArray]:
        return [children_of(tree) for tree in _trees(self.model)]

    def contributions(self) -> NDArray:
        return self._values / len(self.sizes)

    def cut(self, trees: Sequence[CutTree | None]) -> Estimator:
        model = deepcopy(self.model)
        members = getattr(model, "estimators_", [model])
        kept = [
            (member, cut)
            for member, cut in zip(members, trees, strict=True)
            if cut is not None
        ]
        for member, cut in kept:
            values = len(kept) * cut.values
            member.tree_ = cut_tree(
                member.tree_, cut, np.maximum(values, 0) if self.bounded else values
            )
        if members[0] is not model:
            model.estimators_ = [member for member, _ in kept]
        return model


class AveragedRegressorLeaves(_AveragedLeaves):
    """RandomForestRegressor, ExtraTreesRegressor, DecisionTreeRegressor and kin."""

    loss = "squared"
    allowed: ClassVar[dict] = {
        "criterion": ["squared_error", "friedman_mse"],
        "monotonic_cst": [None],
    }

    def raw(self, X: Table) -> NDArray:
        """Return the predictions."""
        return self.model.predict(X)


class AveragedClassifierLeaves(_AveragedLeaves):
    """RandomForestClassifier, ExtraTreesClassifier, DecisionTreeClassifier and kin.

    Their raw predictions are probabilities. Unlike logits these must be valid as they
    are, so every leaf keeps a probability distribution.
    """

    loss = "brier"
    bounded = True
    allowed: ClassVar[dict] = {"monotonic_cst": [None]}

    @classmethod
    def reason(cls, estimator: Estimator) -> str | None:
        """Return why the parameters rule the estimator out."""
        if isinstance(getattr(estimator, "classes_", None), list):
            return f"got {estimator.n_outputs_} outputs of classes, not 1"
        return super().reason(estimator)

    def raw(self, X: Table) -> NDArray:
        """Return the probabilities of the classes."""
        return self.model.predict_proba(X)

    def project(self, correction: NDArray) -> NDArray:
        """Move to the nearest correction with which the leaves hold probabilities."""
        n_trees = len(self.sizes)
        values = nearest_probabilities(self._values + n_trees * correction)
        return (values - self._values) / n_trees


def nearest_probabilities(values: NDArray) -> NDArray:
    """Project each row onto the simplex, by a threshold: max(v - t, 0), of sum 1.

    Duchi et al., "Efficient projections onto the l1-ball for learning in high
    dimensions", 2008, figure 1.
    """
    ordered = -np.sort(-values, axis=1)
    counts = np.arange(1, values.shape[1] + 1)
    thresholds = (np.cumsum(ordered, axis=1) - 1) / counts
    last = np.sum(ordered > thresholds, axis=1, keepdims=True) - 1
    return np.maximum(values - np.take_along_axis(thresholds, last, axis=1), 0)


class TreeAdapter(StudentAdapter):
    """Trees and forests of values."""

    leaves: type[LeafModel] = AveragedRegressorLeaves
    learns_hints = True
    hinted_criteria: tuple[str, ...] = ("squared_error", "friedman_mse")

    def __init__(self, *, is_single_tree: bool) -> None:
        self.is_single_tree = is_single_tree

    def has_unlimited_trees(self, student: Estimator) -> bool:
        return getattr(student, "max_leaf_nodes", 0) is None

    def count_values(self, model: Estimator) -> ValueCounts:
        return ValueCounts(leaves=sum(int(tree.n_leaves) for tree in _trees(model)))

    def search_space(self, student: Estimator) -> dict[str, Any]:
        samples = {"max_samples": (0.5, 0.75, None)}
        return {**TREES, **(samples if getattr(student, "bootstrap", False) else {})}

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        if target.hints is None:
            return super().fit(student, X, target, fit_params, eval_targets)
        mixed = self.mixed_values(student, target)
        wide, n_outputs = target.with_hints(mixed), mixed[:1].size
        limits = {name: getattr(student, name) for name in _IMPURITY_LIMITS}
        # The impurity is the mean over the outputs, of which there are more now.
        part = n_outputs / wide.shape[1]
        with with_params(student, **{one: part * limits[one] for one in limits}):
            student.fit(X, wide, target.weight, **fit_params)
        for model in [student, *getattr(student, "estimators_", [])]:
            model.set_params(**limits).n_outputs_ = n_outputs
            if hasattr(model, "tree_"):
                model.tree_ = _first_outputs(model.tree_, student, n_outputs)
        return student

    def reason_not_to_hint(self, student: Estimator) -> str:
        reasons = {
            "oob_score would judge its hints too": getattr(student, "oob_score", False),
            "monotonic_cst is for one output": student.monotonic_cst is not None,
            f"criterion={student.criterion!r} is not for several outputs that are "
            "added up": student.criterion not in self.hinted_criteria,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")


class TreeClassifierAdapter(TreeAdapter):
    """Trees and forests of classes learn by a regressor twin, where that is exact."""

    trains_natively = True
    leaves = AveragedClassifierLeaves
    hinted_criteria = ("gini",)

    def __init__(self, twin: Callable[[], Estimator], *, is_single_tree: bool) -> None:
        super().__init__(is_single_tree=is_single_tree)
        self.twin = twin
        self.balances_by_weight = FORESTS_BALANCE_BY_WEIGHT and not is_single_tree

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        constrained = student.monotonic_cst is not None  # Not for several outputs.
        if student.criterion != "gini" or constrained:
            _check_not_judged_by_duplicates(student)
            return super().fit(student, X, target, fit_params)
        self.resolve_class_weight(student, target)
        probabilities, weight = weigh_classes(student, target)
        wide = target.with_hints(probabilities)
        twin = _with_params_of(student, self.twin(), n_outputs=wide.shape[1])
        twin.fit(X, wide, weight, **fit_params)
        return _move(twin, student, classes_of(target), target.y)


def _check_not_judged_by_duplicates(student: Estimator) -> None:
    if getattr(student, "oob_score", False):
        raise ValueError(
            "A forest student with oob_score must leave out whole samples: weighted "
            "duplicates of one sample would fall on both sides. Got "
            f"criterion={student.criterion!r}, monotonic_cst={student.monotonic_cst!r}."
            " Use criterion='gini' without monotonic_cst, or oob_score=False."
        )


def _with_params_of(student: Estimator, twin: Estimator, n_outputs: int) -> Estimator:
    params = student.get_params(deep=False)
    twin.set_params(
        **{name: params[name] for name in twin.get_params() if name in params}
        | {"criterion": "squared_error"}
        | {name: params[name] / n_outputs for name in _IMPURITY_LIMITS}
    )
    if params.get("oob_score"):
        twin.set_params(oob_score=True)  # The metric, if given, is for classes.
    return twin


def _move(
    twin: Estimator, student: Estimator, classes: NDArray, y: NDArray | None
) -> Estimator:
    """Move what the regressor learned into the classifier."""
    params = twin.get_params(deep=False)
    learned = {
        name: value
        for name, value in vars(twin).items()
        if name not in params and name not in vars(student)
    }
    learned |= {"n_outputs_": 1, "n_classes_": len(classes), "classes_": classes}
    for name, value in learned.items():
        setattr(student, name, value)
    if hasattr(twin, "tree_"):
        student.tree_ = _with_classes(twin.tree_, twin.n_features_in_, len(classes))
        return student
    student.estimator_ = student.estimator
    student.estimators_ = [_member(tree, student, classes) for tree in twin.estimators_]
    if hasattr(twin, "oob_prediction_"):
        del student.oob_prediction_
        student.oob_decision_function_ = twin.oob_prediction_
        predicted = classes[twin.oob_prediction_.argmax(axis=1)]
        metric = student.oob_score if callable(student.oob_score) else accuracy_score
        student.oob_score_ = metric(y, predicted)
    return student


def _member(tree: Estimator, forest: Estimator, classes: NDArray) -> Estimator:
    """Return a forest's tree as the classifier that the forest would hold."""
    kinds = {
        DecisionTreeRegressor: DecisionTreeClassifier,
        ExtraTreeRegressor: ExtraTreeClassifier,
    }
    params = tree.get_params(deep=False) | {"criterion": "gini"}
    params |= {name: getattr(forest, name) for name in _IMPURITY_LIMITS}
    # A forest hands its trees codes in place of labels, as floats.
    codes = np.arange(len(classes), dtype=float)
    return _move(tree, kinds[type(tree)](**params), codes, None)


def _with_classes(tree: Tree, n_features: int, n_classes: int) -> Tree:
    """Return a tree as one with K classes, which are the first of its outputs."""
    state = tree.__getstate__()
    values = state["values"][:, :n_classes].transpose(0, 2, 1)
    values = np.ascontiguousarray(values / values.sum(axis=2, keepdims=True))
    state["values"] = values
    state["nodes"]["impurity"] = 1 - (values[:, 0] ** 2).sum(axis=1)
    moved = Tree(n_features, np.array([n_classes], dtype=np.intp), 1)
    moved.__setstate__(state)
    return moved


def _first_outputs(tree: Tree, model: Estimator, n_outputs: int) -> Tree:
    """Return a tree of values with the first of its outputs alone.

    The impurities of its nodes stay those of all outputs, which the splits were for.
    """
    state = tree.__getstate__()
    state["values"] = np.ascontiguousarray(state["values"][:, :n_outputs])
    kept = Tree(model.n_features_in_, np.ones(n_outputs, dtype=np.intp), n_outputs)
    kept.__setstate__(state)
    return kept


def children_of(tree: Tree) -> NDArray:
    """Return each node's children, (n_nodes, 2), -1 in a leaf."""
    return np.column_stack([tree.children_left, tree.children_right])


def cut_tree(tree: Tree, cut: CutTree, values: NDArray) -> Tree:
    """Return what is left of a tree, with the values of its leaves."""
    state, is_leaf = tree.__getstate__(), cut.is_leaf
    nodes = state["nodes"][cut.kept]
    nodes["left_child"], nodes["right_child"] = cut.children.T
    nodes["feature"][is_leaf] = nodes["threshold"][is_leaf] = _UNDEFINED
    all_values = state["values"][cut.kept]
    all_values[is_leaf] = values.reshape(-1, *all_values.shape[1:])
    state |= {"nodes": nodes, "values": all_values}
    state |= {"node_count": len(nodes), "max_depth": cut.depth}
    left = Tree(tree.n_features, tree.n_classes, tree.n_outputs)
    left.__setstate__(state)
    return left


def _trees(model: Estimator) -> list[Tree]:
    """Return the trees of a forest, or the one tree that the model is."""
    return [member.tree_ for member in getattr(model, "estimators_", [model])]


for _kind in ("tree._classes.DecisionTree", "tree._classes.ExtraTree"):
    register(f"sklearn.{_kind}Regressor", TreeAdapter(is_single_tree=True))
for _kind in ("ensemble._forest.RandomForest", "ensemble._forest.ExtraTrees"):
    register(f"sklearn.{_kind}Regressor", TreeAdapter(is_single_tree=False))
for _kind, _twin in (
    ("DecisionTree", DecisionTreeRegressor),
    ("ExtraTree", ExtraTreeRegressor),
):
    register(
        f"sklearn.tree._classes.{_kind}Classifier",
        TreeClassifierAdapter(_twin, is_single_tree=True),
    )
for _kind, _twin in (
    ("RandomForest", RandomForestRegressor),
    ("ExtraTrees", ExtraTreesRegressor),
):
    register(
        f"sklearn.ensemble._forest.{_kind}Classifier",
        TreeClassifierAdapter(_twin, is_single_tree=False),
    )
