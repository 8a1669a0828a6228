"""Students of quantiles learn labels that the teacher's residuals make."""

from itertools import product

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import HuberRegressor, LinearRegression, QuantileRegressor
from sklearn.metrics import mean_pinball_loss
from sklearn.multioutput import MultiOutputRegressor
from xgboost import XGBRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.flow import Residuals
from skdistill.refine import LeafRefinement
from skdistill.students import TrainingLoss
from skdistill.teachers import TeacherPredictions
from skdistill.transfer import ConditionalSampler, TransferSet
from tests.doubles import RecordingRegressor

# LightGBM < 4.7 warns of arrays, whose columns it names itself.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")


class RecordingQuantile(RecordingRegressor):
    """A student of a quantile that keeps what it was given."""

    def __init__(self, loss="quantile", quantile=0.9):
        self.loss = loss
        self.quantile = quantile


def make_table(n_samples=1000, seed=0):
    """Noise that grows with the level, which is a sine and a product."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n_samples, 6))
    level = 2 + np.sin(6 * X[:, 0]) + 2 * X[:, 1] * X[:, 2] + X[:, 3]
    return X, level * (1 + 0.2 * rng.normal(size=n_samples))


X, Y = make_table()
X_NEW, Y_NEW = make_table(4000, seed=1)
TEACHER = RandomForestRegressor(50, min_samples_leaf=5, random_state=0)


def students(level):
    few = {"n_estimators": 50, "random_state": 0}
    return [
        GradientBoostingRegressor(loss="quantile", alpha=level, **few),
        HistGradientBoostingRegressor(
            loss="quantile", quantile=level, max_iter=50, random_state=0
        ),
        LGBMRegressor(objective="quantile", alpha=level, n_jobs=1, verbose=-1, **few),
        XGBRegressor(
            objective="reg:quantileerror",
            quantile_alpha=level,
            max_depth=3,
            n_jobs=1,
            **few,
        ),
        QuantileRegressor(quantile=level, alpha=0.0),
    ]


@pytest.mark.parametrize(
    ("number", "level"),
    [
        (0, 0.9),
        (2, 0.1),
        *(
            pytest.param(number, level, marks=pytest.mark.slow)
            for number, level in product(range(5), (0.1, 0.9))
        ),
    ],
)
def test_a_distilled_quantile_keeps_its_level(number, level):
    student = students(level)[number]
    predicted = (
        DistilledRegressor(TEACHER, student, random_state=0).fit(X, Y).predict(X_NEW)
    )
    baseline = clone(student).fit(X, Y).predict(X_NEW)
    assert np.mean(predicted >= Y_NEW) == pytest.approx(level, abs=0.04)
    losses = [mean_pinball_loss(Y_NEW, p, alpha=level) for p in (predicted, baseline)]
    assert losses[0] < 1.02 * losses[1]


@pytest.mark.parametrize(
    "teacher",
    [
        GradientBoostingRegressor(
            loss="quantile", alpha=0.9, n_estimators=50, random_state=0
        ),
        GradientBoostingRegressor(
            loss="quantile", alpha=0.3, n_estimators=50, random_state=0
        ),
    ],
)
@pytest.mark.parametrize("calibrate", ["auto", None])
def test_a_teacher_of_any_quantile_serves(teacher, calibrate):
    student = students(0.9)[2]
    model = DistilledRegressor(
        teacher, student, calibrate=calibrate, on_poor_teacher="ignore", random_state=0
    )
    predicted = model.fit(X, Y).predict(X_NEW)
    assert np.mean(predicted >= Y_NEW) == pytest.approx(0.9, abs=0.04)


def test_training_samples_keep_their_labels_and_others_get_residuals():
    predictions, unlabeled = np.zeros(len(Y)), np.full(7, 10.0)
    model = DistilledRegressor(student=RecordingQuantile(), calibrate=None)
    model.fit(
        X,
        Y,
        X_unlabeled=X[:7],
        teacher_predictions=predictions,
        unlabeled_predictions=unlabeled,
    )
    learned = model.student_.y_
    assert_array_equal(learned[: len(Y)], Y)
    found = np.abs(learned[len(Y) :, None] - 10.0 - Y).min(axis=1)
    assert_allclose(found, 0, atol=1e-12)


def test_a_student_of_the_mean_learns_predictions_as_before():
    model = DistilledRegressor(
        student=RecordingQuantile(loss="squared_error"), calibrate=None, alpha=1.0
    )
    given = {"teacher_predictions": Y + 1, "unlabeled_predictions": np.full(7, 10.0)}
    model.fit(X, Y, X_unlabeled=X[:7], **given)
    assert_array_equal(model.student_.y_, np.append(Y + 1, np.full(7, 10.0)))


def test_residuals_come_from_samples_with_near_predictions():
    t = np.arange(1000.0)
    residuals = Residuals(TeacherPredictions(t), t + np.arange(1000.0), None)
    drawn = residuals.draw(TeacherPredictions(np.full(2000, 500.0)), seed=0) - 500
    assert drawn.min() >= 449
    assert drawn.max() <= 551
    assert drawn.mean() == pytest.approx(500, abs=3)
    # At the ends the window lies within.
    first = residuals.draw(TeacherPredictions(np.full(2000, -9.0)), seed=0) + 9
    assert (first.min(), first.max()) == (0, 99)


def test_a_weight_is_the_chance_of_a_residual():
    weight = np.tile([0.0, 1.0, 3.0], 30)
    residuals = Residuals(
        TeacherPredictions(np.zeros(90)), np.tile([5.0, 1.0, 2.0], 30), weight
    )
    drawn = residuals.draw(TeacherPredictions(np.zeros(4000)), seed=0)
    assert set(drawn) == {1.0, 2.0}
    assert np.mean(drawn == 2) == pytest.approx(0.75, abs=0.03)
    assert residuals.best_constant(TrainingLoss("quantile", 0.5)) == 2


def test_the_best_prediction_is_the_quantile_of_near_labels():
    rng = np.random.default_rng(0)
    t = rng.uniform(size=20_000)
    residuals = Residuals(
        TeacherPredictions(t), t + (1 + t) * rng.normal(size=20_000), None
    )
    at = np.linspace(0.1, 0.9, 200)
    found = residuals.best_prediction(
        TeacherPredictions(at), TrainingLoss("quantile", 0.9)
    )
    # Each is a quantile of 100 labels.
    assert np.mean(found - (at + 1.2816 * (1 + at))) == pytest.approx(0, abs=0.06)


def test_several_outputs_have_residuals_of_their_own():
    both = np.column_stack([Y, 10 * Y])
    student = MultiOutputRegressor(students(0.9)[2])
    model = DistilledRegressor(LinearRegression(), student, random_state=0)
    predicted = model.fit(X, both).predict(X_NEW)
    covered = (np.column_stack([Y_NEW, 10 * Y_NEW]) <= predicted).mean(axis=0)
    assert_allclose(covered, 0.9, atol=0.04)


def test_the_same_seed_gives_the_same_student():
    models = [
        DistilledRegressor(TEACHER, students(0.9)[2], random_state=0).fit(X, Y)
        for _ in range(2)
    ]
    assert_array_equal(models[0].predict(X), models[1].predict(X))


@pytest.mark.parametrize(
    ("student", "params", "message"),
    [
        (students(0.9)[0], {"temperature": 2.0}, "here 2.*temperature=1"),
        (students(0.9)[0], {"cross_fit": False}, "cross_fit=False gives none"),
        (students(0.9)[0], {"transfer": None}, "quantile.*transfer=MungeSampler"),
        (HuberRegressor(), {"transfer": None}, "HuberRegressor.*none is drawn"),
        (
            XGBRegressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9]),
            {},
            "at the levels 0.1, 0.9.*each level",
        ),
        (XGBRegressor(objective="reg:quantileerror"), {}, "has no level"),
        (XGBRegressor(objective="survival:cox"), {}, "survival:cox"),
        (students(0.9)[0], {"refine": "leaves"}, "loss='quantile', not"),
        (students(0.9)[1], {"refine": LeafRefinement()}, "loss='quantile', not"),
        (students(0.9)[2], {"refine": "leaves"}, "objective='quantile', not"),
        (students(0.9)[3], {"refine": "leaves"}, "objective='reg:quantileerror', not"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_teacher_is_fitted(
    student, params, message
):
    class Untouched(LinearRegression):
        def fit(self, X, y):
            raise AssertionError("The teacher was fitted.")

    with pytest.raises(ValueError, match=f"(?s){message}"):
        DistilledRegressor(Untouched(), student, **params).fit(X, Y)


def test_a_frozen_teacher_needs_no_cross_fitting():
    teacher = FrozenEstimator(LinearRegression().fit(X_NEW, Y_NEW))
    model = DistilledRegressor(teacher, students(0.9)[2], cross_fit=False)
    assert np.mean(model.fit(X, Y).predict(X_NEW) >= Y_NEW) > 0.85


def test_at_alpha_0_it_is_the_baseline():
    student = students(0.9)[0]
    model = DistilledRegressor(TEACHER, student, alpha=0.0).fit(X, Y)
    assert_array_equal(model.predict(X), clone(student).fit(X, Y).predict(X))


def search(student, **params):
    return DistilledRegressorCV(
        TEACHER,
        student,
        transfers=[TransferSet(ConditionalSampler(), size=5)],
        cv=3,
        random_state=0,
        **params,
    ).fit(X, Y)


def test_a_search_scores_by_the_loss_of_the_student():
    level = 0.9
    model = search(students(level)[3].set_params(max_depth=6))
    assert model.alpha_ == 0.5
    assert model.baseline_score_ < model.best_score_ < 0
    # The teacher counts with its residuals: as a quantile it is better than the mean.
    assert model.teacher_score_ > -0.2
    assert [one["refine"] for one in model.cv_results_["params"]] == [None, None]
    own = -mean_pinball_loss(Y_NEW, model.predict(X_NEW), alpha=level)
    assert model.best_score_ == pytest.approx(own, abs=0.03)


def test_a_search_for_a_loss_without_a_score_asks_for_one():
    student = LGBMRegressor(objective="mape", n_estimators=5, n_jobs=1, verbose=-1)
    with pytest.raises(ValueError, match="(?s)never by R2.*objective='mape'.*scoring"):
        search(student)
    assert search(student, scoring="neg_mean_absolute_error").best_score_ < 0


def test_weights_reach_the_scores_of_quantiles():
    weight = np.random.default_rng(0).uniform(size=len(Y))
    model = DistilledRegressorCV(
        TEACHER, students(0.9)[2], transfers=[TransferSet(size=2)], cv=3
    )
    assert model.fit(X, Y, sample_weight=weight).best_score_ < 0
