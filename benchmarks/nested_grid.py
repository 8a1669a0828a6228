"""What a search over alpha and the temperature costs, by hand and with skdistill.

`GridSearchCV` tries the same candidates on the same folds in three ways: over a small
estimator as a user writes it, which fits the teacher again for every candidate; over
`DistilledRegressor` with a memory and the same folds of the teacher; and with the
predictions that the stack has from its own fit. Finished ways are kept and skipped by
the next run, unless ``--fresh``::

    python -m benchmarks.nested_grid --data-dir ../shared/data
"""

import tempfile
from functools import partial
from itertools import product

import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from threadpoolctl import threadpool_limits

from benchmarks import gap_block, results, runs
from benchmarks.overhead import clock
from benchmarks.problems import add_data_argument
from skdistill import DistilledRegressor

NAME = "nested_grid"
TABLES = (
    "optical_interconnection_network_fixed",
    "concrete_strength",
    "power_plant_ccpp",
)
GRID = {"alpha": [0.1, 0.3, 0.5, 0.7, 0.9], "temperature": [0.5, 1.0, 2.0, 4.0]}
N_FOLDS, GOAL = 5, 15.0
BY_HAND, FOLDS, STACK = "by hand", "skdistill, folds", "skdistill, stack"
WAYS = (STACK, FOLDS, BY_HAND)


class ByHand(RegressorMixin, BaseEstimator):
    """Fit the student on a mean of labels and tempered out-of-fold predictions."""

    def __init__(self, teacher, student, cv, alpha=0.5, temperature=1.0):
        self.teacher = teacher
        self.student = student
        self.cv = cv
        self.alpha = alpha
        self.temperature = temperature

    def fit(self, X, y):
        """Fit the teacher on each fold, then the student."""
        predictions = cross_val_predict(self.teacher, X, y, cv=self.cv)
        tempered = y.mean() + (predictions - y.mean()) / self.temperature
        target = (1 - self.alpha) * y + self.alpha * tempered
        self.student_ = clone(self.student).fit(X, target)
        return self

    def predict(self, X):
        """Predict with the student."""
        return self.student_.predict(X)


def build(way: str, memory: str) -> GridSearchCV:
    """Return the search over one way of distilling."""
    outer, inner = (KFold(N_FOLDS, shuffle=True, random_state=seed) for seed in (0, 1))
    teacher = gap_block.build_teacher(0)
    student = gap_block.build_student("lightgbm-100x16", 0)
    if way == BY_HAND:
        model = ByHand(teacher, student, inner)
    else:
        model = DistilledRegressor(
            teacher,
            student,
            cross_fit="kfold" if way == FOLDS else "stack",
            cv=inner,
            transfer=None,
            refine=None,
            calibrate=None,
            memory=memory,
            random_state=0,
        )
    return GridSearchCV(model, GRID, cv=outer, scoring="r2")


def measure(table: str, way: str, data_dir) -> list[dict]:
    """Search in one way; a row is a candidate."""
    X, X_test, y, y_test = gap_block.split(*gap_block.load_table(table, data_dir), 0)
    # One thread: waiting threads would count as the processor's time.
    with tempfile.TemporaryDirectory() as memory, threadpool_limits(1):
        search = build(way, memory)
        seconds = clock(partial(search.fit, X, y))
    found = search.cv_results_
    facts = {
        "table": table,
        "way": way,
        "n_train": len(X),
        "seconds": seconds["wall"],
        "cpu_seconds": seconds["cpu"],
        "test": r2_score(y_test, search.predict(X_test)),
    }
    return [
        facts | params | {"score": score, "is_best": params == search.best_params_}
        for params, score in zip(found["params"], found["mean_test_score"], strict=True)
    ]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """By table and way: the choice, the scores, and the seconds against by hand."""
    rows, key = [], ["table", *GRID]
    by_hand = frame[frame["way"] == BY_HAND]
    for _, group in frame.groupby(["table", "way"], sort=False):
        pairs = group.merge(by_hand, on=key, suffixes=("", "_by_hand"))
        best = pairs[pairs["is_best"]].iloc[0]
        rows.append(
            best.to_dict()
            | {
                "ratio": best["cpu_seconds_by_hand"] / best["cpu_seconds"],
                "same": bool(best["is_best_by_hand"]),
                "difference": (pairs["score"] - pairs["score_by_hand"]).abs().max(),
            }
        )
    return pd.DataFrame(rows)


def tabulate(summary: pd.DataFrame) -> pd.DataFrame:
    """Say the summary in words."""
    best = summary["alpha"].map("{:g}/".format) + summary["temperature"].map(
        "{:g}".format
    )
    return pd.DataFrame(
        {
            "table": summary["table"],
            "way": summary["way"],
            "seconds": summary["cpu_seconds"].map("{:.1f}".format),
            "on the wall": summary["seconds"].map("{:.1f}".format),
            "times faster": summary["ratio"].map("{:.1f}".format),
            "chosen alpha/T": best,
            "same choice": summary["same"].map({True: "yes", False: "no"}),
            "largest difference": summary["difference"].map("{:.2g}".format),
            "its R2": summary["score"].map("{:.4f}".format),
            "R2 held out": summary["test"].map("{:.4f}".format),
        }
    )


def conclude(summary: pd.DataFrame) -> list[str]:
    """Say of each table and way whether it is fast enough, for which result."""
    return [
        f"- `{row.table}`, {row.way}: {row.ratio:.1f} times faster, "
        f"{'the same' if row.same else 'another'} choice, held-out R2 "
        f"{results.signed(row.test - row.test_by_hand)}; {_judge(row)}."
        for row in summary[summary["way"] != BY_HAND].itertuples()
    ]


def _judge(row):
    """Hold a way to the goal, which is for the same result."""
    if row.ratio < GOAL:
        return f"the goal of {GOAL:g} times is missed"
    if row.same and row.difference < 1e-6:
        return f"the goal of {GOAL:g} times is reached"
    return f"more than {GOAL:g} times, but not for the same scores"


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    n_candidates = len(frame[list(GRID)].drop_duplicates())
    sizes = frame.groupby("table", sort=False)["n_train"].first()
    rows = " and ".join(
        f"{n_train} rows of `{name}`" for name, n_train in sizes.items()
    )
    return "\n\n".join(
        [
            "# A search over alpha and T, by hand and with skdistill",
            f"`GridSearchCV` over {n_candidates} candidates on {N_FOLDS} folds of "
            f"{rows}. The teacher is the stack of `gap`, the student LightGBM with 100 "
            "trees of 16 leaves. 'by hand' calls `cross_val_predict` on the stack for "
            "every candidate and fold. 'folds' is `DistilledRegressor` with a memory, "
            '`cross_fit="kfold"` and the same folds: the same predictions, each '
            "teacher fitted once. 'stack' takes the predictions from the stack's own "
            "inner folds, as is the default for a stack.",
            results.markdown(tabulate(summary)),
            "Seconds and their ratio are the processor's, all on one thread. The "
            "largest difference is that of a candidate's mean R2 over the folds from "
            "the same by hand.",
            "\n".join(conclude(summary)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each way, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    options = parser.parse_args()
    cases = [
        {"table": table, "way": way} for table, way in product(options.tables, WAYS)
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
