"""From blocks to a distilled student: each is read, labelled, stored and forgotten."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import joblib
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from skdistill._fitting import naming_failures
from skdistill._sklearn import elapsed_time
from skdistill._typing import Estimator, Table
from skdistill._warnings import Note
from skdistill.blocks._block import Block, Facts, describe, gather_facts, take
from skdistill.blocks._draw import Draw, draw_rows, seeded
from skdistill.blocks._label import (
    Labelled,
    Prepared,
    count_rows,
    distill_sample,
    label,
    prepare,
    refine_sample,
    rows_of,
    take_target,
    to_train,
)
from skdistill.blocks._parquet import ParquetBlocks
from skdistill.flow import Distillation, join_all
from skdistill.students import fit_in_blocks, trains_in_blocks
from skdistill.targets import Target

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Done", "distill_blocks"]


@dataclass(frozen=True)
class Done:
    """What a fit leaves: a student, a teacher, and no samples."""

    distillation: Distillation
    facts: Facts
    notes: list[Note]
    seconds: dict[str, float]


class Source(NamedTuple):
    """Where blocks come from, and which columns are their labels and weights."""

    table: ParquetBlocks
    y: str
    weight: str | None
    of_classes: bool

    def blocks(self) -> Iterator[Block]:
        """Read the blocks, one after the other."""
        given = [self.y] if self.weight is None else [self.y, self.weight]
        names = [name for name in self.table.names if name not in given]
        for frame in self.table.read([*names, *given]):
            yield self._block(frame, names)

    def _block(self, frame: "pd.DataFrame", names: list[str]) -> Block:
        weight = None if self.weight is None else frame[self.weight]
        labels = frame[self.y]
        return Block.of(frame[names], labels, weight, of_classes=self.of_classes)


def distill_blocks(
    model: Estimator, table: ParquetBlocks, y: str, weight: str | None
) -> Done:
    """Distil a student from the blocks of a table.

    Parameters
    ----------
    model : BlockDistilledRegressor or BlockDistilledClassifier
        Its parameters count.
    table : ParquetBlocks
        The samples, their labels and their weights.
    y, weight : str
        The columns of labels and weights; `weight` may be None.

    Returns
    -------
    Done
    """
    run = _Run.of(model, Source(table, y, weight, is_classifier(model)))
    with run.step("teacher"):
        prepared = run.prepare()
    with (
        run.step("student"),
        naming_failures(f"student ({type(prepared.plan.student).__name__})"),
    ):
        student = run.fit_student(prepared)
    done = Distillation(
        prepared.plan, prepared.supervision, (student,), prepared.verdict
    )
    return Done(done, run.facts, prepared.notes, run.seconds)


@dataclass(frozen=True)
class _Run:
    """A fit: where the blocks come from, and what is drawn of them.

    Attributes
    ----------
    model : estimator
        Unfitted, with a seed.
    source : Source
    facts : Facts
        What is known of all samples.
    seen : list of Draw
        The rows of each block that are in the teacher's sample.
    seconds : dict
        What each step took.
    """

    model: Estimator
    source: Source
    facts: Facts
    seen: list[Draw]
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Estimator, source: Source) -> "_Run":
        """Read the blocks once, to know what holds of all."""
        told = [
            describe(block, of_classes=source.of_classes) for block in source.blocks()
        ]
        facts = gather_facts(told, of_classes=source.of_classes)
        own = seeded(model)
        seen = draw_rows(facts.counts, own.teacher_samples, own.random_state)
        return cls(own, source, facts, seen)

    def prepare(self) -> Prepared:
        """Fit the teacher on a sample of the blocks."""
        taken = []
        for number, (block, draw) in enumerate(self._with(self.seen)):
            self.facts.check_again(block, number)
            taken.append(take(block, draw))
        return prepare(self.model, self.facts, taken)

    def fit_student(self, prepared: Prepared) -> Estimator:
        """Label the blocks, and train the student on them or on a sample."""
        student, counts = prepared.plan.student, self.facts.counts
        if trains_in_blocks(student, of_classes=self.facts.of_classes):
            with self._folder() as folder:
                return self._train(prepared, Path(folder))
        kept = self._draw_for_student(counts)
        return distill_sample(prepared, [*self._label(prepared, kept)]).students[0]

    def _train(self, prepared: Prepared, folder: Path) -> Estimator:
        """Train a student on blocks, and refine it on a sample."""
        kept = draw_rows(self.facts.counts, self.facts.n_samples, 0)
        stored = _Stored(folder, prepared)
        learned = [stored.add(one) for one in self._label(prepared, kept)]
        student, sample = to_train(prepared), None
        if isinstance(student, Pipeline):
            sample = join_all([X for X, _ in self._take(prepared, stored, learned)])
        student = fit_in_blocks(student, stored.rows, folder, sample)
        if prepared.plan.refinements[0] is None:
            return student
        taken = self._take(prepared, stored, learned)
        return refine_sample(prepared, student, taken)

    def _take(
        self, prepared: Prepared, stored: "_Stored", learned: Sequence[int]
    ) -> list[tuple[Table, Target]]:
        """Return a sample of what the student learns."""
        drawn = self._draw_for_student(learned)
        return [
            take_target(one, prepared, draw)
            for one, draw in zip(stored.labelled(), drawn, strict=True)
        ]

    def _draw_for_student(self, counts: Sequence[int]) -> list[Draw]:
        model = self.model
        return draw_rows(
            counts, model.student_samples, model.random_state, for_student=True
        )

    def _label(self, prepared: Prepared, kept: list[Draw]) -> Iterator[Labelled]:
        """Label rows of the blocks, one block after the other."""
        n_learned, start = sum(draw.size for draw in kept), 0
        blocks = self._with(self.seen, kept)
        for number, (block, seen, learned) in enumerate(blocks):
            yield label(block, prepared, number, learned, seen, start, n_learned)
            start += seen.size

    def _with(self, *drawn: list[Draw]) -> Iterator[tuple]:
        """Read the blocks again, each with the rows drawn of it."""
        return zip(self.source.blocks(), *drawn, strict=True)

    def _folder(self) -> AbstractContextManager[str]:
        """Return a new folder for what blocks become; it is private to the user."""
        return TemporaryDirectory(prefix="skdistill-", dir=self.model.folder)

    def step(self, name: str) -> "_Step":
        """Return a context in which a step runs, timed and printed."""
        return _Step(self, name)


class _Step:
    """A step of a fit, timed; printed if the model is verbose."""

    def __init__(self, run: _Run, name: str) -> None:
        message = f"Fitting {name}" if run.model.verbose else None
        self._printed = elapsed_time(type(run.model).__name__, message)
        self._run, self._name = run, name

    def __enter__(self) -> None:
        self._start = time.perf_counter()
        self._printed.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._printed.__exit__(*error)
        self._run.seconds[self._name] = time.perf_counter() - self._start


class _Stored:
    """Labelled blocks in the files of a folder."""

    def __init__(self, folder: Path, prepared: Prepared) -> None:
        self._folder, self._prepared = folder, prepared
        self._paths: list[Path] = []

    def add(self, labelled: Labelled) -> int:
        """Store a block; return how many samples it has, with its transfer set."""
        path = self._folder / f"block-{len(self._paths)}"
        joblib.dump(labelled, path)
        self._paths.append(path)
        return count_rows(labelled)

    def labelled(self) -> Iterator[Labelled]:
        """Read the blocks, one after the other."""
        return map(joblib.load, self._paths)

    def rows(self) -> Iterator[tuple[Table, NDArray, NDArray | None]]:
        """Return what a student learns of the blocks, one after the other."""
        for labelled in self.labelled():
            rows = rows_of(labelled, self._prepared)
            yield rows.X, rows.mixed, rows.weight
