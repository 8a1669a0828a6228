"""How a student is distilled: every "auto" resolved, before any work is done."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone, is_regressor
from sklearn.frozen import FrozenEstimator

from skdistill._fitting import final_step
from skdistill._sklearn import validate_params
from skdistill._typing import Estimator, Student, Table, Teachers
from skdistill._validation import sparse_columns
from skdistill.flow._bound import check_bound
from skdistill.flow._data import Data
from skdistill.flow._hints import check_hints
from skdistill.flow._inputs import (
    check_cross_fits_parts,
    check_drawable,
    check_no_metadata,
    check_student_takes,
    check_teacher_takes,
)
from skdistill.flow._schedule import check_alpha_until
from skdistill.flow._tables import check_joinable
from skdistill.flow._trust import check_trust
from skdistill.refine import (
    LeafRefinement,
    check_prunable,
    check_refinable,
    sums_trees,
)
from skdistill.students import (
    Part,
    check_learns_target,
    check_params,
    check_takes_transfer_set,
    find_adapter,
    has_stages,
    innermost_parts,
    keeping_stages,
    student_parts,
    training_loss,
)
from skdistill.targets import TeacherBound
from skdistill.teachers import (
    Combination,
    Hints,
    SignalStep,
    Store,
    Trust,
    check_says_quantiles,
    distribution_in,
    label_of,
    learns_in_context,
    named_teachers,
)
from skdistill.transfer import ConditionalSampler, MungeSampler, TransferSet

__all__ = [
    "Plan",
    "Seeds",
    "check_plan",
    "is_trusted",
    "resolve_refinement",
    "resolve_transfer",
]

# Fewer samples say too little of what goes together.
_FEWEST = 100


class Seeds(NamedTuple):
    """Seeds of the parts; None leaves a part as random as it is."""

    folds: int | None = None
    teacher: int | None = None
    student: int | None = None
    transfer: int | None = None


@dataclass(frozen=True)
class Plan:
    """All that decides how a student is distilled, beside the data.

    Attributes
    ----------
    teacher : estimator, list of (str, estimator), or None
        Unfitted or frozen, one or several by their names; None for the default one.
    student : estimator
        Unfitted.
    alpha : float
        Weight of the teacher in the target.
    alpha_until : float
        After which fraction of the student's rounds alpha falls to 0.
    temperature : float
        Divides the teacher's logits, or its deviations from the mean.
    soften : {"teacher", "both"}
        Whose logits are tempered.
    cross_fit : {"auto", "kfold", "oob", "stack"} or False
        Where out-of-fold predictions come from.
    cv : int, splitter or iterable of splits
        The folds.
    teacher_stage : float
        After which fraction of its rounds a teacher with stages is taken.
    steps : tuple of SignalStep
        What changes the predictions of each teacher, in order.
    combine : Combination
        How the predictions of several teachers become one.
    trust : Trust or None
        How far the teacher is believed for each sample; None for all alike.
    bound : TeacherBound or None
        Whether the student learns only where it is worse than the teacher.
    transfer : TransferSet
        Which samples are drawn; its sampler is None where there are none.
    hints : Hints or None
        What of the teacher's representation the student learns besides.
    refinements : tuple of LeafRefinement or None
        A student is returned for each. They grow it alike.
    teacher_input : transformer, callable or None
        From the student's samples to the teacher's.
    on_poor_teacher : {"auto", "warn", "baseline", "compare", "ignore"}
        Whether the teacher is judged, or the student too, and what is distilled then.
    memory : Store or None
        The cache of the teacher's work, as `open_cache` returned it; None keeps
        nothing.
    n_jobs : int or None
        Folds fitted at once.
    seeds : Seeds
        The seeds of all parts.
    part : Part or None
        Which part of its rounds the student is trained for; None for all of them.
    """

    teacher: Teachers
    student: Student
    alpha: float = 0.5
    alpha_until: float = 1.0
    temperature: float = 1.0
    soften: str = "teacher"
    cross_fit: str | bool = "auto"
    cv: Any = 5
    teacher_stage: float = 1.0
    steps: tuple[SignalStep, ...] = ()
    combine: SignalStep = field(default_factory=Combination)
    trust: Trust | None = None
    bound: TeacherBound | None = None
    transfer: TransferSet = field(default_factory=partial(TransferSet, None))
    hints: Hints | None = None
    refinements: tuple[LeafRefinement | None, ...] = (None,)
    teacher_input: Any = None
    on_poor_teacher: str = "ignore"
    memory: Store | None = None
    n_jobs: int | None = None
    seeds: Seeds = field(default_factory=Seeds)
    part: Part | None = None

    def has_transfer_set(self, data: Data) -> bool:
        """Return whether the student learns samples beside the labelled ones."""
        return self.transfer.sampler is not None or data.X_unlabeled is not None

    def learns_teacher(self, data: Data) -> bool:
        """Return whether the teacher has a part in what the student learns."""
        return self.alpha > 0 or self.has_transfer_set(data)

    def learns_distribution(self, data: Data) -> bool:
        """Return whether the student's loss is least for more than the mean."""
        return not (data.is_classification or training_loss(self.student).is_mean)

    def keeping_stages(self) -> "Plan":
        """Return the plan whose teachers can be asked for any stage, once fitted."""
        if isinstance(self.teacher, list):
            kept = [(name, keeping_stages(one)) for name, one in self.teacher]
            return replace(self, teacher=kept)
        return replace(self, teacher=keeping_stages(self.teacher))

    def of_baseline(self) -> "Plan":
        """Return the plan of the student fitted on the labels alone."""
        return replace(
            self,
            alpha=0.0,
            alpha_until=1.0,
            trust=None,
            bound=None,
            hints=None,
            transfer=TransferSet(None),
            refinements=(None,),
        )


def resolve_transfer(
    transfer: Any, student: Estimator, alpha: float, data: Data
) -> TransferSet:
    """Return the transfer set that a parameter stands for.

    Sums of trees learn most from samples drawn by MUNGE, all others from conditional
    ones. Where the teacher has no part in the target, or cannot label new samples, or X
    is no table that samplers take, "auto" draws none; nor for a student that drawn
    samples do not serve.

    Parameters
    ----------
    transfer : TransferSet, sampler, "auto" or None
        The parameter.
    student : estimator
        Unfitted.
    alpha : float
        Weight of the teacher in the target.
    data : Data
        The training data.

    Returns
    -------
    TransferSet
        Its sampler is an estimator or None.
    """
    wanted = transfer
    if not isinstance(transfer, TransferSet):
        wanted = TransferSet(transfer)
    wanted.validate()
    if wanted.sampler != "auto":
        return wanted
    sampler = None
    can_draw = not data.has_stored_predictions and _can_draw(data.X)
    if alpha > 0 and can_draw and _gains_by_drawn(student, data):
        sampler = MungeSampler() if sums_trees(student) else ConditionalSampler()
    return clone(wanted).set_params(sampler=sampler)


def _gains_by_drawn(student: Estimator, data: Data) -> bool:
    """Return whether drawn samples serve a student.

    Not where it would keep them all, nor where it cannot follow the teacher everywhere,
    so that samples which lie a little elsewhere pull it away from where it is needed;
    unless it learns from the teacher in no other way.
    """
    parts = list(student_parts(student))
    if any(find_adapter(part).grows_with_samples for part in parts):
        return False
    if not data.is_classification and not training_loss(student).is_mean:
        return True
    return not all(find_adapter(p).has_fixed_form for p in innermost_parts(student))


def _can_draw(X: Table) -> bool:
    """Return whether X is a dense table of enough samples.

    The fewest samples also keep a weight of k the same as k equal rows in tiny tables.
    """
    shape = np.shape(X)
    is_dense = not (sparse.issparse(X) or sparse_columns(X))
    return is_dense and len(shape) == 2 and shape[0] >= _FEWEST


def resolve_refinement(refine: Any, plan: Plan, data: Data) -> LeafRefinement | None:
    """Return the refinement that a parameter stands for, if any.

    Parameters
    ----------
    refine : LeafRefinement, "leaves", "auto" or None
        The parameter.
    plan : Plan
        Holds the student and its loss.
    data : Data
        The training data.

    Returns
    -------
    LeafRefinement or None
    """
    if isinstance(refine, LeafRefinement):
        validate_params(refine)
    if refine == "auto":
        learns_alike = plan.bound is None and plan.alpha_until == 1
        helps = plan.alpha > 0 and learns_alike and _refines_well(plan, data)
        return LeafRefinement() if helps else None
    return LeafRefinement() if refine == "leaves" else refine


def _refines_well(plan: Plan, data: Data) -> bool:
    """Return whether solving for leaf values can help the student."""
    try:
        _check_refines(plan, data)
    except ValueError:
        return False
    return sums_trees(plan.student)


def _check_refines(plan: Plan, data: Data) -> None:
    """Raise if the leaf values of an unfitted student cannot be solved for."""
    if data.is_classification:
        final = final_step(plan.student)
        balances = find_adapter(final).class_weights(final, data.n_classes)
        reasons = {
            f"soften={plan.soften!r}": plan.soften != "teacher",
            "a regressor as student": is_regressor(plan.student),
            f"a student with {' and '.join(balances)}": bool(balances),
        }
        found = [reason for reason, holds in reasons.items() if holds]
        if found:
            raise ValueError(
                "refine solves for leaf values by the student's loss on the target "
                f"above. It does not go with {found[0]}. Use refine=None."
            )
    check = check_refinable
    if any(one is not None and one.prunes for one in plan.refinements):
        check = check_prunable
    try:
        check(plan.student)
    except ValueError as error:
        raise ValueError(
            f"The 'refine' parameter does not go with the student. {error} Use "
            "refine=None."
        ) from error


def check_plan(plan: Plan, data: Data) -> None:
    """Raise, before any work is done, if a plan does not go with itself or the data."""
    if isinstance(plan.student, FrozenEstimator):
        raise ValueError(
            "The student must be trainable. Got a FrozenEstimator, which no fit "
            "changes. Pass the estimator it holds."
        )
    has_transfer_set = plan.has_transfer_set(data)
    _check_stage(plan, data)
    if plan.learns_teacher(data):
        _check_learns(plan, data, has_transfer_set=has_transfer_set)
    check_alpha_until(
        plan.alpha_until,
        plan.student,
        data,
        temperature=plan.temperature,
        is_refined=plan.refinements[0] is not None,
    )
    check_hints(plan, data)
    if not is_trusted(plan, data):
        check_cross_fits_parts(plan.on_poor_teacher, plan.cv)
    if plan.refinements[0] is not None:
        _check_refines(plan, data)
    if has_transfer_set:
        check_joinable(data.X)
        check_takes_transfer_set(plan.student)
        check_no_metadata(data.student_params, len(data.y))
    if plan.transfer.sampler is not None:
        check_drawable(plan.transfer.sampler, data.all_columns)
    seen = data.all_columns if plan.teacher_input is None else None
    for name, teacher in named_teachers(plan.teacher):
        if (told := distribution_in(teacher)) is not None:
            check_says_quantiles(told)
        check_teacher_takes(
            label_of(name),
            teacher,
            seen,
            data,
            is_cross_fitted=plan.cross_fit is not False,
        )
    check_student_takes(
        plan.student,
        data,
        learns_teacher=plan.learns_teacher(data),
        has_transfer_set=has_transfer_set,
    )
    _check_predictions(plan, data)
    _check_eval_sets(plan, data)


def _check_stage(plan: Plan, data: Data) -> None:
    """Raise if no teacher can be taken at an earlier stage."""
    has_any = any(has_stages(teacher) for _, teacher in named_teachers(plan.teacher))
    if plan.teacher_stage < 1 and not has_any:
        what = repr(plan.teacher) if plan.teacher is not None else "the default teacher"
        if data.has_stored_predictions:
            what = "stored predictions"
        raise ValueError(
            "teacher_stage asks a teacher what it predicted after some of its rounds, "
            "as boosting and perceptrons that are trained in epochs can be asked, also "
            "as the last step of a Pipeline; a frozen perceptron if it was fitted to "
            f"keep them. Got {plan.teacher_stage!r} for {what}. Use teacher_stage=1.0."
        )


def _check_learns(plan: Plan, data: Data, *, has_transfer_set: bool) -> None:
    """Raise if the student cannot learn from the teacher as the plan says."""
    is_in_sample = plan.cross_fit is False and not is_trusted(plan, data)
    if data.is_classification:
        check_learns_target(plan.student, plan.soften)
    else:
        _check_training_loss(plan, data)
    check_params(plan.student, plan.soften, n_classes=data.n_classes)
    check_trust(
        plan.trust,
        data,
        has_several=isinstance(plan.teacher, list),
        is_in_sample=is_in_sample,
        is_mean=data.is_classification or training_loss(plan.student).is_mean,
        has_transfer_set=has_transfer_set,
        is_in_context=any(
            learns_in_context(one) for _, one in named_teachers(plan.teacher)
        ),
    )
    check_bound(
        plan.bound,
        plan.student,
        data,
        temperature=plan.temperature,
        is_in_sample=is_in_sample,
        is_refined=plan.refinements[0] is not None,
    )


def _check_eval_sets(plan: Plan, data: Data) -> None:
    """Raise if the teacher cannot predict for samples that the student stops by."""
    given = {"eval_set", "eval_X"} & {*data.student_params}
    if not given or not data.is_classification:
        return
    if data.has_stored_predictions or data.X_privileged is not None:
        missing = "its predictions" if data.has_stored_predictions else "X_privileged"
        raise ValueError(
            "The student stops early by held-out samples, for which the teacher must "
            f"predict. Got an eval_set, and {missing} for X alone. Leave the eval_set "
            "out."
        )


def _check_training_loss(plan: Plan, data: Data) -> None:
    """Raise if a student of values cannot learn a teacher by its own loss."""
    loss = training_loss(plan.student)
    if loss.is_mean:
        return
    needs_level = loss.kind in ("quantile", "expectile")
    reasons = {
        "It predicts several numbers, or none in the unit of y. Fit one student for "
        "each level": loss.kind == "several",
        "It has no level. Set one, such as 0.9": needs_level and loss.level is None,
        f"A temperature, here {plan.temperature:g}, moves targets towards the mean, "
        "and quantiles with them. Use temperature=1": plan.temperature != 1,
        "It learns from the teacher's out-of-fold residuals, and cross_fit=False gives "
        "none. Use another cross_fit": plan.cross_fit is False
        and not is_trusted(plan, data),
        "It learns from the teacher through a transfer set alone, and none is drawn. "
        "Use transfer=MungeSampler(), which needs a dense X, or X_unlabeled, or "
        "alpha=0": not plan.has_transfer_set(data),
    }
    found = [reason for reason, holds in reasons.items() if holds]
    if found:
        raise ValueError(
            "A student whose loss is not least for the mean cannot learn this way. Got "
            f"{final_step(plan.student)!r}, {loss.name}. {found[0]}, or a student of "
            "squared loss."
        )


def is_trusted(plan: Plan, data: Data) -> bool:
    """Return whether predictions are taken as they are: no teacher is fitted."""
    parts = [part for _, part in named_teachers(plan.teacher)]
    is_frozen = all(isinstance(one, FrozenEstimator) for one in parts)
    return data.has_stored_predictions or (bool(parts) and is_frozen)


def _check_predictions(plan: Plan, data: Data) -> None:
    """Raise if predictions are stored for some samples and missing for others."""
    if data.has_stored_predictions:
        if plan.teacher is not None:
            raise ValueError(
                "A teacher is not fitted where its predictions are given. Got both "
                f"teacher={plan.teacher!r} and teacher_predictions. Pass one of them."
            )
        if plan.transfer.sampler is not None:
            raise ValueError(
                "Samples can be drawn only for a teacher that can label them. Got "
                f"transfer={plan.transfer.sampler!r} with teacher_predictions. Use "
                "transfer=None, or X_unlabeled with unlabeled_predictions."
            )
        if data.X_privileged is not None or plan.teacher_input is not None:
            raise ValueError(
                "Stored predictions need no view of the teacher. Got "
                "teacher_predictions with X_privileged or teacher_input. Leave these "
                "out."
            )
    stored = data.unlabeled_predictions is not None
    unlabeled = data.X_unlabeled is not None
    if unlabeled and stored != data.has_stored_predictions:
        missing = "teacher_predictions" if stored else "unlabeled_predictions"
        raise ValueError(
            "teacher_predictions and unlabeled_predictions go together where there is "
            f"X_unlabeled. {missing} is missing: pass it, or leave out the other."
        )
    if stored and not unlabeled:
        raise ValueError(
            "unlabeled_predictions are for the samples in X_unlabeled. Got none of "
            "these. Pass X_unlabeled, or leave unlabeled_predictions out."
        )
