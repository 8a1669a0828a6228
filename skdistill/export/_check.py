"""Whether an ONNX model answers as the model that it was made from."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from skdistill._typing import Estimator, Table
from skdistill.exceptions import RoundingWarning
from skdistill.export._inputs import Inputs

__all__ = ["Answers", "answers_of", "check_same_answers"]

# Sums of hundreds of terms in single precision, as a share of the largest answer.
_TOLERANCE = 1e-4
# Answers that differ by less, as a share of the largest, are all the same.
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class _Differences:
    """For each row whether the answers differ, by too much or to be told, and by what.

    Values are told of from 1e-4 of their spread on: that is less than 1e-4 of the
    largest where they lie far from 0.
    """

    wrong: NDArray[np.bool_]
    told: NDArray[np.bool_]
    by: NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Predicted values, or labels and probabilities; (n, 0) where there are none."""

    values: NDArray[np.float64]
    labels: NDArray | None

    def differences(self, others: "Answers") -> _Differences:
        """Compare with other answers for the same rows."""
        values = self.values
        scale, spread = self._scale_and_spread()
        with np.errstate(invalid="ignore"):
            by = np.abs(values - others.values)
        by = np.where(values == others.values, 0.0, by)
        # True where it is not a number.
        wrong = ~(by <= _TOLERANCE * scale).all(axis=1)
        large = ~(by <= _TOLERANCE * np.minimum(scale, spread))
        if self.labels is not None:
            wrong |= self._is_clear(2 * _TOLERANCE) & (self.labels != others.labels)
        told, by = wrong | large.any(axis=1), np.where(large, by, 0.0)
        return _Differences(wrong, told, by.max(axis=1, initial=0.0))

    def _scale_and_spread(self):
        """Return the largest value of each output, and how far its values lie apart."""
        if self.labels is not None:
            return 1.0, 1.0
        finite = np.isfinite(self.values)
        scale = np.abs(self.values).max(axis=0, where=finite, initial=0.0)
        highest = self.values.max(axis=0, where=finite, initial=-np.inf)
        spread = highest - self.values.min(axis=0, where=finite, initial=np.inf)
        return scale, np.where(spread > _NO_SPREAD * scale, spread, scale)

    def _is_clear(self, margin):
        """Tell whether no other class comes near the likeliest, for each row."""
        if self.values.shape[1] == 0:
            return np.ones(len(self.values), dtype=bool)
        near = self.values >= self.values.max(axis=1, keepdims=True) - margin
        return near.sum(axis=1) == 1


def answers_of(model: Estimator, X: Table) -> Answers:
    """Return what the model answers, without warnings of missing column names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        answers = np.asarray(model.predict(X))
        if not hasattr(model, "classes_"):
            return Answers(answers.reshape(len(answers), -1).astype(float), None)
        values = np.empty((len(answers), 0))
        if hasattr(model, "predict_proba"):
            values = np.asarray(model.predict_proba(X), dtype=float)
        return Answers(values, answers)


def check_same_answers(
    session: InferenceSession,
    model: Estimator,
    inputs: Inputs,
    expected: Answers,
    *,
    max_mismatch: float,
) -> None:
    """Raise if rows are answered differently, both as they are and as rounded.

    Parameters
    ----------
    session : InferenceSession
        Runs the exported model.
    model : fitted estimator
        The model that it was made from.
    inputs : Inputs
        The rows.
    expected : Answers
        What the model answers for the rows, before they are rounded.
    max_mismatch : float
        The share of the rows that may be answered differently.

    Raises
    ------
    ValueError
        If more rows are answered differently.

    Warns
    -----
    RoundingWarning
        If rows are answered as the model answers them once they are rounded, but not
        as it answers them as they are, or if values are off by 1e-4 of their spread.
    """
    found = _run(session, inputs.feed, expected)
    given = expected.differences(found)
    rounded = answers_of(model, inputs.rounded).differences(found)
    neither, n_rows = given.wrong & rounded.wrong, len(given.wrong)
    if neither.sum() > max_mismatch * n_rows:
        by = np.where(neither, np.fmin(given.by, rounded.by), 0)
        row = int(by.argmax())
        raise ValueError(
            f"The ONNX model must answer as the {type(model).__name__} does. Got other "
            f"answers for {int(neither.sum())} of {n_rows} rows, the largest "
            f"difference {by[row]:.3g} in row {row}, where {_TOLERANCE:g} of the "
            "largest answer, or of 1 for probabilities, is allowed. Few rows differ "
            "where a step before trees, such as a scaler, is computed in single "
            "precision and puts a row on the other side of a split: use "
            "dtype='float64', or say by max_mismatch what share of rows you "
            "accept. Many rows differ where the converter does not know all that this "
            "model does."
        )
    if given.told.any():
        warnings.warn(
            "The ONNX model computes in single precision. This changes the answers for "
            f"{int(given.told.sum())} of {n_rows} rows, "
            f"by up to {given.by.max():.3g}.",
            RoundingWarning,
            stacklevel=3,
        )


def _run(session, feed, like):
    """Return what the ONNX model answers; it has its own spelling of the inputs."""
    names = [one.name for one in session.get_inputs()]
    *labels, values = session.run(None, dict(zip(names, feed, strict=True)))
    if like.values.shape[1] == 0:  # The decision values are no probabilities.
        values = values[:, :0]
    if len(values) != len(like.values):
        raise ValueError(
            "The ONNX model must answer each row by a row. Got an output of shape "
            f"{values.shape} for {len(like.values)} rows: the converter does not know "
            "all that this model does."
        )
    values = values.reshape(like.values.shape).astype(float)
    return Answers(values, labels[0] if labels else None)
