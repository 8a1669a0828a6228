from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

from benchmarks import procedures, procedures_block
from benchmarks.procedures_block import BASELINE, METHODS, NOISY, PEERS, SELF, TABLES


@pytest.fixture
def small(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1200, 3))
    y = X[:, 0] + rng.normal(size=1200)

    def load(table, seed, data_dir):
        labels = y > 0 if table in procedures_block.CLASSES else y
        return X[:600], X[600:], labels[:600], labels[600:]

    monkeypatch.setattr(procedures_block, "load", load)
    monkeypatch.setattr(procedures_block, "N_TRAIN", 120)
    monkeypatch.setattr(procedures_block, "FEW", 0.1)


@pytest.mark.usefixtures("small")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(
    ("procedure", "table", "methods"),
    [
        (SELF, "abalone", [BASELINE, "self-distilled, not chosen"]),
        pytest.param(
            NOISY,
            "spambase",
            [BASELINE, "noisy student", procedures_block.SOFT_ALL],
            marks=pytest.mark.slow,
        ),
        (PEERS, "spambase", ["network, 5 steps, average"]),
    ],
)
def test_a_block_has_a_row_for_each_method(procedure, table, methods):
    rows = procedures_block.measure(procedure, table, 0, methods, None)
    assert [row["method"] for row in rows] == methods
    assert all(0 < row["loss"] < 3 for row in rows)
    kept = [row["kept"] for row in rows]
    assert (kept[0] >= 0) == (procedure == PEERS)


@pytest.mark.usefixtures("small")
def test_few_rows_keep_their_labels_for_the_noisy_student():
    case = procedures_block.make_case(NOISY, "spambase", 0, None, "")
    assert len(case.y) == 90
    assert len(case.X_unlabeled) == len(case.y_hidden) == 810
    assert len(case.y_test) == 300


def made_up(**losses):
    """Return rows of all procedures, for which each method has the loss given."""
    rows = [
        {
            "procedure": procedure,
            "table": table,
            "seed": 0,
            "method": name,
            "n_train": 600,
            "kept": -1 if name == BASELINE else 1,
            "loss": losses.get(name, 0.5),
            "error": losses.get(name, 0.5) if procedure == NOISY else np.nan,
            **procedures.results.versions(),
        }
        for procedure, tables in TABLES.items()
        for table in tables
        for name in METHODS[procedure]
    ]
    return pd.DataFrame(rows)


def test_claims_are_held_against_what_was_measured():
    losses = {
        BASELINE: 0.6,
        "self-distilled": 0.55,
        "noisy student": 0.4,
        "noisy student, no noise": 0.45,
        procedures_block.ALL_LABELS: 0.2,
        procedures_block.SOFT_ALL: 0.3,
    }
    text = procedures.report(made_up(**losses))
    assert text.count("Agreement") == 4
    assert "falls by +0.0500 on average, in 3 of 3" in text
    assert "which is 50% of what the missing labels cost" in text
    assert "75% here" in text
    worse = {BASELINE: 0.4, procedures_block.ALL_LABELS: 0.2}
    assert procedures.report(made_up(**worse)).count("Agreement") == 0


def test_what_was_kept_is_counted():
    frame = made_up(**{procedures_block.ALL_LABELS: 0.2})
    chosen = (frame["method"] == "self-distilled") & (frame["table"] == "abalone")
    text = procedures.report(frame.assign(kept=frame["kept"].mask(chosen, 2)))
    assert "self-distilled: 1 in 2, 2 in 1;" in text


def test_peers_are_judged_by_the_steps_that_they_need():
    losses = {
        "boosting, 100 steps, baseline": 0.4,
        "boosting, 50 steps, best peer": 0.4,
        procedures_block.ALL_LABELS: 0.2,
    }
    text = procedures.report(made_up(**losses))
    assert "Agreement for boosting, best peer" in text
    assert "reached in 0 (0) after 25, 3 (0) after 50" in text
    assert "Disagreement for boosting, average" in text
    assert "Disagreement for boosting: the loss is lower in 0 of 3 cases" in text


def test_peers_on_parts_of_the_rows_are_held_against_those_on_all():
    losses = {"network, 20 steps, best peer of a part of the rows each": 0.4}
    text = procedures.report(made_up(**losses, **{procedures_block.ALL_LABELS: 0.2}))
    assert "Agreement for network: the loss is lower in 3 of 3 cases" in text
    assert "by +0.1000 on average" in text


def test_peers_that_go_on_are_held_against_those_fitted_anew():
    losses = {"boosting, 100 steps, best peer that goes on": 0.45}
    text = procedures.report(made_up(**losses, **{procedures_block.ALL_LABELS: 0.2}))
    assert "+0.0500 for boosting, lower in 3 and higher in 0 of 3 cases" in text
    assert "+0.0000 for network, lower in 0 and higher in 0 of 3 cases" in text


def test_a_case_is_judged_where_all_steps_of_it_were_measured():
    frame = made_up(**{procedures_block.ALL_LABELS: 0.2})
    is_first = frame["table"] == TABLES[PEERS][0]
    missing = frame["method"] == "network, 5 steps, average"
    text = procedures.report(frame[is_first | ~missing])
    assert "network, average: of 1 cases" in text
    assert "network, best peer: of 3 cases" in text
    assert "network, average:" not in procedures.report(frame[~missing])


def test_what_is_missing_is_measured(monkeypatch):
    frame = made_up().query("method != @BASELINE or procedure != @SELF")
    monkeypatch.setattr(procedures.results, "exists", lambda name: True)
    monkeypatch.setattr(procedures.results, "read", lambda name: frame)
    options = Namespace(
        seeds=1, tables=["abalone", "spambase"], procedures=[*TABLES], fresh=False
    )
    blocks = procedures.find_missing(options)
    assert [(one["procedure"], one["table"]) for one in blocks] == [
        (SELF, "abalone"),
        (SELF, "spambase"),
    ]
    assert all(one["methods"] == [BASELINE] for one in blocks)
