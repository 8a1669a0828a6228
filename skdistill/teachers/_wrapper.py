"""What teachers have in common that wrap an estimator of another kind."""

from copy import deepcopy
from typing import Any

from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from skdistill._sklearn import routing_enabled
from skdistill._typing import Estimator

__all__ = ["TeacherWrapper"]


class TeacherWrapper(MetaEstimatorMixin, BaseEstimator):
    """Holds an estimator, which is fitted on what the wrapper is fitted on."""

    estimator: Estimator

    def _routed(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        """Return what of the parameters of `fit` is the estimator's."""
        if routing_enabled():
            return process_routing(self, "fit", **fit_params).estimator.fit
        return fit_params

    def _take_names(self, fitted: Estimator) -> None:
        """Say of the samples and labels what the fitted estimator says of them."""
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            if hasattr(fitted, name):
                setattr(self, name, getattr(fitted, name))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed to the estimator.

        Returns
        -------
        routing : MetadataRouter
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(
            estimator=self.estimator, method_mapping=to_fit
        )

    def __sklearn_tags__(self) -> Tags:
        return deepcopy(get_tags(self.estimator))
