"""Which source of out-of-fold predictions cross_fit="auto" takes: the user's folds."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.teachers import CrossFitTask, cross_fit

GROUPS = np.repeat(np.arange(40), 10)


@pytest.fixture(scope="module")
def patients():
    """Return 40 patients of 10 samples that say nothing of other patients."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5))[GROUPS] + rng.normal(scale=0.1, size=(400, 5))
    return X, rng.normal(size=40)[GROUPS] + rng.normal(scale=0.3, size=400)


def folds_of(X, y):
    return list(GroupKFold(5).split(X, y, GROUPS))


def forest():
    return RandomForestRegressor(40, random_state=0)


def stack(cv=None):
    members = [("tree", DecisionTreeRegressor(random_state=0))]
    return StackingRegressor(members, Ridge(), cv=cv)


def task(teacher, X, y, *, cv, split_params=None, classes=None):
    return CrossFitTask(
        teacher, X, y, classes, {}, split_params or {}, cv, seeds=(0, None)
    )


TEACHERS = {
    "forest": forest(),
    "extra trees": ExtraTreesRegressor(40, bootstrap=True, random_state=0),
    "bags": BaggingRegressor(DecisionTreeRegressor(), 40, random_state=0),
    "stack": stack(),
}


@pytest.mark.parametrize("teacher", TEACHERS.values(), ids=TEACHERS)
@pytest.mark.parametrize("kind", ["list", "splitter", "predefined"])
def test_auto_keeps_to_folds_that_are_no_number(patients, teacher, kind):
    X, y = patients
    folds = folds_of(X, y)
    test_fold = np.empty(400, dtype=int)
    for number, (_, test) in enumerate(folds):
        test_fold[test] = number
    cv = {"list": folds, "predefined": PredefinedSplit(test_fold)}
    split_params = {"groups": GROUPS} if kind == "splitter" else None
    cv = cv.get(kind, GroupKFold(5))
    done = cross_fit(task(teacher, X, y, cv=cv, split_params=split_params), "auto")
    expected = cross_val_predict(teacher, X, y, cv=folds)
    assert_array_equal(done.predictions, expected)


@pytest.mark.parametrize(
    "teacher",
    [forest(), stack(KFold(5, shuffle=True, random_state=0))],
    ids=["forest", "stack"],
)
def test_groups_routed_to_the_folds_keep_patients_apart(patients, teacher):
    X, y = patients
    with config_context(enable_metadata_routing=True):
        cv = GroupKFold(5).set_split_request(groups=True)
        model = DistilledRegressor(teacher, Ridge(), cv=cv, transfer=None)
        model.fit(X, y, groups=GROUPS)
    assert DistilledRegressor(teacher, Ridge()).fit(X, y).teacher_score_ > 0.5
    assert model.teacher_score_ < 0.1


def test_groups_that_are_missing_are_missed_under_auto(patients):
    X, y = patients
    model = DistilledRegressor(forest(), Ridge(), cv=GroupKFold(5))
    with pytest.raises(ValueError, match="'groups' parameter should not be None"):
        model.fit(X, y)


@pytest.mark.parametrize(
    ("teacher", "of_stack"),
    [
        (RandomForestClassifier(30, random_state=0), False),
        (BaggingClassifier(DecisionTreeClassifier(), 30, random_state=0), False),
        (StackingClassifier([("t", DecisionTreeClassifier(max_depth=3))]), True),
    ],
)
def test_auto_keeps_to_the_folds_of_classifiers(patients, teacher, of_stack):
    X, y = patients
    labels = np.where(y > 0, "up", "down")
    folds = folds_of(X, y)
    model = DistilledClassifier(
        teacher, LogisticRegression(), cv=folds, transfer=None, random_state=0
    ).fit(X, labels)
    assert type(model.teacher_).__name__ == "FoldMeanClassifier"
    by_number = model.set_params(cv=5).fit(X, labels)
    expected = StackingClassifier if of_stack else type(teacher)
    assert type(by_number.teacher_) is expected


@pytest.mark.parametrize("cv", [None, 3, np.int64(5)])
@pytest.mark.parametrize("teacher", TEACHERS.values(), ids=TEACHERS)
def test_a_number_of_folds_leaves_auto_the_cheapest_source(patients, teacher, cv):
    X, y = patients
    done = cross_fit(task(teacher, X, y, cv=cv), "auto")
    source = "stack" if isinstance(teacher, StackingRegressor) else "oob"
    again = cross_fit(task(teacher, X, y, cv=cv), source)
    assert_array_equal(done.predictions, again.predictions)
    assert type(done.teacher) is type(teacher)


def test_a_stack_by_the_same_folds_is_fitted_once(patients):
    X, y = patients
    folds = folds_of(X, y)
    done = cross_fit(task(stack(folds), X, y, cv=folds), "auto")
    assert type(done.teacher) is StackingRegressor
    own = cross_fit(task(stack(folds), X, y, cv=5), "stack")
    assert_array_equal(done.predictions, own.predictions)


@pytest.mark.parametrize(
    "own",
    [None, 3, KFold(5, shuffle=True), KFold(4)],
    ids=["default", "number", "shuffled", "blocks"],
)
def test_a_stack_by_other_folds_is_cross_fitted_as_a_whole(patients, own):
    X, y = patients
    folds = folds_of(X, y)
    done = cross_fit(task(stack(own), X, y, cv=folds), "auto")
    assert type(done.teacher).__name__ == "FoldMeanRegressor"
    assert len(done.teacher.estimators) == 5


@pytest.mark.parametrize(
    ("teacher", "name"),
    [
        (stack([*KFold(5).split(np.zeros(400))]), "cv"),
        (GridSearchCV(Ridge(), {}, cv=[*KFold(5).split(np.zeros(400))]), "cv"),
        (
            BaggingRegressor(stack([*KFold(5).split(np.zeros(400))]), 3),
            "estimator__cv",
        ),
    ],
)
def test_a_teacher_with_splits_of_all_samples_is_not_fitted_on_parts(
    patients, teacher, name
):
    X, y = patients
    model = DistilledRegressor(teacher, Ridge(), cv=folds_of(X, y))
    with pytest.raises(ValueError, match=f"(?s)5 splits as its '{name}'"):
        model.fit(X, y)


def test_a_prefit_stack_is_refused_whatever_the_folds(patients):
    X, y = patients
    for cv in (5, folds_of(X, y)):
        model = DistilledRegressor(stack("prefit"), Ridge(), cv=cv)
        with pytest.raises(ValueError, match="cv='prefit' has no out-of-fold"):
            model.fit(X, y)


def test_the_default_teacher_is_a_stack_by_the_folds_given(
    patients, small_default_teacher
):
    X, y = patients
    folds = folds_of(X, y)
    done = cross_fit(task(None, X, y, cv=folds), "auto")
    assert type(done.teacher) is StackingRegressor
    shuffled = task(None, X, y, cv=KFold(5, shuffle=True))
    assert type(cross_fit(shuffled, "auto").teacher) is StackingRegressor


@pytest.mark.slow
@pytest.mark.parametrize("cv", [12, LeaveOneOut(), KFold(11, shuffle=True)])
def test_the_default_teacher_takes_many_folds(patients, cv):
    X, y = patients
    rows = slice(0, 400, 25)
    done = cross_fit(task(None, X[rows], y[rows], cv=cv), "auto")
    assert type(done.teacher).__name__ == "FoldMeanRegressor"
    assert np.isfinite(done.predictions).all()


def test_purged_blocks_of_time_are_kept_to():
    # The noise wanders slowly: neighbours in time give a sample's label away.
    rng = np.random.default_rng(0)
    time = np.arange(400)
    y = np.cumsum(rng.normal(size=400))
    X = np.c_[time, rng.normal(size=400)]
    blocks = np.array_split(time, 5)
    cv = [
        (np.flatnonzero((time < block[0] - 10) | (time > block[-1] + 10)), block)
        for block in blocks
    ]
    expected = cross_val_predict(forest(), X, y, cv=cv)
    done = cross_fit(task(forest(), X, y, cv=cv), "auto")
    assert_array_equal(done.predictions, expected)


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_stratified_splitter_is_the_users_choice_too(patients, shuffle):
    X, y = patients
    labels = (y > 0).astype(int)
    cv = StratifiedKFold(3, shuffle=shuffle, random_state=1 if shuffle else None)
    forest = RandomForestClassifier(30, random_state=0)
    done = cross_fit(task(forest, X, labels, cv=cv, classes=np.array([0, 1])), "auto")
    assert len(done.teacher.estimators) == 3
