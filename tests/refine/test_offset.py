"""Offsets of the raw prediction stay out of the refined leaves."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.refine import refine_leaves, refinement_path
from skdistill.students import find_offset
from tests.refine.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

XGB = XGBRegressor(n_estimators=30, max_depth=3, n_jobs=1)
LGBM = LGBMRegressor(n_estimators=30, num_leaves=8, n_jobs=1, verbose=-1)
STUDENTS = [
    pytest.param(XGB, "base_margin", id="xgboost"),
    pytest.param(LGBM, "init_score", id="lightgbm"),
]


def with_offset(model, X, offset):
    """Return what a model predicts that was fitted with an offset."""
    if isinstance(model, XGBRegressor):
        return model.predict(X, base_margin=offset)
    return model.predict(X) + offset


def r2(y, predicted):
    return 1 - np.mean((y - predicted) ** 2) / np.var(y)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 4))
    offset = 20 * rng.normal(size=400) + 50
    return X, X[:, 0] * 2 + X[:, 1] ** 2 + 0.1 * rng.normal(size=400) + offset, offset


@pytest.mark.parametrize(("student", "name"), STUDENTS)
def test_an_offset_is_the_same_as_labels_without_it(table, student, name):
    X, y, offset = table
    model = clone(student).fit(X, y, **{name: offset})
    refined = refine_leaves(model, X, y, strength=1.0, offset=offset)
    # The same trees, and what the leaves are to hold.
    start = with_offset(model, X, offset) - offset
    assert r2(y - offset, with_offset(refined, X, offset) - offset) > r2(
        y - offset, start
    )
    path = refinement_path(model, X, y, strengths=[1.0], offset=offset)
    assert_allclose(
        path.predict(X, offset)[0], with_offset(refined, X, offset), rtol=1e-4
    )
    assert path.losses(X, y, offset=offset)[0] == pytest.approx(
        np.mean((with_offset(refined, X, offset) - y) ** 2), rel=1e-3
    )


def test_an_offset_of_several_outputs_has_a_column_for_each():
    X, y, target = problem("multiclass")
    offset = np.column_stack([X[:, 0], X[:, 1], -X[:, 0]])
    model = LGBMClassifier(n_estimators=8, n_jobs=1, verbose=-1)
    model.fit(X, y, init_score=offset)
    path = refinement_path(
        model, X, target, strengths=[np.inf, 10.0, 1.0], offset=offset
    )
    assert (np.diff(path.losses(X, target, offset=offset)) < 0).all()
    logits = model.predict(X, raw_score=True) + offset
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_allclose(path.predict(X, offset)[0], expected, atol=1e-9)
    with pytest.raises(ValueError, match=r"shape \(500, 3\).*Got \(500,\)"):
        refine_leaves(model, X, target, offset=offset[:, 0])


def test_the_offset_is_found_among_the_parameters_of_fit():
    one, several = np.arange(3.0), np.arange(6.0).reshape(3, 2)
    assert_array_equal(find_offset(XGB, {"base_margin": one}, 3), one)
    assert find_offset(LinearRegression(), {"base_margin": one}, 3) is None
    assert find_offset(XGB, {"init_score": one}, 3) is None
    # LightGBM takes one class after the other, too.
    flat = several.T.ravel()
    assert_array_equal(find_offset(LGBM, {"init_score": flat}, 3), several)
    with config_context(enable_metadata_routing=True):
        student = clone(LGBM).set_fit_request(init_score="exposure")
        pipeline = make_pipeline(StandardScaler(), student)
        assert_array_equal(find_offset(pipeline, {"exposure": one}, 3), one)
        assert find_offset(pipeline, {"init_score": one}, 3) is None


@pytest.mark.parametrize("in_pipeline", [False, True])
@pytest.mark.parametrize(("student", "name"), STUDENTS)
def test_a_distilled_student_learns_its_offset_once(table, student, name, in_pipeline):
    X, y, offset = table
    with config_context(enable_metadata_routing=True):
        student = clone(student).set_fit_request(**{name: "offset"})
        if in_pipeline:
            student = make_pipeline(StandardScaler(), student)
        model = DistilledRegressor(
            LinearRegression(), student, alpha=0.01, transfer=None, random_state=0
        )
        model.fit(X, y, offset=offset)
    final = model.student_[-1] if in_pipeline else model.student_
    seen = model.student_[:-1].transform(X) if in_pipeline else X
    assert r2(y - offset, with_offset(final, seen, offset) - offset) > 0.9


@pytest.mark.parametrize(
    ("student", "name"),
    [
        (XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1), "base_margin"),
        (LGBMClassifier(n_estimators=20, num_leaves=6, verbose=-1), "init_score"),
    ],
)
def test_a_distilled_classifier_learns_its_offset_once(student, name):
    rng = np.random.default_rng(0)
    X, offset = rng.normal(size=(600, 3)), 4 * rng.normal(size=600)
    logit = 2 * X[:, 0] + offset
    y = (logit + rng.logistic(size=600) > 0).astype(int)
    with config_context(enable_metadata_routing=True):
        student = clone(student).set_fit_request(**{name: True})
        model = DistilledClassifier(
            GaussianNB(),
            student,
            alpha=0.01,
            transfer=None,
            random_state=0,
        ).fit(X, y, **{name: offset})
    if name == "base_margin":
        raw = model.student_.predict(X, output_margin=True, base_margin=offset)
    else:
        raw = model.student_.predict(X, raw_score=True) + offset
    assert np.corrcoef(raw - offset, X[:, 0])[0, 1] > 0.85
    assert np.logaddexp(0, np.where(y == 1, -raw, raw)).mean() < 0.35
