"""What a student costs where it is used: `predict` beside ONNX, C and SQL.

Latency of one row and of a batch, bytes on disk, leaves or weights, and how far the
predictions of what is exported are from those of `predict`, for every kind of student
on a table of numbers and one of classes, with their teacher beside. One thread each;
the ways take turns, so that what disturbs one disturbs all::

    python -m benchmarks.ship --data-dir ../shared/data
"""

import time
import warnings

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from benchmarks import gap_block, results, runs
from benchmarks.ship_ways import N_TIMED, InC, InOnnx, InPython, InSql
from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.inspect import (
    count_bytes,
    count_values,
    rows_per_second,
)

NAME = "ship"
TABLES = {"bike_hour": DistilledRegressor, "digits": DistilledClassifier}
STUDENTS = (
    *("gradient boosting", "histogram boosting", "forest", "tree"),
    *("xgboost", "lightgbm", "linear", "network"),
)
N_TEST = 1000
N_CALLS, N_TURN, N_BATCH, N_BATCHES = 1000, 10, 100, 5
MAX_SECONDS = 5
# How many times as fast one row of gradient boosting is to be.
MIN_SPEEDUP = 20


def build_student(name: str, *, classes: bool, seed: int):
    """Return the regressor or classifier of a kind, of a size that is shipped."""
    common = {"random_state": seed}
    if name == "xgboost":
        from xgboost import XGBClassifier, XGBRegressor

        kinds, params = (XGBRegressor, XGBClassifier), {"max_depth": 4, "n_jobs": 1}
    elif name == "lightgbm":
        from lightgbm import LGBMClassifier, LGBMRegressor

        kinds = LGBMRegressor, LGBMClassifier
        params = {"num_leaves": 16, "n_jobs": 1, "verbose": -1}
    else:
        kinds, params = {
            "gradient boosting": (
                (GradientBoostingRegressor, GradientBoostingClassifier),
                {"max_depth": 3},
            ),
            "histogram boosting": (
                (HistGradientBoostingRegressor, HistGradientBoostingClassifier),
                {"max_leaf_nodes": 16, "early_stopping": False},
            ),
            "forest": (
                (RandomForestRegressor, RandomForestClassifier),
                {"n_estimators": 20, "max_leaf_nodes": 128},
            ),
            "tree": (
                (DecisionTreeRegressor, DecisionTreeClassifier),
                {"max_leaf_nodes": 64},
            ),
            "linear": ((Ridge, LogisticRegression), {}),
            "network": (
                (MLPRegressor, MLPClassifier),
                {"hidden_layer_sizes": (64,), "max_iter": 50},
            ),
        }[name]
    student = kinds[classes](**params, **common)
    if name in ("linear", "network"):
        return make_pipeline(StandardScaler(), student)
    return student


def load_table(table: str, data_dir, seed: int):
    """Return rows in single precision, as ONNX models take them, and the target."""
    X, y = gap_block.load_table(table, data_dir)
    X, X_test, y, _ = gap_block.split(X, y, seed)
    if TABLES[table] is DistilledClassifier:
        y = y.astype(int)
    return X.astype(np.float32), X_test[:N_TEST].astype(np.float32), y


def fit_teacher(distilled: type, X, y, seed: int):
    """Return the default teacher, fitted."""
    student = DecisionTreeRegressor(max_depth=1)  # Takes no time.
    model = distilled(student=student, transfer=None, random_state=seed)
    return model.fit(X, y).teacher_


def clock(ways: dict, rows: np.ndarray) -> dict:
    """Microseconds of one row, alone and in a batch, of ways that take turns.

    What disturbs a measurement makes it longer, so the shortest is the truest.
    """
    alone: dict[str, list] = {way: [] for way in ways}
    start = time.perf_counter()
    for first in range(0, N_CALLS, N_TURN):
        for way, model in ways.items():
            for call in range(first, first + N_TURN):
                row = call % len(rows)
                some = rows[:N_TIMED] if isinstance(model, InC) else rows[row : row + 1]
                alone[way].append(model.row_seconds(some))
        if time.perf_counter() - start > MAX_SECONDS:
            break
    speeds: dict[str, list] = {way: [] for way in ways}
    for _ in range(N_BATCHES):
        for way, model in ways.items():
            speeds[way].append(rows_per_second(model, rows[:N_BATCH]))
    clocked = {f"{way}_row_us": 1e6 * min(alone[way]) for way in ways}
    batches = {f"{way}_batch_us": 1e6 / max(speeds[way]) for way in ways}
    return clocked | batches


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Cost and parity of students of one teacher."""
    X, X_test, y = load_table(table, data_dir, seed)
    teacher = fit_teacher(TABLES[table], X, y, seed)
    facts = {"table": table, "seed": seed, "n_train": len(X), "n_features": X.shape[1]}
    facts["n_test"] = len(X_test)
    with threadpool_limits(1):
        facts |= clock({"teacher": InPython(teacher)}, X_test)
    facts |= {"teacher_bytes": count_bytes(teacher)}
    with warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [
            facts | _ship(TABLES[table], teacher, name, seed, X, X_test, y)
            for name in students
        ]


def _ship(distilled, teacher, name, seed, X, X_test, y):
    student = build_student(name, classes=distilled is DistilledClassifier, seed=seed)
    model = distilled(FrozenEstimator(teacher), student, transfer=None).fit(X, y)
    ways = {"student": InPython(model.student_), "onnx": InOnnx(model, X)}
    ways["c"] = InC(model, X)
    try:
        ways["sql"] = InSql(model, X)
    except ValueError as error:  # It is too long for SQLite.
        print(f"{name}: {error}", flush=True)
    with threadpool_limits(1):
        clocked = clock(ways, X_test)
    expected = getattr(model, "predict_proba", model.predict)(X_test)
    found = ways["onnx"].predict(X_test).reshape(expected.shape)
    return {
        "student": name,
        "values": count_values(model).total,
        "student_bytes": count_bytes(model.student_),
        "difference": np.abs(found - expected).max() / np.abs(expected).max(),
        **{f"{way}_bytes": ways[way].n_bytes for way in ("onnx", "c")},
        "sql_bytes": ways["sql"].n_bytes if "sql" in ways else np.nan,
        **{f"{way}_equal": _agree(ways, way, model, X_test) for way in ("c", "sql")},
        "sql_row_us": np.nan,
        "sql_batch_us": np.nan,
    } | clocked


def _agree(ways: dict, way: str, model, X_test) -> float:
    """Return the fraction of rows that are predicted alike: labels, or values."""
    if way not in ways:
        return np.nan
    expected, found = model.predict(X_test), ways[way].predict(X_test)
    if hasattr(model, "classes_"):
        labels = model.classes_[found.astype(int)] if way == "c" else found
        return np.mean(labels == expected)
    # XGBoost and LightGBM add up in their own order or precision.
    return np.mean(np.abs(found - expected) <= 1e-6 * np.abs(expected).max())


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    keys = ["table", "student"]
    frame, measured = frame.groupby(keys, sort=False).median(numeric_only=True), frame
    frame = frame.reset_index()
    parts = [
        "# What a student costs where it is used",
        "Microseconds of one thread: of a row that is predicted alone (the fastest of "
        f"{N_CALLS:,} calls, or of those of {MAX_SECONDS} seconds), and of a row in a "
        f"batch of {N_BATCH} (the best of {N_BATCHES} measurements). `predict` and "
        f"what is exported take turns of {N_TURN} calls. An ONNX model returns labels "
        f"and probabilities, `predict` labels. C predicts {N_TIMED} rows, each alone, "
        "without Python. SQL is a prepared statement in SQLite on a table in memory; "
        "it returns labels and "
        "probabilities. KB of the pickle, the ONNX file, the code and data in C, and "
        "the text of the statement. Trees are refined.",
    ]
    for table, rows in frame.groupby("table", sort=False):
        first = rows.iloc[0]
        parts += [
            f"## {table}",
            f"{first['n_train']:,.0f} training rows, {first['n_features']:.0f} "
            f"columns, {first['n_test']:,.0f} test rows.",
            "### Microseconds",
            results.markdown(_tabulate_times(rows)),
            "### Size, and predictions of the test rows",
            "ONNX: the largest difference from those of the student, as a fraction of "
            "the largest prediction. C and SQL: the fraction of the rows with the same "
            "label, or with the value but for 1e-6 of the largest.",
            results.markdown(_tabulate_sizes(rows)),
        ]
    boosting = frame[frame["student"] == "gradient boosting"]
    speedup = (boosting["student_row_us"] / boosting["onnx_row_us"]).min()
    met = "yes" if speedup >= MIN_SPEEDUP else "no"
    equal = frame[["c_equal", "sql_equal"]].stack()
    parts += [
        f"One row of gradient boosting at least {MIN_SPEEDUP} times as fast as by "
        f"`predict`: {met} ({speedup:.0f} times at least).",
        f"{len(equal)} C files and statements, {(equal == 1).sum()} of them predict "
        "all rows alike.",
        f"Measured with {results.describe(measured)}.",
    ]
    return "\n\n".join(parts)


def _tabulate_times(rows):
    """Show the teacher, then the students."""
    first = rows.iloc[[0]]
    teacher = {"model": "teacher"}
    for name in ("row_us", "batch_us"):
        teacher[f"student_{name}"] = first[f"teacher_{name}"].item()
    both = pd.concat([pd.DataFrame([teacher]), rows.assign(model=rows["student"])])
    times = both["student_row_us"] / both["onnx_row_us"]
    shown = {"model": both["model"]}
    ways = {"student": "", "onnx": ", ONNX", "c": ", C", "sql": ", SQL"}
    for way, ending in ways.items():
        shown[f"one row{ending}"] = both[f"{way}_row_us"].map(_short)
    shown["ONNX, times as fast"] = times.map(_integer)
    for way, ending in ways.items():
        shown[f"in a batch{ending}"] = both[f"{way}_batch_us"].map(_short)
    return pd.DataFrame(shown)


def _tabulate_sizes(rows):
    return pd.DataFrame(
        {
            "model": rows["student"],
            "leaves or weights": rows["values"].map(_integer),
            "KB": (rows["student_bytes"] / 1024).map(_short),
            "KB, ONNX": (rows["onnx_bytes"] / 1024).map(_short),
            "KB, C": (rows["c_bytes"] / 1024).map(_short),
            "KB, SQL": (rows["sql_bytes"] / 1024).map(_short),
            "difference, ONNX": rows["difference"].map("{:.0e}".format),
            "equal, C": rows["c_equal"].map(_short),
            "equal, SQL": rows["sql_equal"].map(_short),
        }
    )


def _integer(value):
    return "" if pd.isna(value) else f"{value:,.0f}"


def _short(value):
    """Show three digits of what is below 100, an integer above."""
    return "" if pd.isna(value) else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    """Measure what is missing, keep each table, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=1, tables=tuple(TABLES))
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
