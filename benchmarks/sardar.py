"""Sardar's study of distillation for regression, with a pipeline that does not leak.

The study ("Knowledge Distillation in Regression") distils a stack into gradient
boosting on a table of simulated optical networks, at several temperatures. This repeats
it over several splits, with everything fitted on the training part alone::

    python -m benchmarks.sardar --data-dir ../shared/data
"""

from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

import pandas as pd
from sklearn.metrics import mean_squared_error, r2_score

from benchmarks import results, runs
from benchmarks.plots import draw_bars
from benchmarks.problems import Problem, add_data_argument, load_problem
from benchmarks.sardar_block import (
    BASELINE,
    DEFAULT,
    FILES,
    HARD,
    REPAIRED,
    SEARCH,
    SOFT,
    SOFT_ALPHA,
    TABLES,
    TEACHER,
    TEST_FRACTION,
    TUNED,
    Method,
    predict_all,
)

# The paper's held-out figures on the standardised target.
PAPER = {HARD: {"mse": 0.8997, "r2": -0.0414}, SOFT: {"mse": 0.9080, "r2": -0.3686}}
# What it reports of its teacher.
PAPER_TEACHER_MSE = 957
KEYS = list(asdict(Method("")))


def measure(problem: Problem, split: int) -> list[dict]:
    """Held-out errors of every method on one split."""
    truth, predictions, scale = predict_all(problem, split)
    return [
        {"table": problem.name, "split": split, "scale": scale, **asdict(method)}
        | {
            "mse": mean_squared_error(truth, predicted),
            "r2": r2_score(truth, predicted),
        }
        for method, predicted in predictions.items()
    ]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean and std over the splits, and splits won against the baseline student."""
    baseline = frame[frame["method"] == BASELINE].set_index("split")["mse"]
    frame = frame.assign(wins=frame["mse"] < frame["split"].map(baseline))
    return (
        frame.groupby(KEYS, sort=False, dropna=False)
        .agg(
            mse=("mse", "mean"),
            mse_std=("mse", "std"),
            r2=("r2", "mean"),
            r2_std=("r2", "std"),
            wins=("wins", "sum"),
            splits=("split", "nunique"),
        )
        .reset_index()
    )


def compare(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the table of all methods beside the paper's figures."""
    rows = []
    for row in summary.itertuples():
        paper = {} if row.rescale else PAPER.get(row.method, {})
        rows.append(
            {
                "method": row.method + (", rescaled" if row.rescale else ""),
                "alpha": "" if pd.isna(row.alpha) else f"{row.alpha:g}",
                "T": "" if pd.isna(row.temperature) else f"{row.temperature:g}",
                "MSE": f"{row.mse:.4f} ± {row.mse_std:.4f}",
                "R2": f"{row.r2:.4f} ± {row.r2_std:.4f}",
                "splits better than the baseline": (
                    "" if row.method == BASELINE else f"{row.wins} of {row.splits}"
                ),
                "paper's MSE": f"{paper['mse']:.4f}" if paper else "",
                "paper's R2": f"{paper['r2']:.4f}" if paper else "",
            }
        )
    return pd.DataFrame(rows)


def explain_temperature(summary: pd.DataFrame) -> pd.DataFrame:
    """Show what a temperature does to the target, and to a student without error.

    With c = 1 - alpha + alpha / T a perfect student predicts mu + c (y - mu), so its
    error is (1 - c)(y - mu) and its R2 is 1 - (1 - c)^2. Dividing by c leaves a mixed
    target in which the teacher weighs alpha / (T c).
    """
    soft = summary[summary["method"] == SOFT]
    rows = []
    for row in soft[~soft["rescale"]].itertuples():
        c = 1 - row.alpha + row.alpha / row.temperature
        undone = soft[soft["rescale"] & (soft["temperature"] == row.temperature)]
        # At T = 1 there is nothing to undo: c is 1 and the model is the same.
        rescaled = row.r2 if c == 1 else undone["r2"].item()
        rows.append(
            {
                "T": f"{row.temperature:g}",
                "c": f"{c:.4g}",
                "R2 of a perfect student": f"{1 - (1 - c) ** 2:.4f}",
                "R2 measured": f"{row.r2:.4f}",
                "R2 measured, rescaled": f"{rescaled:.4f}",
                "rescaled, it is T = 1 at alpha": (
                    f"{row.alpha / row.temperature / c:.4g}"
                ),
            }
        )
    return pd.DataFrame(rows)


def conclude(summary: pd.DataFrame) -> list[str]:
    """Say in sentences what a correct pipeline reaches, and what the paper's lacks."""
    reached = summary.set_index(["method", "temperature", "rescale"])[["mse", "r2"]]
    teacher = summary[summary["method"] == TEACHER].iloc[0]
    baseline, hard, soft = (
        reached.loc[(name, 1, False)] for name in (BASELINE, HARD, SOFT)
    )
    recovered = {
        name: (student.r2 - baseline.r2) / (teacher.r2 - baseline.r2)
        for name, student in ((HARD, hard), (SOFT, soft))
    }
    # R2 = 1 - MSE / variance, hence the variance that a pair of figures implies.
    implied = {name: pair["mse"] / (1 - pair["r2"]) for name, pair in PAPER.items()}
    return [
        f"Over {teacher.splits} splits a pipeline fitted on the training part alone "
        f"reaches MSE {baseline.mse:.4f} and R2 {baseline.r2:.4f} with the baseline "
        f"student, {hard.mse:.4f} and {hard.r2:.4f} with hard distillation, "
        f"{soft.mse:.4f} and {soft.r2:.4f} with soft distillation at T = 1; the "
        f"teacher has {teacher.mse:.4f} and {teacher.r2:.4f}.",
        "Of the gap in R2 between the baseline student and the teacher, hard "
        f"distillation recovers {recovered[HARD]:.0%}, soft distillation at T = 1 "
        f"recovers {recovered[SOFT]:.0%}.",
        *compare_others(summary),
        "An R2 below 0, as both of the paper's are, is worse than predicting the "
        "mean of the held-out target. If each of its pairs comes from one held-out "
        f"part, the target's variances there are {implied[HARD]:.3f} and "
        f"{implied[SOFT]:.3f}: the two were not measured on the same rows.",
    ]


def compare_others(summary: pd.DataFrame) -> list[str]:
    """Say what the defaults and the search recover, over either baseline student.

    There is nothing to say before they are measured.
    """
    if TUNED not in summary["method"].array:
        return []
    r2 = summary[summary["alpha"].isna()].set_index("method")["r2"]
    r2[BASELINE] = summary.loc[summary["method"] == BASELINE, "r2"].item()
    lead = r2[TEACHER] - r2[[BASELINE, TUNED]]
    default, search = (
        " and ".join(f"{one:.0%}" for one in (r2[way] - r2[lead.index]) / lead)
        for way in (DEFAULT, SEARCH)
    )
    alone = (r2[TUNED] - r2[BASELINE]) / lead[BASELINE]
    return [
        f"Tuning by cross-validation on the labels alone recovers {alone:.0%} of it. "
        "Of the gap to the baseline student, and of that to the tuned one, "
        f"`{DEFAULT}` with its defaults recovers {default}, `{SEARCH}` {search}."
    ]


def blame_temperature(summary: pd.DataFrame) -> str:
    """Say why a temperature costs accuracy, and how much at worst."""
    soft = summary[(summary["method"] == SOFT) & ~summary["rescale"]]
    r2 = soft.set_index("temperature")["r2"]
    worst = r2.idxmin()
    return (
        f"At alpha {SOFT_ALPHA:g} a temperature other than 1 scales the target's "
        "deviations from the mean by c = 1 - alpha + alpha / T, so even a student "
        "without any error has R2 1 - (1 - c)^2. That costs most at "
        f"T = {worst:g}, where R2 is {r2[worst]:.4f} against {r2[1.0]:.4f} at T = 1. "
        "`rescale=True` divides by c and undoes it:"
    )


def blame_scales(frame: pd.DataFrame) -> str:
    """Say why the paper's errors cannot all be of one scale."""
    teacher = frame[frame["method"] == TEACHER]
    variance = (teacher["scale"] ** 2).mean()
    error = (teacher["mse"] * teacher["scale"] ** 2).mean()
    students = " and ".join(f"{figures['mse']:.4f}" for figures in PAPER.values())
    return (
        f"The paper's teacher has MSE {PAPER_TEACHER_MSE}, its students {students}. On "
        "a standardised target, whose variance is about 1, the teacher's is no model's "
        f"error. In the table's own units, where the variance is {variance:,.0f}, it "
        f"would be an R2 of {1 - PAPER_TEACHER_MSE / variance:.4f}; the teacher here "
        f"has MSE {error:,.0f} and R2 {teacher['r2'].mean():.4f} on held-out rows. So "
        "teacher and students were not judged on one scale. The students' MSE is about "
        "the variance of a standardised target and their R2 is below 0: their "
        "predictions hardly follow the target. Such a student shows no effect of a "
        "temperature either, where one that learned must show it. All this would "
        "follow from numbers that were scaled in one place and not in another; where, "
        "the figures do not show."
    )


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    table, n_splits = frame["table"].unique().item(), frame["split"].nunique()
    return "\n\n".join(
        [
            "# Sardar's study, repeated",
            f"Table `{table}` ({TABLES[table]}), {n_splits} splits with "
            f"{TEST_FRACTION:.0%} held out. MSE and R2 on the standardised held-out "
            "target: mean ± standard deviation over the splits. Of the paper's soft "
            "distillation one pair of figures is known here; it stands beside every T.",
            results.markdown(compare(summary)),
            *conclude(summary),
            blame_scales(frame),
            blame_temperature(summary),
            results.markdown(explain_temperature(summary)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def draw(frame: pd.DataFrame) -> Path:
    """Draw MSE and R2 by method beside the paper's, from the raw rows alone."""
    summary = summarise(frame)
    methods = [Method(*key) for key in summary[KEYS].itertuples(index=False)]
    panels = {
        f"{metric.upper()}, mean ± standard deviation": pd.DataFrame(
            {
                "mean": summary[metric],
                "std": summary[f"{metric}_std"],
                "the paper": [
                    float("nan")
                    if row.rescale
                    else PAPER.get(row.method, {}).get(metric)
                    for row in summary.itertuples()
                ],
            }
        ).set_axis(map(str, methods))
        for metric in ("mse", "r2")
    }
    return draw_bars(panels, FILES[frame["table"].iloc[0]], source="the paper")


def main() -> None:
    """Measure the splits that are missing, keep each, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--table", choices=TABLES, default=REPAIRED)
    parser.add_argument("--splits", type=int, default=10)
    options = parser.parse_args()
    load = cache(partial(load_problem, options.table, options.data_dir))
    name = FILES[options.table]
    cases = [{"split": split} for split in range(options.splits)]
    runs.run(name, cases, lambda split: measure(load(), split), options)
    runs.publish(name, report, draw)


if __name__ == "__main__":
    main()
