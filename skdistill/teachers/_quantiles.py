"""What a teacher says of the distribution of a label: quantiles at several levels."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Quantiles", "TeacherPredictions", "have_spread", "weights_of_levels"]

# The least spread that counts, as a fraction of the mean one.
_LEAST_SPREAD = 0.01
# A mean spread that is no more, as a fraction of the largest number, is of rounding.
_ROUNDING = 1e-12


def weights_of_levels(levels: NDArray) -> NDArray[np.float64]:
    """Return how much of a distribution each level stands for.

    A level stands for all that are nearer to it than to the others, so that the
    weighted sum of the quantiles is about the mean.

    Examples
    --------
    >>> weights_of_levels(np.array([0.25, 0.5, 0.75]))
    array([0.375, 0.25 , 0.375])
    """
    between = (levels[1:] + levels[:-1]) / 2
    return np.diff(np.concatenate([[0.0], between, [1.0]]))


def have_spread(values: NDArray, largest: float) -> bool:
    """Return whether quantiles differ by more than rounding.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_levels)
        The quantiles.
    largest : float
        The largest number that they were computed from.
    """
    return bool(np.ptp(values, axis=1).mean() > _ROUNDING * largest)


@dataclass(frozen=True)
class Quantiles:
    """The distributions of some labels, by their quantiles.

    Between two levels the quantile function is a line. Outside of them it goes on with
    the mean slope between the lowest and the highest level, and so on for "levels"
    below 0 and above 1: whatever its label, a sample has a place in its distribution,
    and each place is that of one label.

    Attributes
    ----------
    levels : ndarray of shape (n_levels,)
        Rising, between 0 and 1.
    values : ndarray of shape (n_samples, n_levels)
        The quantiles of each sample, not falling in a row.
    least_spread : float
        The least slope outside of the levels, in the unit of the labels.

    References
    ----------
    Chernozhukov, Fernandez-Val and Galichon, "Quantile and Probability Curves Without
    Crossing", Econometrica 2010: quantiles that cross are sorted.

    Examples
    --------
    >>> known = Quantiles.of(np.array([0.25, 0.75]), np.array([[10.0, 20.0]] * 3))
    >>> known.places(np.array([10.0, 15.0, 30.0]))
    array([0.25, 0.5 , 1.25])
    >>> known.at(np.array([0.25, 0.5, 1.25]))
    array([10., 15., 30.])
    """

    levels: NDArray[np.float64]
    values: NDArray[np.float64]
    least_spread: float

    @classmethod
    def of(cls, levels: NDArray, values: NDArray) -> Self:
        """Return the distributions with these quantiles, in any order in a row.

        If they have no spread, a place is the distance from them, as a residual is.
        """
        ordered = np.sort(values, axis=1)
        if not have_spread(ordered, float(np.abs(ordered).max())):
            return cls(levels, ordered, 1.0)
        mean = np.mean(ordered[:, -1] - ordered[:, 0]) / (levels[-1] - levels[0])
        return cls(levels, ordered, float(_LEAST_SPREAD * mean))

    def like(self, values: NDArray) -> Self:
        """Return those of other samples, at the same levels."""
        return replace(self, values=np.sort(values, axis=1))

    def take(self, rows: Any) -> Self:
        """Return those of some samples."""
        return replace(self, values=self.values[rows])

    def places(self, y: NDArray) -> NDArray[np.float64]:
        """Return the level of each sample's label in its own distribution.

        A label that is the quantile of several levels has the middle one.

        Parameters
        ----------
        y : ndarray of shape (n_samples,)
            The labels.

        Returns
        -------
        places : ndarray of shape (n_samples,)
        """
        sides = (self.values < y[:, None], self.values <= y[:, None])
        found = [self._segment(side.sum(axis=1)) for side in sides]
        return np.mean(
            [level + (y - value) / slope for level, value, slope in found], axis=0
        )

    def at(self, places: NDArray) -> NDArray[np.float64]:
        """Return the label at a place, or at several, in each sample's distribution.

        Parameters
        ----------
        places : ndarray of shape (n_samples,) or (n_samples, n_places)
            Levels; below 0 and above 1 too.

        Returns
        -------
        labels : ndarray of the same shape
        """
        segments = np.searchsorted(self.levels, places)
        level, value, slope = self._segment(segments)
        return value + slope * (places - level)

    def _segment(self, numbers: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Return the level and the value where a line begins, and its slope.

        Line 0 lies below the lowest level, and ends there; the others begin at a level.
        """
        by_row = numbers.reshape(len(numbers), -1)
        first = np.maximum(by_row - 1, 0)
        found = (
            self.levels[first],
            np.take_along_axis(self.values, first, axis=1),
            np.take_along_axis(self._slopes(), by_row, axis=1),
        )
        level, value, slope = (part.reshape(numbers.shape) for part in found)
        return level, value, slope

    def _slopes(self) -> NDArray[np.float64]:
        """Return the slopes of all lines, of shape (n_samples, n_levels + 1)."""
        inner = np.diff(self.values) / np.diff(self.levels)
        spread = self.values[:, -1:] - self.values[:, :1]
        outer = spread / (self.levels[-1] - self.levels[0])
        outer = np.maximum(outer, self.least_spread)
        return np.concatenate([outer, inner, outer], axis=1)


@dataclass(frozen=True)
class TeacherPredictions:
    """What a teacher predicts for some samples.

    Attributes
    ----------
    predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Values.
    quantiles : Quantiles or None
        Their distributions, where the teacher says them; of one output.
    """

    predictions: NDArray
    quantiles: Quantiles | None = None

    def take(self, rows: Any) -> "TeacherPredictions":
        """Return what it says of some of them."""
        taken = None if self.quantiles is None else self.quantiles.take(rows)
        return TeacherPredictions(self.predictions[rows], taken)
