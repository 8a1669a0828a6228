"""skl2onnx itself converts the distilled estimators once they are registered."""

import pytest

pytest.importorskip("skl2onnx", reason="needs the extra onnx")

import numpy as np
import skl2onnx
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes, load_digits
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.export import register_converters
from tests.export.cases import CLASSIFIERS, REGRESSORS, run

BAYES = GaussianNB(var_smoothing=0.1)
ONE_CANDIDATE = {"cv": 2, "transfers": (None,), "refinements": (None,)}


@pytest.fixture(autouse=True)
def registered():
    register_converters()
    register_converters()  # As often as one likes.


@pytest.mark.parametrize(
    "model",
    [
        DistilledRegressor(Ridge(), REGRESSORS["xgboost"], transfer=None),
        DistilledRegressor(
            Ridge(), Ridge(), transfer=None, rescale=True, temperature=2
        ),
        DistilledRegressorCV(Ridge(), REGRESSORS["tree"], **ONE_CANDIDATE),
    ],
)
def test_pipelines_that_end_in_a_regressor(model):
    X, y = load_diabetes(return_X_y=True)
    X = np.round(X[:200] * 512).astype(np.float32)
    pipeline = make_pipeline(SelectKBest(f_regression, k=6), model).fit(X, y[:200])
    (values,) = run(skl2onnx.to_onnx(pipeline, X[:1]), X)
    assert_allclose(values[:, 0], pipeline.predict(X), rtol=1e-4)


@pytest.mark.parametrize(
    "model",
    [
        DistilledClassifier(BAYES, CLASSIFIERS["xgboost"], transfer=None),
        DistilledClassifier(BAYES, CLASSIFIERS["regressor"], transfer=None),
        DistilledClassifierCV(BAYES, CLASSIFIERS["tree"], **ONE_CANDIDATE),
    ],
)
def test_pipelines_that_end_in_a_classifier(model):
    X, y = load_digits(n_class=3, return_X_y=True)
    X, y = X[:200, 2:7].astype(np.float32), np.array(["a", "b", "c"])[y[:200]]
    pipeline = make_pipeline(SelectKBest(k=4), model).fit(X, y)
    expected = pipeline.predict_proba(X)
    labels, dictionaries = run(skl2onnx.to_onnx(pipeline, X[:1]), X)
    assert_array_equal(labels, pipeline.predict(X))
    assert_allclose(
        [[row[c] for c in "abc"] for row in dictionaries], expected, atol=1e-5
    )
    for rows in (X[:1], X[:1].astype(float)):
        onnx_model = skl2onnx.to_onnx(pipeline, rows, options={"zipmap": False})
        kind = onnx_model.graph.input[0].type.tensor_type.elem_type
        assert kind == (1 if rows.dtype == np.float32 else 11)  # Float, or double.
        if kind == 1:
            assert_allclose(run(onnx_model, X)[1], expected, atol=1e-5)
