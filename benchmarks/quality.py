"""How much of a teacher's lead small classifiers gain by distillation, on real tables.

Five students learn from one stack on eight tables. Alpha and the temperature are chosen
inside the training rows, where the baseline student is a candidate too; log loss, AUC
and accuracy are those of held-out rows. Finished blocks are kept and skipped by the
next run, unless ``--fresh``::

    python -m benchmarks.quality --data-dir ../shared/data
"""

import math
import tempfile
import warnings

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import results, runs
from benchmarks.quality_block import (
    CLIP,
    MANY_ROWS,
    MAX_TRAIN,
    N_FOLDS,
    STUDENTS,
    TABLES,
    WAYS,
    Block,
)

NAME = "quality"
MIN_LEAD, HARM = 0.005, 0.003


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Scores of each student on the held-out rows of one table."""
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        block = Block(table, seed, data_dir, memory)
        teacher = block.fit_teacher()
        return [block.facts | block.study(name) | teacher for name in students]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds by table and student, and the fraction of the gap."""
    keys = ["table", "student"]
    scores = [column for column in frame if column.startswith(tuple(WAYS))]
    mean = frame.groupby(keys, sort=False)[scores].mean().reset_index()
    for metric, sign in (("log_loss", -1), ("auc", 1)):
        baseline = mean[f"baseline_{metric}"]
        lead = sign * (mean[f"teacher_{metric}"] - baseline)
        for way in ("chosen", "default"):
            gain = sign * (mean[f"{way}_{metric}"] - baseline)
            mean[f"{way}_{metric}_gain"] = gain
            mean[f"{way}_{metric}_recovered"] = (gain / lead).where(lead > MIN_LEAD)
    return mean


def summarise_students(summary: pd.DataFrame, metric: str) -> pd.DataFrame:
    """By student: the fraction recovered over the tables, and how many are harmed."""
    rows = []
    for student, group in summary.groupby("student", sort=False):
        row = {"student": student, "tables": len(group)}
        row["with a lead"] = int(group[f"chosen_{metric}_recovered"].notna().sum())
        for way in ("chosen", "default"):
            recovered = group[f"{way}_{metric}_recovered"]
            row[f"{way}: mean recovered"] = results.percent(recovered.mean())
            row[f"{way}: median"] = results.percent(results.median(recovered))
            row[f"{way}: worse"] = int((group[f"{way}_{metric}_gain"] < -HARM).sum())
        rows.append(row)
    return pd.DataFrame(rows)


def tabulate(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean ± standard deviation of one metric, by table and student."""
    rows = []
    for (table, student), group in frame.groupby(["table", "student"], sort=False):
        row = {"table": table, "student": student}
        for way in WAYS:
            values = group[f"{way}_{metric}"]
            std = 0.0 if len(values) == 1 else values.std()
            row[way] = f"{values.mean():.4f} ± {std:.4f}"
        rows.append(row)
    return pd.DataFrame(rows)


def show_choices(frame: pd.DataFrame) -> list[str]:
    """Say alpha/T as chosen with each seed, by table and student."""
    return [
        ", ".join(
            "baseline" if row.alpha == 0 else f"{row.alpha:g}/{row.temperature:g}"
            for row in group.itertuples()
        )
        for _, group in frame.groupby(["table", "student"], sort=False)
    ]


def compare_losses(frame: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Log loss by table and student, what was chosen and what that recovers."""
    table = tabulate(frame, "log_loss").assign(
        **{"chosen alpha/T": show_choices(frame)}
    )
    for way in ("chosen", "default"):
        fraction = summary[f"{way}_log_loss_recovered"]
        table[f"{way} recovers"] = fraction.map(results.percent)
    return table


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    facts = ["table", "n_train", "n_test", "n_features", "n_classes"]
    harmed = int((summary["chosen_log_loss_gain"] < -HARM).sum())
    return "\n\n".join(
        [
            "# What distillation gains on real tables",
            f"Tables: {frame['table'].nunique()}, students: "
            f"{frame['student'].nunique()}, seeds: {frame['seed'].nunique()}; one "
            f"stack teaches all students. At most {MAX_TRAIN} rows "
            "are for training, all others are held out, and the scores are theirs. "
            "'baseline' learned the labels alone, 'default' is alpha "
            "0.5 at T = 1, 'chosen' has the alpha and T of the lowest log loss inside "
            "the training rows (baseline, or alpha 0.5 or 1 at T = 1, 2 or 3; one "
            f"inner split, or {N_FOLDS} below {MANY_ROWS} training rows), refitted on "
            "all of them.",
            results.markdown(frame[facts].drop_duplicates("table")),
            "## By student",
            "Recovered is the fraction of the gap between the baseline student and the "
            f"teacher, over the tables where the teacher leads by more than "
            f"{MIN_LEAD:g}; worse counts the tables that lose more than {HARM:g} to "
            "the baseline. In log loss:",
            results.markdown(summarise_students(summary, "log_loss")),
            f"The chosen student is worse than the baseline by more than {HARM:g} in "
            f"{harmed} of {len(summary)} pairs of table and student. In AUC, which "
            "does not need calibrated probabilities:",
            results.markdown(summarise_students(summary, "auc")),
            "## Log loss",
            "Mean ± standard deviation over the seeds. Probabilities count as at least "
            f"{CLIP:g}: where a forest or a tree predicts 0 and is wrong, that costs "
            f"{-math.log(CLIP):.1f}, and soft labels spare it much of this.",
            results.markdown(compare_losses(frame, summary)),
            "## AUC",
            "One class against the rest, averaged, where there are more than two.",
            results.markdown(tabulate(frame, "auc")),
            "## Accuracy",
            results.markdown(tabulate(frame, "accuracy")),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=3, tables=TABLES)
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
