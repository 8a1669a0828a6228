"""What native soft labels cost over the library's own training on hard labels.

For XGBoost, LightGBM, and boosting and linear classifiers of scikit-learn, in one run:
seconds and peak memory of fitting soft labels natively, soft labels by sample
duplication, and hard labels, and how far the two kinds of soft-label fits are apart.
Soft labels keep XGBoost splitting where hard ones are pure, so hard labels are fitted
by the native way as well: the same trees, of which only the loss is ours; those of
scikit-learn are the same to the bit. Each fit has a process of its own, whose peak
memory is that of the fit; the order of the ways alternates::

    python -m benchmarks.soft_labels --data-dir ../shared/data
"""

import time
from contextlib import nullcontext
from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks import results, runs
from benchmarks.problems import add_data_argument, encode, load_problem
from benchmarks.processes import measure_apart, peak_mb
from skdistill.inspect import count_values
from skdistill.students import StudentAdapter, fit_on_target
from skdistill.targets import Target

NAME = "soft_labels"
TABLES = {"letter_recognition": None, "covertype": 100_000, "adult": None}
WAYS = ("hard", "hard, our loss", "native", "both", "duplication")
# Of scikit-learn's students, how many samples they learn. Their own loss and ours are
# one on hard labels, and they do not temper their own logits.
SKLEARN = {
    "boosting": 2_000,
    "hist": 20_000,
    "logistic": 20_000,
    "discriminant": 20_000,
    "descent": 20_000,
}
_SCALED = ("logistic", "descent")
LIBRARIES = ("xgboost", "lightgbm", *SKLEARN)
SKLEARN_WAYS = ("hard", "native", "duplication")
MAX_RATIO = 1.2
MAX_LOSS = 1e-3


def build_student(library: str):
    """Return 100 rounds of boosting, each tree of about 31 to 64 leaves.

    Fewer of scikit-learn's, on one thread.
    """
    if library == "boosting":
        return GradientBoostingClassifier(n_estimators=10, random_state=0)
    if library == "hist":
        return HistGradientBoostingClassifier(
            max_iter=20, early_stopping=False, random_state=0
        )
    if library == "logistic":
        return LogisticRegression(max_iter=300)
    if library == "descent":  # As many epochs, whatever the labels.
        return SGDClassifier(loss="log_loss", max_iter=20, tol=None, random_state=0)
    if library == "discriminant":
        return LinearDiscriminantAnalysis()
    if library == "xgboost":
        from xgboost import XGBClassifier

        return XGBClassifier(n_estimators=100, max_depth=6, n_jobs=2)
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=100, num_leaves=31, n_jobs=2, verbose=-1)


def fit_once(table: str, library: str, way: str, data_dir) -> dict:
    """Fit once, in this process; return seconds and the process's peak memory."""
    problem = load_problem(table, data_dir)
    rows = slice(TABLES[table])
    if library in SKLEARN:  # Of all classes: some tables are sorted.
        rows = np.random.default_rng(0).permutation(len(problem.y))[: SKLEARN[library]]
    X = np.nan_to_num(encode(problem.X).to_numpy(np.float32)[rows])
    if library in _SCALED:
        X = StandardScaler().fit_transform(X)
    names, y = np.unique(problem.y.to_numpy()[rows], return_inverse=True)
    noise = np.random.default_rng(0).normal(size=(len(y), len(names)))
    soften = "both" if way == "both" else "teacher"
    target = Target.of_classes(
        y,
        3 * np.eye(len(names))[y] + noise,
        classes=np.arange(len(names)),
        alpha=0.0 if way == "hard, our loss" else 0.5,
        temperature=2.0,
        soften=soften,
    )
    student = build_student(library)
    is_alone = library in SKLEARN
    # The seconds of a processor are the same beside other work.
    clock = time.process_time if is_alone else time.perf_counter
    with threadpool_limits(1) if is_alone else nullcontext():
        clone(student).fit(X[:100], np.arange(100) % 2)  # The library starts up.
        start = clock()
        if way == "hard":
            student.fit(X, y)
        elif way == "duplication":
            # How a classifier learns a target that has no adapter of its own.
            StudentAdapter().fit(student, X, target, {})
        else:
            fit_on_target(student, X, target)
        seconds = clock() - start
    measured = {
        "seconds": seconds,
        "peak_mb": peak_mb(),
        "leaves": count_values(student).leaves,
    }
    if way in ("native", "duplication"):
        measured["loss"] = soft_log_loss(target, student.predict_proba(X))
    return measured


def soft_log_loss(target: Target, probabilities) -> float:
    """Return the mean cross-entropy to a target, in nats."""
    logarithms = np.log(np.maximum(probabilities, 1e-15))
    return float(-(target.mixed * logarithms).sum(axis=1).mean())


def ways_of(library: str) -> tuple[str, ...]:
    """Return in which ways the students of a library learn."""
    if library == "discriminant":  # It takes no weights: samples cannot be duplicated.
        return ("hard", "native")
    return SKLEARN_WAYS if library in SKLEARN else WAYS


def measure(table: str, library: str, way: str, repeat: int, data_dir) -> list[dict]:
    """Time and memory of one fit in a fresh process."""
    case = [table, library, way, data_dir and str(data_dir)]
    measured = measure_apart("benchmarks.soft_labels", "fit_once", case)
    row = {"table": table, "library": library, "way": way}
    return [row | measured | {"repeat": repeat}]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Medians over the repeats, and their ratios to hard labels."""
    keys = ["table", "library", "way"]
    frame = frame.assign(loss=pd.to_numeric(frame["loss"]))
    measured = ["leaves", "seconds", "peak_mb", "loss"]
    median = frame.groupby(keys, sort=False)[measured].median()
    median = median.reset_index().astype({"leaves": int})
    hard = median[median["way"] == "hard"].set_index(["table", "library"])
    base = hard.loc[list(zip(median["table"], median["library"], strict=True))]
    return median.assign(
        time_ratio=median["seconds"].to_numpy() / base["seconds"].to_numpy(),
        memory_ratio=median["peak_mb"].to_numpy() / base["peak_mb"].to_numpy(),
    )


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    native = summary[summary["way"] == "native"]
    met = (native[["time_ratio", "memory_ratio"]] <= MAX_RATIO).all(axis=1)
    losses = summary.pivot(index=["table", "library"], columns="way", values="loss")
    apart = (losses["native"] - losses["duplication"]).dropna()
    shown = summary.assign(
        loss=summary["loss"].map("{:.4f}".format).replace("nan", ""),
        seconds=summary["seconds"].map("{:.2f}".format),
        peak_mb=summary["peak_mb"].map("{:.0f}".format),
        time_ratio=summary["time_ratio"].map("{:.3f}".format),
        memory_ratio=summary["memory_ratio"].map("{:.3f}".format),
    )
    return "\n\n".join(
        [
            "# What native soft labels cost",
            "XGBoost and LightGBM: 100 rounds, seconds by wall clock on two threads. "
            "scikit-learn's gradient boosting (10 rounds, 2,000 samples), histogram "
            "boosting (20 rounds), logistic regression, linear discriminants and "
            "gradient descent (SGDClassifier, 20 epochs; these four on 20,000 "
            "samples): seconds of the processor on one thread. Peak memory of the "
            "whole process. "
            f"Medians of up to {frame['repeat'].nunique()} repeats, and their ratios "
            "to training on hard labels. 'loss' is the cross-entropy to the target. "
            "'native' is soften='teacher', 'both' Hinton's "
            "loss; 'hard, our loss' fits hard labels by the native way, and so shows "
            "what the loss alone costs: soft labels make XGBoost grow more leaves, "
            "which take time whoever computes the loss. The least number of samples in "
            "a leaf of histogram boosting, 20, counts duplicates as samples, so it "
            "holds duplication back less: with 1 the two agree (`tests/students`). "
            "Gradient descent takes a step for each duplicate: more of them in as many "
            "epochs, which is what its loss there is lower by.",
            results.markdown(shown),
            f"Native within {MAX_RATIO:g} times in time and memory: {met.sum()} of "
            f"{len(met)}. Its loss is above that of duplication by more than "
            f"{MAX_LOSS:g} in {(apart > MAX_LOSS).sum()} of {len(apart)}, by "
            f"{apart.max():.4f} at most.",
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure the fits that are missing, keep each, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    options = parser.parse_args()
    cases = [
        {"table": table, "library": library, "way": way, "repeat": repeat}
        for table in TABLES
        for library in options.libraries
        for repeat in range(options.repeats)
        for way in ways_of(library)[:: -1 if repeat % 2 else 1]
        # The ratio of duplication is far from 1: once is enough.
        if way != "duplication" or not repeat
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
