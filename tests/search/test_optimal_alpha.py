"""alphas="optimal": alpha from students of the labels and of each teacher alone."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize, minimize_scalar
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LinearRegression, QuantileRegressor, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressor, DistilledRegressorCV
from skdistill.search._linear import best_alpha, best_mix
from skdistill.teachers import Combination
from skdistill.transfer import MungeSampler, TransferSet

NEAREST = KNeighborsRegressor(2)
TREES = ExtraTreesRegressor(30, bootstrap=True, random_state=0)
FOLDS, INNER = KFold(3), KFold(4)


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(300, noise=2.0, random_state=0)


def search_for(teacher, student, **params):
    params = {
        "alphas": "optimal",
        "transfers": (None,),
        "cv": FOLDS,
        "inner_cv": INNER,
        "cross_fit": "kfold",
        "random_state": 0,
    } | params
    return DistilledRegressorCV(teacher, student, **params)


def tried(search):
    return [params["alpha"] for params in search.cv_results_["params"]]


def ends_by_hand(X, y, teachers, student):
    """Return what the students of labels and of each teacher alone predict."""
    ends = [cross_val_predict(student, X, y, cv=FOLDS)]
    for teacher in teachers:
        soft = np.empty(y.shape)
        for train, test in FOLDS.split(X):
            target = cross_val_predict(teacher, X[train], y[train], cv=INNER)
            soft[test] = clone(student).fit(X[train], target).predict(X[test])
        ends.append(soft)
    return np.stack(ends, axis=1)


@pytest.mark.parametrize("shift", [-1.0, 0.4, 2.0])
def test_the_closed_form_of_one_teacher_is_that_of_stacking_within_0_and_1(shift):
    rng = np.random.default_rng(0)
    hard, soft = rng.normal(size=(2, 200))
    y, weight = (1 - shift) * hard + shift * soft, rng.random(200)
    alpha = best_alpha(y, hard, soft, weight)
    stack = Combination("stack").fit(np.column_stack([hard, soft]), y, weight)
    assert alpha == pytest.approx(shift)
    assert np.clip(alpha, 0, 1) == pytest.approx(stack.weights_[1], abs=1e-3)


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_alpha_and_weights_of_several_teachers_solve_the_quadratic_problem(
    friedman, n_outputs
):
    X, y = friedman
    if n_outputs == 2:
        y = np.column_stack([y, X[:, 0] + 0.1 * y])
    teachers = [LinearRegression(), KNeighborsRegressor(15), KNeighborsRegressor(2)]
    named = list(zip("abc", teachers, strict=True))
    search = search_for(named, NEAREST, calibrate=None).fit(X, y)
    ends = ends_by_hand(X, y, teachers, NEAREST)
    scale = y.std(axis=0)

    def loss(parts):
        mixed = ends[:, 0] + np.einsum(
            "k,nk...->n...", parts, ends[:, 1:] - ends[:, :1]
        )
        return np.mean(((y - mixed) / scale) ** 2)

    below_1 = {"type": "ineq", "fun": lambda parts: 1 - parts.sum()}
    best = minimize(loss, np.full(3, 0.2), bounds=[(0, 1)] * 3, constraints=below_1)
    found = search.cv_results_["params"][1]
    parts = found["alpha"] * np.array(found["combine"].weights)
    assert_allclose(parts, best.x, atol=0.02)
    assert loss(parts) == pytest.approx(best.fun, rel=1e-5)
    assert tried(search) == [0.0, found["alpha"]]  # It is exact.


def test_found_weights_are_those_of_the_estimator_that_is_fitted(friedman):
    X, y = friedman
    named = [("trees", TREES), ("constant", KNeighborsRegressor(100))]
    search = search_for(named, NEAREST, combine="uniform").fit(X, y)
    best = search.best_params_
    assert best["combine"].weights[0] > 0.9
    again = DistilledRegressor(named, NEAREST, cv=INNER, cross_fit="kfold")
    again.set_params(**best, random_state=search.best_estimator_.random_state)
    assert_allclose(again.fit(X, y).predict(X), search.predict(X))
    assert {"param_combine", "param_alpha"} <= {*search.cv_results_}


def test_each_candidate_has_the_score_of_its_own_combination(friedman):
    X, y = friedman
    named = [("trees", TREES), ("nearest", KNeighborsRegressor(40))]
    search = search_for(named, DecisionTreeRegressor(max_depth=4)).fit(X, y)
    assert tried(search)[2] == 0.5
    for index, params in enumerate(search.cv_results_["params"]):
        alone = search_for(named, DecisionTreeRegressor(max_depth=4))
        alone.set_params(alphas=(params["alpha"],), combine=params["combine"])
        results = alone.fit(X, y).cv_results_
        row = 0 if index == 0 else 1
        assert results["mean_test_score"][row] == pytest.approx(
            search.cv_results_["mean_test_score"][index]
        )
        if index == 1:  # The teacher is scored as the best mix combines it.
            assert alone.teacher_score_ == pytest.approx(search.teacher_score_)


@pytest.mark.parametrize(
    ("alphas", "transfers", "others"),
    [
        ("auto", (None,), []),
        ("optimal", (None,), []),
        ("optimal", (TransferSet(MungeSampler(), size=1),), [0.5]),
    ],
)
def test_0_5_is_tried_too_where_the_mix_is_not_exact(
    friedman, alphas, transfers, others
):
    X, y = friedman
    named = [("trees", TREES), ("ridge", Ridge())]
    search = search_for(named, NEAREST, alphas=alphas, transfers=transfers).fit(X, y)
    assert tried(search) == [0.0, np.clip(search.linear_alpha_, 0, 1), *others]


def test_of_any_student_the_alpha_between_two_fits_is_tried_first(friedman):
    X, y = friedman
    student = DecisionTreeRegressor(max_depth=4, random_state=0)
    search = search_for(Ridge(), student, calibrate=None).fit(X, y)
    ends = ends_by_hand(X, y, [Ridge()], student)
    expected = best_alpha(y, ends[:, 0], ends[:, 1], None)
    assert search.linear_alpha_ == pytest.approx(expected)
    assert tried(search) == [0.0, np.clip(expected, 0, 1), 0.5]


def test_of_classes_it_is_the_mix_of_least_log_loss():
    rng = np.random.default_rng(0)
    codes = rng.integers(3, size=200)
    logits = rng.normal(size=(200, 2, 3))
    logits[np.arange(200), :, codes] += [1.0, 1.5]
    hard, soft = np.moveaxis(
        np.exp(logits) / np.exp(logits).sum(2, keepdims=True), 1, 0
    )
    best = minimize_scalar(
        lambda a: log_loss(codes, (1 - a) * hard + a * soft), bounds=(0, 1)
    )
    assert best_mix(codes, logits, None).alpha == pytest.approx(best.x, abs=1e-3)


def test_classifiers_begin_with_the_best_mix_of_probabilities():
    X, y = make_classification(300, n_informative=4, flip_y=0.2, random_state=0)
    named = [
        ("trees", ExtraTreesClassifier(30, bootstrap=True, random_state=0)),
        ("nearest", KNeighborsClassifier(100)),
    ]
    search = DistilledClassifierCV(
        named,
        DecisionTreeClassifier(max_depth=4),
        alphas="optimal",
        transfers=(None,),
        cv=3,
        random_state=0,
    ).fit(X, y)
    found, usual = search.cv_results_["params"][1:]
    assert 0 < found["alpha"] == search.linear_alpha_
    assert found["combine"].weights[0] > 0.5
    assert usual == found | {"alpha": 0.5, "combine": "uniform"}


def test_a_student_without_alpha_or_probabilities_is_refused(friedman):
    X, y = friedman
    with pytest.raises(ValueError, match=r"least squared error.*QuantileRegressor"):
        search_for(Ridge(), QuantileRegressor()).fit(X, y)
    search = DistilledClassifierCV(None, LinearSVC(), alphas="optimal")
    with pytest.raises(ValueError, match=r"mixes probabilities.*LinearSVC"):
        search.fit(X, y > y.mean())


@pytest.mark.slow
def test_it_learns_more_than_one_weight_for_all_on_new_samples():
    # One of two teachers knows next to nothing, and has half of a say in the other.
    named = [("trees", TREES), ("few", KNeighborsRegressor(120))]
    student = KNeighborsRegressor(3)
    gains = []
    for seed in range(4):
        X, y = make_friedman1(800, noise=3.0, random_state=seed)
        scores = [
            search_for(named, student, alphas=alphas, calibrate=None)
            .fit(X[:300], y[:300])
            .score(X[300:], y[300:])
            for alphas in ("optimal", (0.5,))
        ]
        gains.append(scores[0] - scores[1])
    assert np.mean(gains) > 0.02
    assert min(gains) > 0


@pytest.mark.slow
def test_nothing_is_learned_from_noise():
    kept = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(150, 4)), rng.normal(size=150)
        named = [("trees", TREES), ("nearest", KNeighborsRegressor(3))]
        search = search_for(named, Ridge()).fit(X, y)
        kept += search.alpha_ == 0
        assert search.score(rng.normal(size=(500, 4)), rng.normal(size=500)) < 0.02
    assert kept >= 3


class Picky(DecisionTreeRegressor):
    """Tree that needs more values of the target than a coarse teacher has."""

    def fit(self, X, y, sample_weight=None):
        if len(np.unique(y)) < 40:
            raise ArithmeticError("too few values")
        return super().fit(X, y, sample_weight)


def test_it_is_said_that_a_student_of_the_teacher_alone_failed():
    X, y = make_friedman1(100, random_state=0)
    search = DistilledRegressorCV(
        DecisionTreeRegressor(max_depth=1),
        Picky(max_depth=4),
        alphas="optimal",
        transfers=(None,),
        cv=3,
        random_state=0,
    )
    with pytest.warns(FitFailedWarning, match="not found.*ArithmeticError: too few"):
        search.fit(X, y)
    assert search.linear_alpha_ is None
    assert [one["alpha"] for one in search.cv_results_["params"]] == [0.0, 0.5]
    with pytest.raises(ArithmeticError, match="too few"):
        search.set_params(error_score="raise").fit(X, y)
