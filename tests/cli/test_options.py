"""Options that say how a table is read, split and written."""

import io
import json
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from tests.cli.tables import houses, replaced, run, write


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
        "'near': 99% of its cells are numbers, but 'about 5' is none",
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
    words = "--drop leak --number near --category code --text town --date when".split()
    words += ["--drop", "always", "--date-format", "%d/%m/%Y"]
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
        (["--weight", "number", "--group", "town"], "cannot be combined"),
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
    kinds = ["cheap"] * 60 + ["dear"] * 6 + ["new"] * 5 + ["old"] * 5 + [None] * 4
    replaced(data, kind=kinds)
    found, beside = checked(data, capsys, "--rare", "drop", target="kind")
    assert "no value in 4 of 80 rows; they were left out" in beside
    assert "one class" in beside or found
    found, beside = checked(data, capsys, "--rare", "merge", target="kind")
    assert "The classes of 16 rows are rare; merged into 'other'." in beside
    assert run(["fit", str(data), "--target", "kind", "--check"]) == 1
    assert "--rare merge, or leave them out by --rare drop" in capsys.readouterr().err
