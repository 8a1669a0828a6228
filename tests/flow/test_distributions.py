"""Students of quantiles learn labels drawn from what the teacher says of them."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import BayesianRidge, LinearRegression, Ridge
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.distilled import make_plan
from skdistill.exceptions import PoorTeacherWarning
from skdistill.flow import Data, Residuals, supervise
from skdistill.students import TrainingLoss
from skdistill.teachers import (
    AffineCalibration,
    Combination,
    DistributionRegressor,
    Quantiles,
    Signal,
    TeacherPredictions,
)
from skdistill.transfer import MungeSampler, TransferSet
from tests.doubles import RecordingRegressor

# LightGBM < 4.7 warns of arrays, whose columns it names itself.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def make_table(n_samples=1000, seed=0):
    """Return noise around 0 whose spread, and nothing else, goes by a feature."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n_samples, 3))
    return X, (0.2 + 2 * X[:, 0]) * rng.normal(size=n_samples)


X, Y = make_table()
X_NEW, Y_NEW = make_table(4000, seed=1)
STUDENT = HistGradientBoostingRegressor(
    loss="quantile", quantile=0.9, max_iter=40, random_state=0
)
QUANTILES = DistributionRegressor(
    LGBMRegressor(
        objective="quantile",
        n_estimators=30,
        num_leaves=7,
        n_jobs=1,
        verbose=-1,
        random_state=0,
    ),
    levels=(0.1, 0.25, 0.5, 0.75, 0.9),
)


class Knowing(RegressorMixin, BaseEstimator):
    """Says the very distribution, which is normal."""

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X, return_std=False):
        mean = np.zeros(len(X))
        return (mean, 0.2 + 2 * X[:, 0]) if return_std else mean


def distilled(teacher, student=STUDENT, **params):
    """Return a distilled model that draws few samples, and warns of no teacher."""
    params = {"transfer": TransferSet(size=3), "on_poor_teacher": "ignore"} | params
    return DistilledRegressor(teacher, student, random_state=0, **params)


class RecordingQuantile(RecordingRegressor):
    """A student of a quantile that keeps what it was given."""

    def __init__(self, loss="quantile", quantile=0.9):
        self.loss = loss
        self.quantile = quantile


def said_of(X, factor=1.0):
    values = norm.ppf(LEVELS, 0.0, factor * (0.2 + 2 * X[:, :1]))
    return TeacherPredictions(np.zeros(len(X)), Quantiles.of(LEVELS, values))


@pytest.mark.parametrize("factor", [1.0, 0.3, 3.0])
def test_labels_are_drawn_as_they_are_spread_whatever_the_teacher_thinks(factor):
    drawn = Residuals(said_of(X, factor), Y, None).draw(said_of(X_NEW, factor), seed=0)
    for inside in (X_NEW[:, 0] < 0.3, X_NEW[:, 0] > 0.7):
        true = (0.2 + 2 * X_NEW[inside, 0]) * norm.ppf(0.9)
        assert np.mean(drawn[inside] <= true) == pytest.approx(0.9, abs=0.03)


def test_the_best_prediction_is_the_teachers_own_quantile():
    residuals = Residuals(said_of(X), Y, None)
    found = residuals.best_prediction(said_of(X_NEW), TrainingLoss("quantile", 0.75))
    true = (0.2 + 2 * X_NEW[:, 0]) * norm.ppf(0.75)
    # The levels come from 100 labels near by.
    assert np.mean(np.abs(found / true - 1)) < 0.25


def test_training_samples_keep_their_labels_and_others_get_drawn_ones():
    frozen = FrozenEstimator(DistributionRegressor(Knowing()).fit(X, Y))
    model = distilled(frozen, RecordingQuantile(), transfer=None)
    learned = model.fit(X, Y, X_unlabeled=X_NEW).student_.y_
    assert_array_equal(learned[: len(Y)], Y)
    drawn = learned[len(Y) :]
    assert np.std(drawn) == pytest.approx(np.std(Y_NEW), rel=0.1)
    assert np.abs(np.corrcoef(drawn, Y_NEW)[0, 1]) < 0.1


@pytest.mark.parametrize("level", [0.1, 0.9])
def test_a_student_learns_a_spread_that_no_mean_shows(level):
    student = clone(STUDENT).set_params(quantile=level)
    losses, errors = [], []
    for teacher in (QUANTILES, Ridge()):
        predicted = distilled(teacher, student).fit(X, Y).predict(X_NEW)
        losses.append(mean_pinball_loss(Y_NEW, predicted, alpha=level))
        errors.append(abs(np.mean(predicted >= Y_NEW) - level))
    baseline = clone(student).fit(X, Y).predict(X_NEW)
    losses.append(mean_pinball_loss(Y_NEW, baseline, alpha=level))
    assert errors[0] < 0.03
    assert losses[0] < losses[1]
    assert losses[0] < 1.02 * losses[2]


def test_a_teacher_in_another_unit_is_calibrated():
    teacher = DistributionRegressor(BayesianRidge()).fit(X, 1000 * (X[:, 0] + Y) + 5)
    model = distilled(FrozenEstimator(teacher))
    predicted = model.fit(X, X[:, 0] + Y).predict(X_NEW)
    covered = np.mean(X_NEW[:, 0] + Y_NEW <= predicted)
    assert covered == pytest.approx(0.9, abs=0.03)


def test_nothing_leaks_from_labels_without_a_pattern():
    rng = np.random.default_rng(3)
    noise, new = rng.normal(size=len(X)), rng.normal(size=len(X_NEW))
    knows_by_heart = ExtraTreesRegressor(20, random_state=0)
    teacher = DistributionRegressor(knows_by_heart)
    seen = teacher.fit(X, noise).predict(X)
    assert np.corrcoef(seen, noise)[0, 1] > 0.99
    with pytest.warns(PoorTeacherWarning):
        model = distilled(teacher, on_poor_teacher="warn").fit(X, noise)
    predicted = model.predict(X_NEW)
    assert np.mean(new <= predicted) == pytest.approx(0.9, abs=0.05)
    constant = np.full(len(new), norm.ppf(0.9))
    losses = [mean_pinball_loss(new, p, alpha=0.9) for p in (predicted, constant)]
    assert losses[0] > losses[1]


def test_a_teacher_of_the_spread_alone_is_no_poor_one():
    with warnings.catch_warnings():
        warnings.simplefilter("error", PoorTeacherWarning)
        distilled(DistributionRegressor(Knowing()), on_poor_teacher="warn").fit(X, Y)
    with pytest.warns(PoorTeacherWarning):
        distilled(Knowing(), on_poor_teacher="warn").fit(X, Y)


def test_a_student_of_the_mean_learns_what_is_predicted():
    shifted = X[:, 0] + Y
    fitted = [
        distilled(teacher, Ridge()).fit(X, shifted)
        for teacher in (BayesianRidge(), DistributionRegressor(BayesianRidge()))
    ]
    assert_allclose(fitted[0].predict(X_NEW), fitted[1].predict(X_NEW))


def test_a_spread_is_said_around_what_several_teachers_predict():
    y, line = 5 * X[:, 1] + Y, LinearRegression()
    several = [("level", line), ("spread", DistributionRegressor(Knowing()))]
    losses = [
        mean_pinball_loss(
            5 * X_NEW[:, 1] + Y_NEW,
            distilled(teacher, combine="stack").fit(X, y).predict(X_NEW),
            alpha=0.9,
        )
        for teacher in (several, [("level", line), ("same", line)])
    ]
    assert losses[0] < losses[1]


def test_distributions_of_several_teachers_are_averaged_level_by_level():
    t = np.array([1.0, 2.0])
    first = Quantiles.of(np.array([0.25, 0.75]), t[:, None] + [-1.0, 1.0])
    second = Quantiles.of(np.array([0.0, 1.0]), 10 * t[:, None] + [-4.0, 4.0])
    parts = [
        replace(
            Signal.of(values, t, None, is_out_of_fold=True, is_classifier=False),
            quantiles=quantiles,
        )
        for values, quantiles in ((t, first), (10 * t, second), (t, None))
    ]
    signal = Signal.combined(parts, Combination([0.0, 0.0, 1.0]), t, None)
    expected = t[:, None] + [-1.5, 1.5]
    assert_allclose(signal.quantiles.values, expected)
    new = [3 * t, t, 7 * t]
    told = [3 * t[:, None] + [-2.0, 2.0], t[:, None] + [-4.0, 4.0], None]
    said = signal.transform_said(new, told)
    assert_allclose(said.predictions, 7 * t)
    assert_allclose(said.quantiles.values, 7 * t[:, None] + [-2.0, 2.0])


def test_a_slope_of_nothing_leaves_the_spread():
    # Noise has no mean to be learned: calibration makes a constant of the prediction.
    t, spread = np.random.default_rng(2).normal(size=len(Y)), 0.1 + X[:, :1]
    step = AffineCalibration().fit(t, Y, None)
    assert step.slope_ == 0
    signal = Signal.of(t, Y, None, is_out_of_fold=True, is_classifier=False)
    signal = signal.then(step, Y, None)
    values = t[:, None] + spread * [-1.0, 1.0]
    signal = signal.with_quantiles([0.1, 0.9], t, values)
    for said in (signal.said, signal.transform_said(t, values)):
        deviations = said.quantiles.values - said.predictions[:, None]
        assert_allclose(deviations, spread * [-1.0, 1.0], rtol=1e-9)


@pytest.mark.parametrize("inside", [True, False])
def test_the_teacher_may_be_a_pipeline(inside):
    alone, same = BayesianRidge(), FunctionTransformer()
    piped = make_pipeline(same, DistributionRegressor(alone))
    if inside:
        piped = DistributionRegressor(make_pipeline(same, alone))
    predicted = [
        distilled(teacher).fit(X, Y).predict(X_NEW)
        for teacher in (DistributionRegressor(alone), piped)
    ]
    assert_array_equal(*predicted)


def test_a_search_scores_teacher_and_students_by_the_students_loss():
    search = DistilledRegressorCV(
        DistributionRegressor(Knowing()),
        STUDENT,
        transfers=(TransferSet(MungeSampler(), size=1),),
        cv=2,
        random_state=0,
    ).fit(X, Y)
    known = (0.2 + 2 * X[:, 0]) * norm.ppf(0.9)
    least = -mean_pinball_loss(Y, known, alpha=0.9)
    assert search.teacher_score_ == pytest.approx(least, rel=0.05)


def test_levels_are_reached_by_a_grid():
    grid = GridSearchCV(
        distilled(DistributionRegressor(Knowing())),
        {"teacher__levels": [(0.25, 0.75), (0.1, 0.5, 0.9)]},
        scoring="neg_mean_absolute_error",
        cv=2,
    ).fit(X, Y)
    assert len(grid.cv_results_["params"]) == 2


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (DistributionRegressor(Ridge()), "says quantiles"),
        (DistributionRegressor(Knowing(), levels=(0.9, 0.1)), "'levels' parameter"),
    ],
)
def test_what_says_no_quantiles_is_refused_before_any_teacher_is_fitted(
    teacher, message
):
    class Untouched(LinearRegression):
        def fit(self, X, y):
            raise AssertionError("A teacher was fitted.")

    for one in (teacher, [("first", Untouched()), ("second", teacher)]):
        with pytest.raises(ValueError, match=message):
            distilled(one).fit(X, Y)


class InContext(BayesianRidge):
    """Looks labels up, as it says."""

    learns_in_context = True


def test_quantiles_of_a_teacher_that_learns_in_context_are_out_of_fold():
    data = Data(X[:120], Y[:120])
    found = [
        supervise(
            make_plan(distilled(DistributionRegressor(teacher), cv=3), data), data
        ).signal.quantiles.values
        for teacher in (InContext(), BayesianRidge())
    ]
    assert_array_equal(*found)
