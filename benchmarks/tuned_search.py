"""What a search gains that tunes the student while it distils it.

The students of `gap` and `gap_classes` on the same splits, chosen by a search with
``student_params="auto"``. They are held against the student tuned on the labels alone,
of `tuned`, and against the search that leaves the student's parameters as they are, of
`gap`. Finished students are kept and skipped by the next run, unless ``--fresh``::

    python -m benchmarks.tuned_search --data-dir ../shared/data
"""

import json
import tempfile
import warnings
from functools import partial

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import gap, gap_classes, results, rivals, runs, tuned
from benchmarks.overhead import clock

NAME, WAY = "tuned_search", "search+tuning"
# What others measured on the same splits: the search that tunes nothing.
SEARCH = "cv"
STUDENTS = ("tree", "forest", "lightgbm-100x16", "boosting", "lightgbm")


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Distil and tune each student, the teacher's work apart."""
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        block = tuned.open_block(table, seed, data_dir, memory)
        block.choose(block.build_stump())
        return [
            {"table": table, "seed": seed, "student": name} | distil(block, name)
            for name in students
        ]


def distil(block, name: str) -> dict:
    """Search for one student with its parameters; score it on the held-out rows."""
    found = []
    student = block.build_student(name)
    choose = partial(block.choose, student, student_params="auto")
    seconds = clock(lambda: found.append(choose()[1]))
    (search,) = found
    return block.score(WAY, search) | {
        f"{WAY}_cpu_seconds": seconds["cpu"],
        "alpha": search.alpha_,
        "params": show_params(search.best_params_),
        "baseline_params": show_params(search.baseline_params_),
        "reason": search.reason_,
    }


def show_params(params: dict) -> str:
    """Write the parameters of the student as JSON."""
    own = {name: params[name] for name in params if name.startswith("student__")}
    return json.dumps(own, sort_keys=True)


def collect(frame: pd.DataFrame, module, metric: gap.Metric) -> pd.DataFrame:
    """Return the rows of this metric beside what `gap` and `tuned` measured of them."""
    score = f"{WAY}_{metric.column}"
    if score not in frame or not results.exists(module.NAME):
        return frame.head(0)
    ways = ("teacher", "baseline", SEARCH)
    known = results.read(module.NAME).set_index(rivals.SPLIT)
    columns = [f"{way}_{metric.column}" for way in ways] + ["cv_seconds"]
    rows = frame.dropna(subset=[score]).join(
        known[columns], on=rivals.SPLIT, how="inner"
    )
    return rivals.join(rows, metric.column)


def compare_tables(rows: pd.DataFrame, metric: gap.Metric) -> pd.DataFrame:
    """By table and student: what is recovered of the lead over the tuned student."""
    over = rivals.as_baseline(rows, metric.column)
    summary = gap.summarise(over, (SEARCH, WAY), metric)
    scores = [f"{way}_{metric.column}" for way in ("baseline", SEARCH, WAY, "teacher")]
    shown = summary[["table", "student"]].copy()
    names = ("the tuned student", "the search", WAY, "the teacher")
    for name, column in zip(names, scores, strict=True):
        shown[name] = summary[column].map("{:.4f}".format)
    for way in (SEARCH, WAY):
        label = "the search" if way == SEARCH else way
        shown[f"{label} recovers"] = [
            gap.show_recovered(row, way, metric) for _, row in summary.iterrows()
        ]
    return shown


def compare_students(rows: pd.DataFrame, metric: gap.Metric) -> pd.DataFrame:
    """By student: the mean fraction over the tuned one, harm, and what it takes."""
    over = rivals.as_baseline(rows, metric.column)
    summary = gap.summarise(over, (SEARCH, WAY), metric)
    seconds = rows.groupby("student", sort=False)
    shown = []
    for student, group in summary.groupby("student", sort=False):
        led = group[f"{WAY}_recovered"].notna()
        one = seconds.get_group(student)
        shown.append(
            {
                "student": student,
                "tables with a lead": f"{led.sum()} of {len(group)}",
                "the search recovers": results.percent(
                    group[f"{SEARCH}_recovered"].mean()
                ),
                f"{WAY} recovers": results.percent(group[f"{WAY}_recovered"].mean()),
                f"worse by more than {gap.HARM:g}": (
                    f"{(group[f'{SEARCH}_gain'] < -gap.HARM).sum()}, "
                    f"{(group[f'{WAY}_gain'] < -gap.HARM).sum()}"
                ),
                f"{WAY}, CPU seconds": f"{one[f'{WAY}_cpu_seconds'].median():.0f}",
            }
        )
    return pd.DataFrame(shown)


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    parts = [
        "# What tuning the student while it is distilled gains",
        f"'{WAY}' is a search with `student_params='auto'` and its other defaults, "
        "'the search' one that leaves the student's parameters as they are. Recovered "
        "is the fraction of the teacher's lead over the tuned student, which "
        "cross-validation on the labels found without a teacher; where the teacher "
        f"leads by less than {gap.MIN_LEAD:g}, the difference to the tuned student "
        "stands instead. Counts of harm are against the tuned student, for the search "
        f"and for '{WAY}'. CPU seconds are without the teacher's work.",
    ]
    for module, metric in ((gap, gap.R2), (gap_classes, gap_classes.LOG_LOSS)):
        rows = collect(frame, module, metric)
        if not rows.empty:
            parts += [
                f"## By {metric.label}",
                results.markdown(compare_students(rows, metric)),
                results.markdown(compare_tables(rows, metric)),
            ]
    return "\n\n".join([*parts, f"Measured with {results.describe(frame)}."])


def main() -> None:
    """Measure what is missing, keep each student, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=1, tables=tuned.TABLES)
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
