"""What one fit does with the teachers that people have, with calibration and without.

Eight teachers teach five students on sixteen tables of 1,500 training rows. A student
is harmed if its held-out loss is above the baseline student's by more than 0.003: log
loss for classes, 1 - R2 for values. Finished blocks are kept and skipped by the next
run, unless ``--fresh``::

    python -m benchmarks.teachers --data-dir ../shared/data
"""

from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from benchmarks import results, runs
from benchmarks.problems import add_data_argument
from benchmarks.teachers_block import CLASSES, STUDENTS, TABLES, TEACHERS, measure

NAME = "teachers"
HARM = 0.003
WAYS = {"raw": "calibrate=None", "default": "the defaults", "cv": "the search"}


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each pair: means over seeds, each way's gain and its error."""
    keys = ["table", "teacher", "student"]
    losses = [name for name in frame if name.endswith("_loss")]
    pairs = frame.groupby(keys, sort=False)[[*losses, "warned"]].mean().reset_index()
    for way in WAYS:
        if f"{way}_loss" in pairs:
            pairs[f"{way}_gain"] = pairs["baseline_loss"] - pairs[f"{way}_loss"]
    squares = frame.filter(like="_error").pow(2).join(frame[keys])
    errors = squares.groupby(keys, sort=False).agg(lambda part: part.mean() / len(part))
    pairs = pairs.merge(errors.pow(0.5).reset_index(), on=keys)
    pairs["lead"] = pairs["baseline_loss"] - pairs["teacher_loss"]
    pairs["is_better"] = pairs["lead"] > 0
    pairs["task"] = pairs["table"].isin(CLASSES).map({True: "classes", False: "values"})
    return pairs


def count(pairs: pd.DataFrame) -> list[dict]:
    """Count gains, harm and warnings, by task and way."""
    rows = []
    for task, part in pairs.groupby("task"):
        better, worse = part[part["is_better"]], part[~part["is_better"]]
        for way, label in WAYS.items():
            if f"{way}_gain" not in part or part[f"{way}_gain"].isna().all():
                continue
            gain, harm = part[f"{way}_gain"], f"{way}_gain"
            rows.append(
                {
                    "task": task,
                    "way": label,
                    "pairs": len(part),
                    "mean gain": f"{gain.mean():.4f}",
                    "median gain": f"{gain.median():.4f}",
                    "harmed": _of(gain < -HARM),
                    "harmed, teacher better": _of(better[harm] < -HARM),
                    "by two errors": _of(
                        better[harm] < -np.maximum(HARM, 2 * better[f"{way}_error"])
                    ),
                    "harmed, teacher not better": _of(worse[harm] < -HARM),
                }
            )
    return rows


def count_warnings(pairs: pd.DataFrame) -> list[dict]:
    """Count the warnings of the default, by what held-out rows say of the teacher."""
    rows = []
    for task, part in pairs.groupby("task"):
        warned = part["warned"] > 0.5
        lead, clear = part["lead"], 2 * part["teacher_error"]
        by_lead = {
            "teacher not better": lead <= 0,
            "worse by two errors": lead < -clear,
            "teacher better": lead > 0,
            "better by two errors": lead > clear,
        }
        rows.append(
            {"task": task}
            | {
                name: _of(part.loc[here, "warned"] > 0.5)
                for name, here in by_lead.items()
            }
            | {
                "harmed without a warning": _of(
                    (part["default_gain"] < -HARM) & ~warned
                )
            }
        )
    return rows


def _of(holds: pd.Series) -> str:
    return f"{int(holds.sum())} of {len(holds)}"


def by_part(pairs: pd.DataFrame, part: str) -> list[dict]:
    """Return the mean gains of each teacher or student."""
    return [
        {"task": task, part: name}
        | {
            f"{label}: mean gain (harmed)": f"{these[f'{way}_gain'].mean():.4f} "
            f"({_of(these[f'{way}_gain'] < -HARM)})"
            for way, label in WAYS.items()
            if f"{way}_gain" in these and these[f"{way}_gain"].notna().any()
        }
        for (task, name), these in pairs.groupby(["task", part], sort=False)
    ]


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    pairs = summarise(frame)
    return "\n\n".join(
        [
            "# What one fit does with the teachers that people have",
            f"Tables: {frame['table'].nunique()}, teachers: "
            f"{frame['teacher'].nunique()}, students: {frame['student'].nunique()}, "
            f"seeds: {frame['seed'].nunique()}; at most {frame['n_train'].max()} "
            "training rows. The loss is that of held-out rows: log loss of "
            "probabilities clipped at 1e-6 for classes, 1 - R2 for values. A gain is "
            "the baseline student's loss without the distilled one's; harmed is a gain "
            f"below -{HARM:g}. The teacher counts as the student heard it: calibrated. "
            "'By two errors': by more than two standard errors of the differences "
            "between held-out rows, of which small tables have few.",
            results.markdown(pd.DataFrame(count(pairs))),
            "## Warnings of the default",
            "Of how many pairs it warned. Whether the teacher is better than the "
            "baseline student is known from the held-out rows, which the fit does not "
            "see.",
            results.markdown(pd.DataFrame(count_warnings(pairs))),
            "## By teacher",
            results.markdown(pd.DataFrame(by_part(pairs, "teacher"))),
            "## By student, where the teacher is better",
            results.markdown(
                pd.DataFrame(by_part(pairs[pairs["is_better"]], "student"))
            ),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--teachers", nargs="+", choices=TEACHERS, default=TEACHERS)
    parser.add_argument("--students", nargs="+", choices=STUDENTS, default=STUDENTS)
    parser.add_argument("--ways", nargs="*", choices=["cv"], default=["cv"])
    options = parser.parse_args()
    cases = [
        {"table": table, "seed": seed, "teacher": teacher}
        for seed, table, teacher in product(
            range(options.seeds), options.tables, options.teachers
        )
    ]
    work = partial(
        measure,
        students=options.students,
        ways=options.ways,
        data_dir=options.data_dir,
    )
    runs.run(NAME, cases, work, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
