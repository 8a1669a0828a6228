"""Several teachers in the distilled estimators and the searches."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, make_friedman1
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    DistillationReport,
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.inspect import open_parts
from skdistill.teachers import (
    Combination,
    CombinedClassifier,
    CombinedRegressor,
    TemperatureScaling,
)
from tests.doubles import (
    CountingTeacher,
    FailingRegressor,
    NanRegressor,
    RecordingRegressor,
)

TREE = DecisionTreeRegressor(max_depth=3, random_state=0)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    X, codes = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[codes]


def two(**params):
    return DistilledRegressor(
        [("tree", TREE), ("ridge", Ridge())], TREE, random_state=0, **params
    )


# --- identities ---


@pytest.mark.parametrize("combine", ["uniform", "score", "stack", "row"])
def test_one_teacher_in_a_list_is_that_teacher(diabetes, iris, combine):
    X, y = diabetes
    one, listed = (
        DistilledRegressor(teacher, TREE, combine=combine, random_state=0).fit(X, y)
        for teacher in (Ridge(), [("ridge", Ridge())])
    )
    assert_allclose(listed.predict(X), one.predict(X))
    assert listed.teacher_score_ == pytest.approx(one.teacher_score_)
    X, y = iris
    one, listed = (
        DistilledClassifier(
            teacher,
            DecisionTreeClassifier(max_depth=2),
            combine=combine,
            random_state=0,
        ).fit(X, y)
        for teacher in (GaussianNB(), [("bayes", GaussianNB())])
    )
    assert_allclose(listed.predict_proba(X), one.predict_proba(X), atol=1e-7)


def test_each_is_cross_fitted_and_calibrated_as_if_it_was_alone(diabetes):
    X, y = diabetes
    both = two(transfer=None).fit(X, y)
    for name, teacher in (("tree", TREE), ("ridge", Ridge())):
        alone = DistilledRegressor(teacher, TREE, transfer=None, random_state=0).fit(
            X, y
        )
        assert both.calibration_[name].to_dict() == alone.calibration_.to_dict()
        fitted = both.teacher_.named_estimators_[name]
        assert_array_equal(fitted.predict(X), alone.teacher_.predict(X))


def test_the_student_learns_the_combination_of_calibrated_predictions(diabetes):
    X, y = diabetes
    frozen = [
        ("a", FrozenEstimator(LinearRegression().fit(X[:, :3], y[:]))),
        ("b", FrozenEstimator(DummyRegressor().fit(X[:, :3], y))),
    ]
    model = DistilledRegressor(
        frozen,
        RecordingRegressor(),
        alpha=1.0,
        combine=Combination([3, 1]),
        calibrate=None,
        transfer=None,
    ).fit(X[:, :3], y)
    expected = 0.75 * frozen[0][1].predict(X[:, :3]) + 0.25 * y.mean()
    assert_allclose(model.student_.y_, expected)
    assert_allclose(model.teacher_.predict(X[:, :3]), expected)
    assert_array_equal(model.combination_.weights_, [0.75, 0.25])


def test_the_default_is_the_uniform_mean_and_other_weights_differ(diabetes):
    X, y = diabetes
    fitted = {
        combine: two(combine=combine).fit(X, y)
        for combine in ("uniform", "score", "stack", "row")
    }
    assert_array_equal(fitted["uniform"].combination_.weights_, [0.5, 0.5])
    assert_array_equal(fitted["uniform"].predict(X), two().fit(X, y).predict(X))
    scores = [model.teacher_score_ for model in fitted.values()]
    assert len(set(scores)) == 4
    assert max(scores) == fitted["stack"].teacher_score_


def test_the_fitted_teachers_are_one_estimator(iris):
    X, y = iris
    model = DistilledClassifier(
        [("bayes", GaussianNB()), ("margins", LinearSVC())],
        DecisionTreeClassifier(max_depth=2),
        random_state=0,
    ).fit(X, y)
    teacher = model.teacher_
    assert isinstance(teacher, CombinedClassifier)
    assert isinstance(model.calibration_["margins"], TemperatureScaling)
    assert [*teacher.named_estimators_] == ["bayes", "margins"]
    assert_array_equal(teacher.classes_, np.unique(y))
    assert teacher.score(X, y) > 0.9
    assert_allclose(teacher.predict_proba(X).sum(axis=1), 1)
    again = pickle.loads(pickle.dumps(model)).teacher_
    assert_array_equal(again.predict_proba(X), teacher.predict_proba(X))
    assert teacher.fit(X, y) is teacher
    assert open_parts(model).teacher.score(X, y) > 0.9
    assert teacher.n_features_in_ == 4


def test_transfer_samples_are_labelled_by_the_combination(diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        [("tree", TREE), ("ridge", Ridge())],
        RecordingRegressor(),
        alpha=1.0,
        transfer=None,
        combine="stack",
        random_state=0,
    ).fit(X[:300], y[:300], X_unlabeled=X[300:])
    assert_allclose(model.student_.y_[300:], model.teacher_.predict(X[300:]))
    assert isinstance(model.teacher_, CombinedRegressor)


# --- frozen ones, caches, failures ---


@pytest.mark.parametrize("cross_fit", ["auto", "kfold"])
def test_frozen_and_unfitted_ones_stand_side_by_side(diabetes, cross_fit):
    X, y = diabetes
    frozen = FrozenEstimator(Ridge().fit(X[:200], y[:200]))
    model = DistilledRegressor(
        [("old", frozen), ("new", TREE)], TREE, cross_fit=cross_fit, random_state=0
    ).fit(X[200:], y[200:])
    assert model.teacher_.named_estimators_["old"] is not None
    assert_array_equal(
        model.teacher_.named_estimators_["old"].predict(X), frozen.predict(X)
    )


def test_each_is_cached_by_itself(diabetes, tmp_path):
    X, y = diabetes
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    counting = [CountingTeacher(folder) for folder in folders]
    fit = partial(
        DistilledRegressor, student=TREE, memory=tmp_path / "m", random_state=0
    )
    fit(counting[0]).fit(X, y)  # Five folds, and two of a trial of the student.
    both = fit([("a", counting[0]), ("b", counting[1])]).fit(X, y)
    assert [len([*folder.iterdir()]) for folder in folders] == [7, 7]
    again = fit([("b", counting[1]), ("a", counting[0])]).fit(X, y)
    assert [len([*folder.iterdir()]) for folder in folders] == [7, 7]
    assert_allclose(again.predict(X), both.predict(X))
    assert [*again.teacher_.named_estimators_] == ["b", "a"]


@pytest.mark.parametrize(
    ("broken", "error"),
    [(FailingRegressor(), ZeroDivisionError), (NanRegressor(), ValueError)],
)
def test_the_one_that_fails_is_named(diabetes, broken, error):
    model = DistilledRegressor([("good", Ridge()), ("bad", broken)], TREE)
    with pytest.raises(error) as caught:
        model.fit(*diabetes)
    notes = " ".join(caught.value.__notes__)
    assert "teacher 'bad'" in notes
    assert "'good'" not in notes


def test_the_one_that_fails_on_other_samples_is_named(diabetes):
    X, y = diabetes
    tables = [
        (name, FrozenEstimator(Ridge().fit(X[:, :columns], y)))
        for name, columns in (("all", 10), ("few", 10))
    ]
    tables[1][1].estimator.coef_ = np.full(10, 1e308)
    model = DistilledRegressor(tables, TREE, transfer=None, on_poor_teacher="ignore")
    far = np.full((3, 10), 1e10)
    with np.errstate(all="ignore"), pytest.raises(ValueError) as caught:  # noqa: PT011
        model.fit(np.zeros_like(X), y, X_unlabeled=far)
    assert "teacher 'few'" in " ".join(caught.value.__notes__)


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        ([], "list of pairs, at least one"),
        ([Ridge(), Ridge()], "list of pairs, at least one"),
        ([("a", Ridge()), ("a", TREE)], "Got 'a', twice the same"),
        ([("student", Ridge())], "Got 'student', a parameter of the model"),
        ([("splitter", Ridge())], "a part of it"),
        ([("a__b", Ridge())], "with '__'"),
        ([("a", Ridge()), ("b", Ridge)], "The teacher 'b' must follow scikit-learn"),
        ([("a", Ridge()), ("b", GaussianNB())], "The teacher 'b' of a DistilledReg"),
        ([("a", Ridge()), ("b", None)], "The teacher 'b' must follow scikit-learn"),
    ],
)
def test_what_are_no_teachers_is_refused_before_any_work(diabetes, teacher, message):
    with pytest.raises(ValueError, match=message):
        DistilledRegressor(teacher, TREE).fit(*diabetes)


def test_a_name_that_only_the_search_has_is_refused(diabetes):
    search = DistilledRegressorCV([("alphas", Ridge())], TREE)
    with pytest.raises(ValueError, match="Got 'alphas', a parameter of the model"):
        search.fit(*diabetes)


@pytest.mark.parametrize("combine", ["score", "stack", "row", Combination("stack")])
def test_in_sample_predictions_give_no_weights(diabetes, combine):
    with pytest.raises(ValueError, match="Got combine=.* with cross_fit=False"):
        two(cross_fit=False, combine=combine).fit(*diabetes)
    two(cross_fit=False).fit(*diabetes)


def test_weights_that_one_does_not_take_are_refused_by_its_name(diabetes):
    model = DistilledRegressor([("a", Ridge()), ("knn", KNeighborsRegressor())], TREE)
    with pytest.raises(ValueError, match="The teacher 'knn' must accept sample_weight"):
        model.fit(*diabetes, sample_weight=np.ones(442))


def test_a_teacher_without_probabilities_is_refused_by_its_name(iris):
    model = DistilledClassifier([("a", GaussianNB()), ("b", Ridge())])
    with pytest.raises(ValueError, match="The teacher 'b' of a DistilledClassifier"):
        model.fit(*iris)


def test_several_outputs_need_teachers_that_all_take_them(diabetes):
    X, y = diabetes
    both = np.column_stack([y, -y])
    model = two().fit(X, both)
    assert model.predict(X).shape == (442, 2)
    with pytest.raises(ValueError, match="y should be a 1d array"):
        DistilledRegressor([("a", Ridge()), ("b", SVR())], TREE).fit(X, both)


# --- parameters by name ---


def test_parameters_are_reached_by_the_teachers_names(diabetes):
    model = two()
    ridge = model.get_params()["ridge"]
    assert ridge is model.teacher[1][1]
    assert model.get_params()["ridge__alpha"] == 1.0
    assert "ridge" not in model.get_params(deep=False)
    copied, given = clone(model), model.teacher
    model.set_params(ridge__alpha=7.0, tree=LinearRegression())
    assert model.teacher[1][1].alpha == 7.0
    assert isinstance(model.teacher[0][1], LinearRegression)
    assert given[0][1] is TREE  # A list that was given stays as it is.
    assert copied.get_params()["ridge__alpha"] == 1.0
    model.set_params(teacher=[("other", Ridge())], other__alpha=3.0)
    assert model.teacher[0][1].alpha == 3.0
    with pytest.raises(ValueError, match="Invalid parameter 'ridge'"):
        model.set_params(ridge=Ridge())


def test_one_teacher_keeps_its_parameters_names():
    model = DistilledRegressor(Ridge()).set_params(teacher__alpha=2.0)
    assert model.get_params()["teacher__alpha"] == 2.0


def test_grid_search_reaches_each_of_them(diabetes):
    search = GridSearchCV(
        two(transfer=None), {"ridge__alpha": [0.1, 10.0], "combine": ["stack"]}, cv=2
    ).fit(*diabetes)
    assert search.best_params_["ridge__alpha"] in (0.1, 10.0)


# --- scikit-learn's ways ---


def test_frames_reach_each_teacher_as_they_are(diabetes):
    X, y = diabetes
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(10)])
    named = make_pipeline(StandardScaler(), Ridge())
    model = DistilledRegressor([("a", named), ("b", TREE)], TREE, random_state=0)
    fitted = clone(model).fit(frame, y)
    assert_allclose(fitted.predict(frame), clone(model).fit(X, y).predict(X))
    last = fitted.teacher_.named_estimators_["a"].estimators[0]
    assert [*last.feature_names_in_] == [*frame.columns]


def test_the_number_of_jobs_does_not_matter(diabetes):
    X, y = diabetes
    trees = ExtraTreesRegressor(5)
    one, two_jobs = (
        DistilledRegressor(
            [("trees", trees), ("ridge", Ridge())],
            TREE,
            combine="stack",
            n_jobs=n_jobs,
            random_state=0,
        ).fit(X, y)
        for n_jobs in (1, 2)
    )
    assert_array_equal(one.predict(X), two_jobs.predict(X))


def test_metadata_reaches_the_teachers_that_request_it(diabetes):
    X, y = diabetes
    weight = np.random.default_rng(0).random(442)
    with config_context(enable_metadata_routing=True):
        model = DistilledRegressor(
            [
                (
                    "a",
                    RecordingRegressor().set_fit_request(
                        sample_weight=True, extra=False
                    ),
                ),
                (
                    "b",
                    RecordingRegressor().set_fit_request(
                        extra=True, sample_weight=False
                    ),
                ),
            ],
            RecordingRegressor().set_fit_request(sample_weight=True, extra=False),
            transfer=None,
            cross_fit=False,
        ).fit(X, y, sample_weight=weight, extra=np.arange(442))
    fitted = model.teacher_.named_estimators_
    assert_array_equal(fitted["a"].sample_weight_, weight)
    assert fitted["b"].sample_weight_ is None
    assert_array_equal(fitted["b"].extra_, np.arange(442))


def test_weights_reach_teachers_calibration_and_combination(diabetes):
    X, y = diabetes
    weight = (np.arange(442) < 200).astype(float)
    halved = two(combine="stack", transfer=None).fit(X, y, sample_weight=weight)
    plain = two(combine="stack", transfer=None).fit(X, y)
    assert halved.teacher_score_ != plain.teacher_score_
    assert not np.array_equal(halved.combination_.weights_, plain.combination_.weights_)


def test_poor_ones_together_are_judged_by_their_combination(diabetes):
    X, y = diabetes
    noise = FrozenEstimator(DummyRegressor().fit(X, y))
    model = DistilledRegressor(
        [("a", noise), ("b", noise)], TREE, on_poor_teacher="baseline"
    )
    with pytest.warns(UserWarning, match="no better than a constant"):
        model.fit(X, y)
    assert model.poor_teacher_
    good = [("a", noise), ("b", Ridge())]
    model.set_params(teacher=good, combine="stack").fit(X, y)
    assert model.poor_teacher_ is None


def test_searches_choose_with_several_teachers(diabetes, iris):
    X, y = diabetes
    search = DistilledRegressorCV(
        [("tree", TREE), ("ridge", Ridge())],
        TREE,
        combine="stack",
        transfers=(None,),
        cv=3,
        random_state=0,
    ).fit(X, y)
    assert [*search.teacher_.named_estimators_] == ["tree", "ridge"]
    assert search.best_estimator_.combine == "stack"
    assert search.set_params(ridge__alpha=4.0).get_params()["ridge__alpha"] == 4.0
    search = DistilledClassifierCV(
        [("bayes", GaussianNB()), ("prior", DummyClassifier(strategy="prior"))],
        DecisionTreeClassifier(max_depth=2),
        transfers=(None,),
        cv=3,
        random_state=0,
    ).fit(*iris)
    assert search.teacher_.score(*iris) > 0.9


def test_a_search_gives_each_its_weights_on_each_fold(diabetes):
    X, y = diabetes
    weight = np.random.default_rng(0).integers(1, 4, size=442).astype(float)
    search = DistilledRegressorCV(
        [("a", RecordingRegressor()), ("b", Ridge())],
        Ridge(),
        transfers=(None,),
        cross_fit=False,
        cv=2,
        random_state=0,
    ).fit(X, y, sample_weight=weight)
    recorded = search.teacher_.named_estimators_["a"]
    assert_array_equal(recorded.sample_weight_, weight)


def test_a_report_says_how_they_were_combined(diabetes):
    X, y = diabetes
    model = two(combine="stack").fit(X, y)
    report = DistillationReport(model, X, y, train=(X, y), n_timings=2)
    numbers, text = report.to_dict(), repr(report)
    assert numbers["teachers"] == ["tree", "ridge"]
    assert numbers["combination"]["weights"] == model.combination_.weights_.tolist()
    assert set(numbers["calibration"]) == {"tree", "ridge"}
    assert "Teacher 'ridge''s" in text or "ridge" in text
    assert "The teachers' values were combined: weights tree" in " ".join(text.split())
    model.set_params(combine="row").fit(X, y)
    report = DistillationReport(model, X, y, train=(X, y), n_timings=2)
    assert "weights of its own for each sample" in " ".join(repr(report).split())


@pytest.mark.slow
def test_two_that_err_differently_teach_more_than_each():
    gains = {"teacher": [], "student": []}
    for seed in range(3):
        X, y = make_friedman1(1500, noise=1.0, random_state=seed)
        train, test = slice(200), slice(200, None)
        trees = ExtraTreesRegressor(50)
        vectors = make_pipeline(StandardScaler(), SVR(C=10.0))
        scores = {"teacher": [], "student": []}
        for teacher in ([("trees", trees), ("vectors", vectors)], trees, vectors):
            model = DistilledRegressor(
                teacher,
                alpha=1.0,
                combine="stack",
                on_poor_teacher="ignore",
                random_state=seed,
            ).fit(X[train], y[train])
            scores["teacher"].append(model.teacher_.score(X[test], y[test]))
            scores["student"].append(model.score(X[test], y[test]))
        gains["teacher"].append(scores["teacher"][0] - max(scores["teacher"][1:]))
        gains["student"].append(scores["student"][0] - np.mean(scores["student"][1:]))
    assert min(gains["teacher"]) > 0
    assert min(gains["student"]) > 0


def test_a_forest_of_classes_and_a_line_learn_side_by_side(iris):
    X, y = iris
    model = DistilledClassifier(
        [
            ("forest", RandomForestClassifier(20)),
            ("line", LogisticRegression(max_iter=500)),
        ],
        combine=Combination("stack", of="logits"),
        random_state=0,
    ).fit(X, y)
    assert model.combination_.of_ == "logits"
    assert model.score(X, y) > 0.9
