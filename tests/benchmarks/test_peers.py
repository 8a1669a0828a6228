"""The comparison with peers runs without any of them, and its reports add up."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier

from benchmarks import (
    gap_block,
    gap_classes,
    nested_grid,
    peers,
    peers_report,
    problems,
    results,
)
from benchmarks.peer_runners import by_hand, ours, task

# What a runner does, in a few lines: it predicts the mean, in its own process.
STAND_IN = """
import sys
from benchmarks.peer_runners.task import Fitted, run

def fit(task, way):
    if way == "fails":
        raise ValueError("first line\\nsecond line")
    if way == "leaves":
        sys.exit(3)
    if way == "never ends":
        while True:
            pass
    if way == "of one class":
        return Fitted(lambda X: [0.0] * len(X), None, [1])
    mean = task.y.mean()
    return Fitted(lambda X: [mean] * len(X), None, [2, 3])

run("numpy", sys.argv[3], fit)
"""


@pytest.fixture
def ask(tmp_path):
    """Return a function that hands a small split to the stand-in."""

    def ask(way, module="numpy", n_classes=0, budget=60):
        X, y, X_test = _split()
        terms = {"seed": 0, "n_classes": n_classes, "budget": budget}
        task.write(tmp_path, X, y, X_test, **terms)
        command = [sys.executable, "-c", STAND_IN, tmp_path, way, module]
        return peers.ask(command, tmp_path)

    return ask


def _split():
    X = pd.DataFrame({"a": [0.1, 1 / 3, np.nan], "b": ["x", "7", None]})
    X_test = pd.DataFrame({"a": [2.0, 3.0], "b": ["7", "new"]})
    return X, np.array([1.0, 2.0, 6.0]), X_test


def test_a_task_is_read_as_it_was_written(tmp_path):
    X, y, X_test = _split()
    task.write(tmp_path, X, y, X_test, seed=3, n_classes=0, budget=60)
    read = task.read(tmp_path)
    pd.testing.assert_series_equal(read.X["a"], X["a"])
    assert read.X["b"].astype(object).tolist()[:2] == ["x", "7"]
    assert read.X["b"].isna().tolist() == [False, False, True]
    assert read.X.dtypes.equals(read.X_test.dtypes)
    assert read.X_test["b"].tolist() == ["7", "new"]
    assert read.y.tolist() == y.tolist()
    assert (read.terms.seed, read.terms.strings) == (3, ["b"])


def test_no_runner_sees_a_held_out_label(tmp_path):
    X, y, X_test = _split()
    task.write(tmp_path, X, y, X_test, seed=0, n_classes=0, budget=60)
    assert list(pd.read_csv(tmp_path / "test.csv")) == ["a", "b"]


def test_predictions_are_scored_where_there_are_any(ask, tmp_path):
    facts = ask("mean")
    assert (facts["trees"], facts["leaves"]) == (2, 5)
    assert facts["version"] == np.__version__
    scores = peers.score(np.array([2.0, 4.0]), tmp_path, 0)
    assert scores == {"student_r2": 0.0}


@pytest.mark.parametrize(
    ("way", "more", "reason"),
    [
        ("fails", {}, "ValueError: first line"),
        ("mean", {"module": "nowhere"}, "ModuleNotFoundError: No module.*'nowhere'"),
        ("of one class", {"n_classes": 3}, r"\(2, 3\).*\(2,\)"),
        ("leaves", {}, "ended with code 3"),
        ("never ends", {"budget": 1}, "seconds of the processor"),
    ],
)
def test_a_peer_without_predictions_has_a_reason(ask, way, more, reason):
    facts = ask(way, **more)
    assert "leaves" not in facts
    assert re.search(reason, facts["reason"])


def test_a_runner_that_hangs_is_ended(tmp_path):
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    facts = peers.ask(command, tmp_path, patience=0.2)
    assert facts == {"reason": "no result within 0.2 seconds"}


def test_a_peer_without_an_environment_is_left_out(tmp_path, capsys):
    there = peers.find_environments(["baseline", "imodels"], tmp_path)
    assert there == ["baseline"]
    assert "imodels: left out" in capsys.readouterr().out


@pytest.fixture
def cheap_teachers(monkeypatch):
    """Replace the stacks by forests."""
    forests = {
        gap_block: ExtraTreesRegressor(10, random_state=0),
        gap_classes: RandomForestClassifier(10, min_samples_leaf=3, random_state=0),
    }
    for module, forest in forests.items():
        monkeypatch.setattr(module, "build_teacher", lambda seed, it=forest: it)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("diabetes", "baseline"),
        ("breast_cancer", "one fit"),
        ("diabetes", "search"),
        ("breast_cancer", "duplication"),
        *(
            pytest.param(name, way, marks=pytest.mark.slow)
            for name, way in (
                ("breast_cancer", "baseline"),
                ("diabetes", "one fit"),
                ("breast_cancer", "search"),
                ("diabetes", "duplication"),
            )
        ),
    ],
)
@pytest.mark.usefixtures("cheap_teachers")
def test_every_way_without_a_peer_predicts(tmp_path, name, way):
    problem = problems.load_problem(name)
    X, y, n_classes = problem.X[:120], problem.y[:120], 2 * (name == "breast_cancer")
    task.write(tmp_path, X, y, X[:7], seed=0, n_classes=n_classes, budget=60)
    read = task.read(tmp_path)
    fitted = (by_hand if way == "duplication" else ours).fit(read, way)
    shape = (7, 2) if n_classes else (7,)
    assert fitted.student(read.X_test).shape == shape
    assert len(fitted.leaves) == 100
    assert max(fitted.leaves) <= 16
    if way != "baseline":
        assert fitted.teacher(read.X_test).shape == shape


def _rows(column, scores):
    """Make up one row for each table and peer: teacher's and student's score."""
    rows = []
    for table, by_peer in scores.items():
        for peer, (teacher, student) in by_peer.items():
            row = {"table": table, "seed": 0, "peer": peer, "reason": ""}
            row |= dict.fromkeys(("n_train", "n_test", "n_features", "n_classes"), 2)
            row |= {f"teacher_{column}": teacher, f"student_{column}": student}
            row |= {"seconds": 9.0, "row_us": 7.0, "trees": 100, "leaves": 1600}
            seconds = 3.0 if peer == "skdistill" else 5.0
            rows.append(row | {"cpu_seconds": seconds, "version": "1"})
    return rows


def _frame():
    numbers = {
        "abalone": {
            "skdistill": (0.7, 0.6),
            "AutoGluon": (0.6, 0.4),
            "baseline": (np.nan, 0.5),
        },
        # AutoGluon's teacher leads by too little to divide by.
        "pol": {
            "baseline": (np.nan, 0.5),
            "skdistill": (0.7, 0.7),
            "AutoGluon": (0.504, 0.5),
        },
    }
    classes = {"adult": {"baseline": (np.nan, 0.5), "skdistill": (0.3, 0.4)}}
    rows = _rows("r2", numbers) + _rows("log_loss", classes)
    silent = {key: rows[-1][key] for key in ("table", "seed", "n_train", "version")}
    silent |= {"peer": "imodels", "reason": "ValueError: one column"}
    # A second seed that only one peer has run.
    alone = rows[0] | {"seed": 1, "student_r2": 0.0}
    return pd.DataFrame([*rows, silent, alone]).assign(**results.versions())


def _summary(kind):
    metric = peers_report.METRICS[kind]
    return peers_report.summarise(peers_report.select_scored(_frame(), metric), metric)


def test_fractions_are_of_the_lead_of_a_peers_own_teacher():
    summary = _summary("numbers").set_index(["student", "table"])
    fraction = summary["distilled_recovered"]
    assert fraction["skdistill"].tolist() == pytest.approx([0.5, 1.0])
    assert fraction["AutoGluon", "abalone"] == pytest.approx(-1)
    assert np.isnan(fraction["AutoGluon", "pol"])
    losses = _summary("classes").set_index("student")
    assert losses["distilled_gain"]["skdistill"] == pytest.approx(0.1)
    assert losses["distilled_recovered"]["skdistill"] == pytest.approx(0.5)


def test_peers_are_compared_on_what_both_predicted():
    (row,) = peers_report.compare_with_rival(_frame()).to_dict("records")
    assert row == {
        "ours": "skdistill",
        "tables": "2, numbers",
        "both teachers lead in": 1,
        "more recovered: mean (median)": "yes: 50% (50%) against -100% (-100%)",
        "fewer harmed": "yes: 0 against 1",
        "less time": "yes: 6 s against 10 s",
    }


def test_kinds_are_put_together_where_there_are_two():
    classes = {
        "adult": {
            "baseline": (np.nan, 0.5),
            "skdistill": (0.3, 0.4),
            "AutoGluon": (0.3, 0.3),
        }
    }
    more = pd.DataFrame(_rows("log_loss", classes)).assign(**results.versions())
    frame = pd.concat([_frame(), more[2:]])
    shown = peers_report.compare_with_rival(frame).set_index("tables")
    assert list(shown.index) == ["2, numbers", "1, classes", "3, all"]
    assert shown["more recovered: mean (median)"].tolist()[1:] == [
        "no: 50% (50%) against 100% (100%)",
        "yes: 50% (50%) against 0% (0%)",
    ]


def test_the_report_of_peers_is_made_from_raw_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    results.write(_frame().to_dict("records"), "peers")
    text = peers.report(results.read("peers"))
    assert "75% (75%)" in text
    assert "ValueError: one column" in text
    peers_of = [line.split("|")[1].strip() for line in text.splitlines() if "|" in line]
    assert peers_of.index("baseline") < peers_of.index("AutoGluon")


@pytest.mark.usefixtures("cheap_teachers")
def test_a_row_has_the_facts_of_a_peer_and_its_scores(tmp_path, monkeypatch):
    problem = problems.load_problem("diabetes")
    frame = problem.X.assign(target=problem.y)[:60]
    frame.to_csv(tmp_path / "abalone.csv.gz", index=False)
    (row,) = peers.measure("abalone", 0, "baseline", tmp_path, tmp_path)
    assert (row["reason"], row["n_train"], row["n_test"]) == ("", 45, 15)
    assert {"student_r2", "cpu_seconds", "row_us", "leaves", "version"} < set(row)


@pytest.mark.usefixtures("cheap_teachers")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_search_by_hand_finds_what_ours_finds(tmp_path, monkeypatch):
    monkeypatch.setattr(nested_grid, "GRID", {"alpha": [0.3], "temperature": [2.0]})
    X, X_test, y, _ = gap_block.split(*gap_block.load_table("diabetes", None), 0)
    scores, predictions = [], []
    for way in (nested_grid.FOLDS, nested_grid.BY_HAND):
        search = nested_grid.build(way, str(tmp_path)).fit(X, y)
        scores.append(search.best_score_)
        predictions.append(search.predict(X_test))
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)
    np.testing.assert_allclose(*predictions, rtol=1e-6)


def test_searches_are_compared_with_the_one_by_hand():
    rows = []
    for way, seconds, best in (
        (nested_grid.STACK, 2.0, 0.1),
        (nested_grid.FOLDS, 4.0, 0.3),
        (nested_grid.BY_HAND, 60.0, 0.3),
    ):
        for alpha in (0.1, 0.3):
            row = {"table": "made_up", "way": way, "alpha": alpha, "temperature": 1.0}
            row |= {"score": alpha + (seconds < 4) / 1000, "is_best": alpha == best}
            row |= {"seconds": seconds, "cpu_seconds": seconds, "test": seconds}
            rows.append(row | {"n_train": 10})
    frame = pd.DataFrame(rows).assign(**results.versions())
    summary = nested_grid.summarise(frame)
    assert summary["ratio"].tolist() == [30, 15, 1]
    assert summary["same"].tolist() == [False, True, True]
    assert summary["difference"].tolist() == pytest.approx([0.001, 0, 0])
    text = nested_grid.report(frame)
    assert "30.0 times faster, another choice, held-out R2 -58.0000" in text
    assert "more than 15 times, but not for the same scores" in text
    assert "the goal of 15 times is reached" in text
