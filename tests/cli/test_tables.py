"""Tables of all kinds: what is read, predicted, and read again by the script."""

import io
import json
import os
import runpy
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from skdistill.cli import _fit
from skdistill.cli._files import read_raw
from skdistill.cli._guess import Asked, read_columns, schema_of
from skdistill.cli._tables import interpret
from tests.cli.tables import replaced, run, write


@pytest.fixture
def quick(monkeypatch):
    """Time fewer single rows for the report."""
    monkeypatch.setattr(_fit, "_N_TIMINGS", 2)


def test_dates_and_text_become_columns_of_numbers(tmp_path, capsys):
    data, words = write(tmp_path)
    n_rows = 80
    replaced(
        data,
        when=pd.date_range("2024-01-28", periods=n_rows).strftime("%d/%m/%Y"),
        note=[f"note {i} of {i % 7} words" for i in range(n_rows)],
        empty=[None] * n_rows,
    )
    teacher = joblib.load(tmp_path / "regression.joblib")
    frame = pd.read_csv(data)
    teacher.fit(frame.drop(columns="price"), frame["price"])
    joblib.dump(teacher, tmp_path / "regression.joblib")
    assert run(words) == 0
    found = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    kinds = found["columns"]["kinds"]
    assert [kinds[name] for name in ("when", "note", "empty")] == [
        "date",
        "text",
        "number",
    ]
    assert found["columns"]["formats"] == {"when": "%d/%m/%Y"}
    capsys.readouterr()
    replaced(data, when="soon")
    words = ["predict", str(tmp_path / "out"), str(data)]
    assert run([*words, "--out", str(tmp_path / "p.csv")]) == 1
    assert "a date like %d/%m/%Y" in capsys.readouterr().err


def fitted_with(folder, name, **columns):
    """Fit houses with further columns, saved as the file `name`; return the rows."""
    data, words = write(folder)
    frame = pd.read_csv(data).assign(**columns)
    save(frame, folder / name)
    teacher = joblib.load(folder / "regression.joblib")
    teacher.fit(frame.drop(columns="price"), frame["price"])
    joblib.dump(teacher, folder / "regression.joblib")
    assert run(["fit", str(folder / name), *words[2:]]) == 0
    return frame


def save(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


def predicted(folder, frame, name):
    """Save the rows as this file; return the predictions of the student in `folder`."""
    save(frame, folder / name)
    return predicted_of(folder, folder / name)


def predicted_of(folder, table):
    out = folder / f"{table.name}.predictions.parquet"
    words = ["predict", str(folder / "out"), str(table), "--out", str(out)]
    assert run(words) == 0
    return pd.read_parquet(out)["prediction"]


def repeated(folder):
    """Run the script that `fit` wrote; return what it has at its end."""
    return runpy.run_path(str(folder / "out" / "reproduce.py"))


@pytest.mark.usefixtures("quick")
def test_dates_that_are_strings_read_alike_in_csv_and_parquet(tmp_path):
    when = pd.date_range("2024-01-28", periods=80, freq="5D").strftime("%d/%m/%Y")
    frame = fitted_with(tmp_path, "fitted.csv", when=when)
    from_csv, from_parquet = (
        predicted(tmp_path, frame, f"new.{suffix}") for suffix in ("csv", "parquet")
    )
    pd.testing.assert_series_equal(from_csv, from_parquet)
    assert repeated(tmp_path)["frame"]["when"].is_monotonic_increasing


@pytest.mark.usefixtures("quick")
def test_no_name_in_the_data_becomes_code_of_the_script(tmp_path):
    target = "a\nraise SystemExit('the name was run')#"
    data, words = write(tmp_path)
    pd.read_csv(data).rename(columns={"price": target}).to_csv(data, index=False)
    words[words.index("--target") + 1] = target
    assert run(words) == 0
    assert repeated(tmp_path)["y"].name == target


@pytest.mark.usefixtures("quick")
def test_the_script_reads_columns_whose_names_are_not_strings(tmp_path):
    _, words = write(tmp_path)
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)))
    frame.to_parquet(tmp_path / "numbers.parquet")
    teacher = Ridge().fit(frame[[0, 1]].rename(columns=str), frame[2])
    joblib.dump(teacher, tmp_path / "regression.joblib")
    words[1] = str(tmp_path / "numbers.parquet")
    assert run([*words, "--target", "2"]) == 0
    assert repeated(tmp_path)["y"].name == "2"


@pytest.mark.usefixtures("quick")
def test_dates_of_a_time_zone_are_those_of_utc(tmp_path):
    when = pd.date_range("2024-01-28", periods=80, freq="5D", tz="Asia/Tokyo")
    frame = fitted_with(tmp_path, "fitted.parquet", when=when)
    in_utc = frame.assign(when=when.tz_convert(None))
    expected = predicted(tmp_path, in_utc, "utc.parquet")
    for suffix in ("csv", "parquet"):
        found = predicted(tmp_path, frame, f"new.{suffix}")
        pd.testing.assert_series_equal(found, expected)
    assert repeated(tmp_path)["frame"]["when"].tolist() == in_utc["when"].tolist()


@pytest.mark.usefixtures("quick")
def test_a_date_that_stands_for_no_end_is_a_date(tmp_path):
    when = pd.Series(pd.date_range("2024-01-28", periods=80)).astype("datetime64[us]")
    when.iloc[::5] = pd.Timestamp("9999-12-31").as_unit("us")
    fitted_with(tmp_path, "fitted.parquet", when=when)
    assert repeated(tmp_path)["frame"]["when"].tolist() == when.tolist()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("sep", [";", "\t"])
def test_a_decimal_comma_is_read_as_such(sep, tmp_path):
    data, words = write(tmp_path)
    frame = pd.read_csv(data)
    frame.to_csv(data, index=False, sep=sep, decimal=",")
    assert run(words) == 0
    read = repeated(tmp_path)["frame"]
    pd.testing.assert_frame_equal(
        read[["size", "price"]], frame[["size", "price"]], check_exact=True
    )
    with_points = predicted(tmp_path, frame, "points.csv")
    pd.testing.assert_series_equal(predicted_of(tmp_path, data), with_points)


def guess(path):
    """Return the columns as `fit` reads them."""
    raw = read_raw(path)
    return interpret(raw, schema_of(read_columns(raw, Asked())), path)[0]


def test_a_comma_is_no_decimal_one_beside_points(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("exons\tscore\n1,2\t0.5\n3,4\t1.5\n")
    assert guess(path).to_dict("list") == {"exons": ["1,2", "3,4"], "score": [0.5, 1.5]}
    path.write_text("town;score\n1.Ulm;0,5\n2.Ulm;1\n")
    assert guess(path)["score"].tolist() == [0.5, 1.0]


@pytest.mark.usefixtures("quick")
def test_names_of_files_need_not_be_utf_8(tmp_path, monkeypatch):
    said = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    monkeypatch.setattr(sys, "stderr", said)  # As a process has it.
    data, words = write(tmp_path)
    odd = data.rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv"))
    assert run(["fit", str(odd), *words[2:]]) == 0
    assert repeated(tmp_path)["DATA"] == str(odd)
    out = odd.with_suffix(".parquet")
    words = ["predict", str(tmp_path / "out")]
    assert run([*words, str(odd), "--out", str(out)]) == 0
    assert run([*words, str(out), "--out", str(tmp_path / "p.csv")]) == 1
    said.seek(0)
    # Older pandas reads the file, which has other columns.
    assert said.read().endswith(("Rename it.\n", "as in the table that was fitted.\n"))


@pytest.mark.parametrize(
    ("labels", "suffix"),
    [
        ([1, 2], "csv"),
        ([1.0, 2.0], "parquet"),
        ([0.5, 1.5], "csv"),
        ([True, False], "parquet"),
    ],
)
def test_labels_of_any_kind_come_back(labels, suffix, tmp_path):
    data, words = write(tmp_path, "classification")
    frame = pd.read_csv(data).assign(kind=labels * 40)
    teacher = joblib.load(tmp_path / "classification.joblib")
    are_strings = labels[0] % 1 > 0
    y = frame["kind"].astype("str") if are_strings else frame["kind"]
    joblib.dump(
        teacher.fit(frame.drop(columns="kind"), y), tmp_path / "classification.joblib"
    )
    table = tmp_path / f"table.{suffix}"
    getattr(frame, f"to_{suffix}")(table, index=False)
    words[1] = str(table)
    assert run([*words, "--task", "classification"]) == 0
    out = tmp_path / "p.parquet"
    assert run(["predict", str(tmp_path / "out"), str(table), "--out", str(out)]) == 0
    found = pd.read_parquet(out)["prediction"]
    assert found.dtype == y.dtype
    assert set(found) <= set(y)


@pytest.mark.usefixtures("quick")
def test_xgboost_predicts_booleans(tmp_path):
    data, words = write(tmp_path, "classification")
    frame = pd.read_csv(data)
    frame["kind"] = frame["kind"] == "dear"
    teacher = joblib.load(tmp_path / "classification.joblib")
    teacher.fit(frame.drop(columns="kind"), frame["kind"])
    joblib.dump(teacher, tmp_path / "classification.joblib")
    frame.to_csv(data, index=False)
    assert run([*words, "--student", "xgboost"]) == 0
    assert predicted_of(tmp_path, data).dtype == "bool"
