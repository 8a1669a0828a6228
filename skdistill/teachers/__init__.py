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
from skdistill.teachers._combination import Combination
from skdistill.teachers._cross_fit import (
    CrossFitTask,
    cross_fit,
    fits_once_a_fold,
    is_number_of_folds,
)
from skdistill.teachers._distribution import (
    DistributionRegressor,
    cached_quantiles,
    check_says_quantiles,
    distribution_in,
)
from skdistill.teachers._estimators import as_estimator, from_predictions
from skdistill.teachers._fold_mean import FoldMeanClassifier, FoldMeanRegressor
from skdistill.teachers._hints import FittedHints, Hints
from skdistill.teachers._in_context import (
    InContextClassifier,
    InContextRegressor,
    in_context,
    in_context_recipe,
    learns_in_context,
)
from skdistill.teachers._predictions import (
    check_predictions,
    predict_logits,
    predict_values,
)
from skdistill.teachers._presets import default_classifier, default_regressor
from skdistill.teachers._quantiles import Quantiles, TeacherPredictions
from skdistill.teachers._session import temporary_folder
from skdistill.teachers._several import (
    ONE_TEACHER,
    CombinedClassifier,
    CombinedRegressor,
    LazyTeachers,
    label_of,
    named_teachers,
)
from skdistill.teachers._signal import Signal, SignalStep
from skdistill.teachers._stage import at_stage
from skdistill.teachers._store import Store
from skdistill.teachers._trust import CallableTrust, Evidence, Trust
from skdistill.teachers._trust_by_labels import (
    AttentiveTrust,
    CorrectedTrust,
    OutlierTrust,
)
from skdistill.teachers._trust_by_predictions import (
    ConfidenceTrust,
    MatchingTrust,
    SpreadTrust,
)

__all__ = [
    "ONE_TEACHER",
    "AffineCalibration",
    "AttentiveTrust",
    "CallableTrust",
    "Combination",
    "CombinedClassifier",
    "CombinedRegressor",
    "ConfidenceTrust",
    "CorrectedTrust",
    "CrossFitTask",
    "DistributionRegressor",
    "Evidence",
    "FittedHints",
    "FoldMeanClassifier",
    "FoldMeanRegressor",
    "Hints",
    "InContextClassifier",
    "InContextRegressor",
    "LazyTeacher",
    "LazyTeachers",
    "MatchingTrust",
    "OutlierTrust",
    "Quantiles",
    "Signal",
    "SignalStep",
    "SpreadTrust",
    "Store",
    "TeacherPredictions",
    "TemperatureScaling",
    "Trust",
    "as_estimator",
    "at_stage",
    "cached_cross_fit",
    "cached_predictions",
    "cached_quantiles",
    "check_predictions",
    "check_says_quantiles",
    "cross_fit",
    "default_classifier",
    "default_regressor",
    "distribution_in",
    "fits_once_a_fold",
    "from_predictions",
    "in_context",
    "in_context_recipe",
    "is_number_of_folds",
    "label_of",
    "learns_in_context",
    "log_losses",
    "named_teachers",
    "open_cache",
    "predict_logits",
    "predict_values",
    "temporary_folder",
]
