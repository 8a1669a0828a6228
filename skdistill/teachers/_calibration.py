"""Calibration: steps of the signal, fitted on out-of-fold predictions.

A teacher may rank samples well and still be over- or underconfident, or in another
unit. What it predicts out-of-fold is at hand anyway, beside the labels, so a few
numbers can be fitted to put that right.
"""

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skdistill._numerics import as_floats, temper

__all__ = [
    "AffineCalibration",
    "TemperatureScaling",
    "count_samples",
    "log_losses",
]

# The least probability that counts, so that one impossible class is not infinite.
_LEAST = 1e-6
# Between which temperatures the best is sought.
_LOWEST, _HIGHEST = 0.05, 20.0
# What a class of probability 0 gets beside the most probable, before the temperature:
# that no neighbour and no tree voted for it does not make it impossible.
_FLOORS = (1e-6, 1e-3, 1e-2, 3e-2)
# Of how many samples the prior of the biases is worth.
_BIAS_PRIOR = 10.0
# Enough samples for a few numbers.
_MOST_SAMPLES = 50_000


def log_losses(logits: NDArray, codes: NDArray) -> NDArray[np.float64]:
    """Return the log loss of each sample, with probabilities of at least 1e-6.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
        The predictions.
    codes : ndarray of shape (n_samples,)
        The labels as positions in the classes.

    Returns
    -------
    losses : ndarray of shape (n_samples,)
        In nats.
    """
    probability = temper(logits, 1.0)[np.arange(len(codes)), codes]
    return -np.log(np.maximum(probability, _LEAST))


class TemperatureScaling(BaseEstimator):
    """Divide a classifier's logits by a temperature, and shift each class by a bias.

    A logit of minus infinity, of a class that no neighbour or tree voted for, becomes
    ``max(z) + log(floor)``, or the sample's least other logit if that is lower. The
    temperature and the biases then minimise ::

        mean(-log softmax(z / T + b)[y]) + (log(T)**2 + 10 * sum(b**2)) / (2 * n)

    over the n out-of-fold logits: the log loss, but for a prior worth one sample for T
    and ten for b, which keeps a few samples from making them extreme. The floor is that
    of least loss among a millionth, a thousandth, one and three hundredths.
    `benchmarks.calibration` compares that with a temperature alone.

    Attributes
    ----------
    temperature_ : float
        T, to four digits. Above 1 the teacher was overconfident, below 1 the contrary.
    bias_ : ndarray of shape (n_classes,)
        b, to four decimals. Above 0 the teacher gave the class too little, as one with
        balanced class weights does to a frequent class.
    floor_ : float
        What probability 0 becomes beside the largest; a millionth where there is none.
    loss_before_, loss_after_ : float
        Mean log loss of the out-of-fold predictions, in nats.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML
    2017, equation 9, for the temperature. Alexandari, Kundaje and Shrikumar, "Maximum
    Likelihood with Bias-Corrected Calibration is Hard-To-Beat at Label Shift
    Adaptation", ICML 2020, for the biases. The floor and the priors are this package's.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.teachers import TemperatureScaling
    >>> codes = np.tile([0, 0, 0, 1, 1, 1, 1, 0], 100)  # Right three times of four...
    >>> logits = np.repeat([[4.0, 0.0], [0.0, 4.0]], 4, axis=0)  # ...and sure at 0.98.
    >>> scaling = TemperatureScaling().fit(np.tile(logits, (100, 1)), codes)
    >>> round(scaling.temperature_, 1)  # 4 / log(3)
    3.6
    >>> scaling.bias_
    array([0., 0.])
    """

    def fit(
        self, predictions: NDArray, y: NDArray, sample_weight: NDArray | None = None
    ) -> Self:
        """Find floor, temperature and biases.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples, n_classes)
            Out-of-fold logits.
        y : ndarray of shape (n_samples,)
            The labels as positions in the classes.
        sample_weight : ndarray of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        self : object
        """
        logits, codes, weight = _at_most(predictions, y, sample_weight)
        weight = np.ones(len(codes)) if weight is None else weight
        n_samples = count_samples(weight, len(codes))
        best, self.floor_ = np.inf, _FLOORS[0]
        # They stay so where logits are too large for any loss.
        self.temperature_, self.bias_ = 1.0, np.zeros(logits.shape[1])
        for floor in _FLOORS if np.isneginf(logits).any() else _FLOORS[:1]:
            raised = _raised(logits, floor)
            loss, theta = _least_loss(raised, codes, weight, n_samples)
            # A higher floor must be better by more than rounding makes of equal ones.
            if loss < best - 1e-9:
                best, self.floor_ = loss, floor
                # More digits are rounding, by which duplicated samples could differ.
                self.temperature_ = float(f"{np.exp(-theta[0]):.4g}")
                self.bias_ = np.round(theta[1:], 4) + 0.0
        self.loss_before_, self.loss_after_ = (
            float(np.average(log_losses(one, codes), weights=weight))
            for one in (logits, self.transform(logits))
        )
        return self

    def transform(self, predictions: NDArray) -> NDArray[np.floating]:
        """Raise what is impossible, divide by the temperature, add the biases.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples, n_classes)
            Logits.

        Returns
        -------
        logits : ndarray of the same shape
        """
        check_is_fitted(self)
        logits = _raised(predictions, self.floor_) / self.temperature_
        logits += self.bias_.astype(logits.dtype)
        return logits

    def to_dict(self) -> dict[str, Any]:
        """Return what was learned, as a report shows it.

        Returns
        -------
        dict
        """
        check_is_fitted(self)
        return {
            "method": "temperature and bias",
            "temperature": self.temperature_,
            "largest_bias": float(np.abs(self.bias_).max()),
            "floor": self.floor_,
            "log_loss_before": self.loss_before_,
            "log_loss_after": self.loss_after_,
        }


def _raised(logits: NDArray, floor: float) -> NDArray[np.floating]:
    """Return logits without minus infinity."""
    logits = as_floats(logits)
    impossible = np.isneginf(logits)
    if not impossible.any():
        return logits
    least = np.where(impossible, np.inf, logits).min(axis=1, keepdims=True)
    level = np.minimum(least, logits.max(axis=1, keepdims=True) + math.log(floor))
    return np.where(impossible, level, logits)


def _least_loss(
    logits: NDArray, codes: NDArray, weight: NDArray, n_samples: float
) -> tuple[float, NDArray[np.float64]]:
    """Minimise the loss with its prior over -log(T) and the biases."""
    fraction = weight / weight.sum()
    onehot = np.eye(logits.shape[1])[codes]
    prior = np.full(1 + logits.shape[1], _BIAS_PRIOR / n_samples)
    prior[0] = 1 / n_samples

    def objective(theta: NDArray) -> tuple[float, NDArray]:
        scaled = logits * np.exp(theta[0])
        raw = scaled + theta[1:]
        total = logsumexp(raw, axis=1, keepdims=True)
        error = (np.exp(raw - total) - onehot) * fraction[:, None]
        loss = fraction @ (total[:, 0] - raw[np.arange(len(codes)), codes])
        gradient = np.concatenate([[np.sum(error * scaled)], error.sum(axis=0)])
        return loss + prior @ theta**2 / 2, gradient + prior * theta

    widest = [(-np.log(_HIGHEST), -np.log(_LOWEST))]
    found = minimize(
        objective,
        np.zeros(len(prior)),
        jac=True,
        method="L-BFGS-B",
        bounds=widest + [(None, None)] * logits.shape[1],
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1_000},
    )
    return float(found.fun), found.x


class AffineCalibration(BaseEstimator):
    """Scale and shift a regressor's predictions as the labels ask for.

    With the mean c of the out-of-fold predictions t, a prediction p becomes
    ``c + slope * (p - c) + shift``. Slope and shift are those of weighted least
    squares, moved towards 1 and 0 by what is not certain about them: a deviation d with
    the standard error s becomes ``d * max(0, 1 - (s / d)**2)``. So a teacher that is
    calibrated but for noise stays as it is, to the bit. The slope is never below 0:
    predictions that go against the labels out-of-fold carry the folds' own means, and
    nothing else.

    Attributes
    ----------
    slope_, shift_ : ndarray of shape () or (n_outputs,)
        See above; the shift is in the unit of the labels.
    center_ : ndarray of shape () or (n_outputs,)
        c.
    loss_before_, loss_after_ : float
        Mean squared error of the out-of-fold predictions, summed over outputs.

    References
    ----------
    The factor is the positive part of James and Stein's, "Estimation with Quadratic
    Loss", 1961, for one coordinate.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.teachers import AffineCalibration
    >>> y = np.arange(10.0)
    >>> calibration = AffineCalibration().fit(y / 1000 + 5, y)  # In another unit.
    >>> calibration.transform(np.array([5.001, 5.002])).round(6)
    array([1., 2.])
    """

    def fit(
        self, predictions: NDArray, y: NDArray, sample_weight: NDArray | None = None
    ) -> Self:
        """Find slope and shift.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Out-of-fold predictions.
        y : ndarray of the same shape
            The labels.
        sample_weight : ndarray of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        self : object
        """
        t, y = np.asarray(predictions, dtype=float), np.asarray(y, dtype=float)
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        by_row = (weight / weight.sum()).reshape(-1, *[1] * (y.ndim - 1))
        self.center_ = np.sum(by_row * t, axis=0)
        t_dev = t - self.center_
        square = np.sum(by_row * t_dev**2, axis=0)
        varies = square > (10 * np.finfo(float).eps * self.center_) ** 2
        square = np.where(varies, square, 1.0)
        # Deviations from what the predictions say, not from the labels' mean, which
        # may be far from 0. The errors hold whatever the scatter's distribution.
        missing = y - t
        shift = np.sum(by_row * missing, axis=0)
        excess = np.sum(by_row * t_dev * (missing - shift), axis=0) / square
        n_samples = count_samples(sample_weight, len(y))
        scatter = np.sqrt(by_row / n_samples) * (missing - shift - excess * t_dev)
        excess = _less_noise(
            excess, np.sqrt(np.sum((scatter * t_dev) ** 2, 0)) / square
        )
        self.slope_ = np.where(varies, np.maximum(1 + excess, 0.0), 1.0)
        self.shift_ = _less_noise(shift, np.sqrt(np.sum(scatter**2, axis=0)))
        self.loss_before_, self.loss_after_ = (
            float(np.sum(by_row * (y - part) ** 2)) for part in (t, self.transform(t))
        )
        return self

    def transform(self, predictions: NDArray) -> NDArray[np.float64]:
        """Scale and shift predictions.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions p.

        Returns
        -------
        values : ndarray of the same shape
        """
        check_is_fitted(self)
        scaled = (self.slope_ - 1) * (predictions - self.center_)
        return predictions + scaled + self.shift_

    def to_dict(self) -> dict[str, Any]:
        """Return what was learned, as a report shows it.

        Returns
        -------
        dict
        """
        check_is_fitted(self)
        return {
            "method": "affine",
            "slope": self.slope_.tolist(),
            "shift": self.shift_.tolist(),
            "squared_error_before": self.loss_before_,
            "squared_error_after": self.loss_after_,
        }


def count_samples(weight: NDArray | None, n_samples: int) -> float:
    """Return how many samples there are: an integer weight stands for as many."""
    if weight is None:
        return float(n_samples)
    if (weight == np.rint(weight)).all():
        return float(weight.sum())
    return float(np.count_nonzero(weight))


def _less_noise(deviation: NDArray, error: NDArray) -> NDArray[np.float64]:
    """Move deviations towards 0, by what their standard errors leave open."""
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.maximum(0.0, 1.0 - (error / deviation) ** 2)
    return np.where(deviation == 0, 0.0, deviation * kept)


def _at_most(
    logits: NDArray, codes: NDArray, weight: NDArray | None
) -> tuple[NDArray, NDArray, NDArray | None]:
    """Return the samples that have weight, or as many of them as one number needs."""
    rows = np.arange(len(codes)) if weight is None else np.flatnonzero(weight)
    if len(rows) > _MOST_SAMPLES:
        rows = check_random_state(0).choice(rows, _MOST_SAMPLES, replace=False)
    taken = logits[rows].astype(float, copy=False)
    return taken, codes[rows], None if weight is None else weight[rows]
