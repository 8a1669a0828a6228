"""How much smaller a distilled student of trees can be pruned, and at what loss.

A student is distilled and its trees are cut back to a half, a third, ... a tenth of
their leaves; the same kind of student is grown with so many leaves for comparison.
The loss, 1 - R2 or log loss, is that of held-out rows. Finished blocks are kept and
skipped by the next run, unless ``--fresh``::

    python -m benchmarks.prune --data-dir ../shared/data
"""

import pandas as pd

from benchmarks import results, runs
from benchmarks.plots import draw_lines
from benchmarks.prune_block import (
    GROWN,
    HELD_OUT,
    PRUNED,
    STUDENTS,
    TABLES,
    TOLERANCE,
    WHOLE,
    measure,
)

NAME = "prune"
KEYS = ["table", "seed", "student"]
# (times fewer leaves, quantile over the pairs of table and student)
GOALS = ((5, 0.5), (10, 0.25))


def compare(frame: pd.DataFrame) -> pd.DataFrame:
    """Return by how much each model loses more than the whole one, and its size."""
    whole = frame[frame["way"] == WHOLE].set_index(KEYS)
    keys = pd.MultiIndex.from_frame(frame[KEYS])
    return frame.assign(
        more=frame["loss"] - whole["loss"].reindex(keys).to_numpy(),
        times=whole["leaves"].reindex(keys).to_numpy() / frame["leaves"],
    )


def summarise(compared: pd.DataFrame, way: str) -> pd.DataFrame:
    """Return the median loss over tables for each student, a column for each factor."""
    part = compared[compared["way"] == way]
    found = part.pivot_table("more", "student", "factor", aggfunc="median")
    found.loc["all"] = part.groupby("factor")["more"].median()
    found.columns = [f"{factor} times fewer" for factor in found.columns]
    found = found.reindex([*STUDENTS, "all"]).dropna().map(results.signed)
    counts = part.groupby("student")["table"].nunique()
    counts.loc["all"] = part.groupby(["table", "student"]).ngroups
    found.insert(0, "tables", counts)
    return found.reset_index()


def reach_goals(compared: pd.DataFrame) -> pd.DataFrame:
    """Return whether the loss is within the tolerance as often as it should be."""
    rows = []
    for factor, quantile in GOALS:
        chosen = (compared["way"] == PRUNED) & (compared["factor"] == factor)
        more = compared.loc[chosen, "more"]
        found = float(more.quantile(quantile))
        rows.append(
            {
                "times fewer leaves": factor,
                "in": "the median" if quantile == 0.5 else "the best quarter",
                "loss more": results.signed(found),
                "goal": f"at most {TOLERANCE}",
                "reached": "yes" if found <= TOLERANCE else "no",
                "pairs within": f"{int((more <= TOLERANCE).sum())} of {len(more)}",
            }
        )
    return pd.DataFrame(rows)


def held_out_choice(compared: pd.DataFrame) -> pd.DataFrame:
    """Return how much smaller students are that a tolerance chose, and what it cost."""
    part = compared[compared["way"] == HELD_OUT]
    rows = []
    for student, chosen in part.groupby("student", sort=False):
        more, times = chosen["more"], chosen["times"]
        rows.append(
            {
                "student": student,
                "times fewer leaves": f"{times.median():.1f} "
                f"({times.min():.1f} to {times.max():.1f})",
                "loss more, median": results.signed(more.median()),
                "worst": results.signed(more.max()),
                "within": f"{int((more <= TOLERANCE).sum())} of {len(more)}",
            }
        )
    return pd.DataFrame(rows)


def by_table(compared: pd.DataFrame) -> pd.DataFrame:
    """Return the loss of the whole student, and by how much others lose more."""
    rows = []
    for (table, student), part in compared.groupby(["table", "student"], sort=False):
        means = part.groupby(["way", "factor"])[["loss", "more", "leaves"]].mean()
        row = {"table": table, "student": student}
        row["leaves"] = f"{means.loc[(WHOLE, 1), 'leaves']:.0f}"
        row["loss"] = f"{means.loc[(WHOLE, 1), 'loss']:.4f}"
        for factor in (5, 10):
            for way, name in ((PRUNED, "pruned"), (GROWN, "grown")):
                more = means["more"].get((way, factor), float("nan"))
                row[f"{name}, {factor} times"] = results.signed(more)
        rows.append(row)
    return pd.DataFrame(rows)


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    compared = compare(frame)
    parts = [
        "# How much smaller a distilled student can be pruned",
        f"Tables: {', '.join(frame['table'].unique())}; seeds: "
        f"{frame['seed'].nunique()}; at most {frame['n_train'].max()} rows for "
        "training. The teacher is histogram boosting. Losses are 1 - R2 for values and "
        "log loss for classes, of held-out rows, more than those of the whole "
        "distilled student with refined leaves. 'lightgbm' has 100 trees of 16 leaves, "
        "'boosting' 100 of depth 3, the forest 20 of 128 leaves.",
        "## Pruned: median loss over tables",
        results.markdown(summarise(compared, PRUNED)),
        "## Grown with so many leaves and distilled: median loss over tables",
        "Boosting and LightGBM have fewer trees, forests smaller ones.",
        results.markdown(summarise(compared, GROWN)),
        "## Goals",
        results.markdown(reach_goals(compared)),
        f"## `LeafRefinement(tolerance={TOLERANCE})`",
        "The size is chosen by a fifth of the labelled rows.",
        results.markdown(held_out_choice(compared)),
        "## By table",
        results.markdown(by_table(compared)),
        f"Measured with {results.describe(frame)}.",
    ]
    return "\n\n".join(parts)


def draw(frame: pd.DataFrame) -> None:
    """Draw the median loss over the times fewer leaves, a panel for each student."""
    compared = compare(frame)
    panels = {}
    for student in frame["student"].unique():
        part = compared[compared["student"] == student]
        part = part[part["way"].isin([PRUNED, GROWN])]
        lines = part.pivot_table("more", "factor", "way", aggfunc="median")
        lines.loc[1] = 0.0
        panels[student] = lines.sort_index().rename_axis("times fewer leaves")
    draw_lines(panels, NAME, y="loss more, median over tables", legend="way")


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, 1, TABLES)
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report, draw)


if __name__ == "__main__":
    main()
