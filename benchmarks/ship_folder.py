"""Deploy the folder that `skdistill fit` writes, and compare all predictions.

For each table: fit, then predict the rows as they stand in the file by the command, by
`model.joblib`, by `student.onnx` and by `serve.py` with each, and repeat the fit by
`reproduce.py`. Rows and rounds are few: what is measured is the folder, not how well
it predicts::

    python -m benchmarks.ship_folder --data-dir ../shared/data
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from benchmarks import results, runs
from benchmarks.problems import (
    DATA_VARIABLE,
    ProblemUnavailableError,
    add_data_argument,
)
from skdistill.cli import main as skdistill
from skdistill.cli._task import Columns, read_task
from skdistill.tables import TableEncoder

NAME = "ship_folder"
MADE = "listings"
TABLES = (
    *(MADE, "titanic", "bike_day", "credit_g", "telco_churn", "adult"),
    *("bank_marketing", "bike_hour", "california_housing", "wine_quality", "abalone"),
    *("concrete_strength", "airfoil_self_noise", "fremtpl2_freq", "covertype"),
    *("magic_telescope", "kin8nm", "cpu_act", "power_plant_ccpp", "house_16H"),
    *("optical_interconnection_network_fixed", "default_credit_card", "spambase"),
    *("letter_recognition", "higgs_sample", "sgemm_gpu", "qot_osnr_roadm", "pol"),
)
N_ROWS, MIN_OF_CLASS, MAX_CLASSES = 400, 20, 20
N_SERVED, N_CALLS = 100, 100
OPTIONS = (*("--student", "lightgbm", "--alpha", "0.5", "--temperature", "1"),)
# Of the largest prediction, or of 1 for probabilities: as `to_onnx` allows.
TOLERANCE = 1e-4


def make_listings() -> pd.DataFrame:
    """Make adverts with dates, times, booleans, many codes, text and empty cells."""
    rng = np.random.default_rng(0)
    n_rows = 2 * N_ROWS
    listed = pd.Timestamp("2015-01-01") + pd.to_timedelta(
        rng.integers(0, 3000 * 86400, n_rows), unit="s"
    )
    words = "bright quiet flat with garden near the station old-town Südbalkon"
    size, garage = rng.gamma(9, 9, n_rows).round(1), rng.random(n_rows) < 0.3
    frame = pd.DataFrame(
        {
            "1st floor m2": size,
            "garage": garage,
            "listed": listed.strftime("%Y-%m-%d %H:%M:%S"),
            "built": listed.strftime("%d/%m/%Y"),
            "agent": [f"A-{code}" for code in rng.zipf(1.5, n_rows) % 90],
            "note": [
                " ".join(rng.choice(words.split(), rng.integers(1, 9))) for _ in size
            ],
        }
    ).astype(object)
    note = frame["note"].str.contains("garden")
    target = size * (1 + garage) + 20 * note + listed.month + rng.normal(size=n_rows)
    for place, name in enumerate(frame.columns):
        frame.loc[place :: 11 + place, name] = ""
    return frame.assign(target=target.round(2))


def load_text(table: str, data_dir) -> pd.DataFrame:
    """Return at most twice `N_ROWS` rows of a table, cells as the file has them."""
    if table == MADE:
        return make_listings()
    path = Path(data_dir or "") / f"{table}.csv.gz"
    if not path.exists():
        raise ProblemUnavailableError(
            f"There is no {path}. Pass the folder of {table}.csv.gz as --data-dir or "
            f"set {DATA_VARIABLE}."
        )
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame = frame.sample(min(2 * N_ROWS, len(frame)), random_state=0)
    counts = frame["target"].value_counts()
    if len(counts) <= MAX_CLASSES:
        frequent = counts.index[counts >= 2 * MIN_OF_CLASS]
        if len(frequent) < 2:  # Counts, of which nearly all are 0.
            return frame
        frame = frame[frame["target"].isin(frequent)]
    return frame


def task_of(frame: pd.DataFrame) -> str:
    """Return what is predicted; so few rows could be read otherwise."""
    counts = frame["target"].value_counts()
    few = len(counts) <= MAX_CLASSES and counts.min() >= MIN_OF_CLASS
    is_text = pd.to_numeric(counts.index, errors="coerce").isna().any()
    return "classification" if few or is_text else "regression"


def halves(frame: pd.DataFrame, task: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the teacher and those of the table, with the same classes."""
    labels = frame["target"] if task == "classification" else None
    return train_test_split(frame, test_size=0.5, random_state=0, stratify=labels)


def fit_teacher(frame: pd.DataFrame, kind: str, folder: Path) -> None:
    """Save a teacher that was fitted elsewhere, to other rows."""
    path = folder / "others.csv"
    frame.to_csv(path, index=False)
    task = read_task(path, Columns("target"), kind)
    trees = ExtraTreesRegressor if kind == "regression" else ExtraTreesClassifier
    schema, frame = task.features, task.frame
    prepare = TableEncoder(schema.kinds, schema.formats or None, schema.numbers or None)
    forest = trees(50, min_samples_leaf=2, random_state=0)
    model = make_pipeline(prepare, SimpleImputer(keep_empty_features=True), forest)
    model.fit(frame[[*schema.kinds]], frame["target"])
    joblib.dump(model, folder / "teacher.joblib")


def measure(table: str, data_dir) -> list[dict]:
    """Fit, and predict in every way."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, out = folder / "table.csv", folder / "out"
        frame = load_text(table, data_dir)
        task = task_of(frame)
        others, own = halves(frame, task)
        own.to_csv(data, index=False)
        fit_teacher(others, task, folder)
        start = time.process_time()
        words = ["--teacher", folder / "teacher.joblib", "--task", task, *OPTIONS]
        run("fit", data, "--target", "target", "--out", out, *words)
        seconds = time.process_time() - start
        predictions = folder / "predictions.parquet"
        run("predict", out, data, "--out", predictions)
        rows, expected = pd.read_csv(data), pd.read_parquet(predictions)
        found = json.loads((out / "metrics.json").read_text("utf-8"))
        facts = {
            "table": table,
            "n_rows": len(rows),
            "n_columns": rows.shape[1] - 1,
            "task": task,
            "fit_cpu_s": seconds,
            **scores(found["report"]["models"]),
            "why_not": "; ".join(found["notes"]),
        }
        return [
            facts
            | by_python(out, rows, expected)
            | by_onnx(out, rows, expected)
            | {"serve_equal": is_served(out, rows, expected)}
            | {"reproduced": is_reproduced(out)}
        ]


def run(*words) -> str:
    """Run a command; return what it writes to standard output."""
    shown, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(said):
        code = skdistill([str(word) for word in words])
    if code:
        raise RuntimeError(f"{words} ended with {code}: {said.getvalue()}")
    return shown.getvalue()


def scores(models: dict) -> dict:
    """Return the first score of each model."""
    names = {"teacher": "teacher", "baseline": "baseline", "distilled": "student"}
    return {
        kind: next(iter(models[name]["scores"].values()))
        for name, kind in names.items()
        if name in models
    }


def by_python(out: Path, rows: pd.DataFrame, expected: pd.DataFrame) -> dict:
    """Compare what `model.joblib` predicts for rows as pandas reads them."""
    model = joblib.load(out / "model.joblib")
    is_equal = np.array_equal(np.ravel(model.predict(rows)), expected["prediction"])
    if expected.shape[1] > 1:
        probabilities = model.predict_proba(rows)
        is_equal &= np.array_equal(probabilities, expected.iloc[:, 1:])
    one = rows.iloc[:1]
    return {
        "python_equal": bool(is_equal),
        "python_row_us": clock(lambda: model.predict(one)),
    }


def by_onnx(out: Path, rows: pd.DataFrame, expected: pd.DataFrame) -> dict:
    """Compare what `student.onnx` predicts for cells as they stand in the file."""
    if not (out / "student.onnx").exists():
        return {"exported": False}
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = InferenceSession(out / "student.onnx", options)
    feed = feed_of(out, rows)
    *labels, values = session.run(None, feed)
    known = expected.iloc[:, 1:] if labels else expected[["prediction"]]
    scale = 1.0 if labels else np.abs(known.to_numpy()).max()
    difference = np.abs(values.reshape(known.shape) - known.to_numpy()) / scale
    one = {name: cells[:1] for name, cells in feed.items()}
    return {
        "exported": True,
        "onnx_difference": difference.max(),
        "onnx_wrong": int((difference.max(axis=1) > TOLERANCE).sum()),
        "onnx_row_us": clock(lambda: session.run(None, one)),
    }


def feed_of(out: Path, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the inputs of the ONNX model, made by `schema.json` alone."""
    schema, feed = json.loads((out / "schema.json").read_text("utf-8")), {}
    for column in schema["columns"]:
        cells = rows[column["name"]]
        if column["onnx_type"] == "float":
            array = cells.to_numpy(np.float32)
        else:
            written = cells.astype(object).where(cells.notna(), "")
            array = written.map(str).to_numpy(object)
        feed[column["onnx_input"]] = array[:, np.newaxis]
    return feed


def is_served(out: Path, rows: pd.DataFrame, expected: pd.DataFrame) -> bool:
    """Return whether `serve.py` predicts alike, by either model."""
    rows = rows.head(N_SERVED)
    cells = rows.astype(object).where(rows.notna(), None).to_dict("records")
    found = json.loads(program(out / "serve.py", json.dumps(cells)))
    is_equal = np.array_equal(found, expected["prediction"].head(N_SERVED))
    if not (out / "student.onnx").exists():
        return is_equal
    hide = "import sys, runpy; sys.modules['joblib'] = None; "
    code = hide + f"runpy.run_path({str(out / 'serve.py')!r}, run_name='__main__')"
    found = np.array(json.loads(program("-c", json.dumps(cells), code)))
    known = expected["prediction"].head(N_SERVED).to_numpy()
    if known.dtype.kind != "f":
        return is_equal and np.mean(found == known) > 1 - 1 / N_SERVED
    return is_equal and np.abs(found - known).max() <= TOLERANCE * np.abs(known).max()


def is_reproduced(out: Path) -> bool:
    """Return whether `reproduce.py` has the scores of the report, digit by digit."""
    first, again = (
        shown[shown.index("scores\n") : shown.index("cost\n")]
        for shown in (run("report", out), program(out / "reproduce.py"))
    )
    return first == again


def program(path, given: str = "", *words: str) -> str:
    """Run a Python program of its own; return what it writes."""
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(path), *words],
        input=given,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def clock(call) -> float:
    """Return the microseconds of the fastest call.

    What disturbs a measurement makes it longer, so the shortest is the truest.
    """
    call()
    seconds = []
    for _ in range(N_CALLS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return 1e6 * min(seconds)


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    shown = pd.DataFrame(
        {
            "table": frame["table"],
            "rows": frame["n_rows"],
            "columns": frame["n_columns"],
            "fit, CPU s": frame["fit_cpu_s"].map("{:.0f}".format),
            "teacher": frame["teacher"].map("{:.3f}".format),
            "baseline": frame["baseline"].map("{:.3f}".format),
            "student": frame["student"].map("{:.3f}".format),
            "Python": frame["python_equal"].map(_yes),
            "ONNX": frame["exported"].map(_yes),
            "difference": frame["onnx_difference"].map("{:.0e}".format),
            "serve.py": frame["serve_equal"].map(_yes),
            "reproduce.py": frame["reproduced"].map(_yes),
            "row, Python": frame["python_row_us"].map("{:,.0f}".format),
            "row, ONNX": frame["onnx_row_us"].map("{:,.0f}".format),
        }
    )
    exported = frame[frame["exported"].astype(bool)]
    notes = frame.loc[frame["why_not"].notna(), ["table", "why_not"]]
    parts = [
        "# The folder that is deployed",
        f"Of each table at most {N_ROWS} rows, given to `skdistill fit` as a file with "
        f"`{' '.join(OPTIONS)}` and a forest of other rows as the teacher, and then to "
        "all that the folder holds. Scores are R2 or, of classes, minus the log loss "
        "of the rows held out. "
        "Python: whether `model.joblib` predicts the rows as pandas reads them as "
        "`skdistill predict` does, to the last bit. ONNX: whether the table is "
        "exported; the difference is the largest for the rows as they stand in the "
        "file, of the largest prediction or of a probability. serve.py: whether it "
        f"predicts {N_SERVED} rows of JSON alike, by Python and by ONNX. reproduce.py: "
        "whether it has the same scores. A row: microseconds for one that is predicted "
        "alone, from cells to prediction, the fastest of "
        f"{N_CALLS} calls on one thread.",
        results.markdown(shown),
        f"{len(frame)} tables: {int(frame['python_equal'].sum())} equal in Python, "
        f"{len(exported)} exported, {int((exported['onnx_wrong'] == 0).sum())} of them "
        f"without a row off by more than {TOLERANCE:g}, "
        f"{int(frame['serve_equal'].sum())} served alike, "
        f"{int(frame['reproduced'].sum())} reproduced. A row takes "
        f"{frame['python_row_us'].median():,.0f} microseconds in Python, "
        f"{exported['onnx_row_us'].median():,.0f} in ONNX (medians).",
        *(f"- {note.table}: {note.why_not}" for note in notes.itertuples()),
        f"Measured with {results.describe(frame)}.",
    ]
    return "\n\n".join(parts)


def _yes(value) -> str:
    return "yes" if value is True or value == 1 else "no"


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    return parser.parse_args()


def main() -> None:
    """Measure the tables that are missing, keep each, and report on all there is."""
    options = parse()
    cases = [{"table": table} for table in options.tables]

    def measure_one(table: str) -> list[dict]:
        return measure(table, options.data_dir)

    runs.run(NAME, cases, measure_one, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
