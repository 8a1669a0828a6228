"""Pruning: every library's models, cut exactly, and what the cuts cost."""

import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.export import to_c
from skdistill.inspect import count_values
from skdistill.refine import (
    LeafRefinement,
    prune_leaves,
    pruning_path,
    refine_leaves,
    refined_models,
)
from skdistill.refine._costs import merging_cost
from tests.doubles import CountingTeacher
from tests.refine.cases import CASES, fitted, predictions, problem

# LightGBM 4.6 says so to every array, and 4.7 renamed eval_set.
pytestmark = [
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings("ignore:.*eval_set.*"),
]


@cache
def pruned(task, name):
    """Return the sizes asked for, and the path to them: the last as small as can be."""
    X, _, target = problem(task)
    model = fitted(task, name)
    sizes = [count_values(model).leaves // 3, 1]
    return sizes, pruning_path(model, X, target, sizes=sizes)


# Those left to the slow tests are of a library, and cut in a way, that are here.
QUICK = ("boosting", "hist", "forest", "tree", "lightgbm", "xgboost")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            marks=[] if case[0] != "binary" and case[1] in QUICK else pytest.mark.slow,
            id="-".join(case),
        )
        for case in CASES
    ],
)
def test_the_pruned_model_predicts_what_the_path_says(case):
    task, name = case
    sizes, path = pruned(task, name)
    X = problem(task)[0]
    said = path.predict(X)
    for index, size in enumerate(sizes):
        model = path.model(index)
        assert type(model) is type(fitted(task, name))
        again = pickle.loads(pickle.dumps(model))
        assert_allclose(predictions(again, X), said[index], rtol=1e-5, atol=1e-5)
        assert count_values(model).leaves == path.n_leaves[index]
        assert path.n_leaves[index] <= max(size, np.sum(path._leaf_model.rounds == 0))


def test_without_others_to_make_up_for_it_a_cut_costs_what_the_nodes_variance_is():
    # With no strength to speak of this is minimal cost-complexity pruning.
    X, y, _ = problem("regression")
    tree = DecisionTreeRegressor(max_leaf_nodes=12, random_state=0).fit(X, y)
    path = pruning_path(tree, X, y, sizes=range(12, 1, -1), strength=1e-6)
    errors = path.losses(X, y)
    for alpha in tree.cost_complexity_pruning_path(X, y).ccp_alphas[1:-1]:
        known = clone(tree).set_params(ccp_alpha=alpha + 1e-9).fit(X, y)
        same = path.n_leaves.tolist().index(known.get_n_leaves())
        assert_allclose(errors[same], np.mean((known.predict(X) - y) ** 2))


def test_a_cost_is_what_the_loss_grows_by_where_all_other_leaves_make_up_for_it():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 6))
    hessian = rows.T @ rows
    best, leaves = rng.normal(size=(6, 1)), [1, 3, 4]
    # v = N u, of which the chosen ones are the same.
    same = np.delete(np.eye(6), [3, 4], axis=1)
    same[[3, 4], 1] = 1
    free = np.linalg.solve(same.T @ hessian @ same, same.T @ hessian @ best)
    away = same @ free - best
    inverse = np.linalg.inv(hessian)
    cost = merging_cost(inverse[np.ix_(leaves, leaves)], best[leaves])
    assert_allclose(cost, (away.T @ hessian @ away).item())


@pytest.mark.parametrize("name", ["boosting", "hist", "forest", "lightgbm", "xgboost"])
def test_pruned_models_are_written_as_c(name):
    _, path = pruned("regression", name)
    # What is written is compared with what the model predicts for X.
    assert to_c(path.model(0), problem("regression")[0])


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_a_size_does_not_depend_on_the_others_and_pruning_is_repeatable(task):
    X, _, target = problem(task)
    sizes, path = pruned(task, "boosting")
    alone = prune_leaves(fitted(task, "boosting"), X, target, max_leaves=sizes[0])
    assert_array_equal(predictions(path.model(0), X), predictions(alone, X))


def test_a_weight_is_a_repetition_and_an_offset_is_not_for_the_leaves_to_learn():
    X, y, _ = problem("regression")
    model = fitted("regression", "tree")
    weight = np.random.default_rng(0).integers(3, size=len(X))
    terms = {"max_leaves": 8, "tol": 1e-10}
    repeated = prune_leaves(
        model, *(np.repeat(a, weight, axis=0) for a in (X, y)), **terms
    )
    weighted = prune_leaves(model, X, y, sample_weight=weight, **terms)
    moved = prune_leaves(
        model, X, y + 5, sample_weight=weight, offset=np.full(len(X), 5), **terms
    )
    assert_allclose(weighted.predict(X), repeated.predict(X))
    assert_allclose(weighted.predict(X), moved.predict(X))
    assert (
        abs(weighted.predict(X) - prune_leaves(model, X, y, **terms).predict(X)).max()
        > 0.01
    )


def test_all_leaves_are_those_of_the_refined_model():
    X, _, target = problem("regression")
    model = fitted("regression", "lightgbm")
    path = pruning_path(model, X, target, sizes=[np.inf])
    refined = refine_leaves(model, X, target)
    assert_allclose(path.predict(X)[0], refined.predict(X), rtol=1e-2)


def test_tol_is_what_the_solution_may_leave_out():
    X, _, target = problem("regression")
    model = fitted("regression", "boosting")
    size = count_values(model).leaves
    losses = [
        np.mean(
            (
                prune_leaves(model, X, target, max_leaves=size, **terms).predict(X)
                - target
            )
            ** 2
        )
        for terms in ({"tol": 0.9}, {}, {"tol": 1e-3}, {"tol": 1e-12})
    ]
    assert losses[0] > losses[1] == losses[2] > losses[3]
    assert losses[2] == pytest.approx(losses[3], rel=1e-2)


def test_the_last_step_of_a_pipeline_is_pruned():
    X, y, _ = problem("regression")
    model = make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=5))
    few = prune_leaves(model.fit(X, y), X, y, max_leaves=10)
    assert 9 <= count_values(few).leaves <= 10
    assert count_values(model).leaves == 40


def test_noise_leaves_little_of_what_was_grown():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 5)), rng.normal(size=600)
    model = GradientBoostingRegressor(n_estimators=30, random_state=0).fit(X, y)
    path = pruning_path(model, X, y, sizes=[np.inf, 20])
    held_out = rng.normal(size=(600, 5)), rng.normal(size=600)
    whole, few = path.losses(*held_out)
    assert few < whole


def test_categories_of_xgboost_stay():
    X, y, _ = problem("regression")
    frame = pd.DataFrame(X).add_prefix("x")
    kinds = (4 * X[:, 0]).astype(int) % 4
    frame["kind"] = pd.Categorical(np.array(list("abcd"))[kinds])
    shifted = y + 9 * (frame["kind"].isin(["a", "c"]))
    model = XGBRegressor(n_estimators=6, max_depth=3, enable_categorical=True, n_jobs=1)
    path = pruning_path(model.fit(frame, shifted), frame, shifted, sizes=[20])
    few = path.model(0)
    assert "kind" in few.get_booster().get_score()
    assert_allclose(few.predict(frame), path.predict(frame)[0], rtol=1e-4)


def test_what_cannot_be_pruned_is_refused():
    X, y, _ = problem("regression")
    with pytest.raises(ValueError, match="Got LinearRegression"):
        prune_leaves(LinearRegression().fit(X, y), X, y, max_leaves=9)
    with pytest.raises(ValueError, match=r"1 or more.*Got \[0\]"):
        prune_leaves(fitted("regression", "boosting"), X, y, max_leaves=0)
    with pytest.raises(ValueError, match="must be finite"):
        prune_leaves(
            fitted("regression", "boosting"), X, y, max_leaves=9, strength=np.inf
        )
    with pytest.raises(ValueError, match="tol must be a fraction.*Got 0"):
        prune_leaves(fitted("regression", "boosting"), X, y, max_leaves=9, tol=0)


@pytest.mark.parametrize(("name", "value"), [("max_leaves", 0), ("tolerance", -0.1)])
def test_a_limit_that_is_none_is_refused(name, value):
    X, y, _ = problem("regression")
    model = DistilledRegressor(DummyRegressor(), refine=LeafRefinement(**{name: value}))
    with pytest.raises(ValueError, match=f"'{name}' parameter of LeafRefinement"):
        model.fit(X, y)


def test_a_student_that_cannot_be_pruned_is_refused_before_any_work(tmp_path):
    X, y, _ = problem("regression")
    model = DistilledRegressor(
        CountingTeacher(tmp_path), MLPRegressor(), refine=LeafRefinement(max_leaves=5)
    )
    with pytest.raises(ValueError, match="'refine' parameter.*Got MLPRegressor"):
        model.fit(X, y)
    assert not [*tmp_path.iterdir()]


@cache
def distilled(tolerance, max_leaves=None):
    X, y = make_friedman1(400, noise=1.0, random_state=0)
    model = DistilledRegressor(
        FrozenEstimator(LinearRegression().fit(X, y)),
        GradientBoostingRegressor(n_estimators=15),
        refine=LeafRefinement(tolerance=tolerance, max_leaves=max_leaves),
        transfer=None,
        random_state=0,
    )
    return model.fit(X, y)


def test_a_larger_tolerance_leaves_fewer_leaves():
    sizes = [
        count_values(distilled(tolerance)).leaves for tolerance in (0.0, 0.02, 9.0)
    ]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[2] == pytest.approx(12, abs=3)


def test_the_most_leaves_hold_whatever_the_tolerance():
    few = count_values(distilled(0.0, max_leaves=30)).leaves
    assert few <= 30
    assert count_values(distilled(9.0, max_leaves=30)).leaves < few


@pytest.mark.parametrize("n_counted", [1, 60])
def test_a_tolerance_takes_few_leaves_and_few_samples(n_counted):
    X, y, _ = problem("regression")
    tree = DecisionTreeRegressor(max_leaf_nodes=4).fit(X, y)
    weight = np.r_[np.ones(n_counted), np.zeros(100 - n_counted)]
    refinements = [LeafRefinement(tolerance=0.01)]
    given = X[:100], y[:100], weight
    (model,) = refined_models(tree, refinements, *given, n_labelled=100, seed=0)
    assert 1 <= model.get_n_leaves() <= 4


def test_a_search_scores_students_that_are_pruned_to_its_budget():
    X, y = make_friedman1(150, noise=1.0, random_state=0)
    search = DistilledRegressorCV(
        LinearRegression(),
        GradientBoostingRegressor(n_estimators=10),
        transfers=(None,),
        refinements=("leaves",),
        max_leaves=40,
        cv=2,
        inner_cv=2,
        random_state=0,
    ).fit(X, y)
    assert all(one["refine"].max_leaves == 40 for one in search.cv_results_["params"])
    assert search.frontier()["leaves"].item() <= 40
    assert count_values(search.student_).leaves <= 40
    free = clone(search).set_params(max_leaves=1000).fit(X, y)
    assert free.cv_results_["params"][0]["refine"] is None
