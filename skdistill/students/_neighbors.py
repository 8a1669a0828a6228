"""Nearest neighbours learn distributions, and values, by averaging them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.neighbors import KNeighborsRegressor

from skdistill._fitting import weight_param
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter
from skdistill.students._duplication import classes_of
from skdistill.students._linear import LinearAdapter
from skdistill.students._registry import register
from skdistill.students._regressors import ProbabilityStudent
from skdistill.targets import Target

__all__ = ["NeighborsAdapter"]

_SPACE = {"n_neighbors": (3, 5, 8, 13, 21, 34), "weights": ("uniform", "distance")}


class NeighborsAdapter(StudentAdapter):
    """KNeighborsClassifier.

    On onehot labels the mean over the neighbours is its `predict_proba`; on
    distributions the same mean is taken by a KNeighborsRegressor with the same
    parameters.
    """

    trains_natively = True
    grows_with_samples = True

    def search_space(self, student: Estimator) -> dict[str, Any]:
        return {**_SPACE}

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        weight_param(student, target.weight, part="student")
        regressor = KNeighborsRegressor(**student.get_params())
        return ProbabilityStudent(regressor).fit_target(
            X, target.mixed, classes_of(target), fit_params
        )


class NeighborsOfValuesAdapter(LinearAdapter):
    """KNeighborsRegressor."""

    def search_space(self, student: Estimator) -> dict[str, Any]:
        return {**_SPACE}


register("sklearn.neighbors._classification.KNeighborsClassifier", NeighborsAdapter())
register(
    "sklearn.neighbors._regression.KNeighborsRegressor", NeighborsOfValuesAdapter()
)
