"""The tuned baseline stands on the rows that the other reports are about."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from benchmarks import (
    ceiling,
    gap,
    gap_block,
    gap_classes,
    peers_report,
    readme,
    results,
    rivals,
    tuned,
    tuned_search,
)


def _rows(student, **scores):
    row = {"table": "abalone", "seed": 0, "student": student, "n_train": 9}
    return row | {f"{way}_r2": score for way, score in scores.items()}


@pytest.fixture
def frame(tmp_path, monkeypatch):
    """Return made-up rows of `gap`, beside which two students were tuned."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    costs = {"tuned_cpu_seconds": 3.0, "tuned_seconds": 4.0}
    costs |= {"n_candidates": 2, "n_folds": 3}
    scored = [_rows("boosting", baseline=0.5, tuned=0.6) | costs]
    scored.append(_rows("tree", baseline=0.5, tuned=0.698) | costs)
    scored.append(_rows("lightgbm-100x16", baseline=0.5, tuned=0.55) | costs)
    results.write(scored, rivals.NAME)
    ways = {"baseline": 0.5, "default": 0.55, "cv": 0.65, "teacher": 0.7}
    rows = [_rows(student, **ways) for student in ("boosting", "tree", "forest")]
    rows.append(rows[0] | {"seed": 1})
    return pd.DataFrame(rows)


def test_fractions_are_of_the_lead_over_the_tuned_student(frame):
    over_tuned, over_baseline = gap.summarise_over_tuned(frame)
    boosting = over_tuned.set_index("student").loc["boosting"]
    assert boosting["cv_recovered"] == pytest.approx(0.5)
    assert boosting["default_recovered"] == pytest.approx(-0.5)
    same = over_baseline.set_index("student")
    assert same["cv_recovered"]["boosting"] == pytest.approx(0.75)
    assert same["tuned_recovered"]["boosting"] == pytest.approx(0.5)
    # The forest was not tuned, nor was any student of the second seed.
    assert [*over_tuned["student"]] == ["boosting", "tree"]
    shown = gap.compare_with_tuned(frame).set_index("student")
    assert shown.loc["boosting"].tolist() == [
        *(1, "1 of 1", "50%", "-50% (25%)", "50% (75%)")
    ]
    assert shown.loc["tree"].tolist()[1:] == ["0 of 1", "99%", "- (25%)", "- (75%)"]
    said = gap.show_over_tuned(gap.summarise(frame), frame, "cv")
    assert said == ["50%", "R2 -0.0480", ""]


def test_the_section_is_there_once_a_student_was_tuned(frame):
    text = "\n".join(gap.report_over_tuned(frame, gap.GOALS_OVER_TUNED))
    assert "by more than 0.003 in R2 in 1 of 2 pairs" in text
    untuned = frame[frame["student"] == "forest"]
    assert gap.report_over_tuned(untuned, gap.GOALS_OVER_TUNED) == []


def test_the_tuned_student_stands_among_the_peers(frame, monkeypatch):
    facts = dict.fromkeys(("n_train", "n_test", "n_features", "n_classes"), 0)
    rows = [
        {"table": "abalone", "seed": seed, "peer": peer, "student_r2": score} | facts
        for seed in (0, 1)
        for peer, score in (("baseline", 0.5), ("skdistill", 0.65))
    ]
    costs = dict.fromkeys(peers_report.COSTS, 2.0)
    measured = pd.DataFrame(rows).assign(teacher_r2=[np.nan, 0.7] * 2, **costs)
    both = peers_report.with_tuned(measured)
    tuned_rows = both[both["peer"] == peers_report.TUNED]
    assert tuned_rows["student_r2"].tolist() == [0.55]
    assert tuned_rows["cpu_seconds"].tolist() == [3]
    over = peers_report.select_scored(both, gap.R2, peers_report.TUNED)
    ours = over[over["student"] == "skdistill"]
    assert ours[["seed", "baseline_r2"]].to_numpy().tolist() == [[0, 0.55]]
    assert peers_report.fractions_over_tuned(both).empty
    monkeypatch.setattr(peers_report, "MIN_TABLES", 1)
    (line,) = readme.tabulate(measured).splitlines()[2:-2]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        *("skdistill", "67% (67%)", "0", "2")
    ]


def test_a_tuned_search_stands_beside_the_tuned_student(frame):
    results.write([*frame.assign(cv_seconds=1.0).to_dict("records")], gap.NAME)
    way = tuned_search.WAY
    rows = [
        _rows(student, **{way: score}) | {f"{way}_cpu_seconds": 9.0}
        for student, score in (("boosting", 0.68), ("tree", 0.66), ("forest", 0.68))
    ]
    collected = tuned_search.collect(pd.DataFrame(rows))
    # The forest was not tuned on the labels.
    assert collected["student"].tolist() == ["boosting", "tree"]
    shown = tuned_search.compare_students(collected)
    assert shown.iloc[0].tolist() == ["boosting", "1 of 1", "50%", 0, "80%", 0, "9"]
    assert shown.iloc[1].tolist() == ["tree", "0 of 1", "", 1, "", 1, "9"]


def test_the_ceiling_stands_beside_what_is_recovered_of_the_same_tables(frame):
    results.write([*frame.assign(cv_seconds=1.0).to_dict("records")], gap.NAME)
    assert gap.report_ceiling(frame) == []
    rows = [_rows("boosting", ceiling=0.68), _rows("forest", ceiling=0.69)]
    results.write([row | {"n_real": 12} for row in rows], gap.CEILING)
    heading, _, table = gap.report_ceiling(frame)
    assert heading == "### What bounds it"
    # The forest was not tuned; default, cv and ceiling over the tuned one (over it).
    assert [cell.strip() for cell in table.splitlines()[-1].split("|")[1:-1]] == [
        *("boosting", "1", "1 of 1", "50%", "-50% (25%)", "50% (75%)", "80% (90%)")
    ]
    assert heading in "\n".join(gap.report_over_tuned(frame, gap.GOALS_OVER_TUNED))
    rows = results.read(gap.CEILING).assign(**results.versions())
    assert f"## By R2\n\n{table}" in ceiling.report(rows)


@pytest.mark.parametrize("block", [gap_block.Block, gap_classes.ClassBlock])
def test_real_rows_are_those_of_no_other_part(tmp_path, monkeypatch, block):
    table = "abalone" if block is gap_block.Block else "adult"
    for module in (gap_block, gap_classes):
        monkeypatch.setattr(module, "MAX_TRAIN", 40)
        monkeypatch.setattr(module, "MAX_TEST", 20)
    rows = pd.DataFrame({"a": np.arange(200.0), "b": 1.0, "target": [0, 1] * 100})
    rows.to_csv(tmp_path / f"{table}.csv.gz", index=False)
    found = block(table, 0, tmp_path, "")
    parts = [np.asarray(X)[:, 0] for X in (found.train[0], found.test[0], found.spare)]
    assert [len(part) for part in parts] == [40, 20, 140]
    assert sorted(np.concatenate(parts)) == [*range(200)]


def test_a_student_of_the_ceiling_learns_real_rows_and_draws_none(monkeypatch):
    monkeypatch.setattr(gap_block, "MAX_TEST", 50)
    block = gap_block.Block("diabetes", 0, None, None)
    block.build_teacher = Ridge
    row = ceiling.learn(block, "tree")
    assert row["n_real"] == len(block.spare) == 61
    monkeypatch.setattr(ceiling, "MAX_REAL", 1)
    assert ceiling.learn(block, "tree")["ceiling_r2"] != row["ceiling_r2"]
    _, drawn = block.distil(block.build_student("tree"))
    assert block.score(gap.CEILING, drawn)["ceiling_r2"] != row["ceiling_r2"]


@pytest.mark.slow
def test_a_student_is_tuned_and_distilled(tmp_path):
    block = gap_block.Block("diabetes", 0, None, str(tmp_path))
    block.build_teacher = Ridge
    row = tuned_search.distil(block, "tree")
    assert 0 < row["search+tuning_r2"] < 1
    assert "student__min_samples_leaf" in row["baseline_params"]
    assert row["reason"]


def test_both_students_are_scored_on_the_same_rows(frame, monkeypatch):
    monkeypatch.setattr(rivals, "N_CANDIDATES", 2)
    (row,) = tuned.measure("diabetes", 0, "tree", None)
    assert row["tuned_r2"] != row["baseline_r2"]
    assert (row["n_candidates"], row["n_folds"]) == (2, 5)
    rows = pd.DataFrame([row, *results.read(rivals.NAME).to_dict("records")])
    text = tuned.report(rows.assign(**results.versions()))
    assert "2 x 3, 2 x 5" in text
    assert "+0.1980" in text


def test_each_table_has_its_own_students():
    options = SimpleNamespace(
        seeds=1, tables=["abalone", "adult"], students=["boosting", "xgboost", "mlp"]
    )
    cases = [(case["table"], case["student"]) for case in tuned.find_cases(options)]
    assert cases == [
        *(("abalone", "boosting"), ("abalone", "mlp")),
        *(("adult", "xgboost"), ("adult", "mlp")),
    ]


@pytest.mark.parametrize("kind", [gap, gap_classes])
def test_the_splits_are_those_of_the_rows_it_is_held_against(kind):
    metric = gap.R2 if kind is gap else gap_classes.LOG_LOSS
    name, keys = [f"baseline_{metric.column}"], rivals.SPLIT
    own, theirs = (
        results.read(one).set_index(keys).reindex(columns=name)
        for one in (rivals.NAME, kind.NAME)
    )
    measured = rivals.column(metric.column).index
    np.testing.assert_allclose(own.loc[measured], theirs.loc[measured], rtol=1e-4)
