"""From labels and a teacher to a student: same inputs, same outputs, no estimator."""

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skdistill._fitting import clone_with_seed, naming_failures
from skdistill._typing import Estimator, Table
from skdistill._validation import check_two_classes
from skdistill.flow._data import Data
from skdistill.flow._guard import Verdict, judge, judge_student
from skdistill.flow._hints import as_table, make_hints
from skdistill.flow._mix import mix
from skdistill.flow._plan import Plan, is_trusted
from skdistill.flow._residuals import with_residuals
from skdistill.flow._signal import (
    make_signal,
    predict_by_fold,
    predict_new,
    quantiles_new,
)
from skdistill.flow._transfer import (
    Unlabeled,
    draw_samples,
    join_unlabeled,
    with_given_first,
)
from skdistill.flow._trial import with_less_teacher
from skdistill.flow._trust import fit_trust
from skdistill.flow._view import View, fit_view
from skdistill.refine import refined_models
from skdistill.students import (
    LabelCoder,
    adapt_to_transfer_set,
    check_takes_eval_set,
    codes_of,
    find_offset,
    fit_part,
    fit_until,
    held_out_labels,
    held_out_sets,
    resolve_class_weight,
)
from skdistill.targets import Target
from skdistill.teachers import (
    FittedHints,
    LazyTeacher,
    LazyTeachers,
    Signal,
    TeacherPredictions,
)
from skdistill.transfer import TransferSet

__all__ = [
    "Distillation",
    "Supervision",
    "distill",
    "distill_supervised",
    "make_unlabeled",
    "refine_fitted",
    "supervise",
    "supervise_labelled",
]

# Runs one step of the flow: what the step is called, and the part that is fitted.
Watch = Callable[[str, Any], AbstractContextManager]


@dataclass(frozen=True)
class Supervision:
    """What a student learns from beside the labels.

    Attributes
    ----------
    signal : Signal
        The teacher's predictions for the training samples.
    teacher : LazyTeacher, LazyTeachers or None
        The fitted teacher, or several; None where predictions were given.
    view : View
        How the teacher sees the student's samples.
    unlabeled : Unlabeled or None
        The transfer set.
    hints : ndarray of shape (n_samples, n_hints) or None
        The hints of the training samples, on the scale of the target.
    """

    signal: Signal
    teacher: LazyTeacher | LazyTeachers | None
    view: View
    unlabeled: Unlabeled | None
    hints: NDArray | None = None

    def part(self, rows: NDArray) -> "Supervision":
        """Return that of some training samples, and of the whole transfer set."""
        hints = None if self.hints is None else self.hints[rows]
        return replace(self, signal=self.signal.part(rows), hints=hints)

    def predict(
        self, plan: Plan, data: Data, X: Table, X_privileged: Table | None = None
    ) -> NDArray:
        """Return the teacher's predictions for other samples, after all steps."""
        if self.teacher is None:
            raise ValueError(
                "Stored predictions are for the samples given alone. Got others, such "
                "as an eval_set. Leave it out, or pass a teacher."
            )
        seen = self.view.of_teacher(X, X_privileged)
        return self.signal.transform(
            predict_new(plan.memory, self.teacher, seen, data.classes)
        )

    def say(
        self, plan: Plan, data: Data, X: Table, X_privileged: Table | None = None
    ) -> TeacherPredictions:
        """Return what `predict` does, and quantiles where the signal has them."""
        if self.signal.quantiles is None:
            return TeacherPredictions(self.predict(plan, data, X, X_privileged))
        seen = self.view.of_teacher(X, X_privileged)
        return self.signal.transform_said(
            predict_new(plan.memory, self.teacher, seen, data.classes),
            quantiles_new(plan.memory, self.teacher, seen),
        )

    def predict_with_parts(
        self, plan: Plan, data: Data, X: Table, X_privileged: Table | None = None
    ) -> tuple[NDArray, NDArray]:
        """Return what `predict` does, and what each teacher says, or each fold's.

        These are stacked along the second axis, after the steps of each.
        """
        seen = self.view.of_teacher(X, X_privileged)
        if self.signal.parts:
            found = predict_new(plan.memory, self.teacher, seen, data.classes)
            each = self.signal.transform_each(found)
        else:
            found, parts = predict_by_fold(self.teacher, seen, data.classes)
            each = [self.signal.transform(one) for one in np.moveaxis(parts, 1, 0)]
        return self.signal.transform(found), np.stack(each, axis=1)


@dataclass(frozen=True)
class Distillation:
    """What distilling leaves.

    Attributes
    ----------
    plan : Plan
        How they were distilled: the plan given, or that of the baseline student.
    supervision : Supervision
        What the students learned from beside the labels.
    students : tuple of fitted estimators
        One for each refinement of the plan.
    verdict : Verdict
        What was seen of the teacher.
    grown : fitted estimator or None
        The student before any refinement, whose training may go on.
    """

    plan: Plan
    supervision: Supervision
    students: tuple[Estimator, ...]
    verdict: Verdict = field(default_factory=Verdict)
    grown: Estimator | None = None


def _unwatched(name: str, part: Any) -> AbstractContextManager:
    return nullcontext()


def distill(plan: Plan, data: Data, watch: Watch = _unwatched) -> Distillation:
    """Fit a student on the labels and on what a teacher says.

    Parameters
    ----------
    plan : Plan
        How; its student and teacher are cloned.
    data : Data
        On what.
    watch : callable, optional
        ``watch(name, part)`` returns a context in which the step "teacher" or "student"
        runs; `part` is the student to be fitted, None for the teacher.

    Returns
    -------
    Distillation
    """
    with watch("teacher", None):
        known, verdict = supervise_labelled(plan, data)
        if not verdict.is_baseline:
            supervision = supervise(plan, data, known)
            fit = partial(_fit_part, plan, supervision)
            verdict = judge_student(plan, data, supervision.signal, verdict, fit)
        if verdict.is_baseline:
            plan, data = plan.of_baseline(), data.labelled()
            supervision = supervise(plan, data, known)
    done = distill_supervised(plan, data, supervision, watch)
    return replace(done, verdict=verdict)


def supervise_labelled(plan: Plan, data: Data) -> tuple[Supervision, Verdict]:
    """Return what the teacher says of the training samples alone, and judge it.

    Parameters
    ----------
    plan : Plan
        How.
    data : Data
        On what.

    Returns
    -------
    supervision : Supervision
        Without a transfer set and hints.
    verdict : Verdict
        What was seen of the teacher; a good one if the plan does not ask.
    """
    first = replace(plan, transfer=TransferSet(None), hints=None)
    known, verdict = supervise(first, data.labelled()), Verdict()
    if plan.on_poor_teacher != "ignore":
        verdict = judge(plan, data, known.signal)
    if verdict.is_poor and plan.on_poor_teacher == "baseline":
        verdict = verdict.of_baseline()
    return known, verdict


def supervise(plan: Plan, data: Data, known: Supervision | None = None) -> Supervision:
    """Return what a student learns from beside the labels.

    Parameters
    ----------
    plan : Plan
        How; alpha, temperature, refinements and the student have no part in it.
    data : Data
        On what.
    known : Supervision, default=None
        That of a plan with the same teacher for the same data: its signal is taken over
        and only the transfer set and the hints are made.

    Returns
    -------
    Supervision
    """
    if data.classes is not None:
        check_two_classes(data.y, data.weight)
        _check_eval_sets(plan.student, data, data.classes)
    if known is None:
        view = fit_view(plan.teacher_input, data)
        known = Supervision(*make_signal(plan, data, view), view, unlabeled=None)
    hints = None
    if plan.hints is not None:
        seen = known.view.of_teacher(data.X, data.X_privileged)
        hints = make_hints(plan.hints, data, known.signal, known.teacher, seen)
    return replace(
        known,
        unlabeled=make_unlabeled(plan, data, known, hints),
        hints=None if hints is None else hints.values,
    )


def make_unlabeled(
    plan: Plan, data: Data, known: Supervision, hints: FittedHints | None = None
) -> Unlabeled | None:
    """Return the transfer set of a plan, labelled by the teacher.

    Parameters
    ----------
    plan : Plan
        What is drawn.
    data : Data
        The samples it is drawn like, and those given.
    known : Supervision
        Holds the fitted teacher and the steps of the signal.
    hints : FittedHints, default=None
        What says the hints of other samples.

    Returns
    -------
    Unlabeled or None
        None if nothing is drawn or given.
    """
    samples = data.X_unlabeled
    if data.unlabeled_predictions is not None:
        predictions = known.signal.transform(data.unlabeled_predictions)
        return Unlabeled(samples, predictions)
    if plan.transfer.sampler is not None:
        drawn = draw_samples(plan, data)
        samples = drawn if samples is None else with_given_first(drawn, samples)
    if samples is None:
        return None
    X, X_privileged = known.view.split(samples)
    of_several = hints is not None and bool(known.signal.parts)
    if of_several or (plan.trust is not None and plan.trust.uses_parts):
        found = known.predict_with_parts(plan, data, X, X_privileged)
        unlabeled = Unlabeled(X, *found)
    else:
        said = known.say(plan, data, X, X_privileged)
        unlabeled = Unlabeled(X, said.predictions, quantiles=said.quantiles)
    if hints is None:
        return unlabeled
    if of_several:
        values = hints.of_others(as_table(unlabeled.parts, data))
    else:
        values = hints.transform(known.view.of_teacher(X, X_privileged))
    return replace(unlabeled, hints=values)


def distill_supervised(
    plan: Plan, data: Data, supervision: Supervision, watch: Watch = _unwatched
) -> Distillation:
    """Fit the student of a plan on what `supervise` returned.

    Parameters
    ----------
    plan, data, watch
        As for `distill`.
    supervision : Supervision
        What `supervise` returned for the same data, teacher and transfer set.

    Returns
    -------
    Distillation
    """
    if plan.part is not None and plan.part.begun is not None:
        student = deepcopy(plan.part.begun)
    else:
        student = clone_with_seed(plan.student, plan.seeds.student)
    part = f"student ({type(student).__name__})"
    with watch("student", student), naming_failures(part):
        grown, students = _fit_students(student, plan, data, supervision)
    return Distillation(plan, supervision, tuple(students), grown=grown)


def _fit_part(
    plan: Plan, supervision: Supervision, training: Data, rows: NDArray
) -> Estimator:
    """Return the student distilled on a part of the samples, the given rows.

    Out-of-fold predictions know the labels of all other folds, those held out among
    them. So a teacher that is fitted is cross-fitted once more, on the part alone. What
    is drawn is drawn like the part: near those held out a student would be too good.
    """
    known = None
    if is_trusted(plan, training):
        known = supervision.part(rows)
    else:
        plan = with_less_teacher(plan, training)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The fit on all samples has warned.
        supervision = supervise(plan, training, known)
    return distill_supervised(plan, training, supervision).students[0]


def _fit_students(
    student: Estimator, plan: Plan, data: Data, supervision: Supervision
) -> tuple[Estimator, list[Estimator]]:
    """Fit a student; return it as it was grown, and as each refinement makes it."""
    fit_params = dict(data.student_params)
    weight = fit_params.pop("sample_weight", None)
    X, predictions = data.X, supervision.signal.predictions
    unlabeled = supervision.unlabeled
    if plan.alpha_until == 0:
        plan, unlabeled = plan.of_baseline(), None
    plan, unlabeled = with_residuals(plan, data, supervision.signal.said, unlabeled)
    trust, alpha = fit_trust(
        plan.trust, data, supervision.signal, plan.alpha, plan.temperature
    )
    target = mix(plan, data, data.codes, predictions, weight=weight, alpha=alpha)
    target = replace(target, hints=supervision.hints)
    refinement = plan.refinements[0]
    if unlabeled is not None:
        adapt_to_transfer_set(student, X, target, fit_params)
    # One that is grown in part stays as it was set for this.
    if refinement is not None and plan.part is None:
        told_apart = data.n_classes if is_classifier(student) else 0
        refinement.prepare(student, np.shape(X)[1], told_apart)
    if unlabeled is not None:
        if is_classifier(student):
            resolve_class_weight(student, target)
        X, target = join_unlabeled(plan, data, target, unlabeled, trust)
    eval_targets: list[Target] = []
    if data.classes is not None:
        _check_every_class_taught(target, data.classes, plan.alpha)
        eval_targets = _eval_targets(plan, data, data.classes, supervision, fit_params)
        coder = LabelCoder(student)
        coder.encode(data.y)
        fit_params = coder.encode_held_out(fit_params)
    if plan.part is not None:
        fitted = fit_part(student, X, target, fit_params, plan.part)
    else:
        fitted = fit_until(
            student,
            X,
            target,
            fit_params,
            eval_targets,
            fraction=plan.alpha_until,
            n_labelled=len(data.y),
        )
    offset = find_offset(student, fit_params, len(data.y))
    refined = refine_fitted(fitted, X, target, plan, offset, n_labelled=len(data.y))
    return fitted, refined


def refine_fitted(
    fitted: Estimator,
    X: Table,
    target: Target,
    plan: Plan,
    offset: NDArray | None = None,
    *,
    n_labelled: int | None = None,
) -> list[Estimator]:
    """Return a fitted student as each refinement of the plan makes it.

    Parameters
    ----------
    fitted : estimator
        The student.
    X : table of shape (n_samples, n_features)
        The samples that its leaves are solved for on.
    target : Target
        Their target.
    plan : Plan
        Holds the refinements.
    offset : ndarray of shape (n_samples,), default=None
        At what the student's raw predictions begin.
    n_labelled : int, default=None
        How many of the samples, the first ones, have labels. If None, all have.

    Returns
    -------
    students : list of fitted estimators
    """
    refinements = [one for one in plan.refinements if one is not None]
    if not refinements:
        return [fitted] * len(plan.refinements)
    return refined_models(
        fitted,
        refinements,
        X,
        target.mixed,
        target.weight,
        offset=offset,
        n_labelled=len(target.mixed) if n_labelled is None else n_labelled,
        seed=plan.seeds.student,
    )


def _check_eval_sets(student: Estimator, data: Data, classes: NDArray) -> None:
    """Raise, before the teacher is fitted, if held-out samples cannot be judged."""
    for params in (*data.teacher_params.values(), data.student_params):
        for labels in held_out_labels(params):
            codes_of(labels, classes)
    if held_out_sets(data.student_params):
        check_takes_eval_set(student)


def _eval_targets(
    plan: Plan,
    data: Data,
    classes: NDArray,
    supervision: Supervision,
    fit_params: dict[str, Any],
) -> list[Target]:
    """Return the targets of the samples that a classifier is to stop early by."""
    return [
        mix(
            plan,
            data,
            codes_of(y_eval, classes),
            supervision.predict(plan, data, X_eval),
        )
        for X_eval, y_eval in held_out_sets(fit_params)
    ]


def _check_every_class_taught(target: Target, classes: NDArray, alpha: float) -> None:
    is_taught = np.isin(np.arange(len(classes)), target.labels[target.alpha < 1])
    if not is_taught.all():  # By labels; else by the teacher, which takes longer.
        is_taught |= target.mixed.any(axis=0)
    untaught = classes[~is_taught]
    if untaught.size:
        raise ValueError(
            "Every class must have a part in the student's target. Got none for "
            f"class {untaught.tolist()}: the teacher gives it probability 0 on all "
            f"samples and alpha={alpha} leaves the labels no weight. Use alpha below "
            "1, or more samples of that class."
        )
