"""From a fitted model to an ONNX model that is known to predict the same."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import final_step
from skdistill._optional import import_optional
from skdistill._typing import Estimator, Table
from skdistill.cascade import CascadeClassifier, CascadeRegressor
from skdistill.export._refusals import check_precision, first_line, why_not

if TYPE_CHECKING:
    from onnx import ModelProto

    from skdistill.export._check import Comparison, Predictions
    from skdistill.export._inputs import Inputs

__all__ = ["register_converters", "to_onnx"]

# The metadata property that says which column each input is.
COLUMNS = "columns"
_LIBRARIES = ("onnx", "skl2onnx", "onnxmltools", "onnxruntime")


def register_converters() -> None:
    """Register the distilled estimators with skl2onnx.

    Afterwards `skl2onnx.to_onnx` takes `DistilledRegressor`, `DistilledClassifier` and
    their searches, alone and in a Pipeline. What it returns is not checked, other than
    by `skdistill.export.to_onnx`, which calls this function itself.

    Raises
    ------
    ImportError
        If a library of the extra "onnx" is missing.

    Examples
    --------
    >>> import numpy as np
    >>> import skl2onnx
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.export import register_converters
    >>> X, y = load_diabetes(return_X_y=True)
    >>> student = DecisionTreeRegressor(max_depth=3)
    >>> model = make_pipeline(StandardScaler(), DistilledRegressor(Ridge(), student))
    >>> register_converters()
    >>> onnx_model = skl2onnx.to_onnx(model.fit(X, y), X.astype(np.float32))
    >>> [node.op_type for node in onnx_model.graph.node]
    ['Scaler', 'TreeEnsembleRegressor', 'Identity']
    """
    for name in _LIBRARIES:
        import_optional(name, extra="onnx")
    from skdistill.export._converters import register

    register()


def to_onnx(
    model: Estimator, X: Table, *, dtype: str = "float32", max_mismatch: float = 0.0
) -> "ModelProto":
    """Return a fitted student, with its Pipeline, as a checked ONNX model.

    The graph holds the student alone, not the teacher. Before it is returned, it
    predicts X in the ONNX runtime. The predictions for each sample must be those of
    `predict` and `predict_proba` of `model`, for the sample as it is or rounded to
    single precision: values within 1e-4 of the largest prediction of their output,
    probabilities within 1e-4, the same labels but for ties. Thresholds of trees are
    rounded to nearest, or all of them down where that predicts more samples alike.

    Parameters
    ----------
    model : estimator
        Fitted: a distilled estimator, a search for one, a baseline student, refined or
        not, a cascade, or a Pipeline that ends in one of them. The student of a cascade
        is exported, with the deferral score; of several students, each with its own,
        by ``cascade.of_student(name)``.
    X : {array-like, DataFrame} of shape (n_samples, n_features)
        Samples that are typical of those to be predicted, such as training samples.
        They say what the inputs are, and the predictions for them are checked.
    dtype : {"float32", "float64"}, default="float32"
        The type of the inputs that hold numbers. With "float64" the steps before the
        student are computed in double precision, as scikit-learn does; the ONNX runtime
        lacks some of them, such as imputers. Trees compare, and outputs are, in single
        precision in any case.
    max_mismatch : float, default=0.0
        The fraction of the samples in X, from 0 to 1, whose predictions may differ. In
        single precision, a scaler before trees may put a sample that lies on a split on
        its other side.

    Returns
    -------
    onnx_model : onnx.ModelProto
        Its input is "X" of shape (n_samples, n_features) where X is an array; of a
        DataFrame, there is one of shape (n_samples, 1) for each column, by its name, in
        which other characters than letters and digits become "_"; the metadata property
        "columns" is a JSON object of the column of each input. Strings have inputs of
        type string, other columns of type `dtype`. A model that begins with a
        `skdistill.tables.TableEncoder` takes cells as they stand in a file: dates and
        booleans too are strings, and a missing one is empty. Outputs are "variable" of
        shape (n_samples, n_outputs) for a regressor, "label" and "probabilities" for a
        classifier. Boolean labels become 0 and 1. A cascade has the further output
        "deferral_score" of shape (n_samples, 1), and its threshold as the metadata
        property "deferral_threshold": samples with a higher score need the teacher. It
        is raised by 1e-6 of the largest score, so that rounding sends no samples whose
        score equals it, as those of one leaf do.

    Raises
    ------
    ImportError
        If a library of the extra "onnx" is missing.
    ValueError
        If there is no converter for a part of the model or for what it splits on, such
        as categories, or if the ONNX model predicts otherwise.

    Warns
    -----
    skdistill.exceptions.RoundingWarning
        If predictions are those for the rounded samples, but not those for the samples
        as they are, or if values are off by 1e-4 of their range.

    Examples
    --------
    >>> from onnxruntime import InferenceSession
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    >>> from skdistill import DistilledClassifier
    >>> from skdistill.export import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DistilledClassifier(
    ...     RandomForestClassifier(),
    ...     GradientBoostingClassifier(n_estimators=10),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> onnx_model = to_onnx(model, X)
    >>> session = InferenceSession(onnx_model.SerializeToString())
    >>> labels, probabilities = session.run(None, {"X": X[:2].astype("float32")})
    >>> labels.tolist(), probabilities.shape
    ([0, 0], (2, 3))
    """
    register_converters()
    check_is_fitted(model)
    check_precision(dtype, max_mismatch)
    from skdistill.export._check import check_same_predictions, predictions_of
    from skdistill.export._inputs import describe

    if is_classifier(model):
        _check_labels(model.classes_)
    if _is_cascade(model):
        _check_stages(final_step(model))
    inputs, expected = describe(model, X, dtype), predictions_of(model, X)
    onnx_model, found = _export(model, inputs, expected, rounds_down=False)
    if found.counts > (0, 0) and _has_trees(onnx_model):
        # Samples that coincide in single precision may lie on both sides of a
        # threshold. Rounded to nearest, it may have neither side right.
        other, found_other = _export(model, inputs, expected, rounds_down=True)
        if found_other.counts < found.counts:
            onnx_model, found = other, found_other
    check_same_predictions(
        found, type(model).__name__, max_mismatch=max_mismatch, kind="ONNX model"
    )
    return onnx_model


def _export(
    model: Estimator, inputs: "Inputs", expected: "Predictions", *, rounds_down: bool
) -> tuple["ModelProto", "Comparison"]:
    """Return an ONNX model, and how its predictions differ from those of the model."""
    from onnx.helper import set_model_props
    from onnxruntime import InferenceSession

    from skdistill.export._check import compare_predictions

    try:
        onnx_model = _convert(
            model, inputs.types, expected.values.shape[1], rounds_down=rounds_down
        )
        names = [one.name for one in onnx_model.graph.input]
        columns = [column for column, _ in inputs.types]
        about = {COLUMNS: json.dumps(dict(zip(names, columns, strict=True)))}
        if expected.score is not None:
            threshold = expected.score.threshold(final_step(model).threshold_)
            about["deferral_threshold"] = repr(threshold)
        set_model_props(onnx_model, about)
        session = InferenceSession(
            onnx_model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise ValueError(_why_not(model, error)) from error
    return onnx_model, compare_predictions(session, model, inputs, expected)


def _has_trees(onnx_model: "ModelProto") -> bool:
    return any(
        node.op_type.startswith("TreeEnsemble") for node in onnx_model.graph.node
    )


def _convert(
    model: Estimator,
    types: list[tuple[str, Any]],
    n_outputs: int,
    *,
    rounds_down: bool,
) -> "ModelProto":
    from skl2onnx import convert_sklearn

    from skdistill.export._converters import (
        ShippedCascade,
        ShippedClassifier,
        ShippedRegressor,
    )

    if _is_cascade(model):
        shipped = ShippedCascade(model, rounds_down=rounds_down)
        return convert_sklearn(shipped, type(model).__name__, initial_types=types)
    if is_classifier(model):
        shipped = ShippedClassifier(model, rounds_down=rounds_down)
        options = {id(shipped): {"zipmap": False}}
    else:
        shipped = ShippedRegressor(model, n_outputs, rounds_down=rounds_down)
        options = None
    return convert_sklearn(
        shipped, type(model).__name__, initial_types=types, options=options
    )


def _is_cascade(model: Estimator) -> bool:
    return isinstance(final_step(model), CascadeRegressor | CascadeClassifier)


def _check_stages(cascade: Estimator) -> None:
    """Raise if a cascade is more than one student with its score."""
    names = [stage.name for stage in cascade.stages_]
    if len(names) > 1:
        raise ValueError(
            "An ONNX model holds one student of a cascade with its deferral score, as "
            "what follows is computed for some samples alone. Got the students "
            f"{names}. Export each: to_onnx(cascade.of_student({names[0]!r}), X), ..."
        )


def _check_labels(classes: NDArray) -> None:
    kind = np.asarray(classes).dtype.kind
    if len(classes) < 2:
        raise ValueError(
            f"An ONNX classifier needs at least two classes. Got {list(classes)}."
        )
    whole = kind in "iub" or (kind == "f" and (classes % 1 == 0).all())
    if not whole and not all(isinstance(label, str) for label in classes):
        raise ValueError(
            "The labels of an ONNX classifier are integers or strings. Got "
            f"{list(classes)[:3]} and such. Fit the model on their names."
        )


def _why_not(model: Estimator, error: Exception) -> str:
    if _is_cascade(model):
        return _why_no_cascade(final_step(model), error)
    return why_not(model, error, "ONNX")


def _why_no_cascade(cascade: Estimator, error: Exception) -> str:
    """Say which parts it may be; converters fail late, and do not say for whom."""
    name = type(cascade).__name__
    shipped = cascade.stages_[0].model
    student = type(final_step(getattr(shipped, "student_", shipped))).__name__
    reason = f": {first_line(error)}."
    if not cascade.deferral_models_:
        return f"The {name} cannot be exported to ONNX because of its {student}{reason}"
    model = type(final_step(cascade.deferral_models_[0])).__name__
    other = ', or deferral="margin", which needs none' if is_classifier(cascade) else ""
    return (
        f"The {name} cannot be exported to ONNX because of its student ({student}) or "
        f"its deferral model ({model}){reason} If it is the deferral model, use a "
        f"regressor of trees, or a linear one, on numbers{other}; or export its "
        "estimator_ alone."
    )
