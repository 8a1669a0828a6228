"""Hinton's study runs, and its report comes from raw rows."""

import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from benchmarks import hinton, hinton_block, results


def _hinton_rows():
    rows = []
    for seed, shift in enumerate((-0.01, 0.01)):
        block = {"table": "made_up", "student": "boosting", "seed": seed}
        block |= {"n_train": 10, "n_test": 5}

        def add(way, valid, test, block=block, shift=shift, **settings):
            scores = {
                f"{part}_{metric}": (value if metric == "accuracy" else 1 - value)
                for part, value in (("valid", valid), ("test", test + shift))
                for metric in hinton.SIGN
            }
            rows.append(block | {"way": way} | settings | scores)

        for targets in hinton_block.TARGETS:
            for soften in ("both", "teacher"):
                for T, valid, test in ((1.0, 0.7, 0.75), (4.0, 0.6, 0.9)):
                    test = test - 0.1 * (soften == "teacher")
                    add(
                        hinton.DISTILLED,
                        valid,
                        test,
                        targets=targets,
                        soften=soften,
                        alpha=0.5,
                        temperature=T,
                    )
        add(hinton.ENSEMBLE, 0.8, 0.8)
        for member in (0.55, 0.65):
            add(hinton.SINGLE, member, member)
    return pd.DataFrame(rows).assign(**results.versions())


def test_what_one_student_keeps_of_the_ten():
    summary = hinton.summarise(_hinton_rows(), "accuracy").set_index("soften")
    # One model has 0.6, the ten 0.8; T is chosen by validation, not by the test rows.
    assert summary.loc["both", "kept"].tolist() == pytest.approx([0.75, 0.75])
    assert summary.loc["teacher", "kept"].tolist() == pytest.approx([0.25, 0.25])
    assert set(summary["chosen"]) == {"0.5/1, 0.5/1"}
    loss = hinton.summarise(_hinton_rows(), "log_loss").set_index("soften")
    assert loss.loc["both", "kept"].tolist() == pytest.approx([0.75, 0.75])


def test_nothing_is_kept_of_too_small_a_lead():
    frame = _hinton_rows()
    single = frame["way"] == hinton.SINGLE
    frame.loc[single, "test_accuracy"] = 0.798
    summary = hinton.summarise(frame, "accuracy")
    assert summary["kept"].isna().all()
    assert "too little" in hinton.conclude(summary)


def test_hintons_report_stands_beside_the_source():
    text = hinton.report(_hinton_rows())
    assert "| Hinton et al. |" in text
    assert "86%" in text
    assert "both) keeps more than tempering the teacher alone in 2 of 2 rows" in text
    weights = hinton.list_weights(_hinton_rows())
    assert weights.iloc[-1].tolist() == ["0.5", "4", "0.5", "8", "16"]


@pytest.fixture
def small(tmp_path, monkeypatch):
    X, y = load_digits(return_X_y=True)
    frame = pd.DataFrame(X[:1000, 8:40]).assign(target=y[:1000] % 4)
    frame.columns = frame.columns.astype(str)
    frame.to_csv(tmp_path / "letter_recognition.csv.gz", index=False)
    sizes = {"N_TRAIN": 400, "N_VALID": 200, "N_MEMBERS": 2, "N_FOLDS": 2}
    for name, value in (sizes | {"ALPHAS": (0.5,)}).items():
        monkeypatch.setattr(hinton_block, name, value)
    return tmp_path


def test_one_block_of_hintons_study(small, monkeypatch):
    logistic = LogisticRegression(max_iter=1000)
    monkeypatch.setattr(hinton_block, "build_student", lambda *_: logistic)
    monkeypatch.setattr(hinton_block, "TEMPERATURES", (1.0, 2.0))
    rows = hinton.measure("letter_recognition", "network", 0, small)
    frame = pd.DataFrame(rows)
    counts = frame["way"].value_counts()
    assert counts.to_dict() == {"distilled": 4, "single": 2, "ensemble": 1}
    assert frame["n_train"].unique().tolist() == [400]
    assert frame.loc[frame["way"] == "ensemble", "test_accuracy"].item() > 0.7


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_at_temperature_1_both_ways_are_one(small, monkeypatch):
    monkeypatch.setattr(hinton_block, "TEMPERATURES", (1.0,))
    rows = hinton.measure("letter_recognition", "boosting", 0, small)
    frame = pd.DataFrame(rows)
    scores = frame[frame["way"] == "distilled"].pivot_table(
        "test_log_loss", "targets", "soften"
    )
    assert scores.shape == (2, 2)
    assert scores["both"].tolist() == scores["teacher"].tolist()
    members = frame.loc[frame["way"] == "single", "test_log_loss"]
    # The seeds make them differ, and the mean of the two is better than they are.
    ensemble = frame.loc[frame["way"] == "ensemble", "test_log_loss"].item()
    assert ensemble < members.mean() < members.max()
