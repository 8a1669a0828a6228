"""What several teachers, their stages, and trust by sample are worth to a student.

A student learns on 300 rows, of which 0 to 40 % have a wrong label, or on 60 with a
label and 240 without one, by each method of combining teachers, of stopping them and
of believing them. Each is held against ordinary distillation, against the baseline
student and against the tuned one. What is measured is kept and skipped by the next
run, unless ``--fresh``::

    python -m benchmarks.signals --data-dir ../shared/data
"""

import argparse
from functools import partial
from itertools import product

import pandas as pd

from benchmarks import results, runs
from benchmarks.problems import add_data_argument
from benchmarks.signals_block import (
    BASELINE,
    CLASSES,
    METHODS,
    SETTINGS,
    TABLES,
    TUNED,
    measure,
)

NAME = "signals"
KEYS = ["table", "seed", "setting"]


def compare(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the gain of each row over the baseline student and over its reference."""
    losses = frame.set_index([*KEYS, "method"])["loss"]
    frame = frame.assign(
        task=frame["table"].isin(CLASSES).map({True: "classes", False: "values"})
    )
    for column, of in (
        ("gain", lambda name: BASELINE),
        ("over tuned", lambda name: TUNED),
        ("more", lambda name: METHODS[name].reference),
    ):
        keys = frame[KEYS].assign(method=frame["method"].map(of))
        other = losses.reindex(pd.MultiIndex.from_frame(keys)).to_numpy()
        frame[column] = other - frame["loss"]
    return frame


def summarise(gains: pd.DataFrame) -> list[dict]:
    """Return a row for each method, with means over tables and seeds."""
    rows = []
    for method, plan in METHODS.items():
        part = gains[gains["method"] == method]
        if method == BASELINE or part.empty:
            continue
        row = {"method": method, "compared with": plan.reference}
        for setting in SETTINGS:
            more = part.loc[part["setting"] == setting, "more"]
            if more.empty:
                continue
            row[setting] = (
                f"{results.mean_and_std(more, '+.4f')} "
                f"({int((more > 0).sum())} of {len(more)})"
            )
        rows.append(row)
    return rows


def by_table(gains: pd.DataFrame, over: str) -> pd.DataFrame:
    """Return the mean gain over a baseline student, a column for each table."""
    means = gains.groupby(["method", "table"])[over].mean().unstack()
    order = [name for name in METHODS if name in means.index and name != BASELINE]
    shown = means.loc[order].map(lambda g: "" if pd.isna(g) else results.signed(g))
    return shown.reset_index()


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    gains = compare(frame)
    parts = [
        "# What several teachers, and trust by sample, are worth",
        f"A LightGBM student of 100 trees with 16 leaves, {frame['n_train'].max()} "
        f"training rows, {frame['seed'].nunique()} seeds, tables: "
        f"{', '.join(frame['table'].unique())}. The loss is that of held-out rows, "
        "whose labels are right: 1 - AUC for classes, 1 - R2 for values. Teachers: "
        "extremely randomised trees; with two more, boosting on histograms and a "
        "support vector machine; by itself XGBoost of 400 rounds, of which a search "
        "tries six stages; in context five nearest neighbours, in the place of larger "
        "teachers that hold their samples. Parameters that are not named are the "
        "defaults.",
        "A cell is by how much the loss is less than that of what it is compared with: "
        "mean ± standard deviation over tables and seeds, and in how many of them it "
        "is less.",
    ]
    for task, part in gains.groupby("task", sort=False):
        title = f"## {task.capitalize()}, by what is wrong with the labels"
        parts += [title, results.markdown(pd.DataFrame(summarise(part)))]
    for over, name in (("gain", BASELINE), ("over tuned", TUNED)):
        parts += [
            f"## Gain over the {name}, by table",
            "Means over seeds and settings.",
            results.markdown(by_table(gains, over)),
        ]
    parts += [
        f"Measured with {results.describe(frame)}.",
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=[*SETTINGS])
    options = parser.parse_args()
    with results.alone(NAME):
        blocks = find_missing(options)
        runs.resume(NAME, blocks, partial(measure, data_dir=options.data_dir))
    runs.publish(NAME, report)


def find_missing(options: argparse.Namespace) -> list[dict]:
    """Return the blocks with the methods that earlier runs have not measured."""
    blocks = []
    for seed, table, setting in product(
        range(options.seeds), options.tables, options.settings
    ):
        block = {"table": table, "seed": seed, "setting": setting}
        methods = [name for name, method in METHODS.items() if method.serves(table)]
        blocks += results.with_missing(NAME, block, methods, fresh=options.fresh)
    return blocks


if __name__ == "__main__":
    main()
