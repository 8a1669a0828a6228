"""What each part of distillation contributes to the fraction of the gap recovered.

The students of the gap benchmark that are made of many trees learn from the same stack
on the same rows: targets mixed alone, with a transfer set, with refined leaves, with
both, and with both where the teacher predicts rows that it was fitted on::

    python -m benchmarks.ablation --data-dir ../shared/data
"""

import tempfile

import pandas as pd

from benchmarks import gap, results, runs
from benchmarks.gap_block import TABLES, Block, build_student

NAME = "ablation"
STUDENTS = ("boosting", "lightgbm-100x16", "forest")
SETTINGS: dict[str, dict] = {
    "mixing": {"transfer": None, "refine": None},
    "+ transfer": {"refine": None},
    "+ leaves": {"transfer": None},
    "+ both": {},
    "+ both, in-sample": {"cross_fit": False},
}


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """R2 of each student on the held-out rows of one table, by what it was given."""
    with tempfile.TemporaryDirectory() as memory:
        block = Block(table, seed, data_dir, memory)
        teacher = block.fit_teacher(search=False)
        return [
            block.facts | {"student": name} | teacher | _study(block, name)
            for name in students
        ]


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = gap.summarise(frame, SETTINGS)
    return "\n\n".join(
        [
            "# What each part of distillation contributes",
            f"Tables: {frame['table'].nunique()}, students: "
            f"{frame['student'].nunique()}, seeds: {frame['seed'].nunique()}. 'mixing' "
            "is `DistilledRegressor` with neither, '+ transfer' adds a transfer set, "
            "'+ leaves' refined leaves, '+ both' the two, which is the default; "
            "'in-sample' has the teacher predict the rows that it was fitted on "
            "(`cross_fit=False`). Nothing is chosen here.",
            "## By student",
            "The fraction of the gap between the baseline student and the teacher, "
            f"over the tables where the teacher leads by {gap.MIN_LEAD:g} or more in "
            "R2:",
            results.markdown(gap.summarise_students(summary, SETTINGS)),
            "## By table",
            "The fraction of the gap recovered, or the gain in R2 where the teacher "
            f"leads by less than {gap.MIN_LEAD:g}:",
            results.markdown(_compare_fractions(summary)),
            "R2 on the held-out rows:",
            results.markdown(gap.compare_scores(summary, SETTINGS)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=1, tables=TABLES)
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


def _study(block, name):
    student = build_student(name, block.seed)
    scores = block.score("baseline", block.fit_baseline(student)[1])
    for way, params in SETTINGS.items():
        scores |= block.score(way, block.distil(student, **params)[1])
    return scores


def _compare_fractions(summary):
    table = summary[["table", "student"]].copy()
    for way in SETTINGS:
        table[way] = [gap.show_recovered(row, way) for _, row in summary.iterrows()]
    return table


if __name__ == "__main__":
    main()
