"""What the fit of a part would refuse is refused before the teacher is fitted."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFE
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.transfer import ConditionalSampler, MungeSampler, TransferSet

X, Y = load_iris(return_X_y=True)
WEIGHT = np.linspace(1, 2, 150)


class UnfittedClassifier(GaussianNB):
    """A teacher that must not be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise ZeroDivisionError("the teacher was fitted")


class UnfittedRegressor(Ridge):
    """A teacher that must not be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise ZeroDivisionError("the teacher was fitted")


class Wrapper(ClassifierMixin, BaseEstimator):
    """Passes on whatever it is given, as wrappers of other packages do."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, y, **kwargs):
        self.model_ = self.model.fit(X, y, **kwargs)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


def classifier(student, **params):
    return DistilledClassifier(UnfittedClassifier(), student, **params)


def regressor(student, **params):
    return DistilledRegressor(UnfittedRegressor(), student, **params)


def pipe(part):
    return make_pipeline(StandardScaler(), part)


LOGISTIC = LogisticRegression(max_iter=1000)
ROUTED = "metadata is routed: sklearn.set_config.*set_fit_request"
HOLDS_PIPE = f"which holds Pipeline, to whose steps weights come only if {ROUTED}"

WITHOUT_WEIGHT = {
    "one-vs-rest": (OneVsRestClassifier(LOGISTIC), ROUTED),
    "one-vs-one": (OneVsOneClassifier(LOGISTIC), ROUTED),
    "output code": (OutputCodeClassifier(LOGISTIC), ROUTED),
    "fixed threshold": (FixedThresholdClassifier(LOGISTIC), ROUTED),
    "self-training": (SelfTrainingClassifier(LOGISTIC), ROUTED),
    "vote of pipelines": (VotingClassifier([("a", pipe(LOGISTIC))]), HOLDS_PIPE),
    "selection in a pipeline": (RFE(pipe(LOGISTIC)), HOLDS_PIPE),
    "one-vs-rest in a pipeline": (pipe(OneVsRestClassifier(LOGISTIC)), ROUTED),
    "one-vs-rest in a vote": (
        VotingClassifier([("a", OneVsRestClassifier(LOGISTIC))]),
        f"which holds OneVsRestClassifier, whose fit takes it only if {ROUTED}",
    ),
    "another wrapper": (
        Wrapper(KNeighborsClassifier()),
        "whose fit says:.*unexpected keyword argument 'sample_weight'",
    ),
    "another wrapper of a pipeline": (
        Wrapper(pipe(LOGISTIC)),
        "whose fit says: Pipeline.fit does not accept the sample_weight",
    ),
}


@pytest.mark.parametrize(
    ("student", "reason"), WITHOUT_WEIGHT.values(), ids=WITHOUT_WEIGHT
)
def test_a_classifier_that_does_not_pass_weights_on_is_refused(student, reason):
    message = f"(?s)whose fit takes sample_weight.*without sample_weight: one.*{reason}"
    with pytest.raises(ValueError, match=message):
        classifier(student).fit(X, Y)


@pytest.mark.parametrize(
    "student",
    [
        VotingClassifier([("a", LOGISTIC), ("b", GaussianNB())]),
        VotingClassifier([("a", LOGISTIC), ("b", "drop")], voting="soft"),
        BaggingClassifier(LOGISTIC, 3),
        RFE(LOGISTIC, n_features_to_select=2),
        pipe(LOGISTIC),
        Wrapper(LOGISTIC),
    ],
)
def test_a_classifier_that_passes_weights_on_learns(student):
    model = DistilledClassifier(GaussianNB(), student, random_state=0).fit(X, Y)
    assert model.score(X, Y) > 0.9


WITH_WEIGHT = {
    "target transformed, neighbours": (
        TransformedTargetRegressor(KNeighborsRegressor()),
        "holds KNeighborsRegressor, whose fit has no such",
    ),
    "target transformed, pipeline": (
        TransformedTargetRegressor(pipe(Ridge())),
        HOLDS_PIPE,
    ),
    "vote of pipelines": (VotingRegressor([("a", pipe(Ridge()))]), HOLDS_PIPE),
    "stack of pipelines": (StackingRegressor([("a", pipe(Ridge()))]), HOLDS_PIPE),
    "a final estimator": (
        StackingRegressor([("a", Ridge())], KNeighborsRegressor()),
        "holds KNeighborsRegressor, whose fit has no such",
    ),
    "neighbours": (KNeighborsRegressor(), "Got KNeighborsRegressor, whose fit has no"),
}


@pytest.mark.parametrize(("student", "reason"), WITH_WEIGHT.values(), ids=WITH_WEIGHT)
def test_weights_of_the_samples_that_the_student_does_not_take(student, reason):
    message = f"(?s)student must accept sample_weight.*{reason}"
    y, transfer = X[:, 0], TransferSet(MungeSampler(), weight=0.5)
    with pytest.raises(ValueError, match=message):
        regressor(student).fit(X, y, sample_weight=WEIGHT)
    with pytest.raises(ValueError, match=message):
        regressor(student, transfer=transfer).fit(X, y)


@pytest.mark.parametrize(
    "teacher",
    [
        VotingRegressor([("a", pipe(Ridge()))]),
        StackingRegressor([("a", Ridge())], KNeighborsRegressor()),
        TransformedTargetRegressor(pipe(Ridge())),
    ],
)
def test_weights_that_a_teacher_does_not_pass_on(teacher):
    with pytest.raises(ValueError, match="(?s)teacher must accept sample_weight"):
        DistilledRegressor(teacher, Ridge()).fit(X, X[:, 0], sample_weight=WEIGHT)
    DistilledRegressor(teacher, Ridge()).fit(X, X[:, 0])


FRAME = pd.DataFrame(X, columns=list("abcd"))
WEIGHTED = {"sample_weight": WEIGHT}
EARLY = {
    "sampler without weights": (
        classifier(GaussianNB(), transfer=GaussianMixture()),
        WEIGHTED,
        "sampler must accept sample_weight.*Got GaussianMixture",
    ),
    "neighbours": (
        classifier(KNeighborsClassifier()),
        WEIGHTED,
        "student must accept sample_weight.*Got KNeighborsClassifier",
    ),
    "neighbours as a baseline": (
        classifier(KNeighborsClassifier(), alpha=0),
        WEIGHTED,
        "student must accept sample_weight.*Got KNeighborsClassifier",
    ),
    "neighbours of logits": (
        classifier(KNeighborsRegressor()),
        WEIGHTED,
        "student must accept sample_weight.*Got KNeighborsRegressor",
    ),
    "classes balanced in each bag": (
        classifier(RandomForestClassifier(class_weight="balanced_subsample")),
        {},
        "class_weight must be None, a dict or 'balanced'.*Got 'balanced_subsample'",
    ),
    "out-of-bag score": (
        classifier(RandomForestClassifier(oob_score=True)),
        {},
        "with oob_score learns no transfer set.*Use oob_score=False",
    ),
    "out-of-bag score of values": (
        regressor(RandomForestRegressor(oob_score=True)),
        {},
        "with oob_score learns no transfer set.*Use oob_score=False",
    ),
    "unlabeled samples of other dtypes": (
        classifier(GaussianNB(), transfer=None),
        {"X_unlabeled": FRAME.astype({"a": object})},
        "must have the dtypes of X. Got object in column 'a' where X has float64",
    ),
}


@pytest.mark.parametrize(("model", "given", "message"), EARLY.values(), ids=EARLY)
def test_what_is_known_is_said_before_any_work(model, given, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(FRAME, Y, **given)


@pytest.mark.parametrize("transfer", ["auto", None])
def test_metadata_of_the_student_goes_with_no_transfer_set(transfer):
    class Marked(GaussianNB):
        def fit(self, X, y, sample_weight=None, mark=None):
            return super().fit(X, y, sample_weight)

    with config_context(enable_metadata_routing=True):
        student = Marked().set_fit_request(mark=True, sample_weight=True)
        model = classifier(student, transfer=transfer)
        expected = (
            (ZeroDivisionError, "the teacher was fitted")
            if transfer is None
            else (ValueError, "no metadata but their weight. Got 'mark'")
        )
        with pytest.raises(expected[0], match=expected[1]):
            model.fit(X, Y, mark=np.arange(150))


UNREQUESTED = {
    "one-vs-rest": OneVsRestClassifier(LogisticRegression()),
    "vote": VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())]),
    "self-training": SelfTrainingClassifier(LogisticRegression()),
    "in a pipeline": pipe(OneVsRestClassifier(LogisticRegression())),
}


@pytest.mark.parametrize("student", UNREQUESTED.values(), ids=UNREQUESTED)
def test_weights_that_are_not_requested_are_missed_early(student):
    message = "(?s)no weights are routed:.*set_fit_request"
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match=message),
    ):
        classifier(student).fit(X, Y)


def test_weights_must_reach_every_part_that_learns_from_duplicates():
    with config_context(enable_metadata_routing=True):
        members = [
            (
                "a",
                LogisticRegression(max_iter=1000).set_fit_request(sample_weight=True),
            ),
            ("b", GaussianNB().set_fit_request(sample_weight=False)),
        ]
        with pytest.raises(ValueError, match="holds GaussianNB, whose request for it"):
            classifier(VotingClassifier(members)).fit(X, Y)
        members[1][1].set_fit_request(sample_weight=True)
        student = VotingClassifier(members)
        model = DistilledClassifier(GaussianNB(), student, random_state=0).fit(X, Y)
    assert model.score(X, Y) > 0.9


def test_requested_weights_reach_a_wrapped_pipeline():
    with config_context(enable_metadata_routing=True):
        part = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=True),
            LogisticRegression(max_iter=1000).set_fit_request(sample_weight=True),
        )
        model = DistilledClassifier(
            GaussianNB(), OneVsRestClassifier(part), random_state=0
        ).fit(X, Y)
    assert model.score(X, Y) > 0.9


@pytest.mark.parametrize("make", [TransformedTargetRegressor, lambda part: part])
def test_transfer_weights_that_are_not_requested_are_missed_early(make):
    with config_context(enable_metadata_routing=True):
        transfer = TransferSet(ConditionalSampler(), weight=0.5)
        model = regressor(make(pipe(Ridge())), transfer=transfer)
        with pytest.raises(ValueError, match="(?s)no weights are routed:.*set_fit_req"):
            model.fit(X, X[:, 0])


def test_a_baseline_needs_no_weights():
    student = OneVsRestClassifier(DecisionTreeClassifier(random_state=0))
    model = DistilledClassifier(GaussianNB(), student, alpha=0, random_state=0)
    assert model.fit(X, Y).score(X, Y) > 0.9
