"""Bayesian linear regression whose prior is what a teacher knows."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.linear_model import BayesianRidge
from sklearn.utils.validation import check_is_fitted

from skdistill._parameters import inherit_parameters
from skdistill._sklearn import Interval
from skdistill._typing import Estimator, Table
from skdistill.bayesian._base import NOT_INHERITED, BaseBayesian
from skdistill.bayesian._gaussian import Gaussian, linear_posterior
from skdistill.distilled import BaseDistilled, DistilledRegressor
from skdistill.flow import Data

__all__ = ["BayesianDistilledRegressor"]


@inherit_parameters(BaseBayesian, BaseDistilled, without=NOT_INHERITED)
class BayesianDistilledRegressor(RegressorMixin, BaseBayesian):
    """Linear regression that takes its prior from a teacher, with standard deviations.

    With a sample's features z, after a 1 for the intercept, the computation during
    `fit` is::

        y = z w + noise,  noise ~ N(0, v)
        prior(w) = N(0, v / strength)^(1 - alpha) * teacher(w)^alpha
        posterior(w) = prior(w) * likelihood of the labels, up to a factor

    where teacher(w) is a normal distribution: of a frozen linear teacher with a
    posterior its posterior [1]_; of any other the posterior of the same linear model
    given the teacher's predictions, out-of-fold for the training samples, with their
    mean squared error as noise; together they weigh as much as the labels. All is in
    closed form. At alpha 1 and with one noise variance, a teacher of the first kind and
    its student know together what the model of all their samples knows. At alpha 0 the
    coefficients are those of ``Ridge(strength)``.

    Parameters
    ----------
    teacher : estimator, default=None
        The regressor to learn from. ``FrozenEstimator(teacher)`` is used as it is: if
        it is a `BayesianDistilledRegressor` or `BayesianRidge`, by its posterior, which
        should come from other samples. If None, the default teacher of
        `DistilledRegressor` is used.
    noise_variance : float, default=None
        v. If None, it is estimated from the residuals.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        The posterior mean of the coefficients.
    intercept_ : float
        That of the intercept.
    covariance_ : ndarray of shape (n_features + 1, n_features + 1)
        The posterior covariance; the intercept comes first.
    precision_ : ndarray of shape (n_features + 1, n_features + 1)
        Its inverse.
    noise_variance_ : float
        v.
    teacher_score_ : float or None
        R2 of the teacher's out-of-fold predictions; None if it was not asked.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    BayesianDistilledClassifier : The same for two classes.
    DistilledRegressor : For students of any kind.

    References
    ----------
    .. [1] Grabovoy and Strijov, "Bayesian distillation of deep learning models",
       Automation and Remote Control 82, 2021 (the teacher's posterior as the student's
       prior).
    .. [2] Ibrahim and Chen, "Power prior distributions for regression models", 2000
       (alpha, as the power of what is known from other data).

    Examples
    --------
    A teacher of many samples, and a student of a few of another place:

    >>> import numpy as np
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.linear_model import BayesianRidge
    >>> from skdistill import BayesianDistilledRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1000, 5))
    >>> y = X @ [1.0, 2.0, 3.0, 0.0, 0.0] + rng.normal(size=1000)
    >>> teacher = FrozenEstimator(BayesianRidge().fit(X[10:], y[10:]))
    >>> model = BayesianDistilledRegressor(teacher, alpha=0.9).fit(X[:10], y[:10] + 7)
    >>> y_mean, y_std = model.predict([[0.0, 0.0, 0.0, 0.0, 0.0]], return_std=True)
    >>> y_mean.round(), y_std.round()
    (array([7.]), array([1.]))
    """

    _parameter_constraints: ClassVar[dict] = {
        "noise_variance": [Interval(Real, 0, None, closed="neither"), None],
    }
    _distilled = DistilledRegressor
    _student = BayesianRidge

    def __init__(
        self,
        teacher: Estimator | None = None,
        *,
        noise_variance: float | None = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, **inherited)
        self.noise_variance = noise_variance

    def predict(
        self, X: Table, return_std: bool = False
    ) -> NDArray | tuple[NDArray, NDArray]:
        """Predict the target, and how uncertain it is.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            The samples.
        return_std : bool, default=False
            Whether to return standard deviations too.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,)
            The mean of the predictive distribution.
        y_std : ndarray of shape (n_samples,)
            Its standard deviation, by the weights and by the noise. Only with
            `return_std`.
        """
        check_is_fitted(self)
        Z = self._features(X, reset=False)
        y_mean = Z @ np.append(self.intercept_, self.coef_)
        if not return_std:
            return y_mean
        return y_mean, np.sqrt(self._variance(Z) + self.noise_variance_)

    def _check_target(self, data: Data) -> None:
        if data.y.ndim == 2:
            raise ValueError(
                "y must have one output, as the weights have one distribution. Got "
                f"shape {data.y.shape}. Use MultiOutputRegressor("
                "BayesianDistilledRegressor(...)), or DistilledRegressor."
            )

    def _fit_predictions(
        self, Z: NDArray, weight: NDArray, data: Data, predictions: NDArray
    ) -> Gaussian:
        n_labelled = len(data.y)
        errors = (predictions[:n_labelled] - data.y) ** 2
        variance = float(np.average(errors, weights=data.weight))
        # One that is never wrong would leave the labels nothing to say.
        variance = max(variance, 1e-12 * float(np.var(data.y)), 1e-300)
        return linear_posterior(self._own_prior, Z, predictions, weight, variance)[0]

    def _update(
        self, Z: NDArray, data: Data, weight: NDArray, known: Gaussian | None
    ) -> Gaussian:
        posterior, self.noise_variance_ = linear_posterior(
            lambda variance: self._pooled(self._own_prior(variance), known),
            Z,
            data.y,
            weight,
            self.noise_variance,
        )
        return posterior

    def _own_prior(self, variance: float) -> Gaussian:
        return self._shrinking(self.strength / variance)
