"""Logistic regression learns soft labels by its own solvers."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    SGDClassifier,
)

from skdistill.students import StudentAdapter, _logistic, find_adapter, fit_on_target
from skdistill.targets import Target

NAMES = np.array(["ash", "beech", "cedar", "date", "elm"])
SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky")
CONTAINERS = {
    "array": np.asarray,
    "single precision": lambda X: X.astype(np.float32),
    "sparse": sparse.csr_matrix,
    "columns": np.asfortranarray,
}


def logistic(**params):
    return LogisticRegression(**{"max_iter": 500} | params)


def problem(n_classes, n_samples=300):
    return make_classification(
        n_samples,
        6,
        n_informative=5,
        n_redundant=0,
        n_classes=n_classes,
        n_clusters_per_class=1,
        flip_y=0.1,
        random_state=0,
    )


def certain(codes, n_classes, weight=None):
    logits = np.where(np.eye(n_classes)[codes] == 1, 0.0, -np.inf)
    classes = NAMES[:n_classes]
    return Target.of_classes(codes, logits, classes=classes, alpha=1.0, weight=weight)


def soft(codes, n_classes, weight=None):
    noise = np.random.default_rng(0).normal(size=(len(codes), n_classes))
    logits, classes = 2 * np.eye(n_classes)[codes] + noise, NAMES[:n_classes]
    return Target.of_classes(codes, logits, classes=classes, alpha=0.7, weight=weight)


def fit_on_all_duplicates(student, X, target):
    rows, columns = np.nonzero(target.mixed)
    weight = target.mixed[rows, columns]
    if target.weight is not None:
        weight = weight * target.weight[rows]
    return student.fit(X[rows], target.classes[columns], sample_weight=weight)


@pytest.fixture(params=[None, "weighted"])
def weight(request):
    # Zeros too.
    return request.param and np.random.default_rng(1).integers(0, 4, 300) * 1.0


PARAMS = {
    **{solver: {"solver": solver} for solver in SOLVERS},
    "no intercept": {"fit_intercept": False},
    "strong": {"C": 0.01},
    "no penalty": {"C": np.inf},
    "class weights": {"class_weight": {"ash": 3.0, "beech": 0.5}},
    "balanced": {"class_weight": "balanced"},
}


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("params", PARAMS.values(), ids=PARAMS)
def test_certain_labels_give_the_model_of_the_labels_bit_for_bit(
    params, container, n_classes, weight
):
    X, codes = problem(n_classes)
    X, student = container(X), logistic(**params)
    fitted = fit_on_target(clone(student), X, certain(codes, n_classes, weight))
    baseline = clone(student).fit(X, NAMES[codes], sample_weight=weight)
    assert type(fitted) is LogisticRegression
    assert set(vars(fitted)) == set(vars(baseline))
    for name in ("coef_", "intercept_", "n_iter_", "classes_"):
        own, expected = getattr(fitted, name), getattr(baseline, name)
        assert own.dtype == expected.dtype
        if name != "classes_" and own.dtype == np.float32:
            # Weights of classes and samples are multiplied in double precision.
            assert_allclose(own, expected, atol=1e-5)
        else:
            assert_array_equal(own, expected)
    assert b"skdistill" not in pickle.dumps(fitted)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("penalty", [1.0, 0.01])
def test_soft_labels_give_the_model_of_all_weighted_duplicates(
    solver, penalty, n_classes, weight
):
    X, codes = problem(n_classes)
    target, student = soft(codes, n_classes, weight), logistic(solver=solver, C=penalty)
    student.set_params(tol=1e-8)
    fitted = fit_on_target(clone(student), X, target)
    duplicated = fit_on_all_duplicates(clone(student), X, target)
    assert_allclose(fitted.predict_proba(X), duplicated.predict_proba(X), atol=1e-6)


def test_class_weights_weigh_the_probabilities_of_a_sample(weight):
    X, codes = problem(3)
    target = soft(codes, 3, weight)
    student = logistic(class_weight={"ash": 5.0, "beech": 0.2}, tol=1e-8)
    fitted = fit_on_target(clone(student), X, target)
    duplicated = fit_on_all_duplicates(clone(student), X, target)
    assert_allclose(fitted.predict_proba(X), duplicated.predict_proba(X), atol=1e-6)


def test_a_warm_start_begins_with_what_was_learned():
    for n_classes, fit_intercept in ((2, True), (4, True), (4, False)):
        X, codes = problem(n_classes)
        target = soft(codes, n_classes)
        student = logistic(warm_start=True, tol=1e-6, fit_intercept=fit_intercept)
        first = fit_on_target(student, X, target).n_iter_[0]
        assert fit_on_target(student, X, target).n_iter_[0] <= 1 < first


def test_names_of_features_stay_and_samples_are_checked():
    X, codes = problem(3)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    fitted = fit_on_target(logistic(), frame, soft(codes, 3))
    assert_array_equal(fitted.feature_names_in_, frame.columns)
    assert fitted.n_features_in_ == 6
    X[3, 3] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        fit_on_target(logistic(), X, soft(codes, 3))
    with pytest.raises(ValueError, match="'C' parameter"):
        fit_on_target(logistic(C=-1.0), np.nan_to_num(X), soft(codes, 3))
    with pytest.raises(TypeError, match="unknown"):
        fit_on_target(logistic(), np.nan_to_num(X), soft(codes, 3), {"unknown": 1})


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_that_does_not_converge_says_so(solver):
    X, codes = problem(3)
    student = logistic(solver=solver, max_iter=1, tol=1e-10)
    with pytest.warns(ConvergenceWarning):
        fitted = fit_on_target(student, X, soft(codes, 3))
    assert fitted.n_iter_[0] == 1


@pytest.mark.parametrize(
    "student",
    [
        logistic(solver="saga", max_iter=3000, random_state=0),
        logistic(solver="liblinear"),
        SGDClassifier(loss="modified_huber", random_state=0),
    ],
)
def test_solvers_of_single_samples_learn_from_duplicates(student):
    X, codes = problem(2)
    target = soft(codes, 2)
    assert not find_adapter(student).learns_natively(student)
    fitted = fit_on_target(clone(student), X, target)
    duplicated = StudentAdapter().fit(clone(student), X, target, {})
    assert_array_equal(fitted.predict_proba(X), duplicated.predict_proba(X))


@pytest.mark.parametrize(
    ("params", "learns"),
    [
        ({}, True),
        ({"solver": "newton-cg"}, True),
        ({"solver": "sag"}, False),
        ({"solver": "saga", "l1_ratio": 0.5}, False),
        ({"dual": True}, False),
    ],
)
def test_whether_it_learns_natively_goes_by_its_parameters(params, learns):
    student = logistic(**params)
    assert find_adapter(student).learns_natively(student) is learns


def test_a_subclass_with_a_fit_of_its_own_learns_from_duplicates():
    class Own(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            self.n_samples_ = len(y)
            return super().fit(X, y, sample_weight)

    X, codes = problem(3)
    assert fit_on_target(Own(), X, soft(codes, 3)).n_samples_ > 300
    adapter = find_adapter(LogisticRegressionCV())
    assert not adapter.learns_natively(LogisticRegressionCV())


def test_another_release_of_scikit_learn_learns_from_duplicates(monkeypatch):
    X, codes = problem(3)
    target = soft(codes, 3)
    duplicated = StudentAdapter().fit(logistic(), X, target, {})
    monkeypatch.setattr(_logistic, "LinearModelLoss", None)
    fitted = fit_on_target(logistic(), X, target)
    assert_array_equal(fitted.coef_, duplicated.coef_)
