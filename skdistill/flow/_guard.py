"""The guard: whether the teacher is worth learning from, by what is at hand.

Its out-of-fold predictions stand beside the labels, so they can be held against a
constant, and on held-out parts against the baseline student, which is fitted once more
for each. Losses are compared sample by sample: the paired differences say more
than two scores do.

A better teacher may still make a worse student: one with few shapes cannot follow it,
and learns what the teacher has wrong on average instead. A linear student shows it. Its
solution hangs on the target through sums over the samples of x times the target alone,
which labels give without bias. So where its weights are few for the samples there is
nothing to gain, and the bias of the teacher's sums to lose. No score of the teacher
tells; only the student, distilled on a part and held against the baseline student.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import confusion_matrix

from skdistill._figures import readable
from skdistill._typing import Estimator
from skdistill.flow._baseline import (
    NoComparisonError,
    compare_with_baseline,
    loss_name,
    mean_and_error,
    predict_as_losses_want,
    sample_losses,
)
from skdistill.flow._data import Data
from skdistill.flow._plan import Plan
from skdistill.flow._residuals import best_constant, in_students_loss
from skdistill.flow._trial import is_tried
from skdistill.students import TrainingLoss, training_loss
from skdistill.targets import target_scale
from skdistill.teachers import AffineCalibration, Signal

__all__ = ["Verdict", "judge", "judge_student"]

# What is still taken for the same unit, and from where on a shift is none by chance.
_SLOPES, _ERRORS = (0.5, 2.0), 5.0
# What rounding may make of no difference.
_ROUNDING = 1e-9
# More classes than that are not permuted to see whether they are in another order.
_MOST_CLASSES = 200


@dataclass(frozen=True)
class Verdict:
    """What was seen of a teacher, and of what its student learned on trial.

    Attributes
    ----------
    is_poor : bool
        Whether the teacher is no better than a constant, or than the baseline student.
    findings : tuple of str
        What was seen, each a sentence.
    is_baseline: bool
        Whether the plan asks for the baseline student in that case.
    """

    is_poor: bool = False
    findings: tuple[str, ...] = ()
    is_baseline: bool = False

    def __str__(self) -> str:
        return " ".join(self.findings)

    def of_baseline(self) -> "Verdict":
        """Return the same, by which the baseline student is kept."""
        kept = "The baseline student is fitted, and learns nothing from it."
        return replace(self, findings=(*self.findings, kept), is_baseline=True)


def judge(plan: Plan, data: Data, signal: Signal) -> Verdict:
    """Hold the teacher against a constant and against the baseline student.

    Parameters
    ----------
    plan : Plan
        Holds the student and the folds.
    data : Data
        The training data.
    signal : Signal
        The teacher's predictions after all steps.

    Returns
    -------
    Verdict
        A good one where nothing can be said: the student learns from the labels alone,
        or the predictions are not out-of-fold.
    """
    if not plan.learns_teacher(data) or not signal.is_out_of_fold:
        return Verdict()
    finding = _against_constant(plan, data, signal)
    finding = finding or _against_baseline(plan, data, signal)
    causes = _causes(data, signal)
    if finding is None and not causes:
        return Verdict()
    if finding is None:
        return Verdict(findings=causes)
    return Verdict(is_poor=True, findings=(finding, *causes))


def judge_student(
    plan: Plan,
    data: Data,
    signal: Signal,
    verdict: Verdict,
    fit: Callable[[Data, NDArray], Estimator],
) -> Verdict:
    """Hold the distilled student against the baseline student, if it is tried.

    Parameters
    ----------
    plan : Plan
        How the student is distilled.
    data : Data
        All samples.
    signal : Signal
        What the teacher says of them.
    verdict : Verdict
        What was seen of the teacher.
    fit : callable
        ``fit(training, train)`` returns the student distilled on the samples `train`.

    Returns
    -------
    Verdict
        The one given, unless the distilled student is worse on held-out samples: then
        one by which the baseline student is kept.
    """
    if not is_tried(plan, data):
        return verdict
    if not signal.is_out_of_fold:
        return _untried(plan, verdict, "the teacher has seen the labels it predicts")

    def predict(training: Data, part: Data, train: NDArray, _: NDArray) -> NDArray:
        student = fit(training, train)
        predictions = predict_as_losses_want(student, part, training.classes)
        if training.classes is not None:
            return predictions
        # A student is not worse for being scaled, as the temperature asks.
        scale = target_scale(plan.alpha, plan.temperature)
        return training.mean + (predictions - training.mean) / scale

    try:
        found = compare_with_baseline(plan, data, predict, most=1)
    except NoComparisonError as error:
        return _untried(plan, verdict, str(error))
    if not found.rival_lags or -found.lead[0] <= _ROUNDING * _constant_loss(plan, data):
        return verdict
    finding = (
        f"On {len(found.rival)} held-out samples the student is worse for learning "
        f"from the teacher: {found}. A student that can follow the teacher is the "
        "remedy, or a search, which chooses alpha."
    )
    return replace(verdict, findings=(*verdict.findings, finding)).of_baseline()


def _untried(plan: Plan, verdict: Verdict, reason: str) -> Verdict:
    """Return a verdict that says why none was made of the student, if that is asked."""
    if plan.on_poor_teacher == "auto":
        return verdict
    finding = (
        f"The student was distilled without being held against the baseline student: "
        f"{reason}."
    )
    return replace(verdict, findings=(*verdict.findings, finding))


def _against_constant(plan: Plan, data: Data, signal: Signal) -> str | None:
    """Say so if the teacher knows no more than the labels' mean or frequencies."""
    loss, predictions = TrainingLoss(), signal.predictions
    if signal.quantiles is not None:
        # What it knows may lie in the spread alone.
        loss = training_loss(plan.student)
        predictions = in_students_loss(plan, data, signal.said, signal.said)
    losses = sample_losses(predictions, data, loss)
    known = sample_losses(_constant(data, loss), data, loss)
    gain, error = mean_and_error(known - losses, data.weight)
    means = [np.average(part, weights=data.weight) for part in (losses, known)]
    if gain > error + _ROUNDING * means[1]:
        return None
    return (
        "Out-of-fold, the teacher predicts no better than a constant: its "
        f"{loss_name(data, loss)} is {readable(means[0])}, that of a constant "
        f"{readable(means[1])}, with a standard error of {readable(error, 2)} between "
        "them. It has nothing to teach, "
        "or sees other columns, another unit or other labels than it was made for."
    )


def _constant_loss(plan: Plan, data: Data) -> float:
    """Return what the student's loss is for a constant."""
    loss = TrainingLoss() if data.is_classification else training_loss(plan.student)
    losses = sample_losses(_constant(data, loss), data, loss)
    return float(np.average(losses, weights=data.weight))


def _constant(data: Data, loss: TrainingLoss) -> NDArray[np.float64]:
    """Return for each sample the labels' frequencies, or what is least for the loss."""
    if data.classes is None:
        return np.broadcast_to(best_constant(data, loss), data.y.shape)
    counts = np.bincount(data.codes, data.weight, len(data.classes))
    frequencies = np.maximum(counts / counts.sum(), np.finfo(float).tiny)
    return np.tile(np.log(frequencies), (len(data.y), 1))


def _against_baseline(plan: Plan, data: Data, signal: Signal) -> str | None:
    """Say so if the student learns as much from the labels alone, on held-out parts."""

    def predict(training: Data, _: Data, train: NDArray, held_out: NDArray) -> NDArray:
        said = signal.said.take(train), signal.said.take(held_out)
        return in_students_loss(plan, training, *said)

    try:
        found = compare_with_baseline(plan, data, predict)
    except NoComparisonError:
        return None
    if found.rival_leads:
        return None
    return (
        f"On {len(found.rival)} held-out samples the teacher knows no more than the "
        f"student learns from the labels alone: {found}. A better teacher, or "
        "on_poor_teacher='baseline', is the remedy."
    )


def _causes(data: Data, signal: Signal) -> tuple[str, ...]:
    """Say what the predictions themselves show to be wrong with them."""
    if data.classes is None:
        return tuple(filter(None, [_other_unit(data, signal)]))
    return tuple(filter(None, [_other_order(data, signal, data.classes)]))


def _other_order(data: Data, signal: Signal, classes: NDArray) -> str | None:
    """Say so if the classes, taken in another order, would be right far more often."""
    if len(classes) > _MOST_CLASSES:
        return None
    predicted = signal.predictions.argmax(axis=1)
    table = confusion_matrix(
        data.codes,
        predicted,
        labels=np.arange(len(classes)),
        sample_weight=data.weight,
        normalize="all",
    )
    names = classes.tolist()
    right, found = np.trace(table), linear_sum_assignment(-table)
    best, most = table[found].sum(), table.sum(axis=1).max()
    error = np.sqrt(best * (1 - best) / len(data.y))
    if right >= most or best - right <= _ERRORS * error:
        return None
    return (
        f"The teacher's classes seem to be in another order: it is right for "
        f"{right:.1%} of the samples, and would be for {best:.1%} if "
        + ", ".join(
            f"{names[column]!r} were {names[row]!r}"
            for row, column in zip(*found, strict=True)
            if row != column
        )
        + ". Check the order of its classes_."
    )


def _other_unit(data: Data, signal: Signal) -> str | None:
    """Say so if predictions that were not calibrated have another scale or origin."""
    if any(isinstance(step, AffineCalibration) for step in signal.steps):
        return None
    found = AffineCalibration().fit(signal.predictions, data.y, data.weight)
    slope = np.atleast_1d(found.slope_)
    missing = (data.y - signal.predictions).reshape(len(data.y), -1)
    shift, error = zip(
        *(mean_and_error(column, data.weight) for column in missing.T), strict=True
    )
    far = np.abs(shift) > _ERRORS * np.asarray(error)
    wrong = (slope < _SLOPES[0]) | (slope > _SLOPES[1]) | far
    if not wrong.any():
        return None
    worst = int(wrong.argmax())
    return (
        f"The labels rise by {slope[worst]:.4g} where the teacher's predictions rise "
        f"by 1, and lie {shift[worst]:.4g} above them on average: the predictions seem "
        "to have another unit or origin. calibrate='auto' mends that."
    )
