"""Metrics: identities, published formulas, weights as repetition, scorers, errors."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import entropy
from sklearn.datasets import load_iris
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    make_scorer,
    mean_squared_error,
    r2_score,
)
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

from skdistill.metrics import (
    calibration_error,
    gap_recovered,
    gap_recovered_from_scores,
    integral_criterion,
    kl_to_teacher,
    r2_to_teacher,
    top1_agreement,
)


def random_probabilities(n_rows, n_classes, seed):
    return np.random.default_rng(seed).dirichlet(np.ones(n_classes), size=n_rows)


def test_r2_is_that_of_the_teacher_as_labels():
    rng = np.random.default_rng(0)
    teacher, student, weight = rng.normal(size=(3, 50)) ** 2
    assert r2_to_teacher(teacher, teacher) == 1
    assert r2_to_teacher(teacher, student, sample_weight=weight) == r2_score(
        teacher, student, sample_weight=weight
    )
    assert r2_to_teacher(teacher, student) != r2_to_teacher(student, teacher)


def test_agreement_of_labels_is_that_of_the_greatest_probabilities():
    p, q = (random_probabilities(60, 3, seed) for seed in (0, 1))
    labels = [np.array(["a", "b", "c"])[part.argmax(axis=1)] for part in (p, q)]
    agreement = top1_agreement(p, q)
    assert agreement == top1_agreement(*labels) == accuracy_score(*labels)
    assert 0 < agreement < 1


@pytest.mark.parametrize("n_classes", [2, 4])
def test_divergence_is_the_relative_entropy(n_classes):
    p, q = (random_probabilities(40, n_classes, seed) for seed in (0, 1))
    expected = entropy(p, q, axis=1).mean()
    assert_allclose(kl_to_teacher(p, q, floor=0), expected)
    assert_allclose(kl_to_teacher(p, q), expected, rtol=1e-3)
    assert kl_to_teacher(p, q) != kl_to_teacher(q, p)


def test_divergence_of_a_distribution_from_itself_is_0_with_zeros_too():
    p = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1e-9, 0.5, 0.5 - 1e-9]])
    assert kl_to_teacher(p, p) == kl_to_teacher(p, p, floor=0) == 0


def test_divergence_counts_zeros_as_the_floor_says():
    p, q = [[0.5, 0.5]], [[1.0, 0.0]]
    assert kl_to_teacher(p, q, floor=0) == np.inf
    for floor in (1e-6, 1e-3):
        floored = np.array([1, floor]) / (1 + floor)
        assert_allclose(
            kl_to_teacher(p, q, floor=floor), entropy([0.5, 0.5], floored), rtol=1e-9
        )
    # A class that the teacher rules out adds nothing.
    assert_allclose(kl_to_teacher(q, p, floor=0), np.log(2))


def test_divergence_of_one_dimension_is_that_of_two_classes():
    p, q = (random_probabilities(10, 2, seed) for seed in (0, 1))
    assert_allclose(kl_to_teacher(p[:, 1], q[:, 1]), kl_to_teacher(p, q))


def test_divergence_follows_the_order_of_the_classes():
    p, q = (random_probabilities(10, 3, seed) for seed in (0, 1))
    assert_allclose(kl_to_teacher(p[:, ::-1], q[:, ::-1]), kl_to_teacher(p, q))
    assert kl_to_teacher(p[:, ::-1], q) != pytest.approx(kl_to_teacher(p, q))


def test_calibration_error_by_hand():
    # Two bins of two rows: |1/2 - 0.65| and |2/2 - 0.85|, each half of the rows.
    y = [1, 1, 1, 1]
    proba = [0.4, 0.7, 0.8, 0.9]
    assert_allclose(
        calibration_error(y, proba, n_bins=2, labels=[0, 1]), (0.15 + 0.15) / 2
    )
    # One bin: |3/4 - 0.75|. Errors of opposite sign cancel in it.
    assert_allclose(calibration_error(y, proba, n_bins=1, labels=[0, 1]), 0, atol=1e-15)


def test_calibration_is_that_of_the_top_class():
    proba = [[0.6, 0.3, 0.1], [0.1, 0.6, 0.3]]
    assert_allclose(calibration_error(["a", "b"], proba, labels=["a", "b", "c"]), 0.4)
    assert_allclose(calibration_error(["c", "c"], proba, labels=["a", "b", "c"]), 0.6)


def test_bins_have_equal_mass():
    # 990 of 1000 confidences are close to 1; a bin of equal width would hold them all,
    # where errors of both signs cancel.
    confidence = np.r_[np.linspace(0.5, 0.6, 10), np.linspace(0.9, 0.99, 990)]
    y = np.r_[np.ones(505), np.arange(495) % 4 > 0].astype(int)
    assert calibration_error(y, confidence, n_bins=2) > 0.1


def test_calibration_does_not_depend_on_the_order_of_equal_confidences():
    rng = np.random.default_rng(0)
    proba = rng.choice([0.6, 0.7, 0.8], size=100)
    y = rng.integers(2, size=100)
    orders = [rng.permutation(100) for _ in range(5)]
    assert len({calibration_error(y[o], proba[o]).hex()[:12] for o in orders}) == 1


def test_true_probabilities_are_calibrated_and_sharpened_ones_are_not():
    rng = np.random.default_rng(0)
    proba = rng.uniform(size=20_000)
    y = (rng.uniform(size=20_000) < proba).astype(int)
    assert calibration_error(y, proba) < 0.02
    assert calibration_error(y, proba**3 / (proba**3 + (1 - proba) ** 3)) > 0.1


def test_gap_recovered_by_hand_for_scores_and_losses():
    y = np.array([0.0, 0.0])
    baseline, teacher, student = y + 2, y + 1, y + 1.5
    for metric, expected in ((mean_squared_error, 1.75 / 3), (max_error, 0.5)):
        fraction = gap_recovered(
            y, baseline, teacher, student, metric, greater_is_better=False
        )
        assert_allclose(fraction, expected)
    # The sign of a metric cancels.
    fraction = gap_recovered(
        y, baseline, teacher, student, lambda y, f: -max_error(y, f)
    )
    assert_allclose(fraction, 0.5)


def max_error(y_true, y_pred):
    return np.abs(y_true - y_pred).max()


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.0, 1.0, 0.25), 0.25),
        ((-2.0, -1.0, -3.0), -1.0),
        ((0.0, 0.5, 1.0), 2.0),
        ((1.0, 1.0, 2.0), None),
        ((1.0, 0.5, 0.7), None),
        ((np.nan, 1.0, 0.5), None),
        ((0.0, np.nan, 0.5), None),
    ],
)
def test_the_gap_recovered_from_scores_is_none_unless_the_teacher_leads(
    scores, expected
):
    assert gap_recovered_from_scores(*scores) == expected


def test_gap_recovered_is_0_for_the_baseline_student_and_1_for_the_teacher():
    y, baseline, teacher = np.arange(4.0), np.ones(4), np.arange(4.0) + 0.1
    assert gap_recovered(y, baseline, teacher, baseline) == 0
    assert gap_recovered(y, baseline, teacher, teacher) == 1
    assert gap_recovered(y, baseline, teacher, y) > 1


def test_without_a_lead_the_gap_is_nan_with_a_warning():
    y, worse, better = np.arange(3.0), np.ones(3), np.arange(3.0)
    for baseline, teacher in ((better, worse), (worse, worse)):
        with pytest.warns(UndefinedMetricWarning, match="not better.*r2_score of 0 ag"):
            assert np.isnan(gap_recovered(y, baseline, teacher, better))


def test_integral_criterion_is_the_signed_area():
    y = np.zeros(1)
    baseline, student = [[2.0], [2.0], [1.0]], [[2.0], [1.0], [0.0]]
    # Losses 4, 4, 1 and 4, 1, 0: differences 0, 3, 1.
    assert integral_criterion(y, baseline, student) == 3.5
    assert integral_criterion(y, student, baseline) == -3.5
    assert integral_criterion(y, iter(baseline), iter(student)) == 3.5
    assert integral_criterion(y, baseline, student, stages=[0, 10, 12]) == 15 + 4
    assert integral_criterion(y, baseline, student, max_error) == 1 / 2 + 1


@pytest.mark.parametrize(
    "metric",
    [
        r2_to_teacher,
        top1_agreement,
        kl_to_teacher,
        calibration_error,
        lambda *a, **k: gap_recovered(a[0], *(a[1] ** [[3], [1], [2]]), **k),
        lambda *a, **k: integral_criterion(a[0], a[1] * [[1], [2]], [a[1]] * 2, **k),
    ],
)
def test_weights_are_repetitions_and_0_leaves_a_sample_out(metric):
    rng = np.random.default_rng(0)
    weight = rng.integers(3, size=40)
    y, f = rng.uniform(0.1, 1, size=(2, 40))
    if metric in (top1_agreement, calibration_error):
        y = (y > 0.5).astype(int)
    if metric is top1_agreement:
        f = (f > 0.5).astype(int)
    repeated = metric(np.repeat(y, weight), np.repeat(f, weight))
    assert_allclose(metric(y, f, sample_weight=weight), repeated)
    assert abs(metric(y, f) - repeated) > 1e-6


def test_metrics_are_scores_of_a_search_of_the_student_for_a_teacher():
    X, y = load_iris(return_X_y=True)
    teacher = LogisticRegression(max_iter=1000).fit(X, y)
    student = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    p, q = teacher.predict_proba(X), student.predict_proba(X)
    as_probabilities = {"greater_is_better": False, "response_method": "predict_proba"}
    kl = make_scorer(kl_to_teacher, floor=1e-3, **as_probabilities)
    assert kl(student, X, p) == -kl_to_teacher(p, q, floor=1e-3)
    agreement = make_scorer(top1_agreement)
    labels = teacher.predict(X)
    assert agreement(student, X, labels) == top1_agreement(p, q) > 0.9
    calibration = make_scorer(calibration_error, **as_probabilities)
    assert calibration(student, X, y) == -calibration_error(y, q)
    scores = cross_val_score(LinearRegression(), X, p[:, 0], scoring=make_r2_scorer())
    assert (scores < 1).all()


def make_r2_scorer():
    return make_scorer(r2_to_teacher)


def test_scorers_of_two_classes_pass_one_column():
    X, y = load_iris(return_X_y=True)
    X, y = X[y > 0], np.array(["x", "y"])[y[y > 0] - 1]
    model = LogisticRegression(C=0.01).fit(X, y)
    p = LogisticRegression().fit(X, y).predict_proba(X)
    weight = np.linspace(0, 1, len(y))
    options = {"greater_is_better": False, "response_method": "predict_proba"}
    kl = make_scorer(kl_to_teacher, **options)
    expected = -kl_to_teacher(p, model.predict_proba(X), sample_weight=weight)
    assert kl(model, X, p[:, 1], sample_weight=weight) == pytest.approx(expected)
    calibration = make_scorer(calibration_error, **options)
    assert calibration(model, X, y) == -calibration_error(y, model.predict_proba(X))


def test_the_floored_log_loss_is_that_of_scikit_learn():
    from skdistill.metrics import negated_log_loss

    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(X, y)
    weight = np.linspace(0, 1, len(y))
    expected = log_loss(y, model.predict_proba(X), sample_weight=weight)
    assert negated_log_loss(model, X, y, weight) == pytest.approx(-expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: kl_to_teacher([[0.5, 0.5]], [[0.2, 0.3, 0.5]]),
            "same classes for the same samples. Got shapes (1, 2) and (1, 3). Give a",
        ),
        (
            lambda: kl_to_teacher([[0.5, 0.5]], [[1.5, -0.5]]),
            "p_student must hold probabilities: 0 or more, and 1 in sum over the "
            "classes of a row. Got [1.5, -0.5] in row 0. Pass what predict_proba",
        ),
        (lambda: kl_to_teacher([[2, 3]], [[0.5, 0.5]]), "p_teacher must hold prob"),
        (
            lambda: kl_to_teacher([0.5], [0.5], floor=0.6),
            "from 0 to 1 / n_classes, 0.5",
        ),
        (
            lambda: top1_agreement(["a"], [[0.5, 0.5]]),
            "both hold labels, or both the probabilities of the same classes. Got "
            "arrays of shapes (1,) and (1, 2). Pass what predict returns for both",
        ),
        (lambda: top1_agreement(["a"], ["a", "b"]), "inconsistent numbers of samples"),
        (
            lambda: calibration_error(["a", "a"], [0.5, 0.5]),
            "a column for each class. Got 2 columns and the classes ['a']. Pass the "
            "classes of the columns as labels",
        ),
        (lambda: calibration_error([0, 1], [0, 1], n_bins=0), "n_bins must be an int"),
        (
            lambda: integral_criterion([0], [[1], [2]], [[1]]),
            "the same stages, at least two. Got 2 and 1. Compare students of equally",
        ),
        (
            lambda: integral_criterion([0], [[1], [2]], [[1], [1]], stages=[2, 1]),
            "stages must hold 2 increasing numbers, one a stage. Got [2, 1]",
        ),
        (
            lambda: top1_agreement([0], [0], sample_weight=[-1]),
            "sample_weight must not be negative",
        ),
    ],
)
def test_errors_say_what_is_allowed_and_what_came(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
