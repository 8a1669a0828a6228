"""What a part cannot take of the samples and labels is refused before any work."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import CategoricalNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from tests.doubles import CountingTeacher

X, Y = load_diabetes(return_X_y=True)
X, Y = X[:120], Y[:120]
FLOWERS, KINDS = load_iris(return_X_y=True)
KERNEL = rbf_kernel(FLOWERS)
TREE = DecisionTreeClassifier(max_depth=3)


class UnfittedClassifier(GaussianNB):
    """A teacher that must not be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise ZeroDivisionError("the teacher was fitted")


def refuses(message, student, X, **fit_params):
    params = fit_params.pop("params", {})
    model = DistilledClassifier(UnfittedClassifier(), student, **params)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(X, KINDS, **fit_params)


@pytest.mark.parametrize(
    "table", [np.asarray, sparse.csr_array, pd.DataFrame, np.ndarray.tolist]
)
def test_negative_cells_are_refused_for_parts_that_count(table):
    centred = table(FLOWERS - FLOWERS.mean(axis=0))
    message = r"student must be given no negative.*down to -2\.76.*MinMaxScaler"
    refuses(message, MultinomialNB(), centred)
    teacher = DistilledClassifier(MultinomialNB(), TREE)
    with pytest.raises(ValueError, match="teacher must be given no negative"):
        teacher.fit(centred, KINDS)


def test_a_scaler_makes_samples_fit_for_parts_that_count():
    centred = FLOWERS - FLOWERS.mean(axis=0)
    student = make_pipeline(MinMaxScaler(clip=True), MultinomialNB())
    model = DistilledClassifier(GaussianNB(), student, random_state=0)
    assert model.fit(centred, KINDS).score(centred, KINDS) > 0.6
    student = MultinomialNB()
    model.set_params(student=student, teacher=student)
    assert model.fit(FLOWERS, KINDS).score(FLOWERS, KINDS) > 0.8


@pytest.mark.parametrize("wrap", [clone, partial(make_pipeline, StandardScaler())])
def test_a_threshold_tells_apart_two_classes(wrap):
    threshold = wrap(FixedThresholdClassifier(LogisticRegression()))
    message = "teacher must tell apart.*two alone, and 3.*classifier that it holds"
    with pytest.raises(ValueError, match=f"(?s){message}"):
        DistilledClassifier(threshold, TREE).fit(FLOWERS, KINDS)
    two = KINDS > 0
    model = DistilledClassifier(threshold, TREE, random_state=0).fit(FLOWERS, two)
    assert model.score(FLOWERS, two) > 0.95


def test_isotonic_regression_takes_one_column(tmp_path):
    counting = CountingTeacher(tmp_path)
    model = DistilledRegressor(counting, IsotonicRegression())
    message = "student must take all.*one alone, and X with 10.*ColumnTransformer"
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(X, Y)
    assert not list(tmp_path.iterdir())
    tree = DecisionTreeRegressor(max_depth=2)
    alone = DistilledRegressor(IsotonicRegression(out_of_bounds="clip"), tree)
    with pytest.raises(ValueError, match="teacher must take all columns"):
        alone.fit(X[:, 2:3], Y, X_privileged=X[:, :1])
    for teacher, student in (
        (Ridge(), IsotonicRegression(out_of_bounds="clip")),
        (IsotonicRegression(out_of_bounds="clip"), tree),
    ):
        model = DistilledRegressor(teacher, student, random_state=0)
        assert model.fit(X[:, 2:3], Y).score(X[:, 2:3], Y) > 0.2
    # The teacher's own columns are known when they are made.
    alone.set_params(teacher_input=lambda table: table[:, 2:3])
    assert np.isfinite(alone.fit(X, Y).predict(X)).all()


@pytest.mark.parametrize("cross_fit", ["auto", "kfold"])
def test_kernels_between_samples_are_not_cut_into_folds(cross_fit):
    teacher = SVC(kernel="precomputed")
    model = DistilledClassifier(teacher, TREE, transfer=None, cross_fit=cross_fit)
    with pytest.raises(ValueError, match="cannot be cross-fitted.*kernel by its name"):
        model.fit(KERNEL, KINDS)
    for other in (
        clone(model).set_params(cross_fit=False),
        DistilledClassifier(
            FrozenEstimator(clone(teacher).fit(KERNEL, KINDS)), TREE, transfer=None
        ),
    ):
        assert other.fit(KERNEL, KINDS).score(KERNEL, KINDS) > 0.9


def test_kernels_between_samples_have_no_place_for_others():
    student, params = SVR(kernel="precomputed"), {"transfer": None}
    message = "none to those of a transfer set.*transfer=None and no X_unlabeled"
    refuses(message, student, KERNEL, params=params, X_unlabeled=KERNEL[:10])
    message = "weighted duplicates of them.*Use a regressor.*kernel by its name"
    refuses(message, SVC(kernel="precomputed"), KERNEL, params=params)


@pytest.mark.parametrize("on_poor_teacher", ["warn", "ignore"])
@pytest.mark.parametrize(
    "student",
    [
        SVR(kernel="precomputed", C=10.0),
        KernelRidge(alpha=0.1, kernel="precomputed"),
        KNeighborsClassifier(3, metric="precomputed"),
    ],
    ids=lambda student: type(student).__name__,
)
def test_students_of_kernels_learn_from_their_samples_alone(student, on_poor_teacher):
    table = KERNEL if hasattr(student, "kernel") else 1 - KERNEL
    model = DistilledClassifier(GaussianNB(), student, transfer=None)
    model.set_params(random_state=0, on_poor_teacher=on_poor_teacher)
    assert model.fit(table, KINDS).score(table, KINDS) > 0.85


def test_a_search_compares_no_students_of_kernels(tmp_path):
    student = KernelRidge(kernel="precomputed")
    search = DistilledRegressorCV(CountingTeacher(tmp_path), student)
    with pytest.raises(ValueError, match="parts of them, on which a search compares"):
        search.fit(rbf_kernel(X), Y)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("in_list", [False, True])
def test_folds_know_the_categories_of_all_samples(in_list):
    codes = np.random.default_rng(0).integers(3, size=(150, 4))
    codes[7, 2] = 9  # In one sample alone, so that the other folds lack it.
    y = codes[:, 0] > 0
    model = DistilledClassifier(CategoricalNB(), TREE, random_state=0)
    table = codes.tolist() if in_list else codes
    assert model.fit(table, y).score(table, y) > 0.9
    fold = model.teacher_.estimators[0]
    assert fold.n_categories_.tolist() == [3, 3, 10, 3]


def test_categories_that_are_given_stay():
    codes = np.random.default_rng(0).integers(3, size=(150, 2))
    teacher = CategoricalNB(min_categories=5)
    model = DistilledClassifier(teacher, TREE, random_state=0)
    model.fit(codes, codes[:, 0] > 0)
    assert model.teacher_.estimators[0].n_categories_.tolist() == [5, 5]
