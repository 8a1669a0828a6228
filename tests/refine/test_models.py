"""Every library's models: what is refined, what stays, and what is written back."""

import json
import pickle

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

from skdistill.refine import refine_leaves, refinement_path
from skdistill.refine._registry import open_model
from tests.refine.cases import CASES, fitted, predictions, problem

# LightGBM 4.6 says so to every array, and 4.7 renamed eval_set.
pytestmark = [
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings("ignore:.*eval_set.*"),
]


def tolerance(model):
    """XGBoost works in single precision."""
    return 1e-5 if "xgboost" in type(model).__module__ else 1e-10


@pytest.fixture(params=CASES, ids="-".join)
def case(request):
    return fitted(*request.param), *problem(request.param[0])


def test_the_refined_model_predicts_raw_plus_matrix_times_correction(case):
    model, X, _, target = case
    path = refinement_path(model, X, target, strengths=[3.0, 100.0])
    for index, predicted in enumerate(path.predict(X)):
        refined = path.model(index)
        assert type(refined) is type(model)
        assert_allclose(
            predictions(refined, X),
            predicted,
            rtol=tolerance(model),
            atol=tolerance(model),
        )
        assert not np.allclose(
            predictions(refined, X), predictions(model, X), atol=1e-3
        )


def test_infinite_strength_changes_nothing(case):
    model, X, _, target = case
    path = refinement_path(model, X, target, strengths=[np.inf])
    assert_array_equal(predictions(path.model(0), X), predictions(model, X))
    assert_allclose(path.predict(X)[0], predictions(model, X), atol=tolerance(model))


def test_a_large_strength_changes_little(case):
    model, X, _, target = case
    refined = refine_leaves(model, X, target, strength=1e9)
    assert_allclose(predictions(refined, X), predictions(model, X), atol=1e-4)


def test_nothing_changes_where_the_target_is_what_the_model_says(case):
    model, X, _, _ = case
    refined = refine_leaves(model, X, predictions(model, X), strength=1.0)
    assert_allclose(
        predictions(refined, X), predictions(model, X), rtol=1e-4, atol=1e-4
    )


def test_a_weaker_hold_fits_the_target_better(case):
    model, X, _, target = case
    path = refinement_path(model, X, target, strengths=[np.inf, 100.0, 10.0, 1.0])
    losses = path.losses(X, target)
    assert (np.diff(losses) < 0).all()


def test_the_given_model_is_left_as_it_was(case):
    model, X, _, target = case
    before = predictions(model, X)
    refine_leaves(model, X, target, strength=1.0)
    assert_array_equal(predictions(model, X), before)


def test_the_trees_stay_the_same(case):
    model, X, _, target = case
    refined = refine_leaves(model, X, target, strength=1.0)
    old, new = open_model(model), open_model(refined)
    assert list(new.sizes) == list(old.sizes)
    assert_array_equal(new.leaves(X), old.leaves(X))


def test_the_refined_model_can_be_pickled_and_refined_again(case):
    model, X, _, target = case
    refined = refine_leaves(model, X, target, strength=10.0)
    again = pickle.loads(pickle.dumps(refined))
    assert_array_equal(predictions(again, X), predictions(refined, X))
    unchanged = refine_leaves(again, X, target, strength=np.inf)
    assert_array_equal(predictions(unchanged, X), predictions(refined, X))


def test_a_weight_is_a_number_of_repetitions(case):
    model, X, _, target = case
    weight = np.arange(len(X)) % 4
    # What tol leaves out of the objective is squared in the predictions.
    path = refinement_path(model, X, target, weight, strengths=[10.0], tol=1e-12)
    repeated = refinement_path(
        model,
        np.repeat(X, weight, axis=0),
        np.repeat(target, weight, axis=0),
        strengths=[10.0],
        tol=1e-12,
    )
    assert_allclose(path.predict(X), repeated.predict(X), atol=1e-4)


def test_probabilities_stay_probabilities(case):
    model, X, y, _ = case
    if not is_classifier(model):
        return
    path = refinement_path(model, X, y, strengths=[0.1])
    for proba in (path.predict(X)[0], path.model(0).predict_proba(X)):
        assert proba.min() >= 0
        assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("kind", ["lightgbm", "lightgbm_stopped", "lightgbm_forest"])
def test_a_refined_lightgbm_model_is_saved_and_loaded(kind, tmp_path):
    X, _, target = problem("regression")
    refined = refine_leaves(fitted("regression", kind), X, target, strength=1.0)
    refined.booster_.save_model(tmp_path / "model.txt")
    loaded = lightgbm.Booster(model_file=tmp_path / "model.txt")
    assert_allclose(loaded.predict(X), refined.predict(X), rtol=1e-12)


@pytest.mark.parametrize("kind", ["xgboost", "xgboost_stopped", "xgboost_dart"])
@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_a_refined_xgboost_model_is_saved_and_loaded(kind, ending, tmp_path):
    X, _, target = problem("regression")
    refined = refine_leaves(fitted("regression", kind), X, target, strength=1.0)
    refined.save_model(tmp_path / f"model.{ending}")
    loaded = XGBRegressor()
    loaded.load_model(tmp_path / f"model.{ending}")
    assert_allclose(loaded.predict(X), refined.predict(X), rtol=1e-6)


def test_early_stopped_models_keep_their_best_iteration():
    X, _, target = problem("regression")
    for kind, attribute in (
        ("lightgbm_stopped", "best_iteration_"),
        ("xgboost_stopped", "best_iteration"),
    ):
        model = fitted("regression", kind)
        refined = refine_leaves(model, X, target, strength=1.0)
        assert getattr(refined, attribute) == getattr(model, attribute)
        # Trees after the best one are no part of the prediction, so none is refined.
        assert len(open_model(model).sizes) < open_model(model).model.n_estimators


def test_xgboost_leaves_all_but_the_leaf_values_as_it_was():
    X, _, target = problem("regression")
    model = fitted("regression", "xgboost")
    refined = refine_leaves(model, X, target, strength=1.0)
    documents = []
    for part in (model, refined):
        document = json.loads(part.get_booster().save_raw("json"))
        forest = document["learner"]["gradient_booster"]["model"]
        for tree in forest["trees"]:
            children = np.array(tree["left_children"])
            conditions = np.array(tree.pop("split_conditions"))
            tree["thresholds"] = conditions[children >= 0].tolist()
        documents.append(document)
    assert documents[0] == documents[1]
    assert refined.get_params() == model.get_params()


@pytest.mark.parametrize("kind", ["forest", "tree", "hist", "lightgbm", "xgboost"])
def test_missing_values_go_where_the_model_sends_them(kind):
    X, y, target = problem("regression")
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)
    model = clone(fitted("regression", kind)).fit(X, y)
    path = refinement_path(model, X, target, strengths=[1.0])
    assert_allclose(path.model(0).predict(X), path.predict(X)[0], rtol=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        LGBMRegressor(n_estimators=8, n_jobs=1, verbose=-1),
        XGBRegressor(n_estimators=8, n_jobs=1),
        HistGradientBoostingRegressor(max_iter=8),
    ],
    ids=["lightgbm", "xgboost", "hist"],
)
def test_a_dataframe_with_categories_is_taken(model):
    X, y, target = problem("regression")
    frame = pd.DataFrame(X, columns=list("abcdefghij"))
    frame["k"] = pd.Categorical(np.array(["x", "y", "z"])[np.arange(len(X)) % 3])
    y = y + 3 * (frame["k"] == "y").to_numpy()
    if not isinstance(model, LGBMRegressor | XGBRegressor):
        model.set_params(categorical_features="from_dtype")
    elif isinstance(model, XGBRegressor):
        model.set_params(enable_categorical=True)
    model.fit(frame, y)
    path = refinement_path(model, frame, target, strengths=[1.0])
    refined = path.model(0)
    assert_allclose(refined.predict(frame), path.predict(frame)[0], rtol=1e-5)
    assert_array_equal(refined.feature_names_in_, model.feature_names_in_)
    # Text for a category still finds its way: the categories are kept.
    turned = frame.assign(k=frame["k"].cat.reorder_categories(["z", "y", "x"]))
    assert_allclose(refined.predict(turned), path.predict(turned)[0], rtol=1e-5)


def test_several_outputs_of_forests_trees_and_xgboost_are_refined():
    X, y, target = problem("regression")
    y, target = np.column_stack([y, X[:, 0]]), np.column_stack([target, X[:, 1]])
    for model in (
        RandomForestRegressor(8, max_leaf_nodes=8, random_state=0),
        DecisionTreeRegressor(max_leaf_nodes=8, random_state=0),
        XGBRegressor(n_estimators=8, max_depth=3, n_jobs=1),
    ):
        model.fit(X, y)
        path = refinement_path(model, X, target, strengths=[1.0, np.inf])
        assert path.predict(X).shape == (2, len(X), 2)
        assert_allclose(path.model(0).predict(X), path.predict(X)[0], rtol=1e-4)
        assert np.diff(path.losses(X, target)) > 0


def test_a_pipeline_is_refined_through_its_last_step():
    X, y, target = problem("regression")
    inner = make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=8))
    pipeline = make_pipeline(StandardScaler(), inner).fit(X, y)
    path = refinement_path(pipeline, X, target, strengths=[1.0])
    refined, before = path.model(0), pipeline.predict(X)
    assert [type(step) for _, step in refined.steps] == [
        type(step) for _, step in pipeline.steps
    ]
    assert_allclose(refined.predict(X), path.predict(X)[0])
    assert_array_equal(pipeline.predict(X), before)


def test_a_pipeline_of_one_step_is_refined():
    X, y, target = problem("regression")
    pipeline = make_pipeline(GradientBoostingRegressor(n_estimators=8)).fit(X, y)
    path = refinement_path(pipeline, X, target, strengths=[1.0])
    assert_allclose(path.model(0).predict(X), path.predict(X)[0])


def test_labels_may_be_any_classes():
    X, codes, _ = problem("multiclass")
    y = np.array(["one", "two", "zero"])[codes]
    model = HistGradientBoostingClassifier(max_iter=3).fit(X, y)
    by_labels = refinement_path(model, X, y, strengths=[1.0]).predict(X)
    by_probabilities = refinement_path(
        model, X, np.eye(3)[codes], strengths=[1.0]
    ).predict(X)
    assert_array_equal(by_labels, by_probabilities)


def test_xgboost_keeps_its_configuration():
    X, _, target = problem("regression")
    model = fitted("regression", "xgboost")
    refined = refine_leaves(model, X, target, strength=1.0)
    old, new = (json.loads(m.get_booster().save_config()) for m in (model, refined))
    names = "generic_param", "objective", "learner_model_param"
    for name in names:
        assert new["learner"].get(name) == old["learner"].get(name)
    assert isinstance(refined.get_booster(), xgboost.Booster)
