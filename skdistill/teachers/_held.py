"""What holds fitted teachers and predicts with them, without being fitted itself."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skdistill._typing import Estimator, Table

__all__ = ["HeldClassifiers", "HeldTeachers"]


class HeldTeachers(BaseEstimator):
    """Holds fitted teachers; built by cross-fitting, never fitted itself."""

    @abstractmethod
    def _held(self) -> Sequence[Estimator]:
        """Return the teachers."""

    def __sklearn_is_fitted__(self) -> bool:
        return True

    @property
    def n_features_in_(self) -> int:
        """Number of features the teachers were fitted on, where they say it."""
        return self._held()[0].n_features_in_

    def fit(self, X: Table, y: ArrayLike) -> Self:
        """Do nothing: the teachers are fitted.

        Parameters
        ----------
        X, y : ignored

        Returns
        -------
        self : object
        """
        for estimator in self._held():
            check_is_fitted(estimator)
        return self


class HeldClassifiers(ClassifierMixin, HeldTeachers):
    """Holds fitted classifiers; `classes` are all labels, sorted."""

    classes: NDArray

    @abstractmethod
    def predict_proba(self, X: Table) -> NDArray:
        """Return probabilities of shape (n_samples, n_classes)."""

    @property
    def classes_(self) -> NDArray:
        """The labels, in the order of the columns of `predict_proba`."""
        return self.classes

    def predict(self, X: Table) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return self.classes[self.predict_proba(X).argmax(axis=1)]
