"""Student and teacher of a fitted distilled model, as a cascade asks them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skdistill._numerics import log_probability, temper
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes
from skdistill.inspect import Parts, open_parts

__all__ = ["Pair"]


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
        model = self.parts.model
        if self.parts.classes is None:
            return np.array(model.predict(X), dtype=float)
        return np.array(model.predict_proba(X), dtype=float)

    def teacher(self, X: Table) -> NDArray:
        """Return the calibrated teacher's values, or probabilities of the classes."""
        if self.parts.classes is None:
            values = self.parts.teacher.predict(X)
            return values if self.calibration is None else self._calibrated(values)
        probability = self.parts.teacher.predict_proba(X)
        if self.calibration is None:
            return probability
        return temper(self._calibrated(log_probability(probability)), 1.0)

    def both(self, X: Table, classes: NDArray | None) -> tuple[NDArray, NDArray]:
        """Return what student and teacher predict, with columns for these classes."""
        found = self.student(X), self.teacher(X)
        if classes is None or self.parts.classes is None:
            return found
        known = self.parts.classes
        student, teacher = (
            temper(align_classes(log_probability(one), known, classes), 1.0)
            for one in found
        )
        return student, teacher

    def _calibrated(self, predictions: NDArray) -> NDArray:
        return self.calibration.transform(predictions)
