"""What lies in the folder predicts rows as they stand in the file."""

import json
import runpy
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from skdistill.cli import _fit
from tests.cli.tables import TARGETS, run
from tests.export.raw import every_kind

STUDENTS = {"regression": "linear", "classification": "xgboost"}
N_TIMINGS = 2
GERMAN = str.maketrans(",.", ".,")


def raw_table():
    """Return rows with both targets, and dates in three ways."""
    frame = every_kind(110).rename(columns={"1st": "1stFlrSF"})
    # Strings as a file has them; pandas reads its empty cells as missing.
    frame["sold"] = frame["when"].dt.strftime("%d/%m/%Y")
    frame["row"] = [f"R{place}" for place in range(len(frame))]
    # Numbers as people write them.
    percents = (np.arange(len(frame)) * 37 % 200) / 10
    frame["rate"] = [f"{one}%" for one in percents]
    frame["fee"] = [f"{one * 150:,.2f} €".translate(GERMAN) for one in percents]
    frame["floor"] = np.resize(["1", "?", "2.5", "4"], len(frame))
    size = frame["1stFlrSF"].fillna(0) + 2 * frame["is new"].eq(True)
    size = size + percents
    price = (size + frame["town"].eq("Ulm") + frame["when"].dt.month.fillna(0)).round(2)
    return frame.assign(price=price, kind=price > price.median())


@pytest.fixture(scope="module", params=TARGETS)
def shipped(request, tmp_path_factory):
    """Fit a student; return its folder, the table's path and the predictions."""
    task, folder = request.param, tmp_path_factory.mktemp(request.param)
    target = TARGETS[task]
    (other,) = set(TARGETS.values()) - {target}
    frame = raw_table().drop(columns=other)
    data, out = folder / "table.csv", folder / "out"
    frame.to_csv(data, index=False)
    dummy = DummyRegressor() if task == "regression" else DummyClassifier()
    X, y = frame.drop(columns=target), frame[target]
    joblib.dump(dummy.fit(X, y), folder / "teacher.joblib")
    words = ["--target", target, "--student", STUDENTS[task], "--out", str(out)]
    words += ["--teacher", str(folder / "teacher.joblib"), "--alpha", "0.2"]
    words += ["--temperature", "1"]
    before, _fit._N_TIMINGS = _fit._N_TIMINGS, N_TIMINGS
    try:
        assert run(["fit", str(data), *words]) == 0
    finally:
        _fit._N_TIMINGS = before
    predictions = folder / "p.parquet"
    assert run(["predict", str(out), str(data), "--out", str(predictions)]) == 0
    found = pd.read_parquet(predictions)
    return out, data, found["prediction"].to_numpy()


def test_the_model_takes_what_pandas_reads(shipped):
    out, data, expected = shipped
    model = joblib.load(out / "model.joblib")
    frame = pd.read_csv(data)
    assert {str(frame[name].dtype) for name in frame} >= {"float64", "object"}
    found = np.ravel(model.predict(frame))
    np.testing.assert_array_equal(found, expected)
    # As another program has them: typed dates, None, one row at a time.
    frame["sold"] = pd.to_datetime(frame["sold"], format="%d/%m/%Y")
    typed = frame.astype(object).where(frame.notna(), None).to_dict("records")
    alone = [np.ravel(model.predict(pd.DataFrame([row])))[0] for row in typed[:20]]
    np.testing.assert_allclose(alone, expected[:20], rtol=1e-12)


def rows_of(data):
    """Return the rows of the file as JSON has them."""
    frame = pd.read_csv(data)
    return json.loads(frame.to_json(orient="records"))


def with_numbers(rows):
    """Return the rows with plain numbers, as the ONNX model takes them."""
    for row in rows:
        row["rate"] = float(row["rate"].removesuffix("%"))
        fee = row["fee"].removesuffix(" €").translate(GERMAN)
        row["fee"] = float(fee.replace(",", ""))
    return rows


def served(out):
    """Return what `serve.py` defines."""
    return runpy.run_path(str(out / "serve.py"))


def test_serve_predicts_rows_of_json(shipped):
    out, data, expected = shipped
    predict = served(out)["predict"]
    np.testing.assert_array_equal(predict(rows_of(data)), expected)
    assert predict([]) == []


def test_serve_is_a_program_that_the_onnx_runtime_is_enough_for(shipped):
    out, data, expected = shipped
    hidden = ["joblib", "pandas", "skdistill", "sklearn"]
    code = (
        f"import sys, runpy; sys.modules.update(dict.fromkeys({hidden})); "
        f"runpy.run_path({str(out / 'serve.py')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(with_numbers(rows_of(data))),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert type(found[0]) is type(expected.tolist()[0])
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_serve_refuses_to_guess_a_number_for_the_onnx_runtime(shipped):
    out, data, _ = shipped
    by_onnx = served(out)["by_onnx"]
    with pytest.raises(ValueError, match=r"'fee' must be numbers.*Got '0,00 €'"):
        by_onnx([{**with_numbers(rows_of(data))[0], "fee": "0,00 €"}])
    words = {"fee": "n/a", "floor": "?", "town": "NA", "sold": "-"}
    row = {**with_numbers(rows_of(data))[0]}
    empty = by_onnx([row | dict.fromkeys(words)])
    assert by_onnx([row | words]) == empty
    assert served(out)["predict"]([row | words]) == pytest.approx(empty, rel=1e-4)


def test_serve_names_the_column_that_a_row_lacks(shipped):
    out, data, _ = shipped
    row = rows_of(data)[0]
    del row["town"]
    with pytest.raises(ValueError, match=r"A row lacks \['town'\]"):
        served(out)["predict"]([row])


def test_serve_predicts_over_http(shipped):
    pytest.importorskip("fastapi")
    client = pytest.importorskip("fastapi.testclient")
    out, data, expected = shipped
    found = client.TestClient(served(out)["app"]).post("/", json=rows_of(data))
    np.testing.assert_array_equal(found.json(), expected)


def test_booleans_in_other_letters_are_not_new(shipped, tmp_path, capsys):
    out, data, expected = shipped
    text = data.read_text("utf-8").replace("True,", "TRUE,").replace("False,", "false,")
    (tmp_path / "new.csv").write_text(text, "utf-8")
    words = ["predict", str(out), str(tmp_path / "new.csv")]
    assert run([*words, "--out", str(tmp_path / "p.parquet")]) == 0
    assert "not in training" not in capsys.readouterr().err
    found = pd.read_parquet(tmp_path / "p.parquet")
    np.testing.assert_array_equal(found["prediction"], expected)


def test_the_schema_says_what_each_column_holds(shipped):
    out, data, _ = shipped
    schema = json.loads((out / "schema.json").read_text("utf-8"))
    columns = {one["name"]: one for one in schema["columns"]}
    target = schema["target"]
    assert [*columns] == [one for one in pd.read_csv(data) if one != target]
    assert schema["classes"] == (None if target == "price" else [False, True])
    assert schema["models"] == ["model.joblib", "student.onnx"]
    assert set(schema["versions"]) >= {"skdistill", "scikit-learn", "python"}
    size = columns["1stFlrSF"]
    assert (size["type"], size["onnx_input"]) == ("number", "_1stFlrSF")
    assert size["range"][0] < size["range"][1]
    assert size["missing"]["allowed"]
    assert size["missing"]["in_training"] > 0
    assert columns["rate"]["notation"]["mark"] == "%"
    assert columns["fee"]["notation"] == {"decimal": ",", "mark": "€", "coerce": False}
    assert columns["fee"]["onnx_type"] == "float"
    assert columns["is new"]["type"] == "boolean"
    assert columns["is new"]["onnx_type"] == "string"
    assert columns["town"]["categories"] == ["Bonn", "Köln", "Ulm"]
    assert columns["sold"]["format"] == "%d/%m/%Y"
    assert columns["row"]["type"] == "text"
    assert columns["row"]["n_values"] == 88


def test_linear_students_see_seasons_and_trees_do_not():
    from skdistill.cli._parts import preparation, student
    from skdistill.cli._tables import Schema

    prepare = preparation(Schema({"when": "date"}, {}))
    for name, cyclic in (("linear", True), ("mlp", True), ("tree", False)):
        first = student(name, "regression", prepare, 100, "cpu").steps[0][1]
        assert first.cyclic is cyclic
