"""Every estimator of scikit-learn as teacher and as student, for both tasks.

Each works, or is refused before any work with a message that says what it lacks and
what to take instead. The refusals that are expected are in `REFUSED`, with the reason:
a new one fails the test, and so does one that is gone.
"""

import re
import warnings
from dataclasses import dataclass
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators
from sklearn.utils._test_common.instance_generator import _construct_instances

from skdistill import DistilledClassifier, DistilledRegressor

ROLES = ("teacher", "student")
TASKS = ("values", "two classes", "three classes")


@dataclass
class Case:
    """One estimator, built as scikit-learn's own tests build it."""

    name: str
    number: int
    estimator: Any

    @property
    def key(self) -> str:
        """The class, and what makes another case of it."""
        if "precomputed" in repr(self.estimator):
            return f"{self.name} precomputed"
        if self.name.endswith("SearchCV") and is_classifier(self.estimator):
            return f"{self.name} of a classifier"
        return self.name


def every_case():
    """Return all estimators that can be built, of all kinds."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, cls in all_estimators():
            try:
                built = list(_construct_instances(cls))
            except SkipTest:  # Of a few there is none in scikit-learn's tests either.
                built = []
            found += [Case(name, number, one) for number, one in enumerate(built)]
    return found


CASES = every_case()


class CountingRegressor(RegressorMixin, BaseEstimator):
    """A cheap teacher that counts its fits."""

    n_fits = 0

    def fit(self, X, y):
        CountingRegressor.n_fits += 1
        self.model_ = Ridge().fit(X, y)
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class CountingClassifier(ClassifierMixin, BaseEstimator):
    """A cheap teacher that counts its fits."""

    n_fits = 0

    def fit(self, X, y):
        CountingClassifier.n_fits += 1
        self.model_ = GaussianNB(var_smoothing=0.01).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


def data_of(task: str) -> tuple[NDArray, NDArray]:
    if task == "values":
        X, y = load_diabetes(return_X_y=True)
        return X[:120, :5], y[:120]
    X, y = load_iris(return_X_y=True)
    if task == "two classes":
        X, y = X[50:], y[50:]  # They overlap.
    shuffled = np.random.default_rng(0).permutation(len(y))[:120]
    return X[shuffled], np.array(["red", "green", "blue"])[y[shuffled]]


def outcome(role: str, task: str, estimator, X, y):
    """Fit a distilled model; return it, or the error that it was refused with."""
    is_values = task == "values"
    kind = DistilledRegressor if is_values else DistilledClassifier
    if role == "teacher":
        tree = DecisionTreeRegressor if is_values else DecisionTreeClassifier
        model = kind(estimator, tree(max_depth=3), transfer=None)
    else:
        model = kind(CountingRegressor() if is_values else CountingClassifier())
        model.set_params(student=estimator)
    model.set_params(cv=3, random_state=0)
    if "precomputed" in repr(estimator):
        model.set_params(transfer=None)
    CountingRegressor.n_fits = CountingClassifier.n_fits = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(X, y)
        except (ValueError, TypeError) as error:
            return error
        check_predicts(model, X, y)
    return model


def check_predicts(model, X, y):
    """Check that predictions are finite, and of the right shape."""
    predicted = model.predict(X)
    assert predicted.shape == y.shape
    if not hasattr(model, "classes_"):
        assert np.isfinite(predicted).all()
        return
    assert set(predicted) <= set(y)
    if hasattr(model, "predict_proba"):
        probability = model.predict_proba(X)
        assert probability.shape == (len(X), len(set(y)))
        assert np.isfinite(probability).all()
    if hasattr(model, "decision_function"):
        assert np.isfinite(model.decision_function(X)).all()


def assert_refused_before_any_work(error, reason):
    assert isinstance(error, ValueError | TypeError), "it works"
    message = str(error)
    assert re.search(reason, message, flags=re.S), message
    # What came, then what to take instead: the message ends with an imperative.
    assert "Got" in message
    assert re.search(_REMEDY, message.partition("Got")[2], flags=re.S), message
    # Whatever fails in the fit of a part has a note that says which.
    assert not getattr(error, "__notes__", []), error.__notes__
    assert CountingRegressor.n_fits == CountingClassifier.n_fits == 0


_REMEDY = (
    r"\b(Use|Pass|Take|Wrap|Give|Put|Select|Search|Fit|Derive|Calibrate|take|use|learns)"
    r"\b"
)

NO_WEIGHT = "classifier whose fit takes sample_weight, or a regressor"
SPLITS = "must not split its training"
SEVERAL = "one output, as y has one"
ANY_NUMBER = "logits, which may be any numbers"
TWO = "tells apart two alone"
FOLDS = "cannot be cross-fitted"
DUPLICATES = "cannot learn from weighted duplicates"

POSITIVE_ALONE = ("GammaRegressor", "PoissonRegressor")
# They learn several outputs, not one.
SEVERAL_ALONE = dict.fromkeys(
    (
        "MultiOutputRegressor",
        "MultiTaskElasticNet",
        "MultiTaskElasticNetCV",
        "MultiTaskLasso",
        "MultiTaskLassoCV",
        "RegressorChain",
    ),
    SEVERAL,
)
# Why an estimator of the right kind is refused: by role and task, None for all tasks.
REFUSED: dict[tuple[str, str | None], dict[str, str]] = {
    ("teacher", None): {
        "KNeighborsClassifier precomputed": FOLDS,
        "KNeighborsRegressor precomputed": FOLDS,
        "SVC precomputed": FOLDS,
        "SVR precomputed": FOLDS,
        "IsotonicRegression": "one alone, and X with 5",
        **SEVERAL_ALONE,
        "ClassifierChain": SEVERAL,
        "MultiOutputClassifier": SEVERAL,
        "OutputCodeClassifier": "predict_proba or decision_function",
        "VotingClassifier": "voting='soft'",
    },
    ("teacher", "three classes"): {
        "FixedThresholdClassifier": TWO,
        "TunedThresholdClassifierCV": TWO,
    },
    ("student", None): {
        "IsotonicRegression": "one alone, and X with",
        # They learn several outputs alone.
        "ClassifierChain": SEVERAL,
        "MultiOutputClassifier": SEVERAL,
        # Their fits have no weights.
        "GaussianProcessClassifier": NO_WEIGHT,
        "LabelPropagation": NO_WEIGHT,
        "LabelSpreading": NO_WEIGHT,
        "NearestCentroid": NO_WEIGHT,
        "PassiveAggressiveClassifier": NO_WEIGHT,
        "QuadraticDiscriminantAnalysis": NO_WEIGHT,
        "RadiusNeighborsClassifier": NO_WEIGHT,
        # They pass weights on only where metadata is routed.
        "FixedThresholdClassifier": NO_WEIGHT,
        "OneVsOneClassifier": NO_WEIGHT,
        "OneVsRestClassifier": NO_WEIGHT,
        "OutputCodeClassifier": NO_WEIGHT,
        "SelfTrainingClassifier": NO_WEIGHT,
        # They cross-validate inside.
        "CalibratedClassifierCV": SPLITS,
        "GridSearchCV of a classifier": SPLITS,
        "HalvingGridSearchCV of a classifier": SPLITS,
        "HalvingRandomSearchCV of a classifier": SPLITS,
        "RandomizedSearchCV of a classifier": SPLITS,
        "RFECV": SPLITS,
        "LogisticRegressionCV": SPLITS,
        "RidgeClassifierCV": SPLITS,
        "StackingClassifier": SPLITS,
        "TunedThresholdClassifierCV": SPLITS,
        "SVC precomputed": DUPLICATES,
    },
    ("student", "two classes"): dict.fromkeys(POSITIVE_ALONE, ANY_NUMBER),
    ("student", "three classes"): dict.fromkeys(POSITIVE_ALONE, ANY_NUMBER),
    ("student", "values"): SEVERAL_ALONE,
}

# What scikit-learn's own tests set, and these samples or labels are too few for.
PARAMS = {
    "HalvingGridSearchCV of a classifier": {"min_resources": 40},
    "HalvingRandomSearchCV of a classifier": {"min_resources": 40},
    # By default the median deviation of the target, which is 0 for logits of labels.
    "RANSACRegressor": {"residual_threshold": 10.0},
}

# Which samples an estimator needs, if not those of all others.
ONLY_ON = {
    "CategoricalNB": lambda X: X.astype(int),
    "KNeighborsClassifier precomputed": lambda X: 1 - rbf_kernel(X),
    "KNeighborsRegressor precomputed": lambda X: 1 - rbf_kernel(X),
    "SVC precomputed": rbf_kernel,
    "SVR precomputed": rbf_kernel,
}


def refusal(case: Case, role: str, task: str) -> str | None:
    """Return the reason for which a case is refused, None if it works."""
    is_values, estimator = task == "values", case.estimator
    if is_values and not is_regressor(estimator):
        return f"The {role} of a DistilledRegressor must be a regressor"
    if not is_values and role == "teacher" and not is_classifier(estimator):
        return "The teacher of a DistilledClassifier must"
    if not (is_regressor(estimator) or is_classifier(estimator)):
        return "The student of a DistilledClassifier must be a classifier"
    reasons = REFUSED.get((role, task), {}) | REFUSED.get((role, None), {})
    return reasons.get(case.key)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.number}")
def test_every_estimator_works_or_is_refused_before_any_work(case, role, task):
    X, y = data_of(task)
    X = ONLY_ON.get(case.key, np.asarray)(X)
    if case.key == "SelfTrainingClassifier":
        y = y.astype(object)  # It says so.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = clone(case.estimator).set_params(**PARAMS.get(case.key, {}))
    found, reason = outcome(role, task, estimator, X, y), refusal(case, role, task)
    if reason is not None:
        assert_refused_before_any_work(found, reason)
    elif isinstance(found, Exception):
        raise found


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(SEVERAL_ALONE))
def test_regressors_of_several_outputs_take_several(name, role):
    (estimator,) = (case.estimator for case in CASES if case.name == name)
    X, y = data_of("values")
    found = outcome(role, "values", estimator, X, np.column_stack([y, -y]))
    assert isinstance(found, DistilledRegressor), found
