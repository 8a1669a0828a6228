"""A booster of someone else registers all that is known of it, in one adapter."""

import inspect
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.checks import check_student
from skdistill.inspect import count_values, staged_predictions
from skdistill.refine import is_refinable, refine_leaves, sums_trees
from skdistill.students import (
    LeafModel,
    LeafNodes,
    StudentAdapter,
    ValueCounts,
    fit_on_target,
    register,
)
from skdistill.targets import Target


class TinyBooster(BaseEstimator):
    """Gradient boosting: in each round one tree for each output, of its gradient."""

    def __init__(self, n_rounds=10, rate=0.3):
        self.n_rounds = n_rounds
        self.rate = rate

    def boost(self, X, target, weight=None):
        """Fit to values or probabilities, of shape (n_samples, n_outputs)."""
        self.rounds_ = []
        for _ in range(self.n_rounds):
            gradient = target - self.link(self.raw(X))
            self.rounds_.append([self._grow(X, part, weight) for part in gradient.T])
        return self

    def _grow(self, X, gradient, weight):
        tree = DecisionTreeRegressor(max_depth=3, random_state=0)
        return tree.fit(X, gradient, weight)

    def raw(self, X, n_rounds=None):
        """Return the sum of the first rounds, from 0 on."""
        sums = [
            np.column_stack([tree.predict(X) for tree in trees])
            for trees in self.rounds_[:n_rounds]
        ]
        return self.rate * sum(sums, np.zeros((len(X), 1)))


class TinyRegressor(RegressorMixin, TinyBooster):
    def fit(self, X, y):
        return self.boost(X, np.asarray(y)[:, None])

    def link(self, raw):
        return raw

    def predict(self, X, n_rounds=None):
        check_is_fitted(self)
        return self.raw(X, n_rounds)[:, 0]


class TinyClassifier(ClassifierMixin, TinyBooster):
    def fit(self, X, y):
        self.classes_, codes = np.unique(y, return_inverse=True)
        return self.boost_classes(X, np.eye(len(self.classes_))[codes])

    def boost_classes(self, X, probability, weight=None):
        """Fit to the probability of each class; two classes have one logit."""
        first = 1 if len(self.classes_) == 2 else 0
        return self.boost(X, probability[:, first:], weight)

    def link(self, raw):
        return expit(raw) if len(self.classes_) == 2 else softmax(raw, axis=1)

    def predict_proba(self, X, n_rounds=None):
        check_is_fitted(self)
        q = self.link(self.raw(X, n_rounds))
        return np.hstack([1 - q, q]) if len(self.classes_) == 2 else q

    def predict(self, X, n_rounds=None):
        return self.classes_[self.predict_proba(X, n_rounds).argmax(axis=1)]


class TinyLeaves(LeafModel):
    """The contribution of a leaf is its value times the rate."""

    def __init__(self, model):
        super().__init__(model)
        self.loss = "log" if is_classifier(model) else "squared"
        self.trees = trees_of(model)
        self.nodes = LeafNodes(tree.tree_.children_left for tree in self.trees)
        self.sizes = self.nodes.sizes
        self.n_outputs = len(model.rounds_[0])
        if self.n_outputs > 1:
            self.outputs = np.tile(np.arange(self.n_outputs), len(model.rounds_))

    def raw(self, X):
        return self.model.raw(X)

    def leaves(self, X):
        return self.nodes.numbers(
            np.column_stack([tree.apply(X) for tree in self.trees])
        )

    def corrected(self, correction):
        model = deepcopy(self.model)
        changes = self.by_tree(correction[:, 0] / model.rate)
        for tree, nodes, by in zip(
            trees_of(model), self.nodes.nodes, changes, strict=True
        ):
            tree.tree_.value[nodes, 0, 0] += by
        return model


class TinyAdapter(StudentAdapter):
    """How it is trained, refined, counted and asked for its stages."""

    trains_natively = True
    leaves = TinyLeaves

    def fit(self, student, X, target, fit_params, eval_targets=()):
        if target.classes is None:
            values = self.mixed_values(student, target)
            return student.boost(X, values[:, None], target.weight)
        student.classes_ = target.classes
        return student.boost_classes(X, target.mixed, target.weight)

    def count_values(self, model):
        return ValueCounts(leaves=sum(tree.get_n_leaves() for tree in trees_of(model)))

    def stages(self, model, X, method):
        predict = getattr(model, method)
        return (predict(X, n_rounds=n) for n in range(1, len(model.rounds_) + 1))


def trees_of(model):
    return [tree for trees in model.rounds_ for tree in trees]


register(TinyRegressor, TinyAdapter())
register(TinyClassifier, TinyAdapter())

DIABETES = load_diabetes(return_X_y=True)
IRIS = load_iris(return_X_y=True)


def test_the_adapter_is_short():
    parts = TinyLeaves, TinyAdapter, trees_of
    sources = [inspect.getsource(part).splitlines() for part in parts]
    assert sum(map(len, sources)) < 60


@pytest.mark.parametrize("student", [TinyRegressor(), TinyClassifier()])
def test_it_passes_the_checks(student):
    check_student(student)
    check_student(make_pipeline(StandardScaler(), student))


def test_it_is_distilled_and_refined_as_any_booster():
    X, y = DIABETES
    model = DistilledRegressor(
        RandomForestRegressor(50, random_state=0), TinyRegressor(), random_state=0
    )
    assert sums_trees(model.student)
    refined = model.fit(X[:300], y[:300])
    assert type(refined.student_) is TinyRegressor
    baseline = TinyRegressor().fit(X[:300], y[:300])
    assert refined.score(X[300:], y[300:]) > baseline.score(X[300:], y[300:])
    assert count_values(refined).total <= 8 * 10


def test_it_is_distilled_with_labels_of_any_kind():
    X, y = IRIS[0], np.array(["x", "y", "z"])[IRIS[1]]
    teacher = RandomForestClassifier(50, random_state=0)
    model = DistilledClassifier(teacher, TinyClassifier(), random_state=0).fit(X, y)
    assert model.score(X, y) > 0.95
    assert_array_equal(model.student_.classes_, model.classes_)
    assert len(list(staged_predictions(model.student_, X))) == 10


@pytest.mark.parametrize("n_classes", [2, 3])
def test_its_leaves_are_those_of_the_classes(n_classes):
    X, y = (part[IRIS[1] < n_classes] for part in IRIS)
    model = TinyClassifier().fit(X, y)
    assert is_refinable(model)
    refined = refine_leaves(model, X, y, strength=1.0)
    before, after = (
        -np.log(part.predict_proba(X)[np.arange(len(y)), y]).mean()
        for part in (model, refined)
    )
    assert after < before


def test_its_training_takes_weights_that_its_fit_does_not():
    X, y = DIABETES
    weight = np.random.default_rng(0).random(len(y))
    target = Target.of_values(y, y[::-1], alpha=0.5, weight=weight)
    expected = TinyRegressor().boost(X, target.mixed[:, None], weight)
    fitted = fit_on_target(TinyRegressor(), X, target)
    assert_allclose(fitted.predict(X), expected.predict(X))


class Doubled(TinyRegressor):
    """Its training doubles the target."""


class DoublingAdapter(TinyAdapter):
    def fit(self, student, X, target, fit_params, eval_targets=()):
        return student.boost(X, 2 * target.mixed[:, None])


def test_training_for_values_is_used_in_a_pipeline_too():
    register(Doubled, DoublingAdapter())
    X, y = DIABETES
    target = Target.of_values(y, y[::-1], alpha=0.5)
    pipeline = make_pipeline(StandardScaler(), Doubled())
    fitted = fit_on_target(pipeline, X, target)
    assert type(fitted[-1]) is Doubled
    expected = TinyRegressor().boost(fitted[:-1].transform(X), target.mixed[:, None])
    assert_allclose(fitted.predict(X), 2 * expected.predict(fitted[:-1].transform(X)))
