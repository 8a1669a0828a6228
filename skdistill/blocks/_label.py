"""What workers do: prepare the teacher on a sample, and label their blocks with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._fitting import clone_with_seed, spawn_seeds
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import mean_weight
from skdistill._warnings import Note, collecting
from skdistill.blocks._block import Block, Facts
from skdistill.blocks._draw import Draw
from skdistill.blocks._folds import BlockFolds
from skdistill.distilled import check_data, make_plan
from skdistill.flow import (
    Data,
    Distillation,
    Plan,
    Supervision,
    Unlabeled,
    Verdict,
    distill_supervised,
    join_all,
    join_unlabeled,
    make_unlabeled,
    mix,
    refine_fitted,
    supervise_labelled,
)
from skdistill.students import mixed_for
from skdistill.targets import Target
from skdistill.teachers import ONE_TEACHER, LazyTeacher
from skdistill.transfer import TransferSet

__all__ = [
    "Labelled",
    "Prepared",
    "Rows",
    "count_rows",
    "distill_sample",
    "label",
    "labels_of",
    "plan_of",
    "prepare",
    "refine_sample",
    "rows_of",
    "take_target",
    "to_train",
    "weighing",
]

# Of fewer samples there is no neighbour to draw between.
_FEWEST = 2


@dataclass(frozen=True)
class Prepared:
    """All that labelling needs beside the samples.

    Attributes
    ----------
    plan : Plan
        How a student is distilled.
    supervision : Supervision
        The teacher, and its signal for the sample, out-of-fold.
    verdict : Verdict
        What was seen of the teacher on the sample.
    facts : Facts
        What is known of all samples.
    weighs_student : bool
        Whether the weights reach the student, as metadata may be routed otherwise.
    notes : list of Note
        What there is to warn of.
    folds : BlockFolds or None
        The teachers of the folds, where these are whole blocks.
    """

    plan: Plan
    supervision: Supervision
    verdict: Verdict
    facts: Facts
    weighs_student: bool
    notes: list[Note]
    folds: BlockFolds | None = None

    def data(self, block: Block) -> Data:
        """Return some of the samples as training data of the student."""
        weight = block.weight if self.weighs_student else None
        params = {} if weight is None else {"sample_weight": weight}
        return replace(self.facts.data(block), student_params=params)


def prepare(
    model: Estimator,
    facts: Facts,
    blocks: Sequence[Block],
    folds: BlockFolds | None = None,
) -> Prepared:
    """Resolve the parameters, and fit the teacher and the steps of its signal.

    Parameters
    ----------
    model : estimator
        Unfitted: a distilled estimator that learns samples in blocks.
    facts : Facts
        What is known of all samples.
    blocks : sequence of Block
        The sample, in the order of the blocks that it was drawn from.
    folds : BlockFolds, default=None
        The teacher, where it is fitted already: the sample serves the steps of its
        signal and its judgement.

    Returns
    -------
    Prepared
    """
    with collecting() as notes:
        plan, data = _resolve(model, facts, blocks, is_fitted=folds is not None)
        if folds is not None:
            told = [
                folds.predict(block.X, number)
                for number, block in enumerate(blocks)
                if len(block.y)
            ]
            data = replace(data, teacher_predictions=np.concatenate(told))
        supervision, verdict = supervise_labelled(plan, data)
    if folds is not None:
        supervision = replace(supervision, teacher=LazyTeacher(folds.teacher))
    if verdict.is_baseline:
        plan = plan.of_baseline()
    weighs = "sample_weight" in data.student_params
    return Prepared(plan, supervision, verdict, facts, weighs, notes, folds)


def plan_of(
    model: Estimator, facts: Facts, blocks: Sequence[Block]
) -> tuple[Plan, bool]:
    """Return the plan alone, and whether the weights reach the teacher.

    The parameters are those of `prepare`, which raises what can be known before a
    teacher is fitted.
    """
    plan, data = _resolve(model, facts, blocks, is_fitted=True)
    return plan, "sample_weight" in data.teacher_params[ONE_TEACHER]


def _resolve(
    model: Estimator, facts: Facts, blocks: Sequence[Block], *, is_fitted: bool
) -> tuple[Plan, Data]:
    """Return the plan, and the sample as training data."""
    sample = Block.joined([block for block in blocks if len(block.y)])
    if facts.of_classes and not is_fitted:
        _check_has_every_class(sample, facts)
    checked = check_data(model, *sample)
    data = replace(
        facts.data(sample),
        teacher_params=checked.teacher_params,
        student_params=checked.student_params,
    )
    plan = make_plan(model, data)
    _check_learns_mean(plan, data)
    return plan, data


def _check_has_every_class(sample: Block, facts: Facts) -> None:
    missing = np.setdiff1d(facts.labels, np.unique(sample.y)).tolist()
    if missing:
        raise ValueError(
            "The sample that the teacher learns must hold every class. Got none of the "
            f"classes {missing} among {len(sample.y)} of {facts.n_samples} samples. "
            "Raise teacher_samples, or leave classes out that are so rare."
        )


def _check_learns_mean(plan: Plan, data: Data) -> None:
    if plan.learns_distribution(data):
        raise ValueError(
            "In blocks a student learns values by a loss that is least for "
            f"the mean. Got {plan.student!r}. Use squared loss, or DistilledRegressor "
            "on samples in memory."
        )


class Labelled(NamedTuple):
    """Some samples of a block with their transfer set, and the teacher's predictions.

    A tuple of arrays and tables, as `Block` and `Rows`: Dask knows how large they are.
    """

    block: Block
    predictions: NDArray
    drawn: Table | None = None
    told: NDArray | None = None


def label(
    block: Block,
    prepared: Prepared,
    number: int,
    kept: Draw,
    seen: Draw,
    start: int,
    n_learned: int,
) -> Labelled:
    """Return samples of a block, labelled by the teacher, with their transfer set.

    Parameters
    ----------
    block : Block
        All samples of the block.
    prepared : Prepared
        What `prepare` returned.
    number : int
        That of the block.
    kept : Draw
        The rows that the student is to learn.
    seen : Draw
        The rows that are in the teacher's sample, for which there are out-of-fold
        predictions.
    start : int
        Where in the sample these begin.
    n_learned : int
        How many samples of all blocks the student learns.

    Returns
    -------
    Labelled
    """
    prepared.facts.check_again(block, number)
    signal = prepared.supervision.signal
    position = np.full(len(block.y), -1)
    position[seen.rows()] = start + np.arange(seen.size)
    rows = kept.rows()
    block = block.take(rows)
    data = prepared.data(block)
    predictions = _out_of_fold(prepared, data, number, position[rows])
    own = replace(prepared.supervision, signal=replace(signal, predictions=predictions))
    plan = _plan_of_block(prepared, data, number, n_learned)
    unlabeled = make_unlabeled(plan, data, own)
    if unlabeled is None:
        return Labelled(block, predictions)
    return Labelled(block, predictions, unlabeled.X, unlabeled.predictions)


def _out_of_fold(
    prepared: Prepared, data: Data, number: int, position: NDArray
) -> NDArray:
    """Return what is predicted by who did not see the samples.

    `position` is where they lie in the teacher's sample, -1 if they do not.
    """
    signal, is_new = prepared.supervision.signal, position < 0
    if prepared.folds is not None and len(position):
        return signal.transform(prepared.folds.predict(data.X, number))
    predictions = signal.predictions[position]
    if not is_new.any():
        return predictions
    told = prepared.supervision.predict(prepared.plan, data, data.X)
    return np.where(is_new.reshape(-1, *[1] * (told.ndim - 1)), told, predictions)


def _plan_of_block(prepared: Prepared, data: Data, number: int, n_learned: int) -> Plan:
    """Return the plan with the block's part of the transfer set, and its own seed.

    The transfer set of all blocks is as large as that of one.
    """
    plan, has_weight = prepared.plan, data.weight is None or data.weight.any()
    if plan.transfer.sampler is None or len(data.y) < _FEWEST or not has_weight:
        return replace(plan, transfer=TransferSet(None))
    seed = plan.seeds.transfer
    if number:
        seed = spawn_seeds(seed, number)[-1]
    transfer = clone(plan.transfer).set_params(
        size=plan.transfer.count(n_learned) / n_learned
    )
    return replace(plan, transfer=transfer, seeds=plan.seeds._replace(transfer=seed))


class Rows(NamedTuple):
    """What a student is trained on: samples, their target and weights."""

    X: Table
    mixed: NDArray
    weight: NDArray | None


def weighing(rows: Rows) -> Rows:
    """Return the rows that do not weigh 0."""
    if rows.weight is None or rows.weight.all():
        return rows
    kept = np.flatnonzero(rows.weight)
    return Rows(safe_indexing(rows.X, kept), rows.mixed[kept], rows.weight[kept])


def labels_of(block: Block, teacher: Estimator, facts: Facts, *, weighs: bool) -> Rows:
    """Return what a teacher is trained on of a block: the labels alone."""
    data = facts.data(block)
    weight = block.weight if weighs else None
    if data.classes is None:
        target = Target.of_values(data.y, data.y, alpha=0.0, weight=weight)
    else:
        nothing = np.zeros((len(data.y), len(data.classes)))
        target = Target.of_classes(
            data.codes, nothing, classes=data.classes, alpha=0.0, weight=weight
        )
    return Rows(data.X, mixed_for(teacher, target), target.weight)


def _target(prepared: Prepared, labelled: Labelled) -> tuple[Table, Target]:
    """Return the samples of a block with its transfer set, and their target."""
    plan, facts, data = prepared.plan, prepared.facts, prepared.data(labelled.block)
    weight = data.student_params.get("sample_weight")
    target = mix(plan, data, data.codes, labelled.predictions, weight=weight)
    if not facts.of_classes:
        smallest, largest = facts.labels
        target = replace(target, smallest=smallest, largest=largest)
    if labelled.drawn is None or labelled.told is None:
        return data.X, target
    unlabeled = Unlabeled(labelled.drawn, labelled.told)
    if weight is not None:  # A sample of the transfer set weighs the mean of all.
        factor = facts.mean_weight / mean_weight(weight)
        transfer = clone(plan.transfer)
        transfer.set_params(weight=plan.transfer.weight * factor)
        plan = replace(plan, transfer=transfer)
    return join_unlabeled(plan, data, target, unlabeled)


def rows_of(labelled: Labelled, prepared: Prepared) -> Rows:
    """Return what a student learns of a block, as it is trained on collections."""
    X, target = _target(prepared, labelled)
    return Rows(X, mixed_for(prepared.plan.student, target), target.weight)


def distill_sample(prepared: Prepared, parts: Sequence[Labelled]) -> Distillation:
    """Fit a student in memory, on the labelled samples of all blocks."""
    parts = [part for part in parts if len(part.block.y)]
    data = prepared.data(Block.joined([part.block for part in parts]))
    signal = prepared.supervision.signal
    predictions = np.concatenate([part.predictions for part in parts])
    supervision = replace(
        prepared.supervision,
        signal=replace(signal, predictions=predictions),
        unlabeled=_join_drawn([part for part in parts if part.drawn is not None]),
    )
    return distill_supervised(prepared.plan, data, supervision)


def _join_drawn(parts: Sequence[Labelled]) -> Unlabeled | None:
    if not parts:
        return None
    X = join_all([part.drawn for part in parts])
    return Unlabeled(X, np.concatenate([part.told for part in parts]))


def count_rows(labelled: Labelled) -> int:
    """Return how many samples a student learns of a block, with its transfer set."""
    n_drawn = 0 if labelled.told is None else len(labelled.told)
    return len(labelled.block.y) + n_drawn


def take_target(
    labelled: Labelled, prepared: Prepared, draw: Draw
) -> tuple[Table, Target]:
    """Return some samples of a block and its transfer set, and their target."""
    (X, target), rows = _target(prepared, labelled), draw.rows()
    return safe_indexing(X, rows), target.take(rows)


def refine_sample(
    prepared: Prepared, student: Estimator, taken: Sequence[tuple[Table, Target]]
) -> Estimator:
    """Solve for a trained student's leaf values, on a sample of what it learned."""
    tables, targets = zip(*(one for one in taken if len(one[1].labels)), strict=True)
    target = reduce(Target.join, targets)
    return refine_fitted(student, join_all(tables), target, prepared.plan)[0]


def to_train(prepared: Prepared) -> Estimator:
    """Return the student that is to be trained on collections."""
    plan, facts = prepared.plan, prepared.facts
    student = clone_with_seed(plan.student, plan.seeds.student)
    if plan.refinements[0] is not None:
        n_classes = len(facts.labels) if facts.of_classes else 0
        n_features = np.shape(facts.head)[1]
        plan.refinements[0].prepare(student, n_features, n_classes)
    return student
