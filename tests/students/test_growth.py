"""What the number of samples decides is decided by the training samples alone."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill.students import adapt_to_transfer_set
from skdistill.targets import Target

X, Y = load_diabetes(return_X_y=True)
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
