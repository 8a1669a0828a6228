"""Nearest neighbours learn soft labels by averaging them."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.neighbors import KNeighborsRegressor
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import weight_param
from skdistill._typing import Estimator, Table

__all__ = ["ProbabilityStudent", "fit_neighbors"]


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


class ProbabilityStudent(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier that answers with the probabilities a regressor predicts.

    For regressors that average their targets, so that probabilities stay probabilities.

    Parameters
    ----------
    regressor : estimator
        Learns the probabilities.

    Attributes
    ----------
    regressor_ : fitted estimator
        The fitted regressor.
    classes_ : ndarray of shape (n_classes,)
        The labels.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> target = np.array([[0.9, 0.1], [0.5, 0.5]])
    >>> student = ProbabilityStudent(KNeighborsRegressor(2))
    >>> student = student.fit_target([[0], [1]], target, np.array(["a", "b"]))
    >>> student.predict_proba([[0]])
    array([[0.7, 0.3]])
    """

    def __init__(self, regressor: Estimator) -> None:
        self.regressor = regressor

    def fit(self, X: Table, y: ArrayLike) -> Self:
        """Fit on hard labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,)
            The labels.

        Returns
        -------
        self : object
        """
        classes, codes = np.unique(y, return_inverse=True)
        return self.fit_target(X, np.eye(len(classes))[codes], classes)

    def fit_target(
        self,
        X: Table,
        target: ArrayLike,
        classes: NDArray,
        fit_params: dict[str, Any] | None = None,
    ) -> Self:
        """Fit on soft labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        target : ndarray of shape (n_samples, n_classes)
            The soft labels.
        classes : ndarray of shape (n_classes,)
            The labels of the columns.
        fit_params : dict, default=None
            Further parameters of the regressor's `fit`.

        Returns
        -------
        self : object
        """
        self.classes_ = classes
        self.regressor_ = clone(self.regressor).fit(X, target, **(fit_params or {}))
        return self

    def predict_proba(self, X: Table) -> NDArray:
        """Return the regressor's probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.regressor_.predict(X)

    def predict(self, X: Table) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
