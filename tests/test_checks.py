import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from skdistill.checks import check_sampler, check_student
from skdistill.students import fit_soft_labels, register

pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")


@pytest.mark.parametrize(
    "student",
    [
        XGBClassifier(n_estimators=5, n_jobs=1),
        LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1),
        KNeighborsClassifier(),
        GaussianNB(),
        DecisionTreeClassifier(random_state=0),
        LogisticRegression(max_iter=1000),
    ],
)
def test_students_with_a_way_of_learning_pass(student):
    check_student(student)


class _Tree(ClassifierMixin, BaseEstimator):
    """A decision tree of another library."""

    def fit(self, X, y):
        self.tree_ = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, y)
        self.classes_ = self.tree_.classes_
        return self

    def predict_proba(self, X):
        return self.tree_.predict_proba(X)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class HardLabels(_Tree):
    """Its way of learning forgets that the labels are soft."""


class Reversed(_Tree):
    """Its way of learning gets the order of the classes wrong."""


def fit_argmax(student, X, labels, classes, *, y, sample_weight, fit_params):
    return student.fit(X, classes[labels.mixed.argmax(axis=1)])


def fit_reversed(student, X, labels, classes, *, y, sample_weight, fit_params):
    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    student.tree_ = fit_soft_labels(tree, X, y, labels, classes)
    student.classes_ = classes[::-1]
    return student


@pytest.mark.parametrize(
    ("student", "fit", "message"),
    [
        (HardLabels(), fit_argmax, "predictions as sure"),
        (Reversed(), fit_reversed, "labels are not the likeliest"),
    ],
)
def test_wrong_ways_of_learning_are_found(student, fit, message):
    register(type(student), fit)
    with pytest.raises(AssertionError, match=message) as caught:
        check_student(student)
    assert "by the check that" in caught.value.__notes__[-1]


NUMBERS = np.random.default_rng(0).normal(size=(100, 3)).round(2) + 0.0


@pytest.mark.parametrize("sampler", [GaussianMixture(2), KernelDensity()])
@pytest.mark.parametrize("as_frame", [False, True])
def test_density_models_are_samplers_of_numbers(sampler, as_frame):
    check_sampler(sampler, pd.DataFrame(NUMBERS) if as_frame else NUMBERS)


class Bootstrap(BaseEstimator):
    """A right sampler, for others to go wrong in one thing."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X):
        self.X_ = X
        return self

    def sample(self, n_samples=1):
        return self.X_.sample(
            n_samples,
            replace=True,
            random_state=self.random_state,
            ignore_index=True,
        )


class FitsNothing(Bootstrap):
    def fit(self, X):
        super().fit(X)


class ChangesTheData(Bootstrap):
    def fit(self, X):
        X["count"] += 1
        return super().fit(X)


class TooFew(Bootstrap):
    def sample(self, n_samples=1):
        return super().sample(n_samples - 1)


class Shifts(Bootstrap):
    def sample(self, n_samples=1):
        return super().sample(n_samples).assign(number=lambda X: X["number"] + 100)


class MakesFloats(Bootstrap):
    def sample(self, n_samples=1):
        return super().sample(n_samples).astype({"count": float})


class MakesHoles(Bootstrap):
    def sample(self, n_samples=1):
        return super().sample(n_samples).assign(number=np.nan)


class Invents(Bootstrap):
    def sample(self, n_samples=1):
        return super().sample(n_samples).assign(text="never seen")


class Forgets(Bootstrap):
    def sample(self, n_samples=1):
        return self.X_.sample(n_samples, replace=True, ignore_index=True)


class Repeats(Bootstrap):
    def sample(self, n_samples=1):
        return self.X_.sample(n_samples, replace=True, random_state=3)


@pytest.mark.parametrize(
    ("sampler", "error", "message"),
    [
        (FitsNothing(), AssertionError, "fit returns something else"),
        (ChangesTheData(), AssertionError, "X was changed"),
        (TooFew(), ValueError, "must draw 200 rows"),
        (Shifts(), AssertionError, "'number' leaves the range"),
        (MakesFloats(), ValueError, "same dtypes"),
        (MakesHoles(), AssertionError, "'number' has missing cells"),
        (Invents(), AssertionError, "'text' holds what it did not"),
        (Forgets(), AssertionError, "the same seed gives other rows"),
        (Repeats(), AssertionError, "another seed gives the same rows"),
    ],
)
def test_wrong_samplers_are_found(sampler, error, message):
    check_sampler(Bootstrap())
    with pytest.raises(error, match=message) as caught:
        check_sampler(sampler)
    assert "by the check that" in caught.value.__notes__[-1]


def test_fractions_of_whole_numbers_are_found():
    class Halves(Bootstrap):
        def sample(self, n_samples=1):
            return super().sample(n_samples) / 2 + 1

    with pytest.raises(AssertionError, match="'a' has fractions"):
        check_sampler(Halves(), pd.DataFrame({"a": np.arange(2.0, 50)}))


def test_a_regressor_is_no_classifier():
    with pytest.raises(AssertionError, match="not a classifier"):
        check_student(LinearRegression())


def test_the_tolerance_is_the_callers():
    with pytest.raises(AssertionError, match="differ by up to"):
        check_student(XGBClassifier(n_estimators=50, n_jobs=1), atol=1e-12)
