"""Tables that are too large to be read at once are fitted and predicted in blocks."""

import json

import joblib
import numpy as np
import pandas as pd
import pytest

from skdistill.cli import _blocks, _fit, read_table
from skdistill.cli._blocks import TableBlocks, is_large
from skdistill.cli._tables import Schema
from tests.cli.tables import houses, run, write

FILES = {"metrics.json", "model.joblib", "report.html", "schema.json", "serve.py"}


@pytest.fixture
def large(monkeypatch, tmp_path):
    """Return a table that counts as large, and the words of a quick fit."""
    monkeypatch.setattr(_blocks, "LARGE", 1000)
    monkeypatch.setattr(_fit, "_N_TIMINGS", 2)
    monkeypatch.setattr(_blocks, "BLOCK", 150)
    _, words = write(tmp_path)
    frame = houses(400).drop(columns="kind").assign(weight=1.0, note=None)
    frame.loc[350:, "note"] = "late"
    frame.to_parquet(tmp_path / "large.parquet", row_group_size=90)
    words[1] = str(tmp_path / "large.parquet")
    return words


def test_a_large_table_is_fitted_and_predicted_block_by_block(large, tmp_path, capsys):
    words = [*large, "--student", "xgboost", "--weight", "weight", "--drop", "note"]
    assert run(words) == 0, capsys.readouterr().err
    said = capsys.readouterr().err
    assert "400 rows of 6 columns, more than 1,000 cells: it is read block by" in said
    assert "xgboost all rows to train on" in said
    out = tmp_path / "out"
    assert {one.name for one in out.iterdir()} >= FILES
    assert not [one for one in out.iterdir() if one.is_dir()]
    found = json.loads((out / "metrics.json").read_text())
    assert found["categories"]["town"] == ["", "Bonn", "Köln", "Ulm"]
    assert 60 <= found["report"]["n_samples"] <= 100
    model = joblib.load(out / "model.joblib")
    frame = read_table(large[1], **found["columns"])
    for name in ("predicted.csv", "predicted.parquet"):
        path = tmp_path / name
        words = ["predict", str(out), large[1], "--out", str(path), "--keep", "note"]
        assert run(words) == 0, capsys.readouterr().err
        read = pd.read_csv if name.endswith("csv") else pd.read_parquet
        predicted = read(path)
        assert [*predicted] == ["note", "prediction"]
        assert predicted["note"].isna().sum() == 350
        np.testing.assert_allclose(
            predicted["prediction"], model.predict(frame), rtol=1e-6
        )
    assert run(["report", str(out)]) == 0


def test_the_loss_of_a_large_table_is_checked_in_all_rows(large, capsys, monkeypatch):
    words = [*large, "--student", "xgboost", "--weight", "weight", "--drop", "note"]
    frame = pd.read_parquet(large[1])
    frame["price"] = frame["price"].abs()
    frame.to_parquet(large[1])
    assert run([*words, "--loss", "squared_log_error", "--metric", "r2"]) == 0
    said = capsys.readouterr().err
    assert "xgboost at most 1,000,000 rows. Nothing" in said
    monkeypatch.setattr(_blocks, "SAMPLE", 150)
    frame.loc[0, "price"] = -1.0
    frame.to_parquet(large[1])
    assert run([*words, "--loss", "poisson", "--overwrite"]) == 1
    said = capsys.readouterr().err
    assert "The target 'price' holds -1." in said
    assert "150 rows" not in said


def test_classes_of_a_large_table_have_probabilities(large, tmp_path, capsys):
    frame = houses(400).drop(columns="price")
    frame.to_parquet(large[1])
    _, words = write(tmp_path, "classification")
    words = ["fit", large[1], *words[2:], "--student", "tree", "--quiet"]
    assert run(words) == 0, capsys.readouterr().err
    path = tmp_path / "predicted.csv"
    assert run(["predict", str(tmp_path / "out"), large[1], "--out", str(path)]) == 0
    assert {*pd.read_csv(path)} == {
        "prediction",
        "probability_cheap",
        "probability_dear",
    }


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--group", "town"], "--group"),
        (["--time", "size"], "--time"),
        (["--test", "other.csv"], "--test"),
        (["--unlabeled", "other.csv"], "--unlabeled"),
        (["--max-latency", "5ms"], "--max-latency"),
        (["--max-size", "5kB"], "--max-size"),
        (["--time-limit", "5s"], "--time-limit"),
        (["--student", "auto"], "--student auto"),
    ],
)
def test_what_needs_all_rows_is_refused_before_any_work(large, words, option, capsys):
    assert run([*large, *words]) == 1
    said = capsys.readouterr().err
    assert f"block by block, where {option} is not possible. Leave it out" in said
    assert "Reading" not in said


def test_a_large_table_is_checked(large, capsys):
    assert run([*large, "--check", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["columns"]["town"]["kind"] == "category"
    assert "block by block" in found["reading"][0]


@pytest.mark.parametrize("merge", [False, True])
def test_rare_classes_are_left_out_or_merged(merge, tmp_path):
    path = tmp_path / "table.parquet"
    frame = houses(90).assign(kind=[*"abc"] * 30)[["size", "kind"]]
    frame.to_parquet(path)
    schema = Schema({"size": "number", "kind": "category"}, {})
    blocks = TableBlocks(path, schema, "kind", 0, kept=["a", "b"], merge=merge)
    found = pd.concat([*blocks.read(), blocks.held_out()[0]])["kind"].value_counts()
    assert found.to_dict() == {"a": 30, "b": 30} | ({"other": 30} if merge else {})


def test_size_decides_and_of_parquet_alone(tmp_path, monkeypatch):
    frame, path = houses(20)[["size", "price"]], tmp_path / "table.parquet"
    frame.to_parquet(path)
    frame.to_csv(tmp_path / "table.csv")
    monkeypatch.setattr(_blocks, "LARGE", 40)
    assert not is_large(path)
    monkeypatch.setattr(_blocks, "LARGE", 39)
    assert is_large(path)
    assert not is_large(tmp_path / "table.csv")
    assert not is_large(tmp_path / "none.parquet")


def test_rows_are_held_out_once_and_equal_ones_together(tmp_path):
    path = tmp_path / "table.parquet"
    frame = houses(300)[["size", "town", "price"]]
    frame.loc[:9, "price"] = np.nan
    pd.concat([frame, frame]).to_parquet(path)
    kinds = {"size": "number", "town": "category", "price": "number"}
    splits = []
    for seed in (0, 1):
        blocks = TableBlocks(path, Schema(kinds, {}), "price", seed)
        blocks.block_size = 70
        train = pd.concat([*blocks.read()])
        held, categories = blocks.held_out()
        assert len(train) + len(held) == 580  # Of 600, 20 have no target.
        assert 60 < len(held) < 180
        rows = [{*map(tuple, part.fillna(-9).to_numpy())} for part in (train, held)]
        assert not rows[0] & rows[1]
        assert categories == {"town": ["", "Bonn", "Köln", "Ulm"]}
        assert blocks.names == [*kinds]
        assert [*next(blocks.read(["town"]))] == ["town"]
        splits.append(rows[1])
    assert splits[0] != splits[1]
