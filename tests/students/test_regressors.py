import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill.students import LogitStudent, fit_on_target
from skdistill.targets import Target


def target_of(codes, logits, weight=None):
    """Return the target that is the teacher's alone."""
    return Target.of_classes(
        codes, logits, classes=np.arange(3), alpha=1.0, weight=weight
    )


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_linear_student_recovers_linear_logits(iris, n_classes):
    X, y = iris
    rows = y < n_classes
    X, y = X[rows], y[rows]
    teacher = LogisticRegression(C=0.01).fit(X, y)
    soft = teacher.predict_proba(X)
    student = LogitStudent(LinearRegression()).fit_target(X, soft, np.unique(y))
    assert_allclose(student.predict_proba(X), soft, atol=1e-8)
    assert_array_equal(student.predict(X), teacher.predict(X))
    assert student.decision_function(X).ndim == (1 if n_classes == 2 else 2)


@pytest.mark.parametrize(
    ("regressor", "wrapped"),
    [
        (DecisionTreeRegressor(), False),
        (KNeighborsRegressor(), False),
        (GradientBoostingRegressor(n_estimators=3), True),
        (make_pipeline(StandardScaler(), GradientBoostingRegressor()), True),
    ],
)
def test_a_regressor_of_one_output_is_fitted_once_a_class(iris, regressor, wrapped):
    X, y = iris
    student = LogitStudent(regressor).fit(X, y)
    assert len(student.regressors_) == (3 if wrapped else 1)
    assert_allclose(student.predict_proba(X).sum(axis=1), 1)
    assert (student.predict(X) == y).mean() > 0.9


def test_labels_are_learned_with_finite_logits(iris):
    X, y = iris
    student = LogitStudent(KNeighborsRegressor(1)).fit(X, np.array(list("abc"))[y])
    proba = student.predict_proba(X)
    assert proba.max() > 0.99
    assert proba.min() > 1e-4
    assert set(student.predict(X)) == set("abc")


def test_the_given_regressor_is_not_fitted(iris):
    X, y = iris
    regressor = LinearRegression()
    LogitStudent(regressor).fit(X, y)
    assert not hasattr(regressor, "coef_")


def test_neighbours_average_distributions_as_they_count_labels(iris):
    X, y = iris
    certain = np.where(np.eye(3)[y] == 1, 0.0, -np.inf)
    neighbours = KNeighborsClassifier(7, weights="distance")
    fitted = fit_on_target(clone(neighbours), X, target_of(y, certain))
    baseline = neighbours.fit(X, y)
    assert_allclose(fitted.predict_proba(X), baseline.predict_proba(X))
    X, first = np.unique(X, axis=0, return_index=True)
    soft = target_of(y[first], np.eye(3)[y[first]])
    one = fit_on_target(KNeighborsClassifier(1), X, soft)
    assert_allclose(one.predict_proba(X), soft.mixed)


def test_neighbours_have_no_use_for_weights(iris):
    X, y = iris
    target = target_of(y, np.eye(3)[y], weight=np.ones(150))
    with pytest.raises(ValueError, match="student must accept sample_weight"):
        fit_on_target(KNeighborsClassifier(), X, target)
