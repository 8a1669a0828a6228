"""Normal distributions over the weights of a linear model, and what data make of them.

The weights are the intercept and the coefficients, so the features z of a sample begin
with 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

__all__ = ["Gaussian", "inverse", "laplace", "linear_posterior", "shrinking_prior"]

_MOST_STEPS = 300
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution by its precision and its precision times its mean.

    Some directions may have precision 0: there it says nothing, and has no mean.

    Attributes
    ----------
    precision : ndarray of shape (n_weights, n_weights)
        The inverse of the covariance.
    shift : ndarray of shape (n_weights,)
        The precision times the mean.
    """

    precision: NDArray[np.float64]
    shift: NDArray[np.float64]

    @cached_property
    def covariance(self) -> NDArray[np.float64]:
        """The inverse of the precision, which must have one."""
        return inverse(self.precision)

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """The mean; the precision must have an inverse."""
        return self.covariance @ self.shift

    def pooled(self, other: "Gaussian", weight: float) -> "Gaussian":
        """Return the distribution of density self^(1 - weight) * other^weight.

        Parameters
        ----------
        other : Gaussian
            A distribution of the same weights.
        weight : float
            From 0 to 1.
        """
        return Gaussian(
            (1 - weight) * self.precision + weight * other.precision,
            (1 - weight) * self.shift + weight * other.shift,
        )


def inverse(matrix: NDArray) -> NDArray[np.float64]:
    """Return the inverse of a positive definite matrix.

    It is scaled before, as features may have any units.

    Parameters
    ----------
    matrix : ndarray of shape (n_weights, n_weights)
        A precision or a covariance.
    """
    scale = 1 / np.sqrt(np.diag(matrix))
    found = scale[:, None] * np.linalg.inv(scale[:, None] * matrix * scale) * scale
    return (found + found.T) / 2


def shrinking_prior(n_weights: int, precision: float) -> Gaussian:
    """Return the prior that shrinks coefficients to 0 and leaves the intercept free.

    Parameters
    ----------
    n_weights : int
        The number of features and 1.
    precision : float
        That of each coefficient.
    """
    diagonal = np.full(n_weights, precision)
    diagonal[0] = 0
    return Gaussian(np.diag(diagonal), np.zeros(n_weights))


def linear_posterior(
    prior: Callable[[float], Gaussian],
    Z: NDArray,
    y: NDArray,
    weight: NDArray,
    noise_variance: float | None,
) -> tuple[Gaussian, float]:
    """Return the posterior of a linear model with normal noise, and the noise variance.

    With the prior N(m, S), features Z, sample weights W and noise variance v the
    posterior has the precision ``S^-1 + Z' W Z / v`` and, times that, the mean
    ``S^-1 m + Z' W y / v``.

    Parameters
    ----------
    prior : callable
        Returns the prior for a noise variance.
    Z : ndarray of shape (n_samples, n_weights)
        The features.
    y : ndarray of shape (n_samples,)
        The labels.
    weight : ndarray of shape (n_samples,)
        Sample weights.
    noise_variance : float or None
        v. If None, it is found as the fixed point of
        ``v = sum_i w_i r_i^2 / (sum_i w_i - g)`` with the residuals r and the number g
        of weights that the data decide, the trace of the posterior's covariance times
        ``Z' W Z / v``. For this, sample weights whose sum is less than the number of
        samples, such as fractions of 1, are scaled to it.

    Returns
    -------
    posterior : Gaussian
    noise_variance : float

    References
    ----------
    MacKay, "Bayesian interpolation", 1992, section 4 (the noise).
    """
    gram, moment = Z.T @ (weight[:, None] * Z), Z.T @ (weight * y)
    total = weight.sum()
    n_samples = max(total, np.count_nonzero(weight))

    def posterior(variance: float) -> Gaussian:
        known = prior(variance)
        return Gaussian(
            known.precision + gram / variance, known.shift + moment / variance
        )

    if noise_variance is not None:
        return posterior(noise_variance), noise_variance
    spread = np.average((y - np.average(y, weights=weight)) ** 2, weights=weight)
    least = max(1e-12 * spread, 1e-300)
    variance = max(float(spread), least)
    for _ in range(_MOST_STEPS):
        found = posterior(variance)
        error = weight @ (y - Z @ found.mean) ** 2 * (n_samples / total)
        decided = np.sum(found.covariance * gram) / variance
        before = variance
        variance = error / max(n_samples - decided, 1e-10 * n_samples)
        variance = max(float(variance), least)
        if abs(variance - before) <= _TOLERANCE * before:
            break
    return posterior(variance), variance


def laplace(prior: Gaussian, Z: NDArray, target: NDArray, weight: NDArray) -> Gaussian:
    """Return Laplace's approximation to the posterior of a logistic regression.

    Its mean is the most probable weights, its precision the second derivative there of
    the negative log of the posterior: ``S^-1 + Z' W diag(p (1 - p)) Z``.

    Parameters
    ----------
    prior : Gaussian
        N(m, S).
    Z : ndarray of shape (n_samples, n_weights)
        The features.
    target : ndarray of shape (n_samples,)
        The probability of the second class: 0 or 1, or a soft label.
    weight : ndarray of shape (n_samples,)
        Sample weights.

    Returns
    -------
    posterior : Gaussian
    """

    def loss(weights: NDArray) -> float:
        raw = Z @ weights
        likelihood = weight @ (np.logaddexp(0, raw) - target * raw)
        return likelihood + weights @ (prior.precision @ weights / 2 - prior.shift)

    def expanded(weights: NDArray) -> tuple[NDArray, NDArray]:
        """Return the first and the second derivative of the loss."""
        p = expit(Z @ weights)
        gradient = Z.T @ (weight * (p - target))
        curved = (weight * p * (1 - p))[:, None] * Z
        return (
            gradient + prior.precision @ weights - prior.shift,
            prior.precision + Z.T @ curved,
        )

    weights = np.zeros(Z.shape[1])
    weights[0] = logit(np.clip(np.average(target, weights=weight), 1e-6, 1 - 1e-6))
    for _ in range(_MOST_STEPS):
        gradient, curvature = expanded(weights)
        step = Gaussian(curvature, gradient).mean
        # By so much, twice, a whole step lowers the loss, were it a parabola.
        if gradient @ step <= _TOLERANCE * weight.sum():
            break
        size = 1.0
        while loss(weights - size * step) > loss(weights) and size > 1e-10:
            size /= 2
        weights = weights - size * step
    precision = expanded(weights)[1]
    return Gaussian(precision, precision @ weights)
