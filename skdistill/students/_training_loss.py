"""What a regressor's loss makes of a conditional distribution: its mean, a quantile...

A teacher says the mean. A student of another loss cannot learn from that alone, and is
not scored by R2 either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import make_scorer, mean_absolute_error, mean_pinball_loss

from skdistill._typing import Scorer

__all__ = ["LossKind", "LossWord", "TrainingLoss", "expectile_loss"]

LossKind: TypeAlias = Literal[
    "mean", "quantile", "expectile", "robust", "other", "several"
]

# The least relative step at which an expectile is found.
_TOLERANCE, _MOST_STEPS = 1e-9, 100


@dataclass(frozen=True)
class TrainingLoss:
    """The loss that a regressor is trained by.

    Attributes
    ----------
    kind : str
        - "mean": least for the mean, as the squared and the Poisson loss are.
        - "quantile": the pinball loss, least for the quantile at `level`; absolute
          error is that at 0.5.
        - "expectile": the squared loss with weights `level` above and 1 - `level` below
          the prediction.
        - "robust": between absolute error and squared loss, such as Huber's.
        - "other": none of these, or unknown.
        - "several": of several levels at once, or of ranks or survival times: the
          prediction is no value of the target.
    level : float or None, default=None
        The level of a quantile or an expectile, between 0 and 1.
    name : str, default=""
        The parameter that says so, for errors.
    """

    kind: LossKind = "mean"
    level: float | None = None
    name: str = ""

    @property
    def is_mean(self) -> bool:
        """Whether it is least for the mean."""
        return self.kind == "mean"

    def scorer(self) -> Scorer | None:
        """Return a scorer of the loss itself; None where it is unknown, or R2 serves.

        Robust losses are scored by absolute error, which they are in the tails.
        """
        if self.kind == "quantile":
            return make_scorer(
                mean_pinball_loss, alpha=self.level, greater_is_better=False
            )
        if self.kind == "expectile":
            return make_scorer(
                expectile_loss, level=self.level, greater_is_better=False
            )
        if self.kind == "robust":
            return make_scorer(mean_absolute_error, greater_is_better=False)
        return None

    def of_samples(self, y: NDArray, predicted: NDArray) -> NDArray[np.float64]:
        """Return the loss of each value; of robust and unknown ones the absolute error.

        Parameters
        ----------
        y : ndarray
            Values.
        predicted : ndarray of the same shape
            What is predicted for them.

        Returns
        -------
        losses : ndarray of that shape
        """
        missing = np.asarray(y) - np.asarray(predicted)
        if self.kind == "mean":
            return missing**2
        level = 0.5 if self.level is None else self.level
        weight = np.where(missing < 0, 1 - level, level)
        return weight * (missing**2 if self.kind == "expectile" else np.abs(missing))

    def best_constant(self, values: NDArray, weight: NDArray) -> NDArray[np.float64]:
        """Return what has the least loss for each row of values.

        Of robust and unknown losses it is the median.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_values)
            Sorted in each row.
        weight : ndarray of shape (n_rows, n_values)
            Not negative; a part of each row is above 0.

        Returns
        -------
        constant : ndarray of shape (n_rows,)
        """
        if self.kind == "mean":
            return np.average(values, axis=1, weights=weight)
        if self.kind == "expectile" and self.level is not None:
            return _expectile(values, weight, self.level)
        level = 0.5 if self.level is None else self.level
        reached = np.cumsum(weight, axis=1) >= level * weight.sum(axis=1, keepdims=True)
        first = reached.argmax(axis=1)
        return values[np.arange(len(values)), first]


class LossWord(NamedTuple):
    """What a library's name of a loss stands for.

    Attributes
    ----------
    kind : str
        As of `TrainingLoss`.
    level : float or None, default=None
        The level, unless a parameter says another.
    params : tuple of str, default=()
        The parameters that may hold the level; the first that is there counts.

    Examples
    --------
    >>> from skdistill.students import LossWord
    >>> LossWord("quantile", 0.5, ("alpha",)).of({"alpha": 0.9}, "objective").level
    0.9
    """

    kind: LossKind
    level: float | None = None
    params: tuple[str, ...] = ()

    def of(self, params: Mapping[str, Any], name: str) -> TrainingLoss:
        """Return the loss of an estimator with these parameters."""
        given = (params[key] for key in self.params if params.get(key) is not None)
        level = next(given, self.level)
        if isinstance(level, Sequence | np.ndarray) and not isinstance(level, str):
            if len(level) != 1:
                shown = ", ".join(f"{one:g}" for one in level)
                return TrainingLoss("several", None, f"{name} at the levels {shown}")
            level = level[0]
        level = None if level is None else float(level)
        return TrainingLoss(self.kind, level, name)


def _expectile(values: NDArray, weight: NDArray, level: float) -> NDArray[np.float64]:
    """Solve sum_i w_i |level - 1(v_i < c)| (v_i - c) = 0 for c in each row.

    c is the mean under the weights that it has itself. Reweighting from the mean is
    Newton's method for the convex loss, whose derivative is piecewise linear.
    """
    found = np.average(values, axis=1, weights=weight)
    for _ in range(_MOST_STEPS):
        below = values < found[:, None]
        factor = weight * np.where(below, 1 - level, level)
        before, found = found, np.average(values, axis=1, weights=factor)
        if np.all(np.abs(found - before) <= _TOLERANCE * np.ptp(values, axis=1)):
            break
    return found


def expectile_loss(
    y_true: NDArray,
    y_pred: NDArray,
    *,
    level: float,
    sample_weight: NDArray | None = None,
) -> float:
    """Return the mean asymmetric squared loss, least for the expectile at `level`.

    Newey and Powell, "Asymmetric least squares estimation and testing", 1987, equation
    2.4: ``|level - 1(y < f)| * (y - f)**2``.
    """
    losses = TrainingLoss("expectile", level).of_samples(y_true, y_pred)
    return float(np.average(losses, axis=0, weights=sample_weight).mean())
