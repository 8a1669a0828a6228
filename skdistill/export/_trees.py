"""What the converters of other packages leave out of a tree ensemble, or get wrong.

Trees in ONNX compare single precision with single precision. So thresholds must be
rounded, and in a way that rows stay on their side of them. Which way missing values go
is taken from the library itself.
"""

import json
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._typing import Estimator
from skdistill.students import hist_boosting_nodes

__all__ = [
    "TreeStudent",
    "is_tree_student",
    "lightgbm_missing_left",
    "numbered_nodes",
    "round_down",
    "round_to_nearest",
    "tree_student",
    "with_a_negative_leaf",
    "xgboost_learner",
]


_CATEGORIES = "splits on categories, which a step of the Pipeline must encode before it"


@dataclass(frozen=True)
class TreeStudent:
    """A fitted model made of trees, ready for the converter of its library.

    Attributes
    ----------
    model : estimator
        The fitted model.
    converter : tuple of str
        The module and the name of the function that converts it.
    """

    model: Estimator
    converter: tuple[str, str]

    def readable(self) -> Estimator:
        """Return the model, or a copy of it that the converter understands."""
        return self.model

    def mend(
        self, attributes: dict[str, Any], *, rounds_down: bool = False
    ) -> dict[str, Any]:
        """Return the attributes of the ONNX node of the trees, put right.

        Thresholds are rounded so that rows which lie on them stay on their side, or, if
        `rounds_down`, so that all rows of single precision do.
        """
        thresholds, missing_left = map(np.concatenate, zip(*self._nodes(), strict=True))
        inner = np.asarray(attributes["nodes_modes"]) != "LEAF"
        rounded = round_down if rounds_down else self._in_single_precision
        thresholds = rounded(np.where(inner, thresholds, 0.0))
        return attributes | {
            "nodes_values": thresholds,
            "nodes_missing_value_tracks_true": (missing_left & inner).astype(int),
        }

    def reason(self) -> str | None:
        """Return why the model cannot be exported, if it cannot."""
        return None

    def _in_single_precision(self, thresholds: NDArray) -> NDArray[np.float32]:
        return round_to_nearest(thresholds)

    def _nodes(self) -> Iterator[tuple[NDArray, NDArray]]:
        """Yield for each tree its nodes' thresholds and whether missing goes left."""
        raise NotImplementedError


class _Sklearn(TreeStudent):
    """Trees, forests and gradient boosting of scikit-learn.

    They round rows to single precision themselves, and thresholds not at all.
    """

    def mend(
        self, attributes: dict[str, Any], *, rounds_down: bool = False
    ) -> dict[str, Any]:
        """Let boosting of several classes that starts from zero start all of them."""
        attributes = super().mend(attributes, rounds_down=rounds_down)
        if getattr(self.model, "init", None) != "zero":
            return attributes
        return attributes | {"base_values": [0.0] * self.model.estimators_.shape[1]}

    def _in_single_precision(self, thresholds: NDArray) -> NDArray[np.float32]:
        return round_down(thresholds)

    def _nodes(self) -> Iterator[tuple[NDArray, NDArray]]:
        members = np.ravel(getattr(self.model, "estimators_", [self.model]))
        for tree in (member.tree_ for member in members):
            yield tree.threshold, tree.missing_go_to_left.astype(bool)


class _Hist(TreeStudent):
    """Histogram gradient boosting of scikit-learn."""

    def reason(self) -> str | None:
        """Refuse categories, which the converter would take for numbers."""
        if self.model.is_categorical_ is not None:
            return _CATEGORIES
        return None

    def _nodes(self) -> Iterator[tuple[NDArray, NDArray]]:
        for nodes in hist_boosting_nodes(self.model):
            yield nodes["num_threshold"], nodes["missing_go_to_left"] == 1


class _LightGBM(TreeStudent):
    """LightGBM, whose nodes are numbered by the converter in its own order."""

    def reason(self) -> str | None:
        """Refuse what the converter would leave out without a word."""
        text = self.model.booster_.model_to_string()
        nodes = [node for tree in self._trees() for node in numbered_nodes(tree)]
        reasons = {
            "random forest mode": "\naverage_output\n" in text,
            "linear models in the leaves": "\nis_linear=1\n" in text,
            _CATEGORIES: any(node.get("decision_type") == "==" for node in nodes),
            "zeros as missing values": any(
                node.get("missing_type") == "Zero" for node in nodes
            ),
        }
        return next((name for name, stands in reasons.items() if stands), None)

    def _trees(self) -> list[dict[str, Any]]:
        trees = self.model.booster_.dump_model()["tree_info"]
        return [tree["tree_structure"] for tree in trees]

    def _nodes(self) -> Iterator[tuple[NDArray, NDArray]]:
        for tree in self._trees():
            nodes = numbered_nodes(tree)
            yield (
                np.array([node.get("threshold", 0.0) for node in nodes]),
                np.array([lightgbm_missing_left(node) for node in nodes]),
            )


class _XGBoost(TreeStudent):
    """XGBoost, whose thresholds and missing values are right already."""

    def reason(self) -> str | None:
        """Refuse what the converter takes for plain trees, or does not know."""
        learner = xgboost_learner(self.model)
        booster = learner["gradient_booster"]
        if booster["name"] != "gbtree":
            return f"booster={booster['name']!r}"
        if any(tree["categories"] for tree in booster["model"]["trees"]):
            return _CATEGORIES
        if int(booster["model"]["trees"][0]["tree_param"]["size_leaf_vector"]) > 1:
            return "leaves of several outputs"
        return None

    def readable(self) -> Estimator:
        """Return a copy with the trees that predict alone, and without column names.

        The converter cannot read the names, nor where several outputs or several trees
        a round end; it finds two classes where there are as many rounds as trees.
        """
        booster = self.model.get_booster()
        best = booster.attr("best_iteration")
        booster = booster.copy() if best is None else booster[: int(best) + 1]
        booster.feature_names = booster.feature_types = None
        booster.set_attr(best_iteration=None, best_score=None)
        model = copy(self.model)
        model._Booster, model.n_estimators = booster, len(booster.get_dump())
        return model

    def mend(
        self, attributes: dict[str, Any], *, rounds_down: bool = False
    ) -> dict[str, Any]:
        """Put right which output each tree adds to, and where the outputs start."""
        learner = xgboost_learner(self.model)
        outputs = np.asarray(learner["gradient_booster"]["model"]["tree_info"])
        kind = "class" if "class_ids" in attributes else "target"
        trees = np.asarray(attributes[f"{kind}_treeids"], dtype=int)
        missing_left = attributes["nodes_missing_value_tracks_true"]
        attributes = attributes | {
            f"{kind}_ids": outputs[trees].tolist(),
            # Not booleans, which ONNX does not take for numbers.
            "nodes_missing_value_tracks_true": [int(left) for left in missing_left],
        }
        if "n_targets" in attributes and "base_values" in attributes:
            start = np.ravel(attributes["base_values"])  # One for all, or one each.
            start = np.broadcast_to(start, attributes["n_targets"])
            attributes["base_values"] = start.tolist()
        if learner["objective"]["name"] == "binary:logistic":
            (start,) = np.atleast_1d(
                json.loads(learner["learner_model_param"]["base_score"])
            )
            attributes["base_values"] = [float(np.log(start) - np.log1p(-start))]
        return attributes


def is_tree_student(model: Estimator) -> bool:
    """Return whether a model is made of trees of a known class.

    Parameters
    ----------
    model : estimator
        Fitted. Subclasses of known classes are not known.

    Returns
    -------
    bool
    """
    library = type(model).__module__.partition(".")[0]
    return library in _LIBRARIES and type(model).__qualname__ in _NAMES


def tree_student(model: Estimator) -> TreeStudent:
    """Return what knows the trees of a fitted model.

    Parameters
    ----------
    model : estimator
        Fitted, for which `is_tree_student` holds.

    Returns
    -------
    TreeStudent
    """
    module, name = type(model).__module__, type(model).__qualname__
    kind = "classifier" if name.endswith("Classifier") else "regressor"
    if module == "xgboost.sklearn":
        converters = "onnxmltools.convert.xgboost.operator_converters.XGBoost"
        return _XGBoost(model, (converters, "convert_xgboost"))
    if module == "lightgbm.sklearn":
        converters = "onnxmltools.convert.lightgbm.operator_converters.LightGbm"
        return _LightGBM(model, (converters, "convert_lightgbm"))
    family = _FAMILIES.get(name.removesuffix(kind.capitalize()), "random_forest")
    suffix = "_converter" if (family, kind) == ("random_forest", "regressor") else ""
    function = f"convert_sklearn_{family}_{kind}{suffix}"
    adapter = _Hist if name.startswith("Hist") else _Sklearn
    return adapter(model, (f"skl2onnx.operator_converters.{family}", function))


def with_a_negative_leaf(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of trees that add up to a logit, with a leaf below 0.

    Some versions of the ONNX runtime take the sum for a probability where no leaf is
    below 0. So a constant moves from the leaves of the first tree to the start.

    Parameters
    ----------
    attributes : dict
        Those of the ONNX node of the trees.

    Returns
    -------
    dict
    """
    weights = np.asarray(attributes.get("class_weights", [-1.0]), dtype=float)
    if attributes["post_transform"] != "LOGISTIC" or weights.min() < 0:
        return attributes
    trees = np.asarray(attributes["class_treeids"])
    first = trees == trees[0]
    constant = weights[first].min() + 1.0
    start = np.asarray(attributes.get("base_values", [0.0]), dtype=float)
    return attributes | {
        "class_weights": np.where(first, weights - constant, weights).tolist(),
        "base_values": (start + constant).tolist(),
    }


_LIBRARIES = ("sklearn", "xgboost", "lightgbm")
_NAMES = {
    f"{name}{kind}"
    for kind in ("Classifier", "Regressor")
    for name in (
        *("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees"),
        *("GradientBoosting", "HistGradientBoosting", "XGB", "XGBRF", "LGBM"),
    )
}
# The others are converted as forests are.
_FAMILIES = {
    "DecisionTree": "decision_tree",
    "ExtraTree": "decision_tree",
    "GradientBoosting": "gradient_boosting",
}


def round_to_nearest(thresholds: NDArray) -> NDArray[np.float32]:
    """Round to nearest: a row that lies on a threshold, as some do, stays on it.

    Half-way between neighbours round down, as it lies between two rows of single
    precision then; LightGBM adds the smallest step to it.
    """
    below = round_down(thresholds)
    with np.errstate(over="ignore"):
        above = np.nextafter(below, np.float32(np.inf))
        middle = (below.astype(float) + above) / 2
        is_above = thresholds > middle * (1 + np.sign(middle) * 1e-15)
    return np.where(is_above, above, below)


def xgboost_learner(model: Estimator) -> dict[str, Any]:
    """Return what an XGBoost model has learned, as its JSON says it."""
    return json.loads(model.get_booster().save_raw("json"))["learner"]


def round_down(thresholds: NDArray) -> NDArray[np.float32]:
    """Return the largest single-precision numbers that are not above `thresholds`."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest > thresholds, below, nearest)


def numbered_nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a LightGBM tree's nodes in the order of the converter's numbers.

    It walks in pre-order and numbers both children of a node when it meets the node.
    """
    nodes, stack = [tree], [tree]
    while stack:
        node = stack.pop()
        if "left_child" in node:
            children = [node["left_child"], node["right_child"]]
            nodes += children
            stack += reversed(children)
    return nodes


def lightgbm_missing_left(node: dict[str, Any]) -> bool:
    """Return whether a missing value goes left; features without any read it as 0."""
    if "left_child" not in node:
        return False
    if node["missing_type"] == "None":
        return node["threshold"] >= 0.0
    return node["default_left"]
