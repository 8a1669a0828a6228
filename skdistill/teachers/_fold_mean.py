"""The mean of the teachers that cross-fitting left behind, as one fitted estimator."""

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from skdistill._numerics import temper
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes
from skdistill.teachers._held import HeldClassifiers, HeldTeachers
from skdistill.teachers._predictions import predict_logits, predict_values

__all__ = ["FoldMeanClassifier", "FoldMeanRegressor"]


class _FoldMean(HeldTeachers):
    """Holds one teacher a fold.

    Parameters
    ----------
    estimators : list of fitted estimators
        One teacher a fold.
    """

    def __init__(self, estimators: list[Estimator]) -> None:
        self.estimators = estimators

    def _held(self) -> list[Estimator]:
        return self.estimators


class FoldMeanRegressor(RegressorMixin, _FoldMean):
    """Regressor that predicts the mean of its fold teachers.

    Parameters
    ----------
    estimators : list of fitted regressors
        One teacher a fold.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> folds = [DummyRegressor().fit([[0]], [y]) for y in (1.0, 2.0)]
    >>> FoldMeanRegressor(folds).predict([[0]])
    array([1.5])
    """

    def predict(self, X: Table) -> NDArray:
        """Return the mean of the fold teachers' predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self.mean_of(self.predict_each(X))

    def mean_of(self, each: NDArray) -> NDArray:
        """Return the mean of what `predict_each` returned, as `predict` does."""
        return np.mean(np.moveaxis(each, 1, 0), axis=0)

    def predict_each(self, X: Table) -> NDArray:
        """Return what each fold teacher predicts.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        values : ndarray of shape (n_samples, n_folds) or (n_samples, n_folds, \
n_outputs)
        """
        return np.stack([predict_values(one, X) for one in self.estimators], axis=1)


class FoldMeanClassifier(HeldClassifiers, _FoldMean):
    """Classifier that predicts the mean probabilities of its fold teachers.

    Parameters
    ----------
    estimators : list of fitted classifiers
        One teacher a fold.
    known : list of ndarray
        The labels of each teacher's columns.
    classes : ndarray of shape (n_classes,)
        All labels.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> folds = [DummyClassifier().fit([[0], [0]], y) for y in (["a", "b"], ["b", "b"])]
    >>> known = [teacher.classes_ for teacher in folds]
    >>> FoldMeanClassifier(folds, known, np.array(["a", "b"])).predict_proba([[0]])
    array([[0.25, 0.75]])
    """

    def __init__(
        self, estimators: list[Estimator], known: list[NDArray], classes: NDArray
    ) -> None:
        super().__init__(estimators)
        self.known = known
        self.classes = classes

    def predict_proba(self, X: Table) -> NDArray:
        """Return the mean of the fold teachers' probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        return self.mean_of(self.predict_each(X))

    def mean_of(self, each: NDArray) -> NDArray:
        """Return the mean of what `predict_each` returned, as `predict_proba` does."""
        parts = [temper(one, 1.0) for one in np.moveaxis(each, 1, 0)]
        return np.mean(parts, axis=0)

    def predict_each(self, X: Table) -> NDArray:
        """Return the logits that each fold teacher predicts.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        logits : ndarray of shape (n_samples, n_folds, n_classes)
        """
        parts = [
            align_classes(predict_logits(teacher, X), known, self.classes)
            for teacher, known in zip(self.estimators, self.known, strict=True)
        ]
        return np.stack(parts, axis=1)
