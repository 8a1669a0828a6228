"""One split against five folds: what is measured, and what is said of it."""

import pandas as pd
import pytest

from benchmarks import one_split, results


@pytest.mark.parametrize(
    "table", ["diabetes", pytest.param("breast_cancer", marks=pytest.mark.slow)]
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_student_is_chosen_in_both_ways(table, monkeypatch):
    monkeypatch.setattr(one_split, "CLASSES", ("breast_cancer",))
    monkeypatch.setattr(one_split, "STUDENTS", ("tree",))
    monkeypatch.setattr(one_split, "N_TRAIN", 120)
    monkeypatch.setattr(one_split, "N_FOLDS", 2)
    (row,) = one_split.measure(table, 0, None)
    assert row["student"] == "tree"
    for way in one_split.WAYS:
        assert row[f"{way}_seconds"] > 0
        if row[f"{way}_alpha"] == 0:
            assert row[f"{way}_score"] == row["baseline_score"]
    assert row["teacher_score"] != row["baseline_score"]


def test_what_the_split_loses_and_saves_is_said():
    common = {"table": "made_up", "seed": 0}
    common |= {"teacher_score": 0.9, "baseline_score": 0.5}
    frame = pd.DataFrame(
        [
            common | {"student": "one", "folds_score": 0.7, "split_score": 0.68},
            common | {"student": "two", "folds_score": 0.5, "split_score": 0.49},
        ]
    ).assign(folds_seconds=6.0, split_seconds=2.0, **results.versions())
    text = one_split.report(frame)
    assert "lower than the folds' by 0.0150 ± 0.0071, at most by 0.0200" in text
    assert "The folds take 3.0 times as long." in text
    assert "Chosen by folds, 0 of 2" in text
    assert "Chosen by split, 1 of 2" in text
