"""What the teacher says: predictions, and the steps that change them."""

from dataclasses import dataclass, replace
from typing import Protocol, Self

from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score

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
        The fitted steps that have changed the predictions, in order.
    """

    predictions: NDArray
    is_out_of_fold: bool
    is_classifier: bool
    score: float | None
    steps: tuple[SignalStep, ...] = ()

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

    def then(
        self, step: SignalStep, y: NDArray, sample_weight: NDArray | None
    ) -> "Signal":
        """Return the signal as a step changes it, fitted on the training samples."""
        fitted = clone(step, safe=False).fit(self.predictions, y, sample_weight)
        changed = Signal.of(
            fitted.transform(self.predictions),
            y,
            sample_weight,
            is_out_of_fold=self.is_out_of_fold,
            is_classifier=self.is_classifier,
        )
        return replace(changed, steps=(*self.steps, fitted))

    def transform(self, predictions: NDArray) -> NDArray:
        """Take the predictions for other samples through all steps."""
        for step in self.steps:
            predictions = step.transform(predictions)
        return predictions


def _score(
    y: NDArray, predictions: NDArray, weight: NDArray | None, is_classifier: bool
) -> float:
    if is_classifier:
        labels = predictions.argmax(axis=1)
        return float(accuracy_score(y, labels, sample_weight=weight))
    if len(y) < 2:  # R2 needs two samples.
        return float("nan")
    return float(r2_score(y, predictions, sample_weight=weight))
