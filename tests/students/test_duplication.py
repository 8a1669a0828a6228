import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skdistill.students import fit_on_target, resolve_class_weight
from skdistill.students._duplication import thin
from skdistill.targets import Target
from tests.doubles import RecordingClassifier

CLASSES = np.array(["setosa", "versicolor", "virginica"])


def taught(probability, *, labels=None, classes=CLASSES, weight=None):
    """Return the target whose mixed target is `probability`."""
    codes = np.argmax(probability, axis=1)
    if labels is not None:
        codes = np.searchsorted(classes, labels)
    with np.errstate(divide="ignore"):
        logits = np.log(probability)
    return Target.of_classes(codes, logits, classes=classes, alpha=1.0, weight=weight)


@pytest.fixture(scope="module")
def iris():
    X, codes = load_iris(return_X_y=True)
    return X, CLASSES[codes]


@pytest.fixture(scope="module")
def soft(iris):
    X, y = iris
    return LogisticRegression(C=0.01).fit(X, y).predict_proba(X)


def test_duplicates_carry_the_target_as_weights(iris, soft):
    X, _ = iris
    target = soft.copy()
    target[0] = [1, 0, 0]
    assert soft.min() > 0.01
    weight = np.arange(150.0)
    fitted = fit_on_target(RecordingClassifier(), X, taught(target, weight=weight))
    # Sample 0 is certain: one duplicate. All others: one a class, in their order.
    assert len(fitted.y_) == 1 + 149 * 3
    assert_array_equal(fitted.X_[1:4], X[[1, 1, 1]])
    assert_allclose(fitted.sample_weight_[4:7], 2 * target[2])
    assert_array_equal(fitted.y_[4:7], CLASSES)


@pytest.mark.parametrize(
    "student",
    [
        DecisionTreeClassifier(criterion="entropy", max_depth=3, random_state=0),
        GradientBoostingClassifier(n_estimators=3, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
)
def test_onehot_targets_give_the_fit_on_labels_bit_for_bit(iris, student):
    X, y = iris
    onehot = taught(np.eye(3)[np.searchsorted(CLASSES, y)])
    fitted = fit_on_target(clone(student), X, onehot)
    baseline = clone(student).fit(X, y)
    assert_array_equal(fitted.predict_proba(X), baseline.predict_proba(X))


def test_small_probabilities_are_thinned_without_bias():
    rng = np.random.default_rng(0)
    target = rng.dirichlet(np.r_[20, np.full(25, 0.05)], size=20_000)
    thinned = thin(target.copy())
    # 26 duplicates of a sample become about 3.5; classes and rows keep their sums.
    assert (target > 0).mean() == 1
    assert (thinned > 0).sum() < 4 * len(target)
    error = (thinned - target).mean(axis=0)
    assert (np.abs(error) < 5 * 0.005 / np.sqrt(len(target))).all()
    assert_allclose(thinned.sum(axis=1), 1, atol=0.01)
    large = target >= 0.01
    assert_array_equal(thinned[large], target[large])
    assert set(np.unique(thinned[~large])) == {0.0, 0.01}


def test_equal_samples_are_thinned_alike():
    rng = np.random.default_rng(0)
    target = rng.dirichlet(np.r_[20, np.full(9, 0.05)], size=1000)
    again = np.vstack([target, target + 1e-13])
    thinned = thin(again)
    assert_allclose(thinned[:1000], thinned[1000:], atol=1e-12)


def test_a_class_with_small_probabilities_alone_keeps_its_duplicates():
    target = np.tile([0.9995, 0.0005], (50, 1))
    assert_array_equal(thin(target.copy()), target)


def test_duplicates_minimise_the_cross_entropy_to_the_target(iris, soft):
    # A student of the teacher's own family can reach the target exactly.
    X, y = iris
    student = LogisticRegression(C=1e6, max_iter=10_000, tol=1e-10)
    fitted = fit_on_target(student, X, taught(soft, labels=y))
    assert_allclose(fitted.predict_proba(X), soft, atol=1e-3)


def test_balanced_class_weights_count_labels_not_duplicates(iris, soft):
    X, y = iris
    rows = np.r_[0:50, 50:60, 100:150]
    target = taught(soft[rows], labels=y[rows])
    student = LogisticRegression(class_weight="balanced")
    fitted = fit_on_target(clone(student), X[rows], target)
    expected = 110 / (3 * np.array([50, 10, 50]))
    resolve_class_weight(student, target)
    for model in (fitted, student):
        weights = [model.class_weight[label] for label in CLASSES]
        assert_allclose(weights, expected)


@pytest.mark.parametrize(
    "student",
    [
        LogisticRegression(class_weight="balanced"),
        LinearSVC(class_weight="balanced"),
        RandomForestClassifier(20, class_weight="balanced", random_state=0),
        DecisionTreeClassifier(
            class_weight="balanced", max_leaf_nodes=8, random_state=0
        ),
    ],
)
def test_balanced_class_weights_go_by_the_weights_where_the_baseline_does(student):
    X, y = make_classification(400, flip_y=0.2, weights=[0.8], random_state=0)
    weight = np.where(y == 1, 5.0, 1.0)
    barely = np.eye(2)[y] * (1 - 1e-9) + 5e-10
    target = taught(barely, labels=y, classes=np.arange(2), weight=weight)
    fitted = fit_on_target(clone(student), X, target)
    baseline = clone(student).fit(X, y, sample_weight=weight)
    assert (fitted.predict(X) == baseline.predict(X)).mean() > 0.97


def test_class_weights_that_count_duplicates_are_refused(iris, soft):
    X, y = iris
    student = RandomForestClassifier(class_weight="balanced_subsample")
    with pytest.raises(ValueError, match="None, a dict or 'balanced'.*_subsample"):
        fit_on_target(student, X, taught(soft, labels=y))


def test_probabilities_teach_more_than_their_argmax():
    # Labels drawn from known probabilities: these are the target.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 1))
    p = 1 / (1 + np.exp(-X[:, 0]))
    y = (rng.random(3000) < p).astype(int)
    probability = np.column_stack([1 - p, p])
    target = taught(probability[:1500], labels=y[:1500], classes=np.arange(2))
    student = DecisionTreeClassifier(max_leaf_nodes=64, random_state=0)
    soft = fit_on_target(clone(student), X[:1500], target)
    hard = clone(student).fit(X[:1500], y[:1500])
    losses = [log_loss(y[1500:], m.predict_proba(X[1500:])) for m in (soft, hard)]
    assert losses[0] < losses[1] - 0.1
