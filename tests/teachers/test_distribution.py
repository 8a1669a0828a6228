"""Regressors that say the distribution of a label, by its quantiles."""

import pickle

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import (
    BayesianRidge,
    LinearRegression,
    QuantileRegressor,
    Ridge,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks
from xgboost import XGBRegressor

from skdistill.students import at_level
from skdistill.teachers import (
    CrossFitTask,
    DistributionRegressor,
    Quantiles,
    TeacherPredictions,
    cached_cross_fit,
    cached_quantiles,
    distribution_in,
    open_cache,
)

# LightGBM < 4.7 warns of arrays, whose columns it names itself.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

LEVELS = np.array([0.1, 0.5, 0.9])
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X[:, 0] + RNG.normal(size=60)
X_NEW = RNG.normal(size=(25, 3))


def quantiles_of(estimator, **params):
    teacher = DistributionRegressor(estimator, levels=LEVELS, **params).fit(X, Y)
    return teacher.predict_quantiles(X_NEW)


# --- distributions by their quantiles ------------------------------------------------


def some_quantiles(n_samples=200):
    rng = np.random.default_rng(1)
    values = np.sort(rng.normal(size=(n_samples, 3)).round(1), axis=1)
    return Quantiles.of(LEVELS, values)


def test_each_label_has_a_place_and_each_place_a_label():
    known = some_quantiles()
    y = np.random.default_rng(2).normal(size=200) * 5
    places = known.places(y)
    assert places.min() < 0
    assert places.max() > 1
    assert_allclose(known.at(places), y)


def test_between_levels_the_quantile_function_is_a_line():
    known = some_quantiles()
    places = np.linspace(0.1, 0.9, 200)
    expected = [
        np.interp(place, LEVELS, row)
        for place, row in zip(places, known.values, strict=True)
    ]
    assert_allclose(known.at(places), expected)
    both = known.at(np.column_stack([places, places[::-1]]))
    assert_allclose(both[:, 0], expected)
    assert_allclose(both[:, 1], known.at(places[::-1]))


def test_a_label_of_several_levels_has_the_middle_one():
    known = Quantiles.of(LEVELS, np.array([[3.0, 3.0, 5.0]]))
    assert known.places(np.array([3.0])) == pytest.approx(0.3)
    assert known.at(np.array([0.3])) == 3


def test_places_do_not_depend_on_the_unit():
    known, y = some_quantiles(), np.linspace(-4, 4, 200)
    other = Quantiles.of(LEVELS, 1e6 * known.values + 1e3)
    assert_allclose(other.places(1e6 * y + 1e3), known.places(y), atol=1e-6)


@pytest.mark.parametrize("values", [np.zeros(3), 7 + np.arange(3) * 1e-15])
def test_without_any_spread_but_rounding_places_are_differences(values):
    known = Quantiles.of(LEVELS, np.tile(values, (2, 1)))
    places = known.places(np.array([14.0, -14.0]))
    assert_allclose(np.abs(places), [14, 14], atol=8)
    assert_allclose(known.at(places), [14.0, -14.0])


def test_quantiles_that_cross_are_sorted():
    assert_array_equal(Quantiles.of(LEVELS, [[2.0, 1.0, 3.0]]).values, [[1, 2, 3]])


def test_what_is_said_of_some_samples_is_taken_together():
    said = TeacherPredictions(np.arange(200.0), some_quantiles()).take(np.array([3, 5]))
    assert_array_equal(said.predictions, [3, 5])
    assert_array_equal(said.quantiles.values, some_quantiles().values[[3, 5]])


# --- ways to say them ----------------------------------------------------------------

FEW = {"n_estimators": 5, "random_state": 0}


@pytest.mark.parametrize(
    "learner",
    [
        QuantileRegressor(alpha=0.0),
        GradientBoostingRegressor(loss="quantile", **FEW),
        HistGradientBoostingRegressor(loss="quantile", max_iter=5, random_state=0),
        LGBMRegressor(objective="quantile", n_jobs=1, verbose=-1, **FEW),
        XGBRegressor(objective="reg:quantileerror", n_jobs=1, **FEW),
        make_pipeline(StandardScaler(), QuantileRegressor(alpha=0.0)),
    ],
    ids=lambda learner: type(learner).__name__,
)
def test_a_learner_of_quantiles_is_fitted_for_each_level(learner):
    found = quantiles_of(learner)
    expected = [at_level(learner, a).fit(X, Y).predict(X_NEW) for a in LEVELS]
    assert_allclose(found, np.sort(np.column_stack(expected), axis=1))
    teacher = DistributionRegressor(learner, levels=LEVELS).fit(X, Y)
    assert_allclose(teacher.predict(X_NEW), found @ [0.3, 0.4, 0.3])


@pytest.mark.parametrize(
    "learner",
    [
        BayesianRidge(),
        make_pipeline(StandardScaler(), GaussianProcessRegressor(alpha=1)),
    ],
    ids=["alone", "pipeline"],
)
def test_a_deviation_is_that_of_a_normal_distribution(learner):
    mean, deviation = clone(learner).fit(X, Y).predict(X_NEW, return_std=True)
    expected = norm.ppf(LEVELS, mean[:, None], deviation[:, None])
    assert_allclose(quantiles_of(learner), expected)
    teacher = DistributionRegressor(learner, levels=LEVELS).fit(X, Y)
    assert_allclose(teacher.predict(X_NEW), mean)


class Asked(RegressorMixin, BaseEstimator):
    """Predicts quantiles of the labels, or their median, as quantile-forest does."""

    def fit(self, X, y):
        self.y_ = np.asarray(y)
        return self

    def predict(self, X, quantiles=None):
        levels = [0.5] if quantiles is None else quantiles
        found = np.tile(np.quantile(self.y_, levels), (len(X), 1))
        return found[:, 0] if quantiles is None else found


class Normal(Asked):
    """Says a distribution, as ngboost does."""

    def predict(self, X):
        return np.full(len(X), self.y_.mean())

    def pred_dist(self, X):
        return norm(np.full(len(X), self.y_.mean()), self.y_.std())


def test_predict_is_asked_for_quantiles():
    assert_allclose(quantiles_of(Asked()), np.tile(np.quantile(Y, LEVELS), (25, 1)))
    mean = DistributionRegressor(Asked(), levels=LEVELS).fit(X, Y).predict(X_NEW)
    assert_allclose(mean, np.quantile(Y, LEVELS) @ [0.3, 0.4, 0.3])


def test_a_distribution_is_asked_for_quantiles():
    expected = norm.ppf(LEVELS, Y.mean(), Y.std())
    assert_allclose(quantiles_of(Normal()), np.tile(expected, (25, 1)))
    assert_allclose(DistributionRegressor(Normal()).fit(X, Y).predict(X_NEW), Y.mean())


def labels_by_definition(forest, weight, level):
    """Meinshausen's estimate, one sample and one tree at a time."""
    at, new = forest.apply(X), forest.apply(X_NEW)
    found = []
    for leaves in new:
        part = np.zeros(len(Y))
        for tree, leaf in enumerate(leaves):
            inside = (at[:, tree] == leaf) * weight
            if inside.any():
                part += inside / inside.sum()
        order = np.argsort(Y)
        reached = np.cumsum(part[order]) / part.sum()
        found.append(Y[order][np.argmax(reached >= level - 1e-9)])
    return found


@pytest.mark.parametrize("kind", [RandomForestRegressor, ExtraTreesRegressor])
@pytest.mark.parametrize("weight", [np.ones(60), np.arange(60) % 3])
def test_a_forest_says_the_labels_in_its_leaves(kind, weight):
    forest = kind(7, min_samples_leaf=4, random_state=0)
    teacher = DistributionRegressor(forest, levels=LEVELS)
    found = teacher.fit(X, Y, sample_weight=weight).predict_quantiles(X_NEW)
    fitted = teacher.estimators_[0]
    for column, level in zip(found.T, LEVELS, strict=True):
        assert_array_equal(column, labels_by_definition(fitted, weight, level))
    assert_array_equal(teacher.predict(X_NEW), fitted.predict(X_NEW))


def test_a_forest_inside_a_pipeline_sees_what_its_step_makes(monkeypatch):
    forest = RandomForestRegressor(7, min_samples_leaf=4, random_state=0)
    expected = quantiles_of(forest)
    # Trees split alike after a shift and a scaling, but for rounding.
    assert_allclose(quantiles_of(make_pipeline(StandardScaler(), forest)), expected)
    monkeypatch.setattr("skdistill.teachers._quantile_sources._MOST_WEIGHTS", 200)
    assert_array_equal(quantiles_of(forest), expected)


def test_weights_reach_a_forest_through_a_pipeline():
    forest = ExtraTreesRegressor(7, min_samples_leaf=4, random_state=0)
    weight = np.arange(60) % 3
    alone = DistributionRegressor(forest).fit(X, Y, sample_weight=weight)
    inside = DistributionRegressor(make_pipeline(forest)).fit(
        X, Y, extratreesregressor__sample_weight=weight
    )
    assert_array_equal(inside.predict_quantiles(X_NEW), alone.predict_quantiles(X_NEW))


@pytest.mark.parametrize(
    "estimator", [Ridge(), DecisionTreeRegressor(), LGBMRegressor()]
)
def test_a_regressor_that_says_no_quantiles_is_refused(estimator):
    with pytest.raises(ValueError, match=r"says quantiles.*Got.*LGBMRegressor\(obj"):
        DistributionRegressor(estimator).fit(X, Y)


@pytest.mark.parametrize(
    "levels", [[0.5], [0.5, 0.5], [0.9, 0.1], [0.0, 0.5], [0.5, 1.0], [[0.1, 0.9]]]
)
def test_levels_rise_between_0_and_1(levels):
    with pytest.raises(ValueError, match="'levels' parameter must hold at least two"):
        DistributionRegressor(BayesianRidge(), levels=levels).fit(X, Y)


def test_several_outputs_have_no_one_distribution():
    with pytest.raises(ValueError, match="y should be a 1d array"):
        DistributionRegressor(RandomForestRegressor()).fit(X, np.column_stack([Y, Y]))


def test_parameters_are_validated():
    with pytest.raises(ValueError, match="'levels' parameter of DistributionReg"):
        DistributionRegressor(BayesianRidge(), levels=0.5).fit(X, Y)
    with pytest.raises(ValueError, match="'estimator' parameter of DistributionReg"):
        DistributionRegressor("forest").fit(X, Y)


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        DistributionRegressor(BayesianRidge()),
        DistributionRegressor(ExtraTreesRegressor(3, random_state=0)),
        DistributionRegressor(
            GradientBoostingRegressor(
                loss="quantile", learning_rate=0.5, n_estimators=10, random_state=0
            ),
            levels=(0.25, 0.75),
        ),
    ]
)
def test_estimator_check(estimator, check):
    check(estimator)


def test_names_pickles_and_clones():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    teacher = DistributionRegressor(BayesianRidge(), levels=(0.2, 0.8))
    teacher.fit(frame, Y)
    assert teacher.feature_names_in_.tolist() == ["a", "b", "c"]
    assert clone(teacher).get_params()["levels"] == (0.2, 0.8)
    again = pickle.loads(pickle.dumps(teacher))
    assert_array_equal(again.predict_quantiles(frame), teacher.predict_quantiles(frame))


def test_weights_are_routed():
    weight = np.arange(60) % 3
    plain = DistributionRegressor(BayesianRidge()).fit(X, Y, sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        asking = BayesianRidge().set_fit_request(sample_weight=True)
        routed = DistributionRegressor(asking).fit(X, Y, sample_weight=weight)
    assert_array_equal(routed.predict(X_NEW), plain.predict(X_NEW))


# --- out-of-fold ---------------------------------------------------------------------


def task_of(teacher, n_jobs=None):
    return CrossFitTask(teacher, X, Y, None, {}, {}, 3, (0, 0), n_jobs)


def test_each_label_is_placed_by_who_did_not_see_it():
    teacher = DistributionRegressor(BayesianRidge(), levels=LEVELS)
    task = task_of(teacher)
    _, _, lazy = cached_cross_fit(None, task, "auto")
    found = cached_quantiles(None, lazy, X, out_of_fold=True)
    folds = [
        (clone(teacher).fit(X[train], Y[train]), test) for train, test in task.folds()
    ]
    for fitted, test in folds:
        assert_array_equal(found[test], fitted.predict_quantiles(X[test]))
    mean = np.mean([fitted.predict_quantiles(X_NEW) for fitted, _ in folds], axis=0)
    assert_allclose(cached_quantiles(None, lazy, X_NEW), mean)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_quantiles_do_not_depend_on_n_jobs(n_jobs):
    forest = RandomForestRegressor(5, min_samples_leaf=4)
    teacher = make_pipeline(StandardScaler(), DistributionRegressor(forest))
    known = [
        cached_quantiles(
            None,
            cached_cross_fit(None, task_of(teacher, jobs), "kfold")[2],
            X,
            out_of_fold=True,
        )
        for jobs in (None, n_jobs)
    ]
    assert_array_equal(*known)


def test_quantiles_are_read_from_the_cache(tmp_path, monkeypatch):
    store, found = open_cache(tmp_path), []
    for _ in range(2):
        task = task_of(DistributionRegressor(BayesianRidge()))
        _, _, lazy = cached_cross_fit(store, task, "auto")
        found.append(cached_quantiles(store, lazy, X, out_of_fold=True))
        found.append(cached_quantiles(store, lazy, X_NEW))
        # From now on nobody is asked.
        monkeypatch.delattr(DistributionRegressor, "predict_quantiles", raising=False)
    assert_array_equal(found[0], found[2])
    assert_array_equal(found[1], found[3])


def test_a_frozen_teacher_says_its_own():
    fitted = make_pipeline(DistributionRegressor(BayesianRidge())).fit(X, Y)
    frozen = FrozenEstimator(fitted)
    assert distribution_in(frozen) is fitted[-1]
    _, _, lazy = cached_cross_fit(None, task_of(frozen), "auto")
    found = cached_quantiles(None, lazy, X, out_of_fold=True)
    assert_array_equal(found, fitted[-1].predict_quantiles(X))


def test_a_forest_in_a_pipeline_takes_its_own_weights():
    weight = np.arange(len(Y)) % 3 + 0.0
    forest = RandomForestRegressor(3, min_samples_leaf=5, random_state=0)
    expected = DistributionRegressor(forest).fit(X, Y, sample_weight=weight)
    piped = DistributionRegressor(make_pipeline(StandardScaler(), forest)).fit(
        X,
        Y,
        standardscaler__sample_weight=np.ones(len(Y)),
        randomforestregressor__sample_weight=weight,
    )
    assert_allclose(piped.predict_quantiles(X_NEW), expected.predict_quantiles(X_NEW))


class Silent(LinearRegression):
    """Takes quantiles and returns the mean all the same."""

    def predict(self, X, quantiles=None):
        return super().predict(X)


def test_a_regressor_that_returns_no_quantiles_is_named():
    teacher = DistributionRegressor(Silent()).fit(X, Y)
    for ask in (teacher.predict, teacher.predict_quantiles):
        with pytest.raises(ValueError, match="a column for each.*from Silent"):
            ask(X)


@pytest.mark.parametrize("levels", [("low", "high"), [[0.1], [0.2, 0.3]]])
def test_levels_that_are_no_numbers_are_refused_by_name(levels):
    with pytest.raises(ValueError, match="The 'levels' parameter must hold"):
        DistributionRegressor(BayesianRidge(), levels=levels).fit(X, Y)
