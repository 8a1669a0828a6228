"""Everything that skdistill takes from scikit-learn's private modules, in one place.

Private names may move between releases; when one does, this file alone changes.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from functools import cache
from inspect import signature
from typing import Any, ParamSpec, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.ensemble._forest import ForestClassifier
from sklearn.neural_network._base import ACTIVATIONS, LOSS_FUNCTIONS
from sklearn.tree._tree import Tree
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
)
from sklearn.utils._user_interface import _print_elapsed_time
from sklearn.utils.metadata_routing import _raise_for_params, _routing_enabled
from sklearn.utils.validation import _check_method_params, _num_samples

E = TypeVar("E", bound=BaseEstimator)
P = ParamSpec("P")
T = TypeVar("T")

try:
    from sklearn.callback import (
        AutoPropagatedCallback,
        CallbackSupportMixin,
        with_callbacks,
    )
except ImportError:  # scikit-learn < 1.9

    class _NoCallbackContext:
        """Stands in for a callback context where there are no callbacks."""

        def subcontext(self, **kwargs: Any) -> Self:
            return self

        def call_on_fit_task_begin(self, **kwargs: Any) -> Self:
            return self

        def call_on_fit_task_end(self, **kwargs: Any) -> bool:
            return False

        def propagate_callback_context(
            self, sub_estimator: BaseEstimator
        ) -> AbstractContextManager[None]:
            return nullcontext()

    class AutoPropagatedCallback:  # type: ignore[no-redef]
        """Stands in for the callbacks that parts get from the model they are in."""

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's mixin where the release has none."""

        def _init_callback_context(self, **kwargs: Any) -> _NoCallbackContext:
            return _NoCallbackContext()

    def with_callbacks(method: Callable[P, T]) -> Callable[P, T]:
        """Return `method` as it is: this scikit-learn has no callbacks."""
        return method


# What classifiers of scikit-learn learn soft labels by. Where a release has moved some
# of it, a name is None, and they learn from duplicated samples.
try:
    from sklearn._loss.loss import HalfBinomialLoss, HalfMultinomialLoss
except ImportError:
    HalfBinomialLoss = HalfMultinomialLoss = None
try:
    from sklearn._loss._loss import CyHalfBinomialLoss
except ImportError:
    CyHalfBinomialLoss = None
try:
    from sklearn.linear_model._glm.glm import NewtonCholeskySolver
    from sklearn.linear_model._linear_loss import LinearModelLoss
    from sklearn.linear_model._logistic import (
        _LOGISTIC_SOLVER_CONVERGENCE_MSG as LOGISTIC_ADVICE,
    )
    from sklearn.utils.optimize import _check_optimize_result as count_iterations
    from sklearn.utils.optimize import _newton_cg as newton_cg
except ImportError:
    LinearModelLoss = NewtonCholeskySolver = None
    LOGISTIC_ADVICE = count_iterations = newton_cg = None


def has_methods(cls: type, names: tuple[str, ...]) -> bool:
    """Return whether soft labels can pass through these methods of a classifier."""
    found = all(callable(getattr(cls, name, None)) for name in names)
    return found and HalfMultinomialLoss is not None


def restore_loss(model: BaseEstimator, sample_weight: NDArray | None) -> None:
    """Give a boosting model the loss of its class, if it has another."""
    if hasattr(model, "_loss"):
        model._loss = model._get_loss(sample_weight=sample_weight)


def forget_optimizer(model: BaseEstimator) -> None:
    """Let a perceptron that is trained on begin with a new optimizer."""
    if hasattr(model, "_optimizer"):
        del model._optimizer


@cache
def linear_loss_keeps_float32() -> bool:
    """Return whether scikit-learn fits a linear loss on samples of single precision.

    Its solver L-BFGS works in double precision; where its loss does not turn weights
    into the samples' precision, scikit-learn turns the samples.
    """
    loss = LinearModelLoss(HalfBinomialLoss(), fit_intercept=False)
    one = np.ones(1, dtype=np.float32)
    try:
        loss.loss_gradient(np.zeros(1), one[:, None], one)
    except ValueError:
        return False
    return True


def without_callback_context(estimator: E) -> E:
    """Return an estimator without what it holds only while it is fitted inside another.

    That is the callback context of the outer estimator, and the callbacks it got from
    there. A copy that kept them could neither be saved nor be fitted.
    """
    if "_parent_callback_ctx" not in vars(estimator):
        return estimator
    alone = copy(estimator)
    del alone._parent_callback_ctx
    callbacks = vars(alone).pop("_skl_callbacks", [])
    own = [one for one in callbacks if not isinstance(one, AutoPropagatedCallback)]
    if own:
        alone._skl_callbacks = own
    return alone


def name_request_owner(estimator: E) -> E:
    """Let the metadata requests of `estimator` refer to it by the name of its class.

    From scikit-learn 1.9 on they hold the estimator itself, for error messages alone.
    skops cannot save such a circle.
    """
    requests = estimator._metadata_request
    for request in (requests, *vars(requests).values()):
        if hasattr(request, "owner"):
            request.owner = type(estimator).__name__
    return estimator


# Whether forests balance their classes by the samples' weights: scikit-learn 1.9 on.
FORESTS_BALANCE_BY_WEIGHT = (
    "sample_weight" in signature(ForestClassifier._validate_y_class_weight).parameters
)

# Parameters of `fit` that hold samples of their own, whatever their number.
HELD_OUT_PARAMS = frozenset(
    {
        "X_val",
        "y_val",
        "sample_weight_val",
        "eval_X",
        "eval_y",
        "eval_set",
        "eval_sample_weight",
        "sample_weight_eval_set",
    }
)


def index_params(
    X: ArrayLike, params: Mapping[str, Any], indices: NDArray[np.integer]
) -> dict[str, Any]:
    """Return the parameters of `fit` for some of the samples of X."""
    apart = {name: params[name] for name in params if name in HELD_OUT_PARAMS}
    by_row = {name: params[name] for name in params if name not in HELD_OUT_PARAMS}
    return _check_method_params(X, by_row, indices=indices) | apart


def validate_params(estimator: BaseEstimator) -> None:
    """Raise if a parameter of an estimator is not one that it allows."""
    estimator._validate_params()


def metric_of(score: Callable) -> Callable:
    """Return the metric that a scorer wraps; another callable as it is."""
    return getattr(score, "_score_func", score)


fit_context = _fit_context
elapsed_time = _print_elapsed_time
num_samples = _num_samples
raise_for_params = _raise_for_params
routing_enabled = _routing_enabled
safe_indexing = _safe_indexing

__all__ = [
    "ACTIVATIONS",
    "FORESTS_BALANCE_BY_WEIGHT",
    "HELD_OUT_PARAMS",
    "LOGISTIC_ADVICE",
    "LOSS_FUNCTIONS",
    "CallbackSupportMixin",
    "CyHalfBinomialLoss",
    "HalfBinomialLoss",
    "HalfMultinomialLoss",
    "HasMethods",
    "Interval",
    "LinearModelLoss",
    "NewtonCholeskySolver",
    "Options",
    "StrOptions",
    "Tree",
    "count_iterations",
    "elapsed_time",
    "fit_context",
    "forget_optimizer",
    "has_methods",
    "index_params",
    "linear_loss_keeps_float32",
    "metric_of",
    "name_request_owner",
    "newton_cg",
    "num_samples",
    "raise_for_params",
    "restore_loss",
    "routing_enabled",
    "safe_indexing",
    "validate_params",
    "with_callbacks",
    "without_callback_context",
]
