"""The estimators inside scikit-learn's own search, pipelines and model selection."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor
from skdistill.transfer import MungeSampler, SwapNoiseSampler, TransferSet
from tests.doubles import CountingTeacher, Memoriser


def search(teacher, memory, n_jobs=None):
    """Three alphas by two temperatures, five folds, at the end of a Pipeline."""
    distilled = DistilledRegressor(
        teacher,
        DecisionTreeRegressor(max_depth=3, random_state=0),
        cv=KFold(3),
        memory=memory,
        random_state=0,
    )
    pipeline = Pipeline(
        [
            ("select", SelectKBest(f_regression, k=6)),
            ("scale", StandardScaler()),
            ("distil", distilled),
        ]
    )
    grid = {
        "distil__alpha": [0, 0.5, 1],
        "distil__temperature": [1, 2],
    }
    return GridSearchCV(pipeline, grid, cv=5, n_jobs=n_jobs)


def searched(folder, memory, n_jobs=None):
    """Return the fitted search, and how often it fitted a teacher."""
    folder.mkdir(exist_ok=True)
    X, y = load_diabetes(return_X_y=True)
    found = search(CountingTeacher(folder), memory, n_jobs).fit(X, y)
    return found, len(list(folder.iterdir()))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    found, n_fits = searched(tmp_path_factory.mktemp("alone") / "fits", False)
    assert n_fits == 3 * (5 * 6 + 1)
    return found


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_candidates_share_the_teachers_work(alone, tmp_path, n_jobs):
    shared, n_fits = searched(tmp_path / "fits", tmp_path / "m", n_jobs)
    # Three cross-fits in each of five folds and in the refit.
    assert n_fits == 3 * (5 + 1)
    by_default, n_fits = searched(tmp_path / "default", None, n_jobs)
    assert n_fits == 3 * (5 + 1)
    for found in (shared, by_default):
        for key in ("mean_test_score", "std_test_score"):
            assert_array_equal(found.cv_results_[key], alone.cv_results_[key])
        assert found.best_params_ == alone.best_params_
        X, _ = load_diabetes(return_X_y=True)
        assert_array_equal(found.predict(X), alone.predict(X))


@pytest.mark.parametrize(
    "teacher",
    [
        pytest.param(
            RandomForestRegressor(50, random_state=0, n_jobs=1),
            id="deep forest",
            marks=pytest.mark.slow,
        ),
        pytest.param(Memoriser(), id="memoriser"),
    ],
)
def test_a_search_finds_nothing_in_pure_noise(tmp_path, teacher):
    # The truth on noise: no model beats the mean. Were a validation label to reach a
    # training target, the best mean squared error would fall below the variance.
    ratios = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(300, 5)), rng.normal(size=300)
        grid = GridSearchCV(
            DistilledRegressor(
                teacher,
                DecisionTreeRegressor(max_depth=8, random_state=0),
                memory=tmp_path,
                random_state=0,
            ),
            {"alpha": [0, 0.25, 0.5, 0.75, 1]},
            scoring="neg_mean_squared_error",
            cv=5,
        ).fit(X, y)
        ratios.append(-grid.best_score_ / y.var())
    # Best of five on 12 seeds; a leak of the kind above gives 0.83.
    noise = np.std(ratios) / np.sqrt(12)
    assert np.mean(ratios) > 1 - 2 * noise


def test_the_noise_test_can_fail():
    # The same search with predictions made once for all samples, then reused inside the
    # folds: the mistake that the test above guards against.
    ratios = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(300, 5)), rng.normal(size=300)
        scores = []
        for train, test in KFold(5).split(X):
            leaked = np.mean([y, Memoriser().fit(X, y).predict(X)], axis=0)
            student = DecisionTreeRegressor(max_depth=8, random_state=0)
            student.fit(X[np.r_[train, test]], leaked[np.r_[train, test]])
            scores.append(np.mean((student.predict(X[test]) - y[test]) ** 2))
        ratios.append(np.mean(scores) / y.var())
    assert np.mean(ratios) < 1 - 2 * np.std(ratios) / np.sqrt(12)


def test_student_parameters_are_searched_as_usual():
    X, y = load_diabetes(return_X_y=True)
    grid = GridSearchCV(
        DistilledRegressor(Ridge(), DecisionTreeRegressor(random_state=0), cv=3),
        {"student__max_depth": [1, 3], "teacher__alpha": [0.1, 1.0], "alpha": [0.5]},
        cv=3,
    ).fit(X, y)
    assert len(grid.cv_results_["params"]) == 4
    assert grid.best_estimator_.student_.get_params()["max_depth"] in (1, 3)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("size", [1, 3]),
        ("weight", [0.1, 10.0]),
        ("sampler", [MungeSampler(), SwapNoiseSampler(), None]),
        ("sampler__p", [0.1, 0.9]),
    ],
)
def test_a_search_reaches_inside_the_transfer_set(name, values):
    X, y = load_diabetes(return_X_y=True)
    transfer = TransferSet(MungeSampler(), size=2)
    model = DistilledRegressor(
        Ridge(), DecisionTreeRegressor(max_depth=4), transfer=transfer, random_state=0
    )
    grid = GridSearchCV(model, {f"transfer__{name}": values}, cv=3).fit(X, y)
    # Each value makes another student, and does what setting it by hand does.
    assert len(set(grid.cv_results_["mean_test_score"])) == len(values)
    for value, found in zip(values, grid.cv_results_["mean_test_score"], strict=True):
        by_hand = clone(model).set_params(**{f"transfer__{name}": value})
        assert cross_val_score(by_hand, X, y, cv=3).mean() == pytest.approx(found)
    chosen = grid.best_params_[f"transfer__{name}"]
    best = grid.best_estimator_.get_params()[f"transfer__{name}"]
    assert str(best) == str(chosen)
    assert str(transfer) == "TransferSet(sampler=MungeSampler(), size=2)"


def test_distilled_models_are_distilled_in_turn():
    X, y = load_diabetes(return_X_y=True)
    inner = DistilledRegressor(Ridge(), GradientBoostingRegressor(n_estimators=20))
    outer = DistilledRegressor(
        inner, DecisionTreeRegressor(max_depth=3), random_state=0
    )
    assert np.mean(cross_val_score(outer, X, y, cv=3)) > 0.2


def test_without_memory_a_search_gives_the_same_numbers_twice():
    X, y = load_diabetes(return_X_y=True)
    grid = GridSearchCV(
        DistilledRegressor(
            RandomForestRegressor(50),
            DecisionTreeRegressor(max_depth=3),
            random_state=0,
        ),
        {"alpha": [0.2, 0.8]},
        cv=3,
    )
    first = grid.fit(X, y).cv_results_["mean_test_score"]
    assert_allclose(grid.fit(X, y).cv_results_["mean_test_score"], first)
