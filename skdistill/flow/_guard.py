"""The guard: whether the teacher is worth learning from, by what is at hand.

Its out-of-fold predictions stand beside the labels, so they can be held against a
constant, and on one held-out part against the baseline student, which is fitted once
more for that. Losses are compared sample by sample: the paired differences say more
than two scores do.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import confusion_matrix

from skdistill._fitting import clone_with_seed, naming_failures
from skdistill._sklearn import HELD_OUT_PARAMS
from skdistill._typing import Estimator
from skdistill._warnings import without_name_warnings
from skdistill.flow._data import Data
from skdistill.flow._inputs import is_pairwise
from skdistill.flow._mix import mix
from skdistill.flow._plan import Plan
from skdistill.students import fit_on_target
from skdistill.teachers import (
    AffineCalibration,
    CrossFitTask,
    Signal,
    log_losses,
    predict_logits,
    predict_values,
)

__all__ = ["Verdict", "judge"]

# Fewer samples leave too few to hold out.
_FEWEST = 100
# The fraction of the samples that is held out for the baseline, at least.
_HELD_OUT = 0.2
# What is still taken for the same unit, and from where on a shift is none by chance.
_SLOPES, _ERRORS = (0.5, 2.0), 5.0
# What rounding may make of no difference.
_ROUNDING = 1e-9
# More classes than that are not permuted to see whether they are in another order.
_MOST_CLASSES = 200


@dataclass(frozen=True)
class Verdict:
    """What was seen of a teacher.

    Attributes
    ----------
    is_poor : bool
        Whether it is no better than a constant, or than the baseline student.
    findings : tuple of str
        What was seen, each a sentence.
    """

    is_poor: bool = False
    findings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(self.findings)


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
    losses = _losses(signal.predictions, data, with_probabilities=True)
    finding = _against_constant(losses, data) or _against_baseline(plan, data, signal)
    causes = _causes(data, signal)
    if finding is None and not causes:
        return Verdict()
    if finding is None:
        return Verdict(findings=causes)
    return Verdict(is_poor=True, findings=(finding, *causes))


def _losses(
    predictions: NDArray, data: Data, *, with_probabilities: bool
) -> NDArray[np.float64]:
    """Return each sample's squared error, log loss, or 1 for a wrong class."""
    if data.classes is None:
        return ((data.y - predictions) ** 2).reshape(len(data.y), -1).sum(axis=1)
    if with_probabilities:
        return log_losses(predictions, data.codes)
    return (predictions.argmax(axis=1) != data.codes).astype(float)


def _mean_and_error(
    differences: NDArray, weight: NDArray | None
) -> tuple[float, float]:
    """Return the weighted mean, and its standard error."""
    weight = np.ones(len(differences)) if weight is None else weight
    fraction = weight / weight.sum()
    mean = float(np.sum(fraction * differences))
    error = float(np.sqrt(np.sum((fraction * (differences - mean)) ** 2)))
    return mean, error


def _against_constant(losses: NDArray, data: Data) -> str | None:
    """Say so if the teacher knows no more than the labels' mean or frequencies."""
    if data.classes is None:
        constant = np.broadcast_to(data.mean, data.y.shape)
    else:
        counts = np.bincount(data.codes, data.weight, len(data.classes))
        frequencies = np.maximum(counts / counts.sum(), np.finfo(float).tiny)
        constant = np.tile(np.log(frequencies), (len(data.y), 1))
    known = _losses(constant, data, with_probabilities=True)
    gain, error = _mean_and_error(known - losses, data.weight)
    means = [np.average(part, weights=data.weight) for part in (losses, known)]
    if gain > error + _ROUNDING * means[1]:
        return None
    return (
        f"Out-of-fold, the teacher predicts no better than a constant: its "
        f"{_unit(data)} is {means[0]:.4g}, that of a constant {means[1]:.4g}, with a "
        f"standard error of {error:.2g} between them. It has nothing to teach, or sees "
        "other columns, another unit or other labels than it was made for."
    )


def _unit(data: Data, *, with_probabilities: bool = True) -> str:
    if data.classes is None:
        return "mean squared error"
    return "log loss" if with_probabilities else "error rate"


def _against_baseline(plan: Plan, data: Data, signal: Signal) -> str | None:
    """Say so if the student learns more from the labels alone, on a held-out part."""
    if len(data.y) < _FEWEST or HELD_OUT_PARAMS & set(data.student_params):
        return None
    if is_pairwise(plan.student):
        return None  # Parts of the samples would need parts of its columns too.
    train, held_out = _split(plan, data)
    training, part = data.part(train), data.part(held_out)
    if not _can_compare(training, part):
        return None
    baseline = _fit_baseline(plan, training)
    with_probabilities = hasattr(baseline, "predict_proba")
    losses = [
        _losses(predictions, part, with_probabilities=with_probabilities)
        for predictions in (
            signal.predictions[held_out],
            _predict(baseline, part, data.classes),
        )
    ]
    gain, error = _mean_and_error(losses[1] - losses[0], part.weight)
    if gain > 0:
        return None
    means = [np.average(one, weights=part.weight) for one in losses]
    unit = _unit(data, with_probabilities=with_probabilities)
    return (
        f"On {len(held_out)} held-out samples the student learns more from the labels "
        f"alone than the teacher knows: its {unit} is {means[1]:.4g}, the teacher's "
        f"{means[0]:.4g}, with a standard error of {error:.2g} between them. A better "
        "teacher, or on_poor_teacher='baseline', is the remedy."
    )


def _predict(baseline: Estimator, part: Data, classes: NDArray | None) -> NDArray:
    """Return values, logits, or 1 for the class that a student without them chose."""
    with without_name_warnings():
        return _predict_any(baseline, part, classes)


def _predict_any(baseline: Estimator, part: Data, classes: NDArray | None) -> NDArray:
    if classes is None:
        return predict_values(baseline, part.X)
    if hasattr(baseline, "predict_proba") or hasattr(baseline, "decision_function"):
        return predict_logits(baseline, part.X, classes)
    labels = np.asarray(baseline.predict(part.X))
    return (labels[:, None] == baseline.classes_).astype(float)


def _split(plan: Plan, data: Data) -> tuple[NDArray, NDArray]:
    """Return train and held-out samples: whole folds of the plan's, if these serve.

    So groups stay together where the folds keep them together.
    """
    n_samples, every = len(data.y), np.arange(len(data.y))
    task = CrossFitTask(
        teacher=plan.teacher,
        X=data.X,
        y=data.y,
        classes=data.classes,
        fit_params={},
        split_params=data.split_params,
        cv=plan.cv,
        seeds=(plan.seeds.folds, None),
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Cross-fitting warns of rare classes.
            parts = [test for _, test in task.folds()]
    except ValueError:
        # A frozen teacher, or one out of bag, needs no folds: these may be none.
        rng = np.random.default_rng(plan.seeds.folds)
        parts = np.array_split(rng.permutation(n_samples), 5)
    held_out = np.array([], dtype=int)
    for test in parts:
        held_out = np.union1d(held_out, every[test])
        if len(held_out) >= _HELD_OUT * n_samples:
            break
    return np.setdiff1d(every, held_out), held_out


def _can_compare(training: Data, part: Data) -> bool:
    """Return whether both parts have weight, and the first one all classes."""
    weights = [part.weight for part in (training, part) if part.weight is not None]
    if not all(weight.any() for weight in weights):
        return False
    if training.classes is None:
        return True
    weighty = training.y if training.weight is None else training.y[training.weight > 0]
    return len(np.unique(weighty)) == len(training.classes)


def _fit_baseline(plan: Plan, training: Data) -> Estimator:
    """Return the student fitted on the labels of some samples alone."""
    fit_params = dict(training.student_params)
    weight = fit_params.pop("sample_weight", None)
    nothing = training.y
    if training.classes is not None:
        nothing = np.zeros((len(training.y), training.n_classes))
    target = mix(plan, training, training.codes, nothing, weight=weight, alpha=0.0)
    student = clone_with_seed(plan.student, plan.seeds.student)
    with naming_failures(f"student ({type(student).__name__})"):
        return fit_on_target(student, training.X, target, fit_params)


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
        *(_mean_and_error(column, data.weight) for column in missing.T), strict=True
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
