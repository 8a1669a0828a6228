"""From a fitted model to the parts that compute its predictions."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn import linear_model
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.feature_selection import SelectorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVR

from skdistill import iterative
from skdistill._typing import Estimator
from skdistill.bayesian import (
    BayesianDistilledClassifier,
    BayesianDistilledRegressor,
)
from skdistill.cascade import CascadeClassifier, CascadeRegressor
from skdistill.distilled import DistilledClassifier, DistilledRegressor
from skdistill.export._parts import (
    LINKS,
    Beside,
    Clipped,
    Columns,
    Dense,
    Filled,
    Link,
    Part,
    Standardised,
    Stretched,
    log_loss,
)
from skdistill.export._read_trees import read_trees
from skdistill.export._refusals import UnreadablePartError
from skdistill.export._trees import is_tree_student
from skdistill.search import DistilledClassifierCV, DistilledRegressorCV
from skdistill.students import LogitStudent, ProbabilityStudent
from skdistill.tables import NumberColumn, TableEncoder
from skdistill.targets import nonnegative_expm1

__all__ = ["read_model"]

_LINEAR = (
    *("ARDRegression", "BayesianRidge", "ElasticNet", "ElasticNetCV"),
    *("HuberRegressor", "Lars", "LarsCV", "Lasso", "LassoCV", "LassoLars"),
    *("LassoLarsCV", "LassoLarsIC", "LinearRegression", "MultiTaskElasticNet"),
    *("MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV"),
    *("OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV"),
    *("QuantileRegressor", "Ridge", "RidgeCV", "SGDRegressor", "TheilSenRegressor"),
)
_PROCEDURES = tuple(getattr(iterative, name) for name in iterative.__all__)
_KNOWN = (
    "trees, forests and boosting of scikit-learn, XGBoost and LightGBM, linear models, "
    "logistic regression, perceptrons, and steps that scale, impute or select numbers"
)


def read_model(model: Estimator) -> list[Part]:
    """Return what a fitted model computes.

    Parameters
    ----------
    model : estimator
        Fitted. A distilled model, a search or a Pipeline is opened.

    Returns
    -------
    parts : list of Part
        The last gives the values of a regressor, or the probability of each class.

    Raises
    ------
    UnreadablePartError
        If a part of the model is not known.
    """
    match model:
        case DistilledRegressorCV() | DistilledClassifierCV():
            return read_model(model.best_estimator_)
        case _ if isinstance(model, _PROCEDURES):
            return read_model(model.best_estimator_)
        case DistilledRegressor():
            return [*read_model(model.student_), *_rescaled(model)]
        case DistilledClassifier():
            return read_model(model.student_)
        case LogitStudent() | ProbabilityStudent():
            return _from_regressors(model)
        case FrozenEstimator():
            return read_model(model.estimator)
        case TransformedTargetRegressor():
            values = read_model(model.regressor_)
            return [*values, *_as_target(model.transformer_)]
        case Pipeline():
            steps = [step for _, step in model.steps if step not in _NOTHING]
            return [part for step in steps for part in read_model(step)]
    try:
        return _read_part(model)
    except ValueError as error:
        raise UnreadablePartError(model, str(error)) from error


def _read_part(model: Estimator) -> list[Part]:
    """Read what holds no other model."""
    if isinstance(model, CascadeRegressor | CascadeClassifier):
        raise ValueError(
            "it needs its teacher too: export its student, estimator_, or the cascade "
            "with to_onnx"
        )
    if isinstance(model, BayesianDistilledClassifier):
        raise ValueError("its probabilities take the variance of its weights")
    if is_tree_student(model):
        return read_trees(model)
    if isinstance(model, SelectorMixin):
        return [Columns(model.get_support(indices=True))]
    read = _READERS.get(type(model))
    if read is None:
        raise ValueError(f"it is none of these: {_KNOWN}")
    return read(model)


_NOTHING = (None, "passthrough")


def _rescaled(model: DistilledRegressor) -> list[Part]:
    if not model.rescale:
        return []
    mean = np.atleast_1d(model.target_mean_)
    scale = np.full(len(mean), model.target_scale_)
    return [Standardised(mean, scale), Stretched(np.ones(len(mean)), mean)]


def _from_regressors(model: LogitStudent | ProbabilityStudent) -> list[Part]:
    members = tuple(tuple(read_model(part)) for part in model.regressors_)
    values: list[Part] = [*members[0]] if len(members) == 1 else [Beside(members)]
    if isinstance(model, ProbabilityStudent):
        return values
    return [*values, *log_loss(len(model.classes_))]


def _as_target(transformer: Estimator) -> list[Part]:
    """Undo how the target was transformed before a regressor learned it."""
    if isinstance(transformer, StandardScaler):
        centre, scale = _centre_and_scale(transformer)
        return [Stretched(scale, centre)]
    if isinstance(transformer, MinMaxScaler):
        return [Standardised(transformer.min_, transformer.scale_)]
    inverse = getattr(transformer, "inverse_func", transformer)
    if inverse is None:
        return []
    if inverse in (np.exp, np.expm1):
        return [Link(inverse.__name__)]
    if inverse is nonnegative_expm1:
        return [Link("expm1"), Link("relu")]
    raise ValueError(
        "the target is transformed by other than a StandardScaler, a MinMaxScaler, a "
        "logarithm (np.log, np.log1p) or nothing"
    )


def _standardise(step: StandardScaler) -> list[Part]:
    return [Standardised(*_centre_and_scale(step))]


def _centre_and_scale(step: StandardScaler) -> tuple[NDArray, NDArray]:
    zeros = np.zeros(step.n_features_in_)
    centre = step.mean_ if step.with_mean else zeros
    return centre, zeros + 1.0 if step.scale_ is None else step.scale_


def _min_max(step: MinMaxScaler) -> list[Part]:
    clipped = [Clipped(*map(float, step.feature_range))] if step.clip else []
    return [Stretched(step.scale_, step.min_), *clipped]


def _max_abs(step: MaxAbsScaler) -> list[Part]:
    if getattr(step, "clip", False):
        return [*_divide(step), Clipped(-1.0, 1.0)]
    return _divide(step)


def _divide(step: MaxAbsScaler) -> list[Part]:
    return [Standardised(np.zeros(step.n_features_in_), step.scale_)]


def _robust(step: RobustScaler) -> list[Part]:
    zeros = np.zeros(step.n_features_in_)
    centre = zeros if step.center_ is None else step.center_
    return [Standardised(centre, zeros + 1.0 if step.scale_ is None else step.scale_)]


def _impute(step: SimpleImputer) -> list[Part]:
    if step.indicator_ is not None:
        raise ValueError("add_indicator=True adds columns: fit it with False")
    missing = step.missing_values
    if not (isinstance(missing, float) and np.isnan(missing)):
        raise ValueError(f"missing_values={missing!r}: fit it with missing values NaN")
    values = np.asarray(step.statistics_, dtype=float)
    filled = ~np.isnan(values)  # The others had no value, and are left out.
    return [Columns(np.flatnonzero(filled)), Filled(values[filled])]


def _encode(step: TableEncoder) -> list[Part]:
    for column in step.columns_:
        if not isinstance(column, NumberColumn):
            raise ValueError(f"the column {column.name!r} holds other than numbers")
    names = getattr(step, "feature_names_in_", step.input_names_)
    places = {name: place for place, name in enumerate(names)}
    return [Columns(np.array([places[one.name] for one in step.columns_]))]


def _linear(model: Estimator) -> list[Part]:
    weights = np.atleast_2d(model.coef_).astype(float)
    bias = np.zeros(len(weights)) + np.ravel(model.intercept_)
    return [Dense(weights, bias)]


def _log_linear(model: Estimator) -> list[Part]:
    return [*_linear(model), Link("exp")]


def _logistic(model: Estimator) -> list[Part]:
    n_classes = len(model.classes_)
    is_by_class = getattr(model, "multi_class", "") == "ovr"
    if n_classes > 2 and (is_by_class or model.solver == "liblinear"):
        raise ValueError(
            "each class has a model of its own: fit it with solver='lbfgs'"
        )
    return [*_linear(model), *log_loss(n_classes)]


def _perceptron(model: Estimator) -> list[Part]:
    n_outputs = model.n_outputs_
    if is_classifier(model) and model.out_activation_ == "logistic" and n_outputs > 1:
        raise ValueError("it predicts several outputs of classes")
    links = [model.activation] * (len(model.coefs_) - 1) + [model.out_activation_]
    parts: list[Part] = []
    for weights, bias, link in zip(model.coefs_, model.intercepts_, links, strict=True):
        parts += [Dense(weights.T.astype(float), bias.astype(float)), *_link(link)]
    one_output = is_classifier(model) and n_outputs == 1
    return [*parts, Link("complement")] if one_output else parts


def _link(activation: str) -> list[Part]:
    if activation == "identity":
        return []
    if activation not in LINKS:
        raise ValueError(f"activation={activation!r}")
    return [Link(activation)]


_READERS: dict[type, Callable[[Estimator], list[Part]]] = {
    **{getattr(linear_model, name): _linear for name in _LINEAR},
    LinearSVR: _linear,
    BayesianDistilledRegressor: _linear,
    linear_model.PoissonRegressor: _log_linear,
    linear_model.GammaRegressor: _log_linear,
    linear_model.LogisticRegression: _logistic,
    linear_model.LogisticRegressionCV: _logistic,
    MLPClassifier: _perceptron,
    MLPRegressor: _perceptron,
    StandardScaler: _standardise,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
    RobustScaler: _robust,
    SimpleImputer: _impute,
    TableEncoder: _encode,
}
