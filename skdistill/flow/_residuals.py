"""Targets for students whose loss is not least for the mean: quantiles, Huber's, ...

Let Y be the label of a sample x, t(x) the teacher's prediction and L the student's own
loss, such as the pinball loss. What a student f should minimise at an unlabeled sample
is E[L(Y, f(x)) | x]. The teacher's prediction in place of Y gives L(t(x), f(x)), least
at f(x) = t(x): the mean, whatever the quantile. But Y = t(x) + e with e = Y - t(x), so

    E[L(Y, f(x)) | x] = E[L(t(x) + e, f(x)) | x],

and a value t(x) + e' with e' drawn from the distribution of e at x is an unbiased
sample of it, whatever L is, and whatever t is: what a teacher of the mean, of a
quantile or of another unit lacks is in e. The distribution of e at x is taken from the
out-of-fold residuals of those training samples whose predictions are nearest: there the
spread depends on the level, as it does for counts and prices. Out-of-fold, as a teacher
is too close to the labels that it has seen.

For a training sample the same with its own residual is t + e = y, its label. So labels
stay as they are. Mixing values, (1 - alpha) * y + alpha * (t + e') with e' of another
sample, would scale the residuals' standard deviation by sqrt((1 - alpha)^2 + alpha^2),
which is 0.71 at alpha 0.5, and quantiles would come too close to the mean. Drawing
either y or t + e' by chance has the right distribution, and only adds the teacher's
error to y. So the teacher speaks through the transfer set alone, and alpha says whether
it does.

A teacher that says the distribution of Y at x, by its quantiles, is taken at its word
as far as it is right. In place of y - t(x) stands the level u that the label has in its
distribution, and in place of t(x) + e' the label of a level u' that was drawn. Where
the distributions are right, levels are uniform between 0 and 1 whatever x is (the
probability integral transform). Where they are too narrow or shifted, those of the
out-of-fold samples are not, and drawing from these puts it right, as conformal
prediction does.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from skdistill._numerics import window_starts
from skdistill.flow._data import Data
from skdistill.flow._plan import Plan
from skdistill.flow._transfer import Unlabeled
from skdistill.students import TrainingLoss, training_loss
from skdistill.teachers import TeacherPredictions

__all__ = ["Residuals", "best_constant", "in_students_loss", "with_residuals"]

# Of how many training samples residuals are drawn from. Fewer say little of quantiles
# near 0 and 1, and more are less alike.
_N_NEAREST = 100


class Residuals:
    """Out-of-fold residuals, by the teacher's prediction.

    Parameters
    ----------
    said : TeacherPredictions
        What the teacher says of the training samples, out-of-fold. Where that is
        distributions, a residual is the level of the label.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Their labels.
    weight : ndarray of shape (n_samples,) or None
        Sample weights: the chance of a residual to be drawn, up to a factor.
    """

    def __init__(
        self, said: TeacherPredictions, y: NDArray, weight: NDArray | None
    ) -> None:
        weight = np.ones(len(y)) if weight is None else weight
        residuals = y - said.predictions
        if said.quantiles is not None:
            residuals = said.quantiles.places(y)
        outputs = _columns(said.predictions), _columns(residuals)
        self._outputs = [_Output(*one, weight) for one in zip(*outputs, strict=True)]

    def draw(self, said: TeacherPredictions, seed: int | None) -> NDArray[np.float64]:
        """Return a label for each prediction: a residual of a similar sample added."""
        rng = np.random.default_rng(seed)
        drawn = [
            _label(said, t, output.residuals(t, rng.random((len(t), 1))))[:, 0]
            for output, t in zip(self._outputs, _columns(said.predictions), strict=True)
        ]
        return np.column_stack(drawn).reshape(said.predictions.shape)

    def best_prediction(
        self, said: TeacherPredictions, loss: TrainingLoss
    ) -> NDArray[np.float64]:
        """Return what has the least expected loss, in place of each prediction."""
        middle = (np.arange(_N_NEAREST) + 0.5) / _N_NEAREST
        found = []
        for output, t in zip(self._outputs, _columns(said.predictions), strict=True):
            near = output.residuals(t, np.tile(middle, (len(t), 1)))
            labels = _label(said, t, np.sort(near, axis=1))
            found.append(loss.best_constant(labels, np.ones_like(labels)))
        return np.column_stack(found).reshape(said.predictions.shape)

    def best_constant(self, loss: TrainingLoss) -> NDArray[np.float64]:
        """Return the residual of least loss of all, for each output."""
        return np.array([output.best_constant(loss) for output in self._outputs])


class _Output:
    """The residuals of one output on the line of cumulated weights."""

    def __init__(
        self, predictions: NDArray, residuals: NDArray, weight: NDArray
    ) -> None:
        order = np.argsort(predictions, kind="stable")
        order = order[weight[order] > 0]
        self._predictions = predictions[order]
        self._residuals = residuals[order]
        self._ends = np.append(0.0, np.cumsum(weight[order]))

    def best_constant(self, loss: TrainingLoss) -> float:
        """Return what has the least loss over all residuals."""
        order = np.argsort(self._residuals)
        weight = np.diff(self._ends)[order]
        return float(loss.best_constant(self._residuals[order][None], weight[None])[0])

    def residuals(self, predictions: NDArray, at: NDArray) -> NDArray[np.float64]:
        """Return residuals of the samples nearest in order; `at` is from 0 to 1.

        The window around a prediction holds the weight of `_N_NEAREST` samples, half
        on each side, or less on one side and more on the other at the ends.
        """
        n_samples = len(self._residuals)
        width = self._ends[-1] * min(1.0, _N_NEAREST / n_samples)
        first = window_starts(self._predictions, self._ends, predictions, width)
        place = np.searchsorted(
            self._ends[1:], first[:, None] + at * width, side="right"
        )
        return self._residuals[np.minimum(place, n_samples - 1)]


def _columns(values: NDArray) -> NDArray:
    """Return the outputs, one in each row."""
    return values.reshape(len(values), -1).T


def _label(
    said: TeacherPredictions, t: NDArray, residuals: NDArray
) -> NDArray[np.float64]:
    """Return the labels that have some residuals, of shape (n_samples, n_residuals)."""
    if said.quantiles is None:
        return t[:, None] + residuals
    return said.quantiles.at(residuals)


def best_constant(data: Data, loss: TrainingLoss) -> NDArray[np.float64]:
    """Return the constant of least loss for the labels, for each output."""
    if loss.is_mean:
        return data.mean
    nothing = TeacherPredictions(np.zeros_like(data.y))
    return Residuals(nothing, data.y, data.weight).best_constant(loss)


def in_students_loss(
    plan: Plan, data: Data, known: TeacherPredictions, other: TeacherPredictions
) -> NDArray:
    """Return the teacher's predictions for other samples as the student's loss wants.

    Parameters
    ----------
    plan : Plan
        Its student tells the loss.
    data : Data
        The training data.
    known : TeacherPredictions
        What the teacher says of it, out-of-fold.
    other : TeacherPredictions
        What it says of the other samples.

    Returns
    -------
    predictions : ndarray
        The same unless the loss is not least for the mean: then what has the least
        expected loss by the residuals.
    """
    if not plan.learns_distribution(data):
        return other.predictions
    residuals = Residuals(known, data.y, data.weight)
    return residuals.best_prediction(other, training_loss(plan.student))


def with_residuals(
    plan: Plan, data: Data, known: TeacherPredictions, unlabeled: Unlabeled | None
) -> tuple[Plan, Unlabeled | None]:
    """Return the plan and the transfer set as the student's own loss needs them.

    Parameters
    ----------
    plan : Plan
        Its student tells the loss.
    data : Data
        The training data.
    known : TeacherPredictions
        What the teacher says of it, out-of-fold.
    unlabeled : Unlabeled or None
        The transfer set, with what the teacher says.

    Returns
    -------
    plan : Plan
        With alpha 0, so that training samples keep their labels, unless the loss is
        least for the mean.
    unlabeled : Unlabeled or None
        With drawn labels in place of predictions then.
    """
    if not plan.learns_distribution(data):
        return plan, unlabeled
    if unlabeled is not None:
        residuals = Residuals(known, data.y, data.weight)
        drawn = residuals.draw(unlabeled.said, plan.seeds.transfer)
        unlabeled = replace(unlabeled, predictions=drawn, quantiles=None)
    return replace(plan, alpha=0.0), unlabeled
