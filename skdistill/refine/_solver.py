"""Newton's method with conjugate gradients, which stops by a bound on what is missing.

The objective f(d) = loss(raw + A d) + (strength / 2) |d|^2 in the correction d of the
leaf values is strongly convex: its Hessian is at least strength times the identity. So
f(d) - min f <= |grad f(d)|^2 / (2 strength) =: missing, and the search for d may stop
once `missing` is a given share of what has been gained over d = 0.

References: Nocedal and Wright, "Numerical Optimization", 2006, sections 5.1 (conjugate
gradients), 7.1 (inexact Newton steps); Boyd and Vandenberghe, "Convex Optimization",
2004, equation 9.9 (the bound).
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skdistill.refine._loss import Loss
from skdistill.refine._matrix import LeafMatrix

__all__ = ["Problem", "solve"]

_MOST_STEPS = 100
_LEAST_STEP = 1e-8


@dataclass
class Problem:
    """Rows, what they are now predicted as, and what they should be.

    Attributes
    ----------
    loss : Loss
        Of the raw predictions of the rows.
    matrix : LeafMatrix
        Which leaves the rows fall into.
    raw : ndarray of shape (n_samples, n_outputs)
        The raw predictions with the present leaf values.
    """

    loss: Loss
    matrix: LeafMatrix
    raw: NDArray

    def raw_with(self, correction: NDArray) -> NDArray:
        """Return the raw predictions with corrected leaf values."""
        return self.raw + self.times(correction)

    def times(self, correction: NDArray) -> NDArray:
        """Return A @ correction."""
        return self.matrix.times(correction, self.raw.shape)


def solve(
    problem: Problem, strength: float, start: NDArray, tol: float
) -> NDArray[np.float64]:
    """Minimise loss(raw + A d) + (strength / 2) |d|^2 over d.

    Parameters
    ----------
    problem : Problem
        The rows.
    strength : float
        Above 0.
    start : ndarray of shape (n_leaves, n_columns)
        Where to begin: 0, or the solution for a greater strength.
    tol : float
        The share of the possible decrease of the objective that may be left out.

    Returns
    -------
    correction : ndarray of shape (n_leaves, n_columns)
    """
    loss, correction = problem.loss, start
    raw = problem.raw_with(correction)
    before = loss.value(problem.raw)
    floor = np.finfo(float).eps * abs(before)
    for _ in range(_MOST_STEPS):
        objective = loss.value(raw) + strength / 2 * _square(correction)
        downhill = -problem.matrix.sums(loss.gradient(raw)) - strength * correction
        gain = before - objective
        if _square(downhill) / (2 * strength) <= tol * gain + floor:
            return correction
        step = _newton_step(problem, raw, strength, downhill, tol / 2, gain, floor)
        change, size = problem.times(step), 1.0
        slope = 1e-4 * float(np.vdot(downhill, step))
        while (
            loss.value(raw + size * change)
            + strength / 2 * _square(correction + size * step)
            > objective - size * slope
        ):
            size /= 2
            if size < _LEAST_STEP:  # Nothing but rounding is left to be gained.
                return correction
        correction, raw = correction + size * step, raw + size * change
    warnings.warn(
        f"The leaf values did not converge in {_MOST_STEPS} Newton steps for strength "
        f"{strength:g}. They are better than the present ones; a greater strength or "
        "tol converges faster.",
        ConvergenceWarning,
        stacklevel=2,
    )
    return correction


def _newton_step(problem, raw, strength, downhill, tol, gain, floor):
    """Solve Hessian @ step = downhill by conjugate gradients, from step = 0.

    The quadratic model is strongly convex too, so its own `missing` says when to stop:
    at the share `tol` of the whole gain, or, far from the minimum of a loss that is not
    quadratic, at the share `forcing` of this step's gain.
    """
    curvature = problem.loss.curvature(raw)
    step, residual = np.zeros_like(downhill), downhill
    direction, square, step_gain = residual, _square(residual), 0.0
    for _ in range(downhill.size):
        product = problem.matrix.sums(curvature(problem.times(direction)))
        product += strength * direction
        size = square / float(np.vdot(direction, product))
        step += size * direction
        residual = residual - size * product
        step_gain += size * square / 2
        last, square = square, _square(residual)
        enough = max(problem.loss.forcing * step_gain, tol * (gain + step_gain) + floor)
        if square / (2 * strength) <= enough:
            break
        direction = residual + square / last * direction
    return step


def _square(values):
    return float(np.vdot(values, values))
