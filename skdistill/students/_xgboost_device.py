"""Where XGBoost runs, and boosting there."""

import warnings
from typing import Any

from skdistill._optional import import_optional
from skdistill._typing import Estimator

__all__ = ["boosting_on_cuda", "has_cuda"]


def has_cuda() -> bool:
    """Return whether XGBoost fits on a CUDA device; it may fall back with a warning.

    Raises
    ------
    ImportError
        If XGBoost is not installed.
    """
    xgboost = import_optional("xgboost", extra="xgboost")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if not xgboost.build_info().get("USE_CUDA", False):
            return False
        model = xgboost.XGBRegressor(n_estimators=1, device="cuda")
        try:
            model.fit([[0.0], [1.0]], [0, 1])
        except Exception:  # XGBoost raises its own error, of no narrower class.
            return False
    return not any("GPU" in str(one.message) for one in caught)


def boosting_on_cuda(*, of_classes: bool) -> Estimator:
    """Return boosting like that of the default teacher, unfitted, on a CUDA device."""
    xgboost = import_optional("xgboost", extra="xgboost")
    kind = xgboost.XGBClassifier if of_classes else xgboost.XGBRegressor
    params: dict[str, Any] = {"learning_rate": 0.1, "n_estimators": 100}
    if not of_classes:
        params = {"learning_rate": 0.05, "n_estimators": 300}
    return kind(
        max_leaves=31, max_depth=0, grow_policy="lossguide", device="cuda", **params
    )
