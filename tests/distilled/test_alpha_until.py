"""Alpha falls to 0 after some of the student's rounds: it ends on the labels alone."""

from copy import deepcopy

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, make_friedman1
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from skdistill.inspect import staged_predictions
from skdistill.students import (
    Part,
    find_adapter,
    fit_on_target,
    fit_part,
    fit_until,
    reason_not_to_resume,
)
from skdistill.targets import Target

pytestmark = pytest.mark.filterwarnings(
    # LightGBM before 4.7 says so of arrays.
    "ignore:X does not have valid feature names",
    "ignore::skdistill.exceptions.PoorTeacherWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
)

DIABETES = load_diabetes(return_X_y=True)
IRIS = load_iris(return_X_y=True)
BOOSTING = GradientBoostingRegressor(n_estimators=8, random_state=0)
BOOSTED_VALUES = [
    BOOSTING,
    GradientBoostingRegressor(n_estimators=8, subsample=0.5, random_state=0),
    LGBMRegressor(n_estimators=8, verbose=-1),
    XGBRegressor(n_estimators=8),
]
BOOSTED_CLASSES = [
    GradientBoostingClassifier(n_estimators=8, random_state=0),
    LGBMClassifier(n_estimators=8, verbose=-1),
    XGBClassifier(n_estimators=8),
]
NETWORK = {"hidden_layer_sizes": (8,), "max_iter": 8, "random_state": 0}
VALUES = [
    *BOOSTED_VALUES,
    make_pipeline(StandardScaler(), BOOSTING),
    make_pipeline(StandardScaler(), MLPRegressor(**NETWORK)),
]
CLASSES = [
    *BOOSTED_CLASSES,
    make_pipeline(StandardScaler(), MLPClassifier(**NETWORK)),
]


def name_of(student):
    return type(getattr(student, "steps", [[0, student]])[-1][1]).__name__


def of_values(student, **params):
    return DistilledRegressor(Ridge(), student, random_state=0, **params)


def of_classes(student, **params):
    return DistilledClassifier(GaussianNB(), student, random_state=0, **params)


@pytest.mark.parametrize("student", VALUES, ids=name_of)
def test_at_0_it_is_the_baseline_student_of_values(student):
    X, y = DIABETES
    never = of_values(student, alpha_until=0.0, refine="auto")
    baseline = of_values(student, alpha=0.0, transfer=None, refine=None)
    expected = baseline.fit(X[:300], y[:300]).predict(X)
    assert_array_equal(never.fit(X[:300], y[:300]).predict(X), expected)
    never.fit(X[:300], y[:300], X_unlabeled=X[300:])
    assert_array_equal(never.predict(X), expected)


@pytest.mark.parametrize("student", CLASSES, ids=name_of)
def test_at_0_it_is_the_baseline_student_of_classes(student):
    X, y = IRIS
    never = of_classes(student, alpha_until=0.0).fit(X, y)
    baseline = of_classes(student, alpha=0.0, transfer=None, refine=None).fit(X, y)
    assert_array_equal(never.predict_proba(X), baseline.predict_proba(X))


@pytest.mark.parametrize("student", VALUES, ids=name_of)
def test_at_1_the_target_is_learned_to_the_end(student):
    X, y = DIABETES
    target = Target.of_values(y, y[::-1], alpha=0.7)
    expected = fit_on_target(clone(student), X, target).predict(X)
    found = fit_until(clone(student), X, target, {}, fraction=1.0, n_labelled=len(y))
    assert_array_equal(found.predict(X), expected)
    ordinary = of_values(student, refine=None).fit(X, y).predict(X)
    always = of_values(student, refine=None, alpha_until=1.0).fit(X, y).predict(X)
    assert_array_equal(always, ordinary)


def fit_in_parts(student, X, target, n_parts=3):
    student = clone(student)
    for number in range(n_parts):
        begun = student if number else None
        student = fit_part(student, X, target, {}, Part(number, n_parts, begun))
    return student


def unshuffled(student):
    steps = getattr(student, "steps", [(None, student)])
    is_network = "shuffle" in steps[-1][1].get_params()
    name = f"{steps[-1][0]}__shuffle"
    return clone(student).set_params(**{name: False} if is_network else {})


@pytest.mark.parametrize("student", VALUES, ids=name_of)
def test_parts_of_the_training_are_together_the_whole_of_it_for_values(student):
    X, y = DIABETES
    target = Target.of_values(y, y[::-1], alpha=0.7, weight=np.linspace(0.5, 1, len(y)))
    student = unshuffled(student)
    whole = fit_on_target(clone(student), X, target)
    parts = fit_in_parts(student, X, target)
    assert_array_equal(parts.predict(X), whole.predict(X))
    final, other = (getattr(one, "steps", [[0, one]])[-1][1] for one in (parts, whole))
    assert final.get_params() == other.get_params()


@pytest.mark.parametrize("student", CLASSES, ids=name_of)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_parts_of_the_training_are_together_the_whole_of_it_for_classes(
    student, n_classes
):
    X, y = IRIS
    logits = np.random.default_rng(0).normal(size=(len(y), n_classes))
    target = Target.of_classes(
        y % n_classes, logits, classes=np.arange(n_classes), alpha=0.7
    )
    student = unshuffled(student)
    whole = fit_on_target(clone(student), X, target)
    parts = fit_in_parts(student, X, target)
    assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))


def test_a_later_part_draws_samples_of_its_own():
    X, y = DIABETES
    target = Target.of_values(y, y, alpha=0.0)
    student = XGBRegressor(n_estimators=2, subsample=0.5, random_state=0)
    first = fit_part(student, X, target, {}, Part(0, 2))
    found = fit_part(deepcopy(first), X, target, {}, Part(1, 2, first))
    assert found.get_params()["random_state"] == 0
    find_adapter(first).resume(first, X, target, 1)
    assert np.abs(found.predict(X) - first.predict(X)).max() > 1


@pytest.mark.parametrize("student", BOOSTED_VALUES, ids=name_of)
def test_its_first_rounds_are_those_of_the_target_of_values(student):
    X, y = DIABETES
    part, ordinary = (
        of_values(student, alpha_until=until, refine=None).fit(X, y)
        for until in (0.25, 1.0)
    )
    stages, others = (
        list(staged_predictions(model.student_, X)) for model in (part, ordinary)
    )
    assert len(stages) == len(others) == 8
    assert_allclose(stages[1], others[1], rtol=1e-5)
    assert np.abs(stages[2] - others[2]).max() > 0.1
    assert part.student_.get_params() == ordinary.student_.get_params()
    errors = [np.mean((model.predict(X) - y) ** 2) for model in (part, ordinary)]
    assert errors[0] < errors[1]


@pytest.mark.parametrize("student", BOOSTED_CLASSES, ids=name_of)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_its_first_rounds_are_those_of_the_target_of_classes(student, n_classes):
    X, y = IRIS
    y = np.array(["zebra", "apple", "mango"])[y % n_classes]
    part, ordinary = (
        of_classes(student, alpha_until=until, refine=None).fit(X, y)
        for until in (0.25, 1.0)
    )
    stages, others = (
        list(staged_predictions(model.student_, X, method="predict_proba"))
        for model in (part, ordinary)
    )
    assert len(stages) == len(others) == 8
    assert_allclose(stages[1], others[1], rtol=1e-5)
    assert np.abs(stages[2] - others[2]).max() > 1e-3
    assert part.student_.get_params() == ordinary.student_.get_params()
    assert (part.predict(X) == y).mean() > 0.6


def test_its_last_rounds_start_from_what_the_teacher_taught():
    # Of a constant there is nothing to learn but the start of the rest.
    X, y = DIABETES
    start = DummyRegressor(strategy="constant", constant=9)
    constant = FrozenEstimator(clone(start).fit(X, y))
    model = DistilledRegressor(
        constant,
        BOOSTING,
        alpha=1.0,
        alpha_until=0.25,
        calibrate=None,
        transfer=None,
        random_state=0,
    ).fit(X, y)
    rest = GradientBoostingRegressor(n_estimators=6, init=start, random_state=0)
    assert_allclose(model.predict(X), rest.fit(X, y).predict(X), rtol=1e-9)


@pytest.mark.parametrize(
    ("kind", "make", "data"),
    [(MLPRegressor, of_values, DIABETES), (MLPClassifier, of_classes, IRIS)],
)
def test_a_perceptron_has_so_many_epochs_of_both(kind, make, data):
    X, y = data
    student = kind(hidden_layer_sizes=(4,), max_iter=8, random_state=0)
    model = make(student, alpha_until=0.25, transfer=None).fit(X, y)
    first = make(
        kind(hidden_layer_sizes=(4,), max_iter=2, random_state=0), transfer=None
    ).fit(X, y)
    losses = model.student_.loss_curve_
    assert len(losses) == 8
    assert losses[:2] == first.student_.loss_curve_
    assert model.student_.max_iter == 8
    assert model.student_.random_state == 0


def test_a_perceptron_that_learns_no_more_ends_before():
    X, y = DIABETES
    params = {"max_iter": 400, "tol": 1e9, "n_iter_no_change": 3}
    student = MLPRegressor(hidden_layer_sizes=(2,), **params)
    model = of_values(student, alpha_until=0.5, transfer=None).fit(X, y)
    # The first epoch counts as a gain in neither part, so each has 4 more.
    assert len(model.student_.loss_curve_) <= 10


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_a_part_of_the_epochs_is_not_said_to_be_too_few():
    student = MLPRegressor(max_iter=8, tol=1e9, n_iter_no_change=3, random_state=0)
    of_values(student, transfer=None).fit(*DIABETES)
    of_values(student, alpha_until=0.25, transfer=None).fit(*DIABETES)


def test_distilling_first_helps_where_the_teacher_is_smooth_and_biased():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(3000, 8))
    clean = 4 * X @ np.linspace(1, -1, 8) + 6 * (X[:, 0] > 0.3)
    y = clean + rng.normal(0, 3, size=len(X))
    scores = [
        DistilledRegressor(
            Ridge(),
            GradientBoostingRegressor(n_estimators=150, random_state=0),
            alpha=1.0,
            alpha_until=until,
            refine=None,
            random_state=0,
        )
        .fit(X[:300], y[:300])
        .score(X[300:], clean[300:])
        for until in (0.0, 0.6, 1.0)
    ]
    assert scores[1] > scores[0] + 0.01
    assert scores[1] > scores[2] + 0.01


@pytest.mark.parametrize("student", VALUES[:-1], ids=name_of)
def test_weights_count_in_both_parts(student):
    X, y = make_friedman1(400, random_state=0)
    wrong = np.arange(400) % 2 == 0
    spoilt = np.where(wrong, 1000.0, y)
    model = of_values(student, alpha_until=0.5, transfer=None)
    model.fit(X, spoilt, sample_weight=np.where(wrong, 0.0, 1.0))
    assert model.score(X, y) > 0.3


def test_a_search_compares_with_the_same_baseline_student():
    X, y = DIABETES
    ordinary, part = (
        DistilledRegressorCV(
            Ridge(), BOOSTING, cv=2, random_state=0, alpha_until=until
        ).fit(X, y)
        for until in (1.0, 0.5)
    )
    assert part.baseline_score_ == ordinary.baseline_score_
    # Leaves are not refined at the end.
    assert [one["refine"] for one in part.cv_results_["params"]] == [None, None]
    assert (
        part.cv_results_["mean_test_score"][1]
        not in (ordinary.cv_results_["mean_test_score"])
    )


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        (RandomForestRegressor(), "is not trained in rounds that can go on"),
        (GradientBoostingRegressor(n_estimators=1), "is trained in one round"),
        (LGBMRegressor(boosting_type="dart"), "boosting_type='dart' cannot go on"),
        (LGBMRegressor(num_iterations=8), "another name than n_estimators"),
        (XGBRegressor(booster="gblinear"), "booster='gblinear' cannot go on"),
        (XGBRegressor(process_type="update"), "grows no trees"),
        (GradientBoostingRegressor(n_iter_no_change=5), "chooses the trees"),
        (MLPRegressor(solver="lbfgs"), "has no epochs"),
        (MLPRegressor(early_stopping=True), "chooses the epochs itself"),
    ],
)
def test_a_student_whose_training_cannot_go_on_is_refused(student, reason):
    model = of_values(student, alpha_until=0.5)
    with pytest.raises(ValueError, match=f"'alpha_until' .*{reason}.*alpha_until=1.0"):
        model.fit(*DIABETES)
    assert reason_not_to_resume(student, False)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"refine": "leaves"}, "Refined leaves"),
        ({"temperature": 2.0}, "A temperature, here 2"),
    ],
)
def test_what_does_not_go_with_it_is_refused(params, reason):
    with pytest.raises(ValueError, match=f"'alpha_until' .*{reason}"):
        of_values(BOOSTING, alpha_until=0.5, **params).fit(*DIABETES)


def test_a_regressor_of_logits_is_refused():
    model = of_classes(BOOSTING, alpha_until=0.5)
    with pytest.raises(ValueError, match="learns logits, and labels have none"):
        model.fit(*IRIS)


def test_held_out_samples_are_refused():
    X, y = IRIS
    with config_context(enable_metadata_routing=True):
        student = XGBClassifier(n_estimators=8).set_fit_request(eval_set=True)
        model = DistilledClassifier(
            LogisticRegression(max_iter=1000), student, alpha_until=0.5
        )
        with pytest.raises(ValueError, match=r"is given \['eval_set'\]"):
            model.fit(X, y, eval_set=[(X, y)])
