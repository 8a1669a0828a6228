"""The distilled student is held against the baseline's: "compare" and "auto"."""

import re
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
)
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.blocks import BlockDistilledRegressor, ParquetBlocks
from skdistill.exceptions import PoorTeacherWarning
from skdistill.flow import Data, Plan
from skdistill.flow._trial import is_tried, with_less_teacher
from skdistill.transfer import JitterSampler

# Calibration by the labels would mend a part of the slope.
COMPARED = {
    "alpha": 1.0,
    "calibrate": None,
    "random_state": 0,
    "on_poor_teacher": "compare",
}
WORSE = "the student is worse for learning from the teacher"


@cache
def samples(noise=0.1):
    """Draw a target with a linear part, and one that no line follows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    y = 3 * X[:, 0] + np.sign(X[:, 1] * X[:, 2]) + rng.normal(scale=noise, size=600)
    return X, y


class HalfLine(RegressorMixin, BaseEstimator):
    """Lacks a part of the slope, which is all that a line can learn."""

    def __init__(self, slope=2.3):
        self.slope = slope

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return self.slope * X[:, 0] + np.sign(X[:, 1] * X[:, 2])


class HalfLineClassifier(ClassifierMixin, HalfLine):
    """The same of the probability of one of two classes."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return super().fit(X, y)

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-super().predict(X)))
        return np.column_stack([p, 1 - p])  # "high" comes first.

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Recording(DummyRegressor):
    """Keeps the labels of every fit."""

    seen = ()

    def fit(self, X, y):
        Recording.seen = (*Recording.seen, tuple(y))
        return super().fit(X, y)


class Needing(HalfLine):
    """Takes so many samples at least."""

    def __init__(self, fewest, slope=2.3):
        super().__init__(slope)
        self.fewest = fewest

    def fit(self, X, y):
        if len(y) < self.fewest:
            raise ValueError(f"{len(y)} samples are too few")
        return super().fit(X, y)


def fitted(model, *given, **params):
    """Return the model, fitted without other warnings than the guard's."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", PoorTeacherWarning)
        return model.fit(*given, **params)


def regressor(teacher, student, **params):
    return DistilledRegressor(teacher, student, **COMPARED | params)


@pytest.mark.parametrize("freeze", [False, True])
def test_a_student_harmed_by_a_better_teacher_is_not_distilled(freeze):
    X, y = samples()
    teacher = FrozenEstimator(HalfLine().fit(X, y)) if freeze else HalfLine()
    model = regressor(teacher, Ridge())
    with pytest.warns(PoorTeacherWarning, match=WORSE):
        model.fit(X, y)
    assert "On 120 held-out samples" in model.poor_teacher_
    assert "The baseline student is fitted" in model.poor_teacher_
    assert_array_equal(model.predict(X), Ridge().fit(X, y).predict(X))
    for other in ("warn", "baseline"):  # Which look at the teacher alone.
        model.set_params(on_poor_teacher=other)
        assert fitted(model, X, y).poor_teacher_ is None
        assert not np.array_equal(model.predict(X), Ridge().fit(X, y).predict(X))


def test_so_are_students_of_stored_predictions_and_of_several_teachers():
    X, y = samples()
    stored = HalfLine().predict(X)
    model = fitted(regressor(None, Ridge()), X, y, teacher_predictions=stored)
    assert WORSE in model.poor_teacher_
    frozen = FrozenEstimator(HalfLine().fit(X, y))
    model = fitted(regressor([("a", frozen), ("b", frozen)], Ridge()), X, y)
    assert WORSE in model.poor_teacher_


@pytest.mark.parametrize("student", [LogisticRegression(), LinearSVC()])
def test_classes_are_compared_by_the_students_own_answers(student):
    X, y = samples()
    labels = np.where(y > 0, "high", "low")
    # It is sure of what no line can learn, and too little of the line.
    model = DistilledClassifier(HalfLineClassifier(slope=1.0), student, **COMPARED)
    said = fitted(model, X, labels).poor_teacher_
    unit = "error rate" if isinstance(student, LinearSVC) else "log loss"
    assert f"{WORSE}: its {unit} is" in said


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_a_student_that_gains_is_distilled_bit_for_bit(temperature):
    X, y = samples(noise=2.0)
    tree = DecisionTreeRegressor(max_leaf_nodes=32, random_state=0)
    compared, warned = (
        regressor(
            HalfLine(slope=3.0),
            tree,
            temperature=temperature,
            rescale=True,
            on_poor_teacher=action,
        )
        for action in ("compare", "warn")
    )
    assert fitted(compared, X, y).poor_teacher_ is None
    assert_array_equal(compared.predict(X), fitted(warned, X, y).predict(X))


@pytest.mark.parametrize("cv", [5, KFold(4)])
def test_the_teacher_of_the_comparison_sees_no_held_out_label(cv):
    X, y = samples()
    Recording.seen = ()
    fitted(regressor(Recording(), Ridge(), cv=cv, memory=False), X, y)
    n_folds = cv if isinstance(cv, int) else 4
    _, part = Recording.seen[:n_folds], Recording.seen[n_folds:]
    assert len(part) == 2
    known = set().union(*map(set, part))
    assert len(known) == len(y) - len(y) // n_folds


@pytest.mark.parametrize("cv", [GroupKFold(5), LeaveOneGroupOut()])
def test_folds_of_groups_are_compared_by_the_groups_that_are_left(cv):
    X, y = samples()
    groups = np.arange(len(y)) % 5  # A part lacks one of them.
    with config_context(enable_metadata_routing=True):
        model = fitted(regressor(HalfLine(), Ridge(), cv=cv), X, y, groups=groups)
    assert f"On 120 held-out samples {WORSE}" in model.poor_teacher_
    if isinstance(cv, GroupKFold):
        assert cv.n_splits == 5  # The user's stays as it is.


class Drawing(JitterSampler):
    """Keeps what it is to draw like."""

    like = ()

    def fit(self, X, y=None):
        Drawing.like = (*Drawing.like, set(X[:, 0]))
        return super().fit(X, y)


@pytest.mark.parametrize("freeze", [False, True])
def test_the_comparison_draws_no_samples_like_those_held_out(freeze):
    X, y = samples()
    Drawing.like = ()
    teacher = FrozenEstimator(HalfLine().fit(X, y)) if freeze else HalfLine()
    tree = DecisionTreeRegressor(random_state=0)
    fitted(regressor(teacher, tree, transfer=Drawing()), X, y)
    assert [len(like) for like in Drawing.like] == [600, 480]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"rows": 90}, "there are 90 samples, and it takes 100"),
        ({"n_groups": 2}, "there was ValueError: .* number of groups"),
        ({"teacher": Needing(300)}, "there was ValueError: 240 samples are too few"),
        ({"cross_fit": False}, "the teacher has seen the labels"),
    ],
)
def test_what_cannot_be_compared_is_said(given, reason):
    X, y = (part[: given.get("rows")] for part in samples())
    routed, params = {}, {"cross_fit": given.get("cross_fit", "auto")}
    if "n_groups" in given:
        params["cv"] = GroupKFold(given["n_groups"])
        routed["groups"] = np.arange(len(y)) % given["n_groups"]
    teacher = given.get("teacher", HalfLine())
    with config_context(enable_metadata_routing=True):
        model = fitted(regressor(teacher, Ridge(), **params), X, y, **routed)
    said = "distilled without being held against the baseline student"
    assert re.search(f"{said}: .*{reason}", model.poor_teacher_)
    assert not np.array_equal(model.predict(X), Ridge().fit(X, y).predict(X))


def test_what_cannot_be_compared_is_refused(tmp_path):
    X, y = samples()
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y)
    table.to_parquet(tmp_path / "table.parquet")
    splits = list(KFold(5).split(X))
    for of_all in (splits, PredefinedSplit(np.arange(len(y)) % 5)):
        with pytest.raises(ValueError, match="Got splits of all samples as cv"):
            regressor(HalfLine(), Ridge(), cv=of_all).fit(X, y)
        # A frozen teacher is not cross-fitted.
        frozen = FrozenEstimator(HalfLine().fit(X, y))
        model = fitted(regressor(frozen, Ridge(), cv=of_all), X, y)
        assert WORSE in model.poor_teacher_
    blocks = BlockDistilledRegressor(HalfLine(), Ridge(), on_poor_teacher="compare")
    with pytest.raises(ValueError, match="'compare' distils on a part"):
        blocks.fit(ParquetBlocks(tmp_path / "table.parquet"), "y")


# --- "auto": where it can help, and is cheap ---

DATA = Data(*samples())


@pytest.mark.parametrize(
    ("student", "is_asked"),
    [
        (Ridge(), True),
        (make_pipeline(StandardScaler(), Ridge()), True),
        (TransformedTargetRegressor(Ridge()), True),
        (DecisionTreeRegressor(), True),
        (VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor())]), True),
        (VotingRegressor([("a", Ridge()), ("b", MLPRegressor())]), False),
        (RandomForestRegressor(), False),
    ],
)
def test_students_of_few_shapes_are_tried(student, is_asked):
    plan = Plan(HalfLine(), student, on_poor_teacher="auto")
    assert is_tried(plan, DATA) == is_asked
    assert is_tried(replace(plan, on_poor_teacher="compare"), DATA)
    for other in ("warn", "baseline", "ignore"):
        assert not is_tried(replace(plan, on_poor_teacher=other), DATA)
    for labels_alone in ({"alpha": 0.0}, {"alpha_until": 0.0}):
        assert not is_tried(replace(plan, **labels_alone), DATA)


FROZEN = FrozenEstimator(Ridge().fit(*samples()))
FOREST, STACK = RandomForestRegressor(), StackingRegressor([("a", Ridge())])


@pytest.mark.parametrize(
    ("params", "is_cheap"),
    [
        ({}, True),
        ({"cv": None}, True),
        ({"cv": 3}, False),
        ({"cv": GroupKFold(4)}, True),
        ({"cv": LeaveOneGroupOut()}, False),
        ({"cv": PredefinedSplit(np.arange(600) % 5)}, False),
        ({"cv": list(KFold(5).split(DATA.y))}, False),
        ({"cross_fit": False}, False),
        ({"teacher": FROZEN, "cv": 2}, True),
        ({"teacher": None, "cv": 7}, True),
        ({"teacher": None}, False),
        ({"teacher": clone(STACK).set_params(cv=7)}, True),
        ({"teacher": STACK}, False),
        ({"teacher": clone(STACK).set_params(cv=4), "cross_fit": "kfold"}, True),
        ({"teacher": FOREST, "cv": 2}, True),
        ({"teacher": clone(FOREST).set_params(n_estimators=75)}, True),
        ({"teacher": clone(FOREST).set_params(n_estimators=74)}, False),
        ({"teacher": FOREST, "cv": 2, "cross_fit": "kfold"}, False),
        ({"teacher": [("a", HalfLine()), ("b", FROZEN), ("c", FOREST)]}, True),
        ({"teacher": [("a", HalfLine()), ("b", STACK)], "cv": 3}, False),
    ],
)
def test_so_they_are_where_the_teacher_of_the_trial_is_cheap(params, is_cheap):
    plan = Plan(**{"teacher": HalfLine(), "student": Ridge()} | params)
    assert is_tried(replace(plan, on_poor_teacher="auto"), DATA) == is_cheap


def test_stored_predictions_cost_nothing():
    data = replace(DATA, teacher_predictions=DATA.y)
    assert is_tried(Plan(None, Ridge(), cv=2, on_poor_teacher="auto"), data)


def test_students_of_tempered_classes_are_tried_if_they_are_asked_for():
    plan = Plan(FROZEN, LogisticRegression(), temperature=2.0, on_poor_teacher="auto")
    classes = Data(DATA.X, (DATA.y > 0).astype(int), classes=np.array([0, 1]))
    assert not is_tried(plan, classes)
    assert is_tried(replace(plan, temperature=1.0), classes)
    assert is_tried(replace(plan, on_poor_teacher="compare"), classes)
    assert is_tried(replace(plan, student=Ridge()), DATA)  # It is scaled back.


def test_a_trial_takes_a_part_of_the_teachers_work():
    teachers = [
        ("forest", clone(FOREST).set_params(n_estimators=300)),
        ("few", clone(FOREST).set_params(n_estimators=10)),
        ("some", clone(FOREST).set_params(n_estimators=60)),
        ("stack", STACK),
        ("folds", clone(STACK).set_params(cv=KFold(7))),
        ("frozen", FROZEN),
    ]
    plan = Plan(teachers, Ridge(), cv=8)
    less = with_less_teacher(plan, DATA)
    forest, few, some, stack, folds, frozen = (one for _, one in less.teacher)
    assert [one.n_estimators for one in (forest, few, some)] == [100, 10, 25]
    assert (less.cv, stack.cv, folds.cv.n_splits, frozen) == (2, 2, 2, FROZEN)
    # By folds the same forests would be fitted to a part each time.
    by_fold = with_less_teacher(replace(plan, cross_fit="kfold"), DATA).teacher
    assert dict(by_fold)["forest"].n_estimators == 300
    assert (teachers[0][1].n_estimators, teachers[4][1].cv.n_splits) == (300, 7)


def test_auto_distils_no_line_that_a_better_teacher_harms():
    X, y = samples()
    model = fitted(regressor(HalfLine(), Ridge(), on_poor_teacher="auto"), X, y)
    assert WORSE in model.poor_teacher_
    assert_array_equal(model.predict(X), Ridge().fit(X, y).predict(X))
    # It is not asked for by name, so where it cannot be, nothing is said.
    assert fitted(model, X[:90], y[:90]).poor_teacher_ is None


@pytest.mark.parametrize("kind", ["bag", "stack", "folds"])
def test_a_trial_of_bags_and_stacks_sees_no_held_out_label(kind):
    X, y = samples()
    teacher = {
        "bag": BaggingRegressor(Recording(), 75, oob_score=True),
        "stack": StackingRegressor([("a", Recording())], Ridge(), cv=7),
        "folds": Recording(),
    }[kind]
    model = DistilledRegressor(teacher, Ridge(), random_state=0, memory=False)
    Recording.seen = ()
    fitted(model.set_params(on_poor_teacher="ignore"), X, y)
    n_fits, Recording.seen = len(Recording.seen), ()
    fitted(model.set_params(on_poor_teacher="auto"), X, y)
    trial = Recording.seen[n_fits:]
    assert 0 < len(trial) < n_fits
    assert len(set().union(*map(set, trial))) <= 480
