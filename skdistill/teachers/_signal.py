"""What the teacher says: predictions, and the steps that change them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score

from skdistill.teachers._predictions import check_predictions

__all__ = ["Signal", "SignalStep"]


class SignalStep(Protocol):
    """Changes what a teacher says, learned from its out-of-fold predictions.

    A step is given values, or logits of shape (n_samples, n_classes). What it learns on
    the training samples it applies to any other sample alike.
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
    """

    predictions: NDArray
    is_out_of_fold: bool
    is_classifier: bool
    score: float | None
    steps: tuple[SignalStep, ...] = ()
    parts: tuple["Signal", ...] = ()

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
        return signal.then(combination, y, sample_weight)

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


def _score(
    y: NDArray, predictions: NDArray, weight: NDArray | None, is_classifier: bool
) -> float | None:
    if is_classifier:
        labels = predictions.argmax(axis=1)
        return float(accuracy_score(y, labels, sample_weight=weight))
    if len(y) < 2:  # R2 needs two samples.
        return None
    return float(r2_score(y, predictions, sample_weight=weight))
