"""Bad input: every message says what is allowed, what came and what to do."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix
from sklearn import config_context
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
)
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.exceptions import MissingClassWarning
from tests.doubles import FailingRegressor, NanRegressor

X_REGRESSION, Y_REGRESSION = load_diabetes(return_X_y=True)
X_CLASSES, Y_CLASSES = load_iris(return_X_y=True)


def half(X):
    return X[::2]


REGRESSION = {
    "alpha above 1": (
        {"alpha": 1.5},
        r"'alpha' parameter.*float in the range \[0.0, 1.0\]. Got 1.5 instead",
    ),
    "alpha below 0": ({"alpha": -0.1}, r"'alpha' parameter.*\[0.0, 1.0\]. Got -0.1"),
    "temperature 0": (
        {"temperature": 0.0},
        r"'temperature' parameter.*range \(0.0, inf\). Got 0.0 instead",
    ),
    "temperature negative": ({"temperature": -1}, r"'temperature' parameter.*Got -1"),
    "cross_fit unknown": (
        {"cross_fit": "jackknife"},
        "'cross_fit' parameter.*'kfold'.*False.*Got 'jackknife' instead",
    ),
    "cross_fit true": ({"cross_fit": True}, "'cross_fit' parameter.*Got True"),
    "oob without bootstrap": (
        {"teacher": ExtraTreesRegressor(5), "cross_fit": "oob"},
        "bagged teacher.*bootstrap=True.*Got ExtraTreesRegressor.*'kfold'",
    ),
    "oob of a linear model": (
        {"cross_fit": "oob"},
        "needs a bagged teacher.*RandomForestRegressor.*Got Ridge.*Use cross_fit='kf",
    ),
    "stack of no stack": (
        {"cross_fit": "stack"},
        "needs a StackingRegressor.*Got Ridge.*Use cross_fit='kfold'",
    ),
    "prefit stack": (
        {"teacher": StackingRegressor([("r", Ridge())], cv="prefit")},
        "cv='prefit' has no out-of-fold predictions.*FrozenEstimator",
    ),
    "frozen and kfold": (
        {"teacher": FrozenEstimator(Ridge()), "cross_fit": "kfold"},
        "'auto' or False when the teacher is a FrozenEstimator.*Got 'kfold'.*unfitted",
    ),
    "frozen and oob": (
        {"teacher": FrozenEstimator(Ridge()), "cross_fit": "oob"},
        "'auto' or False when the teacher is a FrozenEstimator.*Got 'oob'",
    ),
    "frozen, other features": (
        {"teacher": FrozenEstimator(Ridge().fit(X_CLASSES, Y_CLASSES))},
        "fitted on the columns of X.*fitted on 4 features and X with 10.*Pipeline",
    ),
    "a classifier as teacher": (
        {"teacher": LogisticRegression()},
        "teacher of a DistilledRegressor must be a regressor.*Got LogisticRegression",
    ),
    "a classifier as student": (
        {"student": LogisticRegression()},
        "student of a DistilledRegressor must be a regressor.*DistilledClassifier",
    ),
    "folds that overlap": (
        {"cv": ShuffleSplit(3)},
        "each row exactly once, as KFold does.*rows held out another number",
    ),
    "folds that miss samples": ({"cv": TimeSeriesSplit(3)}, "each row exactly once"),
    "folds of other data": ({"cv": [([0], [1]), ([2], [999])]}, "row 999.*other data"),
    "stack of many folds": (
        {"teacher": StackingRegressor([("r", Ridge())], cv=20), "cross_fit": "stack"},
        "at most 10 folds. Got 20.*smaller cv.*'kfold'",
    ),
    "a frozen model inside": (
        {"teacher": VotingRegressor([("f", FrozenEstimator(Ridge()))])},
        "must not hold a frozen predictor.*as 'f'.*FrozenEstimator.teacher",
    ),
    "teacher input of a wrong kind": (
        {"teacher_input": "pca"},
        "'teacher_input' parameter.*Got 'pca' instead",
    ),
    "teacher input of other samples": (
        {"teacher_input": half},
        "must return one row for each sample. Got 221 rows for 442 samples",
    ),
    "memory of a wrong kind": ({"memory": 3}, "'memory' parameter.*Got 3 instead"),
}


@pytest.mark.parametrize(("params", "message"), REGRESSION.values(), ids=REGRESSION)
def test_a_regressor_refuses(params, message):
    model = DistilledRegressor(Ridge(), Ridge()).set_params(**params)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(X_REGRESSION, Y_REGRESSION)


CLASSIFICATION = {
    "teacher without probabilities": (
        {"teacher": LinearRegression()},
        "predict_proba or decision_function.*Got LinearRegression.*Use a classifier",
    ),
    "student without weights": (
        {"student": GaussianProcessClassifier()},
        "fit takes sample_weight.*Got GaussianProcessCl.*without sample_weight.*logits",
    ),
    "student that is no predictor of classes": (
        {"student": KMeans()},
        "must be a classifier.*or a regressor. Got KMeans.*neither",
    ),
    "frozen, other classes": (
        {"teacher": FrozenEstimator(GaussianNB().fit(X_CLASSES, Y_CLASSES + 1))},
        r"all the classes in y.*\[1, 2, 3\] and y with classes \[0, 1, 2\].*Refit",
    ),
    "frozen, fewer classes": (
        {"teacher": FrozenEstimator(GaussianNB().fit(X_CLASSES, Y_CLASSES > 0))},
        r"all the classes in y.*\[False, True\]",
    ),
    "a search as student": (
        {"student": GridSearchCV(GaussianNB(), {})},
        "must not split its training rows.*Got GridSearchCV.*student__",
    ),
    "early stopping on duplicates": (
        {"student": SGDClassifier(early_stopping=True)},
        "must not split its training rows.*Got early_stopping=True.*HistGradient",
    ),
    "early stopping of boosting": (
        {"student": GradientBoostingClassifier(loss="exponential", n_iter_no_change=3)},
        "must not split its training rows.*Got n_iter_no_change.*HistGradient",
    ),
    "calibration on duplicates": (
        {"student": SVC(probability=True)},
        "must not split its training rows.*Got probability=True",
    ),
    "bags of duplicates": (
        {"student": BaggingClassifier(oob_score=True)},
        "must not split its training rows.*Got oob_score",
    ),
    "a member that stops early": (
        {"student": VotingClassifier([("a", SGDClassifier(early_stopping=True))])},
        "must not split its training rows.*Got early_stopping=True",
    ),
    "one-vs-one decisions": (
        {"teacher": SVC(decision_function_shape="ovo")},
        "one value a class. Got decision_function_shape='ovo'.*Use 'ovr'",
    ),
    "soften unknown": (
        {"soften": "student"},
        "'soften' parameter.*'teacher'.*Got 'student' instead",
    ),
    "prediction type unknown": (
        {"prediction_type": "odds"},
        "'prediction_type' parameter.*'logits'.*Got 'odds' instead",
    ),
    "frozen student": (
        {"student": FrozenEstimator(GaussianNB())},
        "student must be trainable. Got a FrozenEstimator.*Pass the estimator",
    ),
    "frozen and kfold": (
        {
            "teacher": FrozenEstimator(GaussianNB().fit(X_CLASSES, Y_CLASSES)),
            "cross_fit": "kfold",
        },
        "'auto' or False.*Got 'kfold'",
    ),
}


@pytest.mark.parametrize(
    ("params", "message"), CLASSIFICATION.values(), ids=CLASSIFICATION
)
def test_a_classifier_refuses(params, message):
    model = DistilledClassifier(GaussianNB(), GaussianNB()).set_params(**params)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(X_CLASSES, Y_CLASSES)


@pytest.mark.parametrize("cls", [DistilledRegressor, DistilledClassifier])
def test_an_unfitted_frozen_teacher_is_refused(cls):
    part = Ridge() if cls is DistilledRegressor else GaussianNB()
    model = cls(FrozenEstimator(part), part)
    with pytest.raises(NotFittedError, match="must hold a fitted.*Fit it first"):
        model.fit(X_CLASSES, Y_CLASSES)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.r_[-1.0, np.ones(149)], "must not be negative.*1 negative"),
        (np.zeros(150), "at least one weight above zero.*all of them zero"),
        (np.ones(3), "one number for each of the 150 rows"),
    ],
)
@pytest.mark.parametrize("cls", [DistilledRegressor, DistilledClassifier])
def test_bad_weights_are_refused(cls, weight, message):
    part = Ridge() if cls is DistilledRegressor else GaussianNB()
    with pytest.raises(ValueError, match=message):
        cls(part, part).fit(X_CLASSES, Y_CLASSES, sample_weight=weight)


def test_weights_for_a_teacher_without_them_are_refused_not_dropped():
    model = DistilledRegressor(KNeighborsRegressor(), Ridge())
    with pytest.raises(ValueError, match="teacher must accept sample_weight.*KNeighb"):
        model.fit(X_REGRESSION, Y_REGRESSION, sample_weight=np.ones(442))


def test_weights_for_a_student_without_them_are_refused_not_dropped():
    model = DistilledRegressor(Ridge(), KNeighborsRegressor())
    with pytest.raises(ValueError, match="student must accept sample_weight.*KNeighb"):
        model.fit(X_REGRESSION, Y_REGRESSION, sample_weight=np.ones(442))


@pytest.mark.parametrize("cls", [DistilledRegressor, DistilledClassifier])
def test_nan_in_y_is_refused(cls):
    part = Ridge() if cls is DistilledRegressor else GaussianNB()
    y = Y_CLASSES.astype(float)
    y[3] = np.nan
    with pytest.raises(ValueError, match="Input y contains NaN"):
        cls(part, part).fit(X_CLASSES, y)


def test_one_class_is_refused():
    model = DistilledClassifier(GaussianNB(), GaussianNB())
    with pytest.raises(ValueError, match="at least two classes.*Got one class: .*7"):
        model.fit(X_CLASSES, np.full(150, 7))


def test_classes_of_weight_zero_do_not_count():
    model = DistilledClassifier(GaussianNB(), GaussianNB())
    with pytest.raises(ValueError, match="at least two classes with weight above zero"):
        model.fit(X_CLASSES, Y_CLASSES, sample_weight=(Y_CLASSES == 1) * 1.0)


def test_a_class_that_nobody_teaches_is_refused():
    # One far sample of a class: the teacher that predicts it never saw the class.
    y = np.where(np.arange(150) == 0, 9, Y_CLASSES)
    X = np.where(np.arange(150)[:, None] == 0, 1000.0, X_CLASSES)
    cv = KFold(3, shuffle=True, random_state=0)
    model = DistilledClassifier(
        DecisionTreeClassifier(),
        GaussianNB(),
        alpha=1,
        cv=cv,
        transfer=None,
        calibrate=None,
    )
    with (
        pytest.warns(MissingClassWarning, match=r"no row of class \[9\]"),
        pytest.raises(
            ValueError, match=r"part in the student's target.*\[9\].*below 1"
        ),
    ):
        model.fit(X, y)


def test_a_fold_without_a_class_is_warned_of():
    y = np.where(np.arange(150) == 0, 9, Y_CLASSES)
    model = DistilledClassifier(
        GaussianNB(), GaussianNB(), cv=KFold(3, shuffle=True, random_state=0)
    )
    with pytest.warns(MissingClassWarning, match=r"no row of class \[9\].*stratified"):
        model.fit(X_CLASSES, y)
    assert 9 in model.classes_


def test_students_are_checked_before_the_teacher_is_fitted():
    model = DistilledClassifier(FailingRegressor(), GaussianProcessClassifier())
    model.set_params(teacher=RandomForestClassifier(n_estimators=-1))
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(X_CLASSES, Y_CLASSES)


@pytest.mark.parametrize(
    ("cross_fit", "note"),
    [
        ("kfold", "This was raised while fitting the teacher on fold 0."),
        (False, "This was raised while fitting the teacher (FailingRegressor)."),
    ],
)
def test_a_failing_teacher_keeps_its_error_and_is_named(cross_fit, note):
    model = DistilledRegressor(FailingRegressor(), Ridge(), cross_fit=cross_fit)
    with pytest.raises(ZeroDivisionError, match="the teacher's own error") as caught:
        model.fit(X_REGRESSION, Y_REGRESSION)
    assert note in caught.value.__notes__


def test_a_failing_student_keeps_its_error_and_is_named():
    model = DistilledRegressor(Ridge(), FailingRegressor())
    with pytest.raises(ZeroDivisionError) as caught:
        model.fit(X_REGRESSION, Y_REGRESSION)
    assert caught.value.__notes__ == [
        "This was raised while fitting the student (FailingRegressor)."
    ]


def test_stored_predictions_serve_no_eval_set():
    p = GaussianNB().fit(X_CLASSES, Y_CLASSES).predict_proba(X_CLASSES)
    with config_context(enable_metadata_routing=True):
        student = XGBClassifier(n_estimators=5, early_stopping_rounds=2, n_jobs=1)
        model = DistilledClassifier(student=student.set_fit_request(eval_set=True))
        with pytest.raises(
            ValueError, match="eval_set, and its predictions for X alone"
        ):
            model.fit(
                X_CLASSES,
                Y_CLASSES,
                teacher_predictions=p,
                eval_set=[(X_CLASSES, Y_CLASSES)],
            )


def test_metadata_without_routing_is_refused():
    model = DistilledRegressor(Ridge(), Ridge())
    with pytest.raises((TypeError, ValueError), match="groups"):
        model.fit(X_REGRESSION, Y_REGRESSION, groups=np.zeros(442))


def test_groups_that_did_not_come_are_missed_by_the_splitter():
    model = DistilledRegressor(Ridge(), Ridge(), cv=GroupKFold(3))
    with pytest.raises(ValueError, match="'groups' parameter should not be None"):
        model.fit(X_REGRESSION, Y_REGRESSION)


def test_too_few_samples_for_the_folds_are_refused():
    model = DistilledRegressor(Ridge(), Ridge(), cv=5)
    with pytest.raises(ValueError, match="n_splits=5 greater than.*n_samples=3"):
        model.fit(X_REGRESSION[:3], Y_REGRESSION[:3])


def test_a_teacher_that_predicts_nan_is_named():
    model = DistilledRegressor(NanRegressor(), Ridge())
    with pytest.raises(ValueError, match="finite.*Got 442 NaN.*row 0") as caught:
        model.fit(X_REGRESSION, Y_REGRESSION)
    assert "fitting the teacher" in caught.value.__notes__[0]


def test_a_fit_that_fails_leaves_no_student_of_other_data():
    model = DistilledRegressor(Ridge(), Ridge()).fit(X_REGRESSION, Y_REGRESSION)
    model.set_params(student=FailingRegressor())
    with pytest.raises(ZeroDivisionError):
        model.fit(X_REGRESSION, 1000 * Y_REGRESSION)
    with pytest.raises(NotFittedError):
        model.predict(X_REGRESSION)


def test_nothing_given_is_changed():
    teacher, student = DecisionTreeClassifier(), DecisionTreeClassifier()
    before = repr(teacher), repr(student), clone(teacher).get_params()
    DistilledClassifier(teacher, student, random_state=0).fit(X_CLASSES, Y_CLASSES)
    assert (repr(teacher), repr(student), teacher.get_params()) == before
    assert not hasattr(teacher, "tree_")


def test_a_fit_that_fails_leaves_nothing_of_an_earlier_one():
    X, y = load_diabetes(return_X_y=True)
    model = DistilledRegressor(Ridge(), Ridge()).fit(X, y)
    model.set_params(teacher=FailingRegressor())
    with pytest.raises(ZeroDivisionError):
        model.fit(X[:, :3], y)
    left = {name for name in vars(model) if name.endswith("_")} - {"fit_seconds_"}
    assert left == {"n_features_in_"}
    assert not hasattr(model, "_teacher")


MASK = np.zeros((442, 10), dtype=bool)
MASK[3, 2] = True
DAYS = np.datetime64("2020-01-01") + np.arange(442)
UNUSUAL = {
    "masked X": ({"X": lambda X: np.ma.array(X, mask=MASK)}, "X.* no masked cells"),
    "masked y": (
        {"y": lambda y: np.ma.array(y, mask=MASK[:, 2])},
        "y must have no masked cells. Got 1",
    ),
    "sparse y": ({"y": lambda y: csr_matrix(y[:, None])}, r"Use y\.toarray"),
    "times as y": ({"y": lambda y: DAYS}, "y must be numeric. Got times.*seconds"),
    "durations as y": ({"y": lambda y: DAYS - DAYS[0]}, "y must be numeric. Got times"),
    "weights without a sum": (
        {"sample_weight": lambda _: np.full(442, 1e307)},
        "finite sum.*single precision.*Got weights up to 1e.307. Divide",
    ),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_data_that_would_be_misread_are_refused(name):
    changes, message = UNUSUAL[name]
    X, y = load_diabetes(return_X_y=True)
    data = {"X": X, "y": y, "sample_weight": None}
    data |= {key: change(data[key]) for key, change in changes.items()}
    with pytest.raises((TypeError, ValueError), match=message):
        DistilledRegressor(Ridge(), Ridge()).fit(**data)


def test_a_masked_array_without_masked_cells_is_an_array():
    X, y = load_diabetes(return_X_y=True)
    model = DistilledRegressor(Ridge(), Ridge(), random_state=0)
    expected = clone(model).fit(X, y).predict(X)
    assert_array_equal(model.fit(np.ma.array(X), y).predict(X), expected)


def test_a_temperature_by_which_predictions_overflow_is_named():
    X, y = load_iris(return_X_y=True)
    distilled = DistilledRegressor(Ridge(), temperature=5e-324, random_state=0)
    with pytest.raises(ValueError, match="'temperature' parameter.*nearer to 1"):
        distilled.fit(X, y)
    fitted = distilled.set_params(temperature=1e-100).fit(X, y)
    assert np.isfinite(fitted.predict(X)).all()


def test_at_the_least_temperature_the_class_that_the_teacher_chooses_is_learned():
    X, y = load_iris(return_X_y=True)
    student = DecisionTreeClassifier(random_state=0)
    distilled = DistilledClassifier(
        FrozenEstimator(GaussianNB().fit(X, y)),
        student,
        alpha=1.0,
        temperature=5e-324,
        transfer=None,
        calibrate=None,
    ).fit(X, y)
    expected = distilled.teacher_.predict(X)
    assert_array_equal(distilled.predict_proba(X), np.eye(3)[expected])


@pytest.mark.parametrize(
    "change", [lambda p: p[:-1], lambda p: p[:1], lambda p: p[:, None, None]]
)
def test_predictions_of_a_wrong_length_are_refused(change, monkeypatch):
    X, y = load_diabetes(return_X_y=True)

    class Teacher(Ridge):
        def predict(self, X):
            return change(super().predict(X))

    with pytest.raises(ValueError, match=r"Teacher must predict once.*are 89\. Got"):
        DistilledRegressor(Teacher(), Ridge(), random_state=0).fit(X, y)


def test_predictions_of_other_outputs_or_classes_are_refused():
    class Wide(Ridge):
        def predict(self, X):
            return np.column_stack([super().predict(X)] * 3)

    class MoreClasses(GaussianNB):
        def predict_proba(self, X):
            return np.column_stack([super().predict_proba(X), np.zeros(len(X))])

    with pytest.raises(ValueError, match=r"shape \(442,\). Got shape \(442, 3\)"):
        DistilledRegressor(Wide(), Ridge()).fit(*load_diabetes(return_X_y=True))
    with pytest.raises(ValueError, match=r"shape \(150, 3\). Got shape \(150, 4\)"):
        DistilledClassifier(MoreClasses()).fit(*load_iris(return_X_y=True))
