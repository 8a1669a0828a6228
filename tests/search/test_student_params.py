"""Parameters of the student tried while it is distilled, and its tuned baseline."""

from functools import cache

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import randint
from sklearn.base import clone
from sklearn.datasets import load_iris, make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill.search._configurations import list_configurations
from tests.doubles import CountingTeacher, FailingRegressor

FOLDS = KFold(3)
TREE = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
SEARCH = DistilledRegressorCV(
    Ridge(),
    TREE,
    transfers=(None,),
    refinements=(None,),
    student_params={"min_samples_leaf": [2, 3, 5, 8, 13, 21]},
    cv=FOLDS,
    inner_cv=2,
    random_state=0,
)
LEAF = "student__min_samples_leaf"


@cache
def friedman():
    return make_friedman1(150, noise=1.0, random_state=0)


@cache
def fitted():
    return clone(SEARCH).fit(*friedman())


def split_scores(search, n_folds=3):
    """Return the scores of all candidates, of shape (n_candidates, n_folds)."""
    splits = [search.cv_results_[f"split{i}_test_score"] for i in range(n_folds)]
    return np.column_stack(splits)


def test_a_third_goes_on_after_each_fold_and_the_student_as_it_is_to_the_end():
    search, scores = fitted(), split_scores(fitted())
    # The student as it is and six more, on the labels alone and distilled.
    assert search.cv_results_[f"param_{LEAF}"].tolist() == [1, 2, 3, 5, 8, 13, 21] * 2
    assert np.isfinite(scores[:, 0]).all()
    for family in (scores[:7], scores[7:]):
        assert_array_equal(np.isfinite(family).sum(axis=0), [7, 3, 2])
        assert np.isfinite(family[0]).all()
        going = np.isfinite(family[:, 1])
        assert family[1:, 0][going[1:]].min() >= family[1:, 0][~going[1:]].max()
        last = np.isfinite(family[:, 2])
        two = family[:, :2].mean(axis=1)
        assert two[1:][last[1:]] == np.nanmax(two[1:])
    means = search.cv_results_["mean_test_score"]
    assert_array_equal(np.isnan(means), ~np.isfinite(scores).all(axis=1))
    ranks = search.cv_results_["rank_test_score"]
    assert ranks[np.isnan(means)].min() > ranks[~np.isnan(means)].max()


def test_scores_are_those_of_the_estimators_with_these_parameters():
    X, y = friedman()
    search, scores = fitted(), split_scores(fitted())
    for number in np.flatnonzero(np.isfinite(scores).all(axis=1)):
        params = search.cv_results_["params"][number]
        model = clone(search.best_estimator_).set_params(**params, memory=None)
        assert_allclose(cross_val_score(model, X, y, cv=FOLDS), scores[number])
        if params["alpha"] == 0:
            student = clone(TREE).set_params(min_samples_leaf=params[LEAF])
            assert_allclose(cross_val_score(student, X, y, cv=FOLDS), scores[number])


def test_the_rival_is_the_best_tuned_baseline():
    search = fitted()
    means = search.cv_results_["mean_test_score"][:7]
    assert search.baseline_score_ == np.nanmax(means)
    leaf = [1, 2, 3, 5, 8, 13, 21][int(np.nanargmax(means))]
    assert search.baseline_params_ == {LEAF: leaf}
    assert "the tuned baseline student" in search.reason_
    assert search.best_params_[LEAF] == search.best_estimator_.student.min_samples_leaf


def test_without_it_the_student_keeps_its_parameters():
    X, y = friedman()
    search = clone(SEARCH).set_params(student_params=None).fit(X, y)
    assert search.baseline_params_ == {}
    assert_array_equal(split_scores(search), split_scores(fitted())[[0, 7]])
    assert "tuned" not in search.reason_


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_on_noise_the_tuned_baseline_is_kept(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    search = clone(SEARCH).set_params(random_state=seed).fit(X, y)
    assert search.alpha_ == 0, search.reason_
    assert search.reason_.startswith("Kept the tuned baseline student")
    assert search.best_index_ < 7
    assert search.best_score_ == search.baseline_score_
    student = clone(TREE).set_params(
        min_samples_leaf=search.baseline_params_[LEAF], random_state=0
    )
    assert_array_equal(search.predict(X), student.fit(X, y).predict(X))


def test_the_teacher_is_fitted_once_on_each_fold(tmp_path):
    teacher = CountingTeacher(tmp_path)
    clone(SEARCH).set_params(teacher=teacher).fit(*friedman())
    assert len(list(tmp_path.iterdir())) == 2 * (3 + 1)


def test_distributions_are_drawn_from_and_lists_tried_in_full():
    X, y = friedman()
    drawn = {"min_samples_leaf": randint(2, 40), "max_features": [0.5, 1.0]}
    search = clone(SEARCH).set_params(student_params=drawn, n_iter=2, cv=KFold(2))
    tried = search.fit(X, y).cv_results_
    again = clone(search).set_params(n_jobs=2)
    with parallel_config("threading"):
        again.fit(X, y)
    assert len(tried["params"]) == 2 * 3
    assert again.cv_results_["params"] == tried["params"]
    assert_array_equal(split_scores(again, 2), split_scores(search, 2))
    assert tried["params"][0]["student__max_features"] is None
    found, other = (list_configurations(TREE, drawn, 4, seed) for seed in range(2))
    assert len(found) == len(other) == 5
    assert found != other
    # Of more combinations than n_iter as many are drawn, each once.
    listed = {"min_samples_leaf": [2, 3, 4], "max_features": [0.5, 0.9]}
    pairs = {repr(one) for one in list_configurations(TREE, listed, 4, 0)}
    assert len(pairs) == 5


def test_values_that_are_shown_alike_are_all_tried():
    student = GaussianProcessRegressor()
    kernels = [RBF(1.0001), RBF(1.0002)]
    assert repr(kernels[0]) == repr(kernels[1])
    assert len(list_configurations(student, {"kernel": kernels}, 20, 0)) == 3
    twice = {"max_leaf_nodes": np.array([8, 4, 4])}
    assert len(list_configurations(TREE, twice, 20, 0)) == 2


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"student_params": {"min_leaf": [1]}}, "are: ccp_alpha, criterion, max_d"),
        ({"student_params": {LEAF: [1]}}, "the prefix: 'min_samples_leaf'"),
        ({"student_params": {"max_depth": 3}}, r"Write \[3\] to try one value"),
        ({"student_params": {"max_depth": []}}, "for 'max_depth'. Leave it out"),
        ({"student_params": {"max_depth": np.array(3)}}, "a non-empty sequence"),
        ({"student_params": {"criterion": "gini"}}, "Got 'gini' for 'criterion'"),
        ({"student_params": "all"}, "student_params.* must be"),
        ({"n_iter": 0}, "n_iter.* must be"),
        (
            {"student": [("a", TREE)], "student_params": {"max_depth": [1]}},
            r"by their names \['a'\]. Got 'max_depth'",
        ),
        (
            {"student": [("a", TREE)], "student_params": {"a": [1]}},
            r"Got \[1\] for 'a'",
        ),
        (
            {"student": [("a", TREE)], "student_params": {"a": {"depth": [1]}}},
            "Got 'depth'",
        ),
    ],
)
def test_what_cannot_be_tried_is_said_before_any_work(params, said):
    search = clone(SEARCH).set_params(teacher=FailingRegressor(), **params)
    with pytest.raises(ValueError, match=said):
        search.fit(*friedman())


def test_a_configuration_that_fails_is_not_taken():
    space = {"max_depth": [3, -1]}
    search = clone(SEARCH).set_params(student_params=space)
    with pytest.warns(FitFailedWarning, match="student__max_depth=-1") as caught:
        search.fit(*friedman())
    assert len(caught) == 2  # On the labels, and distilled.
    assert search.best_params_["student__max_depth"] != -1
    assert search.baseline_params_["student__max_depth"] != -1
    assert np.isnan(split_scores(search)[[2, 5], 0]).all()
    with pytest.raises(ValueError, match="max_depth"):
        search.set_params(error_score="raise").fit(*friedman())


def test_a_step_of_a_pipeline_is_reached_by_its_name():
    student = make_pipeline(StandardScaler(), TREE)
    name = "decisiontreeregressor__min_samples_leaf"
    search = clone(SEARCH).set_params(student=student, student_params={name: [5]})
    search.fit(*friedman())
    assert {one[f"student__{name}"] for one in search.cv_results_["params"]} == {1, 5}


def test_each_of_several_students_has_its_own_space():
    students = [("tree", TREE), ("line", Ridge()), ("same", DecisionTreeRegressor())]
    space = {"tree": {"min_samples_leaf": [5]}, "line": "auto"}
    search = clone(SEARCH).set_params(student=students, student_params=space, n_iter=2)
    search.fit(*friedman())
    found = search.cv_results_
    names = [one["student"] for one in found["params"]]
    assert names == ["tree"] * 4 + ["line"] * 6 + ["same"] * 2
    assert found["param_student__alpha"].mask.tolist() == [True] * 4 + [False] * 6 + [
        *(True, True)
    ]
    assert search.best_params_["student"] in ("tree", "line", "same")


def test_the_default_student_is_tuned_as_it_is_asked_for():
    search = clone(SEARCH).set_params(
        student=None,
        student_params={"learning_rate": [0.25], "n_estimators": [5]},
        refinements="auto",
        alphas=(0.5,),
        cv=2,
    )
    search.fit(*friedman())
    assert isinstance(search.student_, GradientBoostingRegressor)
    tried = search.cv_results_["params"]
    # Where its growth is tuned, the refinement leaves that alone.
    assert [one["refine"].diversify for one in tried if one["refine"]] == (
        [True] * 3 + [False] * 3
    )
    assert tried[0]["student__n_estimators"] == 100


def test_the_budget_holds_for_tuned_students():
    search = clone(SEARCH).set_params(
        student_params={"max_leaf_nodes": [64]}, max_leaves=10
    )
    search.fit(*friedman())
    assert search.student_.get_n_leaves() <= 10
    assert search.best_params_["student__max_leaf_nodes"] == 8
    assert search.baseline_params_ == {"student__max_leaf_nodes": 8}


def test_a_student_over_the_budget_takes_part_with_parameters_that_bring_it_within():
    search = clone(SEARCH).set_params(
        student=clone(TREE).set_params(max_leaf_nodes=64),
        student_params={"max_leaf_nodes": [32, 8, -1, 10]},
        max_leaves=10,
    )
    with pytest.warns(FitFailedWarning, match="max_leaf_nodes=-1.*left out.*-1"):
        search.fit(*friedman())
    tried = {one["student__max_leaf_nodes"] for one in search.cv_results_["params"]}
    assert tried == {8, 10}
    frontier = search.frontier()
    assert search.student_.get_n_leaves() == frontier["leaves"].item() <= 10
    assert frontier["is_within"].item()
    # What fits the budget by itself is found in the same way.
    alone = clone(search).set_params(
        student=TREE, student_params={"max_leaf_nodes": [10]}
    )
    assert alone.fit(*friedman()).best_score_ == search.best_score_
    with pytest.raises(ValueError, match="max_leaf_nodes"):
        search.set_params(error_score="raise").fit(*friedman())


@pytest.mark.parametrize("n_leaves", [64, 8])
def test_parameters_of_unknown_cost_are_not_within_the_budget(n_leaves):
    X, y = friedman()
    tree = clone(TREE).set_params(max_leaf_nodes=n_leaves)
    # The neighbors are the best, and have no leaves.
    steps = [KNeighborsRegressor(8), clone(TREE).set_params(max_leaf_nodes=9)]
    search = clone(SEARCH).set_params(
        student=Pipeline([("keep", "passthrough"), ("model", tree)]),
        student_params={"model": steps},
        max_leaves=10,
    )
    assert search.fit(X, y).student_["model"].get_n_leaves() <= 10


def test_parameters_that_are_arrays_bring_a_student_within_the_budget():
    signs = np.zeros(10, dtype=int)
    tree = clone(TREE).set_params(max_leaf_nodes=64, monotonic_cst=signs)
    search = clone(SEARCH).set_params(
        student=tree,
        student_params={"monotonic_cst": [signs + 1], "max_leaf_nodes": [9]},
        max_leaves=10,
    )
    assert search.fit(*friedman()).student_.get_n_leaves() <= 9


def test_where_no_parameters_are_within_the_budget_the_nearest_cost_is_named():
    search = clone(SEARCH).set_params(
        student=clone(TREE).set_params(max_leaf_nodes=64),
        student_params={"max_leaf_nodes": [32, 8]},
        max_leaves=6,
    )
    with pytest.raises(ValueError, match="max_leaves=6, .* 8 leaves"):
        search.fit(*friedman())


def test_where_all_parameters_fail_the_cost_as_given_is_named():
    search = clone(SEARCH).set_params(
        student=clone(TREE).set_params(max_leaf_nodes=64),
        student_params={"max_leaf_nodes": [-1]},
        max_leaves=6,
    )
    fails = pytest.warns(FitFailedWarning, match="max_leaf_nodes=-1")
    with fails, pytest.raises(ValueError, match="max_leaves=6, .* 64 leaves"):
        search.fit(*friedman())


def test_classes_and_weights():
    X, y = load_iris(return_X_y=True)
    search = DistilledClassifierCV(
        GaussianNB(),
        LogisticRegression(max_iter=1000),
        transfers=(None,),
        student_params="auto",
        n_iter=2,
        cv=2,
        inner_cv=2,
        random_state=0,
    )
    weight = np.linspace(0.5, 1.5, len(y))
    search.fit(X, y, sample_weight=weight)
    assert len(search.cv_results_["params"]) == 6
    assert [*search.baseline_params_] == ["student__C"]
    assert search.score(X, y) > 0.8
