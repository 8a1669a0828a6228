"""What both Bayesian estimators share: parameters, the prior, the fitted weights."""

from abc import abstractmethod
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import MetadataRouter, process_routing
from sklearn.utils.validation import check_is_fitted, validate_data

from skdistill._fitting import fit_router, forget_fit
from skdistill._parameters import assign
from skdistill._sklearn import (
    HasMethods,
    Interval,
    fit_context,
    raise_for_params,
    routing_enabled,
)
from skdistill._typing import Estimator, Table
from skdistill._validation import check_goes_with_rest, check_readable, mean_weight
from skdistill.bayesian._gaussian import Gaussian, inverse, shrinking_prior
from skdistill.distilled import BaseDistilled, check_data, make_plan
from skdistill.flow import Data, Supervision, count_columns, supervise
from skdistill.teachers import named_teachers

__all__ = ["NOT_INHERITED", "BaseBayesian"]

# Parameters of the distilled estimators that these have not.
NOT_INHERITED = (
    *("student", "alpha_until", "temperature", "verbose", "transfer"),
    *("refine", "combine", "trust", "hints", "on_poor_teacher", "teacher_stage"),
)


class BaseBayesian(MetaEstimatorMixin, BaseEstimator):
    """Base of the Bayesian estimators, which declares the parameters of both.

    Parameters
    ----------
    teacher : estimator, default=None
        What to learn from.
    alpha : float, default=0.5
        Weight of the teacher in the prior, from 0 (the baseline student) to 1 (the
        teacher's posterior is the prior).
    strength : float, default=1.0
        How strongly the prior of the baseline student holds the coefficients at 0. The
        intercept is free. It depends on the units of X, so scale X before.
    """

    _parameter_constraints: ClassVar[dict] = {
        "teacher": [HasMethods(["fit"]), None],
        "alpha": [Interval(Real, 0, 1, closed="both")],
        "strength": [Interval(Real, 0, None, closed="neither")],
    }

    # What distils the teacher's predictions, with a student that is not fitted.
    _distilled: type[BaseDistilled]
    _student: type

    def __init__(
        self,
        teacher: Estimator | None = None,
        *,
        alpha: float = 0.5,
        strength: float = 1.0,
        **inherited: Any,
    ) -> None:
        self.teacher = teacher
        self.alpha = alpha
        self.strength = strength
        assign(self, BaseDistilled, inherited, without=NOT_INHERITED)

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Table,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_unlabeled: Table | None = None,
        **fit_params: Any,
    ) -> Self:
        """Learn the prior from the teacher, and the posterior from the labels.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            The training samples, in numbers.
        y : array-like of shape (n_samples,)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights: how many samples each stands for. If None, all are 1.
        X_unlabeled : table of shape (n_unlabeled, n_features), default=None
            Further samples: the prior is learned from what the teacher predicts for
            them too. A teacher whose posterior is taken needs none.
        **fit_params : dict
            Further metadata, routed to the teacher and `cv` as each requests. Needs
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        raise_for_params(fit_params, self, "fit")
        if routing_enabled():  # What nobody requests is refused in the own name.
            process_routing(self, "fit", sample_weight=sample_weight, **fit_params)
        forget_fit(self)
        check_readable(X=X)
        Z = self._features(X, reset=True)
        model = self._model()
        data = check_data(
            model, X, y, sample_weight, X_unlabeled, fit_params=fit_params
        )
        self._check_target(data)
        weight = np.ones(len(Z)) if data.weight is None else data.weight
        self.teacher_score_: float | None = None
        known = None
        if self.alpha > 0:
            known = posterior_of(self.teacher, data, self.teacher_input)
        if self.alpha > 0 and known is None:
            supervision = supervise(make_plan(model, data), data)
            self.teacher_score_ = supervision.signal.score
            known = self._learn(Z, weight, data, supervision)
        self._keep(self._update(Z, data, weight, known))
        return self

    @abstractmethod
    def _check_target(self, data: Data) -> None:
        """Raise if the labels are not such as the student learns."""

    @abstractmethod
    def _fit_predictions(
        self, Z: NDArray, weight: NDArray, data: Data, predictions: NDArray
    ) -> Gaussian:
        """Return the posterior of the student's family for a teacher's predictions."""

    @abstractmethod
    def _update(
        self, Z: NDArray, data: Data, weight: NDArray, known: Gaussian | None
    ) -> Gaussian:
        """Return the posterior for the labels, where the teacher knows so much."""

    def _learn(
        self, Z: NDArray, weight: NDArray, data: Data, supervision: Supervision
    ) -> Gaussian:
        """Return what the teacher knows, from its predictions for all samples.

        Together they count as much as the labels: it learned no more, and the errors of
        its predictions for many samples are no new ones.
        """
        predictions, unlabeled = supervision.signal.predictions, supervision.unlabeled
        if unlabeled is not None:
            other = self._features(unlabeled.X, reset=False)
            Z = np.concatenate([Z, other])
            predictions = np.concatenate([predictions, unlabeled.predictions])
            every = np.append(weight, np.full(len(other), mean_weight(weight)))
            weight = every * weight.sum() / every.sum()
        return self._fit_predictions(Z, weight, data, predictions)

    def _shrinking(self, precision: float) -> Gaussian:
        """Return the prior of the baseline student."""
        return shrinking_prior(self.n_features_in_ + 1, precision)

    def _pooled(self, own: Gaussian, known: Gaussian | None) -> Gaussian:
        """Return that of the baseline student, pooled with what the teacher knows."""
        return own if known is None else own.pooled(known, self.alpha)

    def _variance(self, Z: NDArray) -> NDArray[np.float64]:
        """Return the variance of the linear predictor for samples."""
        return np.maximum(np.einsum("ij,jk,ik->i", Z, self.covariance_, Z), 0)

    def _keep(self, posterior: Gaussian) -> None:
        self.intercept_, self.coef_ = posterior.mean[0], posterior.mean[1:]
        self.covariance_, self.precision_ = posterior.covariance, posterior.precision

    def _features(self, X: Table, *, reset: bool) -> NDArray[np.float64]:
        """Return samples with a 1 before their features."""
        X = validate_data(self, X, reset=reset, dtype=float)
        return np.column_stack([np.ones(len(X)), X])

    def _model(self) -> BaseDistilled:
        params = {
            name: value
            for name, value in self.get_params(deep=False).items()
            if name not in {"strength", "alpha", "noise_variance"}
        }
        student = self._student()
        if routing_enabled():  # It takes the place of this one, which takes weights.
            student.set_fit_request(sample_weight=True)
        return self._distilled(
            student=student,
            **params,
            alpha=1.0,
            transfer=None,
            refine=None,
            on_poor_teacher="ignore",
        )

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed to the teacher and `cv`.

        Returns
        -------
        routing : MetadataRouter
        """
        return fit_router(self, self.cv, **dict(named_teachers(self.teacher)))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.allow_nan = False
        return tags


def posterior_of(
    teacher: Estimator | None, data: Data, teacher_input: Any
) -> Gaussian | None:
    """Return the posterior of a frozen linear teacher; None of all others.

    Parameters
    ----------
    teacher : estimator or None
        The parameter. Frozen is an estimator of this folder, or one with the attributes
        `coef_` and `sigma_` of `BayesianRidge`, which says nothing of the intercept.
    data : Data
        The training data.
    teacher_input : object
        The parameter.

    Returns
    -------
    Gaussian or None
    """
    if not isinstance(teacher, FrozenEstimator):
        return None
    fitted = teacher.estimator
    coef, covariance = (
        np.asarray(getattr(fitted, name, 0.0)) for name in ("coef_", "sigma_")
    )
    if isinstance(fitted, BaseBayesian):
        check_is_fitted(fitted)
        weights = np.append(fitted.intercept_, fitted.coef_)
        precision = fitted.precision_
    elif coef.ndim == 1 and covariance.shape == coef.shape * 2:
        weights = np.append(0.0, coef)
        precision = np.pad(inverse(covariance), (1, 0))
    else:
        return None
    own, others = len(weights) - 1, count_columns(data.X)
    reasons = {
        f"It has {own} features and X has {others}. Fit it on the same": own != others,
        "It predicts nothing, as its posterior is the prior. Leave X_unlabeled out": (
            data.X_unlabeled is not None
        ),
        "It sees X as it is, as its posterior is the prior. Leave teacher_input out": (
            teacher_input is not None
        ),
        "It has other classes than y. Fit it on the same": data.classes is not None
        and not np.array_equal(fitted.classes_, data.classes),
    }
    check_goes_with_rest("teacher", teacher, reasons)
    # Features of other names, or in another order, are others.
    validate_data(fitted, data.X, reset=False, skip_check_array=True)
    return Gaussian(precision, precision @ weights)
