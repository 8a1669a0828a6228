"""The loss on soft labels as boosting libraries want it: gradient and curvature."""

import numpy as np
from numpy.typing import NDArray

from skdistill.targets import SoftLabels

__all__ = ["SoftLoss"]

# Curvature below this is raised to it, as the libraries do themselves.
_LEAST_CURVATURE = 1e-16


class SoftLoss:
    """Gradient and diagonal of the Hessian of the loss on soft labels, per logit.

    With q = softmax(z), q_T = softmax(z / T), onehot labels y and the teacher's
    tempered probabilities p_T, the loss of a row is ::

        (1 - a) CE(y, q) + a CE(p_T, q)           soften = "teacher"
        (1 - a) CE(y, q) + a T^2 CE(p_T, q_T)     soften = "both"

    d CE(m, q) / dz_k = q_k - m_k, and d CE(m, q_T) / dz_k = (q_T - m)_k / T. So the
    gradients are ``q - ((1 - a) y + a p_T)`` and ``(1 - a)(q - y) + a T (q_T - p_T)``.
    Differentiating once more, with dq_k / dz_k = q_k (1 - q_k) and
    d(q_T)_k / dz_k = (q_T)_k (1 - q_T)_k / T, the diagonals of the Hessian are
    ``q (1 - q)`` and ``(1 - a) q (1 - q) + a q_T (1 - q_T)``.

    With two classes there is one logit, z of class 1 against 0 for class 0.

    Arrays have the classes along the first axis: sums over a few classes run along
    long, contiguous rows. They are float32, which is what the libraries work in.

    Parameters
    ----------
    labels : SoftLabels
        The soft labels of the training rows.
    curvature : float, default=1.0
        What the library multiplies the diagonal by for several classes.
    """

    def __init__(self, labels: SoftLabels, *, curvature: float = 1.0) -> None:
        self.alpha = np.float32(labels.alpha)
        self.temperature = np.float32(labels.temperature)
        self.curvature = np.float32(curvature)
        # At T = 1 both losses are the same, and the first is cheaper.
        self.tempers_student = labels.soften == "both" and labels.temperature != 1
        self.mixed = self._by_class(labels.mixed)
        if self.tempers_student:
            self.onehot = self._by_class(labels.onehot)
            self.teacher = self._by_class(labels.teacher)

    @staticmethod
    def _by_class(probability):
        """Return classes first; with two classes, that of the second alone."""
        first = 1 if probability.shape[1] == 2 else 0
        return np.ascontiguousarray(probability.T[first:], dtype=np.float32)

    def __call__(
        self, logits: NDArray, weight: NDArray | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return gradient and curvature.

        Parameters
        ----------
        logits : ndarray of shape (n_classes, n_samples), or (1, n_samples) for two
            The student's logits.
        weight : ndarray of shape (n_samples,), default=None
            Row weights.

        Returns
        -------
        gradient, curvature : ndarray of the shape of `logits`
        """
        logits = np.ascontiguousarray(logits, dtype=np.float32)
        q = _softmax(logits)
        if self.tempers_student:
            q_t = _softmax(logits / self.temperature)
            hessian = (1 - self.alpha) * q * (1 - q) + self.alpha * q_t * (1 - q_t)
            gradient = (1 - self.alpha) * (q - self.onehot)
            gradient += self.alpha * self.temperature * (q_t - self.teacher)
        else:
            hessian = q * (1 - q)
            gradient = np.subtract(q, self.mixed, out=q)
        hessian *= self.curvature
        if weight is not None:
            weight = np.asarray(weight, dtype=np.float32)
            gradient *= weight
            hessian *= weight
        return gradient, np.maximum(hessian, _LEAST_CURVATURE, out=hessian)


def _softmax(logits):
    """Return probabilities by class; of one row of logits, the sigmoid."""
    if len(logits) == 1:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-logits))
    q = np.exp(logits - logits.max(axis=0))
    q /= q.sum(axis=0)
    return q
