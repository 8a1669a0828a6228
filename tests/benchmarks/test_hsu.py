"""Hsu's study runs, and its report comes from raw rows."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from benchmarks import hsu, results


def made_up(early, late):
    """Return rows in which validation favours T = 4, alpha = 1 and 4 epochs."""
    rows = []
    for targets, seed, stage, alpha, T in product(
        hsu.TARGETS, (0, 1), hsu.STAGES, hsu.ALPHAS, hsu.TEMPERATURES
    ):
        test = early if stage == 1 / 16 else late
        rows.append(
            {
                **{"images": "mnist", "targets": targets, "seed": seed},
                **{"stage": stage, "alpha": alpha, "temperature": T, "n_rows": 100},
                "valid": 0.5 + 0.1 * (stage == 1 / 16) + 0.01 * alpha + 0.001 * T,
                "test": test + 0.001 * seed - 0.2 * (T == 1 or alpha < 1),
                **{"teacher": 0.9, "baseline": 0.7},
            }
        )
    return pd.DataFrame(rows).assign(**results.versions())


def test_stage_alpha_and_temperature_are_chosen_by_validation_rows():
    compared = hsu.compare(made_up(early=0.80, late=0.77))
    assert compared["stage"].unique().tolist() == [1 / 16]
    np.testing.assert_allclose(compared["gain"], 3.0)
    assert set(hsu.choose(made_up(0.8, 0.7))["temperature"]) == {4.0}


@pytest.mark.parametrize(
    ("early", "says"),
    [(0.8, "agrees with"), (0.7, "is worse, against it"), (0.77, "does not differ")],
)
def test_agreement_with_the_source_is_said(early, says):
    text = hsu.report(made_up(early, late=0.77))
    assert text.count(says) == len(hsu.TARGETS)
    assert "about +1.5" in text


def test_the_gain_is_shown_at_each_temperature():
    frame = made_up(early=0.80, late=0.77)
    shown = hsu.by_temperature(frame)
    assert shown["T = 4"].tolist() == ["+3.00 ± 0.00"] * len(hsu.TARGETS)
    frame.loc[frame["temperature"] == 1.0, "test"] = 0.5
    assert hsu.by_temperature(frame)["T = 1"].tolist() == ["+0.00 ± 0.00"] * 3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_block_of_hsus_study(monkeypatch, tmp_path):
    X, y = load_digits(return_X_y=True)
    for name, value in {
        **{"N_TRAIN": 300, "N_VALID": 100, "FEW": 0.1, "N_FOLDS": 2},
        **{"TEACHER": (8,), "TEACHER_EPOCHS": 4, "STUDENT": (4,)},
        **{"STUDENT_EPOCHS": 2, "FEW_EPOCHS": 2, "STAGES": (1.0, 0.5)},
        **{"ALPHAS": (1.0,), "TEMPERATURES": (1.0,)},
    }.items():
        monkeypatch.setattr(hsu, name, value)
    images = X[:600] / 16, y[:600], X[600:900] / 16, y[600:900]
    block = hsu.Block(images, 0, str(tmp_path))
    frame = pd.concat(
        pd.DataFrame(block.study(targets)).assign(targets=targets)
        for targets in hsu.TARGETS
    )
    assert frame["n_rows"].tolist() == [300, 300, 300, 300, 30, 30]
    # The stage after 2 of 4 epochs is the network of 2 epochs.
    short = block.unfitted.set_params(max_iter=2).fit(*block.all)
    of_stage = frame[frame["targets"] == hsu.IN_SAMPLE].set_index("stage")["teacher"]
    assert of_stage[0.5] == short.score(*block.test)
    assert frame["test"].between(0, 1).all()
