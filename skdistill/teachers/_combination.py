"""Several teachers as one: the step of the signal that combines their predictions."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skdistill._sklearn import StrOptions, validate_params
from skdistill.teachers._weights import (
    LocalErrors,
    inverse_error_weights,
    least_squares_weights,
    log_pool_weights,
    mixture_weights,
    squared_errors,
)

__all__ = ["Combination"]

# The least probability that counts, so that one impossible class is not infinite.
_LEAST = 1e-6


class Combination(BaseEstimator):
    """Combine what several teachers predict into one prediction, by a weighted mean.

    Parameters
    ----------
    weights : {"uniform", "score", "stack", "row"}, array-like or callable, \
default="uniform"
        How much each teacher counts. Weights are not negative and sum to 1.

        - "uniform": all alike.
        - "score": inverse to the mean squared error of its out-of-fold predictions
          [1]_, of classes that of the probabilities (Brier's score).
        - "stack": the weights by which the combined out-of-fold predictions have the
          least squared error, of classes the least log loss [2]_ [3]_.
        - "row": other weights for each sample, inverse to the squared error that a
          teacher has among the 100 training samples to which it predicts the most
          similar value, or a most probable class of the most similar probability.
        - array-like of shape (n_teachers,): these, over their sum.
        - callable: ``weights(predictions)`` returns an array of shape (n_samples,
          n_teachers), taken over the sum of each row. `predictions` is stacked, see
          `fit`; logits of classes.
    of : {"auto", "values", "probabilities", "logits"}, default="auto"
        Of what the mean is taken. "auto" is "values" for a regression and
        "probabilities" for classes. A mean of "logits" is surer than that of
        probabilities where teachers agree, and lets each of them veto a class.

    Attributes
    ----------
    weights_ : ndarray of shape (n_teachers,) or None
        The weights. None if samples have weights of their own.
    of_ : str
        Of what the mean is taken.
    loss_each_ : ndarray of shape (n_teachers,)
        Each teacher's mean squared error out-of-fold, of values over the variance of y.
    loss_ : float
        The same of the combination.

    References
    ----------
    .. [1] Bates and Granger, "The Combination of Forecasts", 1969.
    .. [2] Breiman, "Stacked Regressions", 1996.
    .. [3] van der Laan, Polley and Hubbard, "Super Learner", 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.teachers import Combination
    >>> y = np.array([0.0, 1.0, 2.0, 3.0])
    >>> predictions = np.column_stack([y + 1, y - 3])  # Of two teachers.
    >>> Combination("stack").fit(predictions, y).weights_
    array([0.75, 0.25])
    """

    _parameter_constraints: ClassVar[dict] = {
        "weights": [
            StrOptions({"uniform", "score", "stack", "row"}),
            "array-like",
            callable,
        ],
        "of": [StrOptions({"auto", "values", "probabilities", "logits"})],
    }

    def __init__(self, weights: Any = "uniform", *, of: str = "auto") -> None:
        self.weights = weights
        self.of = of

    @property
    def learns(self) -> bool:
        """Whether the weights are learned from out-of-fold predictions."""
        return isinstance(self.weights, str) and self.weights != "uniform"

    def fit(
        self, predictions: NDArray, y: NDArray, sample_weight: NDArray | None = None
    ) -> Self:
        """Find the weights.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples, n_teachers), (n_samples, \
n_teachers, n_outputs) or (n_samples, n_teachers, n_classes)
            Out-of-fold predictions: values, or logits of the classes.
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The labels: values, or positions in the classes.
        sample_weight : ndarray of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        self : object
        """
        validate_params(self)
        is_classifier = predictions.ndim > y.ndim + 1
        self.of_ = self._resolve_of(is_classifier=is_classifier)
        compared = _probabilities(predictions) if is_classifier else predictions
        errors = squared_errors(compared, y, sample_weight)
        self._local: LocalErrors | None = None
        self.weights_ = None
        if isinstance(self.weights, str):
            self._learn(predictions, compared, errors, y, sample_weight)
        elif not callable(self.weights):
            self.weights_ = _given_weights(self.weights, predictions.shape[1])
        self.loss_each_ = np.average(errors.mean(2), axis=0, weights=sample_weight)
        combined = self.transform(predictions)[:, None]
        after = _probabilities(combined) if is_classifier else combined
        errors = squared_errors(after, y, sample_weight)
        self.loss_ = float(np.average(errors.mean(2)[:, 0], weights=sample_weight))
        return self

    def transform(self, predictions: NDArray) -> NDArray[np.float64]:
        """Combine predictions.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples, n_teachers, ...)
            As for `fit`.

        Returns
        -------
        combined : ndarray of shape (n_samples, ...)
            Values, or logits of the classes.
        """
        check_is_fitted(self)
        weights = self._weights_of(predictions)
        if self.of_ == "probabilities":
            logs = log_softmax(predictions, axis=2)
            return logsumexp(logs, axis=1, b=np.broadcast_to(weights, logs.shape))
        if self.of_ == "logits":
            predictions = _floored(predictions)
        elif predictions.ndim == 2:
            weights = weights[..., 0]
        return (weights * predictions).sum(axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Return what was learned, as a report shows it.

        Returns
        -------
        dict
        """
        check_is_fitted(self)
        return {
            "of": self.of_,
            "weights": None if self.weights_ is None else self.weights_.tolist(),
            "squared_error_each": self.loss_each_.tolist(),
            "squared_error": self.loss_,
        }

    def _resolve_of(self, *, is_classifier: bool) -> str:
        if self.of == "auto":
            return "probabilities" if is_classifier else "values"
        if (self.of == "values") == is_classifier:
            task = "a classification" if is_classifier else "a regression"
            allowed = "'probabilities' or 'logits'" if is_classifier else "'values'"
            raise ValueError(
                f"The 'of' parameter of Combination must be {allowed} for {task}. Got "
                f"{self.of!r}. Use of='auto'."
            )
        return self.of

    def _learn(
        self,
        predictions: NDArray,
        compared: NDArray,
        errors: NDArray,
        y: NDArray,
        weight: NDArray | None,
    ) -> None:
        """Find the weights that a word stands for."""
        n_teachers = predictions.shape[1]
        if self.weights == "uniform":
            self.weights_ = np.full(n_teachers, 1 / n_teachers)
        elif self.weights == "score":
            self.weights_ = inverse_error_weights(errors, weight)
        elif self.weights == "row":
            self._local = LocalErrors(compared, errors, weight)
        elif self.of_ == "values":
            self.weights_ = least_squares_weights(predictions, y, weight)
        elif self.of_ == "logits":
            self.weights_ = log_pool_weights(_floored(predictions), y, weight)
        else:
            self.weights_ = mixture_weights(compared, y, weight, least=_LEAST)

    def _weights_of(self, predictions: NDArray) -> NDArray[np.float64]:
        """Return the weights, of shape (n_samples or 1, n_teachers, n_outputs or 1)."""
        if self.weights_ is not None:
            return self.weights_[None, :, None]
        if self._local is not None:
            is_classifier = self.of_ != "values"
            return self._local.weights(
                _probabilities(predictions) if is_classifier else predictions
            )
        return _returned_weights(self.weights, predictions)[:, :, None]


def _probabilities(logits: NDArray) -> NDArray[np.float64]:
    return np.exp(log_softmax(logits, axis=2))


def _floored(logits: NDArray) -> NDArray[np.float64]:
    """Return the log-probabilities, those below the least one raised to it."""
    return np.maximum(log_softmax(logits, axis=2), np.log(_LEAST))


def _given_weights(weights: Any, n_teachers: int) -> NDArray[np.float64]:
    given = np.asarray(weights, dtype=float)
    if given.shape != (n_teachers,):
        raise ValueError(
            "The 'weights' parameter of Combination must hold a number for each of the "
            f"{n_teachers} teachers. Got an array of shape {given.shape}."
        )
    _check_weights(given, "The 'weights' parameter of Combination")
    return given / given.sum()


def _returned_weights(weights: Any, predictions: NDArray) -> NDArray[np.float64]:
    given = np.asarray(weights(predictions), dtype=float)
    if given.shape != predictions.shape[:2]:
        raise ValueError(
            "The 'weights' of a Combination must return an array of shape (n_samples, "
            f"n_teachers), here {predictions.shape[:2]}. Got shape {given.shape}."
        )
    _check_weights(given, "Each row that the 'weights' of a Combination return")
    return given / given.sum(axis=1, keepdims=True)


def _check_weights(given: NDArray, what: str) -> None:
    if not np.isfinite(given).all() or given.min() < 0 or not given.any(axis=-1).all():
        raise ValueError(
            f"{what} must hold finite weights, not negative and not all 0. Got weights "
            f"from {given.min():g} to {given.max():g}. Give a teacher that should not "
            "count the weight 0."
        )
