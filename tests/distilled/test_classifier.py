import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import (
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier
from skdistill.students import LogitStudent
from skdistill.students._duplication import thin
from tests.doubles import RecordingClassifier

NAMES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, NAMES[y]


@pytest.mark.parametrize(
    "student",
    [
        GradientBoostingClassifier(n_estimators=5, random_state=0),
        DecisionTreeClassifier(random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
        KNeighborsClassifier(),
    ],
)
def test_alpha_zero_is_the_baseline_student_bit_for_bit(iris, student):
    X, y = iris
    model = DistilledClassifier(GaussianNB(), student, alpha=0).fit(X, y)
    baseline = clone(student).fit(X, y)
    assert_array_equal(model.predict(X), baseline.predict(X))
    assert_array_equal(model.predict_proba(X), baseline.predict_proba(X))


def test_the_student_learns_the_mixed_target(iris):
    X, y = iris
    folds = StratifiedKFold(5)
    model = DistilledClassifier(
        GaussianNB(),
        RecordingClassifier(),
        alpha=0.4,
        temperature=3.0,
        cv=folds,
        calibrate=None,
        transfer=None,
    ).fit(X, y)
    p = cross_val_predict(GaussianNB(), X, y, cv=folds, method="predict_proba")
    tempered = p ** (1 / 3) / (p ** (1 / 3)).sum(axis=1, keepdims=True)
    target = thin(0.6 * (y[:, None] == NAMES) + 0.4 * tempered)
    # Duplicates come sample by sample, classes in order, those of weight 0 left out.
    assert_allclose(model.student_.sample_weight_, target[target > 0], atol=1e-12)


def test_weights_scale_a_samples_duplicates_and_reach_the_teacher(iris):
    X, y = iris
    weight = np.random.default_rng(0).random(150)
    model = DistilledClassifier(
        RecordingClassifier(), RecordingClassifier(), cross_fit=False, transfer=None
    ).fit(X, y, sample_weight=weight)
    assert_array_equal(model.teacher_.sample_weight_, weight)
    per_sample = model.student_.sample_weight_.reshape(150, 3).sum(axis=1)
    assert_allclose(per_sample, weight)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1, 2],
        [-5, 10, 7],
        [0.0, 1.0, 2.0],
        ["a", "b", "c"],
        np.array(["a", "bb", None], dtype=object)[[0, 1, 0]].tolist(),
        [False, True, True],
    ],
)
@pytest.mark.parametrize(
    "student",
    [
        DecisionTreeClassifier(),
        XGBClassifier(n_estimators=5, n_jobs=1),
        XGBRegressor(n_estimators=5, n_jobs=1),
        KNeighborsClassifier(),
    ],
)
@pytest.mark.parametrize(
    "teacher", [GaussianNB(), XGBClassifier(n_estimators=5, n_jobs=1)]
)
def test_any_label_type_comes_back(iris, labels, student, teacher):
    X, y = iris
    y = np.array(labels)[np.searchsorted(NAMES, y)]
    model = DistilledClassifier(teacher, student, random_state=0).fit(X, y)
    assert model.predict(X).dtype == y.dtype
    assert_array_equal(model.classes_, np.unique(y))
    assert model.score(X, y) > 0.65
    assert model.predict_proba(X).shape == (150, len(np.unique(y)))


def test_string_labels_of_pandas_come_back(iris):
    X, y = iris
    model = DistilledClassifier(GaussianNB(), GaussianNB()).fit(X, pd.Series(y))
    assert set(model.predict(X)) == set(NAMES)
    categories = pd.Series(pd.Categorical(y))
    assert_array_equal(model.fit(X, categories).classes_, NAMES)


def test_a_student_of_two_classes_follows_the_teacher():
    X, y = load_breast_cancer(return_X_y=True)
    model = DistilledClassifier(
        RandomForestClassifier(100), DecisionTreeClassifier(max_depth=3), random_state=0
    ).fit(X, y)
    assert model.score(X, y) > 0.93
    assert set(model.predict(X)) == {0, 1}


@pytest.mark.parametrize("teacher", [LinearSVC(), RidgeClassifier()])
def test_a_teacher_with_decision_values_alone_serves(iris, teacher):
    X, y = iris
    model = DistilledClassifier(teacher, GaussianNB(), alpha=0.9).fit(X, y)
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("labels", [["a", "b", "c"], [-1, 0, 0]])
def test_xgboost_inside_a_wrapper_gets_its_codes(iris, labels):
    X, y = iris
    y = np.array(labels)[np.searchsorted(NAMES, y)]
    teacher = GridSearchCV(XGBClassifier(n_jobs=1), {"n_estimators": [3]}, cv=2)
    model = DistilledClassifier(teacher, GaussianNB(), transfer=None).fit(X, y)
    assert model.score(X, y) > 0.9


def test_teachers_that_show_their_methods_after_fit_serve(iris):
    X, y = iris
    stack = StackingClassifier([("nb", GaussianNB())], cv=3)
    for teacher in (
        make_pipeline(StandardScaler(), stack),
        GridSearchCV(stack, {}, cv=2),
        StackingClassifier([("nb", GaussianNB())], final_estimator=stack, cv=3),
    ):
        assert DistilledClassifier(teacher, GaussianNB()).fit(X, y).score(X, y) > 0.9


def test_a_regressor_of_any_kind_learns_several_classes_with_weights(iris):
    rows = np.random.default_rng(0).permutation(150)
    X, y = (part[rows] for part in iris)
    for student in (
        StackingRegressor([("tree", DecisionTreeRegressor(max_depth=3))], cv=2),
        GridSearchCV(DecisionTreeRegressor(), {"max_depth": [3]}, cv=2),
    ):
        model = DistilledClassifier(GaussianNB(), student, random_state=0)
        model.fit(X, y, sample_weight=np.ones(150))
        assert model.score(X, y) > 0.9


def test_scores_of_the_teacher_are_weighted(iris):
    X, y = iris
    folds = StratifiedKFold(5)
    weight = np.where(y == "virginica", 10.0, 1.0)
    model = DistilledClassifier(DecisionTreeClassifier(random_state=0), GaussianNB())
    model.set_params(cv=folds).fit(X, y, sample_weight=weight)
    out_of_fold = cross_val_predict(
        DecisionTreeClassifier(random_state=0),
        X,
        y,
        cv=folds,
        params={"sample_weight": weight},
    )
    expected = accuracy_score(y, out_of_fold, sample_weight=weight)
    assert model.teacher_score_ == pytest.approx(expected)
    assert expected != accuracy_score(y, out_of_fold)


def test_a_regressor_learns_the_tempered_logits(iris):
    X, y = iris
    teacher = FrozenEstimator(LogisticRegression(C=0.01).fit(X, y))
    params = {"alpha": 1, "temperature": 2.0, "calibrate": None}
    model = DistilledClassifier(
        teacher, LinearRegression(), on_poor_teacher="ignore", **params
    ).fit(X, y)
    assert isinstance(model.student_, LogitStudent)
    logits = teacher.decision_function(X) / 2
    centred = logits - logits.mean(axis=1, keepdims=True)
    assert_allclose(model.decision_function(X), centred, atol=1e-8)


def test_methods_follow_the_student():
    with_decisions = DistilledClassifier(student=LogisticRegression())
    assert hasattr(with_decisions, "decision_function")
    assert not hasattr(DistilledClassifier(student=GaussianNB()), "decision_function")
    assert hasattr(DistilledClassifier(student=LinearRegression()), "predict_proba")
    assert not hasattr(DistilledClassifier(student=LinearSVC()), "predict_proba")


def test_the_teachers_score_is_its_out_of_fold_accuracy(iris):
    X, y = iris
    folds = StratifiedKFold(5)
    model = DistilledClassifier(GaussianNB(), GaussianNB(), cv=folds).fit(X, y)
    out_of_fold = cross_val_predict(GaussianNB(), X, y, cv=folds)
    assert model.teacher_score_ == pytest.approx(accuracy_score(y, out_of_fold))


def test_predictions_are_the_students_own(iris):
    X, y = iris
    model = DistilledClassifier(GaussianNB(), LogisticRegression(max_iter=1000))
    model.fit(X, y)
    for method in ("predict", "predict_proba", "decision_function"):
        expected = getattr(model.student_, method)(X)
        assert_array_equal(getattr(model, method)(X), expected)
    assert model.score(X, y) == model.student_.score(X, y)


def test_neighbours_as_regressor_learn_the_teachers_logits(iris):
    X, y = iris
    model = DistilledClassifier(GaussianNB(), KNeighborsRegressor()).fit(X, y)
    assert model.score(X, y) > 0.9


def test_a_higher_temperature_makes_a_softer_student(iris):
    X, y = iris
    entropies = []
    for temperature in (1.0, 3.0, 10.0):
        p = (
            DistilledClassifier(
                GaussianNB(),
                DecisionTreeRegressor(max_depth=3, random_state=0),
                alpha=1,
                temperature=temperature,
                random_state=0,
            )
            .fit(X, y)
            .predict_proba(X)
        )
        entropies.append(-(p * np.log(p)).sum(axis=1).mean())
    assert entropies == sorted(entropies)
