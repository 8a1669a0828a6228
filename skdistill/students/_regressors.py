"""Classifiers that predict by a regressor: of logits, or of probabilities."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import final_step
from skdistill._numerics import as_logit_matrix, centred_logits, temper
from skdistill._typing import Estimator, Table

__all__ = ["LogitStudent", "ProbabilityStudent", "RegressorStudent"]

# Smallest probability whose logit is learned; a squared loss on logits would otherwise
# be spent on the exact size of negligible probabilities.
_FLOOR = 1e-3


class RegressorStudent(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Base of classifiers that predict by a regressor.

    Parameters
    ----------
    regressor : estimator
        The regressor, unfitted.
    """

    def __init__(self, regressor: Estimator) -> None:
        self.regressor = regressor

    def fit(self, X: Table, y: ArrayLike) -> Self:
        """Fit on labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
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
        fit_params: Mapping[str, Any] | None = None,
    ) -> Self:
        """Fit on distributions over the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        target : array-like of shape (n_samples, n_classes)
            The probability of each class.
        classes : ndarray of shape (n_classes,)
            The labels of the columns.
        fit_params : mapping of str to object, default=None
            Further parameters of the regressor's `fit`.

        Returns
        -------
        self : object
        """
        self.classes_ = classes
        self.regressors_ = [
            clone(self.regressor).fit(X, part, **(fit_params or {}))
            for part in self._regression_targets(np.asarray(target))
        ]
        return self

    @abstractmethod
    def _regression_targets(self, target: NDArray) -> list[NDArray]:
        """Return what each regressor learns."""

    @abstractmethod
    def predict_proba(self, X: Table) -> NDArray:
        """Return the probabilities of the classes."""

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
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class LogitStudent(RegressorStudent):
    """Classifier that predicts the softmax of the logits that a regressor predicts.

    With two classes the regressor learns one logit, log(m_1 / m_0); with K > 2 it
    learns K, each row centred to mean 0. A regressor of one output is fitted once a
    class. Probabilities below 0.001 count as 0.001, so that the logits are finite.

    Parameters
    ----------
    regressor : estimator
        Learns the logits.

    Attributes
    ----------
    regressors_ : list of fitted estimators
        One regressor of all logits, or one a class where one output is all it can.
    classes_ : ndarray of shape (n_classes,)
        The labels.

    References
    ----------
    Ba and Caruana, "Do Deep Nets Really Need to be Deep?", 2014, equation 1: squared
    loss on the teacher's logits.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> target = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    >>> student = LogitStudent(LinearRegression())
    >>> student = student.fit_target([[0], [1], [2]], target, np.array(["a", "b"]))
    >>> student.predict_proba([[0]]).round(2)
    array([[0.9, 0.1]])
    >>> student.predict([[2]])
    array(['b'], dtype='<U1')
    """

    def _regression_targets(self, target: NDArray) -> list[NDArray]:
        logits = centred_logits(target, _FLOOR)
        tags = get_tags(final_step(self.regressor)).target_tags
        if logits.shape[1] == 2:
            logit = logits[:, 1] - logits[:, 0]
            return [logit if tags.single_output else logit[:, None]]
        if tags.multi_output:
            return [logits]
        return list(logits.T)

    def decision_function(self, X: Table) -> NDArray:
        """Return the logits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        logits : ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes, the logit of the second.
        """
        check_is_fitted(self)
        parts = [np.asarray(part.predict(X), dtype=float) for part in self.regressors_]
        if len(self.classes_) == 2:
            return parts[0].reshape(-1)
        return parts[0] if len(parts) == 1 else np.column_stack(parts)

    def predict_proba(self, X: Table) -> NDArray:
        """Return the softmax of the logits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        return temper(as_logit_matrix(self.decision_function(X)), 1.0)


class ProbabilityStudent(RegressorStudent):
    """Classifier that predicts the probabilities that a regressor predicts.

    For regressors that average their targets, so that probabilities stay probabilities.

    Parameters
    ----------
    regressor : estimator
        Learns the probabilities.

    Attributes
    ----------
    regressors_ : list of one fitted estimator
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

    def _regression_targets(self, target: NDArray) -> list[NDArray]:
        return [target]

    def predict_proba(self, X: Table) -> NDArray:
        """Return the regressor's probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.regressors_[0].predict(X)
