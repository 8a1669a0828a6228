"""The values that a column of numbers may hold: its range, and a grid if it has one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grid", "find_grid"]

# A column is a list of levels if it has at most so many, each in so many rows.
MAX_LEVELS = 256
MIN_ROWS_A_LEVEL = 10
MAX_DECIMALS = 6
# Integers up to here are floats without loss.
MAX_EXACT = 2.0**53


@dataclass(frozen=True)
class Grid:
    """A range, and the levels or the step inside it.

    Parameters
    ----------
    low, high : float
        The smallest and the largest value seen.
    levels : ndarray of shape (n_levels,) or None
        All values there are, ascending, where they are few and each is seen often.
    decimals : int or None
        Decimal places of all values seen; None where they have more than a few.
    step : int
        Distance of neighbouring values, in units of the last decimal place.
    """

    low: float
    high: float
    levels: NDArray[np.float64] | None = None
    decimals: int | None = None
    step: int = 1

    def round(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move `values` to the nearest ones on the grid; NaN stays NaN."""
        values = np.clip(values, self.low, self.high)
        if self.levels is not None:
            middles = self.levels[:-1] + np.diff(self.levels) / 2
            nearest = self.levels[np.searchsorted(middles, values)]
            return np.where(np.isnan(values), np.nan, nearest)
        if self.decimals is not None:
            # Integers over a power of ten: the very floats that decimals are.
            unit = 10.0**self.decimals
            start = np.rint(self.low * unit)
            steps = np.rint((values * unit - start) / self.step)
            values = (start + self.step * steps) / unit
        return values + 0.0  # -0.0 becomes 0.0


def find_grid(numbers: NDArray[np.float64], dtype: np.dtype) -> Grid | None:
    """Return the grid of a column, or None if new values cannot be made for it.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows,)
        The column, NaN where missing.
    dtype : dtype
        What the column holds: decimals are recognised in its precision.

    Returns
    -------
    grid : Grid or None
        None for a column without a number, and for integers beyond 2**53, which are
        names rather than numbers.
    """
    seen = np.unique(numbers[~np.isnan(numbers)])
    if seen.size == 0 or (dtype.kind in "iu" and np.abs(seen).max() > MAX_EXACT):
        return None
    low, high = float(seen[0]), float(seen[-1])
    if seen.size <= min(MAX_LEVELS, numbers.size / MIN_ROWS_A_LEVEL):
        return Grid(low, high, levels=seen + 0.0)
    for decimals in range(MAX_DECIMALS + 1):
        if _has_decimals(seen[:1000], decimals, dtype) and _has_decimals(
            seen, decimals, dtype
        ):
            return Grid(low, high, decimals=decimals, step=_step(seen, decimals))
    return Grid(low, high)


def _has_decimals(seen: NDArray[np.float64], decimals: int, dtype: np.dtype) -> bool:
    unit = 10.0**decimals
    if max(-seen[0], seen[-1]) * unit > MAX_EXACT:
        return False
    rounded = (np.rint(seen * unit) / unit).astype(dtype)
    return bool((rounded == seen.astype(dtype)).all())


def _step(seen: NDArray[np.float64], decimals: int) -> int:
    """Return the greatest common divisor of the distances, in the last decimals.

    The distances of k numbers have a divisor by chance about every 2 ** (k - 1) times,
    so few numbers say nothing.
    """
    if seen.size < 10:
        return 1
    units = np.rint(seen * 10.0**decimals).astype(np.int64)
    return int(np.gcd.reduce(np.diff(units)))
