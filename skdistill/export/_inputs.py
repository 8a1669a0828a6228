"""What samples look like to an ONNX model: one tensor, or one for each named column."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    StringTensorType,
    TensorType,
)

from skdistill._typing import Estimator, Table
from skdistill.export._refusals import check_dense, check_shape
from skdistill.tables import TableEncoder

if TYPE_CHECKING:
    import pandas

__all__ = ["Inputs", "describe"]


@dataclass(frozen=True)
class Inputs:
    """Samples, as the ONNX runtime takes them.

    Attributes
    ----------
    types : list of (str, skl2onnx type)
        Names and types of the inputs.
    feed : list of ndarray
        The samples, one array for each input.
    rounded : table
        The samples as they came, but with numbers of single precision.
    """

    types: list[tuple[str, Any]]
    feed: list[NDArray]
    rounded: Table


def describe(model: Estimator, X: Table, dtype: str) -> Inputs:
    """Describe samples to the converter and the runtime.

    An array or a list becomes one input named "X", a DataFrame one for each column.
    Numbers and booleans get the type `dtype`, strings stay strings. A model that begins
    with a `TableEncoder` is given the columns that this knows, as a file has them.
    """
    check_dense(X, "ONNX")
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        encoder = _first_encoder(model)
        if encoder is not None:
            X = type(X)(encoder.written(X))
        return _describe_columns(X, dtype)
    table = np.asarray(X)
    check_shape(table)
    kind, values = _column(table, "X", dtype)
    rounded = values if kind is StringTensorType else table.astype(np.float32)
    return Inputs([("X", kind([None, table.shape[1]]))], [values], rounded)


def _first_encoder(model: Estimator) -> TableEncoder | None:
    """Return the encoder that a model begins with, if there is one."""
    while model is not None and not isinstance(model, TableEncoder):
        steps = getattr(model, "steps", None)
        model = steps[0][1] if steps else _inner(model)
    return model


def _inner(model: Estimator) -> Estimator | None:
    """Return what is given the samples of a model."""
    for name in ("best_estimator_", "student_", "estimator_", "regressor_"):
        if hasattr(model, name):
            return getattr(model, name)
    regressors = getattr(model, "regressors_", [None])
    return regressors[0]


def _describe_columns(X: "pandas.DataFrame", dtype: str) -> Inputs:
    types, feed, rounded = [], [], X.copy()
    for name in X.columns:
        kind, values = _column(X[name].to_numpy(), name, dtype)
        types.append((str(name), kind([None, 1])))
        feed.append(values.reshape(-1, 1))
        if X[name].dtype.kind in "fiu":
            rounded[name] = X[name].astype(np.float32)
    return Inputs(types, feed, rounded)


def _column(values: NDArray, name: str, dtype: str) -> tuple[type[TensorType], NDArray]:
    """Return the ONNX type of a column, or of a whole array, and its values."""
    if values.dtype.kind in "OUT" and all(isinstance(v, str) for v in values.flat):
        return StringTensorType, values.astype(object)
    kind = DoubleTensorType if dtype == "float64" else FloatTensorType
    try:
        return kind, values.astype(dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "An input of an ONNX model holds numbers or text. Got something else in "
            f"the column {name!r}: {error}. Text may have no missing values."
        ) from error
