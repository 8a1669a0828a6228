"""Leaf refinement in the distilled estimators."""

import pickle

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits, make_friedman1
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from skdistill.refine import LeafRefinement, refine_leaves
from skdistill.transfer import TransferSet

pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

TEACHER = GradientBoostingRegressor(
    n_estimators=200, max_depth=4, subsample=0.5, max_features=0.5
)
REGRESSORS = [
    GradientBoostingRegressor(n_estimators=40),
    LGBMRegressor(n_estimators=30, num_leaves=8, n_jobs=1, verbose=-1),
    XGBRegressor(n_estimators=30, max_depth=3, n_jobs=1, learning_rate=0.1),
    RandomForestRegressor(10, max_leaf_nodes=32),
    make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=40)),
]
CLASSIFIERS = [
    GradientBoostingClassifier(n_estimators=8),
    LGBMClassifier(n_estimators=8, num_leaves=8, n_jobs=1, verbose=-1),
    XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1, learning_rate=0.1),
    RandomForestClassifier(10, max_leaf_nodes=32),
]


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(2000, noise=1.0, random_state=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the tests of this file share their teachers."""
    return str(tmp_path_factory.mktemp("memory"))


@pytest.mark.parametrize("student", REGRESSORS)
def test_refined_students_with_a_transfer_set_do_better(friedman, folder, student):
    X, y = friedman
    baseline = clone(student).fit(X[:400], y[:400])
    model = DistilledRegressor(
        TEACHER,
        student,
        transfer="auto",
        refine="leaves",
        random_state=0,
        memory=folder,
    ).fit(X[:400], y[:400])
    assert type(model.student_) is type(baseline)
    assert model.score(X[400:], y[400:]) > baseline.score(X[400:], y[400:]) + 0.01
    again = pickle.loads(pickle.dumps(model.student_))
    assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize("student", CLASSIFIERS)
def test_refined_classifiers_with_a_transfer_set_do_better(folder, student):
    X, y = load_digits(return_X_y=True)
    names = np.array(list("abcdefghij"))[y]
    is_xgboost = isinstance(student, XGBClassifier)
    baseline = clone(student).fit(X[:500], y[:500] if is_xgboost else names[:500])
    model = DistilledClassifier(
        make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)),
        student,
        transfer=TransferSet(size=1),
        refine="leaves",
        random_state=0,
        memory=folder,
        calibrate=None,
    ).fit(X[:500], names[:500])
    unrefined = clone(model).set_params(refine=None).fit(X[:500], names[:500])
    held_out = np.arange(500, len(y))
    loss, baseline_loss, unrefined_loss = (
        -np.log(np.maximum(fitted.predict_proba(X)[held_out, y[500:]], 1e-6)).mean()
        for fitted in (model, baseline, unrefined)
    )
    assert loss < 0.97 * unrefined_loss
    # A forest of 32 leaves a tree cannot hold ten classes better than it did.
    if not isinstance(student, RandomForestClassifier):
        assert loss < 0.85 * baseline_loss
    assert_array_equal(model.classes_, np.unique(names))
    assert_allclose(model.predict_proba(X).sum(axis=1), 1, atol=1e-5)


def test_auto_refines_sums_of_trees_that_learn_from_the_teacher(friedman):
    X, y = friedman
    student = GradientBoostingRegressor(n_estimators=5, random_state=0)
    transfer = TransferSet(size=1)
    model = DistilledRegressor(Ridge(), student, transfer=transfer, random_state=0)
    predictions = {
        refine: model.set_params(refine=refine).fit(X[:200], y[:200]).predict(X)
        for refine in ("auto", "leaves", None)
    }
    assert_array_equal(predictions["auto"], predictions["leaves"])
    assert (predictions["auto"] != predictions[None]).any()


@pytest.mark.parametrize(
    ("student", "alpha"),
    [
        (DecisionTreeClassifier(max_depth=3), 0.5),
        (GaussianNB(), 0.5),
        (RandomForestRegressor(5), 0.5),
        (RandomForestClassifier(5, class_weight="balanced"), 0.5),
        (RandomForestClassifier(5), 0),
    ],
)
def test_auto_leaves_other_students_as_they_are(student, alpha):
    X, y = load_digits(return_X_y=True)
    model = DistilledClassifier(
        GaussianNB(), student, alpha=alpha, transfer=TransferSet(size=1), random_state=0
    ).fit(X[:200], y[:200])
    unrefined = clone(model).set_params(refine=None).fit(X[:200], y[:200])
    assert_array_equal(model.predict_proba(X), unrefined.predict_proba(X))


def test_what_is_refined_is_the_mixed_target_and_the_transfer_set(friedman):
    X, y = friedman
    weight = np.linspace(0.5, 1.5, 200)
    student = GradientBoostingRegressor(n_estimators=5, random_state=0)
    model = DistilledRegressor(
        Ridge(),
        student,
        alpha=0.3,
        temperature=2.0,
        transfer=TransferSet(None, weight=0.5),
        refine=LeafRefinement(7.0, diversify=False),
        cv=KFold(5),
    )
    model.fit(X[:200], y[:200], sample_weight=weight, X_unlabeled=X[200:300])
    grown = clone(model).set_params(refine=None)
    grown.fit(X[:200], y[:200], sample_weight=weight, X_unlabeled=X[200:300])
    mean = model.target_mean_
    predictions = _out_of_fold_predictions(X[:200], y[:200], weight)
    tempered = mean + (predictions - mean) / 2
    given = mean + (model.teacher_.predict(X[200:300]) - mean) * (0.7 + 0.3 / 2)
    expected = refine_leaves(
        grown.student_,
        X[:300],
        np.r_[0.7 * y[:200] + 0.3 * tempered, given],
        np.r_[weight, np.full(100, 0.5)],
        strength=7.0,
    )
    assert_allclose(model.predict(X), expected.predict(X), rtol=1e-6)


def _out_of_fold_predictions(X, y, weight):
    predictions = np.empty(len(y))
    for train, test in KFold(5).split(X):
        fitted = Ridge().fit(X[train], y[train], weight[train])
        predictions[test] = fitted.predict(X[test])
    return predictions


@pytest.mark.parametrize(
    ("student", "name", "grown"),
    [
        (GradientBoostingRegressor(n_estimators=3, learning_rate=0.1), "rate", 0.2),
        (GradientBoostingRegressor(n_estimators=3, learning_rate=0.2), "rate", 0.3),
        (GradientBoostingRegressor(n_estimators=3, learning_rate=0.5), "rate", 0.5),
        (XGBRegressor(n_estimators=3, n_jobs=1), "rate", None),
        (RandomForestRegressor(3), "max_features", 1 / 3),
        (RandomForestRegressor(3, max_features="sqrt"), "max_features", "sqrt"),
        (RandomForestRegressor(3, max_features=1), "max_features", 1),
        (RandomForestRegressor(1), "max_features", 1.0),
        (XGBRegressor(n_jobs=1), "n_estimators", None),  # Its own default.
    ],
)
def test_trees_are_grown_for_the_refinement(friedman, student, name, grown):
    X, y = friedman
    name = "learning_rate" if name == "rate" else name
    model = DistilledRegressor(Ridge(), student, refine="leaves", random_state=0)
    model.fit(X[:100], y[:100])
    assert model.student_.get_params()[name] == grown
    model.set_params(refine=LeafRefinement(diversify=False)).fit(X[:100], y[:100])
    assert model.student_.get_params()[name] == student.get_params()[name]
    assert model.student.get_params() == student.get_params()


@pytest.mark.parametrize(
    ("n_features", "diversify", "n_tried"),
    [
        (1, True, 1),
        (2, True, 2),
        (5, True, 2),
        (9, True, 3),
        (9, np.True_, 3),
        (9, 2 / 3, 6),
        (9, np.float32(2 / 3), 6),
    ],
)
def test_a_forest_tries_the_features_that_it_is_told_and_at_least_two(
    friedman, n_features, diversify, n_tried
):
    X, y = (part[:60] for part in friedman)
    X = X[:, :n_features]
    refine = LeafRefinement(diversify=diversify)
    student = RandomForestRegressor(2, max_leaf_nodes=4)
    model = DistilledRegressor(
        Ridge(), student, refine=refine, transfer=None, random_state=0
    )
    assert model.fit(X, y).student_.estimators_[0].max_features_ == n_tried


def test_a_search_grows_a_forest_in_two_ways(friedman):
    X, y = (part[:60] for part in friedman)
    student = RandomForestRegressor(2, max_leaf_nodes=4)
    search = DistilledRegressorCV(
        Ridge(), student, transfers=(None,), cv=2, inner_cv=2, random_state=0
    ).fit(X, y)
    tried = [one["refine"].diversify for one in search.cv_results_["params"][1:]]
    assert tried == [True] * 3 + [2 / 3] * 3


@pytest.mark.parametrize(("n_classes", "rate"), [(2, 0.2), (3, 0.1)])
def test_boosting_of_several_classes_keeps_its_rate(n_classes, rate):
    X, y = load_digits(n_class=n_classes, return_X_y=True)
    student = LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1)
    model = DistilledClassifier(GaussianNB(), student, refine="leaves", random_state=0)
    assert model.fit(X[:100], y[:100]).student_.learning_rate == rate


def test_the_strength_can_be_searched_over(friedman):
    X, y = friedman
    model = DistilledRegressor(
        Ridge(),
        GradientBoostingRegressor(n_estimators=3),
        refine=LeafRefinement(),
        random_state=0,
    )
    search = GridSearchCV(model, {"refine__strength": [1.0, 100.0]}, cv=2)
    search.fit(X[:200], y[:200])
    assert len(set(search.cv_results_["mean_test_score"])) == 2


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (DistilledRegressor(Ridge(), Ridge(), refine="leaves"), "Got Ridge"),
        (
            DistilledClassifier(
                LogisticRegression(), DecisionTreeRegressor(), refine="leaves"
            ),
            "does not go with a regressor as student",
        ),
        (
            DistilledClassifier(
                LogisticRegression(),
                RandomForestClassifier(class_weight="balanced"),
                refine="leaves",
            ),
            "a student with class_weight",
        ),
        (
            DistilledClassifier(
                LogisticRegression(),
                LGBMClassifier(verbose=-1),
                refine="leaves",
                soften="both",
            ),
            "soften='both'",
        ),
        (DistilledRegressor(refine=LeafRefinement(strength=0)), "'strength' parameter"),
        (DistilledRegressor(refine="trees"), "'refine' parameter"),
    ],
)
def test_what_cannot_be_refined_is_refused(friedman, model, message):
    X, y = friedman
    target = y if isinstance(model, DistilledRegressor) else y > y.mean()
    with pytest.raises(ValueError, match=message):
        model.fit(X[:100], target[:100])
