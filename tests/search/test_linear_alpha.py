"""Students linear in their targets: the best alpha in closed form."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import DistilledRegressorCV
from skdistill.search._linear import best_alpha
from skdistill.transfer import MungeSampler, TransferSet
from tests.doubles import CountingTeacher

FOREST = ExtraTreesRegressor(50, min_samples_leaf=2, bootstrap=True)
NEAREST = make_pipeline(StandardScaler(), KNeighborsRegressor(5))


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(400, noise=1.0, random_state=0)


# An alpha of 0 lets "auto" draw nothing; with a sampler it is like all others.
@pytest.mark.parametrize(
    ("transfer", "lowest"),
    [
        (None, 0.0),
        (TransferSet(size=1), 1e-9),
        (TransferSet(MungeSampler(), size=1), 0.0),
    ],
)
def test_linear_students_get_their_alpha_in_closed_form(friedman, transfer, lowest):
    X, y = friedman
    search = DistilledRegressorCV(
        FOREST, NEAREST, transfers=(transfer,), cv=3, random_state=0
    ).fit(X, y)
    alpha = search.linear_alpha_
    tried = {params["alpha"] for params in search.cv_results_["params"]}
    assert tried == {0.0, np.clip(alpha, 0, 1)}
    grid = clone(search).set_params(alphas=np.linspace(lowest, 1, 11), scoring="r2")
    grid.fit(X, y)
    means = grid.cv_results_["mean_test_score"]
    best = grid.cv_results_["params"][int(means.argmax())]["alpha"]
    assert np.clip(alpha, 0, 1) == pytest.approx(best, abs=0.11)


def test_there_is_no_alpha_in_closed_form_where_alphas_are_tried(friedman):
    X, y = friedman
    search = DistilledRegressorCV(FOREST, Ridge(), transfers=(None,), cv=3)
    assert search.fit(X, y).linear_alpha_ is not None
    search.set_params(alphas=(0.5,))
    assert search.fit(X, y).linear_alpha_ is None


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_the_closed_form_is_that_of_the_students_of_labels_and_of_the_teacher(
    friedman, n_outputs
):
    X, y = friedman
    if n_outputs == 2:
        y = np.column_stack([y, X[:, 0] + 0.1 * y])
    folds = KFold(3)
    search = DistilledRegressorCV(
        Ridge(),
        NEAREST,
        transfers=(None,),
        cv=folds,
        inner_cv=KFold(4),
        calibrate=None,
    ).fit(X, y)
    soft = np.empty(y.shape)
    for train, test in folds.split(X):
        target = cross_val_predict(Ridge(), X[train], y[train], cv=KFold(4))
        soft[test] = clone(NEAREST).fit(X[train], target).predict(X[test])
    hard = cross_val_predict(NEAREST, X, y, cv=folds)
    expected = best_alpha(y, hard, soft, None)
    assert search.linear_alpha_ == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("transfer", [None, TransferSet(MungeSampler(), size=1)])
def test_the_closed_form_is_the_same_on_any_number_of_jobs(friedman, transfer):
    X, y = friedman
    first, second = (
        DistilledRegressorCV(
            FOREST, NEAREST, transfers=(transfer,), cv=3, random_state=0, n_jobs=n_jobs
        ).fit(X[:200], y[:200])
        for n_jobs in (1, 2)
    )
    assert first.linear_alpha_ == second.linear_alpha_
    for key in ("mean_test_score", "std_test_score"):
        assert_array_equal(first.cv_results_[key], second.cv_results_[key])
    assert_array_equal(first.predict(X), second.predict(X))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("random_state", [0, None])
def test_each_teacher_is_fitted_once_for_closed_form_scores_and_refit(
    tmp_path, n_jobs, random_state
):
    X, y = load_diabetes(return_X_y=True)
    search = DistilledRegressorCV(
        CountingTeacher(tmp_path),
        LinearRegression(),
        cv=KFold(4),
        inner_cv=3,
        n_jobs=n_jobs,
        random_state=random_state,
    ).fit(X, y)
    assert search.linear_alpha_ is not None
    # Three inner folds on each of four outer ones, and on all samples.
    assert len(list(tmp_path.iterdir())) == 3 * (4 + 1)


class Witness(TransformerMixin, BaseEstimator):
    """Leaves a file with the number of the process in which it was fitted."""

    def __init__(self, folder):
        self.folder = folder

    def fit(self, X, y=None):
        (Path(self.folder) / f"{time.time_ns()}-{os.getpid()}").touch()
        return self

    def transform(self, X):
        return X

    def __sklearn_is_fitted__(self):
        return True


@pytest.mark.parametrize(("n_jobs", "n_here"), [(1, 4 * 3 + 1), (2, 1)])
def test_students_of_the_closed_form_are_fitted_in_the_other_processes(
    friedman, tmp_path, n_jobs, n_here
):
    X, y = friedman
    student = make_pipeline(Witness(tmp_path), Ridge())
    search = DistilledRegressorCV(
        Ridge(), student, transfers=(None,), cv=KFold(3), n_jobs=n_jobs, random_state=0
    ).fit(X, y)
    assert search.linear_alpha_ is not None
    processes = [int(path.name.split("-")[1]) for path in tmp_path.iterdir()]
    # Two for the closed form and two candidates on each fold, and the refit.
    assert len(processes) == 4 * 3 + 1
    assert processes.count(os.getpid()) == n_here


def test_weights_count_in_the_closed_form(friedman):
    X, y = friedman
    # Samples of weight 0 have labels that would turn the alpha.
    wrong = np.arange(400) % 4 == 3
    search = DistilledRegressorCV(
        FOREST, Ridge(), transfers=(None,), cv=KFold(3), random_state=0
    )
    search.fit(X, np.where(wrong, -100 * y, y), sample_weight=1.0 - wrong)
    weighted = search.linear_alpha_
    search.fit(X, np.where(wrong, 100 * y, y), sample_weight=1.0 - wrong)
    assert search.linear_alpha_ == pytest.approx(weighted)


@pytest.mark.parametrize(
    ("temperature", "rescale", "is_closed"),
    [(2.0, False, True), (1.0, True, True), (2.0, True, False)],
)
def test_predictions_rescaled_by_alpha_are_not_linear_in_it(
    friedman, temperature, rescale, is_closed
):
    X, y = friedman
    search = DistilledRegressorCV(
        FOREST,
        Ridge(),
        temperatures=(temperature,),
        transfers=(None,),
        rescale=rescale,
        cv=3,
        random_state=0,
    ).fit(X[:100], y[:100])
    tried = {params["alpha"] for params in search.cv_results_["params"]}
    assert (search.linear_alpha_ is not None) == is_closed
    assert (tried == {0.0, 0.5}) != is_closed
