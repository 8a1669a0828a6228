"""Weights of several teachers: identities, published formulas, and what helps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor

from skdistill.teachers import (
    AffineCalibration,
    Combination,
    Signal,
    TemperatureScaling,
    log_losses,
)

WORDS = ("uniform", "score", "stack", "row")


def values(n_samples=400, seed=0, scales=(0.5, 1.0, 2.0)):
    """Return predictions of teachers with independent errors, and the labels."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n_samples)
    errors = rng.normal(size=(n_samples, len(scales))) * scales
    return y[:, None] + errors, y


def logits(n_samples=400, seed=0, n_classes=3, lifts=(2.0, 1.0, 0.3)):
    """Return logits of teachers that know the label more or less well, and it."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(n_classes, size=n_samples)
    noise = rng.normal(size=(n_samples, len(lifts), n_classes))
    lift = np.asarray(lifts)[:, None] * np.eye(n_classes)[codes][:, None]
    return noise + lift, codes


# --- what is combined ---


def test_uniform_weights_give_the_mean_of_values_or_probabilities():
    stacked, y = values()
    combined = Combination().fit(stacked, y)
    assert_allclose(combined.transform(stacked), stacked.mean(axis=1))
    assert combined.of_ == "values"
    z, codes = logits()
    combined = Combination().fit(z, codes)
    expected = softmax(z, axis=2).mean(axis=1)
    assert_allclose(softmax(combined.transform(z), axis=1), expected)
    assert combined.of_ == "probabilities"


def test_a_mean_of_logits_is_the_normalised_product_of_probabilities():
    z, codes = logits()
    combined = Combination([1, 2, 1], of="logits").fit(z, codes)
    product = np.prod(softmax(z, axis=2) ** np.array([1, 2, 1])[:, None], axis=1)
    expected = product ** (1 / 4)
    expected /= expected.sum(axis=1, keepdims=True)
    assert_allclose(softmax(combined.transform(z), axis=1), expected)


@pytest.mark.parametrize("of", ["probabilities", "logits"])
@pytest.mark.parametrize("weights", WORDS)
def test_classes_without_probability_stay_finite_where_any_teacher_knows(of, weights):
    z, codes = logits()
    z[0, 0, 1] = z[1, :, 2] = -np.inf
    z[2, 0] = [-np.inf, 0, -np.inf]
    combined = Combination(weights, of=of).fit(z, codes).transform(z)
    assert not np.isnan(combined).any()
    if of == "probabilities":
        assert combined[1, 2] == -np.inf
    if weights != "stack":  # The first teacher, which knows most, counts alone there.
        assert np.isfinite(combined[0]).all()
    assert_allclose(softmax(combined, axis=1).sum(axis=1), 1)


@pytest.mark.parametrize("weights", WORDS)
def test_several_outputs_are_combined_alike(weights):
    first, y = values(seed=1)
    second, z = values(seed=2)
    one = Combination(weights).fit(first, y)
    both = Combination(weights).fit(np.dstack([first, first]), np.column_stack([y, y]))
    assert_allclose(
        both.transform(np.dstack([first, first]))[:, 1], one.transform(first)
    )
    shape = np.dstack([first, second]).shape
    combined = Combination(weights).fit(
        np.dstack([first, second]), np.column_stack([y, z])
    )
    assert combined.transform(np.zeros(shape)).shape == (shape[0], shape[2])


@pytest.mark.parametrize("weights", WORDS)
def test_the_unit_of_the_labels_does_not_count(weights):
    stacked, y = values()
    plain = Combination(weights).fit(stacked, y).transform(stacked)
    other = Combination(weights).fit(1e-6 * stacked + 5, 1e-6 * y + 5)
    assert_allclose(
        (other.transform(1e-6 * stacked + 5) - 5) * 1e6, plain, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("weights", WORDS)
@pytest.mark.parametrize("make", [values, logits])
def test_repeated_samples_count_as_weights_do(weights, make):
    stacked, y = make()
    weight = np.random.default_rng(0).integers(0, 4, size=len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    weighted = Combination(weights).fit(stacked, y, weight.astype(float))
    repeated = Combination(weights).fit(stacked[rows], y[rows])
    combined = weighted.transform(stacked)
    assert_allclose(combined, repeated.transform(stacked), atol=1e-3)


# --- the weights ---


def test_scores_give_weights_inverse_to_the_squared_error():
    stacked, y = values(20_000)
    combined = Combination("score").fit(stacked, y)
    inverse = 1 / ((stacked - y[:, None]) ** 2).mean(axis=0)
    assert_allclose(combined.weights_, inverse / inverse.sum())
    # Independent errors: the best there are, of the variance 1 / (4 + 1 + 1/4).
    error = np.mean((combined.transform(stacked) - y) ** 2)
    assert error == pytest.approx(1 / 5.25, rel=0.05)
    z, codes = logits()
    inverse = 1 / ((softmax(z, axis=2) - np.eye(3)[codes][:, None]) ** 2).sum(
        axis=2
    ).mean(axis=0)
    combined = Combination("score").fit(z, codes)
    assert_allclose(combined.weights_, inverse / inverse.sum())


def test_a_teacher_without_error_has_all_weight():
    stacked, y = values()
    perfect = np.column_stack([stacked, y])
    for weights in ("score", "stack"):
        combined = Combination(weights).fit(perfect, y)
        assert_allclose(combined.weights_, [0, 0, 0, 1], atol=1e-4)
    assert_allclose(Combination("row").fit(perfect, y).transform(perfect), y, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_stacked_weights_have_the_least_squared_error_on_the_simplex(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=300)
    shared = rng.normal(size=300)  # Correlated errors, and one teacher off the mean.
    stacked = np.column_stack(
        [y + shared + s * rng.normal(size=300) for s in (0.3, 0.6, 1.5)]
    )
    stacked[:, 2] += 0.3
    found = Combination("stack").fit(stacked, y)

    def loss(w):
        return np.mean((stacked @ w - y) ** 2)

    best = minimize(
        loss,
        np.full(3, 1 / 3),
        method="SLSQP",
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14},
    )
    assert loss(found.weights_) <= best.fun + 1e-6
    assert found.weights_.sum() == pytest.approx(1)
    assert found.weights_.min() >= 0
    assert found.loss_ * y.var() == pytest.approx(loss(found.weights_))


@pytest.mark.parametrize("of", ["probabilities", "logits"])
def test_stacked_weights_have_the_least_log_loss_on_the_simplex(of):
    z, codes = logits()

    def loss(w):
        combined = Combination(w, of=of).fit(z, codes).transform(z)
        return log_losses(combined, codes).mean()

    found = loss(Combination("stack", of=of).fit(z, codes).weights_)
    grid = np.random.default_rng(0).dirichlet(np.ones(3), size=300)
    assert found <= min(loss(w) for w in (*np.eye(3), *grid)) + 1e-6


def test_equal_teachers_are_each_of_them():
    stacked, y = values(scales=(1.0,))
    twice = np.repeat(stacked, 2, axis=1)
    for weights in WORDS:
        combined = Combination(weights).fit(twice, y)
        assert_allclose(combined.transform(twice), stacked[:, 0])


def test_weights_by_row_follow_where_a_teacher_is_good():
    rng = np.random.default_rng(0)
    y = rng.uniform(-1, 1, size=4000)
    low = np.where(y < 0, 0.05, 0.5)
    noise = rng.normal(size=(4000, 2))
    stacked = np.column_stack([y + low * noise[:, 0], y + (0.55 - low) * noise[:, 1]])
    train, test = slice(2000), slice(2000, None)
    errors = {
        weights: np.mean(
            (
                Combination(weights)
                .fit(stacked[train], y[train])
                .transform(stacked[test])
                - y[test]
            )
            ** 2
        )
        for weights in ("uniform", "stack", "row")
    }
    assert errors["row"] < 0.7 * min(errors["uniform"], errors["stack"])


def test_given_weights_count_over_their_sum():
    stacked, y = values()
    combined = Combination([1, 3, 0]).fit(stacked, y)
    assert_array_equal(combined.weights_, [0.25, 0.75, 0])
    called = Combination(lambda predictions: np.tile([1, 3, 0], (len(predictions), 1)))
    assert called.fit(stacked, y).weights_ is None
    assert_array_equal(called.transform(stacked), combined.transform(stacked))


# --- on pure noise ---


@pytest.mark.parametrize("weights", WORDS)
def test_nothing_is_learned_from_noise(weights):
    gains = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        stacked, y = rng.normal(size=(300, 3)), rng.normal(size=300)
        combined = Combination(weights).fit(stacked[:200], y[:200])
        seen, new = (
            np.corrcoef(combined.transform(stacked[part]), y[part])[0, 1]
            for part in (slice(200), slice(200, None))
        )
        gains.append((seen, new))
    seen, new = np.mean(gains, axis=0)
    # What three weights and a sample's own hundredth of its window make of noise.
    assert seen < 0.2
    assert abs(new) < 0.08


# --- real teachers, held-out samples ---


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["score", "stack", "row"])
def test_learned_weights_keep_a_weak_teacher_from_spoiling_values(weights):
    gains = []
    for seed in range(4):
        X, y = make_friedman1(900, noise=1.0, random_state=seed)
        teachers = (
            ExtraTreesRegressor(50, random_state=seed),
            LinearRegression(),
            KNeighborsRegressor(1),
        )
        out_of_fold = [cross_val_predict(t, X[:400], y[:400]) for t in teachers]
        new = [t.fit(X[:400], y[:400]).predict(X[400:]) for t in teachers]
        errors = [
            np.mean(
                (
                    Combination(w)
                    .fit(np.column_stack(out_of_fold), y[:400])
                    .transform(np.column_stack(new))
                    - y[400:]
                )
                ** 2
            )
            for w in ("uniform", weights)
        ]
        gains.append(errors[0] - errors[1])
    assert min(gains) > 0


@pytest.mark.slow
def test_stacked_weights_keep_a_weak_teacher_from_spoiling_classes():
    gains = []
    for seed in range(4):
        X, codes = make_classification(
            1200, 10, n_informative=6, n_classes=3, random_state=seed
        )
        train, test = slice(500), slice(500, None)
        teachers = (
            ExtraTreesClassifier(50, random_state=seed),
            LogisticRegression(max_iter=500),
            GaussianNB(),
        )
        out_of_fold, new = [], []
        for teacher in teachers:
            held_out = cross_val_predict(
                teacher, X[train], codes[train], method="predict_proba"
            )
            fitted = teacher.fit(X[train], codes[train])
            out_of_fold.append(np.log(np.maximum(held_out, 1e-9)))
            new.append(np.log(np.maximum(fitted.predict_proba(X[test]), 1e-9)))
        losses = [
            log_losses(
                Combination(w)
                .fit(np.stack(out_of_fold, axis=1), codes[train])
                .transform(np.stack(new, axis=1)),
                codes[test],
            ).mean()
            for w in ("uniform", "stack")
        ]
        gains.append(losses[0] - losses[1])
    assert min(gains) > 0


# --- what is refused ---


@pytest.mark.parametrize(
    ("combination", "message"),
    [
        (Combination("best"), "'weights' parameter of Combination"),
        (Combination([1, 2]), r"each of the 3 teachers. Got an array of shape \(2,\)"),
        (Combination([1, -1, 2]), "not negative and not all 0. Got weights from -1"),
        (Combination([0, 0, 0]), "not all 0"),
        (Combination([1, np.nan, 1]), "finite weights"),
        (Combination(of="logits"), "must be 'values' for a regression. Got 'logits'"),
        (Combination(of="odds"), "'of' parameter of Combination"),
        (Combination(lambda p: np.ones(len(p))), "here \\(400, 3\\). Got shape"),
        (Combination(lambda p: -np.ones(p.shape)), "Each row that the 'weights'"),
    ],
)
def test_what_is_no_combination_is_refused(combination, message):
    with pytest.raises(ValueError, match=message):
        combination.fit(*values())


def test_values_are_no_combination_of_classes():
    with pytest.raises(ValueError, match="'probabilities' or 'logits' for a class"):
        Combination(of="values").fit(*logits())


# --- the signal of several ---


def test_a_combined_signal_keeps_those_that_it_is_of():
    stacked, y = values()
    parts = [
        Signal.of(one, y, None, is_out_of_fold=True, is_classifier=False).then(
            AffineCalibration(), y, None
        )
        for one in stacked.T
    ]
    signal = Signal.combined(parts, Combination("stack"), y, None)
    assert signal.parts == tuple(parts)
    assert signal.score > max(part.score for part in parts)
    later = signal.then(AffineCalibration(), y, None)
    assert later.parts == signal.parts
    assert len(later.steps) == 2
    # Other samples go the same way as the training samples.
    assert_allclose(later.transform([*stacked.T]), later.predictions)
    assert_allclose(
        signal.transform_each([*stacked.T]), [part.predictions for part in parts]
    )


def test_one_that_has_seen_the_labels_makes_all_in_sample():
    z, codes = logits()
    parts = [
        Signal.of(part, codes, None, is_out_of_fold=unseen, is_classifier=True)
        for part, unseen in zip(np.moveaxis(z, 1, 0), (True, True, False), strict=True)
    ]
    signal = Signal.combined(parts, Combination(), codes, None)
    assert not signal.is_out_of_fold
    assert signal.score is None
    calibrated = [part.then(TemperatureScaling(), codes, None) for part in parts[:2]]
    assert Signal.combined(calibrated, Combination(), codes, None).score > 0.5
