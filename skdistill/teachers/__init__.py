"""Teachers: honest predictions for the training rows, at the lowest price."""

from skdistill.teachers._answers import ClassAnswers, ValueAnswers
from skdistill.teachers._estimators import as_estimator
from skdistill.teachers._fold_mean import FoldMeanClassifier, FoldMeanRegressor
from skdistill.teachers._memory import LazyTeacher, recall, recall_answers
from skdistill.teachers._presets import default_classifier, default_regressor
from skdistill.teachers._routes import Lesson, Teaching, teach

__all__ = [
    "ClassAnswers",
    "FoldMeanClassifier",
    "FoldMeanRegressor",
    "LazyTeacher",
    "Lesson",
    "Teaching",
    "ValueAnswers",
    "as_estimator",
    "default_classifier",
    "default_regressor",
    "recall",
    "recall_answers",
    "teach",
]
