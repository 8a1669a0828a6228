"""Procedures that distil more than once."""

from skdistill.iterative._codistilled import (
    CodistilledClassifier,
    CodistilledRegressor,
)
from skdistill.iterative._noisy_student import (
    NoisyStudentClassifier,
    NoisyStudentRegressor,
)
from skdistill.iterative._self_distilled import (
    SelfDistilledClassifier,
    SelfDistilledRegressor,
)

__all__ = [
    "CodistilledClassifier",
    "CodistilledRegressor",
    "NoisyStudentClassifier",
    "NoisyStudentRegressor",
    "SelfDistilledClassifier",
    "SelfDistilledRegressor",
]
