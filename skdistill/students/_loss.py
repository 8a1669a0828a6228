"""The loss on a target of classes as boosting libraries want it, in derivatives."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from skdistill.targets import Target

__all__ = ["SoftLoss"]

# Curvature below this is raised to it, as the libraries do themselves.
_LEAST_CURVATURE = 1e-16
# A sum of exponentials well above the least that float32 holds in full.
_LEAST_TOTAL = 1e-25
_BLOCK_SIZE = 2**16  # Logits worked on at once.


class SoftLoss:
    """Gradient and diagonal of the Hessian of the loss on a target, per logit.

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

    It is called once a boosting round, so what it returns lies in buffers that are kept
    or in the logits, and holds until the next call. It is of single precision, into
    which the libraries turn gradients anyway. The rows are worked through in blocks
    that fit the processor's cache.

    Parameters
    ----------
    target : Target
        That of the training samples; its classes count, their names do not.
    curvature : float, default=1.0
        What the library multiplies the diagonal by for several classes.
    start : ndarray of shape (n_classes,), or (1,) for two, default=None
        What to add to the logits of every sample.
    overwrites : bool, default=False
        Whether the gradient takes the place of logits of single precision, which saves
        an array of this size where the library hands out a copy of its own.
    """

    def __init__(
        self,
        target: Target,
        *,
        curvature: float = 1.0,
        start: NDArray | None = None,
        overwrites: bool = False,
    ) -> None:
        a, t = target.alpha[:, None], target.temperature
        # At T = 1 both losses are the same, and the first is cheaper.
        self.tempers_student = target.soften == "both" and t != 1
        if self.tempers_student:
            # What the gradient subtracts from (1 - a) q + a T q_T.
            aim = (1 - a) * target.onehot + a * t * target.teacher
        else:
            aim = target.mixed
        first = 1 if aim.shape[1] == 2 else 0
        self.aim = np.ascontiguousarray(aim[:, first:], dtype=np.float32)
        self.alpha = a.astype(np.float32)  # Which leaves the logits' precision alone.
        self.temperature, self.curvature, self.start = t, curvature, start
        self.overwrites = overwrites
        self.gradient: NDArray | None = None
        self.hessian: NDArray | None = None

    def __call__(
        self, logits: NDArray, weight: NDArray | None = None
    ) -> tuple[NDArray, NDArray]:
        """Return gradient and curvature.

        Parameters
        ----------
        logits : ndarray of shape (n_samples, n_classes), or (n_samples, 1) for two
            The student's logits.
        weight : ndarray of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        gradient, curvature : ndarray of the shape of `logits`
        """
        gradient, hessian = self._buffers(logits)
        n_rows, n_logits = logits.shape
        for block in gen_batches(n_rows, max(1, _BLOCK_SIZE // n_logits)):
            self._derive(logits[block], block, gradient[block], hessian[block])
            if weight is not None:
                gradient[block] *= weight[block, None]
                hessian[block] *= weight[block, None]
            np.maximum(hessian[block], _LEAST_CURVATURE, out=hessian[block])
        return gradient, hessian

    def __deepcopy__(self, memo: dict) -> Self:
        """Return itself: LightGBM copies its parameters thrice, this among them."""
        return self

    def _buffers(self, logits: NDArray) -> tuple[NDArray, NDArray]:
        """Return what gradient and curvature are written to."""
        if self.hessian is None:
            self.hessian = np.empty_like(logits, dtype=np.float32)
        if self.overwrites and logits.dtype == np.float32:
            return logits, self.hessian  # Which are not kept: each round has others.
        if self.gradient is None:
            self.gradient = np.empty_like(logits, dtype=np.float32)
        return self.gradient, self.hessian

    def _derive(
        self, logits: NDArray, block: slice, gradient: NDArray, hessian: NDArray
    ) -> None:
        """Write some rows' gradient and curvature, derived in the logits' precision.

        The logits are read before anything is written.
        """
        if self.start is not None:
            logits = logits + self.start
        q = _softmax(logits)
        curvature = q * (1 - q)
        if self.tempers_student:
            a, t = self.alpha[block], self.temperature
            tempered = _softmax(logits / t)
            q = (1 - a) * q + a * t * tempered
            curvature = (1 - a) * curvature + a * tempered * (1 - tempered)
        np.subtract(q, self.aim[block], out=gradient, casting="same_kind")
        np.multiply(curvature, self.curvature, out=hessian, casting="same_kind")


def _softmax(logits: NDArray) -> NDArray:
    """Return each row's softmax; of a single logit, the sigmoid."""
    # NumPy's exponential is vectorised, SciPy's expit is not.
    with np.errstate(over="ignore"):
        if logits.shape[1] == 1:
            q = np.exp(-logits)  # Infinity leads to 0, rightly.
            q += 1
            return np.reciprocal(q, out=q)
        q = np.exp(logits)
    total = q @ np.ones(q.shape[1], q.dtype)  # Quicker than a sum over few columns.
    # Only large logits need their row's maximum taken off, which takes time.
    if not (total.min() > _LEAST_TOTAL and total.max() < np.inf):
        q = np.exp(logits - logits.max(axis=1, keepdims=True))
        total = q.sum(axis=1)
    q /= total[:, None]
    return q
