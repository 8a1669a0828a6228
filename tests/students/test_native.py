"""Trees, forests, naive Bayes and perceptrons learn soft labels without copies."""

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

from skdistill.students import fit_soft_labels
from skdistill.targets import SoftLabels

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
    # Small whole numbers are what every naive Bayes can take.
    return np.clip(np.rint(X), -4, 4) + 4, codes, NAMES[:n_classes]


def soft(codes, n_classes):
    logits = 2 * np.eye(n_classes)[codes]
    logits += np.random.default_rng(0).normal(size=logits.shape)
    return SoftLabels(codes, logits, alpha=0.7, temperature=2.0)


def certain(codes, n_classes):
    logits = np.where(np.eye(n_classes)[codes] == 1, 0.0, -np.inf)
    return SoftLabels(codes, logits, alpha=1.0, temperature=1.0)


def fit_on_all_copies(student, X, labels, classes, weight):
    rows, columns = np.nonzero(labels.mixed)
    share = labels.mixed[rows, columns] * (1 if weight is None else weight[rows])
    return student.fit(X[rows], classes[columns], sample_weight=share)


@pytest.fixture(params=[None, "weighted"])
def weight(request):
    return request.param and np.random.default_rng(1).uniform(0.5, 2, size=300)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("student", [*TREES, *FORESTS, *NAIVE_BAYES, *PERCEPTRONS])
def test_certain_labels_give_the_plain_fit(student, n_classes):
    X, codes, classes = problem(n_classes)
    fitted = fit_soft_labels(
        clone(student), X, classes[codes], certain(codes, n_classes), classes
    )
    plain = clone(student).fit(X, classes[codes])
    assert type(fitted) is type(plain)
    assert_allclose(fitted.predict_proba(X), plain.predict_proba(X), atol=1e-10)
    assert_array_equal(fitted.predict(X), plain.predict(X))
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert set(vars(plain)) - set(vars(fitted)) <= {"_sklearn_output_config"}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("student", [*TREES[:3], *NAIVE_BAYES, PERCEPTRONS[1]])
def test_soft_labels_give_the_fit_on_all_weighted_copies(student, n_classes, weight):
    # Forests draw, and perceptrons batch, rows instead of copies: no equal fit.
    X, codes, classes = problem(n_classes)
    labels = soft(codes, n_classes)
    fitted = fit_soft_labels(
        clone(student), X, classes[codes], labels, classes, sample_weight=weight
    )
    copies = fit_on_all_copies(clone(student), X, labels, classes, weight)
    assert_allclose(fitted.predict_proba(X), copies.predict_proba(X), atol=1e-6)


def test_class_weights_weigh_the_shares_of_a_row(weight):
    X, codes, classes = problem(3)
    labels, student = soft(codes, 3), TREES[4]
    fitted = fit_soft_labels(
        clone(student), X, classes[codes], labels, classes, sample_weight=weight
    )
    copies = fit_on_all_copies(clone(student), X, labels, classes, weight)
    assert_allclose(fitted.predict_proba(X), copies.predict_proba(X), atol=1e-10)
    assert_allclose(fitted.feature_importances_, copies.feature_importances_)
    assert_allclose(fitted.tree_.impurity, copies.tree_.impurity, atol=1e-10)


@pytest.mark.parametrize("student", [*FORESTS, PERCEPTRONS[0]])
def test_leaves_and_batches_hold_rows(student):
    # The mean of the soft labels is learned, within a forest's bootstrap noise.
    X, codes, classes = problem(3)
    labels = soft(codes, 3)
    student = clone(student)
    if isinstance(student, MLPClassifier):
        student.set_params(max_iter=200)
    fitted = fit_soft_labels(student, X, classes[codes], labels, classes)
    proba = fitted.predict_proba(X)
    assert_allclose(proba.sum(axis=1), 1)
    assert_allclose(proba.mean(axis=0), labels.mixed.mean(axis=0), atol=0.03)
    loss, base = (
        -(labels.mixed * np.log(q)).sum(axis=1).mean()
        for q in (np.maximum(proba, 1e-9), labels.mixed.mean(axis=0))
    )
    assert loss < base - 0.03


def test_a_forest_counts_the_rows_of_its_leaves():
    X, codes, classes = problem(3)
    forest = RandomForestClassifier(3, min_samples_leaf=20, random_state=0)
    fit_soft_labels(forest, X, classes[codes], soft(codes, 3), classes)
    assert all(member.tree_.n_node_samples.min() >= 20 for member in forest.estimators_)
    # As scikit-learn has it: codes in the trees, names in the forest.
    assert_array_equal(forest.estimators_[0].classes_, [0.0, 1.0, 2.0])


def test_out_of_bag_rows_are_whole_rows():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(500, 4)), rng.integers(2, size=500)
    forest = RandomForestClassifier(30, oob_score=True, random_state=0)
    labels = SoftLabels(codes, np.zeros((500, 2)), alpha=0.5, temperature=1.0)
    fit_soft_labels(forest, X, NAMES[codes], labels, NAMES[:2])
    # On noise, a row's copies in the bag would tell its label.
    assert forest.oob_score_ == pytest.approx(0.5, abs=0.08)
    assert forest.oob_decision_function_.shape == (500, 2)


def test_other_criteria_learn_from_copies_and_refuse_to_judge_by_them():
    X, codes, classes = problem(3)
    labels = soft(codes, 3)
    tree = DecisionTreeClassifier(criterion="entropy", max_depth=4, random_state=0)
    fitted = fit_soft_labels(clone(tree), X, classes[codes], labels, classes)
    copies = fit_on_all_copies(clone(tree), X, labels, classes, None)
    assert_allclose(fitted.predict_proba(X), copies.predict_proba(X), atol=0.02)
    forest = RandomForestClassifier(5, criterion="entropy", oob_score=True)
    with pytest.raises(ValueError, match="oob_score.*copies.*criterion='gini'"):
        fit_soft_labels(forest, X, classes[codes], labels, classes)


def test_a_perceptron_stops_early_by_the_mixed_target_of_rows_apart(weight):
    X, codes, classes = problem(3)
    # Noise in the labels, none in the target: only accuracy would stop at once.
    student = MLPClassifier(
        (16,),
        max_iter=60,
        early_stopping=True,
        n_iter_no_change=5,
        learning_rate_init=0.02,
        random_state=0,
    )
    labels = soft(codes, 3)
    fitted = fit_soft_labels(
        clone(student), X, classes[codes], labels, classes, sample_weight=weight
    )
    scores = fitted.validation_scores_
    assert fitted.n_iter_ == len(scores) < 60
    assert fitted.best_validation_score_ == max(scores)
    # A cross-entropy cannot be below the target's own entropy.
    entropy = -(labels.mixed * np.log(labels.mixed)).sum(axis=1)
    assert -np.log(3) < max(scores) < -entropy.min()
    assert fitted.get_params() == student.get_params()
    # Its weights are those of the best epoch, not of the last.
    again = clone(student).set_params(max_iter=int(np.argmax(scores)) + 1)
    fit_soft_labels(again, X, classes[codes], labels, classes, sample_weight=weight)
    assert_allclose(again.predict_proba(X), fitted.predict_proba(X))


def test_on_noise_a_perceptron_stops_soon():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(300, 20)), rng.integers(2, size=300)
    labels = SoftLabels(codes, np.zeros((300, 2)), alpha=0.2, temperature=1.0)
    student = MLPClassifier(
        (64,),
        max_iter=300,
        early_stopping=True,
        learning_rate_init=0.01,
        random_state=0,
    )
    fitted = fit_soft_labels(student, X, codes, labels, np.arange(2))
    assert fitted.n_iter_ < 40


def test_a_failed_fit_leaves_the_class_as_it_was():
    X, codes, classes = problem(3)
    student = MLPClassifier((8,), batch_size=-1)
    with pytest.raises(ValueError, match="batch_size"):
        fit_soft_labels(student, X, classes[codes], soft(codes, 3), classes)
    assert type(student) is MLPClassifier


def test_missing_values_stay_the_trees_business():
    X, codes, classes = problem(3)
    X[::7, 0] = np.nan
    forest = RandomForestClassifier(5, random_state=0)
    fitted = fit_soft_labels(forest, X, classes[codes], soft(codes, 3), classes)
    assert np.isfinite(fitted.predict_proba(X)).all()


@pytest.mark.parametrize("student", [*TREES[:3], *NAIVE_BAYES, PERCEPTRONS[1]])
def test_row_weights_equal_repeated_rows(student):
    X, codes, classes = problem(3)
    logits = np.log(soft(codes, 3).teacher)
    repeats = np.random.default_rng(0).integers(0, 4, size=300)
    repeated = np.repeat(np.arange(300), repeats)
    fitted = []
    for rows, weight in ((np.arange(300), repeats * 1.0), (repeated, None)):
        labels = SoftLabels(codes[rows], logits[rows], alpha=0.7, temperature=1.0)
        fitted.append(
            fit_soft_labels(
                clone(student),
                X[rows],
                classes[codes[rows]],
                labels,
                classes,
                sample_weight=weight,
            )
        )
    first, second = (model.predict_proba(X) for model in fitted)
    assert_allclose(first, second, atol=1e-4)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_class_without_weight_is_known_to_naive_bayes():
    X, codes, classes = problem(3)
    weight = (codes != 1) * 1.0
    student = fit_soft_labels(
        GaussianNB(),
        X,
        classes[codes],
        certain(codes, 3),
        classes,
        sample_weight=weight,
    )
    plain = GaussianNB().fit(X, classes[codes], sample_weight=weight)
    assert_array_equal(student.predict(X), plain.predict(X))
    assert_array_equal(student.classes_, classes)


def test_early_stopping_needs_no_two_rows_of_each_class():
    X, codes, classes = problem(3)
    rows = np.r_[np.flatnonzero(codes != 2), np.flatnonzero(codes == 2)[:1]]
    student = MLPClassifier((4,), max_iter=3, early_stopping=True, random_state=0)
    labels = soft(codes[rows], 3)
    fitted = fit_soft_labels(student, X[rows], classes[codes[rows]], labels, classes)
    assert fitted.predict_proba(X).shape == (300, 3)


def test_a_metric_of_ones_own_scores_the_bag():
    X, codes, classes = problem(3)
    forest = RandomForestClassifier(
        60, oob_score=balanced_accuracy_score, random_state=0
    )
    fit_soft_labels(forest, X, classes[codes], soft(codes, 3), classes)
    predicted = classes[forest.oob_decision_function_.argmax(axis=1)]
    assert forest.oob_score_ == balanced_accuracy_score(classes[codes], predicted)
