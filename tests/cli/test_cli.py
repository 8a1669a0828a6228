"""What people see of the command line: files, words, exit codes."""

import contextlib
import io
import json
import os
import runpy
import signal
import subprocess
import sys
import time

import joblib
import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge

from skdistill.cli import _fit
from skdistill.cli._progress import CountingMemory, step
from skdistill.cli._signals import ending_as_interrupted
from skdistill.cli._tables import guess
from skdistill.teachers import _memory
from tests.cli.tables import (
    COLUMN,
    ROOT,
    TARGETS,
    houses,
    listing,
    run,
    run_process,
    write,
)

FILES = {"metrics.json", "model.joblib", "report.html", "reproduce.py"}


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
    assert found["report"]["n_rows"] == 16
    assert found["columns"]["kinds"] == {
        "size": "number",
        "town": "category",
        COLUMN: "number",
    }
    assert found["chosen"]["reason"]


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
        shares = found[["probability_cheap", "probability_dear"]]
        np.testing.assert_allclose(shares, model.predict_proba(X))
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
    assert "'town' has values that training had not: 'Rome'" in capsys.readouterr().err
    assert len(pd.read_csv(out)) == 5


def test_rows_come_in_any_order_of_columns_and_as_parquet(fitted, tmp_path):
    folder, data, _ = fitted
    frame = pd.read_csv(data)
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


def replaced(path, **columns):
    pd.read_csv(path).assign(**columns).to_csv(path, index=False)


BAD_TABLES = {
    "no such file": (lambda path: path.unlink(), "There is no file"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "header alone": (lambda path: path.write_text("size,price\n"), "has no rows"),
    "binary": (lambda path: path.write_bytes(bytes(range(256)) * 9), "binary file"),
    "not UTF-8": (lambda path: path.write_bytes(b"price\n\xff\xfe\n"), "UTF-8"),
    "ragged": (lambda path: path.write_text("price,b\n1,2\n1,2,3,4\n"), "as CSV"),
    "twice": (lambda path: path.write_text("price,price\n1,2\n"), "Rename one"),
    "few rows": (lambda path: path.write_text("size,price\n1,2\n"), "50 are needed"),
    "other column": (lambda path: replaced(path, price=None), "has no value in 80"),
    "no target": (
        lambda path: pd.read_csv(path).drop(columns="price").to_csv(path),
        "has no column 'price'",
    ),
    "target alone": (
        lambda path: pd.read_csv(path)[["price"]].to_csv(path, index=False),
        "no column with values besides",
    ),
    "one class": (lambda path: replaced(path, price="dear"), "one class"),
    "one value": (lambda path: replaced(path, price=0.5), "nothing to learn"),
    "rare class": (
        lambda path: replaced(path, price=["a"] * 77 + ["b"] * 3),
        "fewer than 10 rows: 'b'",
    ),
    "infinite": (lambda path: replaced(path, size=np.inf), "finite number"),
    "missing target": (
        lambda path: replaced(path, price=[1.5] * 40 + [None] * 3 + [2.5] * 37),
        "in 3 of 80 rows",
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


@pytest.mark.parametrize(
    "name", ["empty", "binary", "no target", "one class", "missing target"]
)
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
        (["--target", "town"], "has no value in 8 of 80 rows"),
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
        ("predict", {"codes": None}),
    ],
)
def test_a_damaged_result_is_said_in_one_line(command, changed, tmp_path, capsys):
    whole = {
        "skdistill": "1.0",
        "report": {},
        "columns": {"kinds": {}, "formats": {}},
        "categories": {},
        "classes": None,
        "codes": False,
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


def test_dates_and_texts_become_columns_of_numbers(tmp_path, capsys):
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


@pytest.fixture
def quick(monkeypatch):
    """Time fewer single rows for the report."""
    monkeypatch.setattr(_fit, "_N_TIMINGS", 2)


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
    """Save the rows as this file; return what the student in `folder` says of them."""
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
def test_dates_that_are_text_read_alike_in_csv_and_parquet(tmp_path):
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
def test_the_script_reads_columns_whose_names_are_no_text(tmp_path):
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
    ("task", "student", "alpha", "n_lessons"),
    [
        ("classification", "linear", "auto", 3),
        ("regression", "linear", "auto", 4),
        ("regression", "tree", "0.5", 2),
    ],
)
def test_progress_counts_each_lesson(
    task, student, alpha, n_lessons, tmp_path, monkeypatch
):
    counts, totals = [], []
    monkeypatch.setattr(CountingMemory, "cache", counted(CountingMemory.cache, counts))
    monkeypatch.setattr(_fit, "step", watched(_fit.step, totals))
    _, words = write(tmp_path, task)
    assert run([*words, "--student", student, "--alpha", alpha]) == 0
    assert [len(counts)] == [total for total in totals if total]
    assert len(counts) == 5 * n_lessons + 1


def watched(step, totals):
    def wrapper(console, what, total=None):
        totals.append(total)
        return step(console, what, total)

    return wrapper


def counted(cache, counts):
    def wrapper(self, func=None, **params):
        if "lesson" in (params.get("ignore") or ()):
            counts.append(func)
        return cache(self, func, **params)

    return wrapper


def test_after_an_interruption_no_teacher_is_asked_again(tmp_path, monkeypatch, capsys):
    taught = []
    monkeypatch.setattr(_memory, "teach", counting(_memory.teach, taught))
    _, words = write(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(_fit, "DistillationReport", interrupt)
        assert run(words) == 130
    assert "Run the same command again" in capsys.readouterr().err
    assert ".out.cache" in listing(tmp_path)
    assert not (tmp_path / "out").exists()
    assert len(taught) == 6  # Five folds, and all rows.
    assert run(words) == 0
    assert len(taught) == 6
    assert ".out.cache" not in listing(tmp_path)


def interrupt(*_, **__):
    raise KeyboardInterrupt


def counting(function, calls):
    def wrapper(lesson, cross_fit):
        # The plain student of the report has a teacher too, which knows nothing.
        if not isinstance(lesson.teacher, DummyRegressor):
            calls.append(lesson)
        return function(lesson, cross_fit)

    return wrapper


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_fit_leaves_the_teacher_alone(sent, tmp_path):
    data, words = write(tmp_path)
    pd.concat([pd.read_csv(data)] * 30).to_csv(data, index=False)
    words[words.index("--teacher") + 1] = "xgboost"
    words[words.index("linear")] = "forest"
    process = run_process(words, tmp_path)
    cache = tmp_path / ".out.cache"
    end = time.monotonic() + 120
    while not list(cache.rglob("output.pkl")) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(sent)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    assert "Run the same command again" in error.splitlines()[-1]
    assert "Traceback" not in error
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"regression.csv", "regression.joblib", ".out.cache"}


def test_a_request_to_end_that_a_library_swallowed_ends_the_step():
    console = Console(file=io.StringIO())
    with (
        pytest.raises(KeyboardInterrupt),
        ending_as_interrupted(),
        step(console, "Working"),
        contextlib.suppress(KeyboardInterrupt),
    ):
        signal.raise_signal(signal.SIGTERM)
    with ending_as_interrupted(), step(console, "Working"):
        pass  # It counts once.


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


@pytest.mark.parametrize("labels", [[1, 2], [1.0, 2.0], [0.5, 1.5], [True, False]])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_labels_of_any_kind_come_back(labels, suffix, tmp_path):
    data, words = write(tmp_path, "classification")
    frame = pd.read_csv(data).assign(kind=labels * 40)
    teacher = joblib.load(tmp_path / "classification.joblib")
    texts = labels[0] % 1 > 0
    y = frame["kind"].astype("str") if texts else frame["kind"]
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
def test_xgboost_answers_with_truth_values(tmp_path):
    data, words = write(tmp_path, "classification")
    frame = pd.read_csv(data)
    frame["kind"] = frame["kind"] == "dear"
    teacher = joblib.load(tmp_path / "classification.joblib")
    teacher.fit(frame.drop(columns="kind"), frame["kind"])
    joblib.dump(teacher, tmp_path / "classification.joblib")
    frame.to_csv(data, index=False)
    assert run([*words, "--student", "xgboost"]) == 0
    assert predicted_of(tmp_path, data).dtype == "bool"
