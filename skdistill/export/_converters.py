"""Converters of skl2onnx for the distilled estimators; the module needs the extra.

skl2onnx and onnxmltools convert the student; of trees some attributes are put right on
the way, see `skdistill.export._trees`.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common._container import ModelComponentContainer
from skl2onnx.common._registration import register_converter, register_shape_calculator
from skl2onnx.common._topology import Operator, Scope, Variable
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier

from skdistill import iterative
from skdistill._typing import Estimator
from skdistill.distilled import DistilledClassifier, DistilledRegressor
from skdistill.export._graph import (
    TREES,
    TREES_ROUNDED_DOWN,
    Graph,
    ShippedCascade,
    ShippedClassifier,
    ShippedRegressor,
    label_type,
)
from skdistill.export._trees import tree_student, with_a_negative_leaf
from skdistill.search import DistilledClassifierCV, DistilledRegressorCV

__all__ = ["register"]

CASCADE = "SkdistillCascade"


def register() -> None:
    """Tell skl2onnx how the distilled estimators are converted."""
    procedures = [getattr(iterative, name) for name in iterative.__all__]
    regressors = [one for one in procedures if issubclass(one, RegressorMixin)]
    classifiers = [one for one in procedures if issubclass(one, ClassifierMixin)]
    regressors += [DistilledRegressor, DistilledRegressorCV, ShippedRegressor]
    classifiers += [DistilledClassifier, DistilledClassifierCV, ShippedClassifier]
    for regressor in regressors:
        alias = f"Skdistill{regressor.__name__}"
        update_registered_converter(regressor, alias, _regressor_types, _convert)
    options = {
        "zipmap": [True, False, "columns"],
        "output_class_labels": [False, True],
        "nocl": [False],
    }
    for classifier in classifiers:
        alias = f"Skdistill{classifier.__name__}"
        update_registered_converter(
            classifier, alias, _classifier_types, _convert, options=options
        )
    update_registered_converter(
        ShippedCascade, CASCADE, _keep_types, _convert, parser=_parse_cascade
    )
    for alias, convert in (
        (TREES, _convert_trees),
        (TREES_ROUNDED_DOWN, _convert_trees_rounded_down),
    ):
        register_converter(alias, convert, overwrite=True)
        register_shape_calculator(alias, _keep_types, overwrite=True)


def _parse_cascade(
    scope: Scope, model: Estimator, inputs: list[Variable], custom_parsers: Any = None
) -> list[Variable]:
    """Declare the outputs of a cascade: its student's, and the deferral score."""
    operator = scope.declare_local_operator(CASCADE, model)
    operator.inputs.extend(inputs)
    outputs: list[tuple[str, Any]] = [("variable", FloatTensorType([None, 1]))]
    if is_classifier(model.model):
        classes = model.model.classes_
        outputs = [
            ("label", label_type(classes)),
            ("probabilities", FloatTensorType([None, len(classes)])),
        ]
    for name, kind in (*outputs, ("deferral_score", FloatTensorType([None, 1]))):
        operator.outputs.append(scope.declare_local_variable(name, kind))
    return operator.outputs


def _regressor_types(operator: Operator) -> None:
    model = operator.raw_operator
    model = getattr(model, "best_estimator_", model)
    n_outputs = getattr(model, "n_outputs", None)
    if n_outputs is None:
        n_outputs = np.size(model.target_mean_)
    operator.outputs[0].set_type(FloatTensorType([None, n_outputs]))


def _classifier_types(operator: Operator) -> None:
    model = operator.raw_operator
    n_columns = len(model.classes_) if _has_probabilities(model) else None
    operator.outputs[0].set_type(label_type(model.classes_))
    operator.outputs[1].set_type(FloatTensorType([None, n_columns]))


def _keep_types(operator: Operator) -> None:
    """Types are known when the operator is made."""


def _has_probabilities(model: Estimator) -> bool:
    return hasattr(getattr(model, "model", model), "predict_proba")


def _convert(
    scope: Scope, operator: Operator, container: ModelComponentContainer
) -> None:
    model = operator.raw_operator
    graph = Graph(scope, container, getattr(model, "rounds_down", False))
    names = graph.outputs(model, list(operator.inputs))
    for name, output in zip(names, operator.outputs, strict=True):
        container.add_node("Identity", name, output.full_name)


def _convert_trees(
    scope: Scope, operator: Operator, container: ModelComponentContainer
) -> None:
    _add_trees(scope, operator, container, rounds_down=False)


def _convert_trees_rounded_down(
    scope: Scope, operator: Operator, container: ModelComponentContainer
) -> None:
    _add_trees(scope, operator, container, rounds_down=True)


def _add_trees(
    scope: Scope,
    operator: Operator,
    container: ModelComponentContainer,
    *,
    rounds_down: bool,
) -> None:
    trees = tree_student(operator.raw_operator)
    reason = trees.reason()
    if reason is not None:
        raise ValueError(f"it has {reason}")
    module, name = trees.converter
    operator.raw_operator = trees.readable()
    mend = partial(trees.mend, rounds_down=rounds_down)
    getattr(import_module(module), name)(scope, operator, _Mending(container, mend))


class _Mending:
    """A container of ONNX nodes that puts those of trees right when they are added."""

    def __init__(
        self,
        container: ModelComponentContainer,
        mend: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        self._container = container
        self._mend = mend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, op_type: str, *args: Any, **attributes: Any) -> None:
        """Add a node to the container."""
        if op_type.startswith("TreeEnsemble"):
            attributes = with_a_negative_leaf(self._mend(attributes))
            attributes["op_version"] = 1
        self._container.add_node(op_type, *args, **attributes)
