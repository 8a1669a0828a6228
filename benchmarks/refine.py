"""What refining the leaves of a student costs, and how that grows with the rows.

Seconds and memory of one strength (`refine_leaves`) and of the path over the default
strengths (`LeafRefinement`), each in a process of its own. The trees are grown on few
of the rows, to save time; all rows are refined on::

    python -m benchmarks.refine
"""

import time

import numpy as np
import pandas as pd

from benchmarks import results, runs
from benchmarks.processes import measure_apart, peak_mb
from skdistill.refine import refine_leaves, refinement_path

NAME = "refine"
# Library, rows, trees and leaves of each tree. The first is the usual student: 3,000
# training rows and 4 drawn samples for each.
CASES = (
    ("scikit-learn", 15_000, 100, 8),
    ("lightgbm", 10_000, 300, 31),
    ("lightgbm", 100_000, 300, 31),
    ("lightgbm", 1_000_000, 300, 31),
)
LARGEST = CASES[-1]
PATH = (3.0, 10.0, 30.0, 100.0, 300.0)
COLUMNS = ("library", "rows", "trees", "leaves")
WAYS = ("one strength", "path")
N_GROWN_ON = 3000
MAX_SECONDS = 1.0


def build_student(library: str, n_trees: int, n_leaves: int):
    """Return boosting with trees of at most so many leaves."""
    if library == "lightgbm":
        from lightgbm import LGBMRegressor

        return LGBMRegressor(
            n_estimators=n_trees, num_leaves=n_leaves, n_jobs=1, verbose=-1
        )
    from sklearn.ensemble import GradientBoostingRegressor

    depth = int(np.log2(n_leaves))
    return GradientBoostingRegressor(n_estimators=n_trees, max_depth=depth)


def make_rows(n_rows: int):
    """Return Friedman's first problem with noise, in single precision."""
    rng = np.random.default_rng(0)
    X = rng.random((n_rows, 10), dtype=np.float32)
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2
    y += 10 * X[:, 3] + 5 * X[:, 4] + rng.standard_normal(n_rows, dtype=np.float32)
    return X, y


def measure_once(library, n_rows, n_trees, n_leaves, way) -> dict:
    """Refine once, in this process; return seconds and memory."""
    X, y = make_rows(n_rows)
    n_grown = N_GROWN_ON if library == "scikit-learn" else min(n_rows, 20_000)
    model = build_student(library, n_trees, n_leaves).fit(X[:n_grown], y[:n_grown])
    before = peak_mb()
    start = time.perf_counter()
    if way == "path":
        refinement_path(model, X, y, strengths=PATH)
    else:
        refine_leaves(model, X, y)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_mb": peak_mb(), "added_mb": peak_mb() - before}


def measure(repeat: int, **case) -> list[dict]:
    """Time and memory of one refinement in a fresh process."""
    measured = measure_apart("benchmarks.refine", "measure_once", list(case.values()))
    return [case | measured | {"repeat": repeat}]


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    keys = ["library", "rows", "trees", "leaves", "way"]
    numbers = ["seconds", "peak_mb", "added_mb"]
    median = frame.groupby(keys, sort=False)[numbers].median().reset_index()
    per_row = 1e6 * median["seconds"] / median["rows"]
    shown = median.assign(
        rows=median["rows"].map("{:,}".format),
        seconds=median["seconds"].map("{:.2f}".format),
        microseconds_a_row=per_row.map("{:.0f}".format),
        peak_mb=median["peak_mb"].map("{:.0f}".format),
        added_mb=median["added_mb"].map("{:.0f}".format),
    )
    usual = median["seconds"].iloc[0]
    met = "yes" if usual <= MAX_SECONDS else "no"
    return "\n\n".join(
        [
            "# What leaf refinement costs",
            "Seconds by wall clock on one core, the peak memory of the whole process, "
            "and by how much refining raised that peak over making the rows and "
            "growing the trees. Medians; the largest case is measured once, the others "
            f"{frame['repeat'].max() + 1} times.",
            results.markdown(shown),
            f"The usual student within {MAX_SECONDS:g} s: {met} ({usual:.2f} s).",
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure the cases that are missing, keep each, and report on all there is."""
    parser = runs.build_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    cases = [
        dict(zip(COLUMNS, case, strict=True)) | {"way": way, "repeat": repeat}
        for case in CASES
        for way in WAYS
        # The path takes a quarter of an hour on the largest and says nothing new.
        if case != LARGEST or way != "path"
        for repeat in range(1 if case == LARGEST else options.repeats)
    ]
    runs.run(NAME, cases, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
