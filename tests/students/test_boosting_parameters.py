"""Every parameter of XGBoost and LightGBM that changes labels, weights or the start.

Each is supported, so that its effect on a student is that on a fit on labels, or
refused before any work. The table says which; the tests below take their cases from it.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import recall_score
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill._sklearn import FORESTS_BALANCE_BY_WEIGHT
from skdistill.students import fit_on_target
from skdistill.targets import Target

pytestmark = [
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings(r"ignore:(?s).*Parameters. . .scale_pos_weight"),
    pytest.mark.filterwarnings("ignore:Found .* in params. Will use it instead"),
]

XGB = XGBClassifier(n_estimators=12, max_depth=4, n_jobs=1)
# One sample in a leaf is enough: duplicates would count as samples.
LGBM = LGBMClassifier(n_estimators=12, min_child_samples=1, n_jobs=1, verbose=-1)


class UntouchedClassifier(LogisticRegression):
    """A teacher that nobody may fit."""

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("The teacher was fitted.")


class UntouchedRegressor(Ridge):
    """A teacher that nobody may fit."""

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("The teacher was fitted.")


class Row(NamedTuple):
    """A parameter, what it changes, and what becomes of it."""

    student: Any
    name: str
    changes: str
    status: str
    value: Any = None
    # For the weights of two classes: the factor of the second one.
    ratio: float = 1.0
    # What must be set besides.
    also: tuple = ()
    n_classes: int = 2
    # For what is refused.
    reason: str = ""


BAGGED = (("subsample_freq", 1), ("random_state", 0))
POSITIVE = ("pos_bagging_fraction", "pos_sub_row", "pos_subsample", "pos_bagging")
NEGATIVE = ("neg_bagging_fraction", "neg_sub_row", "neg_subsample", "neg_bagging")
UNBALANCED = ("is_unbalance", "unbalance", "unbalanced_sets")
OBJECTIVE = ("objective", "objective_type", "app", "application", "loss")
OVA = (("objective", "multiclassova"),)

TABLE = [
    # The weights of the classes.
    Row(LGBM, "class_weight", "weights", "supported", {0: 1.0, 1: 4.0}, 4.0),
    Row(LGBM, "scale_pos_weight", "weights", "supported", 4.0, 4.0),
    Row(LGBM, "scale_pos_weight", "weights", "supported", 0.25, 0.25),
    *(Row(LGBM, name, "weights", "supported", True, 9.0) for name in UNBALANCED),
    *(Row(LGBM, name, "weights", "supported", 0.25, 0.25, BAGGED) for name in POSITIVE),
    *(Row(LGBM, name, "weights", "supported", 0.25, 4.0, BAGGED) for name in NEGATIVE),
    Row(XGB, "scale_pos_weight", "weights", "supported", 4.0, 4.0),
    Row(XGB, "scale_pos_weight", "weights", "supported", 0.25, 0.25),
    # Which LightGBM and XGBoost themselves ignore for several classes.
    Row(LGBM, "is_unbalance", "nothing", "supported", True, n_classes=3),
    Row(LGBM, "scale_pos_weight", "nothing", "supported", 4.0, n_classes=3),
    Row(LGBM, "neg_bagging_fraction", "nothing", "supported", 0.5, n_classes=3),
    Row(XGB, "scale_pos_weight", "nothing", "supported", 4.0, n_classes=3),
    *(
        Row(
            LGBM,
            name,
            "weights",
            "refused",
            True,
            also=OVA,
            n_classes=3,
            reason="counts samples.*is_unbalance|counts samples.*unbalance",
        )
        for name in UNBALANCED
    ),
    Row(
        XGBRegressor(n_estimators=12, n_jobs=1),
        "scale_pos_weight",
        "weights",
        "refused",
        4.0,
        n_classes=0,
        reason="label is exactly 1.*Got 4.0.*sample_weight",
    ),
    Row(
        XGBRegressor(n_estimators=12, n_jobs=1),
        "scale_pos_weight",
        "weights",
        "refused",
        4.0,
        reason="label is exactly 1.*Got 4.0.*sample_weight",
    ),
    # The start of training.
    Row(LGBM, "boost_from_average", "start", "supported", False),
    Row(LGBM, "boost_from_average", "start", "supported", False, n_classes=3),
    Row(XGB, "base_score", "start", "supported", 0.3),
    Row(XGB, "base_score", "start", "supported", 0.3, n_classes=3),
    Row(XGBRFClassifier(n_estimators=5), "base_score", "start", "supported", 0.3),
    Row(
        XGB,
        "process_type",
        "start",
        "refused",
        "update",
        reason="process_type='update'.*Leave it out",
    ),
    # The labels, or what is predicted of them.
    Row(LGBM, "sigmoid", "labels", "supported", 2.0),
    Row(LGBM, "sigmoid", "labels", "supported", 2.0, n_classes=3),
    *(
        Row(LGBM, name, "labels", "supported", "multiclassova", n_classes=3)
        for name in OBJECTIVE
    ),
    Row(
        XGB,
        "objective",
        "labels",
        "refused",
        "binary:hinge",
        reason="objectives.*Got 'binary:hinge'",
    ),
]


def case_id(row):
    task = f"{row.n_classes}-classes" if row.n_classes else "values"
    return f"{type(row.student).__name__}-{row.name}={row.value}-{task}"


def rows(**wanted):
    chosen = [
        row
        for row in TABLE
        if all(getattr(row, name) in values for name, values in wanted.items())
    ]
    return pytest.mark.parametrize("row", chosen, ids=case_id)


def student_of(row):
    return clone(row.student).set_params(**{row.name: row.value}, **dict(row.also))


def problem(n_classes, n_rows=1000):
    """A table with few distinct values a column, so that bins are the same for all."""
    X, y = make_classification(
        n_rows,
        8,
        n_informative=6,
        n_classes=n_classes,
        n_clusters_per_class=1,
        weights=[0.9] if n_classes == 2 else None,
        class_sep=0.6,
        flip_y=0.0,
        random_state=0,
    )
    return X.round(1), y


def certain(y, n_classes):
    logits = np.where(np.eye(n_classes)[y] == 1, 0.0, -np.inf)
    return Target.of_classes(y, logits, classes=np.arange(n_classes), alpha=1.0)


def test_lightgbm_has_no_other_names_for_the_parameters_in_the_table():
    from lightgbm import basic

    aliases = getattr(basic, "_ConfigAliases", None)
    if aliases is None:
        pytest.skip("LightGBM keeps its aliases elsewhere")
    for names in (POSITIVE, NEGATIVE, UNBALANCED, OBJECTIVE):
        assert aliases.get(names[0]) == set(names)
    for name in ("scale_pos_weight", "boost_from_average", "sigmoid", "reg_sqrt"):
        assert aliases.get(name) == {name}


@rows(status=["supported"])
def test_certain_labels_give_the_fit_on_labels(row):
    X, y = problem(row.n_classes)
    fitted = fit_on_target(student_of(row), X, certain(y, row.n_classes))
    if isinstance(row.student, XGBClassifier) and row.changes == "weights":
        # XGBoost's own start with this parameter is an estimate; with weights it is
        # the exact one.
        weight = np.where(y == 1, row.ratio, 1.0)
        baseline = clone(row.student).fit(X, y, sample_weight=weight)
    else:
        baseline = student_of(row).fit(X, y)
    assert_allclose(fitted.predict_proba(X), baseline.predict_proba(X), atol=2e-6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the tests of this file share their teachers."""
    return str(tmp_path_factory.mktemp("memory"))


def distilled(student, folder, refine="auto"):
    X, y = problem(2)
    model = DistilledClassifier(
        LogisticRegression(), student, refine=refine, random_state=0, memory=folder
    )
    return model.fit(X, y)


@rows(status=["supported"], changes=["weights"])
def test_the_weights_of_classes_are_those_of_class_weight(row, folder):
    X, y = problem(2)
    # LightGBM has class_weight; XGBoost learns the same from the same weights.
    plain = clone(LGBM).set_params(n_estimators=40)
    weighted = clone(plain).set_params(class_weight={0: 1.0, 1: row.ratio})
    student = student_of(row).set_params(n_estimators=40)
    means, recalls = [], []
    for part in (plain, weighted, student):
        proba = distilled(part, folder, refine=None).predict_proba(X)[:, 1]
        means.append(proba.mean())
        recalls.append(recall_score(y, proba > 0.5))
    # What is still between them is bagging, or another library.
    assert means[2] - means[0] == pytest.approx(means[1] - means[0], rel=0.25)
    assert recalls[2] - recalls[1] == pytest.approx(0, abs=0.07)


@rows(status=["supported"], changes=["weights"])
def test_refinement_leaves_the_weights_of_classes_alone(row, folder):
    X, _ = problem(2)
    student = student_of(row)
    unrefined, auto = (distilled(student, folder, part) for part in (None, "auto"))
    assert_allclose(auto.predict_proba(X), unrefined.predict_proba(X))
    name = {**dict.fromkeys(UNBALANCED, "is_unbalance")}.get(row.name, row.name)
    name = "pos_bagging_fraction" if row.name in POSITIVE else name
    name = "neg_bagging_fraction" if row.name in NEGATIVE else name
    with pytest.raises(ValueError, match=f"a student with {name}. Use refine=None"):
        distilled(student, folder, "leaves")


def test_is_unbalance_counts_the_labels_where_the_first_class_is_rarer():
    X, y = problem(2)
    student = clone(LGBM).set_params(is_unbalance=True, class_weight={0: 2.0, 1: 1.0})
    fitted = fit_on_target(clone(student), X, certain(1 - y, 2))
    baseline = clone(student).fit(X, 1 - y)
    assert_allclose(fitted.predict_proba(X), baseline.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("params", [{"boost_from_average": False}, {"reg_sqrt": True}])
def test_a_regression_begins_where_lightgbm_is_told_to(params):
    X, y = problem(2)
    student = LGBMRegressor(n_estimators=5, n_jobs=1, verbose=-1, **params)
    values = 3.0 + y + X[:, 0] ** 2
    target = Target.of_values(values, values, alpha=0.5)
    fitted = fit_on_target(clone(student), X, target)
    assert_allclose(fitted.predict(X), clone(student).fit(X, values).predict(X))


@rows(status=["refused"])
def test_what_is_refused_is_refused_before_any_work(row):
    X, y = problem(row.n_classes or 2)
    model = DistilledRegressor(UntouchedRegressor(), student_of(row))
    if row.n_classes:
        model = DistilledClassifier(UntouchedClassifier(), student_of(row))
    with pytest.raises(ValueError, match=f"(?s){row.reason}"):
        model.fit(X, y)


def test_is_unbalance_inside_another_student_is_refused():
    X, y = problem(2)
    student = VotingClassifier([("light", clone(LGBM).set_params(unbalance=True))])
    with pytest.raises(ValueError, match="(?s)is_unbalance.*inside another.*class_w"):
        DistilledClassifier(UntouchedClassifier(), student).fit(X, y)


@pytest.mark.parametrize(
    "part",
    [
        clone(LGBM).set_params(class_weight="balanced"),
        DecisionTreeClassifier(class_weight="balanced"),
        RandomForestClassifier(class_weight="balanced_subsample", bootstrap=False),
        SVC(class_weight="balanced"),
    ],
)
def test_balanced_weights_inside_another_student_are_refused(part):
    X, y = problem(2)
    student = VotingClassifier([("part", part)])
    if FORESTS_BALANCE_BY_WEIGHT and isinstance(part, RandomForestClassifier):
        pytest.skip("forests count their samples by weight")
    # Whatever is found first: its weights, or that it hands on none.
    refused = "(?s)count samples.*inside another.*a dict|without sample_weight"
    with pytest.raises(ValueError, match=refused):
        DistilledClassifier(UntouchedClassifier(), student).fit(X, y)


@pytest.mark.parametrize(
    "student",
    [
        clone(XGB).set_params(scale_pos_weight=3.0),
        clone(LGBM).set_params(scale_pos_weight=3.0),
        clone(LGBM).set_params(unbalance=True),
        clone(LGBM).set_params(sigmoid=2.0),
        clone(LGBM).set_params(boosting="dart"),
        clone(LGBM).set_params(application="binary"),
    ],
)
def test_a_student_that_tempers_its_own_logits_has_the_loss_as_it_is(student):
    X, y = problem(2)
    model = DistilledClassifier(UntouchedClassifier(), student, soften="both")
    with pytest.raises(ValueError, match=r"tempers? its own logits.*soften='teacher'"):
        model.fit(X, y)


def test_the_baseline_student_may_have_any_parameter():
    X, y = problem(2)
    student = XGBRegressor(n_estimators=5, scale_pos_weight=4.0, n_jobs=1)
    model = DistilledRegressor(Ridge(), student, alpha=0, random_state=0).fit(X, y)
    assert_allclose(model.predict(X), clone(student).fit(X, y).predict(X))


CONTINUED = [
    pytest.param(XGB, "base_margin", id="base_margin"),
    pytest.param(LGBM, "init_score", id="init_score"),
    pytest.param(XGB, "xgb_model", id="xgb_model"),
    pytest.param(LGBM, "init_model", id="init_model"),
]


@pytest.mark.parametrize(("student", "name"), CONTINUED)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_training_starts_where_fit_is_told_to(student, name, n_classes):
    X, y = problem(n_classes)
    start = X[:, 0] / 2 + 0.3 if n_classes == 2 else X[:, :3] / 2
    if name.endswith("_model"):  # Of another start than these labels have.
        start = clone(student).fit(X, np.where(X[:, 0] > 1, y, 0))
        if n_classes == 3:
            start = clone(student).fit(X, (y + 1) % 3)
    fitted = fit_on_target(clone(student), X, certain(y, n_classes), {name: start})
    baseline = clone(student).fit(X, y, **{name: start})
    params = {"base_margin": start} if name == "base_margin" else {}
    assert_allclose(
        fitted.predict_proba(X, **params),
        baseline.predict_proba(X, **params),
        atol=2e-6,
    )
