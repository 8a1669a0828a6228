"""The ONNX graph of a fitted model; the module needs the extra.

The graph of a distilled model is that of its student, followed by what the distilled
model adds: scaling, labels, the softmax of logits.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto
from skl2onnx._parse import _parse_sklearn
from skl2onnx.common._container import ModelComponentContainer
from skl2onnx.common._topology import Scope, Variable
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
    TensorType,
)
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    is_classifier,
)
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from skdistill._typing import Estimator
from skdistill.cascade import FLOOR, CascadeClassifier, CascadeRegressor
from skdistill.distilled import (
    ClassifierDelegate,
    DistilledClassifier,
    DistilledRegressor,
    RegressorDelegate,
)
from skdistill.export._table import encode_table
from skdistill.export._trees import is_tree_student
from skdistill.students import LogitStudent, ProbabilityStudent
from skdistill.tables import TableEncoder
from skdistill.targets import nonnegative_expm1

__all__ = [
    "TREES",
    "TREES_ROUNDED_DOWN",
    "Graph",
    "ShippedCascade",
    "ShippedClassifier",
    "ShippedRegressor",
    "label_type",
]

# By which names skl2onnx knows the converters of trees.
TREES, TREES_ROUNDED_DOWN = "SkdistillTrees", "SkdistillTreesRoundedDown"
_TAKES_COLUMNS = (ColumnTransformer, OneHotEncoder, OrdinalEncoder)


class ShippedRegressor(RegressorMixin, BaseEstimator):
    """Any fitted regressor, to be converted as a student is."""

    def __init__(
        self, model: Estimator, n_outputs: int = 1, *, rounds_down: bool = False
    ) -> None:
        self.model = model
        self.n_outputs = n_outputs
        self.rounds_down = rounds_down


class ShippedClassifier(ClassifierMixin, BaseEstimator):
    """Any fitted classifier, to be converted as a student is."""

    def __init__(self, model: Estimator, *, rounds_down: bool = False) -> None:
        self.model = model
        self.rounds_down = rounds_down
        self.classes_ = model.classes_


class ShippedCascade(BaseEstimator):
    """Any fitted cascade: its student is converted, and its deferral score."""

    def __init__(self, model: Estimator, *, rounds_down: bool = False) -> None:
        self.model = model
        self.rounds_down = rounds_down


def label_type(classes: NDArray) -> TensorType:
    """Return the type of a tensor of labels."""
    return (StringTensorType if _are_text(classes) else Int64TensorType)([None])


def _are_text(values: Iterable) -> bool:
    return all(isinstance(value, str) for value in values)


class Graph:
    """The ONNX graph while it is built; tensors go by their names.

    If `rounds_down`, the thresholds of trees are rounded down, not to nearest.
    """

    def __init__(
        self,
        scope: Scope,
        container: ModelComponentContainer,
        rounds_down: bool = False,
    ) -> None:
        self._scope = scope
        self._container = container
        self._trees_alias = TREES_ROUNDED_DOWN if rounds_down else TREES

    def outputs(self, model: Estimator, inputs: list[Variable]) -> list[str]:
        """Add what a fitted model computes; return the names of its outputs.

        These are the predictions of a regressor, the labels and probabilities of a
        classifier; of a cascade those of its student, then the deferral score.
        """
        match model:
            case RegressorDelegate() | ClassifierDelegate():
                return self.outputs(model.best_estimator_, inputs)
            case ShippedRegressor() | ShippedClassifier() | ShippedCascade():
                return self.outputs(model.model, inputs)
            case FrozenEstimator():
                return self.outputs(model.estimator, inputs)
            case CascadeRegressor() | CascadeClassifier():
                outputs = self.outputs(model.stages_[0].model, inputs)
                return [*outputs, self._deferral_score(model, inputs, outputs[-1])]
            case DistilledRegressor():
                return self._rescaled(model, self.outputs(model.student_, inputs))
            case DistilledClassifier():
                return self._labelled(model, self.outputs(model.student_, inputs))
            case LogitStudent() | ProbabilityStudent():
                return self._from_regressors(model, inputs)
            case TransformedTargetRegressor():
                values = self.outputs(model.regressor_, inputs)[0]
                return [self._as_target(model.transformer_, values)]
            case Pipeline():
                for _, step in model.steps[:-1]:
                    if isinstance(step, TableEncoder):
                        inputs = encode_table(self, step, inputs)
                    elif step not in (None, "passthrough"):
                        inputs = self._parse(step, inputs)
                return self.outputs(model.steps[-1][1], inputs)
        if is_tree_student(model):
            return self._trees(model, inputs)
        is_log = getattr(model, "out_activation_", None) == "exp"
        if is_log:  # The converter does not know it.
            model = copy(model)
            model.out_activation_ = "identity"
        *labels, values = [output.full_name for output in self._parse(model, inputs)]
        if any(isinstance(table.type, DoubleTensorType) for table in inputs):
            values = self.node("Cast", values, to=TensorProto.FLOAT)
        if isinstance(model, MLPRegressor) and model.n_outputs_ > 1:
            # The converter puts the outputs of a row one below the other.
            shape = self.constant([-1, model.n_outputs_])
            values = self.node("Reshape", values, shape)
        return [*labels, self.node("Exp", values) if is_log else values]

    def _parse(self, model: Estimator, inputs: list[Variable]) -> list[Variable]:
        """Have skl2onnx add a model; return its output variables."""
        if is_classifier(model):
            for options in (self._scope, self._container):
                options.add_options(id(model), {"zipmap": False})
        if not isinstance(model, _TAKES_COLUMNS):
            inputs = self.in_one_table(inputs)
        return _parse_sklearn(self._scope, model, inputs)

    def _trees(self, model: Estimator, inputs: list[Variable]) -> list[str]:
        (table,) = self.in_one_table(inputs)
        if not isinstance(table.type, FloatTensorType):
            table = self._in_single_precision(table)
        operator = self._scope.declare_local_operator(self._trees_alias, model)
        operator.inputs.append(table)
        if not is_classifier(model):
            values = self.variable("values", FloatTensorType([None, None]))
            operator.outputs.append(values)
            return [self._exponential(model, values.full_name)]
        kind = FloatTensorType([None, len(model.classes_)])
        label = self.variable("label", label_type(model.classes_))
        probability = self.variable("probability", kind)
        operator.outputs.append(label)
        operator.outputs.append(probability)
        return [label.full_name, probability.full_name]

    def _exponential(self, model: Estimator, values: str) -> str:
        """Add what boosting's converter leaves out of losses of logarithms."""
        is_log = getattr(model, "loss", None) in ("poisson", "gamma")
        return self.node("Exp", values) if is_log else values

    def _rescaled(self, model: DistilledRegressor, outputs: list[str]) -> list[str]:
        if not model.rescale:
            return outputs
        mean = np.atleast_1d(model.target_mean_)
        scaled = self.node("Div", outputs[0], self.constant([model.target_scale_]))
        shift = self.constant(mean - mean / model.target_scale_)
        return [self.node("Add", scaled, shift)]

    def _as_target(self, transformer: Estimator, values: str) -> str:
        """Undo how the target was transformed before a regressor learned it."""
        if type(transformer) is StandardScaler:
            if transformer.scale_ is not None:
                values = self.node("Mul", values, self.constant(transformer.scale_))
            if transformer.with_mean:
                values = self.node("Add", values, self.constant(transformer.mean_))
            return values
        inverse = getattr(transformer, "inverse_func", transformer)
        if inverse in (np.exp, np.expm1, nonnegative_expm1):
            values = self.node("Exp", values)
        elif inverse is not None:
            raise ValueError(
                "the target is transformed by other than a StandardScaler, a logarithm "
                "(np.log, np.log1p) or nothing"
            )
        if inverse in (np.expm1, nonnegative_expm1):
            values = self.node("Sub", values, self.constant([1.0]))
        if inverse is nonnegative_expm1:
            values = self.node("Relu", values)
        return values

    def _labelled(self, model: DistilledClassifier, outputs: list[str]) -> list[str]:
        if not model.student_takes_codes_:
            return outputs
        return [self._lookup(outputs[0], model.classes_), outputs[1]]

    def _deferral_score(
        self, model: Estimator, inputs: list[Variable], student: str
    ) -> str:
        """Add the score of a cascade; `student` is what its student predicts."""
        if not model.deferral_models_ and model.deferral == "entropy":
            floor = self.constant([np.finfo(np.float32).tiny])
            logarithm = self.node("Log", self.node("Max", student, floor))
            terms = self.node("Mul", student, logarithm)
            return self._weighted_sum(terms, -np.ones(len(model.classes_)))
        features, n_features = student, 1
        if is_classifier(model):
            margin = self._margin(student)
            if not model.deferral_models_:
                return margin
            features = self.node("Concat", margin, student, axis=1)
            n_features = 1 + len(model.classes_)
        known = self.variable("student", FloatTensorType([None, n_features]))
        self._container.add_node("Identity", features, known.full_name)
        found = [
            self.outputs(part, [*inputs, known])[0] for part in model.deferral_models_
        ]
        if not is_classifier(model):
            return self.node("Mul", found[0], found[0])
        if len(found) == 1:
            found = [self.node("Neg", found[0]), found[0]]
        corrections = self.node("Concat", *found, axis=1)
        return self._divergence(student, corrections, len(model.classes_))

    def _divergence(self, probability: str, corrections: str, n_classes: int) -> str:
        """Return how far corrected probabilities are from those of the student."""
        floor, ones = self.constant([FLOOR]), np.ones(n_classes)

        def normed(table: str) -> str:
            raised = self.node("Max", table, floor)
            return self.node("Div", raised, self._weighted_sum(raised, ones))

        q = normed(normed(self.node("Add", probability, corrections)))
        ratio = self.node("Log", self.node("Div", q, normed(probability)))
        return self._weighted_sum(self.node("Mul", q, ratio), ones)

    def _margin(self, probability: str) -> str:
        """Return 1 less the lead of the likeliest class over the second."""
        two = [self._scope.get_unique_variable_name(name) for name in ("top", "at")]
        self._container.add_node("TopK", [probability, self.constant([2])], two, axis=1)
        lead = self._weighted_sum(two[0], [-1.0, 1.0])
        return self.node("Add", lead, self.constant([1.0]))

    def _weighted_sum(self, table: str, weights: ArrayLike) -> str:
        """Return the weighted sum of the columns of a table, as one column."""
        total = self.node("MatMul", table, self.constant(weights))
        return self.node("Reshape", total, self.constant([-1, 1]))

    def _from_regressors(
        self, model: LogitStudent | ProbabilityStudent, inputs: list[Variable]
    ) -> list[str]:
        parts = [self.outputs(part, inputs)[0] for part in model.regressors_]
        values = parts[0]
        if len(parts) > 1:
            values = self.node("Concat", *parts, axis=1)
        if isinstance(model, LogitStudent) and len(model.classes_) == 2:
            both = [self.node("Neg", values), values]
            values = self.node("Sigmoid", self.node("Concat", *both, axis=1))
        elif isinstance(model, LogitStudent):
            values = self.node("Softmax", values, axis=1)
        return [self._likeliest(values, model.classes_), values]

    def _likeliest(self, probability: str, classes: NDArray) -> str:
        """Return the labels of the highest probabilities."""
        column = self.node("ArgMax", probability, axis=1, keepdims=0)
        return self._lookup(column, classes)

    def _lookup(self, codes: str, classes: NDArray) -> str:
        labels = classes if _are_text(classes) else np.asarray(classes).astype(np.int64)
        return self.node("Gather", self.constant(labels), codes, axis=0)

    def in_one_table(self, inputs: list[Variable]) -> list[Variable]:
        """Join columns that come apart, as those of a DataFrame."""
        if len(inputs) == 1:
            return inputs
        kinds = {isinstance(column.type, StringTensorType) for column in inputs}
        if kinds == {True, False}:
            raise ValueError(
                "it is given text among numbers, which a step of the Pipeline must "
                "encode before it"
            )
        names, kind = [column.full_name for column in inputs], StringTensorType
        if kinds == {False}:
            names, kind = self._of_one_type(inputs)
        widths: Any = [
            column.type.shape[-1] if column.type.shape else None for column in inputs
        ]
        width = sum(widths) if all(isinstance(n, int) for n in widths) else None
        table = self.variable("table", kind([None, width]))
        self.join(names, table)
        return [table]

    def _of_one_type(
        self, columns: list[Variable]
    ) -> tuple[list[str], type[TensorType]]:
        """Cast columns of numbers to double precision, if one has it, or to single."""
        double = any(isinstance(column.type, DoubleTensorType) for column in columns)
        kind = DoubleTensorType if double else FloatTensorType
        to = TensorProto.DOUBLE if double else TensorProto.FLOAT
        names = [
            column.full_name
            if isinstance(column.type, kind)
            else self.node("Cast", column.full_name, to=to)
            for column in columns
        ]
        return names, kind

    def _in_single_precision(self, table: Variable) -> Variable:
        single = self.variable("single", FloatTensorType(table.type.shape))
        self._container.add_node(
            "Cast", table.full_name, single.full_name, to=TensorProto.FLOAT
        )
        return single

    def variable(self, name: str, kind: TensorType) -> Variable:
        """Declare an inner variable."""
        return self._scope.declare_local_variable(name, kind)

    def join(self, columns: list[str], table: Variable) -> None:
        """Put columns side by side."""
        self._container.add_node("Concat", columns, table.full_name, axis=1)

    def node(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; return the name of that."""
        output = self._scope.get_unique_variable_name(op_type.lower())
        self._container.add_node(op_type, list(inputs), output, **attributes)
        return output

    def constant(self, values: ArrayLike) -> str:
        """Add a tensor of strings, integers or floats; return its name."""
        values = np.asarray(values)
        cells: Sequence = values.ravel().tolist()
        if _are_text(cells):
            kind, cells = TensorProto.STRING, [cell.encode() for cell in cells]
        elif values.dtype.kind in "iub":
            kind, cells = TensorProto.INT64, [int(cell) for cell in cells]
        else:
            kind = TensorProto.FLOAT
        name = self._scope.get_unique_variable_name("constant")
        self._container.add_initializer(name, kind, [*values.shape], cells)
        return name
