"""The flow itself: a pure function of a plan and data, without our estimators."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KernelDensity
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.flow import Data, Plan, Seeds, distill, distill_supervised, supervise
from skdistill.refine import LeafRefinement
from skdistill.teachers import AffineCalibration
from skdistill.transfer import MungeSampler, TransferSet
from tests.doubles import RecordingRegressor


@pytest.fixture
def diabetes():
    return Data(*load_diabetes(return_X_y=True))


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    return Data(X, y, classes=np.unique(y))


class Shift:
    """A step of the signal that adds the mean error of the predictions to them."""

    def __init__(self, by=None):
        self.by = by

    def fit(self, predictions, y, sample_weight):
        return Shift(np.average(y - predictions, weights=sample_weight, axis=0))

    def transform(self, predictions):
        return predictions + self.by


class Bias(BaseEstimator):
    """A step that keeps what it learns on itself, as estimators do."""

    def fit(self, predictions, y, sample_weight):
        self.bias_ = np.mean(y - predictions)
        return self

    def transform(self, predictions):
        return predictions + self.bias_


class Sharpen:
    """A step that doubles the logits, whatever the labels."""

    def fit(self, predictions, y, sample_weight):
        return self

    def transform(self, predictions):
        return 2 * predictions


def plan_of(student, **params):
    return Plan(LinearRegression(), student, seeds=Seeds(0, 1, 2, 3), **params)


PLANS = [
    plan_of(Ridge()),
    plan_of(DecisionTreeRegressor(max_depth=3), temperature=2.0, alpha=0.7),
    plan_of(
        GradientBoostingRegressor(n_estimators=10),
        transfer=TransferSet(MungeSampler(), size=2, weight=0.5),
        refinements=(LeafRefinement(1.0), LeafRefinement(10.0)),
    ),
]


@pytest.mark.parametrize("plan", PLANS)
def test_the_same_inputs_give_the_same_outputs_and_stay_as_they_are(plan, diabetes):
    before = pickle.dumps((replace(plan, memory=None), diabetes))
    first, second = distill(plan, diabetes), distill(plan, diabetes)
    assert pickle.dumps((replace(plan, memory=None), diabetes)) == before
    assert len(first.students) == len(plan.refinements)
    for one, other in zip(first.students, second.students, strict=True):
        assert_array_equal(one.predict(diabetes.X), other.predict(diabetes.X))


def test_an_estimator_keeps_what_the_flow_returns(diabetes):
    model = DistilledRegressor(
        LinearRegression(),
        DecisionTreeRegressor(max_leaf_nodes=8),
        alpha=0.3,
        transfer=TransferSet(MungeSampler(), size=2),
        random_state=0,
    ).fit(diabetes.X, diabetes.y)
    seeds = np.random.RandomState(0).randint(np.iinfo(np.int32).max, size=4)
    plan = Plan(
        LinearRegression(),
        DecisionTreeRegressor(max_leaf_nodes=8),
        alpha=0.3,
        transfer=TransferSet(MungeSampler(), size=2),
        seeds=Seeds(*map(int, seeds)),
    )
    done = distill(plan, diabetes)
    (student,) = done.students
    assert_array_equal(student.predict(diabetes.X), model.predict(diabetes.X))
    assert model.teacher_score_ == done.supervision.signal.score


def test_supervision_serves_every_alpha(diabetes):
    plan = plan_of(
        DecisionTreeRegressor(max_depth=3), transfer=TransferSet(MungeSampler(), size=1)
    )
    known = supervise(plan, diabetes)
    for alpha in (0.0, 0.4, 1.0):
        one = replace(plan, alpha=alpha)
        (shared,) = distill_supervised(one, diabetes, known).students
        (anew,) = distill(one, diabetes).students
        assert_array_equal(shared.predict(diabetes.X), anew.predict(diabetes.X))


def test_supervision_of_another_transfer_set_takes_the_signal_over(diabetes):
    plan = plan_of(Ridge())
    known = supervise(plan, diabetes)
    assert known.unlabeled is None
    drawing = replace(plan, transfer=TransferSet(KernelDensity(), size=2))
    other = supervise(drawing, diabetes, known)
    assert other.signal is known.signal
    assert len(other.unlabeled.predictions) == 2 * len(diabetes.y)


def test_alpha_0_with_a_transfer_set_learns_labels_and_the_teacher_beside(diabetes):
    plan = plan_of(
        RecordingRegressor(), alpha=0.0, transfer=TransferSet(KernelDensity(), size=1)
    )
    done = distill(plan, diabetes)
    n_samples = len(diabetes.y)
    assert_array_equal(done.students[0].y_[:n_samples], diabetes.y)
    predictions = done.supervision.unlabeled.predictions
    assert_array_equal(done.students[0].y_[n_samples:], predictions)


def test_steps_change_all_predictions_alike_and_their_score(diabetes):
    biased = FrozenEstimator(LinearRegression().fit(diabetes.X, diabetes.y + 100.0))
    data = replace(diabetes, X_unlabeled=diabetes.X[:5] + 0.01)
    plan = plan_of(RecordingRegressor(), alpha=1.0)
    plan = replace(plan, teacher=biased, transfer=TransferSet(KernelDensity(), size=1))
    raw = distill(plan, data)
    shifted = distill(replace(plan, steps=(Shift(),)), data)
    first, second = (done.students[0].y_ for done in (raw, shifted))
    assert len(first) == 2 * len(diabetes.y) + 5
    assert_allclose(first - second, 100.0)
    scores = [done.supervision.signal.score for done in (raw, shifted)]
    assert scores[0] < 0 < scores[1]
    (step,) = shifted.supervision.signal.steps
    assert step.by == pytest.approx(-100.0)


def test_steps_run_in_order_on_logits(iris):
    plan = Plan(
        LogisticRegression(max_iter=500),
        DecisionTreeClassifier(max_depth=2),
        seeds=Seeds(0, 1, 2, 3),
    )
    raw = distill(plan, iris).supervision.signal
    sharp = distill(replace(plan, steps=(Sharpen(), Sharpen())), iris)
    assert_array_equal(sharp.supervision.signal.predictions, 4 * raw.predictions)
    assert len(sharp.supervision.signal.steps) == 2
    # Doubling logits is halving the temperature.
    (by_step,) = sharp.students
    (by_temperature,) = distill(replace(plan, temperature=0.25), iris).students
    assert_allclose(by_step.predict_proba(iris.X), by_temperature.predict_proba(iris.X))


def test_in_sample_predictions_have_no_score(diabetes):
    signal = supervise(plan_of(Ridge(), cross_fit=False), diabetes).signal
    assert not signal.is_out_of_fold
    assert signal.score is None


def test_data_is_cut_by_samples_and_keeps_what_is_unlabeled(iris):
    data = replace(
        iris,
        weight=np.arange(150.0),
        X_unlabeled=iris.X[:3],
        X_privileged=iris.X[:, :1],
        teacher_predictions=np.zeros((150, 3)),
        student_params={"sample_weight": np.arange(150.0)},
    )
    rows = np.arange(100)  # Without the third class.
    part = data.part(rows)
    assert_array_equal(part.X, data.X[:100])
    assert_array_equal(part.weight, np.arange(100.0))
    assert_array_equal(part.student_params["sample_weight"], np.arange(100.0))
    assert part.X_privileged.shape == (100, 1)
    assert part.X_unlabeled is data.X_unlabeled
    assert part.teacher_predictions.shape == (100, 3)
    present = part.with_present_classes()
    assert present.classes.tolist() == [0, 1]
    assert present.teacher_predictions.shape == (100, 2)


def test_the_resolved_transfer_set_is_that_of_the_student(iris):
    model = DistilledClassifier(
        RandomForestClassifier(20, random_state=0),
        DecisionTreeClassifier(max_leaf_nodes=4),
        transfer=TransferSet("auto", size=2, weight=0.5),
        random_state=0,
    )
    given = pickle.dumps(model.transfer)
    model.fit(iris.X, iris.y)
    assert pickle.dumps(model.transfer) == given


@pytest.mark.parametrize("given", ["nothing", "unlabeled", "drawn"])
def test_the_defaults_of_a_plan_serve(diabetes, given):
    plan = Plan(LinearRegression(), Ridge())
    if given == "unlabeled":
        diabetes = replace(diabetes, X_unlabeled=diabetes.X[:5])
    if given == "drawn":
        plan = replace(plan, transfer=TransferSet(KernelDensity(), size=1))
    assert plan.memory is None
    (student,) = distill(plan, diabetes).students
    assert student.score(diabetes.X, diabetes.y) > 0.3


@pytest.mark.parametrize("step", [AffineCalibration(), Bias()])
def test_the_steps_of_a_plan_are_cloned(diabetes, step):
    plan = plan_of(Ridge(), steps=(step,))
    first = distill(plan, diabetes)
    (fitted,) = first.supervision.signal.steps
    before = pickle.dumps(fitted)
    predictions = first.supervision.signal.transform(diabetes.y)
    second = distill(plan, replace(diabetes, y=1000 * diabetes.y))
    assert first.supervision.signal.steps == (fitted,)
    assert pickle.dumps(fitted) == before
    assert_array_equal(first.supervision.signal.transform(diabetes.y), predictions)
    assert second.supervision.signal.steps[0] is not fitted
    assert vars(plan.steps[0]) == vars(type(step)())
