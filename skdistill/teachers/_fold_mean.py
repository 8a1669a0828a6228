"""The mean of the teachers that cross-fitting left behind, as one fitted estimator."""

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from skdistill._numerics import temper
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes
from skdistill.teachers._held import HeldClassifiers, HeldTeachers
from skdistill.teachers._predictions import (
    in_sample_order,
    predict_logits,
    predict_values,
)

__all__ = ["FoldMeanClassifier", "FoldMeanRegressor"]


class _FoldMean(HeldTeachers):
    """Holds one teacher a fold.

    Parameters
    ----------
    estimators : list of fitted estimators
        One teacher a fold.

    Attributes
    ----------
    folds_ : ndarray of int of shape (n_training,)
        For each training sample the number of the teacher that did not see it. Not
        where the folds are partitions of samples that were never in one place.
    """

    folds_: NDArray

    def __init__(self, estimators: list[Estimator]) -> None:
        self.estimators = estimators

    def _held(self) -> list[Estimator]:
        return self.estimators

    @abstractmethod
    def predict_by(self, number: int, X: Table) -> NDArray:
        """Return what the teacher of a fold predicts: values, or logits of the classes.

        Parameters
        ----------
        number : int
            That of the fold.
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """

    def predict_each(self, X: Table) -> NDArray:
        """Return what each fold teacher predicts: values, or logits of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        predictions : ndarray of shape (n_samples, n_folds) or (n_samples, n_folds, \
n_outputs)
        """
        numbers = range(len(self.estimators))
        return np.stack([self.predict_by(number, X) for number in numbers], axis=1)

    def predict_out_of_fold(self, X: Table) -> NDArray:
        """Return what each training sample is predicted by who did not see it.

        Parameters
        ----------
        X : array-like of shape (n_training, n_features)
            The training samples.

        Returns
        -------
        predictions : ndarray of shape (n_training,) or (n_training, n_outputs)
            Values, or logits of the classes.
        """
        return self.out_of_fold(X, self.predict_by)

    def out_of_fold(
        self, X: Table, predict: Callable[[int, Table], NDArray]
    ) -> NDArray:
        """Return what is predicted for each training sample by who did not see it.

        Parameters
        ----------
        X : array-like of shape (n_training, n_features)
            The training samples.
        predict : callable
            Given the number of a teacher and the samples that it did not see.

        Returns
        -------
        predictions : ndarray of shape (n_training, ...)
        """
        held_out = [
            np.flatnonzero(self.folds_ == number)
            for number in range(len(self.estimators))
        ]
        parts = [
            predict(number, safe_indexing(X, rows))
            for number, rows in enumerate(held_out)
        ]
        return in_sample_order(held_out, parts, sum(map(len, held_out)))


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
    >>> mean = FoldMeanRegressor(folds)
    >>> mean.predict([[0]])
    array([1.5])
    >>> mean.folds_ = np.array([1, 0])
    >>> mean.predict_out_of_fold([[0], [0]])
    array([2., 1.])
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

    def predict_by(self, number: int, X: Table) -> NDArray:
        return predict_values(self.estimators[number], X)


class FoldMeanClassifier(HeldClassifiers, _FoldMean):
    """Classifier that predicts the mean probabilities of its fold teachers.

    Parameters
    ----------
    estimators : list of fitted classifiers
        One teacher a fold.
    known : list of ndarray of shape (n_known_classes,)
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
        return np.mean(np.moveaxis(temper(each, 1.0), 1, 0), axis=0)

    def predict_by(self, number: int, X: Table) -> NDArray:
        logits = predict_logits(self.estimators[number], X)
        return align_classes(logits, self.known[number], self.classes)
