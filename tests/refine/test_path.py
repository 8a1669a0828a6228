"""The public functions: paths over strengths, the choice, errors, the gain."""

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1, make_multilabel_classification
from sklearn.ensemble import (
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from skdistill.refine import (
    _rows,
    check_refinable,
    is_refinable,
    refine_leaves,
    refinement_path,
)
from tests.refine.cases import fitted, predictions, problem

pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")


@pytest.mark.parametrize(
    ("task", "shape"),
    [("regression", (2, 7)), ("binary", (2, 7, 2)), ("multiclass", (2, 7, 3))],
)
def test_predictions_come_for_each_strength(task, shape):
    X, _, target = problem(task)
    path = refinement_path(fitted(task, "hist"), X, target, strengths=[1.0, 5.0])
    assert path.predict(X[:7]).shape == shape


def test_results_keep_the_order_of_the_strengths():
    X, _, target = problem("regression")
    model = fitted("regression", "boosting")
    strengths = [10.0, np.inf, 1.0, 100.0, 1.0]
    path = refinement_path(model, X, target, strengths=strengths, tol=1e-8)
    assert_array_equal(path.strengths, strengths)
    for index, strength in enumerate(strengths):
        alone = refine_leaves(model, X, target, strength=strength, tol=1e-8)
        assert_allclose(path.model(index).predict(X), alone.predict(X), rtol=1e-3)


def test_the_tolerance_bounds_the_difference():
    X, _, target = problem("regression")
    model = fitted("regression", "boosting")
    exact, near, rough = (
        refine_leaves(model, X, target, strength=1.0, tol=tol).predict(X)
        for tol in (1e-12, 1e-6, 0.5)
    )
    assert_allclose(near, exact, rtol=1e-2)
    assert not np.allclose(rough, exact, rtol=1e-2)


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_losses_are_those_of_the_refined_models(task):
    X, y, target = problem(task)
    path = refinement_path(fitted(task, "hist"), X, target, strengths=[1.0, np.inf])
    score = mean_squared_error if task == "regression" else log_loss
    weight = np.arange(len(y)) % 3
    for given in (None, weight):
        expected = [
            score(y, predictions(path.model(i), X), sample_weight=given) for i in (0, 1)
        ]
        assert_allclose(path.losses(X, y, given), expected)


def test_losses_of_forests_of_classes_are_brier_scores():
    X, y, target = problem("multiclass")
    path = refinement_path(fitted("multiclass", "forest"), X, target, strengths=[9.0])
    errors = path.predict(X)[0] - np.eye(3)[y]
    assert_allclose(path.losses(X, y), [np.mean(np.sum(errors**2, axis=1))])


@pytest.mark.parametrize("kind", ["boosting", "lightgbm", "xgboost"])
def test_blocks_of_rows_change_nothing(kind, monkeypatch):
    X, _, target = problem("multiclass")
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    model = clone(fitted("multiclass", kind)).fit(frame, problem("multiclass")[1])
    whole = refinement_path(model, frame, target, strengths=[1.0]).predict(frame)
    monkeypatch.setattr(_rows, "_BLOCK_SIZE", 1000)
    monkeypatch.setattr("skdistill.refine._matrix._BLOCK_SIZE", 100)
    parts = refinement_path(model, frame, target, strengths=[1.0]).predict(frame)
    assert_allclose(parts, whole, rtol=1e-6)


def test_lists_are_tables_too():
    X, _, target = problem("regression")
    model = fitted("regression", "boosting")
    from_lists = refine_leaves(model, X.tolist(), target.tolist())
    from_array = refine_leaves(model, X, target)
    assert_array_equal(from_lists.predict(X), from_array.predict(X))


STUDENTS = [
    GradientBoostingRegressor(random_state=0),
    LGBMRegressor(n_estimators=50, num_leaves=8, n_jobs=1, verbose=-1),
    XGBRegressor(n_estimators=50, max_depth=3, learning_rate=0.1, n_jobs=1),
    RandomForestRegressor(50, max_leaf_nodes=16, random_state=0),
    HistGradientBoostingRegressor(max_iter=50, max_leaf_nodes=8),
]


@pytest.mark.parametrize("student", STUDENTS, ids=lambda s: type(s).__name__)
def test_refinement_recovers_most_of_the_gap_where_samples_have_good_labels(student):
    """A teacher that knows the truth labels further samples; the trees stay bound."""
    X, y = make_friedman1(3000, noise=1.0, random_state=0)
    truth = make_friedman1(3000, noise=0.0, random_state=0)[1]
    y[500:] = truth[500:]  # The transfer set: predictions of a perfect teacher.
    train, held_out = slice(2000), slice(2000, None)
    model = clone(student).fit(X[:500], y[:500])
    weight = np.repeat([1.0, 0.5], [500, 1500])
    refined = refine_leaves(model, X[train], y[train], weight)
    errors = [
        mean_squared_error(truth[held_out], part.predict(X[held_out]))
        for part in (model, refined)
    ]
    assert errors[1] < 0.6 * errors[0]


def test_probabilities_of_further_samples_improve_a_classifier():
    X, y = make_friedman1(3000, noise=0.0, random_state=0)
    chance = 1 / (1 + np.exp(-(y - 14) / 2))
    labels = (np.random.default_rng(0).random(3000) < chance).astype(int)
    target = np.column_stack([1 - chance, chance])
    target[:500] = np.eye(2)[labels[:500]]
    model = GradientBoostingClassifier(random_state=0).fit(X[:500], labels[:500])
    refined = refine_leaves(model, X[:2000], target[:2000])
    soft = target[2000:]
    before, after = (
        -np.mean(np.sum(soft * np.log(part.predict_proba(X[2000:])), axis=1))
        for part in (model, refined)
    )
    least = -np.mean(np.sum(soft * np.log(soft), axis=1))
    assert after - least < 0.6 * (before - least)


REFUSED = [
    (MLPRegressor(), "add up or average the leaves .* Got MLPRegressor"),
    (Ridge(), "Got Ridge"),
    (AdaBoostRegressor(), "Got AdaBoostRegressor"),
    (make_pipeline(StandardScaler(), Ridge()), "Got Ridge"),
    (GradientBoostingRegressor(loss="huber"), "loss='huber', not 'squared_error'"),
    (GradientBoostingClassifier(loss="exponential"), "loss='exponential'"),
    (HistGradientBoostingRegressor(loss="poisson"), "loss='poisson'"),
    (HistGradientBoostingRegressor(monotonic_cst=np.ones(10)), "monotonic_cst"),
    (RandomForestRegressor(criterion="absolute_error"), "criterion='absolute_error'"),
    (RandomForestClassifier(monotonic_cst=[1, 0]), "monotonic_cst"),
    (LGBMRegressor(linear_tree=True), "linear_tree=True, not False"),
    (LGBMRegressor(objective="poisson"), "objective='poisson'"),
    (LGBMRegressor(reg_sqrt=True), "reg_sqrt=True"),
    (LGBMRegressor(monotone_constraints=[1, 0]), "monotone_constraints"),
    (LGBMClassifier(objective="multiclassova"), "objective='multiclassova'"),
    (XGBRegressor(booster="gblinear"), "booster='gblinear'"),
    (XGBRegressor(multi_strategy="multi_output_tree"), "multi_strategy"),
    (XGBRegressor(objective="count:poisson"), "objective='count:poisson'"),
    (XGBRegressor(monotone_constraints=(1, 0)), "monotone_constraints"),
    (XGBClassifier(objective="binary:hinge"), "objective='binary:hinge'"),
]


@pytest.mark.parametrize(("estimator", "message"), REFUSED)
def test_what_cannot_be_refined_is_said_before_any_fit(estimator, message):
    assert not is_refinable(estimator)
    with pytest.raises(ValueError, match=message):
        check_refinable(estimator)


@pytest.mark.parametrize(
    "estimator",
    [
        GradientBoostingRegressor(),
        LGBMRegressor(objective="l2"),
        XGBClassifier(objective="multi:softprob"),
        make_pipeline(StandardScaler(), RandomForestRegressor()),
    ],
)
def test_what_can_be_refined_is_said_before_any_fit(estimator):
    assert is_refinable(estimator)
    check_refinable(estimator)


def test_the_fitted_objective_counts_too():
    X, y, _ = problem("regression")
    model = LGBMRegressor(n_estimators=2, verbose=-1, n_jobs=1, objective="l1")
    model.fit(X, y).set_params(objective=None)
    with pytest.raises(ValueError, match="Got a model of objective regression_l1"):
        refine_leaves(model, X, y)


@pytest.mark.parametrize(
    "params",
    [
        {"application": "l1"},
        {"loss": "huber"},
        {"linear_trees": True},
        {"mc": [1] + [0] * 9},
        {"reg_sqrt": True},
    ],
)
def test_other_names_of_parameters_count_before_the_fit(params):
    with pytest.raises(
        ValueError, match=f"cannot be refined. Got {next(iter(params))}="
    ):
        check_refinable(LGBMRegressor(**params))


def test_an_unfitted_model_is_refused():
    X, y, _ = problem("regression")
    with pytest.raises(NotFittedError):
        refine_leaves(GradientBoostingRegressor(), X, y)


def test_several_outputs_of_classes_are_refused():
    X, y = make_multilabel_classification(50, random_state=0)
    forest = RandomForestClassifier(3, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="Got 5 outputs of classes, not 1"):
        refine_leaves(forest, X, y)


@pytest.mark.parametrize(
    ("task", "target", "message"),
    [
        ("regression", np.zeros(3), r"shape \(500, 1\).*Got \(3,\)"),
        ("regression", np.zeros((500, 2)), r"Got \(500, 2\)"),
        ("regression", np.full(500, np.nan), "target contains NaN"),
        ("multiclass", np.full((500, 2), 0.5), r"shape \(500, 3\)"),
        ("multiclass", np.full((500, 3), 0.5), "probability of each class"),
        ("multiclass", np.tile([2.0, -1.0, 0.0], (500, 1)), "Got values from -1"),
        ("multiclass", np.full(500, 7), r"among the model's classes.*Got \[7\]"),
    ],
)
def test_a_target_that_does_not_fit_is_refused(task, target, message):
    X, _, _ = problem(task)
    with pytest.raises(ValueError, match=message):
        refine_leaves(fitted(task, "boosting"), X, target)


@pytest.mark.parametrize("strength", [0.0, -1.0, np.nan])
def test_a_strength_must_be_positive(strength):
    X, _, target = problem("regression")
    with pytest.raises(ValueError, match="strength must be above 0"):
        refine_leaves(fitted("regression", "tree"), X, target, strength=strength)


def test_the_tolerance_must_be_a_fraction():
    X, _, target = problem("regression")
    with pytest.raises(ValueError, match="tol must be a fraction between 0 and 1"):
        refine_leaves(fitted("regression", "tree"), X, target, tol=0.0)


def test_weights_are_checked():
    X, _, target = problem("regression")
    with pytest.raises(ValueError, match="must not be negative"):
        refine_leaves(fitted("regression", "tree"), X, target, -np.ones(len(X)))
