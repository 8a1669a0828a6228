"""The candidates' scores on the held-out samples of one fold."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any, NamedTuple

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor

from skdistill._sklearn import metric_of
from skdistill._typing import Estimator, Scorer
from skdistill._validation import align_classes
from skdistill.distilled import BaseDistilled, keep
from skdistill.flow import (
    Data,
    Distillation,
    Plan,
    Supervision,
    best_constant,
    distill_supervised,
    in_students_loss,
    supervise,
)
from skdistill.students import training_loss
from skdistill.teachers import TeacherPredictions, from_predictions

__all__ = ["Failure", "FoldScores", "Group", "score_fold", "students_of"]


@dataclass(frozen=True)
class Group:
    """Candidates that differ in their refinement's strength alone: one student for all.

    Attributes
    ----------
    params : dict
        Parameters of the distilled estimator.
    plan : Plan
        How their student is distilled, with all of their refinements.
    is_baseline : bool
        Whether it is a baseline student, which learns no unlabeled sample.
    is_tuned : bool
        Whether the student has other parameters than it was given.
    """

    params: dict[str, Any]
    plan: Plan
    is_baseline: bool = False
    is_tuned: bool = False

    def data_of(self, data: Data) -> Data:
        """Return what the student of the group is fitted on."""
        return data.labelled() if self.is_baseline else data


class Failure(NamedTuple):
    """Why the candidates of a group have no score on a fold."""

    group: int
    error: str


class FoldScores(NamedTuple):
    """What a fold says of all candidates.

    Attributes
    ----------
    scores : ndarray of shape (n_candidates + n_stages + 1, n_parts)
        The teacher, at each of its stages that is tried, and a constant come last.
    failures : list of Failure
        The groups whose student failed.
    """

    scores: NDArray
    failures: list[Failure]


def score_fold(
    model: BaseDistilled,
    groups: list[Group],
    data: Data,
    train: NDArray,
    parts: list[NDArray],
    scorer: Scorer,
    *,
    error_score: float | str,
    context: Any,
) -> FoldScores:
    """Score all candidates, the teacher and a constant on held-out samples.

    The teacher is fitted once, and samples are drawn once for each transfer set.

    Parameters
    ----------
    model : DistilledRegressor or DistilledClassifier
        Unfitted; predicts with the candidates' students.
    groups : list of Group
        The candidates; the baseline student as it was given comes first.
    data : Data
        All samples.
    train : ndarray
        The samples to train on.
    parts : list of ndarray
        The held-out samples, in parts that are scored one by one.
    scorer : callable
        A scikit-learn scorer.
    error_score : float or "raise"
        The score of candidates whose student fails.
    context : CallbackContext
        The context of the fold; each group is a subtask.

    Returns
    -------
    FoldScores
    """
    _check_weighty(data.weight, [train, *parts])
    training = data.part(train).with_present_classes()
    held_out = [data.part(rows) for rows in parts]
    known = supervise(groups[0].plan, groups[0].data_of(training))
    supervisions: dict[tuple, Supervision] = {(_signal_key(groups[0]), None): known}
    scores: list[list[float]] = []
    failures: list[Failure] = []
    for number, group in enumerate(groups):
        task = context.subcontext(task_name="fit-candidates")
        task.call_on_fit_task_begin(estimator=model)
        own = group.data_of(training)
        key = (_signal_key(group), _transfer_key(group, own))
        if key not in supervisions:
            alike = supervisions.get((_signal_key(group), None))
            supervisions[key] = supervise(group.plan, own, alike)
        try:
            done = distill_supervised(group.plan, own, supervisions[key])
        except Exception as error:
            if error_score == "raise" or number == 0:
                raise
            failures.append(Failure(number, f"{type(error).__name__}: {error}"))
            n_candidates = len(group.plan.refinements)
            scores += [[float(error_score)] * len(parts)] * n_candidates
        else:
            scores += [
                [_score(scorer, one, part) for part in held_out]
                for one in students_of(model, own, done)
            ]
        task.call_on_fit_task_end(estimator=model)
    judged: dict[float, tuple[Plan, Supervision]] = {}
    for group in [one for one in groups if not one.is_baseline] or groups:
        # A stage of the teacher is scored as its first candidate combines several.
        of_group = supervisions[_signal_key(group), _transfer_key(group, training)]
        judged.setdefault(group.plan.teacher_stage, (group.plan, of_group))
    references: list[Callable[[Data], Estimator]] = [
        *(partial(_teacher, *one, training, data) for one in judged.values()),
        lambda part: _constant(groups[0].plan, training),
    ]
    scores += [
        [_score(scorer, reference(part), part) for part in held_out]
        for reference in references
    ]
    return FoldScores(np.array(scores), failures)


def _signal_key(group: Group) -> str:
    """Return what groups have in common that have the same signal."""
    return repr((group.params.get("combine"), group.plan.teacher_stage))


def _transfer_key(group: Group, data: Data) -> str | None:
    """Return what groups that share a transfer set have in common; None without one.

    The baseline student has no hints.
    """
    if not group.plan.has_transfer_set(data) and group.plan.hints is None:
        return None
    transfer = group.plan.transfer
    return joblib.hash((transfer.sampler, transfer.size, group.plan.hints))


def students_of(
    model: BaseDistilled, data: Data, done: Distillation
) -> list[BaseDistilled]:
    """Return a distilled estimator for each student that was distilled.

    Parameters
    ----------
    model : DistilledRegressor or DistilledClassifier
        Unfitted; cloned.
    data : Data
        What they were distilled from.
    done : Distillation
        What that left.
    """
    return [
        keep(clone(model), data, done, index) for index in range(len(done.students))
    ]


def _teacher(
    plan: Plan, known: Supervision, training: Data, data: Data, part: Data
) -> Estimator:
    """Return an estimator that predicts what the teacher predicts for a part."""
    if part.teacher_predictions is None:
        said = known.say(plan, training, part.X, part.X_privileged)
    else:
        predictions = part.teacher_predictions
        if data.classes is not None and training.classes is not None:
            predictions = align_classes(predictions, data.classes, training.classes)
        said = TeacherPredictions(known.signal.transform(predictions))
    # What the teacher knows of quantiles: its own, or its predictions' residuals.
    predictions = in_students_loss(plan, training, known.signal.said, said)
    return from_predictions(predictions, training.classes)


def _constant(plan: Plan, training: Data) -> Estimator:
    """Return a model that knows nothing but the labels' mean or class frequencies.

    For students of quantiles and the like it is the labels' quantile.
    """
    constant = DummyRegressor()
    if plan.learns_distribution(training):
        level = best_constant(training, training_loss(plan.student))
        constant = DummyRegressor(strategy="constant", constant=level)
    if training.classes is not None:
        constant = DummyClassifier(strategy="prior")
    return constant.fit(training.X, training.y, sample_weight=training.weight)


def _score(scorer: Scorer, estimator: Estimator, part: Data) -> float:
    if part.weight is None:
        return scorer(estimator, part.X, part.y)
    metric = metric_of(scorer)
    if "sample_weight" not in signature(metric).parameters:
        raise ValueError(
            "scoring must take sample_weight where fit is given one. Got "
            f"{getattr(metric, '__name__', metric)}, which does not. Use another "
            "score, or fit without weights."
        )
    return scorer(estimator, part.X, part.y, sample_weight=part.weight)


def _check_weighty(weight: NDArray | None, parts: list[NDArray]) -> None:
    """Raise if a fold has a part that nothing can be learned from, or scored on."""
    if weight is not None and not all(weight[rows].any() for rows in parts):
        raise ValueError(
            "Each fold of cv must train on and hold out samples with weight above 0. "
            "Got a fold without. Shuffle the folds, or leave out samples of weight 0."
        )
