"""Perceptrons that keep the weights they had after some of their epochs.

Boosting holds all stages of its training; a perceptron holds its last weights alone. A
subclass of it notes copies on the way, of the weights and of nothing else, so that one
fit has stages too. The epochs are those after which a fraction of `max_iter` is done
that is a power of 1 / sqrt(2): they are few, and the nearest is never far.
"""

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skdistill._typing import Estimator, Table
from skdistill.students._adapter import round_of

__all__ = [
    "CheckpointedMLPClassifier",
    "CheckpointedMLPRegressor",
    "can_keep_checkpoints",
    "predict_at_checkpoint",
    "with_checkpoints",
    "with_last",
]

_Weights = tuple[list[NDArray], list[NDArray]]


class _Checkpoints:
    """Notes `checkpoints_`, the weights by the number of the epoch, while it is fitted.

    Attributes
    ----------
    checkpoints_ : dict of int to tuple
        `coefs_` and `intercepts_` after some of the epochs, in their order.
    """

    def _fit(self: Any, *args: Any, incremental: bool, **kwargs: Any) -> Any:
        # Those of an earlier fit, with warm_start, are not on the way of this one.
        self.checkpoints_: dict[int, _Weights] = {}
        super()._fit(*args, incremental=incremental, **kwargs)  # type: ignore[misc]
        if incremental:  # It is one epoch, and knows not which.
            self.checkpoints_ = {}
        return self

    def _update_no_improvement_count(self: Any, *args: Any) -> None:
        # It is called at the end of each epoch.
        super()._update_no_improvement_count(*args)  # type: ignore[misc]
        if self.n_iter_ in _kept_epochs(self.max_iter):
            layers = self.coefs_, self.intercepts_
            self.checkpoints_[self.n_iter_] = tuple(
                [part.copy() for part in parts] for parts in layers
            )


class CheckpointedMLPRegressor(_Checkpoints, MLPRegressor):
    """MLPRegressor, with `checkpoints_`."""


class CheckpointedMLPClassifier(_Checkpoints, MLPClassifier):
    """MLPClassifier, with `checkpoints_`."""


_KINDS: dict[type, type] = {
    MLPRegressor: CheckpointedMLPRegressor,
    MLPClassifier: CheckpointedMLPClassifier,
}


def can_keep_checkpoints(model: Estimator) -> bool:
    """Return whether an unfitted perceptron has epochs, and a class that notes them."""
    has_class = isinstance(model, _Checkpoints) or type(model) in _KINDS
    return has_class and model.solver != "lbfgs"


def with_checkpoints(model: Estimator) -> Estimator:
    """Return a clone of an unfitted perceptron that keeps checkpoints."""
    kept = clone(model)
    kept.__class__ = _KINDS.get(type(model), type(model))
    return kept


def with_last(model: Estimator) -> dict[int, _Weights]:
    """Return the weights of a fitted model by epoch; the last are the model's own."""
    n_epochs = model.n_iter_
    if model.early_stopping:
        # Its weights are those of its best epoch; scores of earlier fits come first.
        n_earlier = len(model.validation_scores_) - n_epochs
        n_epochs = max(1, int(np.argmax(model.validation_scores_)) + 1 - n_earlier)
    earlier = {
        epoch: weights
        for epoch, weights in model.checkpoints_.items()
        if epoch < n_epochs
    }
    return earlier | {n_epochs: (model.coefs_, model.intercepts_)}


def predict_at_checkpoint(
    model: Estimator, weights: _Weights, X: Table, method: str
) -> NDArray:
    """Return what a fitted perceptron predicts with other weights."""
    early = copy(model)
    early.coefs_, early.intercepts_ = weights
    return getattr(early, method)(X)


def _kept_epochs(max_iter: int) -> set[int]:
    powers = range(2 * int(max_iter).bit_length())
    return {round_of(0.5 ** (power / 2), max_iter) for power in powers}
