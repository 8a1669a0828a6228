"""SGDClassifier learns soft labels by its own steps, one for each sample."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import SGDClassifier

from skdistill.students import StudentAdapter, find_adapter, fit_on_target
from skdistill.targets import Target

NAMES = np.array(["ash", "beech", "cedar", "date", "elm"])
CONTAINERS = {
    "array": np.asarray,
    "single precision": lambda X: X.astype(np.float32),
    "sparse": sparse.csr_matrix,
    "columns": np.asfortranarray,
}


def descent(**params):
    return SGDClassifier(**{"loss": "log_loss", "random_state": 0} | params)


def problem(n_classes, n_samples=300):
    return make_classification(
        n_samples,
        6,
        n_informative=5,
        n_redundant=0,
        n_classes=n_classes,
        n_clusters_per_class=1,
        flip_y=0.1,
        random_state=0,
    )


def target_of(codes, n_classes, *, alpha, weight=None):
    noise = np.random.default_rng(0).normal(size=(len(codes), n_classes))
    logits = 2 * np.eye(n_classes)[codes] + noise
    classes = NAMES[:n_classes]
    return Target.of_classes(codes, logits, classes=classes, alpha=alpha, weight=weight)


@pytest.fixture(params=[None, "weighted"])
def weight(request):
    # Zeros too.
    return request.param and np.random.default_rng(1).integers(0, 4, 300) * 1.0


PARAMS = {
    "plain": {},
    "one penalty": {"penalty": "l1", "alpha": 0.001},
    "both penalties": {"penalty": "elasticnet", "l1_ratio": 0.3},
    "no intercept": {"fit_intercept": False},
    "constant": {"learning_rate": "constant", "eta0": 0.05},
    "averaged": {"average": True},
    "averaged late": {"average": 100_000},
    "few": {"max_iter": 5, "tol": None},
    "in order": {"shuffle": False},
    "two threads": {"n_jobs": 2},
}


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("params", PARAMS.values(), ids=PARAMS)
def test_certain_labels_give_the_fit_on_labels(params, n_classes, weight):
    X, codes = problem(n_classes)
    student = descent(**params)
    expected = clone(student).fit(X, NAMES[codes], sample_weight=weight)
    target = target_of(codes, n_classes, alpha=0.0, weight=weight)
    assert find_adapter(student).learns_natively(student)
    found = fit_on_target(student, X, target)
    assert_array_equal(found.coef_, expected.coef_)
    assert_array_equal(found.intercept_, expected.intercept_)
    assert_array_equal(found.classes_, expected.classes_)
    assert (found.n_iter_, found.t_) == (expected.n_iter_, expected.t_)
    for one in (found, expected):  # And it goes on from the same place.
        one.partial_fit(X, NAMES[codes])
    assert_array_equal(found.coef_, expected.coef_)


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_any_kind_of_samples(container):
    X, codes = problem(5)
    X = container(X)
    expected = descent().fit(X, NAMES[codes])
    found = fit_on_target(descent(), X, target_of(codes, 5, alpha=0.0))
    assert_array_equal(found.coef_, expected.coef_)
    assert found.coef_.dtype == expected.coef_.dtype


def test_names_of_columns_are_kept_and_the_model_is_ordinary():
    X, codes = problem(5)
    X = pd.DataFrame(X).add_prefix("x")
    found = fit_on_target(descent(), X, target_of(codes, 5, alpha=0.7))
    assert list(found.feature_names_in_) == list(X.columns)
    assert type(found) is SGDClassifier
    again = pickle.loads(pickle.dumps(found))
    assert_array_equal(again.predict_proba(X), found.predict_proba(X))


WEIGHTS = {
    "none": None,
    "some": {"ash": 3.0, "beech": 0.5},
    "balanced": "balanced",
}


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("class_weight", WEIGHTS.values(), ids=WEIGHTS)
def test_it_minimises_the_loss_of_all_duplicates(class_weight, n_classes, weight):
    # Where the gradient on weighted duplicates is 0: it is of the penalised loss.
    X, codes = problem(n_classes)
    target = target_of(codes, n_classes, alpha=0.7, weight=weight)
    student = descent(
        alpha=0.1, average=True, max_iter=300, tol=None, class_weight=class_weight
    )
    fitted = fit_on_target(student, X, target)
    weights = np.ones(len(X)) if weight is None else weight
    given = fitted.class_weight or {}
    factors = np.array([given.get(name, 1.0) for name in NAMES[:n_classes]])
    own = [1] if n_classes == 2 else range(n_classes)
    for row, k in enumerate(own):
        p = target.mixed[:, k]
        q = expit(X @ fitted.coef_[row] + fitted.intercept_[row])
        other = factors[0] if n_classes == 2 else 1.0
        slope = weights * (factors[k] * p * (q - 1) + other * (1 - p) * q)
        gradient = slope @ X / len(X) + 0.1 * fitted.coef_[row]
        size = np.abs(weights * (q - p)) @ np.abs(X) / len(X)
        assert_allclose(gradient / size, 0, atol=0.02)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_it_takes_a_step_for_each_sample(n_classes):
    X, codes = problem(n_classes)
    student = descent(max_iter=4, tol=None)
    fit_on_target(student, X, target_of(codes, n_classes, alpha=0.7))
    assert student.t_ == 1 + 4 * len(X)


def test_a_class_may_be_in_soft_labels_alone():
    X, codes = problem(5)
    codes = np.minimum(codes, 3)
    found = fit_on_target(descent(), X, target_of(codes, 5, alpha=0.7))
    assert_array_equal(found.classes_, NAMES)
    assert found.predict_proba(X)[:, 4].mean() > 0.01


def test_it_starts_from_what_it_knows():
    X, codes = problem(5)
    params = {"warm_start": True, "max_iter": 3, "tol": None}
    one, other = descent(**params), descent(**params)
    for _ in range(2):
        fit_on_target(one, X, target_of(codes, 5, alpha=0.0))
        other.fit(X, NAMES[codes])
    assert_array_equal(one.coef_, other.coef_)


def test_it_goes_on_with_the_classes_it_knows_alone():
    X, codes = problem(5)
    student = fit_on_target(descent(warm_start=True), X, target_of(codes, 5, alpha=0.7))
    fewer = target_of(np.minimum(codes, 1), 2, alpha=0.7)
    with pytest.raises(ValueError, match="Got 2 classes, and coef_ of shape"):
        fit_on_target(student, X, fewer)


def test_a_random_state_may_be_a_generator():
    X, codes = problem(5)
    target = target_of(codes, 5, alpha=0.7)
    one, other = (
        fit_on_target(descent(random_state=np.random.RandomState(3)), X, target)
        for _ in range(2)
    )
    assert_array_equal(one.coef_, other.coef_)


@pytest.mark.parametrize("params", [{"loss": "modified_huber"}, {"loss": "hinge"}])
def test_other_losses_learn_duplicates(params):
    X, codes = problem(3)
    target = target_of(codes, 3, alpha=0.7)
    student = descent(**params)
    assert not find_adapter(student).learns_natively(student)
    found = fit_on_target(student, X, target)
    expected = StudentAdapter().fit(descent(**params), X, target, {})
    assert_array_equal(found.coef_, expected.coef_)


def test_a_release_with_another_loss_learns_duplicates(monkeypatch):
    monkeypatch.setitem(SGDClassifier.loss_functions, "log_loss", (object,))
    student = descent()
    assert not find_adapter(student).learns_natively(student)
