"""From the trees of a fitted model of any library to arrays of nodes."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils import get_tags

from skdistill._typing import Estimator
from skdistill._warnings import without_name_warnings
from skdistill.export._ensembles import Ensemble, Tree
from skdistill.export._parts import Link, Part, Stretched, log_loss
from skdistill.export._trees import (
    lightgbm_missing_left,
    numbered_nodes,
    round_down,
    tree_student,
    xgboost_learner,
)
from skdistill.students import hist_boosting_nodes

__all__ = ["read_trees"]

# How the sum of the leaves becomes a prediction, by the name of the objective; a
# regressor's may be the sum itself.
_LIGHTGBM_VALUES = dict.fromkeys(
    ("regression", "regression_l1", "huber", "fair", "quantile", "mape"), ""
) | {"poisson": "exp", "gamma": "exp", "tweedie": "exp", "cross_entropy": "logistic"}
_LIGHTGBM_CLASSES = {
    "binary": "logistic",
    "cross_entropy": "logistic",
    "multiclass": "softmax",
    "multiclassova": "logistic",
}
_XGBOOST_VALUES = {
    **dict.fromkeys(
        (
            *("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror"),
            *("reg:squaredlogerror", "reg:quantileerror"),
        ),
        "",
    ),
    **dict.fromkeys(("reg:logistic", "binary:logistic"), "logistic"),
    **dict.fromkeys(("count:poisson", "reg:gamma", "reg:tweedie"), "exp"),
}
_XGBOOST_CLASSES = {
    "binary:logistic": "logistic",
    "reg:logistic": "logistic",
    "multi:softprob": "softmax",
}


def read_trees(model: Estimator) -> list[Part]:
    """Return the trees of a fitted model, and what makes predictions of their sum.

    Parameters
    ----------
    model : estimator
        Fitted, for which `is_tree_student` holds.

    Returns
    -------
    parts : list of Part
        For a classifier, the last one gives a probability for each class.

    Raises
    ------
    ValueError
        If the model splits or predicts in a way that is not known here.
    """
    reason = tree_student(model).reason()
    if reason is not None:
        raise ValueError(f"it has {reason}")
    library = type(model).__module__.partition(".")[0]
    name = type(model).__name__
    if library == "sklearn" and name.startswith("Hist"):
        return _read_hist(model)
    if library == "sklearn" and name.startswith("GradientBoosting"):
        return _read_boosting(model)
    return {
        "sklearn": _read_averaged,
        "lightgbm": _read_lightgbm,
        "xgboost": _read_xgboost,
    }[library](model)


def _ensemble(trees: Iterable[Tree], start: NDArray, **facts: Any) -> Ensemble:
    """Return an ensemble; trees of one leaf are added to the start."""
    grown, start = [], np.array(start, dtype=float)
    for tree in trees:
        if tree.is_leaf[0]:
            start[tree.outputs] += tree.value[0]
        else:
            grown.append(tree)
    return Ensemble(tuple(grown), start, **facts)


def _predictions(
    model: Estimator,
    objective: str,
    n_outputs: int,
    values: dict[str, str],
    classes: dict[str, str],
) -> list[Part]:
    """Return what makes predictions of the sum, by the objective."""
    links = classes if is_classifier(model) else values
    if objective not in links:
        raise ValueError(f"it is fitted with objective={objective!r}")
    parts: list[Part] = [Link(links[objective])] if links[objective] else []
    if is_classifier(model) and n_outputs == 1:
        parts.append(Link("complement"))
    return parts


def _read_sklearn(tree: Any, output: int = 0, factor: float = 1.0) -> Tree:
    """Return a `tree_` of scikit-learn, which has several outputs or classes."""
    return Tree(
        feature=np.maximum(tree.feature, 0),
        threshold=tree.threshold,
        missing_left=tree.missing_go_to_left.astype(bool),
        left=tree.children_left,
        right=tree.children_right,
        value=factor * tree.value.reshape(tree.node_count, -1),
        output=output,
    )


def _read_averaged(model: Estimator) -> list[Part]:
    """Read a tree or a forest of scikit-learn."""
    if is_classifier(model) and model.n_outputs_ > 1:
        raise ValueError("it predicts several outputs of classes")
    members = getattr(model, "estimators_", [model])
    trees = [_read_sklearn(member.tree_) for member in members]
    takes_missing = get_tags(model).input_tags.allow_nan
    start = np.zeros(trees[0].value.shape[1])
    return [
        _ensemble(
            _rounded_down(trees),
            start,
            divisor=float(len(trees)),
            single=True,
            takes_missing=takes_missing,
        )
    ]


def _read_boosting(model: Estimator) -> list[Part]:
    """Read gradient boosting of scikit-learn."""
    if model.init is not None and model.init != "zero":
        raise ValueError("init is another estimator than a constant")
    n_outputs = model.estimators_.shape[1]
    trees = [
        _read_sklearn(member.tree_, number % n_outputs, model.learning_rate)
        for number, member in enumerate(model.estimators_.flat)
    ]
    grown = _ensemble(
        _rounded_down(trees), np.zeros(n_outputs), single=True, takes_missing=False
    )
    if not is_classifier(model):
        return [_started(grown, model, model.predict)]
    parts: list[Part] = [_started(grown, model, model.decision_function)]
    if model.loss == "exponential":
        parts.append(Stretched(np.array([2.0]), np.array([0.0])))
    return [*parts, *log_loss(len(model.classes_))]


def _read_hist(model: Estimator) -> list[Part]:
    """Read histogram boosting of scikit-learn."""
    n_outputs = model.n_trees_per_iteration_
    trees = []
    for number, nodes in enumerate(hist_boosting_nodes(model)):
        is_leaf = nodes["is_leaf"].astype(bool)
        trees.append(
            Tree(
                feature=nodes["feature_idx"].astype(np.intp),
                threshold=nodes["num_threshold"].astype(float),
                missing_left=nodes["missing_go_to_left"].astype(bool),
                left=np.where(is_leaf, -1, nodes["left"].astype(np.intp)),
                right=np.where(is_leaf, -1, nodes["right"].astype(np.intp)),
                value=nodes["value"].astype(float)[:, None],
                output=number % n_outputs,
            )
        )
    grown = _ensemble(trees, np.zeros(n_outputs))
    if is_classifier(model):
        started = _started(grown, model, model.decision_function)
        return [started, *log_loss(len(model.classes_))]
    if model.loss in ("poisson", "gamma"):
        started = _started(grown, model, lambda X: np.log(model.predict(X)))
        return [started, Link("exp")]
    return [_started(grown, model, model.predict)]


def _started(
    grown: Ensemble, model: Estimator, raw: Callable[[NDArray], NDArray]
) -> Ensemble:
    """Return the ensemble with the constant that the model's own sum begins with."""
    sample = np.zeros((1, model.n_features_in_))
    with without_name_warnings():
        start = np.asarray(raw(sample)).reshape(-1) - grown.apply(sample)[0]
    return replace(grown, start=grown.start + start)


def _rounded_down(trees: Iterable[Tree]) -> Iterable[Tree]:
    for tree in trees:
        threshold = round_down(tree.threshold).astype(float)
        yield replace(tree, threshold=threshold)


def _read_lightgbm(model: Estimator) -> list[Part]:
    described = model.booster_.dump_model()
    n_outputs = described["num_tree_per_iteration"]
    trees = [
        _read_lightgbm_tree(tree["tree_structure"], number % n_outputs)
        for number, tree in enumerate(described["tree_info"])
    ]
    name, *settings = described.get("objective", "custom").split(" ")
    objective = " ".join([name, "sqrt"]) if "sqrt" in settings else name
    links = _predictions(
        model, objective, n_outputs, _LIGHTGBM_VALUES, _LIGHTGBM_CLASSES
    )
    steepness = dict(one.split(":") for one in settings if ":" in one).get("sigmoid")
    if steepness not in (None, "1"):
        factor = np.full(n_outputs, float(steepness))
        links = [Stretched(factor, np.zeros(n_outputs)), *links]
    return [_ensemble(trees, np.zeros(n_outputs)), *links]


def _read_lightgbm_tree(root: dict[str, Any], output: int) -> Tree:
    nodes = numbered_nodes(root)
    number = {id(node): index for index, node in enumerate(nodes)}

    def column(name: str, default: float, dtype: type) -> NDArray:
        return np.array([node.get(name, default) for node in nodes], dtype=dtype)

    def children(side: str) -> NDArray:
        below = (node.get(f"{side}_child") for node in nodes)
        return np.array([number.get(id(node), -1) for node in below], dtype=np.intp)

    return Tree(
        feature=column("split_feature", 0, np.intp),
        threshold=column("threshold", 0.0, float),
        missing_left=np.array([lightgbm_missing_left(node) for node in nodes]),
        left=children("left"),
        right=children("right"),
        value=column("leaf_value", 0.0, float)[:, None],
        output=output,
    )


def _read_xgboost(model: Estimator) -> list[Part]:
    """Read XGBoost, whose samples go left where they are below the threshold."""
    if not np.isnan(model.missing):
        raise ValueError(f"missing={model.missing!r} stands for missing values")
    learner = xgboost_learner(tree_student(model).readable())
    described = learner["gradient_booster"]["model"]
    outputs = described["tree_info"]
    n_outputs = max(outputs) + 1
    trees = [
        _read_xgboost_tree(tree, output)
        for tree, output in zip(described["trees"], outputs, strict=True)
    ]
    objective = learner["objective"]["name"]
    links = _predictions(model, objective, n_outputs, _XGBOOST_VALUES, _XGBOOST_CLASSES)
    start = np.ravel(json.loads(learner["learner_model_param"]["base_score"]))
    if links and links[0] == Link("logistic"):
        start = np.log(start) - np.log1p(-start)
    elif links and links[0] == Link("exp"):
        start = np.log(start)
    start = np.broadcast_to(start, n_outputs)
    return [_ensemble(trees, start, single=True), *links]


def _read_xgboost_tree(tree: dict[str, Any], output: int) -> Tree:
    conditions = np.array(tree["split_conditions"], dtype=np.float32)
    return Tree(
        feature=np.array(tree["split_indices"]),
        threshold=np.nextafter(conditions, np.float32(-np.inf)).astype(float),
        missing_left=np.array(tree["default_left"], dtype=bool),
        left=np.array(tree["left_children"]),
        right=np.array(tree["right_children"]),
        value=conditions.astype(float)[:, None],
        output=output,
    )
