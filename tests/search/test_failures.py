"""Candidates whose student fails: their scores, what is said, what ends the search."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Ridge, SGDClassifier
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill.exceptions import MissingClassWarning
from skdistill.refine import LeafRefinement
from skdistill.transfer import TransferSet
from tests.doubles import FailingRegressor, PickyRegressor

FOLDS = [(np.arange(n), np.arange(n, 90)) for n in (30, 45, 60)]
SEARCH = DistilledRegressorCV(
    Ridge(),
    PickyRegressor(n_most=30),
    alphas=(0.0, 0.5),
    transfers=(None,),
    cv=FOLDS,
    random_state=0,
)


@pytest.fixture(scope="module")
def integers():
    X, y = make_friedman1(90, noise=1.0, random_state=0)
    return X, np.round(y)


def split_scores(search):
    """Return the scores of all candidates, of shape (n_candidates, n_folds)."""
    splits = [search.cv_results_[f"split{i}_test_score"] for i in range(len(FOLDS))]
    return np.column_stack(splits)


def expected_scores(integers):
    """Return what the candidates would score if no student failed."""
    patient = clone(SEARCH).set_params(student__n_most=90)
    return split_scores(patient.fit(*integers))


def test_a_failed_candidate_is_named_with_its_folds_and_scores_nan(integers):
    search = clone(SEARCH)
    with pytest.warns(FitFailedWarning) as caught:
        search.fit(*integers)
    assert [str(warning.message) for warning in caught] == [
        "The student of alpha=0.5, temperature=1.0 failed on folds 1, 2 of 3. Its "
        "score there is nan. Use error_score='raise' to stop there. The first error "
        "was: ZeroDivisionError: the student's own error"
    ]
    expected = expected_scores(integers)
    expected[2, 1:] = np.nan
    assert_array_equal(split_scores(search), expected)
    assert_array_equal(np.isnan(search.cv_results_["mean_test_score"]), [0, 0, 1])
    assert search.best_index_ == 0


def test_one_fold_is_named_in_the_singular(integers):
    search = clone(SEARCH).set_params(student__n_most=45)
    with pytest.warns(FitFailedWarning, match="failed on fold 2 of 3"):
        search.fit(*integers)


def test_the_warning_points_to_the_fit_of_the_user(integers):
    with pytest.warns(FitFailedWarning) as caught:
        clone(SEARCH).fit(*integers)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("error_score", [-3, 0.25])
def test_a_numeric_error_score_is_a_score_like_others(integers, error_score):
    search = clone(SEARCH).set_params(error_score=error_score)
    with pytest.warns(FitFailedWarning, match=f"Its score there is {error_score}. "):
        search.fit(*integers)
    expected = expected_scores(integers)
    expected[2, 1:] = error_score
    assert_array_equal(split_scores(search), expected)
    means = search.cv_results_["mean_test_score"]
    assert_array_equal(means, expected.mean(axis=1))
    assert (means[2] > means[0]) == (search.cv_results_["rank_test_score"][2] == 1)


def test_raise_stops_with_the_students_own_error(integers):
    search = clone(SEARCH).set_params(error_score="raise")
    with pytest.raises(ZeroDivisionError, match="the student's own error") as caught:
        search.fit(*integers)
    assert caught.value.__notes__ == [
        "This was raised while fitting the student (PickyRegressor)."
    ]
    assert not hasattr(search, "best_estimator_")


@pytest.mark.parametrize("error_score", [np.nan, 0.0, "raise"])
@pytest.mark.parametrize(
    ("params", "note"),
    [
        (
            {"student": FailingRegressor()},
            "This was raised while fitting the student (FailingRegressor).",
        ),
        (
            {"teacher": FailingRegressor()},
            "This was raised while fitting the teacher (FailingRegressor).",
        ),
    ],
)
def test_a_failing_baseline_or_teacher_stops_the_search(
    integers, params, note, error_score
):
    search = clone(SEARCH).set_params(error_score=error_score, **params)
    with pytest.raises(ZeroDivisionError) as caught:
        search.fit(*integers)
    assert note in caught.value.__notes__


class NearRegressor(LinearRegression):
    """Predicts for samples near those it was fitted on alone."""

    def predict(self, X):
        if np.max(X) > 10:
            raise ZeroDivisionError("too far away")
        return super().predict(X)


def test_a_teacher_that_fails_on_unlabeled_samples_stops_the_search(integers):
    X, y = integers
    search = clone(SEARCH).set_params(teacher=NearRegressor(), student=Ridge())
    with pytest.raises(ZeroDivisionError, match="too far away"):
        search.fit(X, y, X_unlabeled=X + 100)


def test_failed_candidates_rank_last(integers):
    search = clone(SEARCH).set_params(alphas=(0.5, 0.0, 1.0))
    with pytest.warns(FitFailedWarning):
        search.fit(*integers)
    assert_array_equal(search.cv_results_["rank_test_score"], [1, 3, 1, 3])


def test_where_all_candidates_fail_the_baseline_student_is_kept(integers):
    X, y = integers
    search = clone(SEARCH).set_params(alphas=(0.5, 1.0), student__n_most=0)
    # The teacher sees what is left of the labels, and is the better for it.
    hidden = y[:, None] + np.random.default_rng(0).normal(size=(90, 1))
    with pytest.warns(FitFailedWarning) as caught:
        search.fit(X, y, X_privileged=hidden)
    assert [one.category for one in caught].count(FitFailedWarning) == 2
    assert search.reason_ == (
        "Kept the baseline student: the students of all candidates failed."
    )
    assert search.best_index_ == 0
    assert search.best_score_ == search.baseline_score_
    assert_array_equal(search.predict(X), LinearRegression().fit(X, y).predict(X))


def test_a_candidate_that_fails_leaves_the_choice_to_the_others(monkeypatch):
    X, y = make_friedman1(200, noise=1.0, random_state=0)
    X, y = X[:150], np.round(y[:150])
    fit = GradientBoostingRegressor.fit

    def failing(self, X, y, **params):
        if len(X) > 150:
            raise MemoryError("too many samples")
        return fit(self, X, y, **params)

    monkeypatch.setattr(GradientBoostingRegressor, "fit", failing)
    search = DistilledRegressorCV(
        Ridge(),
        GradientBoostingRegressor(n_estimators=5),
        transfers=(None, TransferSet(size=3)),
        refinements=(LeafRefinement(1.0), LeafRefinement(10.0)),
        cv=3,
        random_state=0,
    )
    with pytest.warns(FitFailedWarning) as caught:
        search.fit(X, y)
    (warning,) = caught
    # One student serves both strengths.
    assert str(warning.message).startswith(
        "The student of alpha=0.5, temperature=1.0, transfer=TransferSet(size=3), "
        "refine=leaves at strength 1 and of alpha=0.5, temperature=1.0, "
        "transfer=TransferSet(size=3), refine=leaves at strength 10 failed on folds "
        "0, 1, 2 of 3."
    )
    assert "MemoryError: too many samples" in str(warning.message)
    means = search.cv_results_["mean_test_score"]
    assert_array_equal(np.isnan(means), [0, 0, 0, 1, 1])
    assert search.best_index_ in (1, 2)
    assert search.best_params_["transfer"] is None


def test_failures_are_the_same_on_any_number_of_jobs(integers):
    searches = [clone(SEARCH).set_params(n_jobs=n_jobs) for n_jobs in (1, 2)]
    messages = []
    for search in searches:
        with pytest.warns(FitFailedWarning) as caught:
            search.fit(*integers)
        messages.append([str(warning.message) for warning in caught])
    assert messages[0] == messages[1]
    assert_array_equal(split_scores(searches[0]), split_scores(searches[1]))


def test_a_chosen_candidate_that_fails_on_all_samples_raises():
    # The teacher knows the truth, of which the labels are noisy.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 40))
    truth = 10 * X[:, 0]
    labels = np.round(truth + rng.normal(scale=5, size=90))
    search = DistilledRegressorCV(
        FrozenEstimator(LinearRegression().fit(X, truth)),
        PickyRegressor(n_most=60),
        alphas=(1.0,),
        transfers=(None,),
        cv=[(np.arange(60), np.arange(60, 90))],
        random_state=0,
    )
    with pytest.raises(ZeroDivisionError, match="the student's own error") as caught:
        search.fit(X, labels)
    assert search.best_params_["alpha"] == 1.0
    assert "fitting the student (PickyRegressor)" in caught.value.__notes__[0]
    assert not hasattr(search, "best_estimator_")


def test_a_classifier_that_fails_scores_nan(monkeypatch):
    X, y = make_friedman1(90, random_state=0)
    fit = SGDClassifier.fit

    def failing(self, X, y, sample_weight=None):
        if sample_weight is not None:  # Of duplicated samples.
            raise ZeroDivisionError("the student's own error")
        return fit(self, X, y)

    monkeypatch.setattr(SGDClassifier, "fit", failing)
    student = SGDClassifier(loss="modified_huber", random_state=0)
    search = DistilledClassifierCV(
        GaussianNB(), student, transfers=(None,), cv=3, random_state=0
    )
    with pytest.warns(FitFailedWarning, match="alpha=0.5.*failed on folds 0, 1, 2 of"):
        search.fit(X, y > y.mean())
    assert_array_equal(np.isnan(search.cv_results_["mean_test_score"]), [0, 1])
    assert search.predict_proba(X).shape == (90, 2)


def test_a_fit_that_fails_leaves_nothing_of_an_earlier_one(integers):
    X, y = integers
    search = clone(SEARCH).set_params(student=Ridge()).fit(X, y)
    assert {"cv_results_", "best_index_", "best_estimator_"} < vars(search).keys()
    search.set_params(teacher=FailingRegressor())
    with pytest.raises(ZeroDivisionError):
        search.fit(X[:, :2], y)
    left = {name for name in vars(search) if name.endswith("_")}
    assert left <= {"n_features_in_", "linear_alpha_"}
    assert search.linear_alpha_ is None


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_warning_of_several_folds_is_given_once(n_jobs):
    X = np.random.default_rng(0).normal(size=(90, 3))
    y = np.repeat([0, 1, 2], 30)
    # Each fold's teacher is fitted on folds of which each lacks a class.
    search = DistilledClassifierCV(
        GaussianNB(), GaussianNB(), cv=3, inner_cv=KFold(3), transfers=(None,)
    )
    search.set_params(alphas=(0.5,), n_jobs=n_jobs, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, y)
    said = [str(one.message) for one in caught if one.category is MissingClassWarning]
    assert len(said) == len({*said}) > 1
