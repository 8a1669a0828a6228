"""What a search gains that tunes the student while it distils it.

The students of `gap` on the same splits, chosen by a search with
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

from benchmarks import gap, gap_block, results, rivals, runs
from benchmarks.overhead import clock

NAME = "tuned_search"
# The search that tunes nothing, which `gap` measures, and this one.
SEARCH, WAY = "cv", "search+tuning"
WAYS = {SEARCH: "search", WAY: "search and tuning"}


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Distil and tune each student, the teacher's work apart."""
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        block = gap_block.Block(table, seed, data_dir, memory)
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


def collect(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows beside what `gap` and `tuned` measured on the same splits.

    The tuned student stands where `gap` has the baseline student.
    """
    known = results.read(gap.NAME).set_index(rivals.SPLIT)
    columns = [f"{way}_{gap.R2.column}" for way in ("teacher", "baseline", SEARCH)]
    beside = frame.join(known[[*columns, f"{SEARCH}_seconds"]], on=rivals.SPLIT)
    joined = rivals.join(beside.dropna(subset=columns), gap.R2.column)
    return rivals.as_baseline(joined, gap.R2.column)


def compare_students(rows: pd.DataFrame) -> pd.DataFrame:
    """By student: the mean fraction recovered over the tuned one, harm, and time."""
    shown = []
    for student, group in gap.summarise(rows, WAYS).groupby("student", sort=False):
        n_led = int((group["lead"] >= gap.MIN_LEAD).sum())
        row = {"student": student, "tables with a lead": f"{n_led} of {len(group)}"}
        for way, name in WAYS.items():
            harmed = (group[f"{way}_gain"] < -gap.HARM).sum()
            row[f"{name} recovers"] = results.percent(group[f"{way}_recovered"].mean())
            row[f"{name}: worse by {gap.HARM:g}"] = int(harmed)
        seconds = rows.loc[rows["student"] == student, f"{WAY}_cpu_seconds"]
        shown.append(row | {f"{WAYS[WAY]}: CPU seconds": f"{seconds.median():.0f}"})
    return pd.DataFrame(shown)


def compare_tables(rows: pd.DataFrame) -> pd.DataFrame:
    """By table and student: R2, and what is recovered of the teacher's lead."""
    summary = gap.summarise(rows, WAYS)
    shown = summary[["table", "student"]].copy()
    names = {"baseline": "the tuned student", **WAYS, "teacher": "the teacher"}
    for way, name in names.items():
        shown[name] = summary[f"{way}_{gap.R2.column}"].map("{:.4f}".format)
    for way, name in WAYS.items():
        shown[f"{name} recovers"] = [
            gap.show_recovered(row, way) for _, row in summary.iterrows()
        ]
    return shown


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    rows = collect(frame)
    return "\n\n".join(
        [
            "# What tuning the student while it is distilled gains",
            f"'{WAYS[WAY]}' is `DistilledRegressorCV(student_params='auto')` with its "
            f"other defaults, '{WAYS[SEARCH]}' one that leaves the student's "
            "parameters as they are. Recovered is the fraction of the teacher's lead "
            "over the tuned student, which cross-validation on the labels found "
            f"without a teacher; where the teacher leads by less than {gap.MIN_LEAD:g} "
            "in R2, the difference to the tuned student stands instead. R2 is that of "
            "held-out rows. CPU seconds are without the teacher's work.",
            results.markdown(compare_students(rows)),
            results.markdown(compare_tables(rows)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each student, and report on all there is."""
    options = runs.parse_students(
        __doc__, gap_block.STUDENTS, seeds=1, tables=gap_block.TABLES
    )
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
