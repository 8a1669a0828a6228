"""Cascades of several students: who is asked, what is shared, what is guaranteed."""

import pickle
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CascadeClassifier,
    CascadeRegressor,
    DistilledClassifier,
    DistilledRegressor,
)
from skdistill.cascade import (
    certify_stages,
    certify_whole,
    find_fractions,
    find_thresholds,
)
from skdistill.displays import CascadeDisplay
from skdistill.export import to_onnx
from tests.cascade.test_threshold import draw
from tests.doubles import CountingTeacher, RecordingRegressor

CHEAP = {"transfer": None, "refine": None, "on_poor_teacher": "ignore"}
X, Y = load_diabetes(return_X_y=True)
FLOWERS, KINDS = load_iris(return_X_y=True)
FOREST = ExtraTreesRegressor(5, bootstrap=True, random_state=0)
VALUES = DistilledRegressor(FOREST, **CHEAP)
LINEAR = DistilledRegressor(Ridge(0.01), cross_fit=False, **CHEAP)
STUMP, TREE = DecisionTreeRegressor(max_depth=1), DecisionTreeRegressor(max_depth=4)
STUDENTS = [("stump", STUMP), ("line", Ridge(0.1)), ("tree", TREE)]
ALL, SOME = [0.7, 0.5, 0.2], {"deferral": Ridge(), "cv": 3, "random_state": 0}


@cache
def regressor():
    model = CascadeRegressor(VALUES, student=STUDENTS, budget=ALL, **SOME)
    return model.fit(X, Y)


@cache
def classifier():
    classes = DistilledClassifier(
        ExtraTreesClassifier(5, bootstrap=True, random_state=0), **CHEAP
    )
    students = [
        ("stump", DecisionTreeClassifier(max_depth=1)),
        ("line", LogisticRegression(max_iter=1000)),
    ]
    model = CascadeClassifier(
        classes, student=students, deferral="margin", cv=3, random_state=0
    )
    return model.fit(FLOWERS, KINDS)


def route(model, X):
    """Return what a cascade predicts, and by whom, all models asked for all samples."""
    students = [stage.predict(X) for stage in model.stages_]
    goes_on = np.array(
        [
            stage.score(X, found) > stage.threshold
            for stage, found in zip(model.stages_, students, strict=True)
        ]
    )
    number = np.cumprod(goes_on, axis=0).sum(axis=0)
    said = np.stack([*students, model.predict_both(X)[1]])
    return said[number, np.arange(len(X))], number


@pytest.mark.parametrize("of_classes", [False, True])
def test_each_sample_stays_in_its_place_and_is_predicted_by_whom_it_comes_to(
    of_classes,
):
    model, data = (classifier(), FLOWERS) if of_classes else (regressor(), X)
    ask = model.predict_proba if of_classes else model.predict
    expected, number = route(model, data)
    assert {*number} == {*range(len(model.stages_) + 1)}
    assert_allclose(ask(data), expected, rtol=1e-12)
    assert_array_equal(model.predicted_by(data), number)
    assert_array_equal(model.defer(data), number == len(model.stages_))
    scores = model.deferral_score(data)
    assert_array_equal(scores > model.threshold_, model.defer(data))
    assert_array_equal(np.isinf(scores), number < len(model.stages_) - 1)
    order = np.random.default_rng(0).permutation(len(data))
    assert_allclose(ask(data[order]), expected[order], rtol=1e-12)
    assert_allclose(ask(data[:1]), expected[:1], rtol=1e-12)


def test_each_model_is_asked_once_and_only_about_what_comes_to_it(monkeypatch):
    model, asked = regressor(), []
    predict = DistilledRegressor.predict

    def counting(self, X):
        asked.append(len(X))
        return predict(self, X)

    number = model.predicted_by(X)
    monkeypatch.setattr(DistilledRegressor, "predict", counting)
    model.predict(X)
    assert asked == [np.sum(number >= place) for place in range(3)]


def test_one_student_in_the_list_is_the_estimators_own():
    own = clone(LINEAR).set_params(student=Ridge(0.1), random_state=0)
    alone = CascadeRegressor(own, **SOME).fit(X, Y)
    named = CascadeRegressor(
        clone(LINEAR).set_params(random_state=0), student=STUDENTS[1:2], **SOME
    ).fit(X, Y)
    assert_array_equal(alone.predict(X), named.predict(X))
    assert alone.guarantee_ == named.guarantee_


@pytest.mark.parametrize("random_state", [0, None])
def test_the_teachers_work_is_shared_by_all_students(tmp_path, random_state):
    pair = DistilledRegressor(CountingTeacher(tmp_path), cross_fit=False, **CHEAP)
    model = CascadeRegressor(
        pair, student=STUDENTS[:2], deferral=Ridge(), cv=3, random_state=random_state
    )
    model.fit(X, Y)
    assert len(list(tmp_path.iterdir())) == 4


def test_the_guarantee_names_every_student():
    model = regressor()
    assert model.guarantee_.startswith(
        "A new sample goes to the teacher with probability 0.2 or less, on from "
        "'stump' with 0.7, on from 'line' with 0.5 (442 held-out scores; order "
        "statistics). For samples that a student keeps:"
    )
    bounds = [stage.certificate.bound for stage in model.stages_]
    assert model.certificate_.bound == max(bounds)
    counts = [stage.certificate.n_samples for stage in model.stages_]
    assert model.certificate_.n_samples == sum(counts)
    # Of each stage the sample that sets its threshold is left out.
    assert sum(counts) == 442 - 3 - round(442 * model.deferred_fraction_)
    levels = {stage.certificate.level for stage in classifier().stages_}
    assert levels == {1 - 0.05 / 2}
    assert classifier().certificate_.level == 0.95


@pytest.mark.parametrize("of_classes", [False, True])
def test_thresholds_and_certificates_hold_over_many_draws(of_classes):
    # Thresholds of later stages and all bounds are made of the same samples.
    rng, level, fractions = np.random.default_rng(3), 0.9, [0.6, 0.25]

    def drawn(n):
        first, second, teacher = [], [], None
        for part in (first, second):
            scores, student, teacher = draw(rng, n, of_classes=of_classes)
            part += [scores, student]
        # The second student sees what the first one's score depends on.
        second[0] = second[0] + 0.5 * first[0]
        return [first[0], second[0]], [first[1], second[1]], teacher

    new, gone, held = drawn(3_000), [], []
    for _ in range(300):
        scores, students, teacher = drawn(80)
        thresholds = find_thresholds(scores, fractions)
        found = certify_stages(
            *(scores, thresholds, students, teacher), level=level, of_classes=of_classes
        )
        bound = certify_whole(found, thresholds, level).bound
        on = np.cumprod(
            [s > one for s, one in zip(new[0], thresholds, strict=True)], axis=0
        ).astype(bool)
        gone.append(on.mean(axis=1))
        kept, student = ~on[-1], np.where(on[0], new[1][1], new[1][0])
        differ = student != new[2]
        if of_classes:
            held.append(differ[kept].mean() <= bound)
        else:
            held.append(np.mean(np.abs(student - new[2])[kept] <= bound))
    assert np.mean(held) > level - 3 * np.std(held) / np.sqrt(len(held))
    error = 3 * np.std(gone, axis=0) / np.sqrt(len(gone))
    assert np.all(np.mean(gone, axis=0) < np.array(fractions) + error)
    assert np.all(np.mean(gone, axis=0) > np.array(fractions) - 0.05)


def test_the_ends_of_the_budgets():
    none, every = np.inf, -np.inf
    for fractions, expected in (
        ([1.0, 0.0], [every, none]),
        ([0.0, 0.0], [none, none]),
        ([1.0, 1.0], [every, every]),
        ([1e-9, 0.0], [none, none]),
    ):
        assert find_thresholds([np.arange(10.0)] * 2, fractions) == expected


def test_nothing_is_said_of_a_stage_that_may_keep_what_no_sample_shows():
    scores = [np.arange(10.0)] * 2
    known = certify_stages(
        *(scores, [5.0, 6.0], [np.ones(10)] * 2, np.zeros(10)),
        level=0.5,
        of_classes=False,
    )
    assert known[1] is None
    assert certify_whole(known, [5.0, 6.0], 0.5) is None
    assert certify_whole(known, [5.0, -np.inf], 0.5) == known[0]
    # No sample comes to what follows an infinite threshold.
    assert certify_whole(known, [np.inf, 6.0], 0.5) == known[0]
    model = CascadeRegressor(LINEAR, student=STUDENTS[:2], budget=0.0, **SOME)
    model.fit(X, Y)
    assert model.certificate_ == model.stages_[0].certificate
    assert model.certificate_.n_samples == len(Y)
    assert "For samples that a student keeps:" in model.guarantee_


def test_a_budget_of_microseconds_pays_for_all_stages():
    costs = (1.0, 20.0, 300.0)
    first, second = find_fractions(80.0, costs, 2)
    assert second == pytest.approx(first**2)
    assert 1 + 20 * first + 300 * second == pytest.approx(80)
    assert find_fractions(1.0, costs, 2) == [0.0, 0.0]
    assert find_fractions(400.0, costs, 2) == [1.0, 1.0]
    with pytest.raises(ValueError, match="what the first student takes.*teacher 300"):
        find_fractions(0.5, costs, 2)
    model = CascadeRegressor(
        LINEAR, student=STUDENTS[:2], budget=1e9, budget_unit="microseconds", **SOME
    ).fit(X, Y)
    assert len(model.costs_) == 3
    assert_array_equal(model.predict(X), model.predict_both(X)[1])


def test_frozen_students_are_not_fitted():
    train, new = slice(200), slice(200, None)
    pair = clone(VALUES).set_params(student=TREE).fit(X[train], Y[train])
    line = Ridge().fit(X[train], Y[train])
    students = [("line", FrozenEstimator(line)), ("tree", FrozenEstimator(pair))]
    model = CascadeRegressor(FrozenEstimator(pair), student=students, **SOME)
    model.fit(X[new], None)
    assert_array_equal(model.stages_[0].predict(X), line.predict(X))
    expected, number = route(model, X)
    assert_array_equal(model.predict(X), expected)
    assert {*number} == {0, 1, 2}
    assert "(121 held-out scores" in model.guarantee_
    assert "folds" not in model.guarantee_
    two = Ridge().fit(X[train], np.column_stack([Y, Y])[train])
    with pytest.raises(ValueError, match=r"Got \(242, 2\) from 'two'"):
        clone(model).set_params(student=[("two", FrozenEstimator(two))]).fit(
            X[new], None
        )


def test_one_stage_alone_and_its_export():
    pytest.importorskip("skl2onnx", reason="needs the extra onnx")
    model = regressor()
    line = model.of_student("line")
    stage = model.stages_[1]
    scores = stage.score(X, stage.predict(X))
    assert_array_equal(line.deferral_score(X), scores)
    assert_array_equal(line.defer(X), scores > stage.threshold)
    assert line.certificate_ == stage.certificate
    assert not hasattr(line, "guarantee_")
    properties = {one.key: one.value for one in to_onnx(line, X).metadata_props}
    assert float(properties["deferral_threshold"]) == pytest.approx(
        stage.threshold, rel=1e-3
    )
    with pytest.raises(ValueError, match=r"'tree'\]. Export each.*of_student\('stump'"):
        to_onnx(model, X)
    with pytest.raises(ValueError, match="one of.*Got 'forest'"):
        model.of_student("forest")


def test_the_curve_begins_with_what_the_students_say_and_cost():
    model = CascadeRegressor(
        LINEAR, student=STUDENTS, budget=ALL, costs=(1, 2, 4, 100), **SOME
    ).fit(X, Y)
    display = CascadeDisplay.from_estimator(model, X, Y, fractions=[])
    number = model.predicted_by(X)
    of_students = 1 + 2 * np.mean(number >= 1) + 4 * np.mean(number >= 2)
    assert_allclose(display.frame()["cost"], [of_students, of_students + 100])
    assert display.chosen == np.mean(number == 3)
    alone = CascadeDisplay.from_estimator(model.of_student("line"), X, Y, fractions=[])
    assert_allclose(alone.frame()["cost"], [2, 102])


def test_names_reach_the_students_in_searches_clones_and_pickles():
    model = clone(regressor())
    assert model.get_params()["tree__max_depth"] == 4
    assert model.set_params(tree__max_depth=2).student[2][1].max_depth == 2
    grid = GridSearchCV(
        CascadeRegressor(LINEAR, student=STUDENTS[:2], deferral=Ridge(), cv=2),
        {"line__alpha": [1.0], "budget": [[0.5, 0.1]]},
        cv=2,
    ).fit(X, Y)
    assert grid.best_estimator_.stages_[1].name == "line"
    again = pickle.loads(pickle.dumps(regressor()))
    assert_array_equal(again.predict(X), regressor().predict(X))


def test_weights_and_metadata_reach_every_student():
    weight = np.random.default_rng(0).integers(1, 3, size=len(Y)).astype(float)
    students = [(name, RecordingRegressor()) for name in ("first", "second")]
    pair = DistilledRegressor(Ridge(), cross_fit=False, **CHEAP)
    model = CascadeRegressor(pair, student=students, deferral=Ridge(), cv=2)
    for stage in model.fit(X, Y, sample_weight=weight).stages_:
        assert_array_equal(stage.model.student_.sample_weight_, weight)
    with config_context(enable_metadata_routing=True):
        students = [
            (name, one.set_fit_request(extra=True, sample_weight=False))
            for name, one in students
        ]
        cv = GroupKFold(3).set_split_request(groups=True)
        model = CascadeRegressor(pair, student=students, deferral=Ridge(), cv=cv)
        groups = np.arange(len(Y)) % 6
        for stage in model.fit(X, Y, groups=groups, extra=-groups).stages_:
            assert_array_equal(stage.model.student_.extra_, -groups)


LINE = FrozenEstimator(Ridge().fit(X, Y))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"student": []}, "list of pairs, at least one"),
        ({"student": [Ridge()]}, "list of pairs, at least one"),
        ({"student": [("budget", Ridge())]}, "a parameter of the model"),
        ({"student": Ridge()}, "The 'student' parameter"),
        ({"student": [("number", 5)]}, "must be an estimator. Got 5 for 'number'"),
        ({"estimator": Ridge()}, "must be distilled.*Got Ridge"),
        ({"budget": [0.5]}, r"for each student.*Got \[0.5\] for 2 student"),
        ({"budget": [0.2, 0.5]}, "not increasing"),
        ({"budget": [1.5, 0.5]}, "from 0 to 1"),
        ({"budget": [0.5, -0.5]}, "from 0 to 1"),
        ({"budget": ["a", "b"]}, "for each student the fraction"),
        ({"budget": [[0.5], [0.2]]}, "for each student the fraction"),
        ({"budget": [[0.5], 0.2]}, "for each student the fraction"),
        ({"budget": [0.5, 0.2], "budget_unit": "microseconds"}, "with budget_unit="),
        ({"costs": (1.0, 2.0)}, "costs must be 3 numbers.*of each student"),
        ({"estimator": CascadeRegressor(VALUES)}, "must be distilled"),
        (
            {"estimator": GridSearchCV(VALUES, {"student": [Ridge()]})},
            "must leave the student alone.*Got values for 'student'",
        ),
        (
            {"estimator": FrozenEstimator(clone(VALUES).fit(X, Y))},
            "must be a FrozenEstimator of one of its fitted regressors.*Got Decision",
        ),
    ],
)
def test_what_does_not_go_is_refused(params, message):
    given = {"estimator": VALUES, "student": STUDENTS[::2], "deferral": Ridge()}
    with pytest.raises(ValueError, match=message):
        CascadeRegressor(**given | params).fit(X, Y)


def test_students_that_do_not_know_what_the_teacher_does_are_refused():
    pair = DistilledClassifier(
        DecisionTreeClassifier(), DecisionTreeClassifier(), cross_fit=False, **CHEAP
    )
    students = [("silent", RidgeClassifier()), ("line", LogisticRegression())]
    with pytest.raises(ValueError, match="must have predict_proba.*Got RidgeClass"):
        CascadeClassifier(pair, student=students).fit(FLOWERS, KINDS)
    fitted = clone(pair).fit(FLOWERS, KINDS)
    fewer = DecisionTreeClassifier().fit(FLOWERS[:100], KINDS[:100])
    model = CascadeClassifier(
        FrozenEstimator(fitted), student=[("fewer", FrozenEstimator(fewer))]
    )
    with pytest.raises(ValueError, match="must know the classes of its teacher"):
        model.fit(FLOWERS, KINDS)


def middling(n, seed):
    """Return values that a line misses on a half, and a small tree on a tenth."""
    rng = np.random.default_rng(seed)
    features = rng.uniform(size=(n, 3))
    first, second = features[:, 0], features[:, 1]
    values = first + 3 * (second > 0.5) + 3 * (second > 0.9) * np.sin(40 * first)
    return features, values + 0.1 * rng.normal(size=n)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_student_between_recovers_what_the_first_one_leaves(seed):
    features, values = middling(1500, seed)
    students = [("line", Ridge()), ("tree", DecisionTreeRegressor(max_leaf_nodes=16))]
    pair = DistilledRegressor(ExtraTreesRegressor(50, bootstrap=True), **CHEAP)
    model = CascadeRegressor(
        pair, student=students, budget=[0.7, 0.1], cv=3, random_state=seed
    ).fit(features, values)
    single = CascadeRegressor(pair, student=students[:1], budget=0.1, cv=3)
    single.set_params(random_state=seed).fit(features, values)
    new, truth = middling(4000, 10 + seed)
    loss, of_single = (
        np.mean((one.predict(new) - truth) ** 2) for one in (model, single)
    )
    assert loss < 0.7 * of_single
    number = model.predicted_by(new)
    assert np.mean(number >= 1) < 0.75
    assert np.mean(number == 2) < 0.13
