"""The unit of the target, its scale and its origin, changes no decision."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.teachers import default_regressor

X, Y = make_friedman1(150, noise=0.5, random_state=0)
TEACHER = make_pipeline(PolynomialFeatures(2), Ridge())

# By what the target is multiplied, and what is added.
UNITS = [
    (1e-9, 0.0),
    (1e-6, -1e3),
    (1e-3, 1e6),
    (1e5, 0.0),
    (1e9, 1e9),
    (-1.0, 1e9),
    (1.0, -1e9),
]
# The smallest, and the one farthest from zero.
FAR = [(1e-9, 0.0), (-1.0, 1e9)]
STUDENTS = [Ridge(), HistGradientBoostingRegressor(max_iter=20)]
# Trees of scikit-learn split no variance below 1e-16, and lose one beside a large mean.
FOR_TREES = [(1e-3, 0.0), (1e3, 1e3), (1e9, 1e9)]
TREES = [
    GradientBoostingRegressor(n_estimators=20),
    RandomForestRegressor(5),
    DecisionTreeRegressor(max_leaf_nodes=8),
]


def name_of(estimator):
    return type(estimator).__name__


def predict_in(unit, model):
    """Fit a model to the target in another unit; return its predictions in the old."""
    scale, offset = unit
    return (model.fit(X, scale * Y + offset).predict(X) - offset) / scale


def assert_same(model, unit, rtol):
    expected = predict_in((1.0, 0.0), model)
    assert np.corrcoef(expected, Y)[0, 1] > 0.6
    assert_allclose(predict_in(unit, model), expected, rtol=0, atol=rtol * Y.std())


@cache
def of_the_default_teacher():
    """Return what it predicts in the unit 1, and how well."""
    model = DistilledRegressor(student=Ridge(), transfer=None, random_state=0)
    return predict_in((1.0, 0.0), model), model.teacher_score_


@pytest.mark.parametrize(
    "unit",
    [
        unit if unit in FAR else pytest.param(unit, marks=pytest.mark.slow)
        for unit in UNITS
    ],
)
def test_the_default_teacher_learns_in_any_unit(unit):
    # Rounding decides between splits that are as good.
    expected, score = of_the_default_teacher()
    model = DistilledRegressor(student=Ridge(), transfer=None, random_state=0)
    assert_allclose(predict_in(unit, model), expected, rtol=0, atol=0.05 * Y.std())
    assert model.teacher_score_ == pytest.approx(score, abs=0.02)
    assert score > 0.7
    spreads = [np.ptp(member.predict(X)) for member in model.teacher_.estimators_]
    assert min(spreads) > 0.3 * np.ptp(Y) * abs(unit[0])


@pytest.mark.parametrize("n_samples", [150, 600])
@pytest.mark.parametrize("unit", [(1e-9, 0.0), (1e9, 1e9), (1.0, 1e9)])
def test_every_member_of_the_default_teacher_learns_in_any_unit(unit, n_samples):
    rows, y = make_friedman1(n_samples, noise=0.5, random_state=0)
    scale, offset = unit
    for _, member in default_regressor(n_samples, rows.shape[1]).estimators:
        member.fit(rows, scale * y + offset)
        assert np.corrcoef(member.predict(rows), y)[0, 1] > 0.7


@pytest.mark.parametrize("alpha", [0.5, 1.0])
@pytest.mark.parametrize("student", STUDENTS, ids=name_of)
@pytest.mark.parametrize("unit", UNITS)
def test_students_are_distilled_alike_in_any_unit(unit, student, alpha):
    model = DistilledRegressor(TEACHER, student, alpha=alpha, random_state=0)
    model.set_params(temperature=1.5, rescale=True)
    assert_same(model, unit, 1e-3)


@pytest.mark.parametrize("student", TREES, ids=name_of)
@pytest.mark.parametrize("unit", FOR_TREES)
def test_trees_are_distilled_alike_in_units_that_they_can_split(unit, student):
    model = DistilledRegressor(TEACHER, student, random_state=0)
    assert_same(model, unit, 0.25)


@cache
def of_a_search(number):
    """Return what it predicts in the unit 1, and its choice."""
    search = DistilledRegressorCV(TEACHER, STUDENTS[number], cv=2, random_state=0)
    return predict_in((1.0, 0.0), search), repr(search.best_params_)


@pytest.mark.parametrize("number", range(len(STUDENTS)))
@pytest.mark.parametrize("unit", UNITS)
def test_searches_choose_alike_in_any_unit(unit, number):
    expected, chosen = of_a_search(number)
    search = DistilledRegressorCV(TEACHER, STUDENTS[number], cv=2, random_state=0)
    found = predict_in(unit, search)
    assert repr(search.best_params_) == chosen
    assert_allclose(found, expected, rtol=0, atol=1e-3 * Y.std())
