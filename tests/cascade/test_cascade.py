"""The cascades: who predicts what, what is learned, and what is refused."""

import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CascadeClassifier,
    CascadeRegressor,
    DistilledClassifier,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.cascade import expected_gains
from skdistill.exceptions import PoorTeacherWarning
from skdistill.inspect import FidelityCertificate
from tests.doubles import CountingTeacher, RecordingRegressor

CHEAP = {"transfer": None, "refine": None, "on_poor_teacher": "ignore"}
X, Y = load_diabetes(return_X_y=True)
FLOWERS, KINDS = load_iris(return_X_y=True)
KINDS = np.array(["a", "b", "c"])[KINDS]
VALUES = DistilledRegressor(
    ExtraTreesRegressor(10, bootstrap=True, random_state=0), Ridge(), **CHEAP
)
CLASSES = DistilledClassifier(
    ExtraTreesClassifier(10, bootstrap=True, random_state=0),
    DecisionTreeClassifier(max_leaf_nodes=3),
    **CHEAP,
)
SCORES = {"margin": "margin", "entropy": "entropy", "learned": Ridge()}


@cache
def regressor():
    return CascadeRegressor(
        VALUES, budget=0.3, deferral=Ridge(), cv=3, random_state=0
    ).fit(X, Y)


@cache
def classifier(score):
    model = CascadeClassifier(CLASSES, deferral=SCORES[score], cv=3, random_state=0)
    return model.fit(FLOWERS, KINDS)


def test_deferred_samples_are_the_teachers_and_stay_in_their_place():
    model = regressor()
    student, teacher = model.predict_both(X)
    is_deferred = model.defer(X)
    assert 0 < is_deferred.mean() < 1
    expected = np.where(is_deferred, teacher, student)
    assert_array_equal(model.predict(X), expected)
    assert_array_equal(is_deferred, model.deferral_score(X) > model.threshold_)
    assert_array_equal(student, model.estimator_.predict(X))
    calibrated = model.estimator_.calibration_.transform(
        model.estimator_.teacher_.predict(X)
    )
    assert_array_equal(teacher, calibrated)
    order = np.random.default_rng(0).permutation(len(X))
    assert_allclose(model.predict(X[order]), expected[order], rtol=1e-12)
    one_by_one = np.concatenate([model.predict(X[i : i + 1]) for i in range(20)])
    assert_allclose(one_by_one, expected[:20], rtol=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_of_classes_too(score):
    model = classifier(score)
    student, teacher = model.predict_both(FLOWERS)
    is_deferred = model.defer(FLOWERS)
    proba = model.predict_proba(FLOWERS)
    assert_array_equal(proba, np.where(is_deferred[:, None], teacher, student))
    assert_array_equal(student, model.estimator_.predict_proba(FLOWERS))
    assert_array_equal(model.predict(FLOWERS), model.classes_[proba.argmax(axis=1)])
    assert_array_equal(model.classes_, ["a", "b", "c"])
    assert len(model.deferral_models_) == (3 if score == "learned" else 0)


def test_the_scores_by_name():
    student, _ = classifier("margin").predict_both(FLOWERS)
    ordered = np.sort(student, axis=1)
    assert_allclose(
        classifier("margin").deferral_score(FLOWERS),
        1 - ordered[:, -1] + ordered[:, -2],
    )
    safe = np.where(student > 0, student, 1)
    entropy = -(student * np.log(safe)).sum(axis=1)
    assert_allclose(classifier("entropy").deferral_score(FLOWERS), entropy)


def test_a_learned_score_sees_the_features_and_what_the_student_predicts():
    model = regressor()
    student, _ = model.predict_both(X)
    (learned,) = model.deferral_models_
    correction = learned.predict(np.column_stack([X, student]))
    assert_allclose(model.deferral_score(X), correction**2)
    model = classifier("learned")
    student, _ = model.predict_both(FLOWERS)
    ordered = np.sort(student, axis=1)
    margin = 1 - ordered[:, -1] + ordered[:, -2]
    features = np.column_stack([FLOWERS, margin, student])
    found = [one.predict(features) for one in model.deferral_models_]
    expected = expected_gains(student, np.column_stack(found))
    assert_allclose(model.deferral_score(FLOWERS), expected)


def test_a_budget_of_nothing_is_the_student_and_of_all_the_teacher():
    for budget, which in ((0.0, 0), (1.0, 1)):
        model = clone(regressor()).set_params(budget=budget).fit(X, Y)
        assert_array_equal(model.predict(X), model.predict_both(X)[which])
    assert model.certificate_ is None
    assert "No sample is kept" in model.guarantee_


def test_the_estimator_is_the_one_that_would_be_distilled_alone():
    model = CascadeRegressor(
        clone(VALUES).set_params(random_state=1), deferral=Ridge(), random_state=0
    ).fit(X, Y)
    alone = clone(VALUES).set_params(random_state=1).fit(X, Y)
    assert_array_equal(model.estimator_.predict(X), alone.predict(X))


def test_the_teachers_work_is_one_fit_for_each_fold_and_one_for_all(tmp_path):
    pair = DistilledRegressor(
        CountingTeacher(tmp_path), Ridge(), cross_fit=False, memory=False, **CHEAP
    )
    CascadeRegressor(pair, deferral=Ridge(), cv=3).fit(X, Y)
    assert len(list(tmp_path.iterdir())) == 4


def test_n_jobs_and_seeds_give_the_same():
    forest = clone(VALUES).set_params(teacher__random_state=None)
    tree = DecisionTreeRegressor(max_features=3, max_depth=3)
    model = CascadeRegressor(forest, cv=2, deferral=tree, random_state=0)
    first = model.fit(X, Y).deferral_score(X)
    with parallel_config(backend="threading"):
        again = clone(model).set_params(n_jobs=2).fit(X, Y)
    assert_array_equal(first, again.deferral_score(X))
    assert model.threshold_ == again.threshold_


def test_frozen_models_are_not_fitted_and_need_no_labels():
    fitted = clone(VALUES).fit(X[:200], Y[:200])
    before = pickle.dumps(fitted.student_)
    model = CascadeRegressor(
        FrozenEstimator(fitted), budget=0.3, deferral=Ridge(), random_state=0
    ).fit(X[200:], None)
    assert pickle.dumps(fitted.student_) == before
    # One half of 242 teaches the score, the other sets the threshold.
    assert "(121 held-out scores" in model.guarantee_
    assert "folds" not in model.guarantee_
    assert model.deferred_fraction_ == pytest.approx(35 / 121)
    assert 0.15 < model.defer(X[:200]).mean() < 0.45


def test_frozen_models_with_a_score_by_name_set_the_threshold_by_all():
    data = load_breast_cancer()
    pair = DistilledClassifier(
        ExtraTreesClassifier(10, bootstrap=True, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
        **CHEAP,
    ).fit(data.data[:300], data.target[:300])
    held_out = data.data[300:]
    model = CascadeClassifier(FrozenEstimator(pair), deferral="margin", level=0.8)
    model.fit(held_out, data.target[300:])
    scores = np.sort(model.deferral_score(held_out))
    assert model.threshold_ == scores[int(np.ceil(270 * 0.8)) - 1]
    kept = model.deferral_score(held_out) < model.threshold_
    student, teacher = (one.argmax(axis=1) for one in model.predict_both(held_out))
    assert model.certificate_ == FidelityCertificate.from_labels(
        teacher[kept], student[kept], level=0.8
    )


def test_labels_sharpen_what_a_frozen_model_learns():
    fitted = clone(VALUES).fit(X[:200], Y[:200])
    model = CascadeRegressor(FrozenEstimator(fitted), deferral=Ridge(), random_state=0)
    without = clone(model).fit(X[200:], None).deferral_score(X)
    assert not np.allclose(without, model.fit(X[200:], Y[200:]).deferral_score(X))


def step(n, seed):
    """Return values that a line misses on a fifth of the samples."""
    rng = np.random.default_rng(seed)
    features = rng.uniform(size=(n, 3))
    values = features[:, 0] + 4 * (features[:, 1] > 0.8)
    return features, values + 0.1 * rng.normal(size=n)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_quarter_of_the_samples_recovers_half_of_the_gap(seed):
    # Where the student misses on a region, there is something to be learned.
    features, values = step(600, seed)
    pair = DistilledRegressor(DecisionTreeRegressor(max_depth=4), Ridge(), **CHEAP)
    model = CascadeRegressor(pair, budget=0.25, cv=3, random_state=0)
    model.fit(features, values)
    new, truth = step(2000, 10 + seed)
    student, teacher = (np.mean((p - truth) ** 2) for p in model.predict_both(new))
    found = np.mean((model.predict(new) - truth) ** 2)
    assert student - found > 0.5 * (student - teacher)
    assert model.defer(new).mean() < 0.32


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_on_noise_nothing_is_gained_and_the_budget_holds(seed):
    rng = np.random.default_rng(seed)
    features, labels = rng.normal(size=(600, 4)), rng.integers(2, size=600)
    pair = DistilledClassifier(
        ExtraTreesClassifier(20, bootstrap=True, random_state=0),
        LogisticRegression(),
        **CHEAP,
    )
    model = CascadeClassifier(pair, cv=3, random_state=seed)
    model.fit(features[:300], labels[:300])
    proba = model.predict_proba(features[300:])
    assert log_loss(labels[300:], proba) > np.log(2) - 0.03
    assert abs(model.defer(features[300:]).mean() - 0.2) < 0.12


def test_data_frames_keep_their_names_and_strings():
    frame = pd.DataFrame(X[:, :3], columns=["age", "sex", "bmi"])
    frame["kind"] = np.where(X[:, 3] > 0, "high", "low")
    prepare = OneHotEncoder(handle_unknown="ignore")
    pair = DistilledRegressor(
        make_pipeline(prepare, DecisionTreeRegressor(max_depth=3)),
        make_pipeline(prepare, Ridge()),
        cross_fit="kfold",
        cv=2,
        **CHEAP,
    )
    model = CascadeRegressor(pair, cv=2, deferral=make_pipeline(prepare, Ridge()))
    model.fit(frame, Y)
    assert_array_equal(model.feature_names_in_, [*frame])
    seen = model.deferral_models_[0].feature_names_in_
    assert_array_equal(seen, [*frame, "student_0"])
    assert model.predict(frame.iloc[:5]).shape == (5,)
    # Other numbers of rows than 0, 1, ... change nothing.
    shuffled = frame.sample(frac=1, random_state=0)
    assert_allclose(model.predict(shuffled), model.predict(frame)[shuffled.index])


def test_numbers_as_names_of_columns():
    frame = pd.DataFrame(X)
    model = clone(regressor()).fit(frame, Y)
    assert_allclose(model.predict(frame), regressor().predict(X))


def test_searches_and_pipelines():
    pair = DistilledRegressorCV(Ridge(), Ridge(), transfers=(None,), cv=2)
    model = CascadeRegressor(pair, deferral=Ridge(), cv=2).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    grid = GridSearchCV(
        make_pipeline(
            StandardScaler(),
            CascadeRegressor(
                DistilledRegressor(Ridge(), Ridge(), cross_fit=False, **CHEAP),
                deferral=Ridge(),
                cv=2,
            ),
        ),
        {
            "cascaderegressor__budget": [0.1, 0.5],
            "cascaderegressor__estimator__student__alpha": [1.0],
        },
        cv=2,
    ).fit(X, Y)
    assert grid.best_params_["cascaderegressor__budget"] in (0.1, 0.5)


def test_pickles_and_clones():
    model = regressor()
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(NotFittedError):
        clone(model).predict(X)


def test_weights_reach_all_parts():
    weight = np.random.default_rng(0).integers(0, 3, size=len(Y)).astype(float)
    model = CascadeRegressor(
        DistilledRegressor(
            RecordingRegressor(), RecordingRegressor(), cross_fit=False, **CHEAP
        ),
        deferral=RecordingRegressor(),
        cv=2,
    ).fit(X, Y, sample_weight=weight)
    assert_array_equal(model.estimator_.student_.sample_weight_, weight)
    assert_array_equal(model.deferral_models_[0].sample_weight_, weight)
    assert "weights count samples" in model.guarantee_


def test_samples_without_weight_count_for_nothing():
    weight = (np.arange(len(Y)) % 3 > 0).astype(float)
    folds = list(KFold(2).split(X))
    model = CascadeRegressor(VALUES, deferral=Ridge(), cv=folds)
    model.fit(X, Y, sample_weight=weight)
    assert f"({int(weight.sum())} held-out scores" in model.guarantee_


@pytest.mark.parametrize("n_weighty", [1, 2])
def test_a_frozen_model_needs_two_samples_of_weight(n_weighty):
    frozen = FrozenEstimator(clone(VALUES).fit(X, Y))
    weight = np.zeros(len(Y))
    weight[:n_weighty] = 1.0
    model = CascadeRegressor(frozen, deferral=Ridge(), random_state=0)
    if n_weighty == 2:
        # One half each, wherever the samples without weight lie.
        model.fit(X, Y, sample_weight=weight)
        assert "(1 held-out scores" in model.guarantee_
        return
    with pytest.raises(ValueError, match="at least two samples of weight above 0"):
        model.fit(X, Y, sample_weight=weight)
    with pytest.raises(ValueError, match="above 0.*Got 1. Pass more samples"):
        model.fit(X[:1], Y[:1])


def test_metadata_is_routed_to_the_estimator_and_the_folds():
    groups = np.arange(len(Y)) % 6
    with config_context(enable_metadata_routing=True):
        pair = DistilledRegressor(
            RecordingRegressor().set_fit_request(extra=True),
            Ridge(),
            cross_fit=False,
            **CHEAP,
        )
        cv = GroupKFold(3).set_split_request(groups=True)
        model = CascadeRegressor(pair, deferral=Ridge(), cv=cv)
        model.fit(X, Y, groups=groups, extra=-groups)
        assert_array_equal(model.estimator_.teacher_.extra_, -groups)


def test_unlabeled_samples_reach_every_fit():
    pair = DistilledRegressor(
        DummyRegressor(), RecordingRegressor(), cross_fit=False, **CHEAP
    )
    model = CascadeRegressor(pair, deferral=Ridge(), cv=2)
    model.fit(X[:200], Y[:200], X_unlabeled=X[200:])
    assert len(model.estimator_.student_.X_) == len(X)


def test_costs_turn_microseconds_into_a_fraction():
    model = clone(regressor()).set_params(
        budget=35.0, budget_unit="microseconds", costs=(5.0, 100.0)
    )
    assert model.fit(X, Y).costs_ == (5.0, 100.0)
    assert_array_equal(model.predict(X), regressor().predict(X))


def test_costs_are_measured_where_they_are_needed():
    model = clone(regressor()).set_params(budget=1e9, budget_unit="microseconds")
    assert min(model.fit(X, Y).costs_) > 0
    assert model.deferred_fraction_ == 1
    assert regressor().costs_ is None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"budget": 20}, "from 0 to 1. Got 20.*budget_unit='microseconds'"),
        (
            {"budget": 1.0, "budget_unit": "microseconds", "costs": (5, 9)},
            "at least what the student takes.*Got 1 microseconds",
        ),
        ({"costs": (1.0, 0.0)}, "two numbers above 0"),
        ({"costs": [1.0]}, "two numbers above 0"),
        ({"budget": -0.1}, "The 'budget' parameter"),
        ({"budget_unit": "seconds"}, "The 'budget_unit' parameter"),
        ({"level": 1.0}, "The 'level' parameter"),
        ({"deferral": "margin"}, "The 'deferral' parameter"),
        ({"cv": "five"}, "The 'cv' parameter"),
        ({"n_jobs": "all"}, "The 'n_jobs' parameter"),
        ({"estimator": Ridge()}, "must be distilled.*Got Ridge.*DistilledRegressor"),
        ({"estimator": CLASSES}, "(?s)must be distilled.*Use DistilledRegressor"),
        (
            {"estimator": make_pipeline(StandardScaler(), VALUES)},
            "(?s)must be distilled.*before the cascade: make_pipeline",
        ),
        (
            {"deferral": LogisticRegression()},
            "'deferral' parameter must be a regressor",
        ),
        ({"cv": [(np.arange(400), np.arange(400, 442))]}, "hold out each row exactly"),
    ],
)
def test_what_does_not_go_is_refused(params, message):
    model = CascadeRegressor(**{"estimator": VALUES, "deferral": Ridge()} | params)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)


def test_what_student_or_teacher_cannot_do_is_refused():
    with pytest.raises(ValueError, match="must have one output.*Got shape"):
        CascadeRegressor(VALUES).fit(X, np.column_stack([Y, Y]))
    silent = DistilledClassifier(LogisticRegression(), RidgeClassifier())
    with pytest.raises(ValueError, match="must have predict_proba.*RidgeClassifier"):
        CascadeClassifier(silent).fit(FLOWERS, KINDS)
    seen = clone(VALUES).fit(X[:, :5], Y, X_privileged=X[:, 5:])
    with pytest.raises(ValueError, match="saw 5 privileged columns"):
        CascadeRegressor(FrozenEstimator(seen)).fit(X[:, :5], Y)
    stored = DistilledRegressor(student=Ridge(), transfer=None)
    stored.fit(X, Y, teacher_predictions=Y)
    with pytest.raises(TypeError, match="must have the teacher"):
        CascadeRegressor(FrozenEstimator(stored)).fit(X, Y)
    fitted = clone(CLASSES).fit(FLOWERS[:100], KINDS[:100])
    with pytest.raises(ValueError, match="must be among the classes"):
        CascadeClassifier(FrozenEstimator(fitted), deferral=Ridge()).fit(FLOWERS, KINDS)


def test_a_class_that_a_fold_lacks_has_probability_0_there():
    kinds = np.where(np.arange(150) < 147, KINDS, "d")
    folds = [(np.arange(75, 150), np.arange(75)), (np.arange(75), np.arange(75, 150))]
    shuffled = np.random.default_rng(0).permutation(147)
    order = np.append(shuffled, [147, 148, 149])
    pair = DistilledClassifier(
        DecisionTreeClassifier(max_depth=3),
        DecisionTreeClassifier(max_depth=2),
        **CHEAP,
    ).set_params(cross_fit=False)
    model = CascadeClassifier(pair, deferral="margin", cv=folds)
    model.fit(FLOWERS[order], kinds[order])
    assert_array_equal(model.classes_, ["a", "b", "c", "d"])
    assert np.isfinite(model.threshold_)


def test_a_deferral_model_without_weights_is_refused_before_any_fit(tmp_path):
    pair = DistilledRegressor(CountingTeacher(tmp_path), Ridge(), **CHEAP)
    model = CascadeRegressor(pair, deferral=KNeighborsRegressor())
    with pytest.raises(ValueError, match="deferral model must accept sample_weight"):
        model.fit(X, Y, sample_weight=np.ones(len(Y)))
    assert not list(tmp_path.iterdir())


def test_columns_that_are_called_as_those_of_the_student():
    frame = pd.DataFrame(X).rename(columns=lambda i: f"student_{i}")
    model = clone(regressor()).fit(frame, Y)
    assert_allclose(model.predict(frame), regressor().predict(X))


def test_a_fold_that_fails_is_named():
    flowers, kinds = FLOWERS[:100], KINDS[:100]
    model = CascadeClassifier(CLASSES, cv=KFold(2), deferral="margin")
    with pytest.raises(ValueError, match="at least two classes") as failed:
        model.fit(flowers, kinds)
    assert any("estimator on fold 0" in note for note in failed.value.__notes__)


def test_a_column_of_labels_is_warned_of_once():
    model = CascadeClassifier(CLASSES, deferral="margin", cv=2)
    with pytest.warns(DataConversionWarning) as caught:
        model.fit(FLOWERS, KINDS[:, None])
    assert [one.category for one in caught].count(DataConversionWarning) == 1


def test_a_poor_teacher_in_a_grid_is_judged_by_the_grid_alone():
    noise = np.random.default_rng(0).normal(size=len(Y))
    pair = clone(VALUES).set_params(on_poor_teacher="warn", random_state=0)
    grid = GridSearchCV(pair, {"alpha": [0.5]}, cv=2)
    said = []
    for model in (grid, CascadeRegressor(grid, deferral=Ridge(), cv=2)):
        with pytest.warns(PoorTeacherWarning) as caught:
            model.fit(X, noise)
        # Another part's ResourceWarning may come in between.
        poor = [one for one in caught if one.category is PoorTeacherWarning]
        said.append([str(one.message) for one in poor])
    assert said[0] == said[1]
