"""Distillation where the samples lie: on the workers of a Dask cluster."""

from skdistill.dask._classifier import DaskDistilledClassifier
from skdistill.dask._regressor import DaskDistilledRegressor

__all__ = ["DaskDistilledClassifier", "DaskDistilledRegressor"]
