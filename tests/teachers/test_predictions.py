"""What fitted teachers predict, in the order that is asked for."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, r2_score
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC, LinearSVC
from xgboost import XGBClassifier

from skdistill._numerics import temper
from skdistill.teachers import (
    CrossFitTask,
    as_estimator,
    cached_cross_fit,
    cached_predictions,
    cross_fit,
    from_predictions,
    open_cache,
    predict_logits,
    predict_values,
)
from tests.doubles import CountingTeacher

NAMES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, NAMES[y]


def test_values_in_one_column_become_one_dimension(diabetes):
    X, y = diabetes
    assert predict_values(LinearRegression().fit(X, y[:, None]), X).shape == (442,)
    several = LinearRegression().fit(X, np.c_[y, -y])
    assert_array_equal(predict_values(several, X), several.predict(X))


def test_logits_come_in_the_order_of_the_classes(iris):
    X, y = iris
    teacher = GaussianNB().fit(X, y)
    own = predict_logits(teacher, X)
    assert_allclose(temper(own, 1.0), teacher.predict_proba(X), atol=1e-12)
    assert_array_equal(predict_logits(teacher, X, NAMES), own)
    # A class that is not asked for is left out; its probability goes to the others.
    assert_array_equal(predict_logits(teacher, X, NAMES[:2]), own[:, :2])
    teacher.classes_ = NAMES[::-1]
    assert_array_equal(predict_logits(teacher, X, NAMES), own[:, ::-1])


def test_logits_of_codes_are_in_the_teachers_own_order(iris):
    X, y = iris
    codes = np.searchsorted(NAMES, y)
    teacher = XGBClassifier(n_estimators=3, n_jobs=1).fit(X, codes)
    logits = predict_logits(teacher, X, NAMES)
    assert_allclose(temper(logits, 1.0), teacher.predict_proba(X), atol=1e-6)


def test_decisions_between_pairs_are_no_logits(iris):
    X, y = iris
    teacher = SVC(decision_function_shape="ovo").fit(X, y)
    with pytest.raises(ValueError, match="one value a class"):
        predict_logits(teacher, X)


@pytest.mark.parametrize("teacher", [GaussianNB(), LinearSVC()])
def test_any_teacher_can_be_scored_as_an_estimator(iris, teacher):
    X, y = iris
    estimator = as_estimator(teacher.fit(X, y), NAMES)
    assert_array_equal(estimator.predict(X), teacher.predict(X))
    assert estimator.score(X, y) == accuracy_score(y, teacher.predict(X))
    assert get_scorer("neg_log_loss")(estimator, X, y) < 0


def test_an_estimator_shows_the_teacher_what_it_is_to_see(diabetes):
    X, y = diabetes
    teacher = Ridge().fit(X[:, :3], y)
    estimator = as_estimator(teacher, None, lambda X: X[:, :3])
    assert_array_equal(estimator.predict(X), teacher.predict(X[:, :3]))


def test_given_predictions_can_be_scored(iris, diabetes):
    X, y = diabetes
    values = Ridge().fit(X, y).predict(X)
    assert from_predictions(values, None).score(X, y) == r2_score(y, values)
    X, y = iris
    logits = np.log(np.array([[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]]))
    estimator = from_predictions(logits, NAMES)
    assert_allclose(estimator.predict_proba(X[:2]), np.exp(logits))
    assert estimator.predict(X[:2]).tolist() == ["versicolor", "setosa"]


def task(teacher, X, y):
    return CrossFitTask(teacher, X, y, None, {}, {}, 3, (0, 0))


@pytest.mark.parametrize("has_cache", [False, True])
def test_a_cached_cross_fit_is_the_cross_fit(diabetes, tmp_path, has_cache):
    X, y = diabetes
    (tmp_path / "fits").mkdir()
    teacher = CountingTeacher(tmp_path / "fits")
    memory = open_cache(tmp_path / "m" if has_cache else False)
    expected = cross_fit(task(teacher, X, y), "kfold")
    for _ in range(2):
        predictions, is_out_of_fold, lazy = cached_cross_fit(
            memory, task(teacher, X, y), "kfold"
        )
        assert is_out_of_fold
        assert_array_equal(predictions, expected.predictions)
        new = cached_predictions(memory, lazy, X[:5] + 0.01, None)
        assert_array_equal(new, expected.teacher.predict(X[:5] + 0.01))
    n_fits = len(list((tmp_path / "fits").iterdir()))
    assert n_fits == 3 * (2 if has_cache else 3)


def test_predictions_for_new_samples_are_read_from_the_cache(diabetes, tmp_path):
    X, y = diabetes
    memory = open_cache(tmp_path)
    cached_cross_fit(memory, task(Ridge(), X, y), "kfold")
    _, _, lazy = cached_cross_fit(memory, task(Ridge(), X, y), "kfold")
    first = cached_predictions(memory, lazy, X[:5], None)
    other = cached_predictions(memory, lazy, X[5:10], None)
    lazy.get = None  # The teacher is not asked again.
    assert_array_equal(cached_predictions(memory, lazy, X[:5], None), first)
    assert not np.array_equal(first, other)


def test_logits_that_are_missing_are_refused(iris):
    X, y = iris

    class Unsure(GaussianNB):
        def predict_proba(self, X):
            return np.full((len(X), 3), np.nan)

    task = CrossFitTask(Unsure(), X, y, NAMES, {}, {}, 3, (0, 0))
    with pytest.raises(ValueError, match="must be finite numbers. Got 450 NaN"):
        cross_fit(task, False)
