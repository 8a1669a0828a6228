"""A regressor of a transformed target has the stages of the one that it holds."""

from collections.abc import Iterator
from copy import copy
from typing import Any

from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter
from skdistill.students._registry import find_adapter, register
from skdistill.students._rounds import (
    has_stages,
    keeping_stages,
    last_step,
    predict_stage,
)

__all__ = ["TransformedTargetAdapter"]


class TransformedTargetAdapter(StudentAdapter):
    """TransformedTargetRegressor: what its regressor predicts is transformed back."""

    def has_stages(self, model: Estimator) -> bool:
        return has_stages(getattr(model, "regressor_", model.regressor))

    def keeping_stages(self, model: Estimator) -> Estimator:
        held = model.regressor
        kept = keeping_stages(held)
        return model if kept is held else clone(model).set_params(regressor=kept)

    def stages(
        self, model: Estimator, X: Table, method: str
    ) -> Iterator[NDArray] | None:
        if method != "predict" or not self.has_stages(model):
            return None
        final, seen = last_step(model.regressor_, X)
        staged = find_adapter(final).stages(final, seen, method)
        return staged and (_transformed_back(model, X, stage) for stage in staged)

    def stage(
        self, model: Estimator, X: Table, method: str, fraction: float
    ) -> NDArray | None:
        if method != "predict" or not self.has_stages(model):
            return None
        stage = predict_stage(model.regressor_, X, method, fraction)
        return _transformed_back(model, X, stage)


class _Known:
    """Predicts what is known already."""

    def __init__(self, predictions: NDArray) -> None:
        self.predictions = predictions

    def predict(self, X: Any) -> NDArray:
        return self.predictions


def _transformed_back(model: Estimator, X: Table, predictions: NDArray) -> NDArray:
    early = copy(model)
    early.regressor_ = _Known(predictions)
    return early.predict(X)


register(
    "sklearn.compose._target.TransformedTargetRegressor", TransformedTargetAdapter()
)
