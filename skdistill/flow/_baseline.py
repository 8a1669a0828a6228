"""The baseline student, and how other predictions do beside its own, held out."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from skdistill._figures import readable
from skdistill._fitting import clone_with_seed, naming_failures
from skdistill._sklearn import HELD_OUT_PARAMS
from skdistill._typing import Estimator
from skdistill._warnings import without_name_warnings
from skdistill.flow._data import Data
from skdistill.flow._inputs import is_pairwise
from skdistill.flow._mix import mix
from skdistill.flow._plan import Plan
from skdistill.refine import LeafRefinement, refined_models
from skdistill.students import (
    LabelCoder,
    TrainingLoss,
    find_offset,
    fit_on_target,
    training_loss,
)
from skdistill.teachers import (
    CrossFitTask,
    log_losses,
    predict_logits,
    predict_values,
)

__all__ = [
    "Comparison",
    "NoComparisonError",
    "compare_with_baseline",
    "find_folds",
    "fit_baseline",
    "loss_name",
    "mean_and_error",
    "predict_as_losses_want",
    "sample_losses",
]

# Fewer samples leave too few to hold out.
_FEWEST = 100
# The fraction of the samples that is held out at a time, at least.
_HELD_OUT = 0.2
# So many standard errors apart, rival and baseline need no further part.
_CLEAR = 1.5
# By so many standard errors the teacher must lead to be worth its errors, and its
# student lag to be given up; `benchmarks.teachers` counts the warnings that are missed,
# and those that are false.
_LEAD = 0.5

# Predicts the second data, which are held out, by what is known of the first; the rows
# of both are those of all samples.
Rival = Callable[[Data, Data, NDArray, NDArray], NDArray]


class NoComparisonError(Exception):
    """Says why a rival cannot be held against the baseline student."""


@dataclass(frozen=True)
class Comparison:
    """The losses of a rival and the baseline student on the same held-out samples.

    Attributes
    ----------
    rival, baseline : ndarray of shape (n_samples,)
        The losses.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    unit : str
        What the losses are called.
    """

    rival: NDArray[np.float64]
    baseline: NDArray[np.float64]
    weight: NDArray | None
    unit: str

    @classmethod
    def all_of(cls, parts: Sequence[Self]) -> Self:
        """Return that on all parts together."""
        weights = [part.weight for part in parts if part.weight is not None]
        return cls(
            np.concatenate([part.rival for part in parts]),
            np.concatenate([part.baseline for part in parts]),
            np.concatenate(weights) if weights else None,
            parts[0].unit,
        )

    @property
    def lead(self) -> tuple[float, float]:
        """By how much the rival's mean loss is less, and the standard error."""
        return mean_and_error(self.baseline - self.rival, self.weight)

    @property
    def is_clear(self) -> bool:
        """Whether no further samples are needed."""
        gain, error = self.lead
        return abs(gain) > _CLEAR * error

    @property
    def rival_leads(self) -> bool:
        """Whether the rival is better, by more than a part of the noise."""
        gain, error = self.lead
        return gain > _LEAD * error

    @property
    def rival_lags(self) -> bool:
        """Whether the rival is worse, by more than a part of the noise."""
        gain, error = self.lead
        return gain < -_LEAD * error

    def __str__(self) -> str:
        rival, baseline = (
            np.average(losses, weights=self.weight)
            for losses in (self.rival, self.baseline)
        )
        return (
            f"its {self.unit} is {readable(rival)}, the baseline student's "
            f"{readable(baseline)}, with a standard error of "
            f"{readable(self.lead[1], 2)} between them"
        )


def compare_with_baseline(
    plan: Plan, data: Data, rival: Rival, most: int | None = None
) -> Comparison:
    """Hold a rival against the student that learns from the labels alone.

    A fifth of the samples is held out; as long as neither leads clearly, another fifth
    is besides.

    Parameters
    ----------
    plan : Plan
        Holds the student and the folds.
    data : Data
        The training data.
    rival : callable
        ``rival(training, part, train, held_out)`` returns values or logits for the
        part, whose samples are held out.
    most : int or None, default=None
        How many parts are held out at most.

    Returns
    -------
    Comparison

    Raises
    ------
    NoComparisonError
        If no part of the samples can be compared.
    """
    _check_can_hold_out(plan, data)
    found: Comparison | None = None
    reason = "each part lacks a class, or samples with weight"
    for train, held_out in islice(_splits(plan, data), most):
        training, part = data.part(train), data.part(held_out)
        if not _can_compare(training, part):
            continue
        predict_part = partial(rival, training, part, train, held_out)
        try:
            compared = _compare(plan, training, part, predict_part)
        except NoComparisonError as error:
            reason = str(error)
            break
        found = compared if found is None else Comparison.all_of([found, compared])
        if found.is_clear:
            break
    if found is None:
        raise NoComparisonError(reason)
    return found


def _check_can_hold_out(plan: Plan, data: Data) -> None:
    """Raise unless parts of the samples mean to the student what all of them do."""
    params, n_samples = data.student_params, len(data.y)
    reasons = {
        f"there are {n_samples} samples, and it takes {_FEWEST}": n_samples < _FEWEST,
        "the student stops by held-out samples": bool(HELD_OUT_PARAMS & set(params)),
        # Parts would need parts of its columns too.
        "the student sees distances or kernels": is_pairwise(plan.student),
        # It is known for training samples alone.
        "the student's predictions start at an offset": (
            find_offset(plan.student, params, n_samples) is not None
        ),
    }
    for reason, holds in reasons.items():
        if holds:
            raise NoComparisonError(reason)


def _compare(
    plan: Plan, training: Data, part: Data, predict_part: Callable[[], NDArray]
) -> Comparison:
    """Compare on a part what a rival predicts with what the student learns.

    Raise where the one cannot be learned from, or the other be predicted.
    """
    try:
        baseline = fit_baseline(plan, training)
        learned = predict_as_losses_want(baseline, part, training.classes)
        known = predict_part()
    except Exception as error:
        if not _is_of_data(error):
            raise
        reason = f"on a part of the samples there was {type(error).__name__}: {error}"
        raise NoComparisonError(reason) from error
    loss = TrainingLoss() if part.is_classification else training_loss(plan.student)
    by_class = part.is_classification and not hasattr(baseline, "predict_proba")
    rival, student = (
        sample_losses(values, part, loss, by_class=by_class)
        for values in (known, learned)
    )
    return Comparison(
        rival, student, part.weight, loss_name(part, loss, by_class=by_class)
    )


def _is_of_data(error: Exception) -> bool:
    """Return whether samples can be the cause of an error of the student.

    A part of them may lack what it needs, such as a category that it is then asked for.
    Where all lack it, the student's fit says so. Libraries have errors of their own.
    """
    is_own = type(error).__module__ != "builtins"
    return is_own or isinstance(error, ValueError | LookupError | ArithmeticError)


def loss_name(
    data: Data, loss: TrainingLoss | None = None, *, by_class: bool = False
) -> str:
    """Return what the losses of `sample_losses` are called."""
    if data.is_classification:
        return "error rate" if by_class else "log loss"
    if loss is None or loss.is_mean:
        return "mean squared error"
    return "mean absolute error" if loss.level in (None, 0.5) else f"{loss.kind} loss"


def sample_losses(
    predictions: NDArray, data: Data, loss: TrainingLoss, *, by_class: bool = False
) -> NDArray[np.float64]:
    """Return each sample's loss: of values, log loss, or 1 for a wrong class.

    Parameters
    ----------
    predictions : ndarray
        Values, or logits of shape (n_samples, n_classes).
    data : Data
        Holds the labels.
    loss : TrainingLoss
        The loss of values; of several outputs it is summed.
    by_class : bool, default=False
        Whether the largest logit alone counts.

    Returns
    -------
    losses : ndarray of shape (n_samples,)
    """
    if data.classes is None:
        losses = loss.of_samples(data.y, predictions)
        return losses.reshape(len(losses), -1).sum(axis=1)
    if by_class:
        return (predictions.argmax(axis=1) != data.codes).astype(float)
    return log_losses(predictions, data.codes)


def mean_and_error(differences: NDArray, weight: NDArray | None) -> tuple[float, float]:
    """Return the weighted mean, and its standard error.

    Parameters
    ----------
    differences : ndarray of shape (n_samples,)
        One for each sample.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.

    Returns
    -------
    mean, error : float
    """
    weight = np.ones(len(differences)) if weight is None else weight
    fraction = weight / weight.sum()
    mean = float(np.sum(fraction * differences))
    error = float(np.sqrt(np.sum((fraction * (differences - mean)) ** 2)))
    return mean, error


def predict_as_losses_want(
    student: Estimator, part: Data, classes: NDArray | None
) -> NDArray:
    """Return values, logits, or 1 for the class that a student without them chose."""
    with without_name_warnings():
        return _predict_any(student, part, classes)


def _predict_any(student: Estimator, part: Data, classes: NDArray | None) -> NDArray:
    if classes is None:
        return predict_values(student, part.X)
    if hasattr(student, "predict_proba") or hasattr(student, "decision_function"):
        return predict_logits(student, part.X, classes)
    labels = np.asarray(student.predict(part.X))
    return (labels[:, None] == student.classes_).astype(float)


def _splits(plan: Plan, data: Data) -> Iterator[tuple[NDArray, NDArray]]:
    """Yield train and held-out samples: whole folds of the plan's, if these serve.

    So groups stay together where the folds keep them together. Without a seed they are
    the same in each fit all the same, for `memory` to know what a part's teacher does.
    """
    if plan.seeds.folds is None:
        plan = replace(plan, seeds=plan.seeds._replace(folds=0))
    n_samples, every = len(data.y), np.arange(len(data.y))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Cross-fitting warns of rare classes.
            parts = find_folds(plan, data)
    except ValueError:
        # A frozen teacher, or one out of bag, needs no folds: these may be none.
        rng = np.random.default_rng(plan.seeds.folds)
        parts = np.array_split(rng.permutation(n_samples), 5)
    held_out = np.array([], dtype=int)
    for test in parts:
        held_out = np.union1d(held_out, test)
        if len(held_out) >= int(_HELD_OUT * n_samples):
            yield np.setdiff1d(every, held_out), held_out
            held_out = np.array([], dtype=int)


def find_folds(plan: Plan, data: Data) -> list[NDArray]:
    """Return the samples that each fold of a plan holds out."""
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
    every = np.arange(len(data.y))
    return [every[test] for _, test in task.folds()]


def _can_compare(training: Data, part: Data) -> bool:
    """Return whether both parts have weight, and the first one all classes."""
    weights = [part.weight for part in (training, part) if part.weight is not None]
    if not all(weight.any() for weight in weights):
        return False
    if training.classes is None:
        return True
    weighty = training.y if training.weight is None else training.y[training.weight > 0]
    return len(np.unique(weighty)) == len(training.classes)


def fit_baseline(
    plan: Plan, data: Data, refinement: LeafRefinement | None = None
) -> Estimator:
    """Return the student fitted on the labels alone; no teacher is needed for it.

    Parameters
    ----------
    plan : Plan
        Holds the student and its seed.
    data : Data
        Of which the labelled samples count.
    refinement : LeafRefinement or None, default=None
        How its leaves are refined or pruned, on the labels too.
    """
    plan, fit_params = plan.of_baseline(), dict(data.student_params)
    weight = fit_params.pop("sample_weight", None)
    nothing = data.y
    if data.classes is not None:  # Zeros, of which one is stored.
        nothing = np.broadcast_to(0.0, (len(data.y), data.n_classes))
    target = mix(plan, data, data.codes, nothing, weight=weight, alpha=0.0)
    student = clone_with_seed(plan.student, plan.seeds.student)
    if data.classes is not None:
        coder = LabelCoder(student)
        coder.encode(data.y)
        fit_params = coder.encode_held_out(fit_params)
    with naming_failures(f"student ({type(student).__name__})"):
        fitted = fit_on_target(student, data.X, target, fit_params)
        if refinement is None:
            return fitted
        (refined,) = refined_models(
            fitted,
            [refinement],
            data.X,
            target.mixed,
            target.weight,
            offset=find_offset(student, fit_params, len(data.y)),
            n_labelled=len(data.y),
        )
        return refined
