"""Student and teacher of a fitted distilled model, as a cascade asks them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skdistill._numerics import log_probability, temper
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes
from skdistill.inspect import Parts, open_parts

__all__ = ["Pair", "ask_student"]


def ask_student(model: Estimator, X: Table) -> NDArray:
    """Return the values that a fitted model predicts, or probabilities of classes."""
    method = model.predict_proba if is_classifier(model) else model.predict
    return np.array(method(X), dtype=float)


@dataclass(frozen=True)
class Pair:
    """Student and teacher of a fitted distilled model; make one by `of`.

    Attributes
    ----------
    parts : Parts
        The model and its teacher.
    calibration : SignalStep or None
        What calibrated the teacher; None where several are combined, whose combination
        holds it.
    """

    parts: Parts
    calibration: Any

    @classmethod
    def of(cls, model: Estimator) -> Self:
        """Open a fitted distilled model, or a search over one.

        Raises
        ------
        ValueError
            If the teacher cannot predict for new samples.
        """
        parts = open_parts(model)
        if parts.model.n_privileged_:
            raise ValueError(
                "The teacher of a cascade must see what the student sees, as it also "
                f"predicts. Got one that saw {parts.model.n_privileged_} "
                "privileged columns besides. Fit it without X_privileged."
            )
        calibration = parts.model.calibration_
        return cls(parts, None if isinstance(calibration, dict) else calibration)

    def student(self, X: Table) -> NDArray:
        """Return the student's values, or its probabilities of the classes."""
        return ask_student(self.parts.model, X)

    def teacher(self, X: Table) -> NDArray:
        """Return the calibrated teacher's values, or probabilities of the classes."""
        if self.parts.classes is None:
            values = self.parts.teacher.predict(X)
            return values if self.calibration is None else self._calibrated(values)
        probability = self.parts.teacher.predict_proba(X)
        if self.calibration is None:
            return probability
        return temper(self._calibrated(log_probability(probability)), 1.0)

    def align(self, predictions: NDArray, classes: NDArray | None) -> NDArray:
        """Return probabilities with columns for these classes; values as they are."""
        if classes is None or self.parts.classes is None:
            return predictions
        logits = log_probability(predictions)
        return temper(align_classes(logits, self.parts.classes, classes), 1.0)

    def _calibrated(self, predictions: NDArray) -> NDArray:
        return self.calibration.transform(predictions)
