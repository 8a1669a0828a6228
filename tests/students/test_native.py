"""Trees, forests, naive Bayes and perceptrons learn without duplicated samples."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from skdistill.students import fit_on_target
from skdistill.targets import Target

pytestmark = pytest.mark.filterwarnings(
    "ignore:Stochastic Optimizer", "ignore:lbfgs failed to converge"
)

NAMES = np.array(["apple", "mango", "zebra"])

TREES = [
    DecisionTreeClassifier(max_depth=4, random_state=0),
    DecisionTreeClassifier(max_leaf_nodes=9, min_impurity_decrease=0.01),
    DecisionTreeClassifier(ccp_alpha=0.01, random_state=0),
    DecisionTreeClassifier(class_weight="balanced", max_depth=4, random_state=0),
    DecisionTreeClassifier(class_weight={"mango": 3.0}, max_depth=4, random_state=0),
]
FORESTS = [
    RandomForestClassifier(5, min_samples_leaf=8, random_state=0),
    ExtraTreesClassifier(5, max_depth=4, random_state=0),
    ExtraTreeClassifier(max_depth=4, random_state=0),
]
NAIVE_BAYES = [
    GaussianNB(),
    MultinomialNB(),
    ComplementNB(),
    BernoulliNB(),
    CategoricalNB(),
]
PERCEPTRONS = [
    MLPClassifier((8,), max_iter=10, random_state=0),
    MLPClassifier((8,), solver="lbfgs", max_iter=20, tol=0.0, random_state=0),
]


def problem(n_classes, n_rows=300):
    X, codes = make_classification(
        n_rows,
        6,
        n_informative=4,
        n_redundant=0,
        n_classes=n_classes,
        weights=[0.5, 0.25][: n_classes - 1],
        random_state=0,
    )
    # Small integers are what every naive Bayes can take.
    return np.clip(np.rint(X), -4, 4) + 4, codes, NAMES[:n_classes]


def target_of(codes, logits, weight=None, *, alpha, temperature=1.0):
    return Target.of_classes(
        codes,
        logits,
        classes=NAMES[: np.shape(logits)[1]],
        alpha=alpha,
        temperature=temperature,
        weight=weight,
    )


def soft(codes, n_classes, weight=None):
    logits = 2 * np.eye(n_classes)[codes]
    logits += np.random.default_rng(0).normal(size=logits.shape)
    return target_of(codes, logits, weight, alpha=0.7, temperature=2.0)


def certain(codes, n_classes, weight=None):
    logits = np.where(np.eye(n_classes)[codes] == 1, 0.0, -np.inf)
    return target_of(codes, logits, weight, alpha=1.0)


def fit_on_all_duplicates(student, X, target):
    rows, columns = np.nonzero(target.mixed)
    weight = target.mixed[rows, columns]
    if target.weight is not None:
        weight *= target.weight[rows]
    return student.fit(X[rows], target.classes[columns], sample_weight=weight)


@pytest.fixture(params=[None, "weighted"])
def weight(request):
    return request.param and np.random.default_rng(1).uniform(0.5, 2, size=300)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("student", [*TREES, *FORESTS, *NAIVE_BAYES, *PERCEPTRONS])
def test_certain_labels_give_the_fit_on_labels(student, n_classes):
    X, codes, classes = problem(n_classes)
    fitted = fit_on_target(clone(student), X, certain(codes, n_classes))
    baseline = clone(student).fit(X, classes[codes])
    assert type(fitted) is type(baseline)
    assert_allclose(fitted.predict_proba(X), baseline.predict_proba(X), atol=1e-10)
    assert_array_equal(fitted.predict(X), baseline.predict(X))
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert set(vars(baseline)) - set(vars(fitted)) <= {"_sklearn_output_config"}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("student", [*TREES[:3], *NAIVE_BAYES, PERCEPTRONS[1]])
def test_a_target_gives_the_fit_on_all_weighted_duplicates(student, n_classes, weight):
    # Forests draw, and perceptrons batch, samples and not duplicates: no equal fit.
    X, codes, _ = problem(n_classes)
    target = soft(codes, n_classes, weight)
    fitted = fit_on_target(clone(student), X, target)
    duplicated = fit_on_all_duplicates(clone(student), X, target)
    assert_allclose(fitted.predict_proba(X), duplicated.predict_proba(X), atol=1e-6)


def test_class_weights_weigh_the_probabilities_of_a_sample(weight):
    X, codes, _ = problem(3)
    target, student = soft(codes, 3, weight), TREES[4]
    fitted = fit_on_target(clone(student), X, target)
    duplicated = fit_on_all_duplicates(clone(student), X, target)
    assert_allclose(fitted.predict_proba(X), duplicated.predict_proba(X), atol=1e-10)
    assert_allclose(fitted.feature_importances_, duplicated.feature_importances_)
    assert_allclose(fitted.tree_.impurity, duplicated.tree_.impurity, atol=1e-10)


@pytest.mark.parametrize("student", [*FORESTS, PERCEPTRONS[0]])
def test_leaves_and_batches_hold_samples(student):
    # The mean of the target is learned, within a forest's bootstrap noise.
    X, codes, _ = problem(3)
    target = soft(codes, 3)
    student = clone(student)
    if isinstance(student, MLPClassifier):
        student.set_params(max_iter=200)
    fitted = fit_on_target(student, X, target)
    proba = fitted.predict_proba(X)
    assert_allclose(proba.sum(axis=1), 1)
    assert_allclose(proba.mean(axis=0), target.mixed.mean(axis=0), atol=0.03)
    loss, base = (
        -(target.mixed * np.log(q)).sum(axis=1).mean()
        for q in (np.maximum(proba, 1e-9), target.mixed.mean(axis=0))
    )
    assert loss < base - 0.03


def test_a_forest_counts_the_samples_of_its_leaves():
    X, codes, _ = problem(3)
    forest = RandomForestClassifier(3, min_samples_leaf=20, random_state=0)
    fit_on_target(forest, X, soft(codes, 3))
    assert all(member.tree_.n_node_samples.min() >= 20 for member in forest.estimators_)
    # As scikit-learn has it: codes in the trees, names in the forest.
    assert_array_equal(forest.estimators_[0].classes_, [0.0, 1.0, 2.0])


def test_out_of_bag_samples_are_whole_samples():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(500, 4)), rng.integers(2, size=500)
    forest = RandomForestClassifier(30, oob_score=True, random_state=0)
    fit_on_target(forest, X, target_of(codes, np.zeros((500, 2)), alpha=0.5))
    # On noise, a sample's duplicates in the bag would tell its label.
    assert forest.oob_score_ == pytest.approx(0.5, abs=0.08)
    assert forest.oob_decision_function_.shape == (500, 2)


def test_other_criteria_learn_from_duplicates_and_refuse_to_judge_by_them():
    X, codes, _ = problem(3)
    target = soft(codes, 3)
    tree = DecisionTreeClassifier(criterion="entropy", max_depth=4, random_state=0)
    fitted = fit_on_target(clone(tree), X, target)
    duplicated = fit_on_all_duplicates(clone(tree), X, target)
    assert_allclose(fitted.predict_proba(X), duplicated.predict_proba(X), atol=0.02)
    forest = RandomForestClassifier(5, criterion="entropy", oob_score=True)
    with pytest.raises(ValueError, match="oob_score.*duplicates.*criterion='gini'"):
        fit_on_target(forest, X, target)


def test_a_perceptron_stops_early_by_the_mixed_target_of_samples_held_out(weight):
    X, codes, _ = problem(3)
    # Noise in the labels, none in the target: only accuracy would stop at once.
    student = MLPClassifier(
        (16,),
        max_iter=60,
        early_stopping=True,
        n_iter_no_change=5,
        learning_rate_init=0.02,
        random_state=0,
    )
    target = soft(codes, 3, weight)
    fitted = fit_on_target(clone(student), X, target)
    scores = fitted.validation_scores_
    assert fitted.n_iter_ == len(scores) < 60
    assert fitted.best_validation_score_ == max(scores)
    # A cross-entropy cannot be below the target's own entropy.
    entropy = -(target.mixed * np.log(target.mixed)).sum(axis=1)
    assert -np.log(3) < max(scores) < -entropy.min()
    assert fitted.get_params() == student.get_params()
    # Its weights are those of the best epoch, not of the last.
    again = clone(student).set_params(max_iter=int(np.argmax(scores)) + 1)
    fit_on_target(again, X, target)
    assert_allclose(again.predict_proba(X), fitted.predict_proba(X))


def test_on_noise_a_perceptron_stops_soon():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(300, 20)), rng.integers(2, size=300)
    target = target_of(codes, np.zeros((300, 2)), alpha=0.2)
    student = MLPClassifier(
        (64,),
        max_iter=300,
        early_stopping=True,
        learning_rate_init=0.01,
        random_state=0,
    )
    fitted = fit_on_target(student, X, target)
    assert fitted.n_iter_ < 40


def test_a_failed_fit_leaves_the_class_as_it_was():
    X, codes, _ = problem(3)
    student = MLPClassifier((8,), batch_size=-1)
    with pytest.raises(ValueError, match="batch_size"):
        fit_on_target(student, X, soft(codes, 3))
    assert type(student) is MLPClassifier


def test_missing_values_stay_the_trees_business():
    X, codes, _ = problem(3)
    X[::7, 0] = np.nan
    forest = RandomForestClassifier(5, random_state=0)
    fitted = fit_on_target(forest, X, soft(codes, 3))
    assert np.isfinite(fitted.predict_proba(X)).all()


@pytest.mark.parametrize("student", [*TREES[:3], *NAIVE_BAYES, PERCEPTRONS[1]])
def test_weights_equal_repeated_samples(student):
    X, codes, _ = problem(3)
    logits = np.log(soft(codes, 3).teacher)
    repeats = np.random.default_rng(0).integers(0, 4, size=300)
    repeated = np.repeat(np.arange(300), repeats)
    fitted = []
    for rows, weight in ((np.arange(300), repeats * 1.0), (repeated, None)):
        target = target_of(codes[rows], logits[rows], weight, alpha=0.7)
        fitted.append(fit_on_target(clone(student), X[rows], target))
    first, second = (model.predict_proba(X) for model in fitted)
    assert_allclose(first, second, atol=1e-4)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_class_without_weight_is_known_to_naive_bayes():
    X, codes, classes = problem(3)
    weight = (codes != 1) * 1.0
    student = fit_on_target(GaussianNB(), X, certain(codes, 3, weight))
    baseline = GaussianNB().fit(X, classes[codes], sample_weight=weight)
    assert_array_equal(student.predict(X), baseline.predict(X))
    assert_array_equal(student.classes_, classes)


def test_early_stopping_needs_no_two_samples_of_each_class():
    X, codes, _ = problem(3)
    rows = np.r_[np.flatnonzero(codes != 2), np.flatnonzero(codes == 2)[:1]]
    student = MLPClassifier((4,), max_iter=3, early_stopping=True, random_state=0)
    fitted = fit_on_target(student, X[rows], soft(codes[rows], 3))
    assert fitted.predict_proba(X).shape == (300, 3)


def test_a_metric_of_ones_own_scores_the_bag():
    X, codes, classes = problem(3)
    forest = RandomForestClassifier(
        60, oob_score=balanced_accuracy_score, random_state=0
    )
    fit_on_target(forest, X, soft(codes, 3))
    predicted = classes[forest.oob_decision_function_.argmax(axis=1)]
    assert forest.oob_score_ == balanced_accuracy_score(classes[codes], predicted)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_fit_parameters_that_a_perceptron_does_not_know_are_not_dropped(
    early_stopping, solver
):
    student = MLPClassifier(
        (4,), max_iter=3, early_stopping=early_stopping, solver=solver
    )
    target = Target.of_classes(
        np.arange(60) % 2, np.zeros((60, 2)), classes=[0, 1], alpha=0.5
    )
    X = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(TypeError, match="unknown"):
        fit_on_target(student, X, target, {"unknown": 1})
