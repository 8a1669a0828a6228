"""XGBoost's vector leaves: one tree for all classes, which learns soft labels too."""

import json
from functools import cache

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier

from skdistill import DistilledClassifier
from skdistill.export import to_c, to_onnx

X, y = load_iris(return_X_y=True)


@cache
def fitted(**params):
    student = XGBClassifier(
        n_estimators=30,
        learning_rate=0.5,
        reg_lambda=0,
        min_child_weight=0,
        multi_strategy="multi_output_tree",
        n_jobs=1,
    )
    return DistilledClassifier(
        LogisticRegression(max_iter=1000),
        student,
        calibrate=None,
        cross_fit=False,
        transfer=None,
        random_state=0,
        **params,
    ).fit(X, y)


def test_soft_labels_are_learned_natively():
    model = fitted(alpha=1.0)
    expected = model.teacher_.predict_proba(X)
    assert model.predict_proba(X) == pytest.approx(expected, abs=0.01)
    assert np.abs(expected - np.eye(3)[y]).max() > 0.5  # They are not the labels.
    raw = json.loads(model.student_.get_booster().save_raw("json"))
    trees = raw["learner"]["gradient_booster"]["model"]["trees"]
    assert len(trees) == 30  # One for each round.


def test_alpha_0_is_the_baseline_student_bit_for_bit():
    model = fitted(alpha=0.0)
    baseline = model.student.fit(X, y)
    assert (model.predict_proba(X) == baseline.predict_proba(X)).all()


def test_they_are_not_refined():
    with pytest.raises(ValueError, match="multi_strategy='multi_output_tree'"):
        fitted(refine="leaves")


@pytest.mark.parametrize("export", [to_onnx, to_c])
def test_they_are_not_exported(export, tmp_path):
    given = (tmp_path / "model.c",) if export is to_c else ()
    with pytest.raises(ValueError, match="leaves of several outputs"):
        export(fitted(alpha=1.0).student_, X, *given)
