"""Nearest neighbours learn soft labels by averaging them."""

from sklearn.neighbors import KNeighborsRegressor

from skdistill._fitting import weight_param
from skdistill.students._regressors import ProbabilityStudent

__all__ = ["fit_neighbors"]


def fit_neighbors(student, X, labels, classes, *, y, sample_weight, fit_params):
    """Fit a KNeighborsClassifier; see `skdistill.students.register`.

    On onehot labels the mean over the neighbours is its `predict_proba`; on soft labels
    the same mean is taken by a KNeighborsRegressor with the same parameters.
    """
    weight_param(student, sample_weight, part="student")
    regressor = KNeighborsRegressor(**student.get_params())
    return ProbabilityStudent(regressor).fit_target(
        X, labels.mixed, classes, fit_params
    )
