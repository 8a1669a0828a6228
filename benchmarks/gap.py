"""What fraction of a teacher's lead small regressors recover by distillation.

Six students learn from one stack on twelve tables, in two ways: with the defaults, and
as `DistilledRegressorCV` chooses by itself. They are held against the student that was
tuned without a teacher, which the step `tuned` measures, and against the student as it
is. R2 is that of held-out rows. Finished blocks are kept and skipped by the next run,
unless ``--fresh``::

    python -m benchmarks.gap --data-dir ../shared/data
"""

import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import results, rivals, runs
from benchmarks.gap_block import (
    MAX_TEST,
    MAX_TRAIN,
    N_TIMINGS,
    STUDENTS,
    TABLES,
    Block,
)
from benchmarks.plots import draw_fractions

NAME, CEILING = "gap", "ceiling"
WAYS = ("default", "cv")
MIN_LEAD, HARM = 0.005, 0.003
COST = "cv over five teachers and a student"
GOALS = {
    "boosting": 0.75,
    "lightgbm-100x16": 0.85,
    "mlp": 0.8,
    "forest": 0.65,
    "tree": 0.4,
}
GOALS_OVER_TUNED = {
    "boosting": 0.55,
    "lightgbm-100x16": 0.75,
    "forest": 0.6,
    "tree": 0.3,
    "mlp": 0.75,
}
ABOUT_CEILING = (
    "With 'ceiling' the same student with its defaults learns real rows in place of "
    "drawn ones: those of its table that are neither for training nor held out, "
    "labelled by the same teacher, on tables where these are at least as many as those "
    "for training. What it leaves is due to the student's size, the teacher's errors "
    "and the parameters that nobody tuned. Where drawn rows recover more, it is by "
    "their number. On these tables and seeds alone, over the tuned baseline (over the "
    "baseline):"
)


class Metric(NamedTuple):
    """A score: its columns' ending, its name, and whether more is better (1 or -1)."""

    column: str
    label: str
    sign: int


R2 = Metric("r2", "R2", 1)


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Scores of each student on the held-out rows of one table."""
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        block = Block(table, seed, data_dir, memory)
        teacher = block.fit_teacher(search=True)
        return [block.facts | block.study(name) | teacher for name in students]


def summarise(frame: pd.DataFrame, ways=WAYS, metric: Metric = R2) -> pd.DataFrame:
    """Means over the seeds by table and student, and the fractions of the gap in them.

    A gain is above 0 where a way is better than the baseline, whatever the metric. Its
    standard deviation is that of the seeds' gains, over the mean lead.
    """
    scores = [f"{way}_{metric.column}" for way in ("teacher", "baseline", *ways)]
    over_baseline = metric.sign * frame[scores].sub(frame[scores[1]], axis=0)
    gains = {f"{way}_gain": over_baseline[f"{way}_{metric.column}"] for way in ways}
    frame = frame.assign(lead=over_baseline[scores[0]], **gains)
    groups = frame.groupby(["table", "student"], sort=False)[["lead", *gains, *scores]]
    mean, std = groups.mean(), groups.std()
    enough = mean["lead"].where(mean["lead"] >= MIN_LEAD)
    for way in ways:
        mean[f"{way}_recovered"] = mean[f"{way}_gain"] / enough
        mean[f"{way}_std"] = std[f"{way}_gain"] / enough
    return mean.reset_index()


def summarise_students(summary: pd.DataFrame, ways=WAYS) -> pd.DataFrame:
    """By student: mean and median fraction recovered, over the tables with a lead."""
    rows = []
    for student, group in summary.groupby("student", sort=False):
        n_led = int((group["lead"] >= MIN_LEAD).sum())
        row = {"student": student, "tables with a lead": f"{n_led} of {len(group)}"}
        for way in ways:
            recovered = group[f"{way}_recovered"]
            mean, median = (
                results.percent(part)
                for part in (recovered.mean(), results.median(recovered))
            )
            row[f"{way}: mean (median)"] = f"{mean} ({median})" if n_led else ""
        rows.append(row)
    return pd.DataFrame(rows)


def compare_with_goals(
    summary: pd.DataFrame, goals: dict[str, float] = GOALS, metric: Metric = R2
) -> pd.DataFrame:
    """By student: whether the search reaches the goal, and what it does at worst."""
    rows = []
    for student, group in summary.groupby("student", sort=False):
        recovered = group["cv_recovered"].mean()
        goal = goals.get(student, float("nan"))
        worst = group.loc[group["cv_gain"].idxmin()]
        known = not pd.isna(recovered - goal)
        rows.append(
            {
                "student": student,
                "cv recovers": results.percent(recovered),
                "goal": results.percent(goal),
                "reached": ("yes" if recovered >= goal else "no") if known else "",
                f"worse by more than {HARM:g}": int((group["cv_gain"] < -HARM).sum()),
                "worst": f"{worst['table']} "
                + results.signed(metric.sign * worst["cv_gain"]),
            }
        )
    return pd.DataFrame(rows)


def summarise_over_tuned(
    frame: pd.DataFrame, ways=WAYS, metric: Metric = R2
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Summaries over the tuned baseline, and over the baseline on the same splits.

    In the second, tuning is a way of its own.
    """
    joined = rivals.join(frame, metric.column)
    return (
        summarise(rivals.as_baseline(joined, metric.column), ways, metric),
        summarise(joined, (rivals.NAME, *ways), metric),
    )


def compare_with_tuned(
    frame: pd.DataFrame, ways=WAYS, metric: Metric = R2
) -> pd.DataFrame:
    """By student: the mean fraction over the tuned baseline (over the baseline)."""
    over_tuned, over_baseline = summarise_over_tuned(frame, ways, metric)
    n_seeds = rivals.join(frame, metric.column).groupby("student")["seed"].nunique()
    rows = []
    for student, group in over_tuned.groupby("student", sort=False):
        same = over_baseline[over_baseline["student"] == student]
        n_led = int((group["lead"] >= MIN_LEAD).sum())
        row = {
            "student": student,
            "seeds": n_seeds[student],
            "tables with a lead": f"{n_led} of {len(group)}",
            "tuning alone": results.percent(same[f"{rivals.NAME}_recovered"].mean()),
        }
        for way in ways:
            over, of_all = (
                results.percent(part[f"{way}_recovered"].mean()) or "-"
                for part in (group, same)
            )
            row[way] = f"{over} ({of_all})"
        rows.append(row)
    return pd.DataFrame(rows)


def show_over_tuned(
    summary: pd.DataFrame, frame: pd.DataFrame, way: str, metric: Metric = R2
) -> list[str]:
    """Say for each table and student of a summary what a way recovers over tuning."""
    over_tuned, _ = summarise_over_tuned(frame, (way,), metric)
    shown = {
        (row["table"], row["student"]): show_recovered(row, way, metric)
        for _, row in over_tuned.iterrows()
    }
    pairs = summary[["table", "student"]].itertuples(index=False, name=None)
    return [shown.get(pair, "") for pair in pairs]


def report_over_tuned(
    frame: pd.DataFrame, goals: dict[str, float], ways=WAYS, metric: Metric = R2
) -> list[str]:
    """Make the section on the tuned baseline; there is none before one is measured."""
    over_tuned, _ = summarise_over_tuned(frame, ways, metric)
    if over_tuned.empty:
        return []
    harmed = int((over_tuned["cv_gain"] < -HARM).sum())
    return [
        "## By student, over the tuned baseline",
        "A user would tune the student: the tuned baseline is what cross-validation on "
        "the labels finds without a teacher, at the same size, in `tuned`. Recovered "
        "is the fraction of the gap between it and the teacher, over the tables where "
        f"the teacher leads it by {MIN_LEAD:g} or more in {metric.label}; in brackets "
        "that of the gap between the baseline and the teacher, on the same splits. "
        "'tuning alone' is the tuned baseline's own fraction of that gap. What was "
        "distilled has the parameters of the baseline, which nobody tuned.",
        results.markdown(compare_with_tuned(frame, ways, metric)),
        f"The chosen student is worse than the tuned baseline by more than {HARM:g} in "
        f"{metric.label} in {harmed} of {len(over_tuned)} pairs of table and student:",
        results.markdown(compare_with_goals(over_tuned, goals, metric)),
        *report_ceiling(frame, ways, metric),
    ]


def compare_with_ceiling(
    frame: pd.DataFrame, ways=WAYS, metric: Metric = R2
) -> pd.DataFrame:
    """By student: the fractions, and the ceiling's, where `ceiling` has measured it."""
    rows = rivals.join(frame, metric.column, CEILING)
    return rows if rows.empty else compare_with_tuned(rows, (*ways, CEILING), metric)


def report_ceiling(frame: pd.DataFrame, ways=WAYS, metric: Metric = R2) -> list[str]:
    """Make the section on what bounds the fractions, if it has been measured."""
    shown = compare_with_ceiling(frame, ways, metric)
    if shown.empty:
        return []
    return ["### What bounds it", ABOUT_CEILING, results.markdown(shown)]


def describe_other_seeds(frame: pd.DataFrame, metric: Metric = R2) -> str:
    """Say what the search recovers without the seed that the defaults rest on."""
    said = (
        "The defaults were chosen on held-out rows of seed 0 (`samplers`, `ablation`)."
    )
    others = frame[frame["seed"] > 0]
    if others.empty:
        return said
    fractions = summarise(others, ("cv",), metric).groupby("student", sort=False)
    means = fractions["cv_recovered"].mean()
    listed = ", ".join(f"{name} {results.percent(one)}" for name, one in means.items())
    return f"{said} Without it the search recovers: {listed}."


def show_choice(row) -> str:
    """Say in a word what the search chose."""
    if row.cv_alpha == 0:
        return "baseline"
    parts = [] if row.cv_transfer == "none" else ["transfer"]
    if not pd.isna(row.cv_strength):
        parts.append(f"leaves {row.cv_strength:g}")
    return " + ".join(parts) or "mixing"


def show_choices(frame: pd.DataFrame) -> list[str]:
    """Say what was chosen, and how often, by table and student."""
    choices = frame.assign(choice=[show_choice(row) for row in frame.itertuples()])
    return [
        ", ".join(f"{count} {choice}" for choice, count in counts.items())
        for counts in (
            group["choice"].value_counts()
            for _, group in choices.groupby(["table", "student"], sort=False)
        )
    ]


def show_recovered(row: pd.Series, way: str, metric: Metric = R2) -> str:
    """Say the fraction ± its std, or the change in score if the lead is too small."""
    fraction, std = row[f"{way}_recovered"], row[f"{way}_std"]
    if pd.isna(fraction):
        return f"{metric.label} {results.signed(metric.sign * row[f'{way}_gain'])}"
    return results.percent_and_std(fraction, std)


def compare_scores(
    summary: pd.DataFrame, ways=WAYS, metric: Metric = R2
) -> pd.DataFrame:
    """Scores by table and student."""
    scores = [f"{way}_{metric.column}" for way in ("teacher", "baseline", *ways)]
    shown = summary[["table", "student", *scores]].copy()
    shown[scores] = shown[scores].map("{:.4f}".format)
    return shown.rename(columns=lambda name: name.removesuffix(f"_{metric.column}"))


def compare_sizes(frame: pd.DataFrame) -> pd.DataFrame:
    """Medians by student of what is stored, and of predicting one row."""
    units = {"values": "leaves or weights", "bytes": "bytes", "row_us": "µs for a row"}
    columns = {
        f"{way}_{unit}": f"{label}, {way}"
        for unit, label in units.items()
        for way in ("baseline", "cv")
    }
    median = frame.groupby("student", sort=False)[list(columns)].median()
    return median.map("{:.0f}".format).rename(columns=columns).reset_index()


def compare_times(frame: pd.DataFrame, ways=WAYS) -> pd.DataFrame:
    """Medians by student of the seconds of a fit, the teacher's work apart."""
    columns = [f"{way}_seconds" for way in ("teacher", "baseline", *ways)]
    teacher = frame["teacher_seconds"]
    cost = (frame["cv_seconds"] + 6 * teacher) / (
        5 * teacher + frame["baseline_seconds"]
    )
    groups = frame.assign(**{COST: cost}).groupby("student", sort=False)
    shown = groups[[*columns, COST]].median().map("{:.2f}".format).reset_index()
    return shown.rename(columns=lambda name: name.removesuffix("_seconds"))


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    facts = ["table", "n_train", "n_test", "n_features"]
    harmed = int((summary["cv_gain"] < -HARM).sum())
    scores = compare_scores(summary).assign(
        **{
            "cv recovers": [show_recovered(row, "cv") for _, row in summary.iterrows()],
            "over tuned": show_over_tuned(summary, frame, "cv"),
            "chosen": show_choices(frame),
        }
    )
    return "\n\n".join(
        [
            "# What fraction of the teacher's lead a student recovers",
            f"Tables: {frame['table'].nunique()}, students: "
            f"{frame['student'].nunique()}, seeds: {frame['seed'].nunique()}; one "
            f"stack teaches all students. At most {MAX_TRAIN} rows are for training "
            f"and {MAX_TEST} held out, and the R2 are theirs. 'baseline' learned the "
            "labels alone, 'default' is `DistilledRegressor`, with a transfer set and, "
            "where trees are added up, refined leaves, 'cv' is `DistilledRegressorCV` "
            "with its defaults, which chooses inside the training rows and may keep "
            "the baseline student.",
            results.markdown(frame[facts].drop_duplicates("table")),
            *report_over_tuned(frame, GOALS_OVER_TUNED),
            "## By student, over the baseline",
            "Recovered is the fraction of the gap between the baseline student and the "
            f"teacher, over the tables where the teacher leads by {MIN_LEAD:g} or more "
            "in R2:",
            results.markdown(summarise_students(summary)),
            describe_other_seeds(frame),
            f"The chosen student is worse than the baseline by more than {HARM:g} in "
            f"R2 in {harmed} of {len(summary)} pairs of table and student:",
            results.markdown(compare_with_goals(summary)),
            "## By table",
            "Means over the seeds; ± is the standard deviation of the seeds' gains "
            f"over the mean lead. Where the teacher leads by less than {MIN_LEAD:g}, "
            "the gain in R2 stands instead of a fraction. 'over tuned' is what 'cv' "
            "recovers over the tuned baseline, on the seeds where there is one.",
            results.markdown(scores),
            "## Size and latency",
            "Medians over tables and seeds. A row's time is the median of "
            f"{N_TIMINGS} calls of `predict`.",
            results.markdown(compare_sizes(frame)),
            "## Seconds of a fit",
            "Medians over tables and seeds. The teacher's are those of one fit with "
            "out-of-fold predictions; the students' are without it. 'cv' is five folds "
            "of all candidates and the final fit, for which the teacher is fitted six "
            "times; the last column is that work over five teachers and one baseline "
            "student.",
            results.markdown(compare_times(frame)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def draw(frame: pd.DataFrame) -> Path:
    """Draw the fraction that the search recovers for each student, a point a table."""
    fractions = summarise(frame).pivot(
        index="table", columns="student", values="cv_recovered"
    )
    return draw_fractions(
        fractions[[*frame["student"].unique()]],
        NAME,
        goals=GOALS,
        x="fraction of the gap recovered by DistilledRegressorCV",
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=3, tables=TABLES)
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report, draw)


if __name__ == "__main__":
    main()
