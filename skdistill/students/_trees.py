"""Trees and forests learn soft labels by their regressor twins on probabilities.

The Gini impurity of a node with mean target p is 1 - sum_k p_k^2. The variance of the
targets m, summed over classes, is mean(sum_k m_k^2) - sum_k p_k^2, and its first term
is the same before and after a split. So a regressor with an output for each class
grows, on the same random state, the tree that the classifier would grow on weighted
copies, but counts and draws rows, not copies, and sorts K times fewer of them. The
grown trees are then moved into the classifier.

A regressor takes the mean over the K outputs, hence its limits on impurity are K times
smaller.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.metrics import accuracy_score
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from skdistill._sklearn import Tree
from skdistill.students._copies import count_classes, fit_on_copies

__all__ = ["fit_extra_tree", "fit_extra_trees", "fit_forest", "fit_tree"]


def fit_tree(student, X, labels, classes, **rest):
    """Fit a DecisionTreeClassifier; see `skdistill.students.register`."""
    return _fit(DecisionTreeRegressor(), student, X, labels, classes, **rest)


def fit_extra_tree(student, X, labels, classes, **rest):
    """Fit an ExtraTreeClassifier; see `skdistill.students.register`."""
    return _fit(ExtraTreeRegressor(), student, X, labels, classes, **rest)


def fit_forest(student, X, labels, classes, **rest):
    """Fit a RandomForestClassifier; see `skdistill.students.register`."""
    return _fit(RandomForestRegressor(), student, X, labels, classes, **rest)


def fit_extra_trees(student, X, labels, classes, **rest):
    """Fit an ExtraTreesClassifier; see `skdistill.students.register`."""
    return _fit(ExtraTreesRegressor(), student, X, labels, classes, **rest)


def _fit(twin, student, X, labels, classes, *, y, sample_weight, fit_params):
    constrained = student.monotonic_cst is not None  # Not for several outputs.
    if student.criterion != "gini" or constrained:
        _check_not_judged_by_copies(student)
        return fit_on_copies(
            student,
            X,
            labels,
            classes,
            y=y,
            sample_weight=sample_weight,
            fit_params=fit_params,
        )
    target, weight = _weigh(
        count_classes(student, y, classes, classes, sample_weight), labels, classes
    )
    if weight is not None and sample_weight is not None:
        weight = weight * sample_weight
    elif weight is None:
        weight = sample_weight
    params = student.get_params(deep=False)
    twin.set_params(
        **{name: params[name] for name in twin.get_params() if name in params}
        | {"criterion": "squared_error"}
        | {name: params[name] / len(classes) for name in _IMPURITY_LIMITS}
    )
    if params.get("oob_score"):
        twin.set_params(oob_score=True)  # The metric, if given, is for classes.
    return _move(twin.fit(X, target, weight, **fit_params), student, classes, y)


_IMPURITY_LIMITS = ("min_impurity_decrease", "ccp_alpha")


def _check_not_judged_by_copies(student):
    if getattr(student, "oob_score", False):
        raise ValueError(
            "A forest student with oob_score must leave out whole rows: weighted "
            "copies of one row would fall on both sides. Got "
            f"criterion={student.criterion!r}, monotonic_cst={student.monotonic_cst!r}."
            " Use criterion='gini' without monotonic_cst, or oob_score=False."
        )


def _weigh(student, labels, classes):
    """Return the target under the student's class weights, and the rows' weights."""
    target = labels.mixed
    if student.class_weight is None:
        return target, None
    target = target * [student.class_weight.get(label, 1.0) for label in classes]
    weight = target.sum(axis=1)
    return target / np.where(weight > 0, weight, 1.0)[:, None], weight


def _move(twin, student, classes, y):
    """Move what the regressor learned into the classifier."""
    params = twin.get_params(deep=False)
    learned = {
        name: value
        for name, value in vars(twin).items()
        if name not in params and name not in vars(student)
    }
    vars(student).update(
        learned, n_outputs_=1, n_classes_=len(classes), classes_=classes
    )
    if hasattr(twin, "tree_"):
        student.tree_ = _with_classes(twin.tree_, twin.n_features_in_, len(classes))
        return student
    student.estimator_ = student.estimator
    student.estimators_ = [_member(tree, student, classes) for tree in twin.estimators_]
    if hasattr(twin, "oob_prediction_"):
        del student.oob_prediction_
        student.oob_decision_function_ = twin.oob_prediction_
        predicted = classes[twin.oob_prediction_.argmax(axis=1)]
        metric = student.oob_score if callable(student.oob_score) else accuracy_score
        student.oob_score_ = metric(y, predicted)
    return student


def _member(tree, forest, classes):
    """Return a forest's tree as the classifier that the forest would hold."""
    kinds = {
        DecisionTreeRegressor: DecisionTreeClassifier,
        ExtraTreeRegressor: ExtraTreeClassifier,
    }
    params = tree.get_params(deep=False) | {"criterion": "gini"}
    params |= {name: getattr(forest, name) for name in _IMPURITY_LIMITS}
    # A forest hands its trees codes in place of labels, as floats.
    codes = np.arange(len(classes), dtype=float)
    return _move(tree, kinds[type(tree)](**params), codes, None)


def _with_classes(tree, n_features, n_classes):
    """Return a tree of K outputs as the tree of one output with K classes."""
    state = tree.__getstate__()
    share = state["values"].transpose(0, 2, 1)
    share = np.ascontiguousarray(share / share.sum(axis=2, keepdims=True))
    state["values"] = share
    state["nodes"]["impurity"] = 1 - (share[:, 0] ** 2).sum(axis=1)
    moved = Tree(n_features, np.array([n_classes], dtype=np.intp), 1)
    moved.__setstate__(state)
    return moved
