"""How much more memory a distilled fit needs than its teacher or its student alone.

A synthetic table of single precision, 200,000 samples of 12 columns and 7 classes, and
students that learn soft labels without duplicated samples, by mixing targets. Each fit
has a process of its own; what counts is by how much its memory grows at most, from
where the table is made and the libraries are loaded::

    python -m benchmarks.peak_memory
"""

import gc
import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from benchmarks import results, runs
from benchmarks.processes import measure_apart, memory_mb, peak_mb, reset_peak
from skdistill import DistilledClassifier

NAME = "peak_memory"
N_SAMPLES, N_COLUMNS, N_CLASSES = 200_000, 12, 7
ALONE, DISTILLED, UNCACHED = "alone", "distilled", "distilled, memory=False"
WAYS = (ALONE, DISTILLED, UNCACHED)
TEACHER = "histogram boosting"
MAX_RATIO = 1.5
STUDENTS = {
    "gradient boosting": GradientBoostingClassifier(n_estimators=1, max_depth=1),
    "histogram boosting": HistGradientBoostingClassifier(
        max_iter=5, early_stopping=False
    ),
    "logistic regression": LogisticRegression(max_iter=20),
    "tree": DecisionTreeClassifier(max_leaf_nodes=50),
    "naive Bayes": GaussianNB(),
    "XGBoost": None,
    "LightGBM": None,
}


def build_student(name: str):
    """Return a student, unfitted."""
    if name == "XGBoost":
        from xgboost import XGBClassifier

        return XGBClassifier(n_estimators=5, n_jobs=1)
    if name == "LightGBM":
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1)
    return clone(STUDENTS[name])


def fit_once(name: str, way: str) -> dict:
    """Fit once, in this process; return by how many MB its memory grew at most."""
    warnings.simplefilter("ignore")  # Few rounds are far from converged.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_SAMPLES, N_COLUMNS)).astype(np.float32)
    noise = rng.normal(size=(N_SAMPLES, N_CLASSES)).astype(np.float32)
    y = (X[:, :N_CLASSES] + noise).argmax(axis=1)
    student = model = build_student(name)
    if way != ALONE:
        model = DistilledClassifier(
            build_student(TEACHER),
            student,
            alpha=0.5,
            temperature=2.0,
            cv=2,
            transfer=None,
            refine=None,
            memory=False if way == UNCACHED else None,
            random_state=0,
        )
    with threadpool_limits(1):
        clone(model).fit(X[:500], y[:500])  # All that is imported is.
        del noise
        gc.collect()
        before = memory_mb()
        reset_peak()
        model.fit(X, y)
        return {"grows_mb": peak_mb() - before}


def measure(student: str, way: str) -> list[dict]:
    """Memory of one fit in a fresh process."""
    grown = measure_apart("benchmarks.peak_memory", "fit_once", [student, way])
    return [{"student": student, "way": way} | grown]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each student, with the ratios to the larger of the two."""
    table = frame.pivot(index="student", columns="way", values="grows_mb")
    table = table.loc[frame["student"].unique(), list(WAYS)]
    larger = table[ALONE].clip(lower=table.loc[TEACHER, ALONE])
    ratios = {f"ratio, {way}": table[way] / larger for way in WAYS[1:]}
    return table.assign(**ratios).reset_index()


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    ratios = [name for name in summary if name.startswith("ratio")]
    digits = dict.fromkeys(WAYS, 0) | dict.fromkeys(ratios, 2)
    shown = summary.assign(
        **{name: summary[name].map(f"{{:.{n}f}}".format) for name, n in digits.items()}
    )
    within = (summary[ratios] <= MAX_RATIO).sum()
    return "\n\n".join(
        [
            "# The memory of a distilled fit",
            f"By how many MB the memory of a process grows at most: {N_SAMPLES:,} "
            f"samples of {N_COLUMNS} columns in single precision, {N_CLASSES} classes, "
            "targets mixed, no transfer set, one thread. The teacher is "
            f"{TEACHER} throughout. 'ratio' is distilled over the larger of student "
            "and teacher, each alone. By default the teacher's predictions and the "
            "teacher are kept in the process besides, for the next fit.",
            results.markdown(shown),
            f"At most {MAX_RATIO:g} times the larger: {within.iloc[0]} of "
            f"{len(summary)}, with memory=False {within.iloc[1]}.",
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure the fits that are missing, keep each, and report on all there is."""
    options = runs.build_parser(__doc__).parse_args()
    cases = [{"student": name, "way": way} for name in STUDENTS for way in WAYS]
    runs.run(NAME, cases, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
