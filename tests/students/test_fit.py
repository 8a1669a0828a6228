"""Values are fitted on as classes are; what cannot be learned is said before."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.linear_model import (
    GammaRegressor,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    Ridge,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from xgboost import XGBClassifier, XGBRegressor

from skdistill.students import check_learns_target, fit_on_target, resolve_class_weight
from skdistill.targets import Target, TeacherBound
from tests.doubles import RecordingClassifier, RecordingRegressor

X, Y = load_diabetes(return_X_y=True)


def values(y=Y, predictions=Y[::-1], **parameters):
    return Target.of_values(y, predictions, **{"alpha": 0.5} | parameters)


@pytest.mark.parametrize(
    "student",
    [Ridge(), make_pipeline(StandardScaler(), Ridge()), KNeighborsRegressor()],
)
def test_values_give_the_fit_on_the_mixed_target(student):
    fitted = fit_on_target(clone(student), X, values())
    expected = clone(student).fit(X, values().mixed)
    assert_array_equal(fitted.predict(X), expected.predict(X))


def test_without_the_teacher_the_labels_themselves_are_learned():
    fitted = fit_on_target(RecordingRegressor(), X, values(alpha=0.0))
    assert fitted.y_ is Y
    y = np.array(["a", "b"])[(Y > 100) * 1]
    target = Target.of_classes(
        (Y > 100) * 1, np.zeros((len(Y), 2)), classes=["a", "b"], alpha=0.0
    )
    assert_array_equal(fit_on_target(RecordingClassifier(), X, target).y_, y)


def test_weights_and_further_parameters_reach_the_student():
    weight, extra = np.arange(float(len(Y))), np.ones(len(Y))
    target = values(weight=weight)
    student = fit_on_target(RecordingRegressor(), X, target, {"extra": extra})
    pipeline = fit_on_target(
        make_pipeline(StandardScaler(), RecordingRegressor()),
        X,
        target,
        {"recordingregressor__extra": extra},
    )
    for fitted in (student, pipeline[-1]):
        assert_array_equal(fitted.y_, target.mixed)
        assert_array_equal(fitted.sample_weight_, weight)
        assert_array_equal(fitted.extra_, extra)
    with pytest.raises(ValueError, match="student must accept sample_weight"):
        fit_on_target(KNeighborsRegressor(), X, target)


@pytest.mark.parametrize(
    "student",
    [
        PoissonRegressor(),
        make_pipeline(StandardScaler(), GammaRegressor()),
        HistGradientBoostingRegressor(loss="poisson", max_iter=3),
        XGBRegressor(objective="count:poisson", n_estimators=3),
    ],
)
def test_a_positive_loss_gets_no_target_below_the_smallest_label(student):
    target = values(predictions=Y - 400.0, alpha=0.9)
    assert target.mixed.min() < 0
    fitted = fit_on_target(clone(student), X, target)
    expected = clone(student).fit(X, np.maximum(target.mixed, Y.min()))
    assert_array_equal(fitted.predict(X), expected.predict(X))
    # Samples of a transfer set have no labels of their own.
    joined = target.join(values(Y - 400.0, Y - 400.0))
    both = fit_on_target(clone(student), np.vstack([X, X]), joined)
    assert np.isfinite(both.predict(X)).all()


def test_other_losses_get_the_mixed_target_as_it_is():
    target = values(predictions=Y - 400.0, alpha=0.9)
    assert_array_equal(fit_on_target(RecordingRegressor(), X, target).y_, target.mixed)


@pytest.mark.parametrize(
    "student",
    [
        LogisticRegression(),
        KNeighborsClassifier(),
        XGBClassifier(early_stopping_rounds=3),
        GradientBoostingClassifier(n_iter_no_change=3),
        HistGradientBoostingClassifier(early_stopping=True),
        RandomForestClassifier(oob_score=True),
        Ridge(),
        make_pipeline(StandardScaler(), GaussianNB()),
    ],
)
def test_students_of_any_training_learn_classes(student):
    check_learns_target(student, "teacher")


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (LogisticRegressionCV(), "Got LogisticRegressionCV in"),
        (StackingClassifier([("a", GaussianNB())]), "Got StackingClassifier in"),
        (
            GradientBoostingClassifier(loss="exponential", n_iter_no_change=3),
            "Got n_iter_no_change in",
        ),
        (SVC(probability=True), "Got probability=True in"),
        (
            BaggingClassifier(HistGradientBoostingClassifier(early_stopping=True)),
            "Got early_stopping=True in BaggingClassifier",
        ),
        (
            BaggingClassifier(make_pipeline(StandardScaler(), SVC(probability=True))),
            "Got probability=True in BaggingClassifier",
        ),
        (BaggingClassifier(GaussianNB(), oob_score=True), "Got oob_score in"),
    ],
)
def test_students_that_split_their_samples_are_refused(student, message):
    with pytest.raises(ValueError, match="must not split its training rows") as caught:
        check_learns_target(student, "teacher")
    assert message in str(caught.value)
    assert "HistGradientBoostingClassifier" in str(caught.value)


def test_what_learns_no_classes_is_refused():
    with pytest.raises(ValueError, match="which is neither"):
        check_learns_target(StandardScaler(), "teacher")
    bagging = BaggingClassifier(KNeighborsClassifier())
    with pytest.raises(ValueError, match="soften='both'.*LGBMClassifier or XGBClass"):
        check_learns_target(bagging, "both")


def test_class_weights_of_a_target_of_values_are_none_to_resolve():
    student = Ridge()
    resolve_class_weight(student, values())
    assert student.get_params() == Ridge().get_params()


def broken(*args, **kwargs):
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("student", "where"),
    [
        (XGBRegressor(n_estimators=2), "_create_dmatrix"),
        (XGBClassifier(n_estimators=2), "_create_dmatrix"),
        (LGBMRegressor(n_estimators=2), "_process_params"),
        (LGBMClassifier(n_estimators=2), "_process_params"),
        (MLPClassifier(early_stopping=True), "_fit_stochastic"),
        (HistGradientBoostingClassifier(early_stopping=True), "_validate_params"),
        (GradientBoostingClassifier(), "_fit_stage"),
    ],
)
def test_a_fit_that_fails_leaves_class_and_parameters(monkeypatch, student, where):
    codes = (Y > 100) * 1
    target = values(bound=TeacherBound())
    if is_classifier(student):
        logits = np.column_stack([-Y, Y])
        target = Target.of_classes(codes, logits, classes=[0, 1], alpha=0.5)
    cls, params = type(student), student.get_params()
    monkeypatch.setattr(cls, where, broken)
    with pytest.raises(RuntimeError, match="broken"):
        fit_on_target(student, X, target)
    assert type(student) is cls
    assert student.get_params() == params
