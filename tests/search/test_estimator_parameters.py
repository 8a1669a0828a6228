"""Parameters of the distilled estimator that a search takes and hands on."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris, make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBClassifier

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill.transfer import MungeSampler, TransferSet
from tests.doubles import Memoriser

FOLDS = KFold(3)
REGRESSION = DistilledRegressorCV(
    Ridge(),
    DecisionTreeRegressor(max_depth=3),
    alphas=(0.6,),
    temperatures=(3.0,),
    transfers=(None, TransferSet(MungeSampler(), size=1)),
    cv=FOLDS,
    random_state=0,
)


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(150, noise=1.0, random_state=0)


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


def split_scores(search):
    """Return the scores of all candidates, of shape (n_candidates, 3)."""
    splits = [search.cv_results_[f"split{i}_test_score"] for i in range(3)]
    return np.column_stack(splits)


def scores_of_the_estimators(search, X, y, scoring=None):
    """Return the same by the estimators themselves, fitted fold by fold."""
    return [
        cross_val_score(
            clone(search.best_estimator_).set_params(**params, memory=None),
            X,
            y,
            cv=search.cv,
            scoring=scoring,
        )
        for params in search.cv_results_["params"]
    ]


def two_columns(X):
    return X[:, :2]


@pytest.mark.parametrize(
    "params",
    [
        {"rescale": True},
        {"teacher_input": two_columns},
        {"cross_fit": False, "teacher": Memoriser()},
        {"inner_cv": 3, "teacher": Memoriser()},
    ],
    ids=", ".join,
)
def test_a_parameter_changes_the_candidates_as_it_changes_the_estimator(
    friedman, params
):
    X, y = friedman
    search = clone(REGRESSION).set_params(**params).fit(X, y)
    default = clone(REGRESSION).set_params(teacher=search.teacher).fit(X, y)
    assert_allclose(split_scores(search), scores_of_the_estimators(search, X, y))
    found, before = split_scores(search), split_scores(default)
    assert_array_equal(found[0], before[0])  # The baseline student.
    assert (found[1:] != before[1:]).any(axis=1).all()
    is_of_student = "rescale" in params
    assert (search.teacher_score_ == default.teacher_score_) == is_of_student


@pytest.mark.parametrize(
    "student",
    [
        XGBClassifier(n_estimators=5, max_depth=2, n_jobs=1),
        LGBMClassifier(n_estimators=5, min_child_samples=2, n_jobs=1, verbose=-1),
    ],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_soften_changes_the_candidates_as_it_changes_the_estimator(iris, student):
    X, y = iris
    search = DistilledClassifierCV(
        LogisticRegression(C=0.1, max_iter=1000),
        student,
        temperatures=(3.0,),
        transfers=(None,),
        scoring="neg_log_loss",
        cv=StratifiedKFold(3),
        random_state=0,
    ).fit(X, y)
    both = clone(search).set_params(soften="both").fit(X, y)
    found = scores_of_the_estimators(both, X, y, "neg_log_loss")
    assert_allclose(split_scores(both), found)
    assert both.best_estimator_.soften == "both"
    assert_array_equal(split_scores(both)[0], split_scores(search)[0])
    assert (split_scores(both)[1] != split_scores(search)[1]).all()
    # It cannot go with leaf refinement, which "auto" then leaves out.
    assert {str(one["refine"]) for one in both.cv_results_["params"]} == {"None"}
    assert len({str(one["refine"]) for one in search.cv_results_["params"]}) == 4


def test_soften_of_a_student_that_cannot_is_refused_before_any_work(iris):
    search = DistilledClassifierCV(GaussianNB(), GaussianNB(), soften="both")
    with pytest.raises(ValueError, match="soften='both' needs a student"):
        search.fit(*iris)


def test_the_prediction_type_says_what_stored_predictions_are(iris):
    X, y = iris
    p = LogisticRegression(max_iter=1000).fit(X, y).predict_proba(X)
    search = DistilledClassifierCV(
        None,
        XGBClassifier(n_estimators=5, n_jobs=1),
        cv=3,
        random_state=0,
        calibrate=None,
    )
    scores = [
        split_scores(
            clone(search)
            .set_params(prediction_type=kind)
            .fit(X, y, teacher_predictions=predictions)
        )
        for kind, predictions in (("probabilities", p), ("logits", np.log(p)))
    ]
    assert_allclose(*scores)
    # Probabilities read as logits are nearly even.
    wrong = search.set_params(prediction_type="logits").fit(X, y, teacher_predictions=p)
    assert (split_scores(wrong)[1:] < scores[0][1:]).all()


def test_the_fitted_mapping_is_that_of_the_chosen_estimator(friedman):
    X, y = friedman
    search = clone(REGRESSION).set_params(teacher_input=two_columns).fit(X, y)
    assert search.best_estimator_.teacher_input_ is two_columns
    assert search.teacher_.n_features_in_ == 2
    assert search.n_features_in_ == 10


@pytest.mark.parametrize("alphas", ["auto", "optimal", (0.3,)])
def test_the_teachers_of_the_folds_are_compared_in_a_search(friedman, alphas):
    search = clone(REGRESSION).set_params(
        alphas=alphas,
        trust="spread",
        temperatures=(1.0,),
        transfers=("auto",),
        student=GradientBoostingRegressor(n_estimators=5),
    )
    search.fit(*friedman)
    assert {one["refine"].strength for one in search.cv_results_["params"][1:]} == {
        1.0,
        10.0,
        100.0,
    }


def test_rescale_reaches_the_predictions(friedman):
    X, y = friedman
    search = clone(REGRESSION).set_params(rescale=True).fit(X, y)
    model = search.best_estimator_
    assert model.rescale
    mean, scale = model.target_mean_, model.target_scale_
    expected = mean + (search.student_.predict(X) - mean) / scale
    assert_allclose(search.predict(X), expected)


def test_verbose_prints_the_steps_of_the_refit(friedman, capsys):
    clone(REGRESSION).fit(*friedman)
    assert capsys.readouterr().out == ""
    clone(REGRESSION).set_params(verbose=1).fit(*friedman)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "(step 1 of 2) Fitting teacher, total=" in lines[0]
    assert "(step 2 of 2) Fitting student, total=" in lines[1]


def test_auto_is_resolved_once_on_all_samples(friedman, monkeypatch):
    # 120 samples are enough to draw others by, the 80 of a fold are not.
    X, y = friedman[0][:120], friedman[1][:120]
    fitted_on = []
    fit = GradientBoostingRegressor.fit

    def recording(self, X, y, **params):
        fitted_on.append(len(y))
        return fit(self, X, y, **params)

    monkeypatch.setattr(GradientBoostingRegressor, "fit", recording)
    student = GradientBoostingRegressor(n_estimators=5)
    search = DistilledRegressorCV(
        Ridge(), student, refinements=(None,), cv=FOLDS, random_state=0
    ).fit(X, y)
    assert fitted_on[:6] == [80, 80 + 10 * 80] * 3
    drawn = clone(search).set_params(transfers=(MungeSampler(),)).fit(X, y)
    assert_array_equal(split_scores(search), split_scores(drawn))
    assert search.cv_results_["params"][1]["transfer"] == "auto"
    fitted_on.clear()
    search.fit(X[:99], y[:99])
    assert fitted_on[:6] == [66, 66] * 3


def test_one_transfer_set_serves_all_candidates_that_name_it(friedman, monkeypatch):
    X, y = friedman
    drawn = []
    sample = MungeSampler.sample

    def counting(self, n_samples=1):
        drawn.append(n_samples)
        return sample(self, n_samples)

    monkeypatch.setattr(MungeSampler, "sample", counting)
    search = clone(REGRESSION).set_params(alphas=(0.2, 0.4, 0.6)).fit(X, y)
    refits = int(search.best_params_["transfer"] is not None)
    assert drawn == [100] * 3 + [150] * refits
