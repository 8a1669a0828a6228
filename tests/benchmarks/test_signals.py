from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

from benchmarks import rivals, signals, signals_block
from benchmarks.signals_block import BASELINE, METHODS, ONE, TUNED, UNIFORM, spoil


def test_every_method_is_compared_with_one_that_is_measured():
    for name, method in METHODS.items():
        reference = METHODS[method.reference]
        assert method.reference in METHODS
        assert set(reference.tasks) >= set(method.tasks)
        assert name in (BASELINE, ONE, TUNED) or method.reference != name


@pytest.mark.parametrize("wrong", [0.0, 0.2])
def test_a_fraction_of_the_labels_becomes_wrong(wrong):
    y = np.repeat(["a", "b", "c"], 2000)
    spoilt = spoil(y, wrong, 0)
    assert np.mean(spoilt != y) == pytest.approx(wrong, abs=0.02)
    values = np.random.default_rng(1).normal(size=5000)
    spoilt = spoil(values, wrong, 0)
    assert np.mean(spoilt != values) == pytest.approx(wrong, abs=0.02)
    assert set(spoilt) <= set(values)


def test_gains_are_over_the_baseline_and_over_what_is_compared_with():
    losses = {
        BASELINE: 0.5,
        TUNED: 0.45,
        ONE: 0.4,
        "trust: attentive": 0.35,
        UNIFORM: 0.3,
    }
    facts = {"table": "abalone", "seed": 0, "setting": "20 % wrong", "n_train": 300}
    rows = [facts | {"method": name, "loss": loss} for name, loss in losses.items()]
    gains = signals.compare(pd.DataFrame(rows)).set_index("method")
    assert gains.loc["trust: attentive", "gain"] == pytest.approx(0.15)
    assert gains.loc["trust: attentive", "over tuned"] == pytest.approx(0.1)
    assert gains.loc["trust: attentive", "more"] == pytest.approx(0.05)
    assert gains.loc[UNIFORM, "more"] == pytest.approx(0.1)
    (row, *_) = [
        row
        for row in signals.summarise(gains.reset_index())
        if row["method"] == "trust: attentive"
    ]
    assert row["20 % wrong"] == "+0.0500 (1 of 1)"


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(
    ("table", "setting"), [("abalone", "20 % wrong"), ("credit_g", "60 labels")]
)
def test_a_block_has_a_row_for_each_method(table, setting, monkeypatch):
    is_class = table == "credit_g"
    rng = np.random.default_rng(0)
    X = rng.normal(size=(260, 3))
    y = X[:, 0] > 0 if is_class else X[:, 0]
    monkeypatch.setattr(
        signals_block, "load", lambda *args: (X[:160], X[160:], y[:160], y[160:])
    )
    monkeypatch.setattr(rivals, "N_CANDIDATES", 2)
    methods = [BASELINE, TUNED, ONE, "three teachers, stack"]
    rows = signals_block.measure(table, 0, setting, methods, None)
    assert [row["method"] for row in rows] == methods
    assert all(0 <= row["loss"] < 1.5 for row in rows)


def test_methods_that_are_missing_are_measured_for_their_task(monkeypatch):
    frame = pd.DataFrame(
        [
            {
                "table": "abalone",
                "seed": 0,
                "setting": "20 % wrong",
                "method": BASELINE,
                "loss": 0.5,
            }
        ]
    )
    monkeypatch.setattr(signals.results, "exists", lambda name: True)
    monkeypatch.setattr(signals.results, "read", lambda name: frame)
    options = Namespace(
        seeds=1, tables=["abalone", "credit_g"], settings=["20 % wrong"], fresh=False
    )
    of_values, of_classes = signals.find_missing(options)
    assert of_values["methods"] == [
        name
        for name, method in METHODS.items()
        if "values" in method.tasks and name != BASELINE
    ]
    assert of_classes["methods"] == [
        name for name, method in METHODS.items() if "classes" in method.tasks
    ]


def test_a_search_takes_the_stages_of_its_teacher():
    name = "one teacher: xgboost, teacher_stages"
    model = signals_block.build(name, 0, None, is_class=False)
    assert (model.teacher_stages, model.alphas) == ("auto", (0.5,))
