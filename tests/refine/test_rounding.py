"""Leaf values that a library would round away are not refined, with a warning."""

import warnings

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from xgboost import XGBRegressor

from skdistill import DistilledRegressor
from skdistill.exceptions import UnrefinedWarning
from skdistill.refine import refine_leaves, refinement_path

# LightGBM < 4.7 warns of arrays, whose columns it names itself.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

XGB = XGBRegressor(n_estimators=60, max_depth=3, learning_rate=0.1, n_jobs=1)


def table(offset, scale):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    y = 2 * X[:, 0] + X[:, 1] ** 2 + rng.normal(size=500)
    return X, offset + scale * y


@pytest.mark.parametrize(("offset", "scale"), [(5e7, 10.0), (5e6, 1.0), (-1e9, 100.0)])
def test_xgboost_far_from_zero_stays_what_it_was(offset, scale):
    X, y = table(offset, scale)
    model = clone(XGB).fit(X, y)
    with pytest.warns(UnrefinedWarning, match="single precision.*Subtract a constant"):
        refined = refine_leaves(model, X, y)
    assert refined is not model
    assert_array_equal(refined.predict(X), model.predict(X))


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e2, 1e4, 1e6, 5e7, 1e9, 1e12])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 10.0, 1e9])
def test_refinement_never_makes_xgboost_worse_on_its_own_rows(offset, scale):
    X, y = table(offset, scale)
    model = clone(XGB).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnrefinedWarning)
        refined = refine_leaves(model, X, y)
    errors = [np.mean((part.predict(X) - y) ** 2) for part in (model, refined)]
    assert errors[1] <= 1.01 * errors[0]


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e9])
def test_the_unit_of_the_target_changes_nothing(scale):
    # In smaller units XGBoost itself grows other trees: a split must gain 1e-6.
    X, y = table(0.0, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = refine_leaves(clone(XGB).fit(X, y), X, y).predict(X)
        refined = refine_leaves(clone(XGB).fit(X, scale * y), X, scale * y)
    assert_allclose(refined.predict(X) / scale, expected, atol=1e-2)


def test_double_precision_is_refined_at_any_distance():
    X, y = table(5e7, 10.0)
    model = LGBMRegressor(n_estimators=60, n_jobs=1, verbose=-1).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnrefinedWarning)
        refined = refine_leaves(model, X, y)
    errors = [np.mean((part.predict(X) - y) ** 2) for part in (model, refined)]
    assert errors[1] < 0.9 * errors[0]


def test_what_is_rounded_away_is_no_part_of_the_path():
    X, y = table(5e7, 10.0)
    model = clone(XGB).fit(X, y)
    with pytest.warns(UnrefinedWarning):
        path = refinement_path(model, X, y, strengths=[10.0, np.inf])
    losses = path.losses(X, y)
    assert losses[0] == losses[1]


def test_a_distilled_student_far_from_zero_does_no_worse_than_unrefined():
    X, y = table(5e7, 10.0)
    model = DistilledRegressor(LinearRegression(), XGB, random_state=0)
    with pytest.warns(UnrefinedWarning):
        model.fit(X[:300], y[:300])
    assert model.score(X[300:], y[300:]) > 0
