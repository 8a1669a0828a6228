"""What a search loses by holding out one split instead of five folds.

From how many rows on one split is enough decides what ``cv=None`` stands for. Students
of boosted trees and a single tree are chosen in both ways, from the same rows and the
same teacher, and judged by rows that neither saw. A score is R2, or the log loss with
its sign changed. Finished blocks are kept and skipped by the next run, unless
``--fresh``::

    python -m benchmarks.one_split --data-dir ../shared/data
"""

import tempfile
from functools import partial
from itertools import product

import pandas as pd
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    ShuffleSplit,
    StratifiedShuffleSplit,
    train_test_split,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from benchmarks import gap, gap_block, gap_classes, quality_block, results, runs
from benchmarks.overhead import clock
from benchmarks.problems import add_data_argument
from skdistill import DistilledClassifierCV, DistilledRegressorCV

NAME = "one_split"
NUMBERS = ("pol", "california_housing", "qot_osnr_roadm", "house_16H")
CLASSES = ("magic_telescope", "default_credit_card", "bank_marketing", "adult")
TABLES = NUMBERS + CLASSES
STUDENTS = ("lightgbm", "tree")
N_TRAIN, MAX_TEST, N_FOLDS, HELD_OUT = 10_000, 10_000, 5, 0.2
FOLDS, SPLIT = "folds", "split"
WAYS = (FOLDS, SPLIT)
SCORE = gap.Metric("score", "score", 1)


def build(table: str, name: str, seed: int):
    """Return a student, or the teacher."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    is_classes = table in CLASSES
    if name == "tree":
        kind = DecisionTreeClassifier if is_classes else DecisionTreeRegressor
        model = kind(max_leaf_nodes=64, random_state=seed)
    else:
        rounds, leaves = (300, 31) if name == "teacher" else (50, 8)
        model = (LGBMClassifier if is_classes else LGBMRegressor)(
            n_estimators=rounds,
            num_leaves=leaves,
            n_jobs=1,
            verbose=-1,
            random_state=seed,
        )
    return gap_classes.with_encoder(model) if is_classes else model


def load(table: str, seed: int, data_dir):
    """Return rows to learn from, rows held out, and their targets."""
    kind = gap_classes if table in CLASSES else gap_block
    X, y = kind.load_table(table, data_dir)
    stratify = y if table in CLASSES else None
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=N_TRAIN, stratify=stratify, random_state=seed
    )
    return X, X_test[:MAX_TEST], y, y_test[:MAX_TEST]


def score(model, X, y) -> float:
    """R2, or minus the log loss."""
    if not hasattr(model, "predict_proba"):
        return r2_score(y, model.predict(X))
    return -quality_block.score(y, model.predict_proba(X))["log_loss"]


def measure(table: str, seed: int, data_dir) -> list[dict]:
    """Choose each student in both ways; the students of a way share the teacher."""
    X, X_test, y, y_test = load(table, seed, data_dir)
    is_classes = table in CLASSES
    search = DistilledClassifierCV if is_classes else DistilledRegressorCV
    split = StratifiedShuffleSplit if is_classes else ShuffleSplit
    rows = {name: {"table": table, "seed": seed, "student": name} for name in STUDENTS}
    for way in WAYS:
        cv = N_FOLDS
        if way == SPLIT:
            cv = split(1, test_size=HELD_OUT, random_state=seed)
        with tempfile.TemporaryDirectory() as memory:
            for name, row in rows.items():
                model = search(
                    build(table, "teacher", seed),
                    build(table, name, seed),
                    cv=cv,
                    memory=memory,
                    random_state=seed,
                )
                row[f"{way}_seconds"] = clock(partial(model.fit, X, y))["cpu"]
                row[f"{way}_score"] = score(model, X_test, y_test)
                row[f"{way}_alpha"] = model.best_params_["alpha"]
            teacher = model.best_estimator_.set_params(alpha=0.5).fit(X, y).teacher_
    for name, row in rows.items():
        row["baseline_score"] = score(
            build(table, name, seed).fit(X, y), X_test, y_test
        )
        row["teacher_score"] = score(teacher, X_test, y_test)
    return list(rows.values())


def compare(frame: pd.DataFrame) -> pd.DataFrame:
    """By table and student: scores, what the split loses, and seconds of both ways."""
    summary = gap.summarise(frame, WAYS, SCORE)
    seconds = frame.groupby(["table", "student"], sort=False)[
        [f"{way}_seconds" for way in WAYS]
    ].mean()
    summary = summary.join(seconds, on=["table", "student"])
    shown = gap.compare_scores(summary, WAYS, SCORE)
    for way in WAYS:
        shown[f"{way} recovers"] = [
            gap.show_recovered(row, way, SCORE) for _, row in summary.iterrows()
        ]
        shown[f"{way}, seconds"] = summary[f"{way}_seconds"].map("{:.1f}".format)
    return shown


def conclude(frame: pd.DataFrame) -> list[str]:
    """Say how the ways differ, which harms, and what the split saves."""
    lost = frame["folds_score"] - frame["split_score"]
    seconds = frame.groupby(["table", "seed"])[[f"{way}_seconds" for way in WAYS]].sum()
    ratio = (seconds["folds_seconds"] / seconds["split_seconds"]).mean()
    said = [
        f"In {len(frame)} pairs the split's choice scores lower than the folds' by "
        f"{results.mean_and_std(lost)}, at most by {lost.max():.4f} and at best "
        f"higher by {-lost.min():.4f}. The folds take {ratio:.1f} times as long."
    ]
    for way in WAYS:
        gain = frame[f"{way}_score"] - frame["baseline_score"]
        harmed = int((gain < -gap.HARM).sum())
        said.append(
            f"Chosen by {way}, {harmed} of {len(frame)} students are worse than the "
            f"baseline by more than {gap.HARM:g}, and the mean gain is "
            f"{gain.mean():+.4f}."
        )
    return said


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    return "\n\n".join(
        [
            "# One split or five folds in the search",
            f"{N_TRAIN:,} rows to learn from; the split holds out {HELD_OUT:.0%} of "
            f"them, the folds each a fifth in turn. At most {MAX_TEST:,} further rows "
            "score what was chosen. The teacher is LightGBM with 300 trees of 31 "
            "leaves, the students are LightGBM with 50 trees of 8 leaves and a tree of "
            f"64 leaves; seeds: {frame['seed'].nunique()}. A score is R2, or for "
            f"{', '.join(CLASSES)} minus the log loss. Seconds are the processor's on "
            "one thread; those of the first student have the teacher's work.",
            *conclude(frame),
            results.markdown(compare(frame)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    options = parser.parse_args()
    cases = [
        {"table": table, "seed": seed}
        for seed, table in product(range(options.seeds), options.tables)
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
