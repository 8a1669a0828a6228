"""Held-out samples that teacher or student are given to stop early by."""

import inspect

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier
from skdistill.students import LabelCoder, held_out_labels, held_out_sets

pytestmark = [
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings("ignore:.*eval_set.*"),
]

# LightGBM 4.7 renamed eval_set.
EVAL_X = "eval_X" in inspect.signature(LGBMClassifier.fit).parameters
XGB = XGBClassifier(n_estimators=30, max_depth=3, early_stopping_rounds=3, n_jobs=1)
LGBM = LGBMClassifier(n_estimators=10, num_leaves=6, n_jobs=1, verbose=-1)
HIST = HistGradientBoostingClassifier(max_iter=10, early_stopping=True)
NAMES = {
    "zero and one": [0, 1, 2],
    "minus and plus": [-1, 1, 2],
    "one and two": [1, 2, 3],
    "strings": ["a", "b", "c"],
}


class Untouched(GaussianNB):
    """A teacher that nobody may fit."""

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("The teacher was fitted.")


@pytest.fixture(autouse=True)
def _routing():
    with config_context(enable_metadata_routing=True):
        yield


def problem(n_classes=2):
    X, y = make_classification(
        600, 6, n_informative=4, n_redundant=0, n_classes=n_classes, random_state=0
    )
    return X, y


def eval_params(kind, X, y):
    if kind == "eval_X":
        return {"eval_X": X, "eval_y": y}
    if kind == "several eval_X":
        return {"eval_X": (X,), "eval_y": (y,)}
    if kind == "X_val":
        return {"X_val": X, "y_val": y}
    return {"eval_set": (X, y) if kind == "one eval_set" else [(X, y)]}


def requesting(estimator, params):
    return clone(estimator).set_fit_request(**dict.fromkeys(params, True))


NEEDS_EVAL_X = pytest.mark.skipif(not EVAL_X, reason="eval_X came with LightGBM 4.7")
KINDS = [
    pytest.param(XGB, "eval_set", id="xgboost"),
    pytest.param(LGBM, "eval_set", id="lightgbm"),
    pytest.param(LGBM, "one eval_set", id="lightgbm-one"),
    pytest.param(LGBM, "eval_X", id="lightgbm-eval_X", marks=NEEDS_EVAL_X),
    pytest.param(
        LGBM, "several eval_X", id="lightgbm-several-eval_X", marks=NEEDS_EVAL_X
    ),
    pytest.param(HIST, "X_val", id="hist"),
]


@pytest.mark.parametrize("unknown", ["as a string", -5, 1.5, 7])
@pytest.mark.parametrize(("estimator", "kind"), KINDS)
@pytest.mark.parametrize("part", ["teacher", "student"])
def test_an_unknown_label_is_refused_before_any_work(estimator, kind, part, unknown):
    X, y = problem()
    labels = np.where(np.arange(50) == 7, unknown, y[:50].astype(object))
    params = eval_params(kind, X[:50], labels)
    parts = {"teacher": Untouched(), "student": GaussianNB()}
    parts[part] = requesting(estimator, params)
    model = DistilledClassifier(**parts)
    with pytest.raises(ValueError, match=r"among the classes in y, \[0, 1\]. Got \["):
        model.fit(X, y, **params)
    assert not hasattr(model, "student_")


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(("teacher", "kind"), KINDS)
def test_a_teacher_is_judged_by_the_same_labels_whatever_their_names(
    teacher, kind, n_classes, names
):
    X, y = problem(n_classes)
    predicted = []
    for labels in (y, np.array(names)[y]):
        params = eval_params(kind, X[400:], labels[400:])
        model = DistilledClassifier(
            requesting(teacher, params).set_params(random_state=0),
            GaussianNB().set_fit_request(sample_weight=True),
            transfer=None,
            cv=2,
            random_state=0,
        ).fit(X[:400], labels[:400], **params)
        predicted.append(model.teacher_.predict_proba(X))
    assert_array_equal(*predicted)


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(("student", "kind"), KINDS)
def test_a_student_is_judged_by_the_same_labels_whatever_their_names(
    student, kind, names
):
    X, y = problem(3)
    predicted = []
    for labels in (y, np.array(names)[y]):
        params = eval_params(kind, X[400:], labels[400:])
        model = DistilledClassifier(
            GaussianNB(),
            requesting(student, params).set_params(random_state=0),
            transfer=None,
            refine=None,
            random_state=0,
        ).fit(X[:400], labels[:400], **params)
        predicted.append(model.predict_proba(X))
    assert_allclose(*predicted, atol=1e-6)


@NEEDS_EVAL_X
def test_a_lightgbm_student_of_duplicated_samples_gets_codes_of_held_out_ones():
    X, y = problem()
    predicted = []
    for labels in (y, np.array(["a", "b"])[y]):
        params = eval_params("eval_X", X[400:], labels[400:])
        student = requesting(LGBM, params).set_params(boosting_type="dart")
        model = DistilledClassifier(
            GaussianNB(), student, transfer=None, refine=None, random_state=0
        ).fit(X[:400], labels[:400], **params)
        predicted.append(model.student_.evals_result_["valid_0"])
    assert predicted[0] == predicted[1]


def test_a_wrapped_student_gets_codes_of_held_out_samples_too():
    coder = LabelCoder(FixedThresholdClassifier(XGB))
    coder.encode(np.array(["a", "b"]))
    params = {"eval_set": [([[0.0], [1.0]], ["b", "a"])], "verbose": False}
    encoded = coder.encode_held_out(params)
    assert_array_equal(encoded["eval_set"][0][1], [1, 0])
    assert encoded["verbose"] is False
    assert params["eval_set"][0][1] == ["b", "a"]
    with pytest.raises(ValueError, match=r"classes in y, \['a', 'b'\]. Got \['c'\]"):
        coder.encode_held_out({"eval_set": [([[0.0]], ["c"])]})


def test_what_is_not_coded_stays_the_object_it_is():
    coder = LabelCoder(LGBM)
    coder.encode(np.array(["a", "b"]))
    params = {"eval_set": [([[0.0]], ["b"])]}
    assert coder.encode_held_out(params)["eval_set"] is params["eval_set"]


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (make_pipeline(StandardScaler(), XGB), "in a Pipeline takes no eval_set"),
        (XGBRegressor(n_jobs=1), "regressor as student.*takes no eval_set.*logits"),
    ],
)
def test_students_that_take_no_held_out_samples_say_so_before_any_work(
    student, message
):
    X, y = problem()
    student = clone(student)
    final = student[-1] if hasattr(student, "steps") else student
    final.set_fit_request(eval_set=True)
    model = DistilledClassifier(Untouched(), student)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(X, y, eval_set=[(X, y)])


def test_held_out_sets_are_found_in_each_form():
    X, y = [[0.0]], [1]
    for kind in ("eval_set", "one eval_set", "eval_X", "several eval_X"):
        assert held_out_sets(eval_params(kind, X, y)) == [(X, y)]
        assert held_out_labels(eval_params(kind, X, y)) == [y]
    assert held_out_labels(eval_params("X_val", X, y)) == [y]
    # Other libraries have objects of their own there.
    for params in ({}, {"eval_set": None}, {"eval_set": object()}):
        assert held_out_sets(params) == []
