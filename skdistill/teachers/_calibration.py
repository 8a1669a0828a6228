"""Calibration: steps of the signal, fitted on out-of-fold predictions.

A teacher may rank samples well and still be over- or underconfident, or in another
unit. What it predicts out-of-fold is at hand anyway, beside the labels, so one or two
numbers can be fitted to put that right.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skdistill._numerics import temper

__all__ = [
    "AffineCalibration",
    "TemperatureScaling",
    "count_samples",
    "log_losses",
]

# The least probability that counts, so that one impossible class is not infinite.
_LEAST = 1e-6
# Between which temperatures the best is sought; at first on a grid, as the loss with
# a least probability has more than one minimum.
_LOWEST, _HIGHEST, _N_GRID = 0.05, 20.0, 33
# Enough samples for one number.
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
    """Divide a classifier's logits by the temperature of least log loss.

    The temperature minimises ``mean(-log softmax(z / T)[y]) + log(T)**2 / (2 n)`` over
    the out-of-fold logits z: that of least log loss, but for a prior worth one sample,
    which keeps a few samples from making it extreme. The order of the classes stays.

    Attributes
    ----------
    temperature_ : float
        T, to four digits. Above 1 the teacher was overconfident, below 1 the contrary.
    loss_before_, loss_after_ : float
        Mean log loss of the out-of-fold predictions, in nats.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML
    2017, equation 9.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.teachers import TemperatureScaling
    >>> codes = np.tile([0, 0, 0, 1], 100)  # Right three times of four...
    >>> logits = np.tile([4.0, 0.0], (400, 1))  # ...and sure at 0.98.
    >>> scaling = TemperatureScaling().fit(logits, codes)
    >>> round(scaling.temperature_, 1)  # 4 / log(3)
    3.6
    """

    def fit(
        self, predictions: NDArray, y: NDArray, sample_weight: NDArray | None = None
    ) -> Self:
        """Find the temperature.

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
        n_samples = count_samples(weight, len(codes))

        def objective(log_temperature: float) -> float:
            losses = log_losses(logits / np.exp(log_temperature), codes)
            prior = log_temperature**2 / (2 * n_samples)
            return float(np.average(losses, weights=weight)) + prior

        grid = np.linspace(np.log(_LOWEST), np.log(_HIGHEST), _N_GRID)
        best = int(np.argmin([objective(point) for point in grid]))
        around = grid[max(best - 1, 0)], grid[min(best + 1, _N_GRID - 1)]
        found = minimize_scalar(
            objective, bounds=around, method="bounded", options={"xatol": 1e-10}
        )
        # More digits would be rounding, by which duplicated samples could differ.
        self.temperature_ = float(f"{np.exp(found.x):.4g}")
        self.loss_before_, self.loss_after_ = (
            float(np.average(log_losses(logits / T, codes), weights=weight))
            for T in (1.0, self.temperature_)
        )
        return self

    def transform(self, predictions: NDArray) -> NDArray[np.float64]:
        """Divide logits by the temperature.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples, n_classes)
            Logits.

        Returns
        -------
        logits : ndarray of the same shape
        """
        check_is_fitted(self)
        return predictions / self.temperature_

    def to_dict(self) -> dict[str, Any]:
        """Return what was learned, as a report shows it.

        Returns
        -------
        dict
        """
        check_is_fitted(self)
        return {
            "method": "temperature",
            "temperature": self.temperature_,
            "log_loss_before": self.loss_before_,
            "log_loss_after": self.loss_after_,
        }


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
    """Return the samples, or as many of them as one number needs."""
    if len(codes) <= _MOST_SAMPLES:
        return logits, codes, weight
    rows = check_random_state(0).choice(len(codes), _MOST_SAMPLES, replace=False)
    return logits[rows], codes[rows], None if weight is None else weight[rows]
