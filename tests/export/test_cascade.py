"""Exported cascades: the student's predictions, and the score that the cascade has."""

import pytest

pytest.importorskip("skl2onnx", reason="needs the extra onnx")

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal
from onnxruntime import InferenceSession
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CascadeClassifier,
    CascadeRegressor,
    DistilledClassifier,
    DistilledRegressor,
)
from skdistill.export import to_onnx

CHEAP = {"cross_fit": False, "transfer": None, "on_poor_teacher": "ignore"}
X, Y = (part[:200] for part in load_diabetes(return_X_y=True))
VALUES = DistilledRegressor(DecisionTreeRegressor(max_depth=4), Ridge(), **CHEAP)
CLASSES = DistilledClassifier(
    DecisionTreeClassifier(max_depth=4),
    make_pipeline(StandardScaler(), LogisticRegression()),
    **CHEAP,
)


class Unknown(Ridge):
    """A regressor that no converter is known for."""


def run(onnx_model, X):
    session = InferenceSession(onnx_model.SerializeToString())
    return session.run(None, {"X": X.astype(np.float32)})


def threshold_of(onnx_model):
    properties = {one.key: one.value for one in onnx_model.metadata_props}
    return float(properties["deferral_threshold"])


@pytest.mark.parametrize("deferral", [Ridge(), DecisionTreeRegressor(max_depth=3)])
def test_values_and_their_score(deferral):
    model = CascadeRegressor(VALUES, deferral=deferral, cv=2).fit(X, Y)
    onnx_model = to_onnx(model, X)
    assert [one.name for one in onnx_model.graph.output] == [
        "variable",
        "deferral_score",
    ]
    values, scores = run(onnx_model, X)
    assert_allclose(values[:, 0], model.estimator_.predict(X), rtol=1e-4)
    expected = model.deferral_score(X)
    assert_allclose(scores[:, 0], expected, atol=1e-4 * expected.max())
    limit = model.threshold_ + 1e-6 * expected.max()
    assert threshold_of(onnx_model) == pytest.approx(limit, rel=1e-9)


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
@pytest.mark.parametrize("deferral", ["margin", "entropy", Ridge()])
def test_classes_and_their_score(deferral, load):
    features, labels = load(return_X_y=True)
    labels = np.array(["a", "b", "c"])[labels]
    model = CascadeClassifier(CLASSES, deferral=deferral, cv=2).fit(features, labels)
    onnx_model = to_onnx(model, features)
    found, proba, scores = run(onnx_model, features)
    assert_array_equal(found, model.estimator_.predict(features))
    assert_allclose(proba, model.estimator_.predict_proba(features), atol=1e-4)
    assert_allclose(scores[:, 0], model.deferral_score(features), atol=1e-4)


@pytest.mark.parametrize("deferral", ["margin", "entropy"])
def test_samples_whose_score_equals_the_threshold_are_kept(deferral):
    features, labels = load_breast_cancer(return_X_y=True)
    pair = clone(CLASSES).set_params(student=DecisionTreeClassifier(max_leaf_nodes=6))
    fitted = FrozenEstimator(pair.fit(features[:300], labels[:300]))
    for budget in (0.02, 0.1, 0.2, 0.5):
        model = CascadeClassifier(fitted, deferral=deferral, budget=budget)
        model.fit(features[300:], labels[300:])
        onnx_model = to_onnx(model, features)
        *_, scores = run(onnx_model, features)
        deferred = scores[:, 0] > threshold_of(onnx_model)
        assert_array_equal(deferred, model.defer(features))


def test_columns_pipelines_and_frozen_models():
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    to_onnx(CascadeRegressor(VALUES, deferral=Ridge(), cv=2).fit(frame, Y), frame)
    pipeline = make_pipeline(
        StandardScaler(), CascadeRegressor(VALUES, deferral=Ridge(), cv=2)
    ).fit(X, Y)
    _, scores = run(to_onnx(pipeline, X), X)
    expected = pipeline[-1].deferral_score(pipeline[:-1].transform(X))
    assert_allclose(scores[:, 0], expected, atol=1e-4 * expected.max())
    frozen = FrozenEstimator(clone(VALUES).fit(X, Y))
    to_onnx(CascadeRegressor(frozen, deferral=Ridge()).fit(X, Y), X)


def test_a_score_that_is_another_is_found(monkeypatch):
    model = CascadeRegressor(VALUES, deferral=Ridge(), cv=2).fit(X, Y)
    score = model.deferral_score
    monkeypatch.setattr(model, "deferral_score", lambda X: 1.01 * score(X))
    with pytest.raises(ValueError, match="other predictions for"):
        to_onnx(model, X)


def test_a_deferral_model_that_is_not_known_is_named():
    model = CascadeRegressor(VALUES, deferral=Unknown(), cv=2).fit(X, Y)
    with pytest.raises(
        ValueError, match=r"deferral model \(Unknown\).*estimator_ alone"
    ):
        to_onnx(model, X)
    features, labels = load_iris(return_X_y=True)
    model = CascadeClassifier(CLASSES, deferral=Unknown(), cv=2).fit(features, labels)
    with pytest.raises(ValueError, match='or deferral="margin", which needs none'):
        to_onnx(model, features)
    pair = DistilledRegressor(Ridge(), Unknown(), **CHEAP)
    model = CascadeRegressor(pair, deferral=Ridge(), cv=2).fit(X, Y)
    with pytest.raises(ValueError, match=r"student \(Unknown\)"):
        to_onnx(model, X)
