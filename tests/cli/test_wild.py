"""Each of 500 awkward files ends in a whole folder that predicts, or in a sentence."""

import json
import runpy

import joblib
import numpy as np
import pandas as pd
import pytest

from skdistill.cli import _fit, _parts, read_table
from skdistill.cli._files import read_raw
from skdistill.cli._parts import student
from tests.cli.tables import listing, run
from tests.cli.test_cli import FILES
from tests.cli.wild import wild

N_SEEDS, N_QUICK = 500, 4


@pytest.fixture
def quick(monkeypatch):
    """Let a tree be the teacher, and time few rows for the report."""

    def teacher(name, task, prepare, X, device, seed, n_folds, loss, **_):
        return student("tree", task, prepare, 1, device, loss)

    monkeypatch.setattr(_parts, "teacher", teacher)
    monkeypatch.setattr(_fit, "_N_TIMINGS", 2)


def said_why_not(code, folder, before, capsys):
    """Check how a command ended; return whether it was refused."""
    error = capsys.readouterr().err
    assert code in (0, 1, 2)  # The last one for words that contradict each other.
    assert "Traceback" not in error
    if code == 0:
        return False
    last = error.splitlines()[-1]
    assert last.startswith("error: ")
    assert "--debug" not in last, last  # Nobody had foreseen it.
    assert listing(folder) == before
    return True


def check(seed, folder, capsys):
    """Fit the file; what is written predicts it as `predict` does."""
    one = wild(seed)
    data, out = folder / one.name, folder / "out"
    data.write_bytes(one.content)
    before = listing(folder)
    words = ["fit", str(data), "--student", "linear", *one.words, "--quick"]
    code = run([*words, "--quiet", "--out", str(out), "--alpha", "0.5"])
    if said_why_not(code, folder, before, capsys):
        return False
    assert FILES <= listing(out) <= FILES | {"student.onnx"}
    predictions = folder / "p.parquet"
    words = ["predict", str(out), str(data), "--out", str(predictions), "--quiet"]
    assert run(words) == 0, capsys.readouterr().err
    predicted = pd.read_parquet(predictions)
    found = json.loads((out / "metrics.json").read_text("utf-8"))
    rows = read_table(data, **found["columns"])
    model = joblib.load(out / "model.joblib")
    expected = np.ravel(model.predict(rows))
    assert expected.tolist() == predicted["prediction"].tolist()
    if (out / "student.onnx").exists():
        check_onnx(out, data, rows, predicted["prediction"])
    return True


def check_onnx(out, data, rows, predicted):
    """Compare the ONNX model, given cells as they stand in the file, but for numbers.

    In single precision a few rows come to the other side of a split.
    """
    serve = runpy.run_path(str(out / "serve.py"))
    numbers = rows.select_dtypes("number")
    cells = read_raw(data).frame.assign(**numbers)[[*rows]].astype(object)
    found = serve["by_onnx"](cells.where(cells.notna(), None).to_dict("records"))
    if predicted.dtype.kind == "f":
        scale = np.abs(predicted).max()
        is_equal = np.abs(np.array(found) - predicted) <= 1e-4 * scale
    else:
        is_equal = np.array(found) == predicted.to_numpy()
    assert is_equal.mean() >= 0.97


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("seed", range(N_QUICK))
def test_some_files(seed, tmp_path, capsys):
    check(seed, tmp_path, capsys)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("seed", range(N_QUICK, N_SEEDS))
def test_many_files(seed, tmp_path, capsys):
    check(seed, tmp_path, capsys)
