"""Linear discriminants learn soft labels as many samples with these labels would do."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import DistilledClassifier
from skdistill.students import fit_on_target
from skdistill.targets import Target

LDA = LinearDiscriminantAnalysis
STUDENTS = [
    LDA(),
    LDA(priors=[0.2, 0.3, 0.5], store_covariance=True),
    LDA(n_components=1),
    LDA("lsqr"),
    LDA("lsqr", shrinkage=0.3),
    LDA("lsqr", shrinkage=0.3, priors=[0.2, 0.3, 0.5]),
    LDA("lsqr", store_covariance=True),
]


def problem(n_classes=3):
    X, codes = load_wine(return_X_y=True)
    kept = codes < n_classes
    return StandardScaler().fit_transform(X[kept])[:, :6], codes[kept]


def target_of(soft, codes):
    with np.errstate(divide="ignore"):
        logits = np.log(soft)
    names = np.array(["a", "b", "c"][: soft.shape[1]])
    weight = np.full(len(codes), 4.0)  # Four equal samples.
    return Target.of_classes(codes, logits, classes=names, alpha=1.0, weight=weight)


def quarters(codes, n_classes=3):
    """Return soft labels in quarters, and the labels of four samples each."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, n_classes, size=(len(codes), 4))
    drawn[:, :2] = codes[:, None]
    return np.eye(n_classes)[drawn].mean(axis=1), drawn.reshape(-1)


def assert_same(fitted, other, X):
    assert type(fitted) is LDA
    assert set(vars(fitted)) == set(vars(other))
    assert fitted.get_params() == other.get_params()
    for name in ("coef_", "intercept_", "means_", "priors_"):
        assert_allclose(getattr(fitted, name), getattr(other, name), atol=1e-8)
    if hasattr(other, "covariance_"):
        assert_allclose(fitted.covariance_, other.covariance_, atol=1e-8)
    assert_allclose(abs(fitted.transform(X)), abs(other.transform(X)), atol=1e-6)
    assert_array_equal(fitted.predict(X), other.predict(X))


def without_transform(student):
    return student.solver == "lsqr"  # Which cannot reduce dimensions.


@pytest.mark.parametrize("student", STUDENTS, ids=str)
def test_soft_labels_are_learned_as_repeated_samples_are(student):
    X, codes = problem()
    soft, drawn = quarters(codes)
    fitted = fit_on_target(clone(student), X, target_of(soft, codes))
    names = np.array(["a", "b", "c"])
    other = clone(student).fit(np.repeat(X, 4, axis=0), names[drawn])
    if without_transform(student):
        fitted.transform = other.transform = lambda X: X
    assert_same(fitted, other, X)


def test_two_classes_and_single_precision():
    X, codes = problem(2)
    soft, drawn = quarters(codes, 2)
    X = X.astype(np.float32)
    fitted = fit_on_target(LDA(), X, target_of(soft, codes))
    other = LDA().fit(np.repeat(X, 4, axis=0), np.array(["a", "b"])[drawn])
    assert fitted.coef_.dtype == other.coef_.dtype
    assert_allclose(fitted.coef_, other.coef_, rtol=1e-3)
    assert_allclose(fitted.predict_proba(X), other.predict_proba(X), atol=1e-4)


def test_dependent_columns_are_left_to_the_solver():
    X, codes = problem()
    X = np.column_stack([X, X[:, 0] - X[:, 1], np.zeros(len(X))])
    soft, drawn = quarters(codes)
    fitted = fit_on_target(LDA(), X, target_of(soft, codes))
    other = LDA().fit(np.repeat(X, 4, axis=0), np.array(["a", "b", "c"])[drawn])
    assert_allclose(fitted.predict_proba(X), other.predict_proba(X), atol=1e-8)


def test_a_distilled_discriminant_knows_the_columns_of_a_frame():
    X, codes = problem()
    X = pd.DataFrame(X, columns=list("uvwxyz"))
    student = make_pipeline(StandardScaler(), LDA())
    model = DistilledClassifier(LogisticRegression(), student, alpha=0.5)
    student = model.fit(X, codes).student_[-1]
    assert student.n_features_in_ == 6
    assert not hasattr(student, "feature_names_in_")  # The scaler gave an array.
    model = DistilledClassifier(LogisticRegression(), LDA(), alpha=0.5).fit(X, codes)
    assert_array_equal(model.student_.feature_names_in_, X.columns)
    assert model.score(X, codes) > 0.9


@pytest.mark.parametrize(
    "params",
    [
        {"solver": "lsqr", "shrinkage": "auto"},
        {"solver": "lsqr", "covariance_estimator": LedoitWolf()},
        {"solver": "eigen"},
    ],
)
def test_covariances_that_need_the_samples_themselves_are_refused(params):
    X, codes = problem()
    student = LDA(**params)
    with pytest.raises(ValueError, match="sample_weight"):
        DistilledClassifier(LogisticRegression(), student).fit(X, codes)
