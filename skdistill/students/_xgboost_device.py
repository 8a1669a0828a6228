"""Where XGBoost runs, and boosting there."""

import warnings
from typing import Any

from skdistill._optional import import_optional
from skdistill._typing import Estimator

__all__ = ["boosting_on_cuda", "find_device"]


def find_device(device: str) -> str:
    """Return where boosting works: the device that is asked for, or that is there.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}
        "auto" is "cuda" where XGBoost can use it, else "cpu".

    Returns
    -------
    device : {"cpu", "cuda"}

    Raises
    ------
    ImportError
        If it is to be "cuda", and XGBoost is not installed.
    ValueError
        If it is to be "cuda" and there is none, or it is none of the three.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(
            f"device must be 'auto', 'cpu' or 'cuda'. Got {device!r}. Use 'auto' for "
            "CUDA where it is."
        )
    if device == "cpu":
        return device
    try:
        is_there = _has_cuda()
    except ImportError:
        if device == "cuda":
            raise
        is_there = False
    if device == "cuda" and not is_there:
        raise ValueError(
            "The device cuda needs a CUDA device and an XGBoost made for it. Found "
            "none. Use auto, which falls back, or cpu."
        )
    return "cuda" if is_there else "cpu"


def _has_cuda() -> bool:
    """Return whether XGBoost fits on a CUDA device; it may fall back with a warning."""
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
