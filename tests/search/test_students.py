"""Several students in one search: what they share, what they cost, which is taken."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    make_friedman1,
)
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    QuantileRegressor,
    Ridge,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressor, DistilledRegressorCV
from skdistill.displays import ParetoDisplay
from skdistill.inspect import count_bytes
from skdistill.search import _budget
from skdistill.transfer import MungeSampler, TransferSet
from tests.doubles import CountingTeacher

TEACHER = ExtraTreesRegressor(20, min_samples_leaf=2, bootstrap=True)
STUDENTS = [
    ("ridge", Ridge()),
    ("stump", DecisionTreeRegressor(max_leaf_nodes=2)),
    ("tree", DecisionTreeRegressor(max_leaf_nodes=16)),
]
QUICK = {"transfers": (None,), "cv": 3, "inner_cv": 2, "random_state": 0}


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(300, noise=1.0, random_state=0)


@pytest.fixture(scope="module")
def several(friedman):
    return DistilledRegressorCV(TEACHER, STUDENTS, **QUICK).fit(*friedman)


@pytest.mark.parametrize("random_state", [0, None])
def test_all_students_learn_from_the_same_teachers_work(tmp_path, random_state):
    X, y = load_diabetes(return_X_y=True)
    teacher = CountingTeacher(tmp_path)
    search = DistilledRegressorCV(teacher, STUDENTS, cv=4, inner_cv=3)
    search.set_params(random_state=random_state, max_bytes=1e6).fit(X, y)
    # Three inner folds on each of four outer ones, and on all samples.
    assert len(list(tmp_path.iterdir())) == 3 * (4 + 1)


def test_each_student_scores_as_it_does_alone(friedman, several):
    found = pd.DataFrame(several.cv_results_).set_index("param_student")
    for name, student in STUDENTS:
        alone = DistilledRegressorCV(TEACHER, student, **QUICK).fit(*friedman)
        columns = ["mean_test_score", "split0_test_score", "split2_test_score"]
        expected = np.column_stack([alone.cv_results_[column] for column in columns])
        assert_array_equal(found.loc[[name], columns], expected)
        frontier = several.frontier().loc[name]
        assert frontier["score"] == alone.best_score_
        assert frontier["is_distilled"] == (alone.best_index_ > 0)
        assert frontier["leaves"] == alone.frontier()["leaves"].item()
        if frontier["is_best"]:
            assert_array_equal(several.predict(friedman[0]), alone.predict(friedman[0]))
            assert several.best_params_ == {"student": name} | alone.best_params_
            assert several.baseline_score_ == alone.baseline_score_
            assert several.teacher_score_ == alone.teacher_score_
            assert several.reason_.startswith(alone.reason_)


def test_the_student_of_the_best_score_is_taken(several):
    frontier = several.frontier()
    assert [*frontier.index] == ["ridge", "stump", "tree"]
    assert frontier["score"].idxmax() == several.best_params_["student"]
    assert frontier["is_best"].sum() == 1
    assert frontier["is_within"].all()
    assert several.best_score_ == frontier["score"].max()
    best = several.best_index_
    assert several.cv_results_["params"][best] == several.best_params_
    assert several.cv_results_["mean_test_score"][best] == several.best_score_
    assert f"Of the 3 students {several.best_params_['student']!r}" in several.reason_
    assert (frontier[["latency", "bytes"]] > 0).all(axis=None)
    assert frontier["leaves"].tolist() == [0, 2, 16]


def test_one_student_has_a_frontier_too(friedman):
    search = DistilledRegressorCV(TEACHER, make_pipeline(STUDENTS[1][1]), **QUICK)
    frontier = search.fit(*friedman).frontier()
    assert [*frontier.index] == ["decisiontreeregressor"]
    assert "student" not in search.best_params_
    assert "Of the" not in search.reason_


@pytest.mark.parametrize(
    ("budget", "within"),
    [
        ({"max_leaves": 15}, {"ridge", "stump"}),
        ({"max_leaves": 2}, {"ridge", "stump"}),
        ({"max_leaves": 1.5}, {"ridge"}),
        ({"max_bytes": 3000}, {"ridge", "stump"}),
        ({"max_latency": 20.0}, {"stump", "tree"}),
        ({"max_latency": 20.0, "max_leaves": 2}, {"stump"}),
    ],
)
def test_the_best_student_within_the_budget_is_taken(
    friedman, several, monkeypatch, budget, within
):
    seconds = {"Ridge": 30e-6, "DecisionTreeRegressor": 20e-6}

    def timed(students, X, n_calls):
        return np.array([seconds[type(student).__name__] for student in students])

    monkeypatch.setattr(_budget, "time_beside_reference", timed)
    search = clone(several).set_params(**budget).fit(*friedman)
    frontier, unlimited = search.frontier(), several.frontier()
    assert {*frontier.index[frontier["is_within"]]} == within
    assert {*frontier.index[frontier["score"].notna()]} == within
    best = unlimited.loc[[*within], "score"].idxmax()
    assert search.best_params_["student"] == best
    assert search.best_score_ == unlimited.loc[best, "score"]
    assert {*search.cv_results_["param_student"]} == within
    for name, limit in budget.items():
        assert frontier.loc[best, name.removeprefix("max_")] <= limit
    if len(within) > 1:
        assert f"within the budget, {next(iter(budget))}=" in search.reason_


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (
            {"max_leaves": 1},
            r"max_leaves=1, when it.*nearest to it is 'stump', with .* microseconds a "
            r"row, [\d,]+ bytes, 2 leaves\. Raise the limits",
        ),
        ({"max_bytes": 100}, "max_bytes=100, .*Raise the limits"),
        ({"max_latency": 1e-3}, "max_latency=0.001, .*Raise the limits.*ONNX and C"),
    ],
)
def test_where_no_student_fits_the_smallest_is_named_before_any_work(
    tmp_path, friedman, budget, message
):
    search = DistilledRegressorCV(
        CountingTeacher(tmp_path), STUDENTS[1:], **budget, **QUICK
    )
    with pytest.raises(ValueError, match=message):
        search.fit(*friedman)
    assert not [*tmp_path.iterdir()]


def test_what_cannot_be_counted_has_no_budget(tmp_path, friedman):
    students = [("tree", STUDENTS[2][1]), ("near", KNeighborsRegressor())]
    search = DistilledRegressorCV(CountingTeacher(tmp_path), students, max_leaves=20)
    with pytest.raises(ValueError, match="max_leaves needs .*'near'.*Use max_latency"):
        search.fit(*friedman)
    assert not [*tmp_path.iterdir()]


def test_a_candidate_over_the_budget_is_left_out_where_its_baseline_is_not():
    # Neighbours keep their samples, so with drawn ones they are larger. The teacher
    # knows the truth, of which the labels are noisy.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 2))
    y = 10 * X[:, 0] + rng.normal(scale=5, size=150)
    teacher = FrozenEstimator(LinearRegression().fit(X, 10 * X[:, 0]))
    student = KNeighborsRegressor(1)
    of_labels = count_bytes(clone(student).fit(X, y))
    drawn = TransferSet(MungeSampler(), size=3)
    params = {"alphas": (1.0,), "transfers": (drawn,), "max_bytes": 10 * of_labels}
    search = DistilledRegressorCV(teacher, student, **QUICK | params).fit(X, y)
    assert search.best_index_ == 1
    assert search.frontier()["bytes"].item() > 2 * of_labels
    search.set_params(max_bytes=2 * of_labels).fit(X, y)
    assert search.frontier()["bytes"].item() < 2 * of_labels
    assert search.best_index_ == 0
    assert "over the budget" in search.reason_
    # The next best is taken where there is one.
    search.set_params(transfers=(drawn, None)).fit(X, y)
    assert search.frontier()["bytes"].item() < 2 * of_labels
    assert search.best_params_["transfer"] is None
    assert search.best_index_ == 2


def test_on_noise_every_student_stays_the_baseline_student():
    distilled = []
    teacher = ExtraTreesRegressor(5, bootstrap=True)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(100, 5)), rng.normal(size=100)
        search = DistilledRegressorCV(teacher, STUDENTS[1:], **QUICK | {"cv": 4})
        distilled += [*search.fit(X, y).frontier()["is_distilled"]]
    assert not any(distilled)


def test_the_same_seed_gives_the_same_search_on_any_number_of_jobs(friedman, several):
    search = clone(several).set_params(n_jobs=2).fit(*friedman)
    for name, column in several.cv_results_.items():
        assert_array_equal(search.cv_results_[name], column)
    assert_array_equal(search.predict(friedman[0]), several.predict(friedman[0]))


def test_students_are_reached_by_their_names(several):
    search = clone(several)
    assert search.get_params()["tree__max_leaf_nodes"] == 16
    search.set_params(tree__max_leaf_nodes=3, ridge=Ridge(7.0), n_jobs=1)
    assert dict(search.student)["tree"].max_leaf_nodes == 3
    assert dict(search.student)["ridge"].alpha == 7.0
    assert dict(several.student)["tree"].max_leaf_nodes == 16
    search.set_params(student=Ridge(), teacher=[("ridge", Ridge())])
    assert search.set_params(ridge__alpha=3.0).teacher[0][1].alpha == 3.0


@pytest.mark.parametrize(
    ("students", "message"),
    [
        ([], r"Several students must be a list of pairs.*Got \[\]"),
        ([Ridge()], "Several students must be a list of pairs"),
        ([("a", Ridge()), ("a", Ridge())], "Each of several students.*'a', twice"),
        ([("alphas", Ridge())], "several students.*'alphas', a parameter"),
        ([("a__b", Ridge())], "several students.*'a__b', with '__'"),
        ([("taught", Ridge())], "several students.*'taught', a parameter"),
        ([("a", GaussianNB())], "student of a DistilledRegressor must be a regressor"),
        ("autumn", "'student' parameter .* must be .*'auto'"),
    ],
)
def test_wrong_students_are_named(friedman, students, message):
    search = DistilledRegressorCV([("taught", Ridge())], students, **QUICK)
    with pytest.raises(ValueError, match=message):
        search.fit(*friedman)


@pytest.mark.parametrize("name", ["max_latency", "max_bytes", "max_leaves"])
def test_a_limit_is_above_zero(friedman, name):
    search = DistilledRegressorCV(TEACHER, Ridge(), **{name: 0.0})
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        search.fit(*friedman)


def test_one_distilled_model_takes_one_student(friedman):
    with pytest.raises(ValueError, match="'student' parameter"):
        DistilledRegressor(Ridge(), STUDENTS).fit(*friedman)


def test_students_of_different_losses_need_a_scoring(friedman):
    students = [("mean", Ridge()), ("median", QuantileRegressor())]
    search = DistilledRegressorCV(Ridge(), students, cv=3, random_state=0)
    with pytest.raises(ValueError, match="the same loss where scoring is None.*mean"):
        search.fit(*friedman)
    search.set_params(scoring="neg_mean_absolute_error").fit(*friedman)
    assert search.best_score_ < 0


def test_classifiers_without_probabilities_are_all_scored_by_accuracy():
    X, y = load_iris(return_X_y=True)
    students = [("tree", DecisionTreeClassifier(max_depth=2)), ("svc", LinearSVC())]
    search = DistilledClassifierCV(GaussianNB(), students, cv=3, random_state=0)
    assert not hasattr(search, "predict_proba")
    search.fit(X, y)
    assert (search.frontier()["score"] > 0.8).all()


def test_a_student_that_fails_is_named_in_the_warning(friedman):
    students = [("tree", STUDENTS[2][1]), ("line", Ridge())]
    search = DistilledRegressorCV(TEACHER, students, refinements=("leaves",), **QUICK)
    with pytest.raises(ValueError, match="Leaf values can be refined") as caught:
        search.fit(*friedman)
    assert "student 'line'" in "".join(caught.value.__notes__)


@pytest.mark.slow
def test_auto_is_a_list_of_students_of_scikit_learn():
    X, y = (part[:100] for part in load_diabetes(return_X_y=True))
    params = {"alphas": (0.5,), "transfers": (None,), "cv": 2, "random_state": 0}
    search = DistilledRegressorCV(Ridge(), "auto", max_leaves=100, **params)
    frontier = search.fit(X, y).frontier()
    assert [*frontier.index] == [
        *("linear", "tree", "boosting20", "boosting100", "forest")
    ]
    # Sums of trees are pruned to the budget, whether distilled or not.
    assert frontier["is_within"].all()
    assert (frontier.loc[["boosting20", "boosting100", "forest"], "leaves"] > 32).all()


def test_weights_reach_the_students_of_auto_whether_routed_or_not():
    X, y = (part[:120] for part in load_breast_cancer(return_X_y=True))
    X, weight = X[:, :3], np.random.default_rng(0).integers(1, 4, len(y))
    params = {"max_leaves": 8, "alphas": (0.5,), "transfers": (None,), "cv": 2}
    # Without refinement what is too large is left out, not pruned.
    params |= {"refinements": (None,), "inner_cv": 2, "random_state": 0}
    plain = DistilledClassifierCV(LogisticRegression(max_iter=1000), "auto", **params)
    plain.fit(X, y, sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        teacher = LogisticRegression(max_iter=1000).set_fit_request(sample_weight=True)
        routed = DistilledClassifierCV(teacher, "auto", **params)
        routed.fit(X, y, sample_weight=weight)
    assert_array_equal(
        routed.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )
    bare = clone(plain).fit(X, y)
    assert bare.best_score_ != plain.best_score_


def test_each_student_gets_the_metadata_that_it_asks_for(friedman):
    X, y = friedman
    weight = np.random.default_rng(0).integers(1, 9, len(y)).astype(float)
    with config_context(enable_metadata_routing=True):
        students = [
            ("weighs", Ridge().set_fit_request(sample_weight=True)),
            ("weighs_not", Ridge().set_fit_request(sample_weight=False)),
        ]
        teacher = Ridge().set_fit_request(sample_weight=True)
        search = DistilledRegressorCV(teacher, students, alphas=(0.5,), **QUICK)
        search.fit(X, y, sample_weight=weight)
    scores = search.frontier()["score"]
    assert scores["weighs"] != scores["weighs_not"]


def test_dataframes_pickles_and_frozen_teachers(friedman):
    X, y = friedman
    frame = pd.DataFrame(X).add_prefix("column ")
    teacher = FrozenEstimator(TEACHER.fit(frame, y))
    search = DistilledRegressorCV(teacher, STUDENTS, **QUICK).fit(frame, y)
    assert [*search.feature_names_in_] == [*frame.columns]
    loaded = pickle.loads(pickle.dumps(search))
    pd.testing.assert_frame_equal(loaded.frontier(), search.frontier())
    assert_array_equal(loaded.predict(frame), search.predict(frame))


def test_a_search_is_drawn_as_a_front(several):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    display = ParetoDisplay.from_search(several, cost="leaves")
    assert display.frame()["cost"].tolist() == [2.0, 16.0]
    assert display.frame().index.tolist() == ["stump", "tree"]
    display = ParetoDisplay.from_search(several)
    frontier = several.frontier()
    assert display.costs.tolist() == frontier["latency"].tolist()
    assert display.scores.tolist() == frontier["score"].tolist()
    assert "microseconds" in display.ax_.get_xlabel()
    with pytest.raises(ValueError, match="cost must be one of .*Got 'values'"):
        ParetoDisplay.from_search(several, cost="values")
    with pytest.raises(TypeError, match="search must .*frontier.*Ridge"):
        ParetoDisplay.from_search(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]))


def test_large_students_of_the_list_cost_no_teacher(tmp_path, friedman):
    students = [*STUDENTS, ("big", GradientBoostingRegressor())]
    params = QUICK | {"refinements": (None,)}  # What is refined would be pruned.
    search = DistilledRegressorCV(TEACHER, students, max_leaves=20, **params)
    frontier = search.fit(*friedman).frontier()
    assert frontier.loc["big", "leaves"] > 20
    assert np.isnan(frontier.loc["big", "score"])
    assert not frontier.loc["big", ["is_within", "is_distilled", "is_best"]].any()
