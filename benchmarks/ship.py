"""What a student costs where it is used: `predict` beside its ONNX model.

Latency of one row and of a batch, bytes on disk, leaves or weights, and how far the
predictions of the ONNX model are from those of `predict`, for every kind of student on
a table of numbers and one of classes, with their teacher beside. One thread each::

    python -m benchmarks.ship --data-dir ../shared/data
"""

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
from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.inspect import (
    count_bytes,
    count_values,
    rows_per_second,
    time_single_rows,
)

NAME = "ship"
TABLES = {"bike_hour": DistilledRegressor, "digits": DistilledClassifier}
STUDENTS = (
    *("gradient boosting", "histogram boosting", "forest", "tree"),
    *("xgboost", "lightgbm", "linear", "network"),
)
N_TEST = 1000
N_CALLS, N_BATCH, N_BATCHES = 1000, 100, 5
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


class OnnxModel:
    """An ONNX model in the runtime, on one thread, with a `predict`."""

    def __init__(self, onnx_model) -> None:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = InferenceSession(onnx_model.SerializeToString(), options)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return values, or the probabilities that come with the labels."""
        return self._session.run(None, {"X": X})[-1]


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


def clock(way: str, model, rows: np.ndarray) -> dict:
    """Microseconds of one row, alone and in a batch.

    What disturbs a measurement makes it longer, so the shortest is the truest.
    """
    seconds = time_single_rows(model, rows, N_CALLS).min()
    speed = max(rows_per_second(model, rows[:N_BATCH]) for _ in range(N_BATCHES))
    return {f"{way}_row_us": 1e6 * seconds, f"{way}_batch_us": 1e6 / speed}


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Cost and parity of students of one teacher."""
    X, X_test, y = load_table(table, data_dir, seed)
    teacher = fit_teacher(TABLES[table], X, y, seed)
    facts = {"table": table, "seed": seed, "n_train": len(X), "n_features": X.shape[1]}
    facts["n_test"] = len(X_test)
    with threadpool_limits(1):
        facts |= clock("teacher", teacher, X_test)
    facts |= {"teacher_bytes": count_bytes(teacher)}
    with warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [
            facts | _ship(TABLES[table], teacher, name, seed, X, X_test, y)
            for name in students
        ]


def _ship(distilled, teacher, name, seed, X, X_test, y):
    from skdistill.export import to_onnx

    student = build_student(name, classes=distilled is DistilledClassifier, seed=seed)
    model = distilled(FrozenEstimator(teacher), student, transfer=None).fit(X, y)
    onnx_model = to_onnx(model, X)
    onnx = OnnxModel(onnx_model)
    expected = getattr(model, "predict_proba", model.predict)(X_test)
    found = onnx.predict(X_test).reshape(expected.shape)
    with threadpool_limits(1):
        clocked = clock("student", model.student_, X_test) | clock("onnx", onnx, X_test)
    return {
        "student": name,
        "values": count_values(model).total,
        "student_bytes": count_bytes(model.student_),
        "onnx_bytes": onnx_model.ByteSize(),
        "difference": np.abs(found - expected).max() / np.abs(expected).max(),
    } | clocked


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    keys = ["table", "student"]
    frame, measured = frame.groupby(keys, sort=False).median(numeric_only=True), frame
    frame = frame.reset_index()
    parts = [
        "# What a student costs where it is used",
        "Microseconds of one thread: of a row that is predicted alone (the fastest of "
        f"{N_CALLS:,} calls of `predict`), and of a row in a batch of {N_BATCH} (the "
        f"best of {N_BATCHES} measurements). An ONNX model returns labels and "
        "probabilities, `predict` labels. KB of the pickle and of the ONNX file. "
        "The difference is the largest between the predictions of the ONNX model and "
        "of the student for the test rows, as a fraction of the largest prediction. "
        "Trees are refined.",
    ]
    for table, rows in frame.groupby("table", sort=False):
        first = rows.iloc[0]
        parts += [
            f"## {table}",
            f"{first['n_train']:,.0f} training rows, {first['n_features']:.0f} "
            f"columns, {first['n_test']:,.0f} test rows.",
            results.markdown(_tabulate(rows)),
        ]
    boosting = frame[frame["student"] == "gradient boosting"]
    speedup = (boosting["student_row_us"] / boosting["onnx_row_us"]).min()
    met = "yes" if speedup >= MIN_SPEEDUP else "no"
    parts += [
        f"One row of gradient boosting at least {MIN_SPEEDUP} times as fast as by "
        f"`predict`: {met} ({speedup:.0f} times at least).",
        f"Measured with {results.describe(measured)}.",
    ]
    return "\n\n".join(parts)


def _tabulate(rows):
    """Show the teacher, then the students."""
    names = ["row_us", "batch_us", "bytes"]
    teacher = rows.iloc[[0]][[f"teacher_{name}" for name in names]]
    teacher.columns = [f"student_{name}" for name in names]
    both = pd.concat([teacher.assign(student="teacher"), rows])
    times = both["student_row_us"] / both["onnx_row_us"]
    return pd.DataFrame(
        {
            "model": both["student"],
            "leaves or weights": both["values"].map(_integer),
            "KB": (both["student_bytes"] / 1024).map(_short),
            "KB, ONNX": (both["onnx_bytes"] / 1024).map(_short),
            "one row": both["student_row_us"].map(_short),
            "one row, ONNX": both["onnx_row_us"].map(_short),
            "times as fast": times.map(_integer),
            "in a batch": both["student_batch_us"].map(_short),
            "in a batch, ONNX": both["onnx_batch_us"].map(_short),
            "difference": both["difference"].map(
                lambda value: "" if pd.isna(value) else f"{value:.0e}"
            ),
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
