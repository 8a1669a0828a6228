"""What the teacher says: predictions, and the steps that change them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score

from skdistill.teachers._predictions import check_predictions
from skdistill.teachers._quantiles import Quantiles, TeacherPredictions, have_spread

__all__ = ["Signal", "SignalStep"]


class SignalStep(Protocol):
    """Changes what a teacher says, learned from its out-of-fold predictions.

    A step is given values, or logits of shape (n_samples, n_classes). What it learns on
    the training samples it applies to any other sample alike.

    Examples
    --------
    >>> import numpy as np
    >>> class Shift:
    ...     def fit(self, predictions, y, sample_weight=None):
    ...         self.shift_ = np.average(y - predictions, axis=0, weights=sample_weight)
    ...         return self
    ...
    ...     def transform(self, predictions):
    ...         return predictions + self.shift_
    >>> Shift().fit(np.array([0.0, 1.0]), np.array([2.0, 3.0])).transform(np.zeros(2))
    array([2., 2.])
    """

    def fit(
        self, predictions: NDArray, y: NDArray, sample_weight: NDArray | None
    ) -> Self:
        """Learn from the predictions for the training samples and their labels.

        The labels are values, or positions in the classes.
        """

    def transform(self, predictions: NDArray) -> NDArray:
        """Return changed predictions, of the same shape."""


@dataclass(frozen=True)
class Signal:
    """The teacher's predictions for the training samples, and for any other.

    Make one by `of`.

    Attributes
    ----------
    predictions : ndarray
        For the training samples: values, or logits of shape (n_samples, n_classes).
    is_out_of_fold : bool
        Whether none of them comes from a teacher that saw the sample's label.
    is_classifier : bool
        Whether the predictions are logits.
    score : float or None
        R2, or accuracy, of the predictions for the training samples; None if they are
        not out-of-fold, and so say nothing of new samples.
    steps : tuple of SignalStep
        The fitted steps that have changed the predictions, in order. Where several
        teachers are combined, what combines them comes first.
    parts : tuple of Signal
        The signals of several teachers, before they were combined; else empty.
    quantiles : Quantiles or None
        The distributions of the training samples' labels, changed by the steps too,
        where the teacher says them and the student learns them. Several teachers say
        them around the combined predictions.
    keeps_spread : bool
        Whether the steps move the quantiles as they move the prediction. So they do
        where they would leave no spread, as where the mean is not worth its slope.
    """

    predictions: NDArray
    is_out_of_fold: bool
    is_classifier: bool
    score: float | None
    steps: tuple[SignalStep, ...] = ()
    parts: tuple["Signal", ...] = ()
    quantiles: Quantiles | None = None
    keeps_spread: bool = False

    @classmethod
    def of(
        cls,
        predictions: NDArray,
        y: NDArray,
        sample_weight: NDArray | None,
        *,
        is_out_of_fold: bool,
        is_classifier: bool,
    ) -> Self:
        """Return the signal of predictions that no step has changed.

        Parameters
        ----------
        predictions : ndarray
            Values, or logits of shape (n_samples, n_classes).
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The labels: values, or positions in the classes.
        sample_weight : ndarray of shape (n_samples,) or None
            Sample weights, for the score.
        is_out_of_fold, is_classifier : bool
            See above.

        Returns
        -------
        Signal
        """
        score = None
        if is_out_of_fold:
            score = _score(y, predictions, sample_weight, is_classifier)
        return cls(predictions, is_out_of_fold, is_classifier, score)

    @classmethod
    def combined(
        cls,
        parts: Sequence["Signal"],
        combination: SignalStep,
        y: NDArray,
        sample_weight: NDArray | None,
    ) -> "Signal":
        """Return the signal of several teachers.

        Parameters
        ----------
        parts : sequence of Signal
            That of each teacher.
        combination : SignalStep
            Makes one prediction of theirs, stacked along the second axis.
        y, sample_weight
            As for `of`.

        Returns
        -------
        Signal
        """
        stacked = np.stack([part.predictions for part in parts], axis=1)
        signal = cls(
            stacked,
            is_out_of_fold=all(part.is_out_of_fold for part in parts),
            is_classifier=parts[0].is_classifier,
            score=None,
            parts=tuple(parts),
        )
        done = signal.then(combination, y, sample_weight)
        levels = next((one.quantiles.levels for one in parts if one.quantiles), None)
        if levels is None:
            return done
        values = _around(done.predictions, [one.said for one in parts], levels)
        return replace(done, quantiles=Quantiles.of(levels, values))

    def then(
        self, step: SignalStep, y: NDArray, sample_weight: NDArray | None
    ) -> "Signal":
        """Return the signal as a step changes it, fitted on the training samples."""
        fitted = clone(step, safe=False).fit(self.predictions, y, sample_weight)
        predictions, score = fitted.transform(self.predictions), None
        expected = self if self.steps or not self.parts else self.parts[0]
        _check_changed(predictions, expected.predictions, step)
        if self.is_out_of_fold:
            score = _score(y, predictions, sample_weight, self.is_classifier)
        return replace(
            self, predictions=predictions, score=score, steps=(*self.steps, fitted)
        )

    def transform(self, predictions: Any) -> NDArray:
        """Take the predictions for other samples through all steps.

        Those of several teachers are a sequence, one for each.
        """
        changed = predictions
        if self.parts:
            changed = np.stack(self.transform_each(predictions), axis=1)
        for step in self.steps:
            changed = step.transform(changed)
        return changed

    def with_quantiles(
        self, levels: ArrayLike, predictions: NDArray, values: NDArray
    ) -> "Signal":
        """Return the signal of a teacher that says distributions.

        Parameters
        ----------
        levels : array-like of shape (n_levels,)
            The levels of the quantiles.
        predictions : ndarray of shape (n_samples,)
            The predictions out-of-fold, that no step has changed.
        values : ndarray of shape (n_samples, n_levels)
            The quantiles, like these.

        Returns
        -------
        Signal
        """
        largest = float(np.abs(values).max())
        changed = self._by_column(values)
        keeps_spread = not have_spread(changed, largest)
        if keeps_spread:
            changed = _moved(values, predictions, self.predictions)
        quantiles = Quantiles.of(np.asarray(levels), changed)
        return replace(self, keeps_spread=keeps_spread, quantiles=quantiles)

    @property
    def said(self) -> TeacherPredictions:
        """What the teacher says of the training samples."""
        return TeacherPredictions(self.predictions, self.quantiles)

    def part(self, rows: NDArray) -> "Signal":
        """Return the signal of some training samples; score and steps stay."""
        quantiles = None if self.quantiles is None else self.quantiles.take(rows)
        return replace(
            self,
            predictions=self.predictions[rows],
            parts=tuple(one.part(rows) for one in self.parts),
            quantiles=quantiles,
        )

    def transform_said(self, predictions: Any, values: Any) -> TeacherPredictions:
        """Take what is said of other samples through all steps.

        Parameters
        ----------
        predictions : ndarray, or sequence of ndarray
            As for `transform`.
        values : ndarray, None, or sequence of these
            The quantiles, in the same order; None where there are none.

        Returns
        -------
        TeacherPredictions
        """
        changed = self.transform(predictions)
        if self.quantiles is None:
            return TeacherPredictions(changed)
        if self.parts:
            each = zip(self.parts, predictions, values, strict=True)
            said = [part.transform_said(one, told) for part, one, told in each]
            found = _around(changed, said, self.quantiles.levels)
        elif self.keeps_spread:
            found = _moved(values, predictions, changed)
        else:
            found = self._by_column(values)
        return TeacherPredictions(changed, self.quantiles.like(found))

    def _by_column(self, values: NDArray) -> NDArray[np.float64]:
        return np.column_stack([self.transform(column) for column in values.T])

    def transform_each(self, predictions: Sequence[NDArray]) -> list[NDArray]:
        """Take the predictions of several teachers through the steps of each."""
        return [
            part.transform(one)
            for part, one in zip(self.parts, predictions, strict=True)
        ]


def _check_changed(predictions: NDArray, expected: NDArray, step: Any) -> None:
    """Raise if a step returns others than predictions for the same samples."""
    if np.shape(predictions) != expected.shape:
        raise ValueError(
            f"A step must return predictions of shape {expected.shape}. Got shape "
            f"{np.shape(predictions)} from {step!r}. Mend its transform."
        )
    check_predictions(predictions, f"X, as {type(step).__name__} changed it")


def _moved(
    values: NDArray, predictions: NDArray, changed: NDArray
) -> NDArray[np.float64]:
    """Return quantiles with the spread that they have, beside changed predictions."""
    return values + (changed - predictions)[:, None]


def _around(
    predictions: NDArray, said: Sequence[TeacherPredictions], levels: NDArray
) -> NDArray[np.float64]:
    """Return quantiles around combined predictions.

    What each teacher of distributions says of the deviations from its own prediction is
    averaged, level by level.
    """
    at = np.broadcast_to(levels, (len(predictions), len(levels)))
    deviations = [
        one.quantiles.at(at) - one.predictions[:, None]
        for one in said
        if one.quantiles is not None
    ]
    return predictions[:, None] + np.mean(deviations, axis=0)


def _score(
    y: NDArray, predictions: NDArray, weight: NDArray | None, is_classifier: bool
) -> float | None:
    if is_classifier:
        labels = predictions.argmax(axis=1)
        return float(accuracy_score(y, labels, sample_weight=weight))
    if len(y) < 2:  # R2 needs two samples.
        return None
    return float(r2_score(y, predictions, sample_weight=weight))
