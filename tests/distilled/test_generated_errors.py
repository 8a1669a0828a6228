"""What generated cases led to that named nothing, or to numbers that were none."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from skdistill.exceptions import MissingClassWarning
from skdistill.refine import LeafRefinement
from skdistill.teachers import AffineCalibration, TemperatureScaling
from tests.doubles import FailingRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X[:, 0] + 0.1 * RNG.normal(size=60)
CODES = np.arange(60) % 3
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
TWICE = FRAME.set_axis(["a", "b", "b"], axis=1)
WORDS = np.full((60, 1), "word")


class Reversed(StandardScaler):
    """A step that returns another number of predictions."""

    def fit(self, predictions, y, sample_weight=None):
        return self

    def transform(self, predictions):
        return predictions[::2]


VALUES = {
    "weights that are 0 in single precision": (
        {},
        {"sample_weight": np.full(60, 1e-100)},
        "finite sum above 0.*Got weights up to 1e-100. Divide",
    ),
    "a target whose squares overflow": (
        {},
        {"y": Y * 1e150},
        r"y must be below 1e\+140.*Got values up to .*e\+150. Take another unit",
    ),
    "predictions whose squares overflow": (
        {"teacher": None},
        {"teacher_predictions": Y * 1e150},
        r"teacher_predictions must be below 1e\+140",
    ),
    "no X": ({}, {"X": None}, "X must be a table.*Got NoneType"),
    "X without columns": ({}, {"X": X[:, :0]}, "X must not be empty.*0 feature"),
    "strings as y": ({}, {"y": ["a"] * 60}, "y must be an array of numbers"),
    "y without columns": ({}, {"y": X[:, :0]}, "y must be an array of numbers"),
    "strings as weights": (
        {},
        {"sample_weight": ["a"] * 60},
        "sample_weight must be an array of numbers",
    ),
    "strings as predictions": (
        {"teacher": None},
        {"teacher_predictions": ["a"] * 60},
        "teacher_predictions must be an array of numbers",
    ),
    "columns of one name": (
        {},
        {"X": TWICE},
        "columns of X must have names of their own. Got 'b' 2 times",
    ),
    "unlabeled columns of one name": (
        {},
        {"X": FRAME, "X_unlabeled": TWICE},
        "columns of X_unlabeled must have names of their own",
    ),
    "privileged columns of one name": (
        {},
        {"X": FRAME, "X_privileged": TWICE},
        "columns of X_privileged must have names of their own",
    ),
    "no unlabeled sample": (
        {},
        {"X_unlabeled": X[:0]},
        "X_unlabeled must hold at least one sample.*Leave it out",
    ),
    "unlabeled strings": (
        {},
        {"X_unlabeled": X[:3].astype(str)},
        "X and X_unlabeled must go together in one array. Got float64",
    ),
    "privileged strings": (
        {},
        {"X_privileged": WORDS},
        "X and X_privileged must go together in one array",
    ),
    "privileged columns of a cube": (
        {},
        {"X": X[:, :, None], "X_privileged": X},
        "X and X_privileged must go together in one array",
    ),
    "folds that are numbers": (
        {"cv": [1, 2]},
        {},
        "'cv' parameter.*list of .train, test.*Got 1 as fold 0",
    ),
    "folds of fractions": ({"cv": [([0.5], [1.5])]}, {}, "array of row numbers"),
    "no folds": ({"cv": []}, {}, "cv must split the 60 rows of X. Got 0 folds"),
    "folds of rows before the first": (
        {"cv": [([0], [-999])]},
        {},
        "cv must split the 60 rows of X. Got a fold with row -999",
    ),
    "a folder that no system has": (
        {"memory": "\0"},
        {},
        "'memory' parameter must be a folder.*null",
    ),
    "leaves of what has none": (
        {"refine": "leaves"},
        {},
        "'refine' parameter does not go with the student.*Use refine=None",
    ),
    "calibration of classes": (
        {"calibrate": TemperatureScaling()},
        {},
        "'calibrate' parameter must go with a regression.*Use calibrate='auto'",
    ),
    "a combination that is no step": (
        {"combine": PCA(1)},
        {},
        "'combine' parameter must be a step.*Got PCA",
    ),
    "a calibration that is no step": (
        {"calibrate": PCA(1)},
        {},
        "'calibrate' parameter must be a step.*Got PCA",
    ),
    "samples that become a number": (
        {"teacher_input": len},
        {},
        "teacher_input must return one row for each sample. Got int",
    ),
    "no teacher among several": (
        {"teacher": [("a", Ridge()), ("b", None)]},
        {},
        "teacher 'b' must follow scikit-learn.*Got None. Pass an estimator",
    ),
}


@pytest.mark.parametrize(("params", "data", "message"), VALUES.values(), ids=VALUES)
def test_a_regressor_names_what_is_wrong_before_any_work(params, data, message):
    model = DistilledRegressor(FailingRegressor(), Ridge()).set_params(**params)
    data = {"X": X, "y": Y} | data
    with pytest.raises((TypeError, ValueError), match=f"(?s){message}"):
        model.fit(**data)


CLASSES = {
    "labels of several types": (
        {},
        np.array(["a", 1] * 30, dtype=object),
        r"y must hold labels of one type.*\['int', 'str'\]",
    ),
    "calibration of values": (
        {"calibrate": AffineCalibration()},
        CODES,
        "'calibrate' parameter must go with a classification",
    ),
    "clusters as baseline": (
        {"student": KMeans(), "alpha": 0},
        CODES,
        "student of a DistilledClassifier must be a classifier.*Got KMeans.*neither",
    ),
}


@pytest.mark.parametrize(("params", "y", "message"), CLASSES.values(), ids=CLASSES)
def test_a_classifier_names_what_is_wrong(params, y, message):
    model = DistilledClassifier(GaussianNB(), GaussianNB()).set_params(**params)
    with pytest.raises((TypeError, ValueError), match=f"(?s){message}"):
        model.fit(X, y)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([1, 2], "'cv' parameter.*Got 1 as fold 0"),
        ([], "cv must split the 60 rows of X. Got 0 folds"),
        ([([0], [999])], "Got a fold with row 999: the splits were made for other"),
    ],
)
def test_a_search_names_what_is_wrong_with_its_folds(cv, message):
    with pytest.raises(ValueError, match=message):
        DistilledRegressorCV(Ridge(), Ridge(), cv=cv).fit(X, Y)


@pytest.mark.parametrize("name", ["calibrate", "combine"])
def test_a_step_that_fails_is_named_by_its_parameter(name):
    class Failing(Reversed):
        def fit(self, predictions, y, sample_weight=None):
            raise ZeroDivisionError

    teachers = [("a", Ridge()), ("b", Ridge(2))]
    model = DistilledRegressor(teachers, Ridge(), **{name: Failing()})
    with pytest.raises(ZeroDivisionError) as caught:
        model.fit(X, Y)
    notes = " ".join(caught.value.__notes__)
    assert f"while fitting the step of {name} (Failing)" in notes
    model.set_params(**{name: Reversed()})
    with pytest.raises(ValueError, match=r"must return predictions of shape \(60,\)"):
        model.fit(X, Y)


def test_a_teacher_that_does_not_take_the_unlabeled_samples_is_named():
    with pytest.raises(ValueError, match="NaN") as caught:
        DistilledRegressor(Ridge(), Ridge()).fit(X, Y, X_unlabeled=X[:3] * np.nan)
    notes = " ".join(caught.value.__notes__)
    assert "while predicting unlabeled samples with the teacher" in notes


def test_a_teacher_whose_values_overflow_is_refused():
    class Huge(Ridge):
        def predict(self, X):
            return 1e200 * super().predict(X)

    with pytest.raises(ValueError, match=r"teacher's predictions must be below 1e\+14"):
        DistilledRegressor(Huge(), Ridge()).fit(X, Y)


def test_a_callable_of_the_teachers_input_that_fails_is_named():
    model = DistilledRegressor(Ridge(), Ridge(), teacher_input=lambda X: X["a"])
    with pytest.raises(IndexError) as caught:
        model.fit(X, Y)
    assert "changing the samples by teacher_input" in caught.value.__notes__[0]


def test_a_target_near_the_limit_of_single_precision_has_a_mean():
    y = (3e38 * np.sign(Y)).astype(np.float32)
    model = DistilledRegressor(Ridge(), Ridge()).fit(X, y)
    assert model.target_mean_ == pytest.approx(y.astype(float).mean())


def test_one_sample_has_no_score():
    model = DistilledRegressor(student=Ridge())
    assert model.fit([[1.0]], [2.0], teacher_predictions=[1.0]).teacher_score_ is None


def test_a_fold_of_one_class_makes_its_teacher_certain():
    y = np.r_[np.zeros(30), np.ones(30)].astype(int)
    teacher = XGBClassifier(n_estimators=2, base_score=0.5, n_jobs=1)
    model = DistilledClassifier(teacher, LogisticRegression(), cv=KFold(2))
    with pytest.warns(MissingClassWarning):
        model.fit(X, y)
    assert model.teacher_score_ == 0
    assert np.isfinite(model.predict_proba(X)).all()


def test_columns_for_other_classes_than_the_teachers_are_refused():
    class Wide(GaussianNB):
        def predict_proba(self, X):
            return np.column_stack([super().predict_proba(X)] * 2)

    model = DistilledClassifier(Wide(), GaussianNB(), cv=KFold(3))
    with pytest.raises(ValueError, match="a column for each of its classes.*Got 4"):
        model.fit(X, np.repeat([0, 1, 2], 20))


@pytest.mark.parametrize(
    "student", [DecisionTreeClassifier(max_depth=3), RandomForestClassifier(4)]
)
def test_leaves_that_nothing_holds_are_probabilities(student):
    model = DistilledClassifier(
        GaussianNB(), student, refine=LeafRefinement(5e-324), random_state=0
    )
    for seed in range(4):
        rows = np.random.default_rng(seed).normal(size=(30, 2))
        found = clone(model).fit(rows, CODES[:30]).predict_proba(rows)
        np.testing.assert_allclose(found.sum(axis=1), 1)
