"""The study of Dao et al. runs, and its report comes from raw rows."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import dao, dao_block, results


def _rows(cv=0.92):
    rows = []
    for table in dao.PAPER:
        for student in dao_block.STUDENTS:
            for seed in range(2):
                for way in dao_block.WAYS:
                    row = {"table": table, "student": student, "seed": seed}
                    row |= dict.fromkeys(
                        ("n_train", "n_test", "n_features", "transfer_size"), 2
                    )
                    auc = 0.9 + 0.01 * seed
                    if way == dao.CV:
                        auc = cv + 0.02 * seed
                    row |= {"way": way, "auc": auc, "alpha": 0.5, "strength": 30.0}
                    row |= {"leaves": 1000, "bytes": 2000}
                    rows.append(row)
    return pd.DataFrame(rows).assign(**results.versions())


def test_the_search_is_held_against_the_best_entry_of_the_column():
    assert dao.best_of_paper("adult", "40 trees") == (dao.BOUNDED, 0.9125)
    assert dao.best_of_paper("magic_telescope", "40 trees") == (dao.SCRATCH, 0.9315)
    text = dao.report(_rows())
    assert "above the best entry of the paper in 4 of 6 columns" in text
    assert "It is not in: magic_telescope, 10 trees (-0.0030)" in text
    assert "greater AUC in 12 of 12 pairs" in text
    assert "0.9000 (0.7410)" in text
    assert "0.9300 ± 0.0141" in text
    assert "0.5, 30; 0.5, 30" in text
    assert "It distils in all of them." in text
    frame = _rows()
    kept = (frame["table"] == "adult") & (frame["student"] == "1 tree")
    text = dao.report(frame.assign(alpha=frame["alpha"].mask(kept, 0.0)))
    assert "In adult, 1 tree it keeps the forest from scratch" in text
    assert "scratch; scratch" in text


def test_codes_stand_for_categories_and_the_paper_begins_with_the_test_part(
    tmp_path, monkeypatch
):
    frame = pd.DataFrame(
        {"age": [39, 50, 38], "work": ["b", None, "a"], "target": ["<", "<", ">"]}
    )
    frame.to_csv(tmp_path / "adult.csv.gz", index=False)
    monkeypatch.setattr(dao_block, "N_UCI_TEST", 1)
    X, y, is_code = dao_block.load_table("adult", tmp_path)
    assert X.tolist() == [[38, 0], [39, 1], [50, -1]]
    assert y.tolist() == [">", "<", "<"]
    assert is_code.tolist() == [False, True]


@pytest.fixture
def small(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    likely = 1 / (1 + np.exp(-3 * frame.sum(axis=1)))
    frame = frame.assign(kind=["x", "y", "z"] * 100)
    frame["target"] = np.where(rng.random(300) < likely, "g", "h")
    frame.to_csv(tmp_path / "made_up.csv.gz", index=False)
    monkeypatch.setattr(dao_block, "TEACHER_TREES", 50)
    monkeypatch.setattr(dao_block, "STRENGTHS", (30.0,))
    return tmp_path


def test_one_block_of_daos_study(small):
    frame = pd.DataFrame(dao.measure("made_up", ["10 trees"], 0, small))
    assert frame["way"].tolist() == list(dao_block.WAYS)
    auc = frame.set_index("way")["auc"]
    assert auc[dao_block.TEACHER] > auc[dao_block.SCRATCH] > 0.5
    assert (frame["n_train"].unique(), frame["n_test"].unique()) == (210, 90)
    # The refined student is no larger than the baseline, unlike the cross-fitted.
    leaves = frame.set_index("way")["leaves"]
    assert leaves[dao_block.CV] < 1.2 * leaves[dao_block.SCRATCH]
    assert leaves[dao_block.CV] < leaves[dao_block.CROSS_FITTED]
