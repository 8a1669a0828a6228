"""Teachers: out-of-fold predictions for the training samples, at the lowest price."""

from skdistill.teachers._cache import (
    LazyTeacher,
    cached_cross_fit,
    cached_predictions,
    open_cache,
)
from skdistill.teachers._calibration import (
    AffineCalibration,
    TemperatureScaling,
    log_losses,
)
from skdistill.teachers._cross_fit import CrossFitResult, CrossFitTask, cross_fit
from skdistill.teachers._estimators import as_estimator, from_predictions
from skdistill.teachers._fold_mean import FoldMeanClassifier, FoldMeanRegressor
from skdistill.teachers._predictions import predict_logits, predict_values
from skdistill.teachers._presets import default_classifier, default_regressor
from skdistill.teachers._session import temporary_folder
from skdistill.teachers._signal import Signal, SignalStep
from skdistill.teachers._store import Store

__all__ = [
    "AffineCalibration",
    "CrossFitResult",
    "CrossFitTask",
    "FoldMeanClassifier",
    "FoldMeanRegressor",
    "LazyTeacher",
    "Signal",
    "SignalStep",
    "Store",
    "TemperatureScaling",
    "as_estimator",
    "cached_cross_fit",
    "cached_predictions",
    "cross_fit",
    "default_classifier",
    "default_regressor",
    "from_predictions",
    "log_losses",
    "open_cache",
    "predict_logits",
    "predict_values",
    "temporary_folder",
]
