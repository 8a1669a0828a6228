from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

from benchmarks import representations, representations_block
from benchmarks.representations_block import BASELINE, BOOSTED, METHODS, POSTERIOR

LEAVES = "boosting: relational, leaves"


def test_every_method_is_compared_with_one_of_the_same_teacher_and_students():
    for name, method in METHODS.items():
        reference = METHODS[method.reference]
        assert {*method.students} <= {*reference.students}
        if method.reference != BASELINE:
            assert method.teacher == reference.teacher
        assert (method.reference == name) == (name == BASELINE)


def test_gains_are_over_the_baseline_and_over_ordinary_distillation():
    losses = {BASELINE: 0.5, BOOSTED: 0.4, LEAVES: 0.35}
    facts = {"table": "abalone", "seed": 0, "student": "mlp"}
    rows = [facts | {"method": name, "loss": loss} for name, loss in losses.items()]
    gains = representations.compare(pd.DataFrame(rows))
    row = gains.set_index("method").loc[LEAVES]
    assert row["gain"] == pytest.approx(0.15)
    assert row["more"] == pytest.approx(0.05)
    (_, shown) = representations.summarise(gains)
    assert shown["more than that"] == "+0.0500 (1 of 1)"


@pytest.mark.parametrize("table", ["abalone", "credit_g"])
def test_a_block_has_a_row_for_each_method_and_student(table, monkeypatch):
    is_class = table == "credit_g"
    rng = np.random.default_rng(0)
    X = rng.normal(size=(320, 3))
    y = X[:, 0] > 0 if is_class else X[:, 0]
    monkeypatch.setattr(
        representations_block,
        "load",
        lambda *args: (X[:240], X[240:], y[:240], y[240:]),
    )
    methods = [BASELINE, LEAVES, "boosting: Bayesian, predictions", POSTERIOR]
    rows = representations_block.measure(table, 0, methods, None)
    found = [(row["method"], row["student"]) for row in rows]
    assert found == [(m, s) for m in methods for s in METHODS[m].students]
    assert all(0 <= row["loss"] < 1.5 for row in rows)


def test_methods_that_are_missing_are_measured(monkeypatch):
    frame = pd.DataFrame([{"table": "abalone", "seed": 0, "method": BASELINE}])
    monkeypatch.setattr(representations.results, "exists", lambda name: True)
    monkeypatch.setattr(representations.results, "read", lambda name: frame)
    options = Namespace(seeds=1, tables=["abalone", "credit_g"], fresh=False)
    first, second = representations.find_missing(options)
    assert first["methods"] == [name for name in METHODS if name != BASELINE]
    assert second["methods"] == [*METHODS]
