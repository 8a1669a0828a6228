"""What the leaf values minimise: squared loss, and cross-entropy to distributions.

Each loss is a weighted sum over samples of a convex function of the raw prediction z.
The solver needs its value, its gradient and the product of its Hessian with a
direction.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from skdistill._numerics import temper
from skdistill.students import LeafLoss

__all__ = ["LOSSES", "BrierLoss", "LogLoss", "Loss", "SquaredLoss"]


class Loss:
    """A loss of the raw predictions of the samples.

    Parameters
    ----------
    target : ndarray of shape (n_samples, n_outputs)
        Values, or the probability of each class.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    """

    # Whether the curvature is the same everywhere.
    is_quadratic = False

    def __init__(self, target: NDArray, weight: NDArray | None) -> None:
        self.target = target
        self.weight = np.ones((1, 1)) if weight is None else weight[:, None]

    def value(self, raw: NDArray) -> float:
        """Return the weighted sum over samples."""
        raise NotImplementedError

    def gradient(self, raw: NDArray) -> NDArray:
        """Return the gradient, of the shape of `raw`."""
        raise NotImplementedError

    def curvature(self, raw: NDArray) -> Callable[[NDArray], NDArray]:
        """Return the Hessian at `raw` as a function of a direction."""
        raise NotImplementedError

    def own_curvature(self, raw: NDArray) -> NDArray:
        """Return the diagonal of the Hessian at `raw`, of the shape of `raw`."""
        raise NotImplementedError

    def mean(self, raw: NDArray) -> float:
        """Return the mean over samples, in the unit in which losses are reported."""
        weight = np.broadcast_to(self.weight, (len(raw), 1))
        return self.value(raw) / float(weight.sum())

    @staticmethod
    def predictions(raw: NDArray) -> NDArray:
        """Return the predictions that belong to raw ones, of shape (..., n_outputs)."""
        raise NotImplementedError


class SquaredLoss(Loss):
    """sum_i s_i |z_i - m_i|^2 / 2."""

    is_quadratic = True

    def value(self, raw: NDArray) -> float:
        """Return the weighted sum over samples."""
        return 0.5 * float(np.sum(self.weight * (raw - self.target) ** 2))

    def mean(self, raw: NDArray) -> float:
        """Return the mean squared error, summed over outputs."""
        return 2 * super().mean(raw)

    def gradient(self, raw: NDArray) -> NDArray:
        """Return s (z - m)."""
        return self.weight * (raw - self.target)

    def curvature(self, raw: NDArray) -> Callable[[NDArray], NDArray]:
        """Return u -> s u."""
        return lambda direction: self.weight * direction

    def own_curvature(self, raw: NDArray) -> NDArray:
        """Return s."""
        return np.broadcast_to(self.weight, raw.shape)

    @staticmethod
    def predictions(raw: NDArray) -> NDArray:
        """Return the raw predictions."""
        return raw


class BrierLoss(SquaredLoss):
    """Squared loss of raw predictions that are probabilities themselves."""

    @staticmethod
    def predictions(raw: NDArray) -> NDArray:
        """Return the raw predictions without what rounding put below 0."""
        return np.maximum(raw, 0)


class LogLoss(Loss):
    """sum_i s_i CE(m_i, softmax(z_i)); two classes have one logit, 0 for the first.

    CE(m, softmax(z)) = logsumexp(z) - m z. Its gradient is q - m with q = softmax(z),
    its Hessian diag(q) - q q'. For one logit they are q - m and q (1 - q) of class 1.
    """

    def __init__(self, target: NDArray, weight: NDArray | None) -> None:
        super().__init__(target[:, 1:] if target.shape[1] == 2 else target, weight)

    def value(self, raw: NDArray) -> float:
        """Return the weighted sum over samples."""
        single = raw.shape[1] == 1
        total = np.logaddexp(0, raw) if single else logsumexp(raw, 1, keepdims=True)
        fitted = np.sum(self.target * raw, axis=1, keepdims=True)
        return float(np.sum(self.weight * (total - fitted)))

    def gradient(self, raw: NDArray) -> NDArray:
        """Return s (q - m)."""
        return self.weight * (_probability(raw) - self.target)

    def curvature(self, raw: NDArray) -> Callable[[NDArray], NDArray]:
        """Return u -> s (q u - q (q u))."""
        if raw.shape[1] == 1:
            slope = self.own_curvature(raw)
            return lambda direction: slope * direction
        q = _probability(raw)
        weighted = self.weight * q
        return lambda direction: (
            weighted * (direction - np.sum(q * direction, axis=1, keepdims=True))
        )

    def own_curvature(self, raw: NDArray) -> NDArray:
        """Return s q (1 - q)."""
        q = _probability(raw)
        return self.weight * q * (1 - q)

    @staticmethod
    def predictions(raw: NDArray) -> NDArray:
        """Return a probability for each class."""
        q = _probability(raw)
        return np.hstack([1 - q, q]) if raw.shape[1] == 1 else q


def _probability(raw: NDArray) -> NDArray:
    return expit(raw) if raw.shape[1] == 1 else temper(raw, 1.0)


# By the words of `LeafModel.loss`.
LOSSES: Mapping[LeafLoss, type[Loss]] = {
    "squared": SquaredLoss,
    "log": LogLoss,
    "brier": BrierLoss,
}
