"""The distilled estimators: they check, plan, distil and keep."""

from skdistill.distilled._base import BaseDistilled
from skdistill.distilled._checks import check_data, check_samples
from skdistill.distilled._classifier import DistilledClassifier
from skdistill.distilled._delegates import (
    ClassifierDelegate,
    Delegate,
    RegressorDelegate,
    if_asked_has,
    take_tags,
)
from skdistill.distilled._groups import inner_folds
from skdistill.distilled._named import NamedPartsMixin, check_names, named_pairs
from skdistill.distilled._parts import student_of
from skdistill.distilled._plans import keep, make_plan, translate
from skdistill.distilled._regressor import DistilledRegressor

__all__ = [
    "BaseDistilled",
    "ClassifierDelegate",
    "Delegate",
    "DistilledClassifier",
    "DistilledRegressor",
    "NamedPartsMixin",
    "RegressorDelegate",
    "check_data",
    "check_names",
    "check_samples",
    "if_asked_has",
    "inner_folds",
    "keep",
    "make_plan",
    "named_pairs",
    "student_of",
    "take_tags",
    "translate",
]
