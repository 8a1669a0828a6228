"""Tuning of a distilled model, in which the baseline student is always a candidate."""

from skdistill.search._classifier import DistilledClassifierCV
from skdistill.search._regressor import DistilledRegressorCV

__all__ = ["DistilledClassifierCV", "DistilledRegressorCV"]
