"""Procedures that distil more than once."""

from skdistill.iterative._self_distilled import (
    SelfDistilledClassifier,
    SelfDistilledRegressor,
)

__all__ = ["SelfDistilledClassifier", "SelfDistilledRegressor"]
