"""Options that say how a table is read, split and written."""

import io
import json
import runpy
import sys
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from skdistill.cli import _fit
from skdistill.cli._errors import CommandError
from skdistill.cli._options import FitOptions
from skdistill.students import _xgboost_device
from tests.cli.tables import COLUMN, replaced, run, write


def checked(data, capsys, *words, target="price"):
    """Return what `--check --json` says of a table, and what is printed beside it."""
    capsys.readouterr()
    words = ["fit", str(data), "--target", target, "--check", "--json", *words]
    assert run(words) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    return json.loads(said.out), said.err


@pytest.fixture
def data(tmp_path):
    path, _ = write(tmp_path)
    n_rows = 80
    rng = np.random.default_rng(2)
    replaced(
        path,
        number=range(n_rows),
        always="x",
        code=[f"0{i % 7}" for i in range(n_rows)],
        near=[*map(str, rng.integers(100, 999, n_rows - 1)), "about 5"],
        when=[f"0{1 + i % 9}/0{1 + i % 5}/2024" for i in range(n_rows)],
        leak=pd.read_csv(path)["price"] * 2 + 1,
    )
    return path


def test_the_check_warns_of_what_is_odd_and_writes_nothing(data, capsys):
    before = {*data.parent.iterdir()}
    found, beside = checked(data, capsys)
    assert {*data.parent.iterdir()} == before
    warnings = "\n".join(found["warnings"])
    for text in (
        "'number' differs in each row",
        "'always' holds 'x' in all rows",
        "'00' begins with 0, as codes do",
        "'near': 99% of its values are numbers, but 'about 5' is none",
        "'when': day and month are ambiguous",
        "'leak' alone says nearly all of the target 'price'",
    ):
        assert text in warnings
    assert "'size'" not in warnings
    assert "'town'" not in warnings
    assert all(one in beside for one in found["warnings"])
    assert found["columns"]["when"]["example"] == "01/01/2024"
    # And as a table.
    assert run(["fit", str(data), "--target", "price", "--check"]) == 0
    assert "read as" in capsys.readouterr().out


def test_columns_are_read_as_asked(data, capsys):
    words = ["--drop", "leak", "--drop", "always", "--date-format", "%d/%m/%Y"]
    words += ["--number", "near", "--category", "code", "--text", "town"]
    words += ["--date", "when"]
    found, beside = checked(data, capsys, *words)
    kinds = {name: one["kind"] for name, one in found["columns"].items()}
    assert kinds | {"code": "category", "near": "number", "town": "text"} == kinds
    assert not {"leak", "always"} & {*kinds}
    assert found["columns"]["when"]["form"] == "%d/%m/%Y"
    assert "1 cells are no numbers and count as missing, such as 'about 5'" in beside
    assert "ambiguous" not in "".join(found["warnings"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--drop", "nothing"], "There is no column 'nothing'"),
        (["--number", "town", "--text", "town"], "is given as --number and --text"),
        (["--date", "town"], "Give it as --date-format"),
        (["--date-format", "%Q"], "is no format of dates"),
        (["--weight", "nothing"], "Give one of them as --weight"),
        (["--weight", "leak"], "none below 0"),
        (["--group", "town"], "at least 10 are needed"),
        (["--metric", "best"], "is not one of"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(words, message, data, capsys):
    out = str(data.parent / "out")
    assert run(["fit", str(data), "--target", "price", "--out", out, *words]) in (1, 2)
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error
    assert not (data.parent / "out").exists()


def test_rows_without_a_target_are_left_out_and_rare_classes_as_asked(tmp_path, capsys):
    data, _ = write(tmp_path, "classification")
    kinds = ["cheap"] * 30 + ["fair"] * 30 + ["dear"] * 6 + ["new"] * 5
    kinds += ["old"] * 5 + [None] * 4
    replaced(data, kind=kinds)
    _, beside = checked(data, capsys, "--rare", "drop", target="kind")
    assert "no value in 4 of 80 rows; they were left out" in beside
    assert "The classes of 16 rows are rare; left out." in beside
    _, beside = checked(data, capsys, "--rare", "merge", target="kind")
    assert "The classes of 16 rows are rare; merged into 'other'." in beside
    assert run(["fit", str(data), "--target", "kind", "--check"]) == 1
    assert "--rare merge, or leave them out by --rare drop" in capsys.readouterr().err


def scores(folder):
    found = json.loads((folder / "metrics.json").read_text("utf-8"))
    return found["report"]["models"]["distilled"]["scores"]


@pytest.fixture
def quick(monkeypatch):
    """Time fewer single rows for the report."""
    monkeypatch.setattr(_fit, "_N_TIMINGS", 2)


@pytest.mark.usefixtures("quick")
def test_tables_of_their_own_weights_and_a_metric(tmp_path, capsys, monkeypatch):
    data, words = write(tmp_path)
    frame = pd.read_csv(data)
    frame = pd.concat([frame, frame[:8]]).assign(w=1.0, id=range(88))
    frame["w"] += np.arange(88) % 2
    frame.iloc[80:, frame.columns.get_loc("id")] = range(8)
    for name in ("new", "more"):
        frame[:20].to_csv(tmp_path / f"{name}.csv", index=False)
    frame.to_csv(data, index=False)
    words += ["--drop", "id", "--weight", "w", "--json"]
    words += ["--test", str(tmp_path / "new.csv"), "--unlabeled"]
    words += [str(tmp_path / "more.csv"), "--metric", "neg_mean_absolute_error"]
    assert run(words) == 0
    said = capsys.readouterr()
    assert "8 of 88 rows repeat another one" in said.err
    assert json.loads(said.out)["report"]["n_samples"] == 20
    assert list(scores(tmp_path / "out")) == ["neg_mean_absolute_error"]
    again = runpy.run_path(str(tmp_path / "out" / "reproduce.py"))
    assert len(set(again["groups"])) == 80
    assert set(again["weight"]) == {1.0, 2.0}
    assert list(again["X"]) == ["size", "town", COLUMN]
    assert len(again["unlabeled"]) == 20
    repeated = again["report"].to_dict()["models"]["distilled"]["scores"]
    assert repeated == scores(tmp_path / "out")
    capsys.readouterr()
    check_pipe(tmp_path, capsys, monkeypatch)


def check_pipe(folder, capsys, monkeypatch):
    """Predict standard input to standard output, with columns kept as they stand."""
    rows = (folder / "new.csv").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rows)))
    words = ["predict", str(folder / "out"), "-", "--out", "-", "--quiet"]
    assert run([*words, "--keep", "id", "--keep", "town"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    found = pd.read_csv(io.StringIO(said.out))
    assert list(found) == ["id", "town", "prediction"]
    assert found["id"].tolist() == list(range(20))
    assert run([*words[:2], str(folder / "new.csv"), *words[3:], "--keep", "no"]) == 1
    assert "which --keep names" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_groups_stay_together_in_the_search_too(tmp_path, capsys):
    data, words = write(tmp_path)
    replaced(data, who=np.arange(80) % 16)
    assert run([*words, "--group", "who", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    again = runpy.run_path(str(tmp_path / "out" / "reproduce.py"))
    assert not set(again["train"]["who"]) & set(again["test"]["who"])
    assert "who" not in again["X"]
    assert isinstance(again["model"].cv, GroupKFold)
    repeated = again["report"].to_dict()["models"]["distilled"]["scores"]
    assert repeated == scores(tmp_path / "out")


@pytest.mark.slow
def test_noise_that_is_repeated_is_not_learned(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(100, 4)), columns=list("abcy"))
    pd.concat([frame] * 5).to_csv(tmp_path / "noise.csv", index=False)
    words = ["fit", str(tmp_path / "noise.csv"), "--target", "y", "--quiet"]
    words += ["--teacher", "xgboost", "--student", "tree"]
    assert run([*words, "--out", str(tmp_path / "out")]) == 0
    assert scores(tmp_path / "out")["r2"] < 0.1


@pytest.mark.parametrize(("is_there", "device"), [(True, "cuda"), (False, "cpu")])
def test_the_device_may_be_the_one_that_is_there(is_there, device, monkeypatch):
    monkeypatch.setattr(_xgboost_device, "_has_cuda", lambda: is_there)
    asked = dict.fromkeys((one.name for one in fields(FitOptions)), "")
    options = FitOptions(**asked | {"device": "auto", "student": "xgboost"})
    assert _fit._with_device(options).device == device
    assert _fit._with_device(replace(options, student="tree")).device == "cpu"
    asked = replace(options, device="cuda")
    if is_there:
        assert _fit._with_device(asked).device == "cuda"
    else:
        with pytest.raises(CommandError, match="needs a CUDA device.*Use auto"):
            _fit._with_device(asked)
