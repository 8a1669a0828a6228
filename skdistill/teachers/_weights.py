"""How much each of several teachers counts: weights from out-of-fold predictions.

Predictions are stacked: values of shape (n_samples, n_teachers) or (n_samples,
n_teachers, n_outputs), probabilities of shape (n_samples, n_teachers, n_classes). All
weights are not negative and sum to 1 over the teachers.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, nnls
from scipy.special import log_softmax, softmax

from skdistill._numerics import window_starts
from skdistill.teachers._calibration import count_samples

__all__ = [
    "LocalErrors",
    "inverse_error_weights",
    "least_squares_weights",
    "log_pool_weights",
    "mixture_weights",
    "squared_errors",
]

# Over how many training samples a local error is averaged. Fewer say little, and give
# each sample's own label more say in its weights.
_N_NEAREST = 100
# More digits would be rounding, by which duplicated samples could differ.
_DIGITS = 4


def squared_errors(
    predictions: NDArray, y: NDArray, weight: NDArray | None
) -> NDArray[np.float64]:
    """Return squared errors, of values in units of the standard deviation of y.

    Parameters
    ----------
    predictions : ndarray of shape (n_samples, n_teachers, ...)
        Stacked values, or probabilities.
    y : ndarray of shape (n_samples, ...)
        The labels: values, or positions in the classes.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.

    Returns
    -------
    errors : ndarray of shape (n_samples, n_teachers, n_outputs)
        Those of classes are Brier's: one output, summed over the classes.
    """
    if predictions.ndim > y.ndim + 1:
        onehot = np.eye(predictions.shape[2])[y]
        return ((predictions - onehot[:, None]) ** 2).sum(axis=2, keepdims=True)
    return _residuals(predictions, y, weight) ** 2


def _residuals(
    values: NDArray, y: NDArray, weight: NDArray | None
) -> NDArray[np.float64]:
    """Return y - t in standard units, of shape (n_samples, n_teachers, n_outputs)."""
    labels = y.reshape(len(y), 1, -1).astype(float)
    mean = np.average(labels, axis=0, weights=weight)
    scale = np.sqrt(np.average((labels - mean) ** 2, axis=0, weights=weight))
    missing = labels - values.reshape(*values.shape[:2], -1)
    return missing / np.where(scale > 0, scale, 1.0)


def inverse_error_weights(
    errors: NDArray, weight: NDArray | None
) -> NDArray[np.float64]:
    """Return weights inverse to the mean squared errors; those without error share all.

    They are the weights of least variance where errors are unbiased and independent:
    Bates and Granger, "The Combination of Forecasts", 1969.
    """
    mean = np.average(errors.mean(axis=2), axis=0, weights=weight)
    return _inverse(mean)


def _inverse(errors: NDArray) -> NDArray[np.float64]:
    """Return weights inverse to errors along the first axis."""
    least = errors.min(axis=0)
    tiny = np.finfo(float).tiny
    # In units of the least error, so that nothing overflows.
    parts = np.maximum(least, tiny) / np.maximum(errors, tiny)
    return parts / parts.sum(axis=0)


def least_squares_weights(
    values: NDArray, y: NDArray, weight: NDArray | None
) -> NDArray[np.float64]:
    """Return the weights of least squared error, by stacking.

    As they sum to 1, the error of the mean is the mean of the errors: with the
    residuals R of the teachers ||R w||^2 is to be minimised on the simplex. Let u solve
    the non-negative least squares of ||R u||^2 + (sum(u) - 1)^2. With u = s w and
    sum(w) = 1 that is s^2 q + (s - 1)^2 with q = ||R w||^2; the best s leaves
    q / (1 + q), which increases with q, so the best u has the best w.

    References: Breiman, "Stacked Regressions", 1996 (non-negative weights); van der
    Laan, Polley and Hubbard, "Super Learner", 2007 (that sum to 1).
    """
    missing = _residuals(values, y, weight)
    if weight is not None:
        missing = missing * np.sqrt(weight)[:, None, None]
    rows = missing.transpose(0, 2, 1).reshape(-1, values.shape[1])
    root: NDArray = np.asarray(np.linalg.qr(rows, mode="r"))
    root = root / (np.sqrt(np.mean(root**2)) or 1.0)
    aim = np.append(np.zeros(len(root)), 1.0)
    found, _ = nnls(np.vstack([root, np.ones(root.shape[1])]), aim)
    return _rounded(found)


def mixture_weights(
    probabilities: NDArray, codes: NDArray, weight: NDArray | None, *, least: float
) -> NDArray[np.float64]:
    """Return the weights of least log loss for a mean of probabilities.

    The loss is ``mean(-log(sum_k w_k p_ik))`` with the probabilities p_ik, of at least
    `least`, that the teachers give to the label: convex in w.
    """
    chosen = np.maximum(probabilities[np.arange(len(codes)), :, codes], least)
    fraction = _fractions(weight, len(codes))

    def loss(w: NDArray) -> tuple[float, NDArray]:
        mixed = chosen @ w
        return -float(fraction @ np.log(mixed)), -(fraction / mixed) @ chosen

    return _on_simplex(loss, chosen.shape[1])


def log_pool_weights(
    logits: NDArray, codes: NDArray, weight: NDArray | None
) -> NDArray[np.float64]:
    """Return the weights of least log loss for a mean of logits, which is convex too.

    The gradient is ``mean(sum_c (q_ic - [c = y_i]) z_ikc)`` with the probabilities q
    of the mean.
    """
    fraction = _fractions(weight, len(codes))
    every = np.arange(len(codes))

    def loss(w: NDArray) -> tuple[float, NDArray]:
        mean = np.einsum("k,ikc->ic", w, logits)
        missing = softmax(mean, axis=1)
        missing[every, codes] -= 1
        gradient = np.einsum("i,ic,ikc->k", fraction, missing, logits)
        return -float(fraction @ log_softmax(mean, axis=1)[every, codes]), gradient

    return _on_simplex(loss, logits.shape[1])


def _fractions(weight: NDArray | None, n_samples: int) -> NDArray[np.float64]:
    weight = np.ones(n_samples) if weight is None else weight
    return weight / weight.sum()


def _on_simplex(
    loss: Callable[[NDArray], tuple[float, NDArray]], n_teachers: int
) -> NDArray[np.float64]:
    """Minimise a convex loss over weights that sum to 1."""
    start = np.full(n_teachers, 1 / n_teachers)
    found = minimize(
        loss,
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * n_teachers,
        constraints={
            "type": "eq",
            "fun": lambda w: w.sum() - 1,
            "jac": np.ones_like,
        },
        options={"ftol": 1e-12, "maxiter": 500},
    )
    return _rounded(np.clip(found.x, 0, 1))


def _rounded(weights: NDArray) -> NDArray[np.float64]:
    weights = np.round(weights / weights.sum(), _DIGITS)
    return weights / weights.sum()


class LocalErrors:
    """The squared error of each teacher among training samples that it predicts alike.

    A sample's place is the teacher's prediction: its value, or the probability of its
    most probable class. The error there is the mean over a window of the weight of 100
    training samples, half on each side, or less on one side and more on the other at
    the ends.

    Parameters
    ----------
    predictions : ndarray of shape (n_samples, n_teachers, ...)
        Stacked values, or probabilities, for the training samples.
    errors : ndarray of shape (n_samples, n_teachers, n_outputs)
        What `squared_errors` returned for them.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    """

    def __init__(
        self, predictions: NDArray, errors: NDArray, weight: NDArray | None
    ) -> None:
        n_samples = count_samples(weight, len(errors))
        weight = np.ones(len(errors)) if weight is None else weight
        used, fraction = weight > 0, min(1.0, _N_NEAREST / n_samples)
        self._n_outputs = errors.shape[2]
        places = self._places(predictions)[used]
        self._lines = [
            _Line(place, error, weight[used], fraction)
            for place, error in zip(
                _columns(places), _columns(errors[used]), strict=True
            )
        ]

    def _places(self, predictions: NDArray) -> NDArray:
        """Return where samples lie, of shape (n_samples, n_teachers, n_outputs)."""
        flat = predictions.reshape(*predictions.shape[:2], -1)
        if flat.shape[2] == self._n_outputs:
            return flat
        return flat.max(axis=2, keepdims=True)

    def weights(self, predictions: NDArray) -> NDArray[np.float64]:
        """Return weights inverse to the local errors, as `inverse_error_weights` does.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples, n_teachers, ...)
            Stacked values, or probabilities.

        Returns
        -------
        weights : ndarray of shape (n_samples, n_teachers, n_outputs)
        """
        places = self._places(predictions)
        found = [
            line.mean_error(place)
            for line, place in zip(self._lines, _columns(places), strict=True)
        ]
        errors = np.stack(found, axis=1).reshape(places.shape)
        return np.moveaxis(_inverse(np.moveaxis(errors, 1, 0)), 0, 1)


class _Line:
    """The errors of one teacher and output on the line of cumulated weights."""

    def __init__(
        self, place: NDArray, error: NDArray, weight: NDArray, fraction: float
    ) -> None:
        order = np.argsort(place, kind="stable")
        self._place = place[order]
        self._ends = np.append(0.0, np.cumsum(weight[order]))
        self._sums = np.append(0.0, np.cumsum((weight * error)[order]))
        self._width = self._ends[-1] * fraction

    def mean_error(self, place: NDArray) -> NDArray[np.float64]:
        """Return the mean error around each place."""
        first = window_starts(self._place, self._ends, place, self._width)
        until = [
            np.interp(end, self._ends, self._sums)
            for end in (first, first + self._width)
        ]
        return np.maximum(until[1] - until[0], 0.0) / self._width


def _columns(stacked: NDArray) -> NDArray:
    """Return teachers and outputs, one in each row."""
    return stacked.reshape(len(stacked), -1).T
