"""The loss on soft labels as boosting libraries want it: gradient and curvature."""

import numpy as np
from numpy.typing import NDArray

from skdistill.targets import SoftLabels

__all__ = ["SoftLoss"]

# Curvature below this is raised to it, as the libraries do themselves.
_LEAST_CURVATURE = 1e-16
# Its exponential, summed over classes, is well within float32.
_SAFE_LOGIT = 60.0


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

    It is called once a boosting round, so it works in buffers that are kept: what it
    returns holds until the next call. Their precision and order in memory are those of
    the first logits.

    Parameters
    ----------
    labels : SoftLabels
        The soft labels of the training rows.
    curvature : float, default=1.0
        What the library multiplies the diagonal by for several classes.
    """

    def __init__(self, labels: SoftLabels, *, curvature: float = 1.0) -> None:
        a, t = labels.alpha, labels.temperature
        # At T = 1 both losses are the same, and the first is cheaper.
        self.tempers_student = labels.soften == "both" and t != 1
        if self.tempers_student:
            # What the gradient subtracts from (1 - a) q + a T q_T.
            target = (1 - a) * labels.onehot + a * t * labels.teacher
        else:
            target = labels.mixed
        first = 1 if target.shape[1] == 2 else 0
        self.target = target[:, first:]
        self.alpha, self.temperature, self.curvature = a, t, curvature
        self.buffers: list[NDArray] = []

    def __call__(
        self, logits: NDArray, weight: NDArray | None = None
    ) -> tuple[NDArray, NDArray]:
        """Return gradient and curvature.

        Parameters
        ----------
        logits : ndarray of shape (n_samples, n_classes), or (n_samples, 1) for two
            The student's logits.
        weight : ndarray of shape (n_samples,), default=None
            Row weights.

        Returns
        -------
        gradient, curvature : ndarray of the shape of `logits`
        """
        if not self.buffers:
            n_buffers = 4 if self.tempers_student else 2
            self.buffers = [np.empty_like(logits) for _ in range(n_buffers)]
            target, self.target = self.target, np.empty_like(logits)
            self.target[:] = target
        gradient, hessian = self.buffers[:2]
        _softmax(logits, out=gradient)
        _slope(gradient, out=hessian)
        if self.tempers_student:
            self._temper(logits, gradient, hessian)
        gradient -= self.target
        if self.curvature != 1:
            hessian *= self.curvature
        if weight is not None:
            weight = np.asarray(weight)[:, None]
            gradient *= weight
            hessian *= weight
        np.maximum(hessian, _LEAST_CURVATURE, out=hessian)
        return gradient, hessian

    def _temper(self, logits, gradient, hessian):
        """Add Hinton's second term to q and q (1 - q), in place."""
        tempered, slope = self.buffers[2:]
        np.divide(logits, self.temperature, out=slope)
        _softmax(slope, out=tempered)
        _slope(tempered, out=slope)
        for first, second, scale in (
            (hessian, slope, self.alpha),
            (gradient, tempered, self.alpha * self.temperature),
        ):
            first *= 1 - self.alpha
            second *= scale
            first += second


def _slope(q, *, out):
    """Write q (1 - q) into `out`."""
    np.subtract(1, q, out=out)
    out *= q


def _softmax(logits, *, out):
    """Write each row's softmax into `out`; of a single logit, the sigmoid."""
    if logits.shape[1] == 1:
        np.negative(logits, out=out)
        with np.errstate(over="ignore"):
            np.exp(out, out=out)
        out += 1
        np.reciprocal(out, out=out)
        return
    # Only large logits need their row's maximum taken off, which takes time.
    if max(logits.max(), -logits.min()) > _SAFE_LOGIT:
        logits = logits - logits.max(axis=1, keepdims=True)
    np.exp(logits, out=out)
    out /= out.sum(axis=1, keepdims=True)
