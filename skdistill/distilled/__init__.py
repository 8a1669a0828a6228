"""The two estimators; they only orchestrate."""

from skdistill.distilled._base import BaseDistilled
from skdistill.distilled._classifier import DistilledClassifier
from skdistill.distilled._regressor import DistilledRegressor

__all__ = ["BaseDistilled", "DistilledClassifier", "DistilledRegressor"]
