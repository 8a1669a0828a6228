"""What teachers and students must be, and how a class that is not is put right."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledClassifierCV, DistilledRegressor

X_VALUES, VALUES = load_diabetes(return_X_y=True)
X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]


def code():
    return OutputCodeClassifier(DecisionTreeClassifier(random_state=0), random_state=0)


def hard():
    return VotingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier())])


VOTES = r"Got VotingClassifier.*Use voting='soft'.*members that have predict_proba"
COUNTED = "Got OutputCodeClassifier.*Wrap it in BaggingClassifier"
WITHOUT = {
    "hard votes": (hard(), VOTES),
    "hard votes in a pipeline": (make_pipeline(StandardScaler(), hard()), VOTES),
    "hard votes in a search": (GridSearchCV(hard(), {}), VOTES),
    "hard votes, calibrated": (CalibratedClassifierCV(hard()), VOTES),
    "soft votes of a member without": (
        VotingClassifier([("a", RidgeClassifier())], voting="soft"),
        VOTES,
    ),
    "output codes": (code(), COUNTED),
    "output codes in a search": (GridSearchCV(code(), {}), COUNTED),
    "output codes, calibrated": (CalibratedClassifierCV(code()), COUNTED),
    "output codes, one against the rest": (OneVsRestClassifier(code()), COUNTED),
    "output codes at the end of a stack": (
        StackingClassifier([("a", GaussianNB())], code()),
        COUNTED,
    ),
    "a regressor": (LinearRegression(), "Got LinearRegression.*DistilledRegressor"),
    "clusters": (KMeans(3), "Got KMeans.*Use a classifier"),
}


@pytest.mark.parametrize(("teacher", "message"), WITHOUT.values(), ids=WITHOUT)
def test_a_teacher_without_probabilities_is_told_the_remedy(teacher, message):
    model = DistilledClassifier(teacher, GaussianNB())
    expected = f"(?s)must have predict_proba or decision_function.*{message}"
    with pytest.raises(ValueError, match=expected):
        model.fit(X, Y)


@pytest.mark.parametrize(
    "teacher",
    [
        hard().set_params(voting="soft"),
        hard().set_params(voting="soft", b="drop"),
        BaggingClassifier(code(), 20, random_state=0),
        BaggingClassifier(hard(), 20, random_state=0),
        VotingClassifier(
            [("a", StackingClassifier([("b", GaussianNB())]))], voting="soft"
        ),
        CalibratedClassifierCV(RidgeClassifier()),
        CalibratedClassifierCV(),
    ],
)
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.PoorTeacherWarning")
def test_the_remedies_work(teacher):
    model = DistilledClassifier(teacher, GaussianNB(), random_state=0).fit(X, NAMES)
    assert model.score(X, NAMES) > 0.9


class Mean:
    """Predicts the mean, and follows scikit-learn only as far as its heirs do."""

    def fit(self, X, y):
        self.mean_ = np.mean(y, axis=0)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


class MixinLast(BaseEstimator, RegressorMixin, Mean):
    pass


class NoMixin(BaseEstimator, Mean):
    pass


class Derived(RegressorMixin, NoMixin):
    pass


class Prior:
    """Predicts the class frequencies."""

    def fit(self, X, y, sample_weight=None):
        self.classes_, codes = np.unique(y, return_inverse=True)
        count = np.bincount(codes, sample_weight)
        self.prior_ = count / count.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.prior_, (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class PriorMixinLast(BaseEstimator, ClassifierMixin, Prior):
    pass


class PriorNoMixin(BaseEstimator, Prior):
    pass


KINDLESS = {
    "mixin last": (
        MixinLast(),
        r"lists RegressorMixin after BaseEstimator.*MixinLast\(RegressorMixin, Base",
    ),
    "no mixin": (
        NoMixin(),
        r"lacks the mixin.*derive it from RegressorMixin.*MyNoMixin\(RegressorMixin, N",
    ),
    "in a pipeline": (
        make_pipeline(StandardScaler(), NoMixin()),
        "lacks the mixin.*RegressorMixin",
    ),
    "nothing": (
        Mean(),
        r"must follow scikit-learn.*class MyMean\(RegressorMixin, Base",
    ),
    "a class": (Ridge, "must follow scikit-learn: be an instance, not a class"),
}


@pytest.mark.parametrize("part", ["teacher", "student"])
@pytest.mark.parametrize(("estimator", "message"), KINDLESS.values(), ids=KINDLESS)
def test_a_regressor_that_does_not_say_so_is_told_the_mixin(part, estimator, message):
    model = DistilledRegressor(Ridge(), Ridge()).set_params(**{part: estimator})
    with pytest.raises(ValueError, match=f"(?s)The {part}.*{message}"):
        model.fit(X_VALUES, VALUES)


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.PoorTeacherWarning")
def test_a_derived_class_is_what_the_message_says_it_is():
    model = DistilledRegressor(Derived(), Derived(), random_state=0)
    assert_allclose(
        model.fit(X_VALUES, VALUES).predict(X_VALUES), VALUES.mean(), rtol=0.1
    )


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (PriorMixinLast(), r"ClassifierMixin after BaseEst.*PriorMixinLast\(Classif"),
        (PriorNoMixin(), r"from ClassifierMixin or Reg.*MyPriorNoMixin\(Classifi"),
        (NoMixin(), "derive it from ClassifierMixin or RegressorMixin"),
        (Prior(), "must follow scikit-learn.*or ClassifierMixin in its place"),
        (KMeans(), "neither"),
    ],
)
def test_a_student_of_classes_that_does_not_say_what_it_is(student, message):
    model = DistilledClassifier(GaussianNB(), student)
    with pytest.raises(ValueError, match=f"(?s)The student.*{message}"):
        model.fit(X, Y)


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.PoorTeacherWarning")
@pytest.mark.parametrize("teacher", [PriorMixinLast(), PriorNoMixin()])
def test_a_teacher_of_classes_need_not_say_what_it_is(teacher):
    model = DistilledClassifier(teacher, GaussianNB(), random_state=0).fit(X, Y)
    assert model.predict_proba(X).shape == (150, 3)


class Normal:
    """A distribution with a `fit`, as NGBoost's are."""

    @staticmethod
    def fit(y):
        return np.mean(y), np.std(y)


class Bounds:
    """An object with a `fit` that is no estimator."""

    def fit(self, y):
        return np.min(y), np.max(y)


class DistRegressor(RegressorMixin, BaseEstimator):
    """Holds things that have a `fit` and are no estimators."""

    def __init__(self, estimator=Normal, dist=Normal, base=Ridge, bounds=None):
        self.estimator = estimator
        self.dist = dist
        self.base = base
        self.bounds = bounds

    def fit(self, X, y, sample_weight=None):
        self.model_ = self.base().fit(X, y, sample_weight)
        return self

    def predict(self, X):
        return self.model_.predict(X)


class DistClassifier(ClassifierMixin, BaseEstimator):
    """The same for classes."""

    def __init__(self, estimator=Normal, dist=Normal, base=GaussianNB, bounds=None):
        self.estimator = estimator
        self.dist = dist
        self.base = base
        self.bounds = bounds

    def fit(self, X, y, sample_weight=None):
        self.model_ = self.base().fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)

    def predict(self, X):
        return self.model_.predict(X)


@pytest.mark.parametrize("bounds", [None, Bounds(), Bounds])
def test_parameters_with_a_fit_that_are_no_estimators(bounds):
    part = DistRegressor(bounds=bounds)
    weight = np.ones(442)
    model = DistilledRegressor(part, part, random_state=0)
    assert model.fit(X_VALUES, VALUES, weight).score(X_VALUES, VALUES) > 0.4
    part = DistClassifier(bounds=bounds)
    model = DistilledClassifier(part, part, random_state=0)
    assert model.fit(X, Y, np.ones(150)).score(X, Y) > 0.9


class ColumnLabels(GaussianNB):
    """Predicts a column of labels, as CatBoost does for three classes or more."""

    def predict(self, X):
        return super().predict(X)[:, None]


class ColumnValues(Ridge):
    """Predicts a column of values, as networks of other libraries do."""

    def predict(self, X):
        return np.reshape(super().predict(X), (-1, 1))


def test_labels_in_a_column_are_labels():
    model = DistilledClassifier(ColumnLabels(), ColumnLabels(), random_state=0)
    model.fit(X, NAMES)
    assert model.predict(X).shape == (150,)
    expected = DistilledClassifier(GaussianNB(), GaussianNB(), random_state=0)
    assert_array_equal(model.predict(X), expected.fit(X, NAMES).predict(X))
    assert model.score(X, NAMES) > 0.9


def test_labels_in_a_column_are_scored_in_a_search():
    search = DistilledClassifierCV(
        GaussianNB(), ColumnLabels(), alphas=(0.5,), scoring="accuracy", random_state=0
    ).fit(X, NAMES)
    assert search.best_score_ > 0.9
    assert search.predict(X).shape == (150,)


@pytest.mark.parametrize("rescale", [True, False])
def test_values_in_a_column_are_values(rescale):
    model = DistilledRegressor(
        ColumnValues(), ColumnValues(), rescale=rescale, temperature=2, random_state=0
    ).fit(X_VALUES, VALUES)
    assert model.predict(X_VALUES).shape == (442,)
    several = DistilledRegressor(Ridge(), Ridge(), rescale=rescale, random_state=0)
    several.fit(X_VALUES, np.c_[VALUES, VALUES])
    assert several.predict(X_VALUES[:3]).shape == (3, 2)


@pytest.mark.parametrize("student", [None, Ridge(), DecisionTreeRegressor(max_depth=3)])
def test_the_default_teacher_has_one_output(student):
    model = DistilledRegressor(None, student, random_state=0)
    with pytest.raises(ValueError, match=r"default teacher predicts one.*\(442, 2\)"):
        model.fit(X_VALUES, np.c_[VALUES, VALUES])
    assert not model.__sklearn_tags__().target_tags.multi_output


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.PoorTeacherWarning")
def test_one_column_of_labels_is_one_output_to_the_default_teacher():
    rows = slice(0, 80)
    model = DistilledRegressor(None, Ridge(), random_state=0)
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model.fit(X_VALUES[rows], VALUES[rows, None])
    flat = DistilledRegressor(None, Ridge(), random_state=0)
    flat.fit(X_VALUES[rows], VALUES[rows])
    assert_array_equal(model.predict(X_VALUES), flat.predict(X_VALUES))


def test_the_default_student_has_one_output():
    model = DistilledRegressor(Ridge())
    with pytest.raises(ValueError, match="default student predicts one output"):
        model.fit(X_VALUES, np.c_[VALUES, VALUES])


def test_stored_predictions_may_have_several_outputs():
    both = np.c_[VALUES, -VALUES]
    stored = Ridge().fit(X_VALUES, both).predict(X_VALUES)
    model = DistilledRegressor(None, ExtraTreesRegressor(5), random_state=0)
    model.fit(X_VALUES, both, teacher_predictions=stored)
    assert model.predict(X_VALUES).shape == (442, 2)


@pytest.mark.parametrize("part", ["teacher", "student"])
@pytest.mark.parametrize("cls", [MultiOutputRegressor, RegressorChain])
def test_parts_of_several_outputs_alone_are_refused_for_one(part, cls):
    model = DistilledRegressor(Ridge(), Ridge()).set_params(**{part: cls(Ridge())})
    with pytest.raises(ValueError, match=f"(?s)The {part} must predict one.*it holds"):
        model.fit(X_VALUES, VALUES)


@pytest.mark.parametrize("cls", [MultiOutputClassifier, ClassifierChain])
def test_students_of_several_labels_are_refused(cls):
    model = DistilledClassifier(GaussianNB(), cls(LogisticRegression()))
    with pytest.raises(ValueError, match="(?s)student must predict one.*it holds"):
        model.fit(X, Y)


FRAME = pd.DataFrame(X_VALUES[:60], columns=list("abcdefghij"))
OTHER = {
    "text": np.where(VALUES[:60] > 100, "high", "low"),
    "category": pd.Categorical(np.where(VALUES[:60] > 100, "high", "low")),
    "times": pd.date_range("2020-01-01", periods=60),
    "durations": pd.to_timedelta(np.arange(60), unit="h"),
}


@pytest.mark.parametrize("cells", OTHER.values(), ids=OTHER)
def test_the_default_teacher_says_that_it_needs_numbers(cells):
    student = HistGradientBoostingRegressor(
        categorical_features="from_dtype", max_iter=5
    )
    frame = FRAME.assign(where=cells)
    with pytest.raises(ValueError, match=r"default teacher.*1 columns: \['where'\]"):
        DistilledRegressor(None, student).fit(frame, VALUES[:60])


def test_an_array_of_text_is_no_array_of_numbers_to_the_default_teacher():
    cells = X_VALUES[:60].astype(object)
    cells[:, 1] = "high"
    with pytest.raises(ValueError, match=r"needs numbers.*1 columns: \[1\].*Encode"):
        DistilledRegressor(None, Ridge()).fit(cells, VALUES[:60])


NUMBERS = {
    "booleans": VALUES[:60] > 100,
    "missing integers": pd.array([None, *range(59)], dtype="Int64"),
    "categories of numbers": pd.Categorical((VALUES[:60] > 100).astype(int)),
    "numbers as text": [str(number) for number in range(60)],
}


@pytest.mark.parametrize("cells", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.filterwarnings("ignore::skdistill.exceptions.PoorTeacherWarning")
def test_the_default_teacher_takes_all_that_can_be_read_as_numbers(cells):
    student = DecisionTreeRegressor(max_depth=3)
    model = DistilledRegressor(None, student, transfer=None, random_state=0)
    assert np.isfinite(model.fit(FRAME.assign(more=cells), VALUES[:60]).teacher_score_)
