"""How the cost of a fit grows with the rows and with the classes.

Processor time and peak memory of LightGBM distilled from a larger one: teacher and
student alone, fitted one after the other by hand; distilled by mixing targets alone;
and distilled by default, with a transfer set and refined leaves. Rows are drawn from
the motor insurance table, classes are synthetic. Each fit has a process of its own and
one thread::

    python -m benchmarks.scaling --data-dir ../shared/data
"""

import tempfile
import time
from functools import cache, partial

import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from threadpoolctl import threadpool_limits

from benchmarks import results, runs
from benchmarks.plots import draw_lines
from benchmarks.problems import add_data_argument, load_problem
from benchmarks.processes import measure_apart, peak_mb
from skdistill import DistilledClassifier, DistilledRegressor

NAME = "scaling"
TABLE, N_ROWS, N_FOLDS = "fremtpl2_freq", 5000, 5
SIZES = {"rows": (1_000, 10_000, 100_000, 678_013), "classes": (2, 5, 10, 26, 50)}
ALONE, MIXING, DEFAULT = "teacher and student alone", "mixing alone", "the defaults"
AXES = {
    "rows": f"`{TABLE}`: regression of the number of claims, strings as categories.",
    "classes": f"{N_ROWS} synthetic rows of 20 columns, however many the classes.",
}
GROWING = {"cpu_s": "CPU seconds", "added_mb": "MB added by fitting"}
WAYS: dict[str, dict] = {
    ALONE: {},
    MIXING: {"transfer": None, "refine": None},
    DEFAULT: {},
}


def build_models(axis: str) -> tuple:
    """Return teacher, student and the estimator that distils them."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    shared = {"n_jobs": 1, "verbose": -1, "random_state": 0}
    if axis == "rows":
        model, distilled, rounds = LGBMRegressor, DistilledRegressor, 200
    else:
        model, distilled, rounds = LGBMClassifier, DistilledClassifier, 30
    teacher = model(n_estimators=rounds, num_leaves=31, **shared)
    student = model(n_estimators=rounds // 2, num_leaves=16, **shared)
    return teacher, student, distilled


def make_rows(axis: str, size: int, data_dir) -> tuple[pd.DataFrame, pd.Series]:
    """Return so many rows of the table, or rows of so many classes."""
    if axis == "classes":
        X, y = make_classification(
            N_ROWS,
            20,
            n_informative=15,
            n_classes=size,
            n_clusters_per_class=1,
            random_state=0,
        )
        return pd.DataFrame(X).add_prefix("x"), pd.Series(y)
    problem = load_problem(TABLE, data_dir)
    strings = problem.X.select_dtypes(exclude="number").columns
    X = problem.X.astype(dict.fromkeys(strings, "category"))
    X = X.sample(min(size, len(X)), random_state=0)
    return X.reset_index(drop=True), problem.y[X.index].reset_index(drop=True)


def fit(X, y, axis: str, way: str) -> float:
    """Fit teacher and student; return the seconds of a teacher that is fitted alone."""
    teacher, student, distilled = build_models(axis)
    if way != ALONE:
        distilled(teacher, student, random_state=0, **WAYS[way]).fit(X, y)
        return np.nan
    start = time.process_time()
    teacher.fit(X, y)
    seconds = time.process_time() - start
    student.fit(X, y)
    return seconds


def fit_once(path: str, axis: str, way: str) -> dict:
    """Fit once, in this process; return its seconds and peak memory."""
    X, y = pd.read_pickle(path)
    with threadpool_limits(1):
        # A small fit first, so that what a first call loads is not counted.
        fit(X[:200], np.arange(200) % 2, axis, way)
        before, start = peak_mb(), time.process_time()
        teacher_seconds = fit(X, y, axis, way)
        seconds = time.process_time() - start
    return {
        "cpu_s": seconds,
        "teacher_s": teacher_seconds,
        "peak_mb": peak_mb(),
        "added_mb": peak_mb() - before,
    }


def measure(axis: str, size: int, way: str, repeat: int, prepare) -> list[dict]:
    """Time and memory of one fit in a fresh process, on rows that `prepare` wrote."""
    path = prepare(axis, size)
    measured = measure_apart("benchmarks.scaling", "fit_once", [path, axis, way])
    case = {"axis": axis, "size": size, "way": way, "repeat": repeat}
    return [case | measured]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return medians over the repeats, and their ratios to the parts alone.

    The other ratio is to five teachers and a student: out-of-fold predictions come from
    a teacher for each fold, fitted on the other four.
    """
    keys = ["axis", "size", "way"]
    numbers = ["cpu_s", "teacher_s", "peak_mb", "added_mb"]
    median = frame.groupby(keys, sort=False)[numbers].median().reset_index()
    alone = median[median["way"] == ALONE].set_index(["axis", "size"])
    base = alone.loc[list(zip(median["axis"], median["size"], strict=True))]
    seconds = median["cpu_s"].to_numpy()
    work = (base["cpu_s"] + (N_FOLDS - 1) * base["teacher_s"]).to_numpy()
    return median.assign(
        over_alone=seconds / base["cpu_s"].to_numpy(),
        over_work=seconds / work,
        memory=median["peak_mb"].to_numpy() / base["peak_mb"].to_numpy(),
    )


def fit_exponent(sizes: pd.DataFrame, column: str) -> str:
    """Return b of cost = c * size ** b: the slope of a line through the logarithms."""
    slope, _ = np.polyfit(np.log(sizes["size"]), np.log(sizes[column]), 1)
    return f"{slope:.2f}"


def compare_growth(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the exponents by axis and way.

    Memory has one of the two largest sizes alone: of small ones it is noise.
    """
    return pd.DataFrame(
        {
            "axis": axis,
            "way": way,
            "CPU seconds": fit_exponent(group, "cpu_s"),
            "CPU seconds, two largest": fit_exponent(group.tail(2), "cpu_s"),
            "MB added, two largest": fit_exponent(group.tail(2), "added_mb"),
        }
        for (axis, way), group in summary.groupby(["axis", "way"], sort=False)
    )


def count_repeats(frame: pd.DataFrame) -> str:
    """Say how often each fit was measured; a run that was killed may differ in that."""
    counts = frame.groupby(["axis", "size", "way"]).size()
    least, most = counts.min(), counts.max()
    return f"{most}" if least == most else f"{least} to {most}"


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    alone = summary["way"] == ALONE
    shown = summary.assign(
        size=summary["size"].map("{:,}".format),
        cpu_s=summary["cpu_s"].map("{:.2f}".format),
        over_alone=summary["over_alone"].map("{:.2f}".format).mask(alone, ""),
        over_work=summary["over_work"].map("{:.2f}".format).mask(alone, ""),
        peak_mb=summary["peak_mb"].map("{:.0f}".format),
        added_mb=summary["added_mb"].map("{:.0f}".format),
        memory=summary["memory"].map("{:.2f}".format).mask(alone, ""),
    ).drop(columns="teacher_s")
    names = GROWING | {
        "over_alone": "over the parts alone",
        "over_work": f"over {N_FOLDS} teachers and a student",
        "peak_mb": "peak MB",
        "memory": "peak over alone",
    }
    order = ["size", "way", *names]
    parts = [
        "# How the cost of a fit grows",
        f"'{ALONE}' fits the two by hand, one after the other. '{MIXING}' has "
        f"out-of-fold predictions from {N_FOLDS} fold teachers and nothing else; "
        f"'{DEFAULT}' draws a transfer set besides, ten samples for each training row "
        "but at most 100,000, and refines the leaves. Beside the ratio to the two "
        f"alone stands that to {N_FOLDS} teachers, fitted on all rows, and a student. "
        "Seconds are those of the processor on one thread, which other work on the "
        "machine disturbs less than the wall clock; peak memory is that of the whole "
        "process, the rows included. Medians; repeats of each fit: "
        f"{count_repeats(frame)}.",
    ]
    for axis, text in AXES.items():
        if axis in set(frame["axis"]):
            table = shown.loc[shown["axis"] == axis, order].rename(columns=names)
            parts += [f"## By {axis}", text, results.markdown(table)]
    return "\n\n".join(
        [
            *parts,
            "## Growth",
            "The exponent b of cost = c * size ** b: 1 is linear.",
            results.markdown(compare_growth(summary)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def draw(frame: pd.DataFrame) -> None:
    """Draw seconds and memory against the sizes, from the raw rows alone."""
    summary = summarise(frame)
    for column, name in GROWING.items():
        panels = {
            f"by {axis}": group.pivot(index="size", columns="way", values=column)
            .reindex(columns=list(WAYS))
            .rename_axis(axis)
            for axis, group in summary.groupby("axis", sort=False)
        }
        draw_lines(panels, f"{NAME}_{column}", y=name, legend="", log=True)


def main() -> None:
    """Measure the fits that are missing, keep each, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    cases = [
        {"axis": axis, "size": size, "way": way, "repeat": repeat}
        for repeat in range(options.repeats)
        for axis, sizes in SIZES.items()
        for size in sizes
        for way in list(WAYS)[:: -1 if repeat % 2 else 1]
    ]
    with tempfile.TemporaryDirectory() as folder:

        @cache
        def prepare(axis, size):
            path = f"{folder}/{axis}-{size}.pkl"
            pd.to_pickle(make_rows(axis, size, options.data_dir), path)
            return path

        runs.run(NAME, cases, partial(measure, prepare=prepare), options)
    runs.publish(NAME, report, draw)


if __name__ == "__main__":
    main()
