"""What people see of the command line: files, words, exit codes."""

import json
import os
import shutil
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from xgboost import XGBRegressor

from tests.cli.tables import (
    COLUMN,
    ROOT,
    TARGETS,
    houses,
    listing,
    replaced,
    run,
    run_process,
    write,
)

FILES = {
    *("metrics.json", "model.joblib", "report.html", "reproduce.py"),
    *("schema.json", "serve.py"),
}


@pytest.fixture(scope="module", params=TARGETS)
def fitted(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    data, words = write(folder, request.param)
    assert run(words) == 0
    return folder, data, words


def test_fit_leaves_its_files_and_nothing_else(fitted):
    folder, _, _ = fitted
    assert FILES <= listing(folder / "out") <= FILES | {"student.onnx"}
    beside = {path.name for path in folder.iterdir()}
    # What further tests predict may lie there too.
    assert {name for name in beside if name.startswith(".")} == set()


def test_metrics_are_json_and_name_what_was_done(fitted):
    folder, data, _ = fitted
    found = json.loads((folder / "out" / "metrics.json").read_text("utf-8"))
    assert found["task"] == data.stem
    assert found["command"].startswith("skdistill fit ")
    assert str(data) in found["command"]
    assert found["report"]["n_samples"] == 16
    assert found["columns"]["kinds"] == {
        "size": "number",
        "town": "category",
        COLUMN: "number",
    }
    assert found["chosen"]["reason"]
    assert set(found["held_out_in_search"]) == {"baseline", "teacher", "chosen"}


# To be checked once the report says "baseline".
def test_metrics_name_the_baseline(fitted):
    folder, _, _ = fitted
    text = (folder / "out" / "metrics.json").read_text("utf-8")
    assert '"baseline"' in text
    assert '"plain"' not in text


def test_the_script_repeats_the_fit(fitted, capsys):
    folder, _, _ = fitted
    script = folder / "out" / "reproduce.py"
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert run(["report", str(folder / "out")]) == 0
    first, repeated = (
        shown[shown.index("scores\n") : shown.index("cost\n")]
        for shown in (capsys.readouterr().out, done.stdout)
    )
    assert repeated == first


def test_predictions_are_those_of_the_saved_student(fitted, capsys):
    folder, data, _ = fitted
    out = folder / "p.csv"
    words = ["predict", str(folder / "out"), str(data), "--out", str(out)]
    assert run(words) == 0
    found = pd.read_csv(out)
    model = joblib.load(folder / "out" / "model.joblib")
    X = houses()[["size", "town", COLUMN]]
    X["town"] = X["town"].fillna("").astype("object")
    expected = model.predict(X)
    if data.stem == "regression":
        np.testing.assert_allclose(found["prediction"], expected)
    else:
        assert found["prediction"].tolist() == expected.tolist()
        probabilities = found[["probability_cheap", "probability_dear"]]
        np.testing.assert_allclose(probabilities, model.predict_proba(X))
    assert run(words) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert run([*words, "--overwrite"]) == 0


def test_a_new_category_is_said_and_predicted(fitted, tmp_path, capsys):
    folder, _, _ = fitted
    frame = houses(5).assign(town="Rome")
    frame.to_csv(tmp_path / "new.csv", index=False)
    out = tmp_path / "p.csv"
    words = ["predict", str(folder / "out"), str(tmp_path / "new.csv")]
    assert run([*words, "--out", str(out)]) == 0
    assert "values that were not in training: 'Rome'" in capsys.readouterr().err
    assert len(pd.read_csv(out)) == 5


def test_rows_without_a_prediction_are_named(fitted, tmp_path, capsys):
    folder, _, _ = fitted
    path, out = tmp_path / "new.csv", tmp_path / "p.csv"
    houses(4).to_csv(path, index=False)
    with path.open("a", encoding="utf-8") as file:
        file.write("1.5,Ulm\n")
    assert run(["predict", str(folder / "out"), str(path), "--out", str(out)]) == 0
    said = capsys.readouterr().err
    assert "Rows 5 to 5 of" in said
    assert "have no prediction" in said
    assert len(pd.read_csv(out)) == 4


def test_rows_come_in_any_order_of_columns_and_as_parquet(fitted, tmp_path):
    folder, data, _ = fitted
    frame = pd.read_csv(data)
    frame.index = frame.index[::-1]  # It says nothing of the order of the rows.
    frame[frame.columns[::-1]].to_parquet(tmp_path / "new.parquet")
    both = []
    for path in (data, tmp_path / "new.parquet"):
        out = tmp_path / f"{path.suffix[1:]}.parquet"
        assert run(["predict", str(folder / "out"), str(path), "--out", str(out)]) == 0
        both.append(pd.read_parquet(out))
    pd.testing.assert_frame_equal(*both)


def test_report_prints_what_fit_printed(fitted, capsys):
    folder, _, _ = fitted
    assert run(["report", str(folder / "out")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Distillation report: ")
    assert "<script>document.title='run'</script>" in shown
    page = (folder / "out" / "report.html").read_text("utf-8")
    assert "&lt;script&gt;" in page
    assert COLUMN not in page


def test_an_earlier_result_is_replaced_when_asked_for(fitted, capsys):
    folder, _, words = fitted
    assert run(words) == 1
    assert "--overwrite" in capsys.readouterr().err
    before = joblib.load(folder / "out" / "model.joblib")
    (folder / "out" / "model.joblib").unlink()
    assert run([*words, "--overwrite"]) == 0
    after = joblib.load(folder / "out" / "model.joblib")
    assert str(before) == str(after)


def test_a_folder_of_others_is_never_replaced(tmp_path, capsys):
    _, words = write(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert run([*words, "--overwrite"]) == 1
    assert "holds no result" in capsys.readouterr().err
    assert listing(tmp_path / "out") == {"mine.txt"}


BAD_TABLES = {
    "no such file": (lambda path: path.unlink(), "There is no file"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "header alone": (lambda path: path.write_text("size,price\n"), "has no rows"),
    "binary": (lambda path: path.write_bytes(bytes(range(256)) * 9), "binary file"),
    "ragged": (lambda path: path.write_text("price,b\n1,2\n1,2,3,4\n"), "as CSV"),
    "twice": (lambda path: path.write_text("price,price\n1,2\n"), "Rename one"),
    "few rows": (
        lambda path: path.write_text("size,price\n1,2\n"),
        "50 are needed",
    ),
    "other column": (
        lambda path: replaced(path, price=None),
        "has no value in 80 more",
    ),
    "no target": (
        lambda path: pd.read_csv(path).drop(columns="price").to_csv(path),
        "has no column 'price'",
    ),
    "target alone": (
        lambda path: pd.read_csv(path)[["price"]].to_csv(path, index=False),
        "no column with values besides",
    ),
    "one class": (lambda path: replaced(path, price="dear"), "one class"),
    "one value": (lambda path: replaced(path, price=0.5), "'price' is 0.5 in all rows"),
    "rare class": (
        lambda path: replaced(path, price=["a"] * 77 + ["b"] * 3),
        "fewer than 10 rows: 'b'. Merge them by --rare merge, or leave them out",
    ),
    "infinite": (lambda path: replaced(path, size=np.inf), "finite number"),
    "missing target": (
        lambda path: replaced(path, price=[1.5] * 40 + [None] * 40),
        "has no value in 40 more",
    ),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_is_said_in_one_line(name, tmp_path, capsys):
    spoil, message = BAD_TABLES[name]
    data, words = write(tmp_path)
    spoil(data)
    before = listing(tmp_path)
    assert run(words) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error
    assert listing(tmp_path) == before


@pytest.mark.parametrize("name", ["binary"])
def test_a_bad_table_in_a_process_of_its_own(name, tmp_path):
    spoil, message = BAD_TABLES[name]
    data, words = write(tmp_path)
    spoil(data)
    check_process(words, tmp_path, message)


def test_a_folder_that_cannot_be_written_in_a_process_of_its_own(tmp_path):
    data, words = write(tmp_path)
    check_process([*words, "--out", str(data / "out")], tmp_path, "cannot be written")


def test_a_missing_column_in_a_process_of_its_own(fitted, tmp_path):
    folder, _, _ = fitted
    houses(5).drop(columns="town").to_csv(tmp_path / "new.csv", index=False)
    words = ["predict", str(folder / "out"), "new.csv"]
    check_process(words, tmp_path, "has no column 'town'")


def check_process(words, folder, message):
    """Run the real command: one line says what is wrong, and nothing is written."""
    before = listing(folder)
    process = run_process(words, folder)
    out, error = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert "Traceback" not in error
    last = error.splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last
    assert listing(folder) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--task", "regression", "--target", "name"], "needs numbers"),
        (["--teacher", "nowhere"], "cannot be loaded"),
        (["--teacher", "HERE/regression.csv"], "cannot be loaded"),
        (["--task", "classification", "--target", "name"], "must be a classifier"),
        (["--device", "cuda"], "--device cuda is for XGBoost"),
        (["--out", "HERE/nowhere/out"], "there is no folder"),
        (["--out", "HERE/regression.csv/out"], "cannot be written"),
        (["--out", ""], "is there already"),
        (["--out", "HERE/" + "x" * 400], "cannot be written"),
    ],
)
def test_a_bad_option_is_said_in_one_line(
    words, message, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    data, good = write(tmp_path)
    replaced(data, name=["a", "b"] * 40)
    before = listing(tmp_path)
    assert run([*good, *words]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error
    assert listing(tmp_path) == before


@pytest.mark.parametrize(
    "words",
    [
        ["fit"],
        ["fit", "a.csv"],
        ["fit", "a.csv", "--target", "y", "--alpha", "2"],
        ["fit", "a.csv", "--target", "y", "--alpha", "nan"],
        ["fit", "a.csv", "--target", "y", "--temperature", "0"],
        ["fit", "a.csv", "--target", "y", "--student", "magic"],
        ["fit", "a.csv", "--target", "y", "--jobs", "0"],
        ["frob"],
        ["predict", "out"],
    ],
)
def test_wrong_words_exit_with_2_and_point_to_the_help(words, capsys):
    assert run(words) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert error.endswith("--help.")


def test_help_and_version(capsys):
    for words in (["--version"], ["--help"], ["fit", "--help"], []):
        assert run(words) == 0
        assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drop": "town"}, "has no column 'town'"),
        ({"size": "large"}, "holds 'large' in row 1"),
        ({"size": np.inf}, "finite number"),
    ],
)
def test_rows_that_cannot_be_predicted(change, message, fitted, tmp_path, capsys):
    folder, _, _ = fitted
    frame = houses(5)
    dropped = change.get("drop")
    frame = frame.drop(columns=dropped) if dropped else frame.assign(**change)
    frame.to_csv(tmp_path / "new.csv", index=False)
    before = listing(tmp_path)
    words = ["predict", str(folder / "out"), str(tmp_path / "new.csv")]
    assert run([*words, "--out", str(tmp_path / "p.csv")]) == 1
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert listing(tmp_path) == before


def test_a_folder_that_fit_did_not_write(tmp_path, capsys):
    for words in (["report", str(tmp_path)], ["predict", str(tmp_path), "a.csv"]):
        assert run(words) == 1
        assert "holds no result" in capsys.readouterr().err
    (tmp_path / "metrics.json").write_text("[]")
    assert run(["report", str(tmp_path)]) == 1


@pytest.mark.parametrize(
    ("command", "changed"),
    [
        ("report", {"report": {}}),
        ("report", {"report": None}),
        ("report", {"skdistill": 1}),
        ("predict", {"columns": {}}),
        ("predict", {"columns": {"kinds": {"size": "number"}, "formats": None}}),
        ("predict", {"columns": {"kinds": {"town": "category"}, "formats": {}}}),
    ],
)
def test_a_damaged_result_is_said_in_one_line(command, changed, tmp_path, capsys):
    whole = {
        "skdistill": "1.0",
        "report": {},
        "columns": {"kinds": {}, "formats": {}},
        "categories": {},
        "classes": None,
    }
    (tmp_path / "metrics.json").write_text(json.dumps(whole | changed))
    joblib.dump(None, tmp_path / "model.joblib")
    words = [command, str(tmp_path)] + (["a.csv"] if command == "predict" else [])
    assert run(words) == 1
    (error,) = capsys.readouterr().err.splitlines()
    assert "is damaged" in error


def test_debug_shows_the_traceback(tmp_path, capsys):
    assert run(["report", str(tmp_path), "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert run(["report", str(tmp_path)]) == 1
    assert "Traceback" not in capsys.readouterr().err


def hide(library, monkeypatch):
    """Let imports of the library fail, as where it is not installed."""
    for name in list(sys.modules):
        if name.partition(".")[0] == library:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)


@pytest.mark.parametrize(
    ("library", "words"),
    [
        ("lightgbm", ["--student", "lightgbm"]),
        ("xgboost", ["--student", "xgboost"]),
        ("xgboost", ["--teacher", "xgboost"]),
        ("xgboost", ["--teacher", "xgboost", "--device", "cuda"]),
    ],
)
def test_without_a_library_its_extra_is_named(
    library, words, tmp_path, capsys, monkeypatch
):
    hide(library, monkeypatch)
    _, good = write(tmp_path)
    before = listing(tmp_path)
    assert run([*good, *words]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"error: This needs {library}, ")
    assert error.endswith(f"pip install 'skdistill[{library}]'.")
    assert listing(tmp_path) == before


@pytest.mark.parametrize("kind", [LGBMRegressor, XGBRegressor])
def test_a_saved_model_without_its_library_names_the_extra(
    kind, fitted, tmp_path, capsys, monkeypatch
):
    folder, data, _ = fitted
    _, words = write(tmp_path)
    library = kind.__module__.partition(".")[0]
    joblib.dump(kind().fit([[0.0], [1.0]], [0.0, 1.0]), tmp_path / "model.joblib")
    shutil.copy(folder / "out" / "metrics.json", tmp_path)
    words[words.index("--teacher") + 1] = str(tmp_path / "model.joblib")
    hide(library, monkeypatch)
    for command in (words, ["predict", str(tmp_path), str(data)]):
        assert run(command) == 1
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.endswith(f"pip install 'skdistill[{library}]'.")


def test_without_click_the_extra_is_named(tmp_path):
    code = (
        "import sys; sys.modules['click'] = None; "
        "from skdistill.cli import main; sys.exit(main(['--help']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'skdistill[cli]'" in done.stderr
