"""The certificate: exact figures, and its coverage by simulation."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.inspect import FidelityCertificate


def test_the_distance_is_an_order_statistic():
    teacher = np.zeros(99)
    student = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))
    student[::2] *= -1
    for level, rank in ((0.9, 90), (0.95, 95), (0.99, 99), (0.5, 50), (0.07, 7)):
        certificate = FidelityCertificate.from_values(teacher, student, level=level)
        assert certificate.bound == rank
    assert (certificate.n_samples, certificate.observed) == (99, 50)


def test_too_few_rows_give_no_finite_bound():
    enough = FidelityCertificate.from_values(np.zeros(19), np.arange(19.0))
    assert enough.bound == 18
    few = FidelityCertificate.from_values(np.zeros(18), np.arange(18.0))
    assert few.bound == np.inf
    assert str(few) == (
        "18 held-out samples are too few for a bound at level 0.95: it takes 19."
    )


def test_of_several_outputs_the_largest_distance_counts():
    teacher, student = np.zeros((19, 2)), np.tile([1.0, -3.0], (19, 1))
    assert FidelityCertificate.from_values(teacher, student).bound == 3


@pytest.mark.parametrize(("count", "n_samples"), [(0, 50), (3, 50), (49, 50)])
def test_the_fraction_is_the_one_at_which_so_few_become_unlikely(count, n_samples):
    student = np.arange(n_samples) < count
    bound = FidelityCertificate.from_labels(
        np.zeros(n_samples), student, level=0.9
    ).bound
    assert binom.cdf(count, n_samples, bound) == pytest.approx(0.1)


def test_no_agreement_bounds_nothing():
    assert FidelityCertificate.from_labels(["a"] * 3, ["b"] * 3).bound == 1


def test_without_disagreement_the_bound_is_about_three_by_the_rows():
    bound = FidelityCertificate.from_labels([0] * 1000, [0] * 1000).bound
    assert bound == pytest.approx(1 - 0.05 ** (1 / 1000))


@pytest.mark.parametrize("n_samples", [19, 100, 333])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_distance_covers_new_rows(n_samples, level):
    rng, n_trials, covered = np.random.default_rng(0), 1500, 0
    for _ in range(n_trials):
        distance = rng.standard_cauchy(n_samples + 1)  # No moments, and yet.
        bound = FidelityCertificate.from_values(
            np.zeros(n_samples), distance[:-1], level=level
        ).bound
        covered += abs(distance[-1]) <= bound
    error = np.sqrt(level * (1 - level) / n_trials)
    assert level - 3 * error < covered / n_trials < level + 1 / n_samples + 3 * error


@pytest.mark.parametrize("fraction", [0.01, 0.2])
@pytest.mark.parametrize("n_samples", [50, 400])
def test_the_bound_on_disagreement_covers_the_true_fraction(fraction, n_samples):
    rng, n_trials, level = np.random.default_rng(0), 1000, 0.9
    bounds = [
        FidelityCertificate.from_labels(
            np.zeros(n_samples), rng.uniform(size=n_samples) < fraction, level=level
        ).bound
        for _ in range(n_trials)
    ]
    error = np.sqrt(level * (1 - level) / n_trials)
    assert np.mean(np.array(bounds) >= fraction) > level - 3 * error


@pytest.mark.slow
def test_the_certificate_of_fitted_models_covers_new_rows():
    rng = np.random.default_rng(0)

    def draw(n_samples):
        X = rng.normal(size=(n_samples, 4))
        return X, X[:, 0] * X[:, 1] + rng.standard_t(2, size=n_samples)

    model = DistilledRegressor(Ridge(), DecisionTreeRegressor(max_depth=3))
    model.fit(*draw(300))
    covered = []
    for _ in range(2000):
        X, _ = draw(60)
        bound = FidelityCertificate.from_estimator(model, X, level=0.9).bound
        new = draw(50)[0]
        distance = np.abs(model.predict(new) - model.teacher_.predict(new))
        covered.append((distance <= bound).mean())
    assert 0.9 - 0.005 < np.mean(covered) < 0.9 + 1 / 60 + 0.005


def test_the_certificate_of_a_distilled_model_is_that_of_its_predictions():
    X, y = load_diabetes(return_X_y=True)
    model = DistilledRegressor(Ridge(), DecisionTreeRegressor(max_depth=3))
    model.fit(X[:300], y[:300])
    X = X[300:]
    assert FidelityCertificate.from_estimator(
        model, X, level=0.8
    ) == FidelityCertificate.from_values(
        model.teacher_.predict(X), model.predict(X), level=0.8
    )
    X, y = load_iris(return_X_y=True)
    model = DistilledClassifier(
        LogisticRegression(max_iter=500), DecisionTreeClassifier(max_depth=2)
    ).fit(X[::2], y[::2])
    certificate = FidelityCertificate.from_estimator(model, X[1::2])
    assert certificate.kind == "disagreement"
    assert certificate == FidelityCertificate.from_labels(
        model.teacher_.predict(X[1::2]), model.predict(X[1::2])
    )


def test_the_statement_tells_level_and_sample_size():
    certificate = FidelityCertificate.from_values(np.zeros(40), np.full(40, 0.5))
    assert certificate.to_dict() == {
        "kind": "distance",
        "level": 0.95,
        "n_samples": 40,
        "bound": 0.5,
        "observed": 0.5,
        "statement": "For a new sample the student is within 0.5 of the teacher with "
        "probability 0.95 or more (0.5 in the mean of 40 held-out samples; conformal "
        "bound).",
    }
    shown = str(FidelityCertificate.from_labels([0] * 40, [0] * 39 + [1], level=0.9))
    assert "confidence 0.9 " in shown
    assert "2.5% of 40 held-out samples" in shown


@pytest.mark.parametrize(
    ("bound", "observed", "shown"),
    [
        (0.02501, 0.012, "2.6% of new samples (1.2% of"),
        (0.00029953, 0.0, "0.030% of new samples (0.0% of"),
        (0.00047, 0.0001, "0.047% of new samples (0.010% of"),
        (0.1, 0.05, "10.0% of new samples (5.0% of"),
        (1.0, 1.0, "100.0% of new samples (100.0% of"),
    ],
)
def test_the_statement_never_rounds_a_fraction_below_the_bound(bound, observed, shown):
    certificate = FidelityCertificate("disagreement", 0.95, 100, bound, observed)
    assert f"for at most {shown} 100 held-out samples" in str(certificate)


@pytest.mark.parametrize(
    ("bound", "shown"),
    [(0.0, "0"), (2.1, "2.1"), (0.123401, "0.1235"), (98764.0, "98,770")],
)
def test_the_statement_never_rounds_a_distance_below_the_bound(bound, shown):
    certificate = FidelityCertificate("distance", 0.95, 100, bound, bound)
    assert f"is within {shown} of the teacher" in str(certificate)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: FidelityCertificate.from_values([0.0], [0.0], level=1),
            "level must lie between 0 and 1, such as 0.95. Got 1",
        ),
        (
            lambda: FidelityCertificate.from_labels([0], [0], level=95),
            "level must lie between 0 and 1, such as 0.95. Got 95",
        ),
        (
            lambda: FidelityCertificate.from_values([[0.0]], [0.0]),
            "same samples. Got shapes",
        ),
        (lambda: FidelityCertificate.from_labels([0], [0, 0]), "inconsistent numbers"),
        (
            lambda: FidelityCertificate.from_labels([], []),
            "must hold at least one label",
        ),
        (lambda: FidelityCertificate.from_values([], []), "minimum of 1 is required"),
        (
            lambda: FidelityCertificate.from_values([np.nan], [0.0]),
            "y_teacher contains",
        ),
    ],
)
def test_errors_say_what_is_allowed_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
