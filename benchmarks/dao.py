"""Dao et al.'s study of forests distilled into small forests, and what is above it.

"Knowledge Distillation as Semiparametric Inference" (Dao, Kamath, Syrgkanis and Mackey,
ICLR 2021) distils a forest of 500 trees into forests of 1 to 40 and reports the area
under the ROC curve (AUC). This repeats its cross-fitted way and adds a transfer set,
refined leaves and a search; `benchmarks.dao_block` says what differs. Finished blocks
are kept and skipped by the next run, unless ``--fresh``::

    python -m benchmarks.dao --data-dir ../shared/data
"""

import tempfile
import warnings

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import results, runs
from benchmarks.dao_block import (
    ALPHAS,
    CROSS_FITTED,
    CV,
    SCRATCH,
    STRENGTHS,
    STUDENTS,
    TEACHER,
    TEACHER_TREES,
    WAYS,
    Block,
)

NAME = "dao"
BOUNDED = "cross-fitted, bounded correction"
UNITS = ["leaves", "bytes"]
# The paper's AUC, by the students in the order above.
PAPER = {
    "adult": {
        TEACHER: (0.9095,) * 3,
        SCRATCH: (0.741, 0.885, 0.9045),
        CROSS_FITTED: (0.899, 0.911, 0.9122),
        BOUNDED: (0.901, 0.912, 0.9125),
    },
    "magic_telescope": {
        TEACHER: (0.9358,) * 3,
        SCRATCH: (0.780, 0.918, 0.9315),
        CROSS_FITTED: (0.908, 0.922, 0.9236),
        BOUNDED: (0.907, 0.923, 0.9252),
    },
}


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Rows of each student on one split of one table."""
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # Leaf values that are better than before will do.
        warnings.simplefilter("ignore", ConvergenceWarning)
        block = Block(table, seed, data_dir, memory)
        return [row for student in students for row in block.study(student)]


def best_of_paper(table: str, student: str) -> tuple[str, float]:
    """Return the paper's best entry for a student, and its name."""
    row = {"table": table, "student": student}
    entries = {way: entry(row, way) for way in PAPER[table] if way != TEACHER}
    return max(entries.items(), key=lambda named: named[1])


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """AUC of every way by table, student and split."""
    keys = ["table", "student", "seed"]
    wide = frame.set_index([*keys, "way"])["auc"].unstack("way")[list(WAYS)]
    order = frame[keys].drop_duplicates()
    return order.join(wide, on=keys).reset_index(drop=True)


def compare_with_paper(summary: pd.DataFrame) -> pd.DataFrame:
    """AUC on the paper's split beside the paper's."""
    rows = []
    for row in summary[summary["seed"] == 0].to_dict("records"):
        name, best = best_of_paper(row["table"], row["student"])
        shown = {"table": row["table"], "student": row["student"]}
        for way in WAYS:
            printed = f" ({entry(row, way):.4f})" if way in PAPER[row["table"]] else ""
            shown[way] = f"{row[way]:.4f}{printed}"
        shown["the paper's best"] = f"{best:.4f} ({name})"
        shown["cv over it"] = results.signed(row[CV] - best)
        rows.append(shown)
    return pd.DataFrame(rows)


def compare_splits(summary: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over all splits, and paired gains of the search."""
    rows = []
    for (table, student), group in summary.groupby(["table", "student"], sort=False):
        row = {"table": table, "student": student}
        row |= {way: results.mean_and_std(group[way]) for way in WAYS}
        for way in (SCRATCH, CROSS_FITTED):
            gain = group[CV] - group[way]
            row[f"cv over {way}"] = results.mean_and_std(gain, "+.4f")
        rows.append(row)
    return pd.DataFrame(rows)


def compare_sizes(frame: pd.DataFrame) -> pd.DataFrame:
    """Medians of leaves and bytes, and what was chosen."""
    rows = []
    for (table, student), group in frame.groupby(["table", "student"], sort=False):
        row = {"table": table, "student": student}
        medians = group.groupby("way")[UNITS].median()
        for unit in UNITS:
            row |= {f"{unit}, {way}": f"{medians[unit][way]:,.0f}" for way in WAYS[1:]}
        row["alpha, strength chosen"] = "; ".join(
            f"{chosen.alpha:g}, {chosen.strength:g}" if chosen.alpha else "scratch"
            for chosen in group[group["way"] == CV].itertuples()
        )
        rows.append(row)
    return pd.DataFrame(rows)


def conclude(summary: pd.DataFrame) -> list[str]:
    """Say whether the search is above the paper, and above the paper's way here."""
    own = summary[summary["seed"] == 0].to_dict("records")
    over = {
        f"{row['table']}, {row['student']}": row[CV]
        - best_of_paper(row["table"], row["student"])[1]
        for row in own
    }
    below = [
        f"{name} ({results.signed(gain)})" for name, gain in over.items() if gain <= 0
    ]
    paired = summary[CV] - summary[CROSS_FITTED]
    drift = [row[CROSS_FITTED] - entry(row, CROSS_FITTED) for row in own]
    return [
        f"On the paper's split the searched student is above the best entry of the "
        f"paper in {len(over) - len(below)} of {len(over)} columns, by "
        f"{results.signed(min(over.values()))} at least and "
        f"{results.signed(max(over.values()))} at most."
        + (f" It is not in: {', '.join(below)}." if below else ""),
        "The paper's cross-fitted way, repeated on the same rows, differs from its "
        f"printed AUC by {results.signed(min(drift))} to {results.signed(max(drift))}. "
        "Against that way on the same rows, the searched student has the greater AUC "
        f"in {int((paired > 0).sum())} of {len(paired)} pairs of column and split, "
        f"{results.signed(paired.mean())} on average.",
    ]


def name_kept(frame: pd.DataFrame) -> str:
    """Say where the search gave up distillation on the paper's split."""
    chosen = frame[(frame["way"] == CV) & (frame["seed"] == 0)]
    kept = chosen[chosen["alpha"] == 0]
    if kept.empty:
        return "It distils in all of them."
    names = "; ".join(f"{row.table}, {row.student}" for row in kept.itertuples())
    return (
        f"In {names} it keeps the forest from scratch, as no candidate was better on "
        "its own held-out rows: what it leads there by is no gain of distillation."
    )


def entry(row, way: str) -> float:
    """Return what the paper prints for a way of a table and student."""
    return PAPER[row["table"]][way][list(STUDENTS).index(row["student"])]


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    facts = ["table", "n_train", "n_test", "n_features", "transfer_size"]
    return "\n\n".join(
        [
            "# Dao et al.'s forests, repeated",
            f"AUC on held-out rows of forests distilled from one of {TEACHER_TREES} "
            "trees. 'scratch' learned the labels alone, as scikit-learn has it; "
            "'cross-fitted' the teacher's out-of-fold predictions alone, the paper's "
            "way; 'cv' is `DistilledClassifierCV`, which adds a transfer set and "
            "refined leaves and chooses alpha "
            f"({', '.join(f'{alpha:g}' for alpha in ALPHAS)}) and strength "
            f"({', '.join(f'{strength:g}' for strength in STRENGTHS)}) by AUC on a "
            "fifth of the training rows; it may keep the forest from scratch, where "
            "a single tree tries all features at a split.",
            results.markdown(frame[facts].drop_duplicates("table")),
            "## On the paper's split",
            "The split has the paper's seed; that the rows lie in the paper's order "
            "is likely, as the teacher's AUC suggests, but not known. In brackets the "
            "paper's figures.",
            results.markdown(compare_with_paper(summary)),
            *conclude(summary),
            name_kept(frame),
            "What the search goes through was chosen after looks at this split. The "
            "other splits were not looked at before.",
            "## Over all splits",
            f"Splits: {summary['seed'].nunique()}. Mean ± standard deviation where "
            "there are several.",
            results.markdown(compare_splits(summary)),
            "## Size",
            "Medians over the splits. Trees that learn probabilities without a limit "
            "grow a leaf for almost every row; with a transfer set the package limits "
            "them to the leaves of the baseline student's.",
            results.markdown(compare_sizes(frame)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    options = runs.parse_students(__doc__, list(STUDENTS), seeds=3, tables=list(PAPER))
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
