"""What tuning alone gains: the rival that `gap` and `gap_classes` are held against.

Every student of these two benchmarks is tuned by cross-validation on the labels of the
training rows, at its size and without a teacher, on the same splits. Finished students
are kept and skipped by the next run, unless ``--fresh``::

    python -m benchmarks.tuned --data-dir ../shared/data
"""

import json
import warnings
from functools import partial
from itertools import product

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import gap, gap_block, gap_classes, results, rivals, runs
from benchmarks.overhead import clock

NAME = rivals.NAME
TABLES = (*gap_block.TABLES, *gap_classes.TABLES)
STUDENTS = tuple(dict.fromkeys((*gap_block.STUDENTS, *gap_classes.STUDENTS)))
# Students that take long to fit get three folds, networks fewer candidates too.
FEWER_FOLDS = ("boosting", "lightgbm-200x31", "lightgbm", "xgboost", "forest")
EFFORTS = dict.fromkeys(FEWER_FOLDS, rivals.Effort(rivals.N_CANDIDATES, 3))
EFFORTS["mlp"] = rivals.Effort(10, 3)
# Of few values there are fewer combinations than candidates.
FEWER = "The total space of parameters"


def measure(table: str, seed: int, student: str, data_dir) -> list[dict]:
    """Fit a student as it is and tuned; score both on the held-out rows."""
    classes = table in gap_classes.TABLES
    kind = gap_classes.ClassBlock if classes else gap_block.Block
    block = kind(table, seed, data_dir, memory="")
    model = block.build_student(student)
    search = rivals.tuned(model, seed, EFFORTS.get(student))
    with warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message=FEWER)
        seconds = clock(partial(search.fit, *block.train))
        model.fit(*block.train)
    row = {"table": table, "seed": seed, "student": student}
    row |= block.score("baseline", model) | block.score("tuned", search)
    row |= {"tuned_cpu_seconds": seconds["cpu"], "tuned_seconds": seconds["wall"]}
    row["n_candidates"] = len(search.cv_results_["params"])
    row["n_folds"] = search.n_splits_
    return [row | {"params": json.dumps(search.best_params_, sort_keys=True)}]


def find_cases(options) -> list[dict]:
    """Return every student of each table, all tables of a seed first."""
    cases = []
    for seed, table in product(range(options.seeds), options.tables):
        known = gap_classes if table in gap_classes.TABLES else gap_block
        cases += [
            {"table": table, "seed": seed, "student": student}
            for student in options.students
            if student in known.STUDENTS
        ]
    return cases


def gains_of(frame: pd.DataFrame, metric: gap.Metric) -> pd.DataFrame:
    """Return the rows scored by this metric, with what tuning gains."""
    ways = [f"{way}_{metric.column}" for way in ("baseline", NAME)]
    if not set(ways) <= {*frame}:
        return frame.head(0)
    rows = frame.dropna(subset=ways)
    return rows.assign(gain=metric.sign * (rows[ways[1]] - rows[ways[0]]))


def compare_students(rows: pd.DataFrame) -> pd.DataFrame:
    """By student: how it was tuned, what that gains, and what it takes."""
    shown = []
    for student, group in rows.groupby("student", sort=False):
        tried = group.groupby(["n_candidates", "n_folds"]).size().index
        shown.append(
            {
                "student": student,
                "tables": group["table"].nunique(),
                "seeds": group["seed"].nunique(),
                "candidates x folds": ", ".join(f"{n} x {k}" for n, k in tried),
                "gain: mean ± std": results.mean_and_std(group["gain"], "+.4f"),
                "better in": f"{(group['gain'] > 0).sum()} of {len(group)}",
                "CPU seconds": f"{group['tuned_cpu_seconds'].median():.0f}",
            }
        )
    return pd.DataFrame(shown)


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    parts = [
        "# What tuning the student gains without a teacher",
        "The students of `gap` and `gap_classes`, on the same splits, as their library "
        "sets them up and tuned by cross-validation on the labels of the training "
        "rows: learning rate, features for a split, samples in a leaf, sampling of "
        "rows, regularisation. What bounds their size stays. Candidates are drawn at "
        "random; students that take long to fit get three folds, networks fewer "
        "candidates too. A gain is that of held-out rows, over tables and seeds.",
    ]
    for metric in (gap.R2, gap_classes.LOG_LOSS):
        rows = gains_of(frame, metric)
        if rows.empty:
            continue
        by_table = rows.pivot_table(
            index="table", columns="student", values="gain", sort=False
        )
        shown = by_table.map(lambda gain: "" if pd.isna(gain) else results.signed(gain))
        parts += [
            f"## By {metric.label}",
            results.markdown(compare_students(rows)),
            "Mean gain over the seeds, by table:",
            results.markdown(shown.reset_index()),
        ]
    return "\n\n".join([*parts, f"Measured with {results.describe(frame)}."])


def main() -> None:
    """Measure what is missing, keep each student, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=3, tables=TABLES)
    work = partial(measure, data_dir=options.data_dir)
    runs.run(NAME, find_cases(options), work, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
