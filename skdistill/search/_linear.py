"""The best alpha of a student that is linear in its targets, in closed form."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_alpha"]


def best_alpha(
    y: NDArray, hard: NDArray, soft: NDArray, weight: NDArray | None
) -> float:
    """Return the alpha of least squared error on held-out rows.

    A student linear in its targets predicts (1 - a) h + a s, with h and s what it
    predicts when taught by the labels and by the teacher alone. So the error is a
    parabola in a, whose minimum is <s - h, y - h> / |s - h|^2.

    Parameters
    ----------
    y, hard, soft : ndarray of one shape
        Labels, and the predictions of both students, for the same rows.
    weight : ndarray of shape (n_samples,), default=None
        Row weights.

    Returns
    -------
    alpha : float
        It may lie outside [0, 1]. 0 if both students are the same.
    """
    step, missing = soft - hard, y - hard
    scale = np.ones(len(y)) if weight is None else weight
    scale = scale.reshape(-1, *[1] * (y.ndim - 1))
    square = float((scale * step * step).sum())
    return float((scale * step * missing).sum()) / square if square > 0 else 0.0
