"""What a search scores is what it fits, in whatever order and on whatever classes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris, make_friedman1
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill.refine import LeafRefinement
from skdistill.transfer import JitterSampler, TransferSet
from tests.doubles import CountingTeacher

pytestmark = pytest.mark.filterwarnings(
    # These predictions were made of the labels.
    "ignore::skdistill.exceptions.LabelLeakWarning"
)


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(200, noise=1.0, random_state=0)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def scores_by_alpha(search):
    """Return the scores on each fold of all candidates but the baseline, by alpha."""
    results = search.cv_results_
    splits = [name for name in results if name.startswith("split")]
    return {
        params["alpha"]: [results[name][number] for name in splits]
        for number, params in enumerate(results["params"])
        if number > 0
    }


def search_of_values(**params):
    return DistilledRegressorCV(
        Ridge(),
        DecisionTreeRegressor(max_leaf_nodes=8),
        refinements=(None,),
        cv=3,
        random_state=0,
        **params,
    )


def search_of_classes(**params):
    return DistilledClassifierCV(
        GaussianNB(),
        DecisionTreeClassifier(max_leaf_nodes=4),
        refinements=(None,),
        cv=3,
        random_state=0,
        **params,
    )


@pytest.mark.parametrize(
    ("kind", "alphas", "transfer"),
    [
        ("values", (0, 0.5), "auto"),
        ("values", (0.5, 0), "auto"),
        ("values", (0, 1, 0.5), TransferSet(size=1)),
        ("classes", (0, 1, 0.5), "auto"),
        ("classes", (0, 0.5), TransferSet(size=1)),
        ("classes", (0.5, 0), TransferSet(size=1)),
    ],
)
def test_each_alpha_has_the_scores_of_a_search_with_it_alone(
    friedman, iris, kind, alphas, transfer
):
    # "auto" draws nothing for alpha 0: what it stands for is not the same for all.
    make = search_of_values if kind == "values" else search_of_classes
    X, y = friedman if kind == "values" else iris
    together = scores_by_alpha(make(alphas=alphas, transfers=(transfer,)).fit(X, y))
    assert len({str(scores) for scores in together.values()}) == len(alphas)
    for alpha in alphas:
        alone = make(alphas=(alpha,), transfers=(transfer,)).fit(X, y)
        assert scores_by_alpha(alone)[alpha] == together[alpha]


def test_equal_transfer_sets_are_drawn_once_and_different_ones_each(friedman):
    X, y = friedman
    size = {"size": 1}
    for transfers in (
        [TransferSet(JitterSampler(), **size), TransferSet(JitterSampler(), size=2)],
        [None, TransferSet(JitterSampler(), **size)],
        [TransferSet(JitterSampler(), **size), None],
    ):
        results = [
            search_of_values(alphas=(0.5,), transfers=given).fit(X, y).cv_results_
            for given in (transfers, transfers[:1], transfers[1:])
        ]
        both, *alone = (part["mean_test_score"][1:].tolist() for part in results)
        assert both == [*alone[0], *alone[1]]
        assert both[0] != both[1]


class ByClass(BaseEstimator):
    """A step that learns one number for each class."""

    def fit(self, predictions, y, sample_weight):
        self.bias_ = 0.1 * np.bincount(y, minlength=predictions.shape[1])
        return self

    def transform(self, predictions):
        assert predictions.shape[1] == len(self.bias_)
        return predictions + self.bias_ / self.bias_.sum()


@pytest.mark.parametrize("calibrate", ["auto", ByClass()])
@pytest.mark.parametrize("unlabeled", [False, True])
def test_stored_predictions_pass_a_step_where_a_fold_lacks_a_class(
    iris, calibrate, unlabeled
):
    X, y = iris
    X, y = X[:105], y[:105]  # Five samples of the third class, all in one fold.
    rng = np.random.default_rng(0)
    folds = np.array_split(rng.permutation(100), 3)
    folds[0] = np.r_[folds[0], 100:105]
    cv = [(np.setdiff1d(np.arange(105), part), part) for part in folds]
    probabilities = GaussianNB().fit(X, y).predict_proba(X)
    probabilities = 0.9 * probabilities + 0.1 / 3
    given = {"teacher_predictions": probabilities}
    if unlabeled:
        given |= {"X_unlabeled": X[:20], "unlabeled_predictions": probabilities[:20]}
    search = DistilledClassifierCV(
        student=DecisionTreeClassifier(max_depth=2, random_state=0),
        transfers=(None,),
        scoring="accuracy",
        calibrate=calibrate,
        cv=cv,
        random_state=0,
    ).fit(X, y, **given)
    # The third class cannot be right in the first fold, and is nowhere else.
    expected = [np.mean(probabilities.argmax(1)[part] == y[part]) for part in folds]
    expected[0] = np.mean(probabilities[folds[0], :2].argmax(axis=1) == y[folds[0]])
    assert search.teacher_score_ == pytest.approx(np.mean(expected), abs=0.01)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# --- What is refused before the teacher is fitted ---


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"temperatures": (1.0, -1.0)}, "'temperature' parameter"),
        ({"temperatures": (1.0, 0.0)}, "'temperature' parameter"),
        ({"refinements": (None, LeafRefinement())}, "LinearRegression"),
        ({"refinements": (LeafRefinement(-1.0),)}, "'strength' parameter"),
        ({"transfers": (None, "munge")}, "'transfer' parameter"),
        ({"refinements": ["auto"]}, r"refinements must be 'auto', or hold.*Use refine"),
        ({"refinements": (None, "auto")}, "Got 'auto' among them"),
        ({"alphas": "best"}, "'alphas' parameter"),
        ({"alphas": (0.5, 2.0)}, "'alpha' parameter"),
        ({"transfers": ()}, "transfers must hold at least one"),
    ],
)
def test_wrong_candidates_are_refused_before_the_teacher_is_fitted(
    tmp_path, friedman, params, message
):
    params = {"transfers": (None,)} | params
    search = DistilledRegressorCV(
        CountingTeacher(str(tmp_path)), LinearRegression(), cv=3, **params
    )
    with pytest.raises(ValueError, match=message):
        search.fit(*friedman)
    assert not any(tmp_path.iterdir())


def test_leaves_among_the_refinements_are_the_default_refinement(friedman):
    results = [
        DistilledRegressorCV(
            Ridge(),
            DecisionTreeRegressor(max_leaf_nodes=8),
            transfers=(None,),
            refinements=refinements,
            cv=3,
            random_state=0,
        )
        .fit(*friedman)
        .cv_results_["mean_test_score"]
        for refinements in (["leaves"], (LeafRefinement(),))
    ]
    assert_array_equal(*results)


# --- A student that fails where alpha comes in closed form ---


@pytest.fixture
def picky(monkeypatch):
    """Make linear regression take no targets with fractions."""
    fit = LinearRegression.fit

    def picky_fit(self, X, y, sample_weight=None):
        if (y != np.round(y)).any():
            raise ZeroDivisionError("the student's own error")
        return fit(self, X, y, sample_weight)

    monkeypatch.setattr(LinearRegression, "fit", picky_fit)


@pytest.mark.parametrize("error_score", [np.nan, -7.0])
def test_a_student_that_fails_in_the_closed_form_gets_the_error_score(
    friedman, picky, error_score
):
    X, y = friedman
    search = DistilledRegressorCV(
        Ridge(),
        LinearRegression(),
        transfers=(None,),
        cv=3,
        error_score=error_score,
        random_state=0,
    )
    with pytest.warns(FitFailedWarning, match="the student's own error"):
        search.fit(X, np.round(y))
    assert search.linear_alpha_ is None
    assert search.best_index_ == 0
    (scores,) = scores_by_alpha(search).values()
    assert_array_equal(scores, [error_score] * 3)
    expected = LinearRegression().fit(X, np.round(y)).predict(X)
    assert_allclose(search.predict(X), expected)


def test_it_stops_the_search_in_the_closed_form_if_asked_to(friedman, picky):
    X, y = friedman
    search = DistilledRegressorCV(
        Ridge(), LinearRegression(), transfers=(None,), cv=3, error_score="raise"
    )
    with pytest.raises(ZeroDivisionError, match="the student's own error"):
        search.fit(X, np.round(y))
    patient = clone(search).set_params(student=Ridge())
    assert patient.fit(X, np.round(y)).linear_alpha_ is not None
