"""The study of Lopez-Paz et al. runs, and its report comes from raw rows."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import lopez_paz, results
from benchmarks.lopez_paz import BASELINE, EXPERIMENTS, IN_SAMPLE, TEACHER, WAYS


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_labels_are_those_of_the_experiment(experiment):
    rng = np.random.default_rng(0)
    weights, relevant = rng.normal(size=50), np.array([7, 3, 40])
    X, seen, y = lopez_paz.simulate(experiment, 5000, weights, relevant, rng)
    assert X.shape == (5000, 50)
    if experiment == "clean labels":
        np.testing.assert_allclose(seen[:, 0], X @ weights)
        assert 0.9 < np.mean((seen[:, 0] > 0) == y) < 1
    elif experiment == "clean features":
        assert (y == (seen @ weights > 0)).all()
        assert np.std(X - seen) == pytest.approx(1, abs=0.02)
    else:
        assert seen.shape == (5000, 3)
        assert (y == (seen @ weights[:3] > 0)).all()
        columns = (X[:, :, None] == seen[:, None]).argmax(axis=1)
        n_distinct = len(np.unique(columns[:, 0]))
        assert n_distinct == (50 if experiment.endswith("sample") else 1)


def test_the_teacher_sees_the_privileged_columns_alone(monkeypatch):
    monkeypatch.setattr(lopez_paz, "N_TEST", 500)
    rows = pd.DataFrame(lopez_paz.measure("relevant features", 0)).set_index("way")
    assert [*rows.index] == [*WAYS]
    assert rows.loc[TEACHER, "accuracy"] > 0.95
    assert rows.loc[IN_SAMPLE, "accuracy"] > rows.loc[BASELINE, "accuracy"] + 0.03
    assert rows["alpha"].notna().sum() == 1


def test_gains_are_paired_and_held_against_the_source():
    rows = [
        {"experiment": name, "seed": seed, "way": way, "alpha": 0.0}
        | {"accuracy": 0.8 + 0.01 * seed + 0.07 * (way == IN_SAMPLE)}
        for name in EXPERIMENTS
        for seed in range(3)
        for way in WAYS
    ]
    text = lopez_paz.report(pd.DataFrame(rows).assign(**results.versions()))
    assert "Clean labels: the source's gain of +7 is met, with +7.0 in-sample." in text
    assert "Clean features: the source's gain of +2 is not met" in text
    assert "| 88 ± 1" in text
    assert "| +7.0 ± 0.0 | 3 of 3" in text
    assert "clean labels 100%" in text
