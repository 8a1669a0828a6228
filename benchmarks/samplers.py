"""Whose samples help which student most; this decides what "auto" stands for.

The students of the two gap benchmarks learn with their default settings except for the
sampler, on the same tables, from the same teachers. A score is R2, or the log loss
with its sign changed, of held-out rows::

    python -m benchmarks.samplers --data-dir ../shared/data
"""

import tempfile
import warnings

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import gap, gap_block, gap_classes, quality_block, results, runs
from skdistill.transfer import ConditionalSampler, MungeSampler, PermutationSampler

NAME = "samplers"
SAMPLERS = {
    "munge": MungeSampler(),
    "permutation": PermutationSampler(),
    "conditional": ConditionalSampler(),
}
NUMBERS = ("boosting", "lightgbm-100x16", "forest", "tree", "mlp")
CLASSES = {f"{name}, classes": name for name in ("lightgbm", "forest", "tree", "mlp")}
STUDENTS = (*NUMBERS, *CLASSES)
TABLES = (*gap_block.TABLES, *gap_classes.TABLES)
SCORE = gap.Metric("score", "score", 1)


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Scores of each student on the held-out rows of one table, by sampler."""
    is_classes = table in gap_classes.TABLES
    students = [name for name in students if (name in CLASSES) == is_classes]
    kind = gap_classes.ClassBlock if is_classes else gap_block.Block
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        block = kind(table, seed, data_dir, memory)
        return [
            block.facts | {"student": name} | _study(block, name) for name in students
        ]


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = gap.summarise(frame, SAMPLERS, SCORE)
    fractions = summary[["table", "student"]].assign(
        **{
            way: [gap.show_recovered(row, way, SCORE) for _, row in summary.iterrows()]
            for way in SAMPLERS
        }
    )
    return "\n\n".join(
        [
            "# Whose samples help which student most",
            f"Tables: {frame['table'].nunique()}, students: "
            f"{frame['student'].nunique()}, seeds: {frame['seed'].nunique()}. Each "
            "student has its default settings except for the sampler; nothing is "
            "chosen. A score is R2, or the log loss with its sign changed, of held-out "
            "rows.",
            "## By student",
            "The fraction of the gap between the baseline student and the teacher, "
            f"over the tables where the teacher leads by {gap.MIN_LEAD:g} or more:",
            results.markdown(gap.summarise_students(summary, SAMPLERS)),
            "## By table",
            "The fraction of the gap recovered, or the gain in score where the teacher "
            f"leads by less than {gap.MIN_LEAD:g}:",
            results.markdown(fractions),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=1, tables=TABLES)
    # A table of numbers has no rows for the classifiers, and the other way round.
    tables, students = options.tables, options.students
    for classes in (False, True):
        options.tables = [t for t in tables if (t in gap_classes.TABLES) == classes]
        options.students = [s for s in students if (s in CLASSES) == classes]
        runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


def _study(block, name):
    if name in CLASSES:
        student = quality_block.build_student(CLASSES[name], block.seed)
        student = gap_classes.with_encoder(student)
    else:
        student = gap_block.build_student(name, block.seed)
    fits = {"baseline": block.fit_baseline(student)}
    for way, sampler in SAMPLERS.items():
        fits[way] = block.distil(student, transfer=sampler)
    fits["teacher"] = (0.0, fits["munge"][1].teacher_)
    metric = gap_classes.LOG_LOSS if name in CLASSES else gap.R2
    scores = block.score_all(fits)
    return {
        f"{way}_score": metric.sign * scores[f"{way}_{metric.column}"] for way in fits
    }


if __name__ == "__main__":
    main()
