"""Generations that learn from each other: closed forms, no label leaks, the choice."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill.iterative import SelfDistilledClassifier, SelfDistilledRegressor

PENALTY = 3.0
RIDGE = Ridge(PENALTY, fit_intercept=False)
# As the formulas have it: nothing is calibrated.
IN_SAMPLE = {"out_of_fold": False, "choose": False}


def hat(X, X_new=None, weight=None):
    """Return the matrix that takes targets at X to ridge's predictions."""
    X_new = X if X_new is None else X_new
    weighted = X.T if weight is None else X.T * weight
    gram = weighted @ X + PENALTY * np.eye(X.shape[1])
    return X_new @ np.linalg.solve(gram, weighted)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5)) * [3.0, 2.0, 1.0, 0.5, 0.3]
    return X, X @ [1.0, -1.0, 0.5, 0.0, 2.0] + rng.normal(size=40)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_ridge_shrinks_by_a_power_in_each_direction(data, k):
    # Mobahi et al. 2020: with predictions alone, k steps raise the shrinkage
    # d^2 / (d^2 + penalty) of each singular direction to the power k + 1.
    X, y = data
    model = SelfDistilledRegressor(RIDGE, n_generations=k, alpha=1.0, **IN_SAMPLE)
    left, d, right = np.linalg.svd(X, full_matrices=False)
    shrunken = (d**2 / (d**2 + PENALTY)) ** (k + 1)
    expected = right.T @ (shrunken / d * (left.T @ y))
    assert model.fit(X, y).student_.coef_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.3, 0.8])
def test_ridge_has_the_closed_form_of_repeated_self_distillation(data, alpha):
    # Pareek et al. 2024, equation 1: each step is ridge on xi * teacher + (1 - xi) * y.
    # That of k steps is a polynomial in the hat matrix, times y; here all xi are equal.
    X, y = data
    A = hat(X)
    powers = [np.linalg.matrix_power(alpha * A, j) for j in range(4)]
    expected = A @ ((1 - alpha) * sum(powers[:3]) + powers[3]) @ y
    model = SelfDistilledRegressor(RIDGE, n_generations=3, alpha=alpha, **IN_SAMPLE)
    assert model.fit(X, y).predict(X) == pytest.approx(expected)


def test_later_generations_lower_the_error_of_ridge():
    # Pareek et al. 2024: where the signal lies in the leading direction, a step that
    # shrinks the others more is better than ridge, whatever its penalty.
    rng = np.random.default_rng(0)
    X, _ = np.linalg.qr(rng.normal(size=(60, 10)))
    X *= np.r_[4.0, np.ones(9)]
    truth = X @ np.r_[1.0, np.zeros(9)]
    risks = {}
    for penalty in np.logspace(-2, 2, 9):
        A = X @ np.linalg.solve(X.T @ X + penalty * np.eye(10), X.T)
        for k in (0, 3):
            B = np.linalg.matrix_power(A, k + 1)
            bias = ((B @ truth - truth) ** 2).sum()
            risks[penalty, k] = bias + (B**2).sum()
    best = {k: min(r for (_, j), r in risks.items() if j == k) for k in (0, 3)}
    assert best[3] < best[0]
    penalty = min((r, p) for (p, k), r in risks.items() if k == 3)[1]
    errors = []
    for seed in range(20):
        y = truth + np.random.default_rng(seed).normal(size=60)
        student = Ridge(penalty, fit_intercept=False)
        model = SelfDistilledRegressor(student, n_generations=3, alpha=1, **IN_SAMPLE)
        errors.append(((model.fit(X, y).predict(X) - truth) ** 2).sum())
    assert np.mean(errors) == pytest.approx(best[3], rel=0.3)


def nested(X, y, folds, k, alpha):
    """Return what generation k predicts out-of-fold, by recursion over the samples."""
    found = np.full(len(y), np.nan)
    for test in folds:
        others = [fold for fold in folds if fold is not test]
        rows = np.sort(np.concatenate(others))
        target = y
        if k > 0:
            target = (1 - alpha) * y + alpha * nested(X, y, others, k - 1, alpha)
        found[test] = hat(X[rows], X[test]) @ target[rows]
    return found


@pytest.mark.parametrize("k", [1, 2])
def test_a_generation_learns_nested_out_of_fold_predictions(data, k):
    X, y = data
    cv = list(KFold(5, shuffle=True, random_state=1).split(X))
    folds = [test for _, test in cv]
    model = SelfDistilledRegressor(
        RIDGE, n_generations=k, alpha=0.6, calibrate=None, cv=cv
    ).fit(X, y)
    losses = [np.mean((y - nested(X, y, folds, g, 0.6)) ** 2) for g in range(k + 1)]
    assert model.losses_ == pytest.approx(losses)
    last = SelfDistilledRegressor(
        RIDGE, n_generations=k, alpha=0.6, calibrate=None, cv=cv, choose=False
    ).fit(X, y)
    expected = hat(X) @ (0.4 * y + 0.6 * nested(X, y, folds, k - 1, 0.6))
    assert last.predict(X) == pytest.approx(expected)
    assert last.losses_ is None


def test_a_generation_may_learn_the_average_of_all_earlier_ones(data):
    X, y = data
    A = hat(X)
    model = SelfDistilledRegressor(
        RIDGE, n_generations=2, alpha=1.0, learn_from="average", **IN_SAMPLE
    ).fit(X, y)
    expected = A @ (A @ y + A @ A @ y) / 2
    assert model.predict(X) == pytest.approx(expected)


def test_classes_learn_the_average_of_probabilities():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] + rng.normal(size=60) > 0).astype(int)
    student = LogisticRegression()
    models = [
        SelfDistilledClassifier(
            student, n_generations=n, alpha=1.0, learn_from="average", **IN_SAMPLE
        ).fit(X, y)
        for n in (1, 2)
    ]
    first = student.fit(X, y).predict_proba(X)
    mean = (first + models[0].predict_proba(X)) / 2
    # Soft labels as weighted duplicates.
    taught = LogisticRegression().fit(
        np.tile(X, (2, 1)), np.repeat([0, 1], 60), sample_weight=mean.T.ravel()
    )
    assert models[1].predict_proba(X) == pytest.approx(
        taught.predict_proba(X), abs=1e-3
    )


def test_unlabeled_samples_are_learned_from_the_generation_before(data):
    X, y = data
    X, X_unlabeled, y = X[:30], X[30:], y[:30]
    model = SelfDistilledRegressor(RIDGE, n_generations=1, alpha=1.0, **IN_SAMPLE)
    model.fit(X, y, X_unlabeled=X_unlabeled)
    both = np.vstack([X, X_unlabeled])
    taught = hat(X, both) @ y
    assert model.predict(X) == pytest.approx(hat(both, X) @ taught)


def test_no_label_is_seen_on_any_way():
    # Nearest neighbours repeat the labels that they see, at once or at second hand.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 1)), rng.normal(size=600)
    model = SelfDistilledRegressor(
        KNeighborsRegressor(1), alpha=1.0, calibrate=None, cv=KFold(5)
    ).fit(X, y)
    # The error of another sample's label: twice the variance.
    assert np.min(model.losses_) > 1.6 * y.var()
    # The ordinary way: models of generation 1 learn from those that saw the label.
    said = [y, np.empty(600), np.empty(600)]
    for generation in (1, 2):
        for rows, test in KFold(5).split(X):
            knn = KNeighborsRegressor(1).fit(X[rows], said[generation - 1][rows])
            said[generation][test] = knn.predict(X[test])
    assert np.mean((said[2] - y) ** 2) < 1.2 * y.var()


@pytest.mark.parametrize("seed", range(3))
def test_noise_keeps_the_baseline_student(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(200, 3)), rng.integers(0, 2, 200)
    student = KNeighborsClassifier(15)
    model = SelfDistilledClassifier(student, random_state=0).fit(X, y)
    assert model.generation_ == 0 or model.losses_[model.generation_] > 0.68
    if model.generation_ == 0:
        assert model.reason_.startswith("Kept generation 0")
        baseline = clone(student).fit(X, y).predict_proba(X)
        assert np.array_equal(model.predict_proba(X), baseline)


def test_trees_gain_on_held_out_samples_and_on_others():
    rng = np.random.default_rng(0)
    gains = []
    for seed in range(3):
        X = rng.uniform(size=(1300, 4))
        y = 4 * X[:, 0] + np.sin(6 * X[:, 1]) + rng.normal(size=1300)
        model = SelfDistilledRegressor(
            DecisionTreeRegressor(min_samples_leaf=5), random_state=seed
        ).fit(X[:300], y[:300])
        assert model.generation_ > 0
        baseline = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
        baseline.fit(X[:300], y[:300])
        gains.append(model.score(X[300:], y[300:]) - baseline.score(X[300:], y[300:]))
    assert min(gains) > 0


def test_the_last_generation_is_kept_without_a_choice(data):
    X, y = data
    model = SelfDistilledRegressor(RIDGE, choose=False, n_generations=1).fit(X, y)
    assert model.generation_ == 1
    assert model.reason_ == "Took the last generation, as asked for."


def test_n_jobs_changes_no_number(data):
    X, y = data
    fitted = []
    for n_jobs in (1, 2):
        model = SelfDistilledRegressor(
            DecisionTreeRegressor(max_features=2), random_state=0, n_jobs=n_jobs
        )
        with joblib.parallel_config(backend="threading"):
            fitted.append(model.fit(X, y))
    assert fitted[0].losses_ == fitted[1].losses_
    assert np.array_equal(fitted[0].predict(X), fitted[1].predict(X))


def test_it_goes_through_a_search_a_pipeline_and_pickle(data):
    X, y = data
    X = pd.DataFrame(X).add_prefix("x")
    model = SelfDistilledRegressor(Ridge(), n_generations=1, random_state=0)
    pipeline = make_pipeline(StandardScaler(), model)
    grid = {"selfdistilledregressor__alpha": [0.5, 1.0]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    assert np.array_equal(again.predict(X), search.predict(X))
    fitted = model.fit(X, y)
    assert [*fitted.feature_names_in_] == [*X.columns]
    assert isinstance(fitted.student_, Ridge)


def test_several_outputs_are_learned(data):
    X, y = data
    Y = np.column_stack([y, -2 * y])
    model = SelfDistilledRegressor(RIDGE, n_generations=1, random_state=0).fit(X, Y)
    assert model.predict(X).shape == Y.shape


def test_groups_stay_together():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 4)
    X = rng.normal(size=(30, 2))[groups]
    y = rng.normal(size=30)[groups]
    with sklearn.config_context(enable_metadata_routing=True):
        model = SelfDistilledRegressor(
            KNeighborsRegressor(1), n_generations=1, cv=GroupKFold(5), calibrate=None
        ).fit(X, y, groups=groups)
    # A sample's copies are in its own fold.
    assert np.min(model.losses_) > y.var()


def test_too_few_folds_are_refused_before_any_fit(data):
    class NeverFitted(Ridge):
        def fit(self, X, y, sample_weight=None):
            raise AssertionError

    model = SelfDistilledRegressor(NeverFitted(), n_generations=4, cv=5)
    with pytest.raises(ValueError, match="at least 6 folds where n_generations is 4"):
        model.fit(*data)


def test_a_student_that_cannot_teach_is_refused(data):
    X, y = data
    model = SelfDistilledClassifier(Ridge())
    with pytest.raises(ValueError, match="teacher of a DistilledClassifier"):
        model.fit(X, y > 0)
