"""The curve of a cascade: what is drawn is what its parts predict."""

from copy import copy
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_squared_error
from sklearn.tree import DecisionTreeClassifier

from skdistill import CascadeClassifier, DistilledClassifier
from skdistill.displays import CascadeDisplay
from skdistill.metrics import negated_log_loss

Y = np.array([0.0, 1.0, 2.0, 3.0])
STUDENT = np.array([0.0, 2.0, 2.0, 0.0])


def loss(y, predicted):
    return -mean_squared_error(y, predicted)


@pytest.fixture(scope="module")
def cascade():
    X, y = load_breast_cancer(return_X_y=True)
    pair = DistilledClassifier(
        LogisticRegression(max_iter=5000),
        DecisionTreeClassifier(max_leaf_nodes=4),
        cross_fit=False,
        transfer=None,
        on_poor_teacher="ignore",
    )
    model = CascadeClassifier(pair, deferral="margin", cv=2, costs=(1, 4))
    return model.fit(X[::2], y[::2])


def test_samples_are_sent_by_their_score():
    display = CascadeDisplay.from_predictions(
        Y, STUDENT, Y, [0, 1, 0.5, 2], metric=loss, fractions=[0.5, 0.25], chosen=0.5
    )
    assert_allclose(display.fractions, [0, 0.25, 0.5, 1])
    assert_allclose(display.scores, [-10 / 4, -1 / 4, 0, 0])
    assert_allclose(display.line_.get_xydata()[:, 1], display.scores)
    assert_allclose(display.chance_line_.get_xydata(), [[0, -2.5], [1, 0]])
    assert display.chosen_line_.get_xdata()[0] == 0.5
    assert [*display.frame()] == ["fraction", "score"]
    assert len(CascadeDisplay.from_predictions(Y, STUDENT, Y, Y).fractions) == 21


def test_costs_are_the_axis_where_they_are_known():
    display = CascadeDisplay.from_predictions(
        *(Y, STUDENT, Y, Y), fractions=[], costs=(2.0, 10.0), cost_name="cents"
    )
    assert display.frame()["cost"].tolist() == [2, 12]
    assert display.ax_.get_xlabel() == "cents"
    assert display.chosen_line_ is None


def test_a_fitted_cascade_is_drawn(cascade):
    X, y = (part[1::2] for part in load_breast_cancer(return_X_y=True))
    display = CascadeDisplay.from_estimator(cascade, X, y, fractions=[])
    teacher = copy(cascade)
    (stage,) = cascade.stages_
    teacher.stages_ = [replace(stage, threshold=-np.inf)]  # All samples are sent.
    expected = [
        negated_log_loss(cascade.estimator_, X, y),
        negated_log_loss(teacher, X, y),
    ]
    assert_allclose(display.scores, expected)
    assert display.chosen == cascade.defer(X).mean()
    assert_array_equal(display.frame()["cost"], [1, 5])
    by_metric = CascadeDisplay.from_estimator(
        cascade, X, y, metric=lambda y, p: -np.mean((p[:, 1] - y) ** 2)
    )
    second = cascade.estimator_.predict_proba(X)[:, 1]
    assert_allclose(by_metric.scores[0], -np.mean((second - y) ** 2))


def test_fractions_lie_from_0_to_1():
    with pytest.raises(ValueError, match=r"from 0 to 1. Got \[2\]"):
        CascadeDisplay.from_predictions(Y, STUDENT, Y, Y, fractions=[2])
