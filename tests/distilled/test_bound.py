"""bound: the teacher's part of the loss counts only where the student is worse."""

import pickle

import numpy as np
import pytest
import sklearn
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, QuantileRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor, XGBRFRegressor

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from skdistill.targets import TeacherBound
from skdistill.transfer import MungeSampler, TransferSet

# LightGBM < 4.7 warns of arrays, whose columns it names itself.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

XGBOOST = XGBRegressor(n_estimators=30, max_depth=3, random_state=0, n_jobs=1)
LIGHTGBM = LGBMRegressor(
    n_estimators=30, num_leaves=8, random_state=0, n_jobs=1, verbose=-1
)
TREE = DecisionTreeRegressor(max_leaf_nodes=16, random_state=0)
BOOSTING = GradientBoostingRegressor(n_estimators=30, random_state=0)
STUDENTS = [XGBOOST, LIGHTGBM, TREE, make_pipeline(StandardScaler(), XGBOOST)]
EVERYWHERE = 1e9  # A margin that no student has.


@pytest.fixture(scope="module")
def samples():
    X, y = make_friedman1(400, noise=2.0, random_state=0)
    t = ExtraTreesRegressor(50, bootstrap=True, oob_score=True, random_state=0)
    return X, y, t.fit(X, y).oob_prediction_


def fitted(samples, student, bound, **params):
    X, y, t = samples
    params = {
        "alpha": 0.7,
        "transfer": None,
        "refine": None,
        "calibrate": None,
        "on_poor_teacher": "ignore",
        "random_state": 0,
    } | params
    model = DistilledRegressor(None, clone(student), bound=bound, **params)
    return model.fit(X, y, teacher_predictions=t)


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize(("toward", "alpha"), [("teacher", 0.7), ("label", 0.0)])
def test_a_bound_that_nothing_reaches_is_none(samples, student, toward, alpha):
    bound = TeacherBound(toward, margin=EVERYWHERE)
    bounded = fitted(samples, student, bound)
    # Drawn to the label everywhere, it is the baseline student.
    other = fitted(samples, student, None, alpha=alpha)
    assert_allclose(bounded.predict(samples[0]), other.predict(samples[0]), rtol=1e-4)


@pytest.mark.parametrize("student", STUDENTS)
def test_at_alpha_0_it_is_the_baseline_student(samples, student):
    X = samples[0]
    bounded, baseline = (
        fitted(samples, student, bound, alpha=0.0) for bound in ("label", None)
    )
    assert_array_equal(bounded.predict(X), baseline.predict(X))


def bounded_loss(y, t, f, alpha, toward, margin=0.0):
    gate = (f - y) ** 2 + margin * y.var() >= (t - y) ** 2
    aim = y if toward == "label" else t
    return np.mean((1 - alpha) * (f - y) ** 2 + alpha * gate * (f - aim) ** 2)


@pytest.mark.parametrize("toward", ["label", "teacher"])
@pytest.mark.parametrize("margin", [0.0, 0.05])
@pytest.mark.parametrize("student", [XGBOOST, LIGHTGBM])
def test_the_bounded_loss_becomes_less_than_without_a_bound(
    samples, student, toward, margin
):
    X, y, t = samples
    # Small steps: where a gate is shut a leaf goes where others pull it.
    student = clone(student).set_params(n_estimators=60, learning_rate=0.1)
    without = 1.0 if toward == "teacher" else 0.0
    losses = [
        bounded_loss(y, t, model.predict(X), 1.0, toward, margin)
        for model in (
            fitted(samples, student, TeacherBound(toward, margin=margin), alpha=1.0),
            fitted(samples, student, None, alpha=without),
        )
    ]
    assert losses[0] < losses[1]


@pytest.mark.parametrize("toward", ["label", "teacher"])
def test_other_students_are_fitted_again_and_left_alone_where_they_are_good(
    samples, toward
):
    X, y, t = samples
    aim = kept = y if toward == "label" else t
    for _ in range(3):
        expected = Ridge().fit(X, 0.3 * y + 0.7 * kept).predict(X)
        is_worse = (expected - y) ** 2 + 0.1 * y.var() >= (t - y) ** 2
        kept = np.where(is_worse, aim, expected)
    bound = TeacherBound(toward, margin=0.1, n_fits=3)
    assert_allclose(fitted(samples, Ridge(), bound).predict(X), expected)
    other = fitted(samples, Ridge(), bound.set_params(n_fits=2)).predict(X)
    assert abs(other - expected).max() > 1e-6


@pytest.mark.parametrize("student", [XGBOOST, LIGHTGBM])
def test_a_student_of_the_gradient_is_left_as_any_other(samples, student):
    X, y, _ = samples
    model = fitted(samples, student, "label").student_
    usual = clone(student).fit(X, y)
    assert model.get_params() == usual.get_params()
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    if isinstance(model, LGBMRegressor):
        assert model.objective_ == usual.objective_
        assert "objective=regression\n" in model.booster_.model_to_string()
    else:
        assert '"reg:squarederror"' in model.get_booster().save_config()
    assert model.predict(X).mean() == pytest.approx(y.mean(), abs=0.5)


@pytest.mark.parametrize(
    "student",
    [
        XGBRFRegressor(n_estimators=10, random_state=0),
        clone(XGBOOST).set_params(objective="count:poisson"),
        clone(LIGHTGBM).set_params(objective="poisson"),
        clone(LIGHTGBM).set_params(min_child_samples=250),
        clone(XGBOOST).set_params(booster="dart"),
    ],
)
def test_students_of_another_loss_or_none_by_rounds_are_fitted_again(samples, student):
    X, y, t = samples
    positive = (X, y - y.min(), t - y.min())
    once, often = (
        fitted(positive, student, TeacherBound(n_fits=n)).predict(X) for n in (1, 4)
    )
    baseline = fitted(positive, student, None, alpha=0.0).predict(X)
    assert_allclose(once, baseline, rtol=1e-5)
    if student.get_params().get("min_child_samples") != 250:
        assert abs(often - baseline).max() > 1e-3


@pytest.mark.parametrize("student", [XGBOOST, TREE])
def test_weights_count_as_repeated_samples(samples, student):
    X, y, t = samples
    weight = np.random.default_rng(0).integers(1, 3, size=len(y))
    params = {"alpha": 0.7, "transfer": None, "refine": None, "calibrate": None}
    model = DistilledRegressor(
        None, clone(student), bound="teacher", on_poor_teacher="ignore", **params
    )
    predicted = clone(model).fit(X, y, weight, teacher_predictions=t).predict(X)
    rows = np.repeat(np.arange(len(y)), weight)
    model.fit(X[rows], y[rows], teacher_predictions=t[rows])
    assert_allclose(predicted, model.predict(X), rtol=1e-3)


def test_several_outputs_share_a_gate(samples):
    X, y, t = samples
    both, t_both = np.column_stack([y, -y]), np.column_stack([t, -t])
    model = fitted((X, both, t_both), TREE, "teacher")
    alone = fitted(samples, TREE, "teacher")
    assert_allclose(model.predict(X)[:, 0], alone.predict(X))


@pytest.mark.parametrize("student", [XGBOOST, TREE])
def test_a_transfer_set_is_learned_everywhere(samples, student):
    X, y, _ = samples
    params = {"alpha": 1.0, "transfer": TransferSet(MungeSampler(), size=2)}
    model = DistilledRegressor(
        ExtraTreesRegressor(50, bootstrap=True, random_state=0),
        clone(student),
        bound=TeacherBound(n_fits=2),
        random_state=0,
        **params,
    ).fit(X, y)
    X_new, y_new = make_friedman1(500, random_state=1)
    assert model.score(X_new, y_new) > 0.5


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"refine": "leaves"}, "Refined leaves"),
        ({"temperature": 2.0}, r"temperature, here 2.*temperature=1"),
        (
            {"student": QuantileRegressor(), "transfer": MungeSampler()},
            "squared error",
        ),
        ({"bound": "labels"}, r"'bound' parameter .* must be"),
        ({"bound": TeacherBound("teachers")}, r"'toward' parameter"),
        ({"bound": TeacherBound(margin=-1.0)}, r"'margin' parameter"),
        ({"bound": TeacherBound(n_fits=0)}, r"'n_fits' parameter"),
    ],
)
def test_what_does_not_go_with_a_bound_is_refused_early(samples, params, message):
    student = params.pop("student", TREE)
    with pytest.raises(ValueError, match=message):
        fitted(samples, student, **{"bound": "label"} | params)


def test_in_sample_predictions_are_no_bound(samples):
    X, y, _ = samples
    model = DistilledRegressor(Ridge(), TREE, bound="label", cross_fit=False)
    with pytest.raises(ValueError, match=r"out-of-fold error.*another cross_fit"):
        model.fit(X, y)


def test_a_student_that_begins_at_an_offset_has_no_bound(samples):
    X, y, t = samples
    with sklearn.config_context(enable_metadata_routing=True):
        student = clone(XGBOOST).set_fit_request(base_margin=True)
        model = DistilledRegressor(None, student, bound="label", transfer=None)
        with pytest.raises(ValueError, match=r"offset.*Leave out base_margin"):
            model.fit(X, y, teacher_predictions=t, base_margin=y)


def test_trust_weighs_what_is_bounded(samples):
    X = samples[0]
    bound = TeacherBound("teacher", margin=EVERYWHERE)
    trusts = [lambda predictions, y: np.full(len(y), 0.5), None]
    models = [
        fitted(samples, XGBOOST, bound, trust=trust, alpha=alpha)
        for trust, alpha in zip(trusts, (0.8, 0.4), strict=True)
    ]
    assert_allclose(models[0].predict(X), models[1].predict(X), rtol=1e-5)


def test_classifiers_have_no_bound():
    with pytest.raises(TypeError, match="bound"):
        DistilledClassifier(bound="label")


def test_leaves_are_refined_by_default_but_with_a_bound(samples):
    X = samples[0]
    params = {"refine": "auto", "transfer": None}
    bounded, off = (
        fitted(samples, BOOSTING, "teacher", **params | {"refine": refine})
        for refine in ("auto", None)
    )
    assert_array_equal(bounded.predict(X), off.predict(X))


def test_a_search_takes_a_bound_and_has_no_closed_form_with_it(samples):
    X, y, _ = samples
    search = DistilledRegressorCV(
        LinearRegression(), Ridge(), bound="teacher", transfers=(None,), cv=3
    ).fit(X, y)
    assert search.linear_alpha_ is None
    assert search.best_estimator_.bound == "teacher"


def half_right(X, seed):
    """Return predictions that are wrong where the first feature is large."""
    truth = make_truth(X)
    noise = np.random.default_rng(seed).normal(size=len(X))
    return truth + 0.3 * noise + np.where(X[:, 0] > 0.5, 6.0, 0.0)


def make_truth(X):
    return 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2


@pytest.mark.parametrize("student", [XGBOOST, BOOSTING])
def test_a_teacher_that_is_wrong_somewhere_does_less_harm_there(student):
    gains = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, X_new = rng.random((400, 5)), rng.random((1000, 5))
        data = (X, make_truth(X) + rng.normal(size=400), half_right(X, seed))
        scores = [
            fitted(data, student, bound).score(X_new, make_truth(X_new))
            for bound in ("teacher", None)
        ]
        gains.append(scores[0] - scores[1])
    assert min(gains) > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("student", [XGBOOST, BOOSTING])
def test_labels_that_the_teacher_cannot_explain_count_less(student):
    student = clone(student).set_params(n_estimators=200, learning_rate=0.2)
    gains = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, X_new = rng.random((400, 5)), rng.random((1000, 5))
        wrong = rng.random(400) < 0.2
        y = make_truth(X) + rng.normal(size=400) + wrong * rng.normal(0, 20, 400)
        t = make_truth(X) + rng.normal(size=400)
        models = [
            fitted((X, y, t), student, "label", alpha=1.0),
            fitted((X, y, t), student, None, alpha=0.0),
        ]
        scores = [model.score(X_new, make_truth(X_new)) for model in models]
        gains.append(scores[0] - scores[1])
    assert min(gains) > 0.05


@pytest.mark.parametrize("toward", ["label", "teacher"])
def test_nothing_is_learned_from_noise(toward):
    kept = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(150, 4)), rng.normal(size=150)
        search = DistilledRegressorCV(
            RandomForestRegressor(20, random_state=0),
            TREE,
            bound=toward,
            alphas=(1.0,),
            transfers=(None,),
            cv=3,
            random_state=0,
        ).fit(X, y)
        kept += search.alpha_ == 0
    assert kept >= 3
