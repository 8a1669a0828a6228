"""Bayesian distillation: what the teacher knows is the student's prior."""

from skdistill.bayesian._classifier import BayesianDistilledClassifier
from skdistill.bayesian._regressor import BayesianDistilledRegressor

__all__ = ["BayesianDistilledClassifier", "BayesianDistilledRegressor"]
