"""Sizes, speeds and stages of fitted models."""

import re

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import (
    DistilledClassifier,
    DistilledRegressor,
    SelfDistilledRegressor,
)
from skdistill.inspect import (
    _speed,
    count_bytes,
    count_values,
    open_parts,
    rows_per_second,
    staged_predictions,
    time_beside_reference,
    time_single_rows,
)
from skdistill.students import ValueCounts

# LightGBM before 4.7 says so of arrays.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

DIABETES = load_diabetes(return_X_y=True)
IRIS = load_iris(return_X_y=True)
TREE = DecisionTreeRegressor(max_leaf_nodes=4)


@pytest.mark.parametrize(
    ("model", "leaves"),
    [
        (TREE, 4),
        (RandomForestRegressor(5, max_leaf_nodes=8), 40),
        (GradientBoostingRegressor(n_estimators=6, max_leaf_nodes=4), 24),
        (HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=4), 12),
        (LGBMRegressor(n_estimators=3, num_leaves=4, verbose=-1), 12),
        (XGBRegressor(n_estimators=3, max_leaves=4, grow_policy="lossguide"), 12),
        (AdaBoostRegressor(TREE, n_estimators=3), 12),
        (BaggingRegressor(TREE, 3), 12),
        (VotingRegressor([("a", TREE), ("b", TREE)]), 8),
        (FrozenEstimator(TREE.fit(*DIABETES)), 4),
        (make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), TREE)), 4),
        (GridSearchCV(TREE, {"max_leaf_nodes": [3]}, cv=2), 3),
        (DistilledRegressor(Ridge(), TREE), 4),
    ],
)
def test_leaves_are_counted(model, leaves):
    assert count_values(model.fit(*DIABETES)) == (leaves, 0)


@pytest.mark.parametrize(
    ("model", "leaves"),
    [
        (GradientBoostingClassifier(n_estimators=2, max_leaf_nodes=2), 12),
        (HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=2), 12),
        (LGBMClassifier(n_estimators=2, num_leaves=2, verbose=-1), 12),
        (XGBClassifier(n_estimators=2, max_depth=1), 12),
        (ExtraTreesClassifier(5, max_leaf_nodes=2), 10),
        # A regressor of one output for each logit.
        (DistilledClassifier(LogisticRegression(max_iter=500), TREE), 12),
    ],
)
def test_leaves_of_all_classes_are_counted(model, leaves):
    if isinstance(model, DistilledClassifier):
        model.set_params(
            student=GradientBoostingRegressor(n_estimators=1, max_leaf_nodes=4)
        )
    assert count_values(model.fit(*IRIS)) == (leaves, 0)


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
def test_leaves_are_counted_up_to_the_best_iteration(booster):
    X, y = DIABETES
    model = XGBRegressor(booster=booster, max_depth=1, early_stopping_rounds=2)
    model.set_params(n_estimators=100, learning_rate=0.5)
    model.fit(X[:300], y[:300], eval_set=[(X[300:], y[300:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    assert count_values(model) == (2 * (model.best_iteration + 1), 0)


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        (Ridge(), 11),
        (XGBRegressor(booster="gblinear", n_estimators=2), 11),
        (MLPRegressor(hidden_layer_sizes=(5,), max_iter=2), 10 * 5 + 5 + 5 + 1),
        (KernelRidge(), 442 * 11),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:.*gblinear")
def test_weights_are_counted(model, weights):
    assert count_values(model.fit(*DIABETES)) == (0, weights)


def test_weights_of_classifiers_and_kernels_are_counted():
    assert count_values(LogisticRegression(max_iter=500).fit(*IRIS)).weights == 15
    assert count_values(GaussianNB().fit(*IRIS)).weights == 12 + 12 + 3
    machine = SVR().fit(*DIABETES)
    expected = len(machine.support_) * 11 + 1
    assert count_values(machine) == (0, expected)


def test_a_stack_is_the_sum_of_its_members_and_its_final_estimator():
    forest = RandomForestRegressor(2, max_leaf_nodes=4)
    members = [("a", forest), ("b", make_pipeline(StandardScaler(), Ridge()))]
    stack = StackingRegressor(members, Ridge()).fit(*DIABETES)
    counts = count_values(stack)
    assert counts == (8, 11 + 3)
    assert (counts.total, str(counts)) == (22, "8 leaves and 14 weights")


def test_the_teacher_of_folds_is_the_sum_of_its_members():
    model = DistilledRegressor(TREE, Ridge(), cv=3).fit(*DIABETES)
    assert count_values(model.teacher_) == (12, 0)
    assert count_values(model) == (0, 11)


def test_of_a_model_of_another_kind_nothing_is_said():
    assert count_values(KNeighborsRegressor().fit(*DIABETES)) is None
    mixed = VotingRegressor([("a", TREE), ("b", KNeighborsRegressor())])
    assert count_values(mixed.fit(*DIABETES)) is None
    with pytest.raises(NotFittedError):
        count_values(Ridge())
    assert str(ValueCounts()) == "nothing"


def test_bytes_are_those_of_the_pickle():
    import pickle

    model = Ridge().fit(*DIABETES)
    assert count_bytes(model) == len(pickle.dumps(model, pickle.HIGHEST_PROTOCOL))
    model.note = lambda: None
    assert count_bytes(model) is None


class CountingRegressor(BaseEstimator):
    """Keeps the shapes of what it was asked for, and may be slow."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.asked = []

    def predict(self, X):
        self.asked.append(np.shape(X))
        return np.zeros(len(X))


def test_single_rows_are_asked_for_in_turn():
    model = CountingRegressor()
    assert (time_single_rows(model, np.zeros((3, 2)), n_calls=7) >= 0).all()
    assert model.asked == [(1, 2)] * 8
    with pytest.raises(ValueError, match="n_calls must be 1 or more. Got 0"):
        time_single_rows(model, np.zeros((3, 2)), n_calls=0)
    with pytest.raises(ValueError, match="X must hold one row at least. Got none"):
        time_single_rows(model, np.zeros((0, 2)))


def test_a_slow_model_is_asked_less_often(monkeypatch):
    import time

    clock = iter(range(1000))
    monkeypatch.setattr(time, "perf_counter", lambda: 1.5 * next(clock))
    assert len(time_single_rows(CountingRegressor(), [[0]], n_calls=300)) == 4


def test_batches_are_whole_tables(monkeypatch):
    import time

    model, clock = CountingRegressor(), iter(range(1000))
    monkeypatch.setattr(time, "perf_counter", lambda: 0.5 * next(clock))
    assert rows_per_second(model, np.zeros((10, 2))) == 20
    assert model.asked == [(10, 2)] * 3


@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingClassifier(n_estimators=4),
        HistGradientBoostingClassifier(max_iter=4),
        LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1),
        XGBClassifier(n_estimators=4),
        make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=4)),
    ],
)
@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_the_last_stage_is_the_model(model, method):
    model.fit(*IRIS)
    stages = list(staged_predictions(model, IRIS[0], method=method))
    assert len(stages) == 4
    assert_allclose(stages[-1], getattr(model, method)(IRIS[0]))
    if method == "predict_proba":
        assert np.abs(stages[0] - stages[-1]).max() > 0.05


@pytest.mark.parametrize(
    "model",
    [
        LGBMRegressor(n_estimators=200, learning_rate=0.5, verbose=-1),
        XGBRegressor(n_estimators=200, learning_rate=0.5, early_stopping_rounds=2),
    ],
)
@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")
def test_stages_end_at_the_best_iteration(model):
    import lightgbm

    X, y = DIABETES
    stop = {}
    if isinstance(model, LGBMRegressor):
        stop = {"callbacks": [lightgbm.early_stopping(2, verbose=False)]}
    else:
        stop = {"verbose": False}
    model.fit(X[:300], y[:300], eval_set=[(X[300:], y[300:])], **stop)
    stages = list(staged_predictions(model, X))
    assert len(stages) < 50
    assert_allclose(stages[-1], model.predict(X))


def test_stages_of_a_distilled_model_have_its_labels_and_its_scale():
    X, y = IRIS[0], np.array(["x", "y", "z"])[IRIS[1]]
    model = DistilledClassifier(
        LogisticRegression(max_iter=500), XGBClassifier(n_estimators=3)
    ).fit(X, y)
    *_, last = staged_predictions(model, X)
    assert_array_equal(last, model.predict(X))
    student = GradientBoostingRegressor(n_estimators=3)
    model = DistilledRegressor(Ridge(), student, temperature=3.0, rescale=True)
    *_, last = staged_predictions(model.fit(*DIABETES), DIABETES[0])
    assert_allclose(last, model.predict(DIABETES[0]))
    search = GridSearchCV(model, {"alpha": [0.5]}, cv=2).fit(*DIABETES)
    assert len(list(staged_predictions(search, DIABETES[0]))) == 3


def test_a_model_without_stages_is_an_error():
    with pytest.raises(ValueError, match="asked for predict: .* Got Ridge. Hand what"):
        staged_predictions(Ridge().fit(*DIABETES), DIABETES[0])
    model = GradientBoostingRegressor(n_estimators=2).fit(*DIABETES)
    with pytest.raises(ValueError, match="asked for predict_proba"):
        staged_predictions(model, DIABETES[0], method="predict_proba")
    with pytest.raises(ValueError, match="method must be one of"):
        staged_predictions(model, DIABETES[0], method="decision_function")


def test_parts_of_a_search_are_those_of_its_best_model():
    model = DistilledRegressor(Ridge(), TREE)
    search = GridSearchCV(model, {"alpha": [0, 1]}, cv=2).fit(*DIABETES)
    parts = open_parts(search)
    assert parts.model is search.best_estimator_
    assert parts.classes is None
    assert not parts.has_probabilities
    expected = search.best_estimator_.teacher_.predict(DIABETES[0])
    assert_array_equal(parts.teacher.predict(DIABETES[0]), expected)


def test_a_teacher_of_codes_predicts_labels():
    X, y = IRIS[0], np.array(["x", "y", "z"])[IRIS[1]]
    teacher, student = XGBClassifier(n_estimators=5), LogisticRegression(max_iter=500)
    parts = open_parts(DistilledClassifier(teacher, student).fit(X, y))
    assert np.mean(parts.teacher.predict(X) == y) > 0.9
    assert parts.classes.tolist() == ["x", "y", "z"]
    assert parts.has_probabilities


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (Ridge().fit(*DIABETES), TypeError, "Got Ridge. Fit a DistilledRegressor"),
        (
            make_pipeline(StandardScaler(), DistilledRegressor(Ridge(), TREE)).fit(
                *DIABETES
            ),
            TypeError,
            "Got Pipeline. Pass the last step and the rows as they reach it: "
            "pipeline[-1] and pipeline[:-1].transform(X)",
        ),
        (DistilledRegressor(Ridge(), TREE), NotFittedError, "is not fitted yet"),
        (
            SelfDistilledRegressor(Ridge(), n_generations=1, choose=False).fit(
                *DIABETES
            ),
            TypeError,
            "Got a SelfDistilledRegressor whose student learned stored predictions, or "
            "in a procedure those of earlier students: it has no teacher_.",
        ),
    ],
)
def test_what_has_no_teacher_is_an_error(model, error, message):
    with pytest.raises(error, match=re.escape(message)):
        open_parts(model)


def test_seconds_of_a_fit_are_those_of_its_steps():
    model = DistilledRegressor(Ridge(), TREE).fit(*DIABETES)
    assert set(model.fit_seconds_) == {"teacher", "student"}
    assert min(model.fit_seconds_.values()) > 0


def test_a_wrapper_of_another_kind_has_no_counts():
    # It keeps its fitted models elsewhere than in its parameter, which stays unfitted.
    X, y = load_iris(return_X_y=True)
    model = CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2)).fit(X, y)
    assert count_values(model) is None


class Clock:
    """Time that passes by what is predicted, faster or slower as the load is."""

    def __init__(self, loads):
        self.now, self.loads, self.calls = 0.0, loads, 0

    def pass_by(self, seconds):
        # A reference and the model after it have the same load.
        self.now += seconds * self.loads[self.calls // 2 % len(self.loads)]
        self.calls += 1


@pytest.fixture
def on_a_clock(monkeypatch):
    """Return what is measured of models of given times, under loads."""

    def measured(seconds, loads, **params):
        clock = Clock(loads)

        class Timed(BaseEstimator):
            def __init__(self, seconds=1e-4):
                self.seconds = seconds

            def fit(self, X, y):
                return self

            def predict(self, X):
                clock.pass_by(self.seconds)

        monkeypatch.setattr(_speed, "Ridge", Timed)
        monkeypatch.setattr(_speed.time, "perf_counter", lambda: clock.now)
        models = [Timed(one) for one in seconds]
        # The calls that are not counted.
        clock.calls = -(len(models) + 1)
        return time_beside_reference(models, np.zeros((3, 2)), **params), clock

    return measured


@pytest.mark.parametrize("loads", [[1.0], [1.0, 7.0], [9.0, 1.0, 1.0, 30.0, 2.0]])
def test_a_load_that_comes_and_goes_is_not_measured(on_a_clock, loads):
    found, _ = on_a_clock([2e-4, 1.9e-4, 5e-3], loads)
    assert_allclose(found, [2e-4, 1.9e-4, 5e-3])


def test_slow_models_are_timed_three_times(on_a_clock):
    _, clock = on_a_clock([3.0], [1.0], n_calls=50)
    assert clock.calls == 2 * 3
    _, clock = on_a_clock([3e-3], [1.0], n_calls=50)
    assert clock.calls == 2 * 50


def test_times_beside_a_reference_need_a_row():
    model = Ridge().fit(*DIABETES)
    with pytest.raises(ValueError, match="X must hold one row at least"):
        time_beside_reference([model], np.empty((0, 10)))
    with pytest.raises(ValueError, match="n_calls must be 1 or more. Got 0"):
        time_beside_reference([model], DIABETES[0], n_calls=0)
