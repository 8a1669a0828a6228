import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KernelDensity, KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRegressor

from skdistill.checks import check_sampler, check_signal_step, check_student
from skdistill.students import (
    StudentAdapter,
    ValueCounts,
    find_adapter,
    fit_on_target,
    register,
)

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
        GradientBoostingClassifier(n_estimators=5, random_state=0),
        make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=5)),
        RandomForestClassifier(5, max_depth=3, random_state=0),
        XGBRegressor(n_estimators=5, n_jobs=1),
        LGBMRegressor(n_estimators=5, n_jobs=1, verbose=-1),
        HistGradientBoostingRegressor(max_iter=5),
        make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=5)),
        ExtraTreesRegressor(5, max_depth=3, random_state=0),
        KNeighborsRegressor(),
        PoissonRegressor(),
        Ridge(),
    ],
)
def test_students_that_are_known_pass(student):
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


class TakesTheLikeliest(StudentAdapter):
    """Its training forgets that the target is a distribution."""

    trains_natively = True

    def fit(self, student, X, target, fit_params, eval_targets=()):
        return student.fit(X, target.classes[target.mixed.argmax(axis=1)])


class Reverses(StudentAdapter):
    """Its training gets the order of the classes wrong."""

    trains_natively = True

    def fit(self, student, X, target, fit_params, eval_targets=()):
        tree = DecisionTreeClassifier(max_depth=4, random_state=0)
        student.tree_ = fit_on_target(tree, X, target)
        student.classes_ = target.classes[::-1]
        return student


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        (TakesTheLikeliest(), "predictions as sure"),
        (Reverses(), "labels are not the likeliest"),
    ],
)
def test_wrong_training_is_found(adapter, message):
    class Tree(_Tree):
        pass

    register(Tree, adapter)
    with pytest.raises(AssertionError, match=message) as caught:
        check_student(Tree())
    assert "by the check that" in caught.value.__notes__[-1]


class Labels(StudentAdapter):
    """Its training forgets the teacher."""

    trains_natively = True

    def fit(self, student, X, target, fit_params, eval_targets=()):
        return student.fit(X, target.labels)


class Halves(StudentAdapter):
    """Its training halves the target."""

    trains_natively = True

    def fit(self, student, X, target, fit_params, eval_targets=()):
        return student.fit(X, target.mixed / 2)


@pytest.mark.parametrize(
    ("adapter", "message"),
    [(Labels(), "the labels are closer"), (Halves(), "predictions differ by up to")],
)
def test_wrong_training_of_values_is_found(adapter, message):
    class Forest(RandomForestRegressor):
        pass

    register(Forest, adapter)
    with pytest.raises(AssertionError, match=message):
        check_student(Forest(5, random_state=0))


KNOWN = find_adapter(GradientBoostingRegressor())


class WrongStart(KNOWN.leaves):
    """Its raw predictions are not those of the model."""

    def raw(self, X):
        return super().raw(X) + 1.0


class Overshoots(KNOWN.leaves):
    """It corrects the leaves too far."""

    def corrected(self, correction):
        return super().corrected(1.1 * correction)


class Boosting(GradientBoostingRegressor):
    pass


class Miscounts(type(KNOWN)):
    def count_values(self, model):
        return ValueCounts(leaves=super().count_values(model).leaves + 1)


class StopsTooSoon(type(KNOWN)):
    def stages(self, model, X, method):
        return iter(list(super().stages(model, X, method))[:-1])


@pytest.mark.parametrize(
    ("adapter", "message", "note"),
    [
        (type(KNOWN)(WrongStart), "differ", "infinite strength gives the model"),
        (type(KNOWN)(Overshoots), "differ", "refined leaves lower the loss"),
        (Miscounts(KNOWN.leaves), "leaves refined", "leaves that are counted"),
        (StopsTooSoon(KNOWN.leaves), "differ", "the last stage is what predict gives"),
    ],
)
def test_what_an_adapter_gets_wrong_is_found(adapter, message, note):
    register(Boosting, adapter)
    with pytest.raises(AssertionError, match=message) as caught:
        check_student(Boosting(n_estimators=5, random_state=0))
    assert note in caught.value.__notes__[-1]


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


class Centre(BaseEstimator):
    """A step that moves predictions to the mean of the labels."""

    def fit(self, predictions, y, sample_weight=None):
        self.shift_ = np.average(y - predictions, weights=sample_weight)
        return self

    def transform(self, predictions):
        return predictions + self.shift_


class NoWeights(Centre):
    def fit(self, predictions, y):
        return super().fit(predictions, y)


class FitsNoStep(Centre):
    def fit(self, predictions, y, sample_weight=None):
        super().fit(predictions, y, sample_weight)


class CentresInPlace(Centre):
    def transform(self, predictions):
        predictions += self.shift_
        return predictions


class Flattens(Centre):
    def transform(self, predictions):
        return predictions.mean(keepdims=True)


class Divides(Centre):
    def transform(self, predictions):
        return predictions / np.where(predictions > 3, 0, 1)


class Standardises(Centre):
    def transform(self, predictions):
        return predictions - predictions.mean()


class Drops(Centre):
    def __getstate__(self):
        return {**super().__getstate__(), "shift_": 0.0}


class NotForFlow(Centre):
    def fit(self, predictions, y, sample_weight=None):
        if len(y) != 200:
            raise ValueError("other data")
        return super().fit(predictions, y, sample_weight)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        (NoWeights(), TypeError, "positional arguments"),
        (FitsNoStep(), AssertionError, "fit returns something else"),
        (CentresInPlace(), AssertionError, "its data were changed"),
        (Flattens(), AssertionError, r"\(1,\)"),
        (Divides(), AssertionError, "not finite"),
        (Standardises(), AssertionError, "predictions differ"),
        (Drops(), AssertionError, "other predictions"),
        (NotForFlow(), ValueError, "other data"),
    ],
)
def test_wrong_steps_are_found(step, error, message):
    with pytest.raises(error, match=message) as caught:
        check_signal_step(step)
    assert "by the check that" in caught.value.__notes__[-1]


def test_a_step_of_values_is_none_of_classes():
    check_signal_step(Centre())
    with pytest.raises(ValueError, match="broadcast"):
        check_signal_step(Centre(), n_classes=3)


def test_a_transformer_is_no_student():
    with pytest.raises(AssertionError, match="not a classifier or regressor"):
        check_student(StandardScaler())


def test_the_tolerance_is_the_callers():
    with pytest.raises(AssertionError, match="differ by up to"):
        check_student(XGBClassifier(n_estimators=50, n_jobs=1), atol=1e-12)


@pytest.mark.filterwarnings("error::skdistill.exceptions.PoorTeacherWarning")
@pytest.mark.parametrize(
    "student",
    [
        make_pipeline(PolynomialFeatures(), Ridge()),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
)
def test_a_student_better_than_the_teacher_of_a_check_is_none_to_warn_of(student):
    check_student(student)
