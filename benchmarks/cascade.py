"""What a cascade recovers of the gap that its student leaves, by the fraction deferred.

The student predicts, and a fraction of the samples goes to the teacher: in the order of
the cascade's own score, and beside it in orders that nobody can know beforehand. What
is measured is kept and skipped by the next run, unless ``--fresh``::

    python -m benchmarks.cascade --data-dir ../shared/data
"""

import pandas as pd

from benchmarks import results, runs
from benchmarks.cascade_block import (
    BUDGET,
    DISTANCE,
    FRACTIONS,
    GUARANTEE,
    LABEL,
    LEVEL,
    MARGIN,
    N_DRAWN,
    N_DRAWS,
    OWN,
    STUDENTS,
    TABLES,
    measure,
)
from benchmarks.teachers_block import CLASSES

NAME = "cascade"
# A gap that is smaller, as a fraction of the student's loss, is none to be recovered.
LEAST_GAP = 0.01
SHOWN = {
    OWN: "the cascade's own score",
    MARGIN: "margin of the student",
    DISTANCE: "oracle: the distance to the teacher is known",
    LABEL: "oracle: the label is known",
}


def recover(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the curves with the fraction of the gap that is recovered."""
    curves = frame[frame["score"] != GUARANTEE].copy()
    gap = curves["student_loss"] - curves["teacher_loss"]
    curves = curves[gap > LEAST_GAP * curves["student_loss"]]
    gap = curves["student_loss"] - curves["teacher_loss"]
    is_class = curves["table"].isin(CLASSES)
    return curves.assign(
        recovered=(curves["student_loss"] - curves["loss"]) / gap,
        task=is_class.map({True: "classes", False: "values"}),
    )


def summarise(curves: pd.DataFrame) -> list[dict]:
    """Return a row for each score, with medians over tables, students and seeds."""
    rows = []
    for score, name in SHOWN.items():
        part = curves[curves["score"] == score]
        if part.empty:
            continue
        medians = part.groupby("fraction")["recovered"].median()
        rows.append(
            {"samples are sent by": name}
            | {f"{at:.0%}": results.percent(medians[at]) for at in FRACTIONS}
        )
    return rows


def by_table(curves: pd.DataFrame) -> list[dict]:
    """Return a row for each table and student: the gap, and what is recovered."""
    at = curves[curves["fraction"] == BUDGET]
    rows = []
    for (table, student), part in at.groupby(["table", "student"], sort=False):
        means = part.groupby("score")["recovered"].mean()
        first = part.iloc[0]
        rows.append(
            {
                "table": table,
                "student": student,
                "student's loss": f"{first['student_loss']:.4g}",
                "teacher's loss": f"{first['teacher_loss']:.4g}",
            }
            | {
                score: results.percent(means.get(score, float("nan")))
                for score in SHOWN
            }
        )
    return rows


def check(frame: pd.DataFrame) -> list[dict]:
    """Return what was found of the guarantee, for each task."""
    part = frame[frame["score"] == GUARANTEE]
    is_class = part["table"].isin(CLASSES)
    return [
        {
            "task": task,
            f"sent, at most {BUDGET:.0%}": f"{rows['sent'].mean():.1%} "
            f"(up to {rows['sent'].max():.1%})",
            f"the certificate was right, {LEVEL:.0%} or more": (
                f"{rows['held'].mean():.1%} (from {rows['held'].min():.1%})"
            ),
            "sent by the fitted cascades": f"{rows['own_sent'].mean():.1%} "
            f"({rows['own_sent'].min():.1%} to {rows['own_sent'].max():.1%})",
            "their certificates were right, 95% or more": (
                f"{rows['own_held'].mean():.1%}"
            ),
        }
        for task, rows in (("classes", part[is_class]), ("values", part[~is_class]))
        if len(rows)
    ]


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    curves = recover(frame)
    parts = [
        "# What a cascade recovers",
        f"{frame['n_train'].max()} training rows, {frame['seed'].nunique()} seed(s), "
        f"tables: {', '.join(frame['table'].unique())}. Teacher: 200 extremely "
        "randomised trees on bootstrap samples. Students, distilled from it: a linear "
        "model, and a tree of 32 leaves. A cell is the fraction of the gap between "
        "student and teacher, in their loss on held-out rows, that is recovered if so "
        "many of the rows go to the teacher: log loss for classes, squared error (so "
        f"R2) for values. Gaps below {LEAST_GAP:.0%} of the student's loss are left "
        "out. The oracles show what no score can know: how far student and teacher lie "
        "apart on a row needs the teacher, who is right needs the label.",
    ]
    for task, part in curves.groupby("task", sort=False):
        title = f"## {task.capitalize()}, by the fraction of rows sent, medians"
        parts += [title, results.markdown(pd.DataFrame(summarise(part)))]
    parts += [
        f"## By table, at {BUDGET:.0%}",
        results.markdown(pd.DataFrame(by_table(curves))),
        "## The guarantee",
        f"{N_DRAWS} times, {N_DRAWN} held-out rows set the threshold for a budget of "
        f"{BUDGET:.0%} and the certificate of level {LEVEL:.0%} for kept rows; all "
        "other held-out rows show what is true. For values the certificate's "
        "probability is over draws and rows together, for classes over draws. The last "
        "two columns are the cascades as they were fitted, with thresholds and "
        "certificates from out-of-fold predictions.",
        results.markdown(pd.DataFrame(check(frame))),
        "In batches of 1,000 rows, student and deferral score together take "
        f"{frame['relative_cost'].median():.0%} of the teacher's time (median).",
        f"Measured with {results.describe(frame)}.",
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, 1, TABLES)
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
