"""Bayesian distillation: what the teacher knows is the student's prior."""

import pickle

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import approx_fprime
from scipy.special import expit
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    BayesianRidge,
    LinearRegression,
    LogisticRegression,
    Ridge,
)
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import BayesianDistilledClassifier, BayesianDistilledRegressor
from skdistill.bayesian._gaussian import Gaussian, laplace, shrinking_prior

CLASSIFIER, REGRESSOR = BayesianDistilledClassifier, BayesianDistilledRegressor


@pytest.fixture(scope="module")
def values():
    X, y = make_regression(120, 4, noise=20.0, random_state=0)
    return X, y


@pytest.fixture(scope="module")
def classes():
    X, y = make_classification(150, 5, flip_y=0.2, random_state=0)
    return X, np.array(["no", "yes"])[y]


def weights_of(model):
    return np.append(model.intercept_, model.coef_)


# Closed forms.


@pytest.mark.parametrize("noise_variance", [None, 300.0])
@pytest.mark.parametrize("strength", [0.1, 10.0])
def test_at_alpha_0_it_is_ridge_regression(values, strength, noise_variance):
    X, y = values
    model = REGRESSOR(alpha=0, strength=strength, noise_variance=noise_variance)
    ridge = Ridge(strength).fit(X, y)
    assert_allclose(model.fit(X, y).coef_, ridge.coef_)
    assert_allclose(model.intercept_, ridge.intercept_)
    assert_allclose(model.predict(X), ridge.predict(X))
    assert model.teacher_score_ is None


def test_teacher_and_student_know_together_what_all_samples_say(values):
    """Grabovoy and Strijov: a normal prior and normal noise of one variance."""
    X, y = values
    params = {"noise_variance": 400.0, "strength": 2.0}
    teacher = REGRESSOR(alpha=0, **params).fit(X[:80], y[:80])
    student = REGRESSOR(FrozenEstimator(teacher), alpha=1, **params)
    student.fit(X[80:], y[80:])
    pooled = REGRESSOR(alpha=0, **params).fit(X, y)
    assert_allclose(weights_of(student), weights_of(pooled))
    assert_allclose(student.covariance_, pooled.covariance_)
    for own, other in zip(
        student.predict(X, return_std=True),
        pooled.predict(X, return_std=True),
        strict=True,
    ):
        assert_allclose(own, other)


def test_a_chain_of_students_knows_what_all_samples_say(values):
    X, y = values
    model = REGRESSOR(alpha=0, noise_variance=400.0).fit(X[:40], y[:40])
    for part in (slice(40, 80), slice(80, 120)):
        model = REGRESSOR(FrozenEstimator(model), alpha=1, noise_variance=400.0).fit(
            X[part], y[part]
        )
    pooled = REGRESSOR(alpha=0, noise_variance=400.0).fit(X, y)
    assert_allclose(weights_of(model), weights_of(pooled))


def test_the_posterior_of_bayesian_ridge_is_a_prior(values):
    X, y = values
    teacher = BayesianRidge().fit(X[:60], y[:60])
    model = REGRESSOR(FrozenEstimator(teacher), alpha=1, noise_variance=300.0)
    model.fit(X[60:], y[60:])
    # In centred features the intercept is free, and the rest is textbook.
    Z = X[60:] - X[60:].mean(axis=0)
    precision = np.linalg.inv(teacher.sigma_) + Z.T @ Z / 300
    shift = np.linalg.solve(teacher.sigma_, teacher.coef_)
    shift += Z.T @ (y[60:] - y[60:].mean()) / 300
    assert_allclose(model.coef_, np.linalg.solve(precision, shift))
    assert_allclose(model.predict([X[60:].mean(axis=0)]), y[60:].mean())


def test_any_other_teacher_teaches_by_its_predictions(values):
    X, y = values
    teacher = KNeighborsRegressor(5).fit(X[:60], y[:60])
    U, X, y = X[60:90], X[90:], y[90:]
    model = REGRESSOR(
        FrozenEstimator(teacher),
        alpha=0.7,
        strength=3.0,
        noise_variance=500.0,
        calibrate=None,
    ).fit(X, y, X_unlabeled=U)
    seen = np.vstack([X, U])
    Z = np.column_stack([np.ones(len(seen)), seen])
    variance = np.mean((teacher.predict(X) - y) ** 2)
    # All predictions together weigh as much as the labels: half each.
    known = Z.T @ Z / 2 / variance + np.diag([0, 3, 3, 3, 3]) / variance
    own = np.diag([0, 3, 3, 3, 3]) / 500
    precision = 0.3 * own + 0.7 * known + Z[:30].T @ Z[:30] / 500
    shift = 0.35 * Z.T @ teacher.predict(seen) / variance + Z[:30].T @ y / 500
    assert_allclose(model.precision_, precision)
    assert_allclose(weights_of(model), np.linalg.solve(precision, shift))
    assert model.teacher_score_ is not None


def test_the_noise_variance_is_the_fixed_point(values):
    X, y = values
    model = REGRESSOR(alpha=0, strength=5.0).fit(X, y)
    Z = np.column_stack([np.ones(len(X)), X])
    decided = np.trace(model.covariance_ @ Z.T @ Z) / model.noise_variance_
    errors = np.sum((y - model.predict(X)) ** 2)
    assert_allclose(model.noise_variance_, errors / (len(y) - decided), rtol=1e-6)
    # With next to no prior, it is the unbiased estimate of linear regression.
    model = REGRESSOR(alpha=0, strength=1e-9).fit(X, y)
    errors = np.sum((y - LinearRegression().fit(X, y).predict(X)) ** 2)
    assert_allclose(model.noise_variance_, errors / (120 - 5), rtol=1e-6)


def test_standard_deviations_are_of_weights_and_noise(values):
    X, y = values
    model = REGRESSOR(alpha=0).fit(X, y)
    far = 1e3 * np.eye(4)[:1]
    _, std = model.predict(np.vstack([X[:1], far]), return_std=True)
    z = np.append(1.0, far)
    expected = np.sqrt(z @ model.covariance_ @ z + model.noise_variance_)
    assert_allclose(std[1], expected)
    assert std[0] < std[1]


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(40):
        w = rng.normal(size=3)  # The prior is true.
        X = rng.normal(size=(30, 3))
        y = X @ w + rng.normal(size=30)
        model = REGRESSOR(alpha=0, strength=1.0).fit(X[:15], y[:15])
        mean, std = model.predict(X[15:], return_std=True)
        inside += (np.abs(y[15:] - mean) < 1.2816 * std).tolist()
    assert abs(np.mean(inside) - 0.8) < 0.05


# Classes, by Laplace's approximation.


@pytest.mark.parametrize("strength", [0.1, 10.0])
def test_at_alpha_0_it_is_logistic_regression(classes, strength):
    X, y = classes
    model = CLASSIFIER(alpha=0, strength=strength).fit(X, y)
    other = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=1000).fit(X, y)
    assert_allclose(model.coef_, other.coef_, atol=1e-6)
    assert_allclose(model.intercept_, other.intercept_, atol=1e-6)
    assert_array_equal(model.predict(X), other.predict(X))


def test_the_precision_is_the_curvature_of_the_loss(classes):
    X, y = classes
    Z, target = np.column_stack([np.ones(len(X)), X]), (y == "yes").astype(float)
    rng = np.random.default_rng(0)
    weight, root = rng.uniform(0.5, 2, len(X)), rng.normal(size=(6, 6))
    prior = Gaussian(root @ root.T, rng.normal(size=6))
    found = laplace(prior, Z, target, weight)

    def gradient(w):
        return Z.T @ (weight * (expit(Z @ w) - target)) + prior.precision @ w

    assert_allclose(gradient(found.mean), prior.shift, atol=1e-4)
    numeric = approx_fprime(found.mean, gradient, 1e-7)
    assert_allclose(found.precision, numeric, rtol=1e-4, atol=1e-4)


def test_far_from_all_weights_newton_steps_are_shortened():
    Z = np.column_stack([np.ones(40), np.r_[np.zeros(39), 1e4]])
    prior = Gaussian(np.diag([1e-4, 1.0]), np.array([0.0, 30.0]))
    found = laplace(prior, Z, np.r_[1.0, np.zeros(39)], np.ones(40))
    gradient = Z.T @ (expit(Z @ found.mean) - np.r_[1.0, np.zeros(39)])
    gradient += prior.precision @ found.mean - prior.shift
    assert np.abs(gradient).max() < 1e-3


def test_classes_of_teacher_and_student_samples_are_nearly_pooled(classes):
    X, y = classes
    teacher = CLASSIFIER(alpha=0).fit(X[:100], y[:100])
    student = CLASSIFIER(FrozenEstimator(teacher), alpha=1).fit(X[100:], y[100:])
    pooled, alone = (
        CLASSIFIER(alpha=0).fit(X[part], y[part])
        for part in (slice(None), slice(100, None))
    )
    error = np.abs(weights_of(student) - weights_of(pooled)).max()
    assert error < 0.2 * np.abs(weights_of(alone) - weights_of(pooled)).max()


def test_probabilities_are_nearer_to_a_half_where_less_is_known(classes):
    X, y = classes
    model = CLASSIFIER(alpha=0, strength=0.1).fit(X, y)
    raw = X @ model.coef_[0] + model.intercept_
    decision = model.decision_function(X)
    assert (np.abs(decision) < np.abs(raw)).all()
    Z = np.column_stack([np.ones(len(X)), X])
    variance = np.einsum("ij,jk,ik->i", Z, model.covariance_, Z)
    assert_allclose(decision, raw / np.sqrt(1 + np.pi * variance / 8))
    assert_allclose(model.predict_proba(X)[:, 1], expit(decision))


def test_soft_labels_of_certain_teachers_are_labels(classes):
    X, y = classes
    Z, target = np.column_stack([np.ones(len(X)), X]), (y == "yes").astype(float)
    prior = shrinking_prior(6, 1.0)
    assert_allclose(
        laplace(prior, Z, target, np.ones(len(X))).mean,
        weights_of(CLASSIFIER(alpha=0).fit(X, y)),
    )


def test_more_classes_are_learned_one_against_the_rest():
    X, y = make_classification(
        120, n_informative=4, n_classes=3, random_state=0, n_clusters_per_class=1
    )
    with pytest.raises(ValueError, match="Only binary classification.*OneVsRest"):
        CLASSIFIER(LogisticRegression()).fit(X, y)
    model = OneVsRestClassifier(CLASSIFIER(LogisticRegression())).fit(X, y)
    assert model.predict_proba(X).shape == (120, 3)


# What it is good for, and what it must not do.


@pytest.mark.parametrize("kind", [REGRESSOR, CLASSIFIER])
def test_few_labels_of_a_place_near_by_gain_from_the_posterior_of_another(kind):
    gains = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        w = rng.normal(size=10)

        def draw(n_samples, w, rng=rng):
            X = rng.normal(size=(n_samples, 10))
            y = X @ w + rng.normal(size=n_samples)
            return X, (y > 0).astype(int) if kind is CLASSIFIER else y

        teacher = kind(alpha=0).fit(*draw(500, w))
        near = w + 0.2 * rng.normal(size=10)
        train, test = draw(15, near), draw(500, near)
        scores = [
            kind(FrozenEstimator(teacher), alpha=alpha).fit(*train).score(*test)
            for alpha in (0.0, 0.5)
        ]
        gains.append(scores[1] - scores[0])
    assert np.mean(gains) > 3 * np.std(gains, ddof=1) / np.sqrt(10)


def test_unlabeled_samples_tell_what_the_teacher_knows():
    gains = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X, w = rng.normal(size=(700, 10)), rng.normal(size=10)
        f = np.tanh(X) @ w
        y = f + rng.normal(size=700)
        teacher = FrozenEstimator(Ridge().fit(X[:300], f[:300]))
        model = REGRESSOR(teacher, alpha=1.0)
        X, y, U, X_test, y_test = X[300:312], y[300:312], X[312:412], X[412:], y[412:]
        scores = [
            model.fit(X, y, X_unlabeled=unlabeled).score(X_test, y_test)
            for unlabeled in (None, U)
        ]
        gains.append(scores[1] - scores[0])
    assert np.mean(gains) > 2 * np.std(gains, ddof=1) / np.sqrt(10)


def test_pure_noise_teaches_nothing():
    known, gains = {"auto": [], False: []}, []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(100, 5)), rng.normal(size=100)
        baseline = REGRESSOR(alpha=0).fit(X, y)
        for cross_fit, found in known.items():
            model = REGRESSOR(
                KNeighborsRegressor(1), alpha=1.0, cross_fit=cross_fit, random_state=0
            ).fit(X, y)
            found.append(np.trace(model.covariance_) / np.trace(baseline.covariance_))
            if cross_fit == "auto":
                gains.append(np.sum(model.coef_**2) - np.sum(baseline.coef_**2))
                assert model.teacher_score_ < 0.05
    assert np.mean(gains) < 0.01
    assert min(known["auto"]) > 0.4  # As if there were twice the labels, at most.
    # The test can fail: predictions that repeat the labels leave no doubt.
    assert max(known[False]) < 0.01


# Inside scikit-learn.


@pytest.mark.parametrize("kind", [REGRESSOR, CLASSIFIER])
@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_a_weight_of_k_is_k_samples(values, classes, kind, alpha):
    X, y = values if kind is REGRESSOR else classes
    weight = np.arange(len(y)) % 3
    prior = kind(alpha=0).fit(X[:60], y[:60])
    model = kind(FrozenEstimator(prior), alpha=alpha)
    weighted = clone(model).fit(X, y, sample_weight=weight)
    repeated = clone(model).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    assert_allclose(weights_of(weighted), weights_of(repeated), rtol=1e-5, atol=1e-8)
    assert_allclose(weighted.covariance_, repeated.covariance_, rtol=1e-5, atol=1e-9)


def test_weights_that_sum_to_1_leave_the_noise_as_it_is(values):
    X, y = values
    weight = np.full(len(y), 1 / len(y))
    alone = REGRESSOR(alpha=0, strength=1e-6).fit(X, y).noise_variance_
    model = REGRESSOR(alpha=0, strength=1e-6).fit(X, y, sample_weight=weight)
    assert model.noise_variance_ == pytest.approx(alone, rel=0.01)


@pytest.mark.parametrize("kind", ["values", "classes"])
def test_weights_are_routed_to_the_teacher_and_count_for_the_labels(kind, request):
    X, y = request.getfixturevalue(kind)
    weight = np.arange(len(y)) % 3 + 1.0
    make, teacher = REGRESSOR, Ridge()
    if kind == "classes":
        make, teacher = CLASSIFIER, LogisticRegression()
    expected = make(teacher, random_state=0).fit(X, y, sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        routed = teacher.set_fit_request(sample_weight=True)
        model = make(routed, random_state=0).fit(X, y, sample_weight=weight)
    assert_allclose(model.precision_, expected.precision_)


def test_groups_are_routed_to_the_folds(values):
    X, y = values
    groups = np.arange(len(y)) // 10
    folds = list(GroupKFold(3).split(X, y, groups))
    expected = REGRESSOR(Ridge(), cv=folds, random_state=0).fit(X, y)
    with config_context(enable_metadata_routing=True):
        cv = GroupKFold(3).set_split_request(groups=True)
        model = REGRESSOR(Ridge(), cv=cv, random_state=0)
        assert_allclose(clone(model).fit(X, y, groups=groups).coef_, expected.coef_)
        search = GridSearchCV(model, {"alpha": [0.3, 0.5]}, cv=cv)
        assert search.fit(X, y, groups=groups).best_score_ > 0.5
        with pytest.raises(TypeError, match="Bayesian"):
            REGRESSOR(Ridge()).fit(X, y, groups=groups)
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        REGRESSOR(Ridge()).fit(X, y, groups=groups)


@pytest.mark.parametrize("kind", [REGRESSOR, CLASSIFIER])
def test_samples_without_weight_leave_unlabeled_ones_as_they_are(kind, request):
    X, y = request.getfixturevalue("values" if kind is REGRESSOR else "classes")
    teacher = Ridge() if kind is REGRESSOR else LogisticRegression()
    frozen = FrozenEstimator(teacher.fit(X, y))
    weight, other = (np.arange(60) < 40) + 0.0, X[60:] + 1.0
    whole = kind(frozen, random_state=0).fit(X[:60], y[:60], weight, other)
    alone = kind(frozen, random_state=0).fit(X[:40], y[:40], weight[:40], other)
    assert_allclose(whole.coef_, alone.coef_, rtol=1e-6)


def test_tables_pipelines_searches_and_pickles(values):
    X, y = values
    X = pd.DataFrame(X, columns=list("abcd"))
    model = make_pipeline(
        StandardScaler(),
        REGRESSOR(ExtraTreesRegressor(5), random_state=0, cv=3),
    )
    grid = {"bayesiandistilledregressor__alpha": [0.0, 0.5]}
    search = GridSearchCV(model, grid, cv=3).fit(X, y)
    assert search.best_score_ > 0
    named = REGRESSOR(ExtraTreesRegressor(5), random_state=0).fit(
        X, y, X_unlabeled=X[:20]
    )
    assert named.feature_names_in_.tolist() == list("abcd")
    again = pickle.loads(pickle.dumps(named))
    assert_array_equal(again.predict(X), named.predict(X))
    with pytest.raises(ValueError, match="feature names"):
        named.predict(X[list("dcba")])


def test_a_random_state_and_any_number_of_jobs_give_the_same_numbers(classes):
    X, y = classes
    model = CLASSIFIER(ExtraTreesClassifier(5), random_state=3, memory=False)
    with parallel_config(backend="threading"):
        one, two = (
            clone(model).set_params(n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2)
        )
    assert_array_equal(one.coef_, two.coef_)


def test_columns_of_any_unit_are_solved_for(values):
    X, y = values
    scale = np.array([1e-6, 1.0, 1e6, 1.0])
    model = REGRESSOR(alpha=0, strength=1e-20).fit(X * scale, y)
    assert_allclose(model.predict(X * scale), LinearRegression().fit(X, y).predict(X))


def test_a_constant_target_is_predicted():
    X = np.random.default_rng(0).normal(size=(20, 2))
    mean, std = REGRESSOR(alpha=0).fit(X, np.full(20, 3.0)).predict(X, return_std=True)
    assert_allclose(mean, 3.0)
    assert_allclose(std, 0.0, atol=1e-6)


def test_the_default_teacher_is_that_of_the_distilled_estimators(
    values, small_default_teacher
):
    X, y = values
    assert REGRESSOR(random_state=0).fit(X, y).teacher_score_ > 0


def test_probabilities_of_a_student_of_few_labels_are_no_worse(classes):
    X, y = classes
    losses = [
        -cross_val_score(model, X, y, scoring="neg_log_loss", cv=3).mean()
        for model in (CLASSIFIER(alpha=0), LogisticRegression())
    ]
    assert losses[0] < losses[1] + 0.02
    assert log_loss(y, CLASSIFIER(alpha=0).fit(X, y).predict_proba(X)) < np.log(2)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alpha": 1.5}, "'alpha' parameter of"),
        ({"strength": 0.0}, "'strength' parameter of"),
        ({"noise_variance": 0.0}, "'noise_variance' parameter of"),
        ({"teacher": [("a", Ridge())]}, "'teacher' parameter of"),
        ({"teacher": LogisticRegression()}, "must be a regressor"),
    ],
)
def test_wrong_parameters_are_refused(values, params, message):
    with pytest.raises(ValueError, match=message):
        REGRESSOR(**params).fit(*values)


def test_a_prior_that_does_not_fit_is_refused(values, classes):
    X, y = values
    narrow = FrozenEstimator(REGRESSOR(alpha=0).fit(X[:, :2], y))
    with pytest.raises(ValueError, match="2 features and X has 4. Fit it on the same"):
        REGRESSOR(narrow).fit(X, y)
    whole = FrozenEstimator(REGRESSOR(alpha=0).fit(X, y))
    with pytest.raises(ValueError, match="Leave X_unlabeled out"):
        REGRESSOR(whole).fit(X, y, X_unlabeled=X)
    with pytest.raises(ValueError, match="Leave teacher_input out"):
        REGRESSOR(whole, teacher_input=np.asarray).fit(X, y)
    X, y = classes
    other = FrozenEstimator(CLASSIFIER(alpha=0).fit(X, y == "yes"))
    with pytest.raises(ValueError, match="other classes than y"):
        CLASSIFIER(other).fit(X, y)


@pytest.mark.parametrize("own", [True, False])
def test_a_prior_of_the_same_features_in_another_order_is_refused(values, own):
    X, y = pd.DataFrame(values[0], columns=list("abcd")), values[1]
    teacher = REGRESSOR(alpha=0) if own else BayesianRidge()
    model = REGRESSOR(FrozenEstimator(teacher.fit(X, y)))
    with pytest.raises(ValueError, match="same order"):
        model.fit(X[list("dcba")], y)


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_several_outputs_are_refused(values, alpha):
    X, y = values
    with pytest.raises(ValueError, match="y must have one output.*shape"):
        REGRESSOR(Ridge(), alpha=alpha).fit(X, np.column_stack([y, y]))
