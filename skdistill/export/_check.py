"""Whether an exported model predicts as the model that it was made from."""

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skdistill._typing import Estimator, Table
from skdistill.cascade import CascadeClassifier, CascadeRegressor
from skdistill.exceptions import RoundingWarning
from skdistill.students import last_step

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from skdistill.export._inputs import Inputs

__all__ = [
    "Comparison",
    "Predictions",
    "check_few_differ",
    "check_same_predictions",
    "compare_predictions",
    "predictions_of",
]

# Sums of hundreds of terms in single precision, as a fraction of the largest
# prediction.
_TOLERANCE = 1e-4
# What single precision may add to a deferral score, as a fraction of the largest.
_ROUNDING = 1e-6
# Predictions that differ by less, as a fraction of the largest, are all the same.
_NO_RANGE = 1e-12


@dataclass(frozen=True)
class _Differences:
    """Which samples have other predictions, too far off or to be reported, and by what.

    Values are reported from 1e-4 of their range on: that is less than 1e-4 of the
    largest where they lie far from 0.
    """

    wrong: NDArray[np.bool_]
    reported: NDArray[np.bool_]
    by: NDArray[np.float64]


@dataclass(frozen=True)
class Predictions:
    """Predicted values, or labels and probabilities; (n, 0) where there are none.

    Those of a cascade are its student's, and have the deferral score as further values.
    """

    values: NDArray[np.float64]
    labels: NDArray | None
    score: "Predictions | None" = None

    def threshold(self, threshold: float) -> float:
        """Return a threshold above scores that equal this one but for rounding."""
        scale, _ = self._scale_and_range()
        return float(threshold + _ROUNDING * scale.max(initial=0.0))

    def differences(self, others: "Predictions") -> _Differences:
        """Compare with other predictions for the same samples."""
        found = self._differences(others)
        if self.score is None or others.score is None:
            return found
        of_score = self.score.differences(others.score)
        return _Differences(
            found.wrong | of_score.wrong,
            found.reported | of_score.reported,
            np.maximum(found.by, of_score.by),
        )

    def _differences(self, others: "Predictions") -> _Differences:
        values = self.values
        scale, value_range = self._scale_and_range()
        with np.errstate(invalid="ignore"):
            by = np.abs(values - others.values)
        by = np.where(values == others.values, 0.0, by)
        # True where it is not a number.
        wrong = np.any(~(by <= _TOLERANCE * scale), axis=1)
        large = ~(by <= _TOLERANCE * np.minimum(scale, value_range))
        if self.labels is not None:
            wrong |= self._is_clear(2 * _TOLERANCE) & (self.labels != others.labels)
        reported, by = wrong | np.any(large, axis=1), np.where(large, by, 0.0)
        return _Differences(wrong, reported, by.max(axis=1, initial=0.0))

    def _scale_and_range(self) -> tuple[NDArray, NDArray]:
        """Return the largest value of each output, and how far its values lie apart."""
        if self.labels is not None:
            ones = np.ones(self.values.shape[1])
            return ones, ones
        finite = np.isfinite(self.values)
        scale = np.abs(self.values).max(axis=0, where=finite, initial=0.0)
        highest = self.values.max(axis=0, where=finite, initial=-np.inf)
        value_range = highest - self.values.min(axis=0, where=finite, initial=np.inf)
        return scale, np.where(value_range > _NO_RANGE * scale, value_range, scale)

    def _is_clear(self, margin: float) -> NDArray[np.bool_]:
        """Return for each sample whether no other class comes near the likeliest."""
        if self.values.shape[1] == 0:
            return np.ones(len(self.values), dtype=bool)
        near = self.values >= self.values.max(axis=1, keepdims=True) - margin
        return near.sum(axis=1) == 1


def predictions_of(model: Estimator, X: Table) -> Predictions:
    """Return what the model predicts, without warnings of missing column names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        final, seen = last_step(model, X)
        if isinstance(final, CascadeRegressor | CascadeClassifier):
            score = final.deferral_score(seen)[:, None]
            of_student = predictions_of(final.stages_[0].model, seen)
            return replace(of_student, score=Predictions(score, None))
        predicted = np.asarray(model.predict(X))
        if not hasattr(model, "classes_"):
            values = predicted.reshape(len(predicted), -1).astype(float)
            return Predictions(values, None)
        values = np.empty((len(predicted), 0))
        if hasattr(model, "predict_proba"):
            values = np.asarray(model.predict_proba(X), dtype=float)
        return Predictions(values, predicted)


@dataclass(frozen=True)
class Comparison:
    """How the predictions of an exported model differ from those of the model.

    Attributes
    ----------
    given, rounded : _Differences
        From the predictions for the samples as they are, and as rounded.
    """

    given: _Differences
    rounded: _Differences

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether a sample's predictions are neither of the two."""
        return self.given.wrong & self.rounded.wrong

    @property
    def counts(self) -> tuple[int, int]:
        """The number of wrong samples, then of those that a warning tells of."""
        return int(self.wrong.sum()), int(self.given.reported.sum())


def compare_predictions(
    session: "InferenceSession",
    model: Estimator,
    inputs: "Inputs",
    expected: Predictions,
) -> Comparison:
    """Compare predictions with those for the samples as they are, and as rounded.

    Parameters
    ----------
    session : InferenceSession
        Runs the exported model.
    model : fitted estimator
        The model that it was made from.
    inputs : Inputs
        The samples.
    expected : Predictions
        What the model predicts for the samples, before they are rounded.

    Returns
    -------
    Comparison
    """
    found = _run(session, inputs.feed, expected)
    rounded = predictions_of(model, inputs.rounded)
    return Comparison(expected.differences(found), rounded.differences(found))


def check_few_differ(
    found: Comparison, name: str, *, max_mismatch: float, kind: str
) -> None:
    """Raise if predictions differ for samples both as they are and as rounded.

    Parameters
    ----------
    found : Comparison
        How the predictions of the exported model differ.
    name : str
        The class of the model.
    max_mismatch : float
        The fraction of the samples whose predictions may differ.
    kind : str
        What it was exported as, such as "ONNX model".

    Raises
    ------
    ValueError
        If the predictions for more samples differ.
    """
    given, neither = found.given, found.wrong
    n_samples = len(neither)
    if neither.sum() > max_mismatch * n_samples:
        by = np.where(neither, np.fmin(given.by, found.rounded.by), 0)
        row = int(by.argmax())
        raise ValueError(
            f"The {kind} must predict as the {name} does. Got "
            f"other predictions for {int(neither.sum())} of {n_samples} samples, the "
            f"largest difference {by[row]:.3g} in row {row}, where {_TOLERANCE:g} of "
            "the largest prediction, or of 1 for probabilities, is allowed. Few "
            "samples differ where a step before trees, such as a scaler, is computed "
            "in single precision and puts a sample on the other side of a split: use "
            "dtype='float64', or set max_mismatch to the fraction of samples that you "
            "accept. Many samples differ where the converter does not know all that "
            "this model does."
        )


def check_same_predictions(
    found: Comparison, name: str, *, max_mismatch: float, kind: str
) -> None:
    """Raise as `check_few_differ` does, and warn of what rounding changes.

    Parameters
    ----------
    found, name, max_mismatch, kind
        As for `check_few_differ`.

    Warns
    -----
    RoundingWarning
        If predictions are those for the rounded samples, but not those for the samples
        as they are, or if values are off by 1e-4 of their range.
    """
    check_few_differ(found, name, max_mismatch=max_mismatch, kind=kind)
    given = found.given
    if given.reported.any():
        warnings.warn(
            f"The {kind} computes in single precision. This changes the predictions "
            f"for {int(given.reported.sum())} of {len(given.by)} samples, by up to "
            f"{given.by.max():.3g}.",
            RoundingWarning,
            stacklevel=3,
        )


def _run(
    session: "InferenceSession", feed: list[NDArray], like: Predictions
) -> Predictions:
    """Return what the ONNX model predicts; it has its own spelling of the inputs."""
    names = [one.name for one in session.get_inputs()]
    *labels, values = session.run(None, dict(zip(names, feed, strict=True)))
    score = None
    if like.score is not None:
        score = Predictions(values.astype(float), None)
        *labels, values = labels
    if like.values.shape[1] == 0:  # The decision values are no probabilities.
        values = values[:, :0]
    if len(values) != len(like.values):
        raise ValueError(
            "The ONNX model must have a row of output for each sample. Got an "
            f"output of shape {values.shape} for {len(like.values)} samples: the "
            "converter does not know all that this model does."
        )
    values = values.reshape(like.values.shape).astype(float)
    return Predictions(values, labels[0] if labels else None, score)
