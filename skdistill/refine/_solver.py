"""Newton's method with conjugate gradients, which stops by what is still to be gained.

The objective f(d) = loss(raw + A d) + (strength / 2) |d|^2 in the correction d of the
leaf values is strongly convex: its Hessian is at least strength times the identity. So
f(d) - min f <= |grad f(d)|^2 / (2 strength). With many rows this bound is far above the
truth. There f(d) - min f is estimated by what the last iterations gained, which
underestimates it by what the next ones will: little, as conjugate gradients converge
linearly. Unlike the bound, that needs no more iterations for more rows.

References: Nocedal and Wright, "Numerical Optimization", 2006, sections 5.1 (conjugate
gradients) and 7.1 (inexact Newton steps); Boyd and Vandenberghe, "Convex Optimization",
2004, equation 9.9 (the bound); Strakos and Tichy, "On error estimation in the conjugate
gradient method and why it works in finite precision computations", 2002, section 4 (the
estimate).
"""

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skdistill.refine._loss import Loss
from skdistill.refine._matrix import LeafMatrix, MergedLeaves

__all__ = ["Problem", "solve", "still_to_gain", "warn_unconverged"]

_MOST_STEPS = 100
_LEAST_STEP = 1e-8
# Up to what fraction of its gain a step is solved where the loss is not quadratic.
_FORCING = 0.1


@dataclass
class Problem:
    """Rows, what they are now predicted as, and what they should be.

    Attributes
    ----------
    loss : Loss
        The loss of the raw predictions.
    matrix : LeafMatrix or MergedLeaves
        Which leaves the rows fall into.
    raw : ndarray of shape (n_samples, n_outputs)
        The raw predictions with the present leaf values.
    """

    loss: Loss
    matrix: LeafMatrix | MergedLeaves
    raw: NDArray

    def raw_with(self, correction: NDArray) -> NDArray:
        """Return the raw predictions with corrected leaf values."""
        return self.raw + self.times(correction)

    def times(self, correction: NDArray) -> NDArray:
        """Return A @ correction."""
        return self.matrix.times(correction, self.raw.shape)

    @cached_property
    def rows_in_leaf(self) -> NDArray:
        """The weight of each leaf's rows, of the shape of a correction."""
        weight = np.broadcast_to(self.loss.weight, self.raw.shape)
        return self.matrix.sums(weight)


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
        Where to begin: 0, or the solution for a larger strength.
    tol : float
        The fraction of the possible decrease of the objective that may be left out.

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
            break
        step, promised = _newton_step(
            problem, raw, strength, downhill, tol, gain + floor
        )
        change = problem.times(step)
        size = _step_size(loss, strength, (raw, change), (correction, step), promised)
        correction, raw = correction + size * step, raw + size * change
        if loss.is_quadratic or size == 0 or promised <= tol * gain:
            break
    else:
        warn_unconverged(_MOST_STEPS, strength)
    return correction


def _step_size(
    loss: Loss,
    strength: float,
    raw_line: tuple[NDArray, NDArray],
    correction_line: tuple[NDArray, NDArray],
    promised: float,
) -> float:
    """Halve the Newton step until the objective decreases enough, by Armijo's rule.

    What conjugate gradients promise is half the slope along the step. 0 says that
    nothing but rounding is left to be gained.
    """

    def objective(size: float) -> float:
        (raw, change), (correction, step) = raw_line, correction_line
        return loss.value(raw + size * change) + strength / 2 * _square(
            correction + size * step
        )

    present, size = objective(0.0), 1.0
    while objective(size) > present - 1e-4 * size * promised:
        size /= 2
        if size < _LEAST_STEP:
            return 0.0
    return size


def _newton_step(
    problem: Problem,
    raw: NDArray,
    strength: float,
    downhill: NDArray,
    tol: float,
    gain: float,
) -> tuple[NDArray, float]:
    """Solve Hessian @ step = downhill by scaled conjugate gradients, from 0.

    Return the step and what it gains in the quadratic model. It is solved up to the
    fraction `tol` of the whole gain or, where the loss is not quadratic, so that the
    model holds near the present point alone, up to a fraction of this step's gain.
    """
    loss, matrix = problem.loss, problem.matrix
    curvature = loss.curvature(raw)
    # Scaling by the diagonal of the Hessian is right for the first iterations alone, no
    # scaling for the last ones: the root, between the two, needs the fewest.
    scale = np.sqrt(problem.rows_in_leaf + strength)
    step, residual, gains = np.zeros_like(downhill), downhill, [0.0]
    direction = residual / scale
    slope = float(np.vdot(residual, direction))
    for _ in range(downhill.size):
        product = matrix.sums(curvature(problem.times(direction)))
        product += strength * direction
        size = slope / float(np.vdot(direction, product))
        step += size * direction
        residual = residual - size * product
        gains.append(gains[-1] + size * slope / 2)
        enough = tol * (gain + gains[-1])
        if not loss.is_quadratic:
            enough = max(enough, _FORCING * gains[-1])
        if still_to_gain(gains, _square(residual) / (2 * strength)) <= enough:
            break
        scaled = residual / scale
        last, slope = slope, float(np.vdot(residual, scaled))
        direction = scaled + slope / last * direction
    return step, gains[-1]


def still_to_gain(gains: list[float], bound: float) -> float:
    """Estimate by how much an objective can still decrease.

    Parameters
    ----------
    gains : list of float
        The decrease after 0, 1, ... iterations.
    bound : float
        What it can still decrease at most.

    Returns
    -------
    float
        The bound or what the last fifth of the iterations gained, 10 at least.
    """
    window = max(10, len(gains) // 5)
    return min(bound, gains[-1] - gains[-1 - window] if len(gains) > window else bound)


def warn_unconverged(n_steps: int, strength: float) -> None:
    """Warn the caller of a solver that it ran out of steps."""
    warnings.warn(
        f"The leaf values did not converge in {n_steps} steps for strength "
        f"{strength:g}. They are better than the present ones; a larger strength or "
        "tol converges faster.",
        ConvergenceWarning,
        stacklevel=3,
    )


def _square(values: NDArray) -> float:
    return float(np.vdot(values, values))
