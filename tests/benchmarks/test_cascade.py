import numpy as np
import pandas as pd
import pytest

from benchmarks import cascade, cascade_block
from benchmarks.cascade_block import DISTANCE, GUARANTEE, LABEL, MARGIN, OWN


def test_curves_go_from_the_student_to_the_teacher():
    rng = np.random.default_rng(0)
    y, student, teacher = rng.normal(size=(3, 400))
    found = dict(cascade_block.curve(np.arange(400.0), student, teacher, y, None))
    assert found[0.0] == pytest.approx(np.mean((student - y) ** 2))
    half = np.where(np.arange(400) < 200, student, teacher)
    assert found[0.5] == pytest.approx(np.mean((half - y) ** 2))
    by_label = cascade_block.find_orders(y, student, teacher, y, None)[LABEL]
    best = dict(cascade_block.curve(by_label, student, teacher, y, None))
    assert best[0.5] < found[0.5]


@pytest.mark.parametrize(
    "table", [pytest.param("kin8nm", marks=pytest.mark.slow), "spambase"]
)
def test_a_block_has_curves_and_the_guarantee(table, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 3))
    y = X[:, 0] > 0 if table == "spambase" else X[:, 0] * X[:, 1]
    monkeypatch.setattr(
        cascade_block, "load", lambda *args: (X[:150], X[150:], y[:150], y[150:])
    )
    monkeypatch.setattr(cascade_block, "N_DRAWS", 5)
    monkeypatch.setattr(cascade_block, "N_TREES", 10)
    rows = pd.DataFrame(cascade_block.measure(table, 0, ["linear"], None))
    scores = {OWN, DISTANCE, LABEL, GUARANTEE} | (
        {MARGIN} if table == "spambase" else set()
    )
    assert {*rows["score"]} == scores
    last = rows[rows["score"] == GUARANTEE].iloc[0]
    assert 0.1 < last["sent"] < 0.3
    assert 0 <= last["held"] <= 1


def test_what_is_recovered_is_a_fraction_of_the_gap():
    facts = {"table": "kin8nm", "seed": 0, "student": "tree", "score": OWN}
    facts |= {"student_loss": 3.0, "teacher_loss": 1.0}
    frame = pd.DataFrame(
        [
            facts | {"fraction": fraction, "loss": 3.0 - fraction}
            for fraction in cascade_block.FRACTIONS
        ]
    )
    (row,) = cascade.summarise(cascade.recover(frame))
    assert (row["0%"], row["20%"], row["50%"]) == ("0%", "10%", "25%")
    none = frame.assign(teacher_loss=2.999)
    assert cascade.recover(none).empty
