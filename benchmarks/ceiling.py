"""What bounds a student: the fraction recovered with real rows in place of drawn ones.

The students of `gap` and `gap_classes` on the same splits, by the same teachers, with
their defaults, but no row is drawn: those of the table that are neither for training
nor held out are unlabeled samples. Tables that have fewer of these than of training
rows have no part in it. Finished students are kept and skipped by the next run, unless
``--fresh``::

    python -m benchmarks.ceiling --data-dir ../shared/data
"""

import tempfile
import warnings
from argparse import Namespace

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import gap, gap_block, gap_classes, results, runs

NAME = gap.CEILING
CLASSES = (
    "magic_telescope",
    "bank_marketing",
    "adult",
    "letter_recognition",
    "covertype",
)
TABLES = ("bike_hour", "california_housing", "pol", "qot_osnr_roadm", *CLASSES)
STUDENTS = tuple(dict.fromkeys((*gap_block.STUDENTS, *gap_classes.STUDENTS)))
# As many as are drawn for the training rows.
MAX_REAL = 10 * gap_block.MAX_TRAIN


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Fit each student; score it on the held-out rows."""
    kind = gap_classes.ClassBlock if table in CLASSES else gap_block.Block
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        block = kind(table, seed, data_dir, memory)
        return [
            {"table": table, "seed": seed, "student": name} | learn(block, name)
            for name in students
        ]


def learn(block, name: str) -> dict:
    """Distil a student with real rows beside its training rows, and score it."""
    real = block.spare[:MAX_REAL]
    model = block.distilled(
        block.build_teacher(),
        block.build_student(name),
        transfer=None,
        memory=block.memory,
        random_state=block.seed,
    ).fit(*block.train, X_unlabeled=real)
    return block.score(NAME, model) | {"n_real": len(real)}


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows of this step and of `gap` alone."""
    parts = []
    for module, metric in ((gap, gap.R2), (gap_classes, gap_classes.LOG_LOSS)):
        if results.exists(module.NAME):
            rows = runs.read(module.NAME)
            shown = gap.compare_with_ceiling(rows, module.WAYS, metric)
            if not shown.empty:
                parts += [f"## By {metric.label}", results.markdown(shown)]
    counts = frame.drop_duplicates(["table", "seed"])[["table", "seed", "n_real"]]
    return "\n\n".join(
        [
            "# What bounds what a student recovers",
            gap.ABOUT_CEILING,
            *parts,
            "## The real rows",
            results.markdown(counts),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each student, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=1, tables=TABLES)
    for module in (gap, gap_classes):
        part = {
            "tables": [one for one in options.tables if one in module.TABLES],
            "students": [one for one in options.students if one in module.STUDENTS],
        }
        runs.run_students(NAME, measure, Namespace(**vars(options) | part))
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
