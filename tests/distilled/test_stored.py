"""Predictions from outside: what a model elsewhere said is enough to distil from."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.inspect import open_parts
from skdistill.transfer import TransferSet
from tests.doubles import RecordingRegressor

TREE = DecisionTreeRegressor(max_depth=3, random_state=0)
CLASSES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    return X, CLASSES[y]


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_stored_values_teach_as_the_frozen_model_does(diabetes, temperature):
    X, y = diabetes
    teacher = Ridge().fit(X, y)
    params = {"alpha": 0.6, "temperature": temperature, "transfer": None}
    frozen = DistilledRegressor(FrozenEstimator(teacher), TREE, **params).fit(X, y)
    stored = DistilledRegressor(None, TREE, **params)
    stored.fit(X, y, teacher_predictions=teacher.predict(X))
    assert_array_equal(stored.predict(X), frozen.predict(X))
    assert stored.teacher_score_ == frozen.teacher_score_


def test_stored_values_of_unlabeled_samples_are_targets(diabetes):
    X, y = diabetes
    teacher = Ridge().fit(X, y)
    model = DistilledRegressor(
        None,
        RecordingRegressor(),
        transfer=TransferSet(None, weight=0.5),
        calibrate=None,
    )
    model.fit(
        X[:300],
        y[:300],
        X_unlabeled=X[300:],
        teacher_predictions=teacher.predict(X[:300]),
        unlabeled_predictions=teacher.predict(X[300:]),
    )
    assert_allclose(model.student_.y_[300:], teacher.predict(X[300:]))
    assert_allclose(model.student_.sample_weight_[300:], 0.5)
    assert_array_equal(model.student_.X_[300:], X[300:])


@pytest.mark.parametrize("form", ["probabilities", "logits", "frame"])
def test_stored_classes_teach_as_the_frozen_model_does(iris, form):
    X, y = iris
    teacher = LogisticRegression(max_iter=1000).fit(X, y)
    student = DecisionTreeClassifier(max_depth=2, random_state=0)
    params = {"transfer": None, "temperature": 2.0}
    frozen = DistilledClassifier(FrozenEstimator(teacher), student, **params)
    given, kind = teacher.predict_proba(X), "probabilities"
    if form == "logits":
        given, kind = teacher.decision_function(X), "logits"
    if form == "frame":
        given = pd.DataFrame(given, columns=teacher.classes_)[CLASSES[[2, 0, 1]]]
    stored = DistilledClassifier(None, student, prediction_type=kind, **params)
    stored.fit(X, y, teacher_predictions=given)
    assert_allclose(
        stored.predict_proba(X), frozen.fit(X, y).predict_proba(X), atol=1e-6
    )
    assert stored.teacher_score_ == frozen.teacher_score_
    assert not hasattr(stored, "teacher_")


@pytest.mark.parametrize("kind", ["probabilities", "logits"])
def test_of_two_classes_the_second_is_enough(kind):
    X, y = load_breast_cancer(return_X_y=True)
    teacher = GaussianNB().fit(X, y)
    second = teacher.predict_proba(X)[:, 1].clip(1e-6, 1 - 1e-6)
    both = np.column_stack([1 - second, second])
    if kind == "logits":
        second, both = np.log(second / (1 - second)), np.log(both)
    student = DecisionTreeClassifier(max_depth=3, random_state=0)
    one, two = (
        DistilledClassifier(None, student, prediction_type=kind)
        .fit(X, y, teacher_predictions=given)
        .predict_proba(X)
        for given in (second, both)
    )
    assert_allclose(one, two, atol=1e-9)


def test_no_sample_is_drawn_by_default(diabetes):
    X, y = diabetes
    model = DistilledRegressor(None, RecordingRegressor())
    model.fit(X, y, teacher_predictions=y)
    assert len(model.student_.y_) == len(y)


HALF = np.full((4, 2), 0.5)
LOGITS = np.array([[0.0, 3.0]] * 4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"teacher_predictions": HALF[:3]}, r"shape \(4, 2\). Got shape \(3, 2\)"),
        ({"teacher_predictions": np.ones((4, 3)) / 3}, r"Got shape \(4, 3\)"),
        ({"teacher_predictions": HALF * np.nan}, "Got NaN or infinity, the first in"),
        ({"teacher_predictions": HALF * 0.9}, "sum to 1 in each row.*0.9 to 0.9"),
        ({"teacher_predictions": LOGITS}, "from 0 to 1.*prediction_type='logits'"),
        (
            {"teacher_predictions": HALF * np.nan, "prediction_type": "logits"},
            "4 rows with NaN",
        ),
        (
            {"teacher_predictions": HALF - np.inf, "prediction_type": "logits"},
            "-inf for all classes",
        ),
        (
            {"teacher_predictions": pd.DataFrame(HALF, columns=["a", "c"])},
            r"must be the classes \['a', 'b'\]. Got \['a', 'c'\]",
        ),
        (
            {"teacher_predictions": HALF, "teacher": GaussianNB()},
            "Pass one of them",
        ),
        (
            {"teacher_predictions": HALF, "transfer": TransferSet(GaussianNB)},
            "sampler",
        ),
        (
            {"teacher_predictions": HALF, "X_unlabeled": np.zeros((2, 2))},
            "unlabeled_predictions is missing",
        ),
        (
            {"unlabeled_predictions": HALF, "X_unlabeled": np.zeros((4, 2))},
            "teacher_predictions is missing",
        ),
        ({"teacher_predictions": HALF, "unlabeled_predictions": HALF}, "X_unlabeled"),
        ({"teacher_predictions": HALF, "X_privileged": HALF}, "X_privileged"),
        ({"teacher_predictions": HALF, "teacher_input": np.abs}, "teacher_input"),
    ],
)
def test_stored_predictions_that_do_not_fit_are_refused(given, message):
    X, y = np.arange(8.0).reshape(4, 2), np.array(["a", "a", "b", "b"])
    names = ("teacher", "transfer", "prediction_type", "teacher_input")
    params = {name: given[name] for name in names if name in given}
    given = {name: value for name, value in given.items() if name not in names}
    model = DistilledClassifier(student=GaussianNB(), **params)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(X, y, **given)


def test_stored_values_of_another_shape_are_refused(diabetes):
    X, y = diabetes
    model = DistilledRegressor(None, TREE)
    with pytest.raises(ValueError, match=r"shape \(442,\). Got shape \(10,\)"):
        model.fit(X, y, teacher_predictions=y[:10])
    with pytest.raises(ValueError, match="contains NaN"):
        model.fit(X, y, teacher_predictions=np.full(442, np.nan))


def test_samples_are_not_drawn_for_stored_predictions(diabetes):
    from skdistill.transfer import MungeSampler

    X, y = diabetes
    model = DistilledRegressor(None, TREE, transfer=MungeSampler())
    with pytest.raises(ValueError, match="Samples can be drawn only for a teacher"):
        model.fit(X, y, teacher_predictions=y)


def test_a_grid_search_cuts_stored_predictions_with_the_samples(diabetes):
    X, y = diabetes
    stored = cross_val_predict(LinearRegression(), X, y)
    with config_context(enable_metadata_routing=True):
        model = DistilledRegressor(None, TREE).set_fit_request(teacher_predictions=True)
        search = GridSearchCV(model, {"alpha": [0.0, 1.0]}, cv=3)
        search.fit(X, y, teacher_predictions=stored)
    baseline = GridSearchCV(TREE, {}, cv=3).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == baseline.best_score_
    assert scores[1] > scores[0]


def test_a_search_of_ours_distils_from_stored_predictions(diabetes):
    X, y = diabetes
    stored = cross_val_predict(LinearRegression(), X, y)
    search = DistilledRegressorCV(None, TREE, alphas=(0.5, 1.0), random_state=0)
    search.fit(X, y, teacher_predictions=stored)
    held_out = np.mean(
        [search.cv_results_[f"split{i}_test_score"][0] for i in range(5)]
    )
    assert search.baseline_score_ == pytest.approx(held_out)
    assert search.teacher_score_ > search.baseline_score_
    assert search.best_params_["alpha"] > 0, search.reason_


def test_a_search_of_classes_too(iris):
    X, y = iris
    forest = RandomForestClassifier(50, random_state=0)
    stored = cross_val_predict(forest, X, y, method="predict_proba")
    search = DistilledClassifierCV(
        None, DecisionTreeClassifier(max_depth=2), alphas=(0.5,), cv=3, random_state=0
    ).fit(X, y, teacher_predictions=stored)
    assert len(search.cv_results_["params"]) == 2
    assert np.isfinite(search.teacher_score_)


def test_who_wants_the_teacher_is_told_that_there_is_none(diabetes):
    X, y = diabetes
    model = DistilledRegressor(None, TREE).fit(X, y, teacher_predictions=y)
    with pytest.raises(TypeError, match="stored predictions"):
        open_parts(model)
