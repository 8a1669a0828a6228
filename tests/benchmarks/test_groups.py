import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from benchmarks import groups
from benchmarks.groups import BASELINE, GROUPS, ROWS


@pytest.fixture
def days(monkeypatch):
    """Draw rows of 60 days, each with a level of its own, which its number hides."""
    rng = np.random.default_rng(0)
    day = np.repeat(np.arange(60), 10)
    X = pd.DataFrame({"day": day, "hour": np.tile(np.arange(10), 60)})
    y = 3 * rng.normal(size=60)[day] + rng.normal(size=600)
    monkeypatch.setattr(groups.gap_block, "load_table", lambda *args: (X, y))
    monkeypatch.setattr(groups, "N_TRAIN", 205)
    return X, y


def test_no_group_is_on_both_sides(days):
    X, X_test, y, y_test, of = groups.load("bike_hour", 0, None)
    assert len(X) == len(y) == len(of) == 200
    assert len(X_test) == len(y_test) == 300
    assert not {*X[:, 0]} & {*X_test[:, 0]}
    assert all(len({*X[of == one, 0]}) == 1 for one in np.unique(of))


def test_folds_are_of_rows_or_of_groups(days, monkeypatch):
    teacher = ExtraTreesRegressor(20, random_state=0)
    monkeypatch.setattr(groups, "build_teacher", lambda *args, **kwargs: teacher)
    rows = groups.measure("bike_hour", 0, ["tree"], None)
    losses = {row["way"]: row["loss"] for row in rows}
    assert [*losses] == [BASELINE, ROWS, GROUPS]
    # A teacher that knows a row's day by its other rows teaches what no new day has.
    assert losses[GROUPS] < losses[ROWS] - 0.05


def test_the_report_counts_the_cases():
    losses = {BASELINE: 0.35, ROWS: 0.4, GROUPS: 0.3}
    facts = {"table": "bike_hour", "n_train": 600, "n_groups": 25, "student": "tree"}
    frame = pd.DataFrame(
        [
            facts
            | {"seed": seed, "way": way, "loss": losses[way]}
            | groups.results.versions()
            for seed in range(2)
            for way in groups.WAYS
        ]
    )
    text = groups.report(frame)
    assert "a lower loss than folds of rows in 2 of 2 cases, by +0.1000" in text
    assert f"more than 0.003: {ROWS} 2, {GROUPS} 0." in text
