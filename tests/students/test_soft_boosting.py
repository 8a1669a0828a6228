"""scikit-learn's boosting of classes learns soft labels by its own loss."""

import io
import pickle
import subprocess
import sys
from copy import deepcopy
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import DistilledClassifier
from skdistill.students import (
    StudentAdapter,
    _boosted_classes,
    _hist_boosting,
    find_adapter,
    fit_on_target,
)
from skdistill.students._soft_codes import SoftCodes, SoftLabelsLostError, soft_loss
from skdistill.targets import Target

N_SAMPLES = 300
NAMES = np.array([f"class {k:02}" for k in range(30)])


def boosting(**params):
    return GradientBoostingClassifier(
        **{"n_estimators": 8, "max_depth": 2, "random_state": 0} | params
    )


def hist(**params):
    # One sample in a leaf is enough: duplicates would count as samples.
    fixed = {"max_iter": 8, "min_samples_leaf": 1, "max_leaf_nodes": 6}
    return HistGradientBoostingClassifier(**fixed | {"random_state": 0} | params)


# On certain labels each of them is the model of the labels.
STUDENTS = {
    "boosting": boosting(),
    "boosting on a part of the rows": boosting(subsample=0.6),
    "boosting that stops early": boosting(
        n_estimators=200, learning_rate=1.0, n_iter_no_change=2
    ),
    "boosting from zero": boosting(init="zero"),
    "boosting from a model": boosting(init=GaussianNB()),
    "boosting on some features": boosting(max_features=2, max_leaf_nodes=4),
    "boosting of a random state": boosting(
        n_iter_no_change=2, random_state=np.random.RandomState(5)
    ),
    "hist": hist(),
    "hist that stops early": hist(
        max_iter=200, learning_rate=1.0, early_stopping=True, n_iter_no_change=2
    ),
    "hist that stops by its training loss": hist(
        early_stopping=True, validation_fraction=None
    ),
    "hist that stops by accuracy": hist(
        max_iter=100, early_stopping=True, scoring="accuracy", n_iter_no_change=2
    ),
    "hist on some features": hist(max_features=0.5),
    "hist with class weights": hist(class_weight={0: 3.0, 1: 0.5}),
}


def problem(n_classes, n_samples=N_SAMPLES):
    X, codes = make_classification(
        n_samples,
        6,
        n_informative=5,
        n_redundant=0,
        n_classes=n_classes,
        n_clusters_per_class=1,
        flip_y=0.1,
        random_state=0,
    )
    return np.rint(X * 10) / 10, codes  # Few values: their bins are the same.


def target_of(codes, logits, weight=None, *, alpha=1.0, classes=None):
    n_classes = logits.shape[1]
    return Target.of_classes(
        codes,
        logits,
        classes=NAMES[:n_classes] if classes is None else classes,
        alpha=alpha,
        weight=weight,
    )


def certain(codes, n_classes, weight=None, classes=None):
    logits = np.where(np.eye(n_classes)[codes] == 1, 0.0, -np.inf)
    return target_of(codes, logits, weight, classes=classes)


def soft(codes, n_classes, weight=None):
    noise = np.random.default_rng(0).normal(size=(len(codes), n_classes))
    logits = 2 * np.eye(n_classes)[codes] + noise
    return target_of(codes, logits, weight, alpha=0.7)


def fit_on_all_duplicates(student, X, target):
    rows, columns = np.nonzero(target.mixed)
    weight = target.mixed[rows, columns]
    if target.weight is not None:
        weight = weight * target.weight[rows]
    return student.fit(X[rows], target.classes[columns], sample_weight=weight)


@pytest.fixture(params=[None, "weighted"])
def weight(request):
    # Zeros too.
    return request.param and np.random.default_rng(1).integers(0, 4, N_SAMPLES) * 1.0


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("student", STUDENTS.values(), ids=STUDENTS)
def test_certain_labels_give_the_model_of_the_labels_bit_for_bit(
    student, n_classes, weight
):
    X, codes = problem(n_classes)
    target = certain(codes, n_classes, weight)
    # Not by a clone, which would share a random state.
    fitted = fit_on_target(deepcopy(student), X, target)
    baseline = deepcopy(student).fit(X, NAMES[codes], sample_weight=weight)
    assert type(fitted) is type(baseline)
    # Naive Bayes sums its classes up in another order.
    atol = 1e-5 if isinstance(student.get_params().get("init"), GaussianNB) else 0
    assert_allclose(
        fitted.predict_proba(X), baseline.predict_proba(X), rtol=0, atol=atol
    )
    assert_allclose(fitted.train_score_, baseline.train_score_, rtol=0, atol=atol)
    assert set(vars(fitted)) == set(vars(baseline))
    for stages in zip(
        fitted.staged_predict(X), baseline.staged_predict(X), strict=True
    ):
        assert_array_equal(*stages)
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert b"skdistill" not in pickle.dumps(fitted)


@pytest.mark.parametrize(
    ("name", "n_classes"),
    [
        *product(["boosting", "boosting from zero", "hist"], [2, 5, 26]),
        *product(["boosting from a model"], [2, 5]),
    ],
)
def test_soft_labels_give_the_model_of_all_weighted_duplicates(name, n_classes, weight):
    X, codes = problem(n_classes)
    target = soft(codes, n_classes, weight)
    fitted = fit_on_target(clone(STUDENTS[name]), X, target)
    duplicated = fit_on_all_duplicates(clone(STUDENTS[name]), X, target)
    # Splits between samples of no weight are left to chance.
    counted = slice(None) if weight is None else weight > 0
    probabilities = [model.predict_proba(X)[counted] for model in (fitted, duplicated)]
    assert_allclose(*probabilities, atol=1e-6)


def test_the_bag_and_the_rows_of_a_leaf_hold_whole_samples():
    X, codes = problem(5)
    target = soft(codes, 5)
    student = boosting(min_samples_leaf=60, subsample=0.5)
    fitted = fit_on_target(student, X, target)
    trees = [member.tree_ for member in fitted.estimators_.ravel()]
    assert all(tree.n_node_samples[0] == N_SAMPLES // 2 for tree in trees)
    in_leaves = [tree.n_node_samples[tree.children_left < 0].min() for tree in trees]
    assert min(in_leaves) >= 60
    # Judged by the target, whose own entropy is the least there is.
    entropy = -(target.mixed * np.log(target.mixed)).sum(axis=1).mean()
    assert (fitted.oob_scores_ > entropy).all()


@pytest.mark.parametrize(
    "student",
    [
        boosting(n_estimators=300, learning_rate=0.5, n_iter_no_change=3, tol=1e-3),
        hist(max_iter=300, learning_rate=0.5, early_stopping=True, n_iter_no_change=3),
    ],
)
def test_held_out_samples_are_judged_by_their_soft_labels(student):
    # Labels are noise, and soft labels a signal: only these are worth many rounds.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    logits = np.column_stack([X[:, 0] * 3, X[:, 1] * 3, np.zeros(600)])
    target = target_of(rng.integers(3, size=600), logits)
    fitted = fit_on_target(clone(student), X, target)
    baseline = clone(student).fit(X, target.y)
    rounds = [len(list(model.staged_predict(X[:1]))) for model in (fitted, baseline)]
    assert rounds[1] < 15 < rounds[0] < 300
    assert fitted.get_params() == student.get_params()


def test_held_out_labels_that_are_given_judge_as_they_are():
    X, codes = problem(3)
    student = hist(max_iter=20, early_stopping=True)
    held_out = {"X_val": X[:80], "y_val": NAMES[codes[:80]]}
    fitted = fit_on_target(clone(student), X[80:], soft(codes[80:], 3), held_out)
    label = fitted.predict_proba(X[:80])[np.arange(80), codes[:80]]
    assert fitted.validation_score_[-1] == pytest.approx(np.log(label).mean())


def test_the_initial_estimator_learns_the_target_too():
    X, codes = problem(3)
    target = soft(codes, 3, np.arange(N_SAMPLES) % 4 * 1.0)
    prior = fit_on_target(boosting(), X, target).init_
    assert type(prior) is DummyClassifier
    mean = np.average(target.mixed, axis=0, weights=target.weight)
    assert_allclose(prior.class_prior_, mean)
    own = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    init = fit_on_target(boosting(init=own), X, soft(codes, 3)).init_
    codes_target = target_of(
        codes, np.log(soft(codes, 3).mixed), classes=np.arange(3.0)
    )
    expected = fit_on_target(clone(own), X.astype(np.float32), codes_target)
    assert_allclose(init.predict_proba(X), expected.predict_proba(X), atol=1e-4)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_neighbours_as_the_initial_estimator_learn_the_target(n_classes, in_pipeline):
    X, codes = problem(n_classes)
    own = KNeighborsClassifier(7)
    student = boosting(
        init=make_pipeline(StandardScaler(), own) if in_pipeline else own
    )
    fitted = fit_on_target(clone(student), X, soft(codes, n_classes))
    assert fitted.init_.predict_proba(X).shape == (N_SAMPLES, n_classes)
    certain = target_of(codes, np.where(np.eye(n_classes)[codes] > 0, 0, -np.inf))
    assert_allclose(
        fit_on_target(clone(student), X, certain).predict_proba(X),
        clone(student).fit(X, NAMES[codes]).predict_proba(X),
    )


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("student", [boosting(), hist()])
def test_a_warm_start_goes_on(student, n_classes):
    X, codes = problem(n_classes)
    target = soft(codes, n_classes)
    rounds = "n_estimators" if hasattr(student, "n_estimators") else "max_iter"
    whole = fit_on_target(clone(student), X, target)
    warm = clone(student).set_params(**{rounds: 3, "warm_start": True})
    fit_on_target(warm, X, target)
    fit_on_target(warm.set_params(**{rounds: 8}), X, target)
    assert_allclose(warm.predict_proba(X), whole.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize(
    "classes", [[-3, 8, 20], [0.0, 1.0, 2.0], NAMES[:3].astype(object), [False, True]]
)
@pytest.mark.parametrize("student", [boosting(), hist()])
def test_labels_of_any_kind_are_those_of_the_model(student, classes):
    n_classes = len(classes)
    X, codes = problem(n_classes)
    classes = np.array(classes)
    target = certain(codes, n_classes, classes=classes)
    fitted = fit_on_target(clone(student), X, target)
    baseline = clone(student).fit(X, classes[codes])
    assert fitted.classes_.dtype == baseline.classes_.dtype
    assert_array_equal(fitted.classes_, baseline.classes_)
    assert_array_equal(fitted.predict(X), baseline.predict(X))


@pytest.mark.parametrize("student", [boosting(), hist()])
def test_a_class_that_is_no_samples_label_is_learned(student):
    X, codes = problem(3)
    logits = np.log(soft(codes, 3).mixed)
    target = target_of(np.minimum(codes, 1), logits)
    fitted = fit_on_target(clone(student), X, target)
    assert_array_equal(fitted.classes_, NAMES[:3])
    assert fitted.predict_proba(X)[codes == 2, 2].mean() > 0.3


@pytest.mark.parametrize("student", [boosting(), hist()])
def test_names_of_features_stay(student):
    X, codes = problem(3)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    fitted = fit_on_target(clone(student), frame, soft(codes, 3))
    assert_array_equal(fitted.feature_names_in_, frame.columns)
    name = type(student).__name__
    with pytest.warns(UserWarning, match=f"feature names, but {name} was"):
        fitted.predict(X)


def test_sparse_samples_are_learned_as_dense_ones():
    X, codes = problem(3)
    target = soft(codes, 3)
    fitted = [
        fit_on_target(boosting(), one, target) for one in (X, sparse.csr_array(X))
    ]
    assert_allclose(*(model.predict_proba(X) for model in fitted), atol=1e-8)


def test_a_monitor_watches_and_stops():
    X, codes = problem(3)
    seen = []

    def monitor(i, model, state):
        seen.append((i, type(model).__name__, model.init_.predict_proba(X).shape))
        return i == 4

    fitted = fit_on_target(boosting(), X, soft(codes, 3), {"monitor": monitor})
    assert fitted.n_estimators_ == 5
    assert seen[0] == (0, "GradientBoostingClassifier", (N_SAMPLES, 3))


def test_balanced_class_weights_are_those_of_the_labels():
    X, codes = problem(3)
    rows = np.r_[np.flatnonzero(codes != 2), np.flatnonzero(codes == 2)[:20]]
    student = hist(class_weight="balanced")
    fitted = fit_on_target(clone(student), X[rows], certain(codes[rows], 3))
    baseline = clone(student).fit(X[rows], NAMES[codes[rows]])
    assert_allclose(fitted.predict_proba(X), baseline.predict_proba(X), atol=1e-6)


def test_class_weights_for_unknown_classes_are_refused_as_for_labels():
    X, codes = problem(3)
    with pytest.raises(ValueError, match="not in class_weight"):
        fit_on_target(hist(class_weight={0: 2.0, 7: 1.0}), X, soft(codes, 3))


@pytest.mark.parametrize("student", [boosting(), hist()])
def test_a_failed_fit_leaves_the_student_as_it_was(student):
    X, codes = problem(3)
    student = clone(student).set_params(learning_rate=-1.0)
    with pytest.raises(ValueError, match="learning_rate"):
        fit_on_target(student, X, soft(codes, 3))
    assert type(student) in (GradientBoostingClassifier, HistGradientBoostingClassifier)
    broken = boosting(init=LogisticRegression(C=-1.0))
    with pytest.raises(ValueError, match="'C' parameter"):
        fit_on_target(broken, X, soft(codes, 3))
    assert "skdistill" not in repr(vars(broken))


def test_what_labels_alone_would_refuse_is_refused():
    X, codes = problem(2)
    with pytest.raises(ValueError, match="minimum of 2 classes"):
        fit_on_target(boosting(), X, certain(codes, 2, (codes == 1) * 1.0))
    one = np.r_[np.flatnonzero(codes == 0), np.flatnonzero(codes == 1)[:1]]
    student = boosting(n_iter_no_change=2)
    with pytest.raises(ValueError, match="least populated class"):
        fit_on_target(student, X[one], soft(codes[one], 2))


def test_exponential_loss_learns_from_duplicates():
    X, codes = problem(2)
    target = soft(codes, 2)
    student = boosting(loss="exponential")
    assert not find_adapter(student).learns_natively(student)
    fitted = fit_on_target(clone(student), X, target)
    duplicated = StudentAdapter().fit(clone(student), X, target, {})
    assert_array_equal(fitted.predict_proba(X), duplicated.predict_proba(X))


@pytest.mark.parametrize(
    ("student", "module"), [(boosting(), _boosted_classes), (hist(), _hist_boosting)]
)
def test_another_release_of_scikit_learn_learns_from_duplicates(
    student, module, monkeypatch
):
    X, codes = problem(3)
    target = soft(codes, 3)
    monkeypatch.setattr(module, "has_methods", lambda cls, names: False)
    fitted = fit_on_target(clone(student), X, target)
    duplicated = StudentAdapter().fit(clone(student), X, target, {})
    assert_array_equal(fitted.predict_proba(X), duplicated.predict_proba(X))
    stops = hist(early_stopping=True, max_iter=100, learning_rate=1.0)
    fitted = fit_on_target(stops, X, target)
    assert fitted.n_iter_ < 60
    assert fitted.early_stopping is True


# A release of scikit-learn that keeps neither loss where it was.
MOVED = """
import numpy as np
import sklearn._loss.loss
import sklearn.linear_model._linear_loss
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

del sklearn._loss.loss.HalfMultinomialLoss
del sklearn.linear_model._linear_loss.LinearModelLoss

from skdistill.students import StudentAdapter, fit_on_target
from skdistill.targets import Target

rng = np.random.default_rng(0)
X, codes = rng.normal(size=(60, 3)), np.arange(60) % 3
target = Target.of_classes(
    codes, rng.normal(size=(60, 3)), classes=np.arange(3), alpha=0.5
)
for student in (
    GradientBoostingClassifier(n_estimators=2, random_state=0),
    HistGradientBoostingClassifier(max_iter=2, early_stopping=False),
    LogisticRegression(max_iter=500),
):
    fitted = fit_on_target(student, X, target).predict_proba(X)
    duplicated = StudentAdapter().fit(student, X, target, {}).predict_proba(X)
    assert np.array_equal(fitted, duplicated)
"""


def test_a_release_that_moved_the_losses_is_no_obstacle():
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", MOVED], check=True, cwd=root)


def test_soft_labels_that_get_lost_are_learned_from_duplicates(monkeypatch):
    X, codes = problem(3)
    target = soft(codes, 3)
    duplicated = StudentAdapter().fit(boosting(), X, target, {})
    monkeypatch.setattr(SoftCodes, "__getitem__", np.ndarray.__getitem__)
    stops = hist(early_stopping=True, max_iter=100, learning_rate=1.0)
    assert fit_on_target(stops, X, target).n_iter_ < 60
    backwards = slice(None, None, -1)
    monkeypatch.setattr(
        _boosted_classes._Rows,
        "split",
        lambda rows, student: vars(rows).update(train=backwards, held_out=backwards),
    )
    fitted = fit_on_target(boosting(), X, target)
    with pytest.raises(SoftLabelsLostError, match="does not stop early"):
        fit_on_target(boosting(n_iter_no_change=2), X, target)
    monkeypatch.undo()
    assert_array_equal(fitted.predict_proba(X), duplicated.predict_proba(X))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_loss_of_soft_labels_has_their_gradient(n_classes):
    rng = np.random.default_rng(0)
    codes, m = rng.integers(n_classes, size=20), rng.dirichlet(np.ones(n_classes), 20)
    weight, z = rng.uniform(size=20), rng.normal(size=(20, n_classes))
    if n_classes == 2:
        z[:, 0] = 0
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    raw = z[:, 1].copy() if n_classes == 2 else z
    expected = (p - m)[:, 1] if n_classes == 2 else p - m
    loss, y = soft_loss(n_classes), SoftCodes.of(codes, m.copy())
    assert_allclose(loss.loss(y, raw), -(m * np.log(p)).sum(axis=1))
    assert_allclose(loss.loss(y, raw, weight), -weight * (m * np.log(p)).sum(axis=1))
    assert_allclose(loss.gradient(y, raw), expected)
    gradient, curvature = loss.gradient_hessian(y, raw, weight)
    assert_allclose(gradient, (expected.T * weight).T)
    variance = p * (1 - p) if n_classes > 2 else (p * (1 - p))[:, 1]
    assert_allclose(curvature, (variance.T * weight).T)
    start = loss.fit_intercept_only(y, weight)
    mean = np.average(m, axis=0, weights=weight)
    log_odds = np.log(mean[1] / mean[0])
    assert_allclose(
        start, log_odds if n_classes == 2 else np.log(mean) - np.log(mean).mean()
    )


def test_codes_keep_their_soft_labels_when_they_are_cut():
    m = np.random.default_rng(0).dirichlet(np.ones(3), 6)
    codes = np.array([0, 1, 2, 0, 1, 2])
    y = SoftCodes.of(codes, m.copy())
    for rows in (slice(2, 5), np.array([4, 0]), codes == 1, (np.array([1]), ...)):
        assert_allclose(y[rows] == 1, m[:, 1][rows])
    assert y.astype(int).shift is None
    assert_array_equal(np.unique(y), [0, 1, 2])
    assert (y.astype(int) == codes).all()


def test_a_distilled_student_is_saved_without_this_package():
    X, codes = problem(3)
    model = DistilledClassifier(GaussianNB(), boosting(), refine=None, random_state=0)
    buffer = io.BytesIO()
    pickle.dump(model.fit(X, NAMES[codes]).student_, buffer)
    assert b"skdistill" not in buffer.getvalue()


@pytest.mark.parametrize("strategy", ["prior", "most_frequent", "stratified"])
def test_a_student_that_looks_at_no_sample_learns_the_sums(strategy):
    X, codes = problem(3)
    target = soft(codes, 3)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    student = DummyClassifier(strategy=strategy, random_state=0)
    fitted = fit_on_target(clone(student), frame, target)
    duplicated = fit_on_all_duplicates(clone(student), X, target)
    assert_allclose(fitted.predict_proba(X), duplicated.predict_proba(X))
    assert_array_equal(fitted.feature_names_in_, frame.columns)
