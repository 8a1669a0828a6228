"""Trust for each sample: the formulas, what they do at their ends, what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from skdistill.teachers import (
    AttentiveTrust,
    CallableTrust,
    ConfidenceTrust,
    CorrectedTrust,
    Evidence,
    MatchingTrust,
    OutlierTrust,
    SpreadTrust,
    Trust,
)

EVERY = (
    AttentiveTrust,
    OutlierTrust,
    ConfidenceTrust,
    MatchingTrust,
    CorrectedTrust,
    SpreadTrust,
)


def of_values(n_samples=200, n_outputs=None, seed=0, **given):
    rng = np.random.default_rng(seed)
    shape = (n_samples,) if n_outputs is None else (n_samples, n_outputs)
    y = rng.normal(size=shape)
    parts = y[:, None] + rng.normal(size=(n_samples, 3, *shape[1:]))
    return Evidence(parts.mean(axis=1), False, y, parts, **given)


def of_classes(n_samples=200, n_classes=3, seed=0, **given):
    rng = np.random.default_rng(seed)
    codes = rng.integers(n_classes, size=n_samples)
    parts = np.eye(n_classes)[codes][:, None] + rng.normal(
        size=(n_samples, 3, n_classes)
    )
    return Evidence(parts.mean(axis=1), True, codes, parts, **given)


def brier(evidence):
    p = softmax(evidence.predictions, axis=1)
    return ((p - np.eye(p.shape[1])[evidence.labels]) ** 2).sum(axis=1) / 2


@pytest.mark.parametrize("trust", EVERY)
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_are_from_zero_to_one(trust, weighted):
    weight = np.random.default_rng(1).random(200) if weighted else None
    for evidence in (
        of_values(weight=weight),
        of_values(n_outputs=2, weight=weight),
        of_classes(weight=weight, temperature=2.0),
        of_classes(weight=weight, temperature=0.5),
    ):
        if not (evidence.is_classifier or trust.takes_values):
            continue
        fitted = trust().fit(evidence)
        weights = fitted.weights(evidence)
        assert weights.shape == (200,)
        assert weights.min() >= 0
        assert weights.max() <= 1
        alphas = fitted.alphas(0.4, evidence)
        if trust is not OutlierTrust:
            assert_allclose(alphas, 0.4 * weights)


@pytest.mark.parametrize("trust", [AttentiveTrust, CorrectedTrust, SpreadTrust])
def test_the_unit_of_the_labels_does_not_count(trust):
    plain = of_values()
    other = Evidence(
        1e-6 * plain.predictions + 3,
        False,
        1e-6 * plain.labels + 3,
        1e-6 * plain.parts + 3,
    )
    assert_allclose(
        trust().fit(other).weights(other), trust().fit(plain).weights(plain), rtol=1e-5
    )
    assert_array_equal(
        OutlierTrust(1.5).fit(other).is_outlier(other),
        OutlierTrust(1.5).fit(plain).is_outlier(plain),
    )


# --- attentive ---


def test_attentive_weights_are_those_of_the_paper():
    evidence = of_values()
    errors = (evidence.labels - evidence.predictions) ** 2
    expected = np.clip(1 - errors / (errors.max() - errors.min()), 0, 1)
    assert_allclose(AttentiveTrust().fit(evidence).weights(evidence), expected)
    evidence = of_classes()
    errors = brier(evidence)
    expected = np.clip(1 - errors / np.ptp(errors), 0, 1)
    assert_allclose(AttentiveTrust().fit(evidence).weights(evidence), expected)


def test_equal_errors_are_believed_alike():
    evidence = Evidence(np.array([1.0, 3.0]), False, np.array([0.0, 2.0]))
    assert_array_equal(AttentiveTrust().fit(evidence).weights(evidence), [1, 1])


def test_samples_of_no_weight_have_no_say_in_the_range():
    given = of_values(weight=np.r_[np.ones(199), 0.0])
    far = Evidence(
        np.r_[given.predictions[:199], 1e6], False, given.labels, weight=given.weight
    )
    assert AttentiveTrust().fit(far).range_ == AttentiveTrust().fit(given).range_


# --- outliers ---


def test_outliers_are_beyond_the_threshold_of_robust_deviations():
    evidence = of_values(2000)
    distance = np.abs(evidence.labels - evidence.predictions)
    found = OutlierTrust(2.0).fit(evidence).is_outlier(evidence)
    assert_array_equal(found, distance > 2 * 1.4826 * np.sort(distance)[999])
    # Normal residuals: 4.55 % lie beyond two standard deviations.
    assert found.mean() == pytest.approx(0.0455, abs=0.015)
    alphas = OutlierTrust(2.0).fit(evidence).alphas(0.3, evidence)
    assert_array_equal(alphas, np.where(found, 1.0, 0.3))


def test_a_class_is_an_outlier_by_the_odds_against_it():
    logits = np.log([[0.8, 0.2], [0.7, 0.3], [0.2, 0.8]])
    evidence = Evidence(logits, True, np.array([1, 1, 1]))
    assert_array_equal(
        OutlierTrust(3.0).fit(evidence).is_outlier(evidence), [True, False, False]
    )


def test_the_median_counts_weights_as_repeated_samples():
    evidence = of_values()
    weight = np.random.default_rng(0).integers(0, 4, size=200)
    rows = np.repeat(np.arange(200), weight)
    weighted = Evidence(
        evidence.predictions, False, evidence.labels, weight=weight.astype(float)
    )
    repeated = Evidence(evidence.predictions[rows], False, evidence.labels[rows])
    assert_array_equal(
        OutlierTrust().fit(weighted).scale_, OutlierTrust().fit(repeated).scale_
    )


# --- corrected ---


@pytest.mark.parametrize("c", [0.1, 1.0])
def test_corrected_targets_are_those_of_the_published_code(c):
    rng = np.random.default_rng(0)
    p, y = rng.random(100), rng.integers(2, size=100)
    with np.errstate(divide="ignore"):
        evidence = Evidence(np.log(np.column_stack([1 - p, p])), True, y)
    alphas = CorrectedTrust(c).fit(evidence).alphas(1.0, evidence)
    correction = c / (c + (y - p) ** 2)
    assert_allclose((1 - alphas) * y + alphas * p, p + correction * (y - p))


def test_corrections_are_bounded():
    far = Evidence(np.zeros(3), False, np.array([-1e3, 0.0, 1e3]))
    trust = CorrectedTrust(0.01).fit(far)
    scale = far.labels.std()
    moved = (1 - trust.weights(far)) * far.labels / scale
    assert np.abs(moved).max() <= np.sqrt(0.01) / 2 + 1e-12


# --- by the predictions alone ---


def test_matching_weights_are_those_of_the_paper_up_to_a_factor():
    evidence = of_classes(temperature=4.0)
    p = softmax(evidence.predictions, axis=1)
    ratio = MatchingTrust().weights(evidence) / (p ** (1 / 4)).sum(axis=1)
    assert_allclose(ratio, 1 / 3 ** (3 / 4))


def test_matching_at_temperature_one_is_ordinary_distillation():
    assert_allclose(MatchingTrust().weights(of_classes()), 1)


def test_confidence_is_the_largest_probability():
    evidence = of_classes()
    p = softmax(evidence.predictions, axis=1)
    assert_allclose(ConfidenceTrust().weights(evidence), p.max(axis=1))


def test_spread_weighs_a_prediction_by_its_variance_beside_the_error():
    evidence = of_values()
    error = np.mean((evidence.labels - evidence.predictions) ** 2)
    variance = evidence.parts.var(axis=1)
    trust = SpreadTrust().fit(evidence)
    assert_allclose(trust.weights(evidence), error / (error + variance))
    evidence = of_classes()
    variance = softmax(evidence.parts, axis=2).var(axis=1).sum(axis=1) / 2
    error = brier(evidence).mean()
    trust = SpreadTrust().fit(evidence)
    assert_allclose(trust.weights(evidence), error / (error + variance))


def test_teachers_that_agree_are_believed():
    evidence = of_values()
    same = np.repeat(evidence.predictions[:, None], 3, axis=1)
    trust = SpreadTrust().fit(evidence)
    alike = Evidence(evidence.predictions, False, parts=same)
    assert_allclose(trust.weights(alike), 1)
    assert_allclose(trust.weights(Evidence(evidence.predictions, False)), 1)


# --- what is refused ---


@pytest.mark.parametrize(
    "trust", [OutlierTrust(0), OutlierTrust("all"), CorrectedTrust(-1.0)]
)
def test_parameters_are_checked(trust):
    with pytest.raises(ValueError, match=f"parameter of {type(trust).__name__}"):
        trust.fit(of_values())


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda t, y: np.ones(3), r"each of the 200 .* Got an array of shape \(3,\)"),
        (lambda t, y: 2 * np.ones(200), "weights from 0 to 1. Got some from 2 to 2"),
        (lambda t, y: np.full(200, np.nan), "weights from 0 to 1"),
    ],
)
def test_what_a_callable_returns_is_checked(function, message):
    with pytest.raises(ValueError, match=message):
        CallableTrust(function).weights(of_values())


def test_a_trust_without_weights_is_none():
    with pytest.raises(NotImplementedError):
        Trust().fit(of_values()).weights(of_values())


def test_where_most_predictions_are_right_few_of_the_others_are_outliers():
    rng = np.random.default_rng(0)
    counts = np.where(np.arange(1000) < 600, 0.0, rng.normal(5, 1, 1000))
    predictions = np.where(counts > 0, 5.0, 1e-12)
    predictions[0] = 9.0
    evidence = Evidence(predictions, False, counts)
    trust = OutlierTrust(threshold=4).fit(evidence)
    assert trust.scale_ == pytest.approx(1.2533 * np.mean(abs(predictions - counts)))
    assert np.flatnonzero(trust.is_outlier(evidence)).tolist()[0] == 0
    assert trust.is_outlier(evidence).mean() < 0.1
    exact = Evidence(counts, False, counts)
    assert not OutlierTrust().fit(exact).is_outlier(exact).any()
