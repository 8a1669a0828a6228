"""Bayesian logistic regression whose prior is what a teacher knows."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skdistill._numerics import temper
from skdistill._parameters import inherit_parameters
from skdistill._typing import Estimator, Table
from skdistill.bayesian._base import NOT_INHERITED, BaseBayesian
from skdistill.bayesian._gaussian import Gaussian, laplace
from skdistill.distilled import BaseDistilled, DistilledClassifier
from skdistill.flow import Data

__all__ = ["BayesianDistilledClassifier"]


@inherit_parameters(BaseBayesian, BaseDistilled, without=NOT_INHERITED)
class BayesianDistilledClassifier(ClassifierMixin, BaseBayesian):
    """Logistic regression of two classes that takes its prior from a teacher.

    With a sample's features z, after a 1 for the intercept, the computation during
    `fit` is::

        P(second class) = 1 / (1 + exp(-z w))
        prior(w) = N(0, 1 / strength)^(1 - alpha) * teacher(w)^alpha
        posterior(w) = prior(w) * likelihood of the labels, up to a factor

    by Laplace's approximation: a normal distribution at the most probable weights, with
    the curvature there; predicted probabilities are the mean over it, approximately
    [2]_. teacher(w) is that of a frozen `BayesianDistilledClassifier` [1]_; of any
    other teacher the one of the same model given the teacher's probabilities,
    out-of-fold for the training samples, as soft labels, which together weigh as much
    as the labels. At alpha 0 the weights are those of
    ``LogisticRegression(C=1 / strength)``.

    Parameters
    ----------
    teacher : estimator, default=None
        The classifier to learn from. ``FrozenEstimator(teacher)`` is used as it is: if
        it is a `BayesianDistilledClassifier`, by its posterior, which should come from
        other samples. If None, the default teacher of `DistilledClassifier` is used.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features)
        The most probable coefficients.
    intercept_ : ndarray of shape (1,)
        The most probable intercept.
    covariance_ : ndarray of shape (n_features + 1, n_features + 1)
        The posterior covariance; the intercept comes first.
    precision_ : ndarray of shape (n_features + 1, n_features + 1)
        Its inverse.
    teacher_score_ : float or None
        Accuracy of the teacher's out-of-fold predictions; None if it was not asked.
    classes_ : ndarray of shape (2,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    BayesianDistilledRegressor : The same for values, in closed form.
    DistilledClassifier : For students of any kind, and more classes.

    References
    ----------
    .. [1] Grabovoy and Strijov, "Bayesian distillation of deep learning models",
       Automation and Remote Control 82, 2021 (the teacher's posterior as the student's
       prior).
    .. [2] MacKay, "The evidence framework applied to classification networks", 1992
       (probabilities under a normal posterior).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.preprocessing import scale
    >>> from skdistill import BayesianDistilledClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = BayesianDistilledClassifier(
    ...     RandomForestClassifier(20), random_state=0
    ... ).fit(scale(X[:, :5]), y)
    >>> model.predict_proba(scale(X[:, :5])[:1]).round(1)
    array([[1., 0.]])
    """

    _parameter_constraints: ClassVar[dict] = {}
    _distilled = DistilledClassifier
    _student = LogisticRegression

    def __init__(self, teacher: Estimator | None = None, **inherited: Any) -> None:
        super().__init__(teacher, **inherited)

    def decision_function(self, X: Table) -> NDArray:
        """Return the logit of the predictive probability of the second class.

        With the mean a and the variance s of z w it is ``a / sqrt(1 + pi s / 8)``
        (MacKay 1992): the less is known of a sample, the nearer to 0.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        Z = self._features(X, reset=False)
        raw = Z @ np.append(self.intercept_, self.coef_)
        return raw / np.sqrt(1 + np.pi / 8 * self._variance(Z))

    def predict_proba(self, X: Table) -> NDArray:
        """Return the predictive probabilities of the classes.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2)
            Columns in the order of `classes_`.
        """
        second = expit(self.decision_function(X))
        return np.column_stack([1 - second, second])

    def predict(self, X: Table) -> NDArray:
        """Predict the class.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        is_second = self.decision_function(X) > 0
        return np.take(self.classes_, is_second.astype(int))

    def _check_target(self, data: Data) -> None:
        if data.n_classes > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"multiclass. Got {data.n_classes} classes. Use OneVsRestClassifier("
                "BayesianDistilledClassifier(...)), or DistilledClassifier."
            )
        self.classes_ = np.asarray(data.classes)

    def _fit_predictions(
        self, Z: NDArray, weight: NDArray, data: Data, predictions: NDArray
    ) -> Gaussian:
        soft = temper(predictions, 1.0)[:, 1]
        return laplace(self._shrinking(self.strength), Z, soft, weight)

    def _update(
        self, Z: NDArray, data: Data, weight: NDArray, known: Gaussian | None
    ) -> Gaussian:
        prior = self._pooled(self._shrinking(self.strength), known)
        return laplace(prior, Z, data.codes.astype(float), weight)

    def _keep(self, posterior: Gaussian) -> None:
        super()._keep(posterior)
        self.coef_, self.intercept_ = self.coef_[None], np.atleast_1d(self.intercept_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
