"""What the number of samples decides is decided by the training samples alone."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    RadiusNeighborsRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.flow import Data, resolve_transfer
from skdistill.students import adapt_to_transfer_set
from skdistill.targets import Target
from skdistill.transfer import MungeSampler

X, Y = load_diabetes(return_X_y=True)
RIDGE = ("ridge", Ridge())
TREE = DecisionTreeRegressor(min_samples_leaf=20, random_state=0)


def adapted(student, X=X, target=None):
    if target is None:
        target = Target.of_values(Y, Y, alpha=0.5)
    adapt_to_transfer_set(student, X, target)
    return student


def test_an_unlimited_tree_keeps_the_size_of_the_baseline():
    n_leaves = TREE.fit(X, Y).get_n_leaves()
    student = adapted(DecisionTreeRegressor(min_samples_leaf=20, random_state=0))
    assert student.max_leaf_nodes == n_leaves
    assert not hasattr(student, "tree_")


def test_weights_count_in_the_baseline():
    target = Target.of_values(Y, Y, alpha=0.5, weight=(np.arange(len(Y)) < 50) * 1.0)
    student = DecisionTreeRegressor(min_weight_fraction_leaf=0.1, random_state=0)
    assert adapted(student, target=target).max_leaf_nodes <= 10


@pytest.mark.parametrize(
    ("student", "name"),
    [
        (RandomForestRegressor(3, min_samples_leaf=20, random_state=0), ""),
        (make_pipeline(StandardScaler(), TREE), "decisiontreeregressor__"),
        (BaggingRegressor(TREE, 3, random_state=0), "estimator__"),
        (TransformedTargetRegressor(TREE), "regressor__"),
        (
            TransformedTargetRegressor(make_pipeline(StandardScaler(), TREE)),
            "regressor__decisiontreeregressor__",
        ),
    ],
)
def test_trees_that_others_hold_are_limited_too(student, name):
    limit = adapted(student).get_params()[f"{name}max_leaf_nodes"]
    assert 5 < limit < 25
    student.set_params(**{f"{name}max_leaf_nodes": None})


def test_a_limited_tree_and_boosting_stay_as_they_are():
    for student in (
        DecisionTreeRegressor(max_leaf_nodes=99),
        GradientBoostingRegressor(),
    ):
        before = student.get_params()
        assert adapted(student).get_params() == before


def test_trees_of_classes_keep_their_size():
    X, y = load_iris(return_X_y=True)
    classes = np.array(["x", "y", "z"])
    target = Target.of_classes(y, np.zeros((150, 3)), classes=classes, alpha=0.5)
    tree = DecisionTreeClassifier(random_state=0)
    n_leaves = tree.fit(X, y).get_n_leaves()
    assert adapted(tree, X, target).max_leaf_nodes == n_leaves
    forest = adapted(ExtraTreesClassifier(3, random_state=0), X, target)
    assert forest.max_leaf_nodes > 5
    # A regressor as student of classes is sized by their codes.
    regressor = adapted(DecisionTreeRegressor(random_state=0), X, target)
    assert regressor.max_leaf_nodes == n_leaves


@pytest.mark.parametrize("early_stopping", ["auto", True, False])
def test_early_stopping_is_resolved_by_the_training_samples(early_stopping):
    student = HistGradientBoostingRegressor(early_stopping=early_stopping)
    assert adapted(student).early_stopping is (early_stopping is True)
    many = np.zeros(10_001)
    target = Target.of_values(many, many, alpha=0.5)
    student = HistGradientBoostingRegressor(early_stopping=early_stopping)
    adapt_to_transfer_set(student, many[:, None], target)
    assert student.early_stopping is bool(early_stopping)


def test_out_of_bag_scores_are_refused():
    with pytest.raises(ValueError, match="with oob_score learns no transfer set"):
        adapted(RandomForestRegressor(oob_score=True))


@pytest.mark.parametrize(
    "student",
    [
        VotingRegressor([("tree", TREE), ("forest", RandomForestRegressor(3)), RIDGE]),
        StackingRegressor(
            [("forest", RandomForestRegressor(3)), ("tree", TREE), RIDGE]
        ),
        StackingRegressor([RIDGE], final_estimator=DecisionTreeRegressor()),
        BaggingRegressor(VotingRegressor([("tree", TREE), RIDGE]), 2),
        make_pipeline(StandardScaler(), VotingRegressor([("tree", TREE), RIDGE])),
    ],
)
def test_members_of_voting_and_stacking_keep_their_own_sizes(student):
    student = adapted(clone(student))
    limits = {
        name.removesuffix("max_leaf_nodes").split("__")[-2]: limit
        for name, limit in student.get_params().items()
        if name.endswith("max_leaf_nodes")
    }
    assert limits
    assert 10 < limits.get("tree", 11) < 25
    assert 100 < limits.get("forest", 101) < len(Y)
    assert 100 < limits.get("final_estimator", 101) <= len(Y)


def test_voting_and_stacking_learn_a_transfer_set():
    members = [("forest", RandomForestRegressor(3)), RIDGE]
    for student in (VotingRegressor(members), StackingRegressor(members, cv=2)):
        model = DistilledRegressor(RIDGE[1], student, random_state=0).fit(X, Y)
        assert model.score(X, Y) > 0.4
    members = [("tree", DecisionTreeClassifier()), ("linear", LogisticRegression())]
    student = VotingClassifier(members, voting="soft")
    model = DistilledClassifier(LogisticRegression(), student, random_state=0)
    assert model.fit(X, Y > 150).score(X, Y > 150) > 0.7


@pytest.mark.parametrize(
    ("student", "draws"),
    [
        (SVR(), False),
        (NuSVC(), False),
        (KernelRidge(), False),
        (GaussianProcessRegressor(), False),
        (KNeighborsRegressor(), False),
        (KNeighborsClassifier(), False),
        (RadiusNeighborsRegressor(), False),
        (make_pipeline(StandardScaler(), SVR()), False),
        (TransformedTargetRegressor(SVR()), False),
        (VotingRegressor([("vectors", SVR()), RIDGE]), False),
        (DecisionTreeRegressor(), True),
        (VotingRegressor([("tree", DecisionTreeRegressor()), RIDGE]), True),
    ],
)
def test_none_are_drawn_for_students_that_keep_their_samples(student, draws):
    found = resolve_transfer("auto", student, 0.5, Data(X, Y))
    assert (found.sampler is not None) is draws
    asked = resolve_transfer(MungeSampler(), student, 0.5, Data(X, Y))
    assert isinstance(asked.sampler, MungeSampler)


def test_a_support_vector_student_stays_as_large_as_it_is():
    student = SVR(C=100.0)
    n_vectors = len(clone(student).fit(X, Y).support_)
    model = DistilledRegressor(RIDGE[1], student, random_state=0).fit(X, Y)
    assert len(model.student_.support_) <= 1.05 * n_vectors
