"""Projected gradients: leaf values that must stay probabilities.

The means of unbounded leaf values may leave [0, 1], and no forest brings them back. So
the objective f is minimised over the corrections d that leave a probability
distribution in every leaf. f is strongly convex with constant `strength`: for every y,
f(y) >= f(d) + g (y - d) + (strength / 2) |y - d|^2 with the gradient g at d. Minimised
over the valid y, at y = project(d - g / strength), the right side bounds min f from
below, which says how much can still be gained at most.

Reference: Birgin, Martinez and Raydan, "Nonmonotone spectral projected gradient methods
on convex sets", 2000, algorithm 2.2; the line search is exact here, as f is quadratic.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from skdistill.refine._solver import Problem, still_to_gain, warn_unconverged

__all__ = ["solve_within"]

_MOST_STEPS = 1000
_TRACE = 1e-3


def solve_within(
    problem: Problem,
    strength: float,
    start: NDArray,
    tol: float,
    project: Callable[[NDArray], NDArray],
) -> NDArray[np.float64]:
    """Minimise loss(raw + A d) + (strength / 2) |d|^2 over the valid d.

    Parameters
    ----------
    problem : Problem
        The rows, with squared loss.
    strength : float
        Above 0.
    start : ndarray of shape (n_leaves, n_columns)
        Where to begin, a valid correction.
    tol : float
        The fraction of the possible decrease of the objective that may be left out.
    project : callable
        Moves a correction to the nearest valid one.

    Returns
    -------
    correction : ndarray of shape (n_leaves, n_columns)
    """
    loss, matrix, correction = problem.loss, problem.matrix, start
    raw = problem.raw_with(correction)
    curvature = loss.curvature(raw)
    before = loss.value(problem.raw)
    # Where hardly anything can be gained, as with few leaves, a trace of the loss is
    # left out.
    floor, size = max(np.finfo(float).eps, _TRACE * tol) * before, 1 / strength
    gains: list[float] = []
    for _ in range(_MOST_STEPS):
        objective = loss.value(raw) + strength / 2 * np.vdot(correction, correction)
        gains.append(before - objective)
        gradient = matrix.sums(loss.gradient(raw)) + strength * correction
        away = project(correction - gradient / strength) - correction
        bound = -np.vdot(gradient, away) - strength / 2 * np.vdot(away, away)
        if still_to_gain(gains, bound) <= tol * gains[-1] + floor:
            return correction
        step = project(correction - size * gradient) - correction
        change = problem.times(step)
        square = np.vdot(step, step)
        if square == 0:  # Nothing but rounding is left to be gained.
            return correction
        bend = np.vdot(change, curvature(change)) + strength * square
        length = min(1.0, -np.vdot(gradient, step) / bend)
        correction, raw = correction + length * step, raw + length * change
        size = square / bend
    warn_unconverged(_MOST_STEPS, strength)
    return correction
