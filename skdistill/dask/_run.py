"""From Dask collections to a distilled student: the client's part, without samples."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier

from skdistill._fitting import clone_with_seed, naming_failures
from skdistill._optional import import_optional
from skdistill._typing import Estimator
from skdistill.blocks import (
    Block,
    BlockFolds,
    Done,
    Draw,
    Facts,
    Prepared,
    assign_folds,
    count_rows,
    describe,
    distill_sample,
    draw_rows,
    gather_facts,
    label,
    labels_of,
    plan_of,
    prepare,
    refine_sample,
    rows_of,
    seeded,
    take,
    take_target,
    to_train,
    weighing,
)
from skdistill.dask._collections import array_of, partitions, table_of
from skdistill.dask._teacher import count_folds
from skdistill.flow import Distillation, Plan
from skdistill.students import find_adapter, trains_distributed
from skdistill.teachers import FoldMeanClassifier, FoldMeanRegressor

__all__ = ["distill_collections"]

# On how many samples a teacher is calibrated and judged that is fitted on all.
_JUDGED = 100_000
# How often training on collections begins, if each time a worker is lost.
_ATTEMPTS = 3


def distill_collections(
    model: Estimator, client: Any, X: Any, y: Any, weight: Any
) -> Done:
    """Distil a student from samples that lie on the workers of a Dask cluster.

    Parameters
    ----------
    model : DaskDistilledRegressor or DaskDistilledClassifier
        Its parameters count.
    client : distributed.Client
        The client of the cluster.
    X, y, weight : collections
        The samples, their labels and their weights, or None.

    Returns
    -------
    Done
    """
    start = time.perf_counter()
    run = _Run.of(model, client, X, y, weight)
    prepared = run.prepare()
    told = client.submit(_without_sample, prepared, pure=False).result()
    middle = time.perf_counter()
    student = run.fit_student(prepared, told)
    seconds = {"teacher": middle - start, "student": time.perf_counter() - middle}
    done = Distillation(told.plan, told.supervision, (student,), told.verdict)
    return Done(done, run.facts, told.notes, seconds)


def _without_sample(prepared: Prepared) -> Prepared:
    """Return what the client keeps: the teacher and the steps of its signal."""
    signal = prepared.supervision.signal
    signal = replace(signal, predictions=signal.predictions[:0])
    supervision = replace(prepared.supervision, signal=signal)
    return replace(prepared, supervision=supervision)


@dataclass(frozen=True)
class _Run:
    """A fit: the blocks on the workers, and what is drawn of them.

    Attributes
    ----------
    client : distributed.Client
    model : estimator
        What workers are sent: unfitted, with a seed.
    blocks : list of distributed.Future
        A `Block` for each partition.
    facts : Facts
        What is known of all samples.
    seen : list of Draw
        The rows of each block that are in the teacher's sample.
    """

    client: Any
    model: Estimator
    blocks: list[Any]
    facts: Facts
    seen: list[Draw]

    @classmethod
    def of(cls, model: Estimator, client: Any, X: Any, y: Any, weight: Any) -> "_Run":
        """Bring the samples onto the workers, and describe them to the client."""
        of_classes = is_classifier(model)
        parts = [partitions(X, "X"), partitions(y, "y", X)]
        parts.append([None] * len(parts[0]))
        if weight is not None:
            parts[-1] = partitions(weight, "sample_weight", X)
        delayed = import_optional("dask", extra="dask").delayed
        block_of = delayed(partial(Block.of, of_classes=of_classes), pure=False)
        blocks = client.compute([block_of(*part) for part in zip(*parts, strict=True)])
        told = client.map(partial(describe, of_classes=of_classes), blocks, pure=False)
        facts = gather_facts(client.gather(told), of_classes=of_classes)
        sent = seeded(model)
        n_drawn = _JUDGED if sent.teacher_samples is None else sent.teacher_samples
        seen = draw_rows(facts.counts, n_drawn, sent.random_state)
        return cls(client, sent, blocks, facts, seen)

    def prepare(self) -> Any:
        """Fit the teacher on a worker; return the future of what labelling needs.

        One that learns all samples is fitted by all workers.
        """
        taken = self._each(take, self.blocks, self.seen)
        given, folds = (self.model, self.facts, taken), None
        submit = partial(self.client.submit, pure=False)
        if self.model.teacher_samples is None:
            folds = self._fit_folds(*submit(plan_of, *given).result())
        return submit(prepare, *given, folds)

    def _fit_folds(self, plan: Plan, weighs: bool) -> BlockFolds:
        """Fit a teacher for each fold of partitions, on all samples of the others."""
        counts, n_folds = self.facts.counts, count_folds(self.model)
        teacher = clone_with_seed(plan.teacher, plan.seeds.teacher)
        of_labels = partial(labels_of, teacher=teacher, facts=self.facts, weighs=weighs)
        filled, sizes = np.flatnonzero(counts), np.zeros(len(counts), dtype=int)
        rows = self._each(of_labels, [self.blocks[number] for number in filled])
        rows, sizes[filled] = self._that_weigh(rows)
        of_block = assign_folds(sizes.tolist(), n_folds, plan.seeds.folds or 0)
        fitted = []
        for number in range(n_folds):
            others = [
                part
                for part, block in zip(rows, filled, strict=True)
                if of_block[block] != number and sizes[block]
            ]
            with naming_failures(f"teacher ({type(teacher).__name__}), fold {number}"):
                given = self._collections(others)
                fitted.append(self._train_again_if_lost(teacher, *given))
        if not self.facts.of_classes:
            return BlockFolds(FoldMeanRegressor(fitted), of_block)
        known, classes = [self.facts.labels] * n_folds, self.facts.labels
        return BlockFolds(FoldMeanClassifier(fitted, known, classes), of_block)

    def fit_student(self, prepared: Any, told: Prepared) -> Estimator:
        """Label the blocks, and train the student on them or on a sample."""
        plan, counts = told.plan, self.facts.counts
        is_distributed = trains_distributed(
            plan.student, of_classes=self.facts.of_classes
        )
        n_kept = self.facts.n_samples if is_distributed else self.model.student_samples
        kept = self._draw_for_student(counts, n_kept)
        labelled = self._label(prepared, kept)
        with naming_failures(f"student ({type(plan.student).__name__})"):
            if not is_distributed:
                submit = partial(self.client.submit, pure=False)
                return submit(distill_sample, prepared, labelled).result().students[0]
            return self._train(prepared, told, labelled)

    def _draw_for_student(self, counts: Sequence[int], n_samples: int) -> list[Draw]:
        seed = self.model.random_state
        return draw_rows(counts, n_samples, seed, for_student=True)

    def _label(self, prepared: Any, kept: list[Draw]) -> list[Any]:
        """Return what workers make of rows of the blocks."""
        starts = np.cumsum([0, *(draw.size for draw in self.seen)])
        n_learned = sum(draw.size for draw in kept)
        return self._each(
            label,
            self.blocks,
            [prepared] * len(kept),
            range(len(kept)),
            kept,
            self.seen,
            starts[:-1].tolist(),
            [n_learned] * len(kept),
        )

    def _train(self, prepared: Any, told: Prepared, labelled: list[Any]) -> Estimator:
        """Train a student on collections, and refine it on a sample."""
        client, plan = self.client, told.plan
        every = [prepared] * len(labelled)
        rows, sizes = self._that_weigh(self._each(rows_of, labelled, every))
        filled = [part for part, size in zip(rows, sizes, strict=True) if size]
        X, mixed, weight = self._collections(filled)
        student = client.submit(to_train, prepared, pure=False).result()
        student = self._train_again_if_lost(student, X, mixed, weight)
        if plan.refinements[0] is None:
            return student
        counts = client.gather(self._each(count_rows, labelled))
        drawn = self._draw_for_student(counts, self.model.student_samples)
        taken = self._each(take_target, labelled, every, drawn)
        done = client.submit(refine_sample, prepared, student, taken, pure=False)
        return done.result()

    def _train_again_if_lost(
        self, student: Estimator, X: Any, mixed: Any, weight: Any
    ) -> Estimator:
        """Train a clone on collections; begin anew where a worker was lost meanwhile.

        What it held is computed again by Dask, but its library gives training up.
        """
        client, adapter = self.client, find_adapter(student)
        for attempt in range(1, _ATTEMPTS + 1):
            workers = {*client.nthreads()}
            try:
                return adapter.fit_distributed(clone(student), X, mixed, weight, client)
            except Exception as error:
                lost = workers - {*client.nthreads()}
                if not lost:
                    raise
                if attempt == _ATTEMPTS:
                    error.add_note(
                        f"In each of {attempt} attempts a worker was lost, the last "
                        f"time {', '.join(sorted(lost))}. Look at the memory of the "
                        "workers, give them more or smaller partitions, and fit again."
                    )
                    raise
        raise RuntimeError  # It has returned or raised.

    def _collections(self, rows: list[Any]) -> tuple[Any, Any, Any]:
        """Return samples, targets and weights of the blocks as collections."""
        facts = self.facts
        shape = (len(facts.labels),) if facts.of_classes else ()
        dtype = np.float32 if facts.of_classes else float
        is_weighted = self.client.submit(_has_weight, rows[0], pure=False).result()
        X, mixed, weight = (
            self._each(partial(_part_of, name), rows)
            for name in ("X", "mixed", "weight")
        )
        return (
            table_of(X, facts.head),
            array_of(mixed, shape, dtype),
            array_of(weight, (), float) if is_weighted else None,
        )

    def _that_weigh(self, rows: list[Any]) -> tuple[list[Any], list[int]]:
        """Return the rows without those of weight 0, and how many each block has.

        XGBoost does not take a worker whose rows all weigh nothing.
        """
        rows = self._each(weighing, rows)
        return rows, self.client.gather(self._each(_size, rows))

    def _each(self, function: Any, parts: list[Any], *others: Any) -> list[Any]:
        """Return a future for each part of what a function makes of it, where it lies.

        Dask would take a part to whoever is free first, and with it the rows that are
        trained on: then one worker trains on most of them, and the others wait.
        """
        distributed = import_optional("distributed", extra="dask")
        distributed.wait(parts)
        found = self.client.who_has(parts)
        of_place: dict[tuple, list[int]] = {}
        made: dict[int, Any] = {}
        for number, part in enumerate(parts):
            of_place.setdefault(tuple(found.get(part.key, ())), []).append(number)
        for place, numbers in of_place.items():
            given = [[one[number] for number in numbers] for one in (parts, *others)]
            done = self.client.map(
                function,
                *given,
                pure=False,
                workers=[*place] or None,
                allow_other_workers=bool(place),  # It may be lost meanwhile.
            )
            made |= zip(numbers, done, strict=True)
        return [made[number] for number in range(len(parts))]


def _part_of(name: str, rows: Any) -> Any:
    return getattr(rows, name)


def _size(rows: Any) -> int:
    return len(rows.mixed)


def _has_weight(rows: Any) -> bool:
    return rows.weight is not None
