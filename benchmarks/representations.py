"""What hints, and a teacher as a prior, are worth beside ordinary distillation.

A student learns 200 rows with labels and the others of the training part without. It
learns the teacher's predictions, or its representation too (feature and relational
distillation), or has it as a prior (Bayesian distillation). What is measured is kept
and skipped by the next run, unless ``--fresh``::

    python -m benchmarks.representations --data-dir ../shared/data
"""

import argparse
from functools import partial
from itertools import product

import pandas as pd

from benchmarks import results, runs
from benchmarks.problems import add_data_argument
from benchmarks.representations_block import BASELINE, METHODS, TABLES, measure

NAME = "representations"
KEYS = ["table", "seed", "student"]


def compare(frame: pd.DataFrame) -> pd.DataFrame:
    """Return by how much each loss is less than the baseline's and its reference's."""
    losses = frame.set_index([*KEYS, "method"])["loss"]
    for column, of in (
        ("gain", lambda name: BASELINE),
        ("more", lambda name: METHODS[name].reference),
    ):
        keys = frame[KEYS].assign(method=frame["method"].map(of))
        other = losses.reindex(pd.MultiIndex.from_frame(keys)).to_numpy()
        frame = frame.assign(**{column: other - frame["loss"]})
    return frame


def summarise(gains: pd.DataFrame) -> list[dict]:
    """Return a row for each method and student, with means over tables and seeds."""
    rows = []
    for student, method in product(gains["student"].unique(), METHODS):
        part = gains[(gains["student"] == student) & (gains["method"] == method)]
        if method == BASELINE or part.empty:
            continue
        rows.append(
            {
                "student": student,
                "method": method,
                "gain over the baseline": results.mean_and_std(part["gain"], "+.4f"),
                "compared with": METHODS[method].reference,
                "more than that": f"{results.mean_and_std(part['more'], '+.4f')} "
                f"({int((part['more'] > 0).sum())} of {len(part)})",
            }
        )
    return rows


def by_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean losses, a column for each table."""
    means = frame.groupby(["student", "method", "table"])["loss"].mean().unstack()
    means = means[list(frame["table"].unique())]
    order = [
        key for key in product(frame["student"].unique(), METHODS) if key in means.index
    ]
    return means.loc[order].map("{:.4f}".format).reset_index()


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    gains = compare(frame)
    is_new = gains["method"].map(lambda name: METHODS[name].reference != BASELINE)
    helped = gains[is_new]
    return "\n\n".join(
        [
            "# What a teacher's representation, and a teacher as a prior, are worth",
            f"{frame['n_train'].max()} rows with labels, "
            f"{frame['n_unlabeled'].min()} to {frame['n_unlabeled'].max()} without, "
            f"{frame['seed'].nunique()} seed(s). Students: a forest of 20 trees of 64 "
            "leaves, a perceptron of 32 units, a linear or logistic regression. "
            "Teachers, cross-fitted by k-fold: boosting on histograms; a network of "
            "256 and 128 units; a stack of that boosting and a support vector machine. "
            "The linear model of the other rows has seen these with their labels. No "
            "samples are drawn. The loss is that of held-out rows: 1 - AUC for "
            "classes, 1 - R2 for values. All parameters are the defaults.",
            "Hints and priors do better than ordinary distillation of the same teacher "
            f"in {int((helped['more'] > 0).sum())} of {len(helped)} cases. A cell is "
            "by how much the loss is less, mean ± standard deviation over tables and "
            "seeds, and in how many of them it is less.",
            results.markdown(pd.DataFrame(summarise(gains))),
            "## Losses by table",
            results.markdown(by_table(frame)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    options = parser.parse_args()
    with results.alone(NAME):
        blocks = find_missing(options)
        runs.resume(NAME, blocks, partial(measure, data_dir=options.data_dir))
    runs.publish(NAME, report)


def find_missing(options: argparse.Namespace) -> list[dict]:
    """Return the blocks with the methods that earlier runs have not measured."""
    blocks = []
    for seed, table in product(range(options.seeds), options.tables):
        block = {"table": table, "seed": seed}
        cases = [block | {"method": name} for name in METHODS]
        if options.fresh:
            results.forget(NAME, cases)
        missing = [case["method"] for case in results.pending(NAME, cases)]
        blocks += [block | {"methods": missing}] if missing else []
    return blocks


if __name__ == "__main__":
    main()
