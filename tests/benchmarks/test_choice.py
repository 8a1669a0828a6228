"""What searches expect is what their rows say."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import choice, gap, results, runs
from skdistill.search._choice import PRIOR, choose, expect_gain


def test_the_package_has_the_prior_of_the_rows():
    priors = results.read(choice.NAME).groupby("table")[choice.PRIOR].first()
    assert priors.mean().round(2).tolist() == list(PRIOR)


def test_what_a_search_saw_is_read_from_its_reason(monkeypatch):
    baseline = np.array([0.5, 0.6, 0.55])
    folds = np.array([baseline, baseline + np.array([0.1, 0.2, 0.12])])
    reasons = [
        choose(folds, baseline + lead, np.zeros(3), ["baseline", "best"]).reason
        for lead in (0.2, -0.1)
    ]
    scores = {"baseline_r2": 0.5, "default_r2": 0.6, "cv_r2": 0.7, "teacher_r2": 0.8}
    frame = pd.DataFrame([scores] * 2).assign(
        table="made_up", seed=0, student="tree", cv_reason=reasons, cv_alpha=[0.5, 0]
    )
    monkeypatch.setattr(runs, "read", lambda name: frame)
    rows = choice.collect(gap, gap.R2)
    seen = rows[["lead", "difference", "error"]].to_numpy()
    np.testing.assert_allclose(seen[0], [0.2, 0.14, 0.0306], atol=5e-5)
    assert np.isnan(seen[1]).all()
    # Where the baseline was kept, a single fit stands for what it might have gained.
    assert rows["gain"].tolist() == pytest.approx([0.2, 0.1])


@pytest.mark.slow
def test_a_prior_is_found_again():
    rng = np.random.default_rng(0)
    lead, error = rng.uniform(0.01, 0.2, 800), rng.uniform(0.001, 0.05, 800)
    prior = np.array([0.4, 0.3, 1.5, 0.8])
    gain = prior[0] * lead + rng.normal(size=800) * np.hypot(
        prior[1] * lead, prior[3] * error
    )
    seen = gain + prior[2] * error * rng.normal(size=800)
    rows = pd.DataFrame(
        {"lead": lead, "error": error, "difference": seen, "gain": gain}
    )
    mean, scale = expect_gain(seen, error, lead, prior)
    assert np.std((gain - mean) / scale) == pytest.approx(1, abs=0.05)
    # The scale of a t is less than the standard deviation of what it is fitted to.
    np.testing.assert_allclose(choice.fit_prior(rows), prior, rtol=0.3)


def test_a_rule_is_judged_by_what_it_takes():
    rows = [
        {"difference": 0.02, "error": 0.01, "gain": 0.04, "harm": 0.1},
        {"difference": 0.01, "error": 0.02, "gain": -0.02, "harm": 0.28},
        {"difference": -0.01, "error": 0.02, "gain": -0.01, "harm": 0.4},
        {"difference": np.nan, "error": np.nan, "gain": 0.5, "harm": np.nan},
    ]
    frame = pd.DataFrame(rows).assign(
        benchmark="gap", table=list("abcd"), student="tree", seed=0, held_out_lead=0.1
    )
    shown = choice.compare_rules(frame).set_index("distilled if")
    of_error = shown.loc["it gains more than the standard error"]
    assert of_error.tolist() == ["25%", "10.0%", "0 of 4", "0 of 4"]
    assert shown["pairs harmed"]["it gains"] == "1 of 4"
    assert shown["pairs harmed"]["the teacher leads"] == "2 of 4"
    assert shown["taken"]["it gains, and harm is less likely than 0.25"] == "25%"
    assert shown["taken"]["it gains, and harm is less likely than 0.3"] == "50%"
