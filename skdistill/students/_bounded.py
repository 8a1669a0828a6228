"""Students that learn only where they are worse than the teacher: gates of the loss."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._typing import Estimator, Table
from skdistill._warnings import without_name_warnings
from skdistill.targets import Target

__all__ = ["BoundedLoss", "fit_repeatedly"]

# Curvature below this is raised to it, as the libraries do themselves.
_LEAST_CURVATURE = 1e-16


class BoundedLoss:
    """Gradient and curvature of half of the loss with a bound, for one output.

    The loss is w (f - m)^2 with the weights and targets that belong to the gates of the
    predictions f, see `Target.bounded`. So its half has the gradient w (f - m) and the
    curvature w. Between two gates it jumps: there it has no gradient, and needs none.

    Parameters
    ----------
    target : Target
        Of values, one for each sample, with a bound.
    start : float, default=0.0
        What is added to the raw predictions.
    """

    def __init__(self, target: Target, start: float = 0.0) -> None:
        self._target = target
        self._start = start

    def __call__(
        self, raw: NDArray, weight: NDArray | None = None
    ) -> tuple[NDArray, NDArray]:
        """Return gradient and curvature at raw predictions, of shape (n_samples,)."""
        predictions = raw.astype(float) + self._start
        now = self._target.bounded(self._target.is_worse(predictions))
        curvature = np.asarray(now.weight)
        gradient = curvature * (predictions - now.mixed)
        return gradient, np.maximum(curvature, _LEAST_CURVATURE)


def fit_repeatedly(
    student: Estimator,
    X: Table,
    target: Target,
    fit: Callable[[Estimator, Target], Estimator],
) -> Estimator:
    """Fit a student again and again, drawn only where it was worse than the teacher.

    For the gates of a fit's predictions, the squared loss of the next target is nowhere
    below the bounded one, up to a term without f, and has its gradient.

    Parameters
    ----------
    student : estimator
        Unfitted; clones of it are fitted, at last itself.
    X : array-like of shape (n_samples, n_features)
        The samples.
    target : Target
        Of values, with a bound.
    fit : callable
        ``fit(student, target)`` fits it on a target without a bound.

    Returns
    -------
    student : fitted estimator
    """
    n_fits = 1 if target.bound is None else target.bound.n_fits
    following = replace(target, predictions=target.aim, bound=None)
    for _ in range(n_fits - 1):
        fitted = fit(clone(student), following)
        with without_name_warnings():
            following = target.after(np.asarray(fitted.predict(X)))
    return fit(student, following)
