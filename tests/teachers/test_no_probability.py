"""A teacher that gives a sample no probability of any class knows nothing of it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import RadiusNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV
from skdistill._numerics import temper
from skdistill._validation import align_classes
from skdistill.exceptions import NoProbabilityWarning
from skdistill.teachers import predict_logits


@pytest.fixture(scope="module")
def noisy():
    """Return iris with a third of the labels drawn anew."""
    X, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    return X, np.where(rng.random(150) < 0.3, rng.integers(0, 3, 150), y)


class Sure(ClassifierMixin, BaseEstimator):
    """Gives the class that the first feature names, and nothing to the others."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return (np.asarray(X)[:, :1] == self.classes_).astype(float)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


TEACHERS = {
    "one-vs-rest of trees": OneVsRestClassifier(DecisionTreeClassifier(random_state=0)),
    "the same in a pipeline": make_pipeline(
        StandardScaler(), OneVsRestClassifier(DecisionTreeClassifier(random_state=0))
    ),
    "no neighbour near": RadiusNeighborsClassifier(0.2, outlier_label=9),
}


@pytest.mark.filterwarnings("ignore:Outlier label 9")
@pytest.mark.parametrize("teacher", TEACHERS.values(), ids=TEACHERS)
def test_a_student_learns_from_a_teacher_without_a_say(noisy, teacher):
    model = DistilledClassifier(teacher, GaussianNB(), random_state=0)
    with pytest.warns(NoProbabilityWarning, match="no probability of any class"):
        model.fit(*noisy)
    assert np.isfinite(model.predict_proba(noisy[0])).all()


def test_such_a_row_is_uniform_and_all_others_are_what_they_were():
    teacher = Sure().fit(None, [0, 1, 2])
    X = np.array([[0.0], [7.0], [2.0]])
    with pytest.warns(NoProbabilityWarning, match="gives 1 of 3 rows"):
        logits = predict_logits(teacher, X)
    expected = [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0, 0, 1]]
    assert_allclose(temper(logits, 1.0), expected)


def test_a_frozen_teacher_certain_of_an_absent_class_knows_the_others_alike():
    teacher = Sure().fit(None, [0, 1, 2])
    X = np.array([[0.0], [2.0], [1.0]])
    with pytest.warns(NoProbabilityWarning, match="gives 1 of 3 rows"):
        logits = predict_logits(teacher, X, np.array([0, 1]))
    assert_allclose(temper(logits, 1.0), [[1, 0], [0.5, 0.5], [0, 1]])


def test_a_class_that_is_not_known_stays_impossible():
    logits = np.array([[-np.inf, 0.0], [0.0, -np.inf]])
    with pytest.warns(NoProbabilityWarning):
        aligned = align_classes(logits, ["a", "d"], ["a", "b", "c"])
    assert_allclose(temper(aligned, 1.0), [[1, 0, 0], [1, 0, 0]])


def test_a_frozen_teacher_of_more_classes_labels_every_row():
    X = np.random.default_rng(0).integers(0, 3, size=(120, 1)).astype(float)
    y = np.where(X[:, 0] == 2, 1, X[:, 0]).astype(int)
    teacher = FrozenEstimator(Sure().fit(None, [0, 1, 2]))
    model = DistilledClassifier(
        teacher,
        DecisionTreeClassifier(),
        alpha=1,
        transfer=None,
        calibrate=None,
        on_poor_teacher="warn",
    )
    with pytest.warns(NoProbabilityWarning):
        model.fit(X, y)
    assert_allclose(
        model.predict_proba([[0.0], [1.0], [2.0]]), [[1, 0], [0, 1], [0.5, 0.5]]
    )


def test_a_search_over_stored_predictions_of_a_class_a_fold_lacks():
    # The rare class is absent from the training part of a fold.
    X, y = load_iris(return_X_y=True)
    y = np.where(np.arange(150) == 0, 9, y)
    p = np.eye(4)[np.searchsorted([0, 1, 2, 9], y)]
    p[:3] = [0, 0, 0, 1]
    rows = np.arange(150)
    folds = [
        (np.flatnonzero(rows % 3 != k), np.flatnonzero(rows % 3 == k)) for k in range(3)
    ]
    search = DistilledClassifierCV(student=GaussianNB(), alphas=(1.0,), cv=folds)
    with pytest.warns(NoProbabilityWarning):
        search.fit(X, y, teacher_predictions=p)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_bags_without_a_say_are_cross_fitted():
    X = np.random.default_rng(0).integers(0, 4, size=(120, 1)).astype(float)
    y = np.where(X[:, 0] == 3, 0, X[:, 0]).astype(int)
    bags = BaggingClassifier(Sure(), 20, random_state=0)
    model = DistilledClassifier(bags, GaussianNB(), cross_fit="oob", transfer=None)
    n_without = int((X == 3).sum())
    with pytest.raises(ValueError, match=f"Got {n_without} of 120 rows.*'kfold'"):
        model.fit(X, y)
    with pytest.warns(NoProbabilityWarning):
        model.set_params(cross_fit="auto").fit(X, y)
    assert type(model.teacher_).__name__ == "FoldMeanClassifier"
