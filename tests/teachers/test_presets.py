import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import StackingRegressor
from sklearn.model_selection import GroupKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.students import _xgboost_device
from skdistill.teachers import default_classifier, default_regressor


@pytest.mark.parametrize("build", [default_regressor, default_classifier])
def test_boosting_is_exact_on_few_samples_and_on_histograms_on_many(build):
    few, many = (
        repr(dict(build(size, 4).estimators)["boosting"]) for size in (499, 500)
    )
    assert "GradientBoosting" in few
    assert "HistGradientBoosting" not in few
    assert "HistGradientBoosting" in many


@pytest.mark.parametrize("n_samples", [120, 500])
def test_the_default_teacher_takes_missing_values_and_weights(
    n_samples, small_default_teacher
):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 3))
    y = X[:, 0] + X[:, 1] ** 2
    X[rng.random(X.shape) < 0.1] = np.nan
    X = np.c_[X, np.full(n_samples, np.nan)]
    student = DecisionTreeRegressor(max_leaf_nodes=8)
    model = DistilledRegressor(student=student, random_state=0)
    model.fit(X, y, sample_weight=rng.random(n_samples))
    assert isinstance(model.teacher_, StackingRegressor)
    assert model.teacher_score_ > 0.5


def test_the_default_teacher_follows_the_weights(small_default_teacher):
    # Samples of weight 0 carry a wrong target: whoever used them would be far off.
    X, y = load_diabetes(return_X_y=True)
    wrong = np.arange(442) % 2 == 1
    y = np.where(wrong, y + 1000, y)
    model = DistilledRegressor(random_state=0).fit(X, y, sample_weight=~wrong * 1.0)
    assert model.teacher_.predict(X).mean() < 300
    assert model.predict(X).mean() < 300
    assert model.target_mean_ == pytest.approx(y[~wrong].mean())


@pytest.mark.parametrize("cross_fit", ["auto", "stack", "kfold", False])
def test_the_default_teacher_is_cross_fitted_in_every_way_it_can(
    cross_fit, small_default_teacher
):
    X, y = load_breast_cancer(return_X_y=True)
    model = DistilledClassifier(cross_fit=cross_fit, cv=3, random_state=0)
    model.fit(X[::3], y[::3])
    assert (model.teacher_score_ is None) == (cross_fit is False)
    assert model.score(X[1::3], y[1::3]) > 0.9


def test_the_default_teacher_needs_a_table():
    with pytest.raises(
        ValueError, match=r"default teacher needs X.*\(3,\).*vectorizer"
    ):
        DistilledRegressor(student=DecisionTreeRegressor()).fit(
            ["a", "b", "c"], [1, 2, 3]
        )


def test_the_same_seed_gives_the_same_numbers(small_default_teacher):
    X, y = (part[:150] for part in load_diabetes(return_X_y=True))
    first = DistilledRegressor(random_state=1).fit(X, y).predict(X)
    assert_array_equal(DistilledRegressor(random_state=1).fit(X, y).predict(X), first)
    other = DistilledRegressor(random_state=2).fit(X, y).predict(X)
    assert not np.array_equal(other, first)


def test_the_default_teacher_refuses_sparse_data():
    X = csr_array(np.eye(30))
    with pytest.raises(
        ValueError, match="Sparse input is not supported by the default.*toarray"
    ):
        DistilledRegressor(student=DecisionTreeRegressor()).fit(X, np.arange(30.0))


def test_the_default_teacher_is_stacked_over_the_given_folds(small_default_teacher):
    # Folds that keep groups together, of samples that come in identical groups: whoever
    # mixed the groups would recognise them.
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 5)
    X, y = rng.normal(size=(40, 3))[group], rng.normal(size=40)[group]
    apart = list(GroupKFold(5).split(X, y, group))
    model = DistilledRegressor(student=DecisionTreeRegressor(max_depth=2), cv=apart)
    assert model.fit(X, y).teacher_score_ < 0.2
    model.set_params(cv=5)
    assert model.fit(X, y).teacher_score_ > 0.8


def test_the_default_teacher_can_be_refitted_on_other_samples(small_default_teacher):
    X, y = load_diabetes(return_X_y=True)
    model = DistilledRegressor(random_state=0).fit(X[:100], y[:100])
    assert clone(model.teacher_).fit(X[:60], y[:60]).predict(X).shape == (442,)


def test_the_default_student_is_the_one_documented():
    X, y = (part[::4] for part in load_diabetes(return_X_y=True))
    student = DistilledRegressor(DecisionTreeRegressor(), refine=None).fit(X, y)
    student = student.student_
    assert (student.n_estimators, student.learning_rate, student.max_depth) == (
        100,
        0.1,
        3,
    )
    X, y = (part[::4] for part in load_breast_cancer(return_X_y=True))
    student = DistilledClassifier(DecisionTreeClassifier(), refine=None).fit(X, y)
    student = student.student_
    assert (student.n_estimators, student.learning_rate, student.max_depth) == (
        100,
        0.1,
        3,
    )


BUILDS = default_regressor, default_classifier


@pytest.mark.parametrize("build", BUILDS)
def test_the_device_is_that_which_is_asked_for_or_there(build, monkeypatch):
    without = repr(build(600, 4))
    monkeypatch.setattr(_xgboost_device, "_has_cuda", lambda: False)
    assert repr(build(600, 4, device="cpu")) == repr(build(600, 4, device="auto"))
    with pytest.raises(ValueError, match="needs a CUDA device.*Use auto"):
        build(600, 4, device="cuda")
    with pytest.raises(ValueError, match="'auto', 'cpu' or 'cuda'. Got 'gpu'"):
        build(600, 4, device="gpu")
    monkeypatch.setattr(_xgboost_device, "_has_cuda", lambda: True)
    for device in ("auto", "cuda"):
        made = dict(build(600, 4, device=device).estimators)
        assert "device='cuda'" in repr(made["boosting"])
    assert repr(build(600, 4)) == without


def test_without_xgboost_auto_falls_back(monkeypatch):
    def missing():
        raise ImportError("This needs xgboost")

    monkeypatch.setattr(_xgboost_device, "_has_cuda", missing)
    assert "XGB" not in repr(default_regressor(600, 4, device="auto"))
    with pytest.raises(ImportError, match="needs xgboost"):
        default_regressor(600, 4, device="cuda")


@pytest.mark.parametrize(
    ("build", "data"),
    [(default_regressor, load_diabetes), (default_classifier, load_breast_cancer)],
)
@pytest.mark.parametrize(
    "device", ["auto", pytest.param("cuda", marks=pytest.mark.gpu)]
)
@pytest.mark.slow
def test_a_teacher_of_any_device_learns(build, data, device):
    X, y = data(return_X_y=True)
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.05, np.nan, X)
    teacher = build(*X.shape, device=device)
    train, test = np.arange(len(y)) % 2 == 0, np.arange(len(y)) % 2 == 1
    weight = np.ones(train.sum())
    with config_context(enable_metadata_routing=True):
        teacher.fit(X[train], y[train], sample_weight=weight)
    assert teacher.score(X[test], y[test]) > 0.3
