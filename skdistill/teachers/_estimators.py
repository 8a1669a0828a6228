"""A fitted teacher, whatever its library, as scikit-learn's scorers want it."""

from collections.abc import Callable

from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from skdistill._numerics import temper
from skdistill._typing import Estimator, Table
from skdistill.teachers._predictions import predict_logits, predict_values

__all__ = ["as_estimator", "from_predictions"]


def as_estimator(
    teacher: Estimator,
    classes: NDArray | None,
    view: Callable[[Table], Table] | None = None,
) -> Estimator:
    """Return a fitted teacher as an estimator that scores and metrics understand.

    Parameters
    ----------
    teacher : estimator
        Fitted. It may predict one column, with codes for labels, or with decision
        values alone.
    classes : ndarray of shape (n_classes,) or None
        The labels, sorted; None for a regressor.
    view : callable, default=None
        From the samples that the estimator is given to those that the teacher sees. If
        None, they are the same.

    Returns
    -------
    estimator : fitted regressor or classifier
        Its `predict` gives values of shape (n,), or labels; a classifier has
        `predict_proba` with columns in the order of `classes`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.svm import LinearSVC
    >>> margins = LinearSVC().fit([[0], [1], [2], [3]], [0, 0, 1, 1])
    >>> teacher = as_estimator(margins, np.array(["no", "yes"]))
    >>> teacher.predict([[0], [3]])
    array(['no', 'yes'], dtype='<U3')
    """
    if classes is None:
        return _ValueTeacher(teacher, view)
    return _ClassTeacher(teacher, classes, view)


def from_predictions(predictions: NDArray, classes: NDArray | None) -> Estimator:
    """Return an estimator that predicts what is given, whatever the samples.

    Parameters
    ----------
    predictions : ndarray
        Values, or logits of shape (n_samples, n_classes), for the samples that it will
        be scored on.
    classes : ndarray of shape (n_classes,) or None
        The labels, sorted; None for a regressor.

    Returns
    -------
    estimator : fitted regressor or classifier
    """
    return as_estimator(_Stored(predictions, classes), classes)


class _Stored:
    """A teacher whose predictions are known."""

    def __init__(self, predictions: NDArray, classes: NDArray | None) -> None:
        self.predictions = predictions
        self.classes_ = classes

    def predict(self, X: Table) -> NDArray:
        return self.predictions

    def decision_function(self, X: Table) -> NDArray:
        return self.predictions


class _ValueTeacher(RegressorMixin, BaseEstimator):
    """A fitted teacher of values."""

    def __init__(
        self, estimator: Estimator, view: Callable[[Table], Table] | None
    ) -> None:
        self.estimator = estimator
        self.view = view

    def predict(self, X: Table) -> NDArray:
        return predict_values(self.estimator, _seen(self, X))

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _ClassTeacher(ClassifierMixin, BaseEstimator):
    """A fitted teacher of classes."""

    def __init__(
        self,
        estimator: Estimator,
        classes: NDArray,
        view: Callable[[Table], Table] | None,
    ) -> None:
        self.estimator = estimator
        self.classes = classes
        self.view = view
        self.classes_ = classes

    def predict_proba(self, X: Table) -> NDArray:
        logits = predict_logits(self.estimator, _seen(self, X), self.classes)
        return temper(logits, 1.0)

    def predict(self, X: Table) -> NDArray:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _seen(estimator: _ValueTeacher | _ClassTeacher, X: Table) -> Table:
    """Return what the teacher sees of the samples."""
    return X if estimator.view is None else estimator.view(X)
