"""Peers that learn from each other: closed forms, parts of the samples, the choice."""

import pickle

import joblib
import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill.iterative import (
    CodistilledClassifier,
    CodistilledRegressor,
    SelfDistilledClassifier,
    SelfDistilledRegressor,
)
from tests.doubles import RecordingRegressor

IN_SAMPLE = {"out_of_fold": False, "choose": False}
PENALTIES = (1.0, 10.0, 40.0)
RIDGES = [
    (f"ridge{number}", Ridge(penalty, fit_intercept=False))
    for number, penalty in enumerate(PENALTIES)
]


def hat(X, penalty, X_new=None):
    X_new = X if X_new is None else X_new
    return X_new @ np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5)) * [3.0, 2.0, 1.0, 0.5, 0.3]
    return X, X @ [1.0, -1.0, 0.5, 0.0, 2.0] + rng.normal(size=40)


@pytest.mark.parametrize("n_peers", [2, 3])
@pytest.mark.parametrize("n_rounds", [1, 2])
def test_each_peer_learns_what_the_others_said_a_round_ago(data, n_peers, n_rounds):
    X, y = data
    hats = [hat(X, penalty) for penalty in PENALTIES[:n_peers]]
    said = [A @ y for A in hats]
    for _ in range(n_rounds):
        taught = [
            np.mean([one for q, one in enumerate(said) if q != p], axis=0)
            for p in range(n_peers)
        ]
        said = [A @ (0.3 * y + 0.7 * t) for A, t in zip(hats, taught, strict=True)]
    model = CodistilledRegressor(
        peers=RIDGES[:n_peers], n_rounds=n_rounds, alpha=0.7, **IN_SAMPLE
    ).fit(X, y)
    assert model.predict(X) == pytest.approx(said[0])
    assert (model.round_, model.peer_) == (n_rounds, "ridge0")
    model.set_params(predict_with="average").fit(X, y)
    assert model.predict(X) == pytest.approx(np.mean(said, axis=0))
    assert model.peer_ == "average"
    assert len(model.student_.estimators) == n_peers


def test_peers_learn_nested_out_of_fold_predictions(data):
    X, y = data
    cv = list(KFold(4, shuffle=True, random_state=1).split(X))

    def said(peer, number, folds):
        found = np.full(len(y), np.nan)
        for test in folds:
            others = [fold for fold in folds if fold is not test]
            rows = np.sort(np.concatenate(others))
            target = y
            if number:
                target = (y + said(1 - peer, number - 1, others)) / 2
            found[test] = hat(X[rows], PENALTIES[peer], X[test]) @ target[rows]
        return found

    model = CodistilledRegressor(peers=RIDGES[:2], calibrate=None, cv=cv).fit(X, y)
    folds = [test for _, test in cv]
    for peer in (0, 1):
        expected = [np.mean((y - said(peer, r, folds)) ** 2) for r in (0, 1)]
        assert model.losses_[f"ridge{peer}"] == pytest.approx(expected)
    both = (said(0, 1, folds) + said(1, 1, folds)) / 2
    assert model.losses_["average"][1] == pytest.approx(np.mean((y - both) ** 2))


def test_the_best_peer_is_kept_and_of_round_0_the_best_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = X[:, 0] + 0.1 * rng.normal(size=200)
    peers = [("tree", DecisionTreeRegressor(max_depth=2)), ("line", LinearRegression())]
    model = CodistilledRegressor(peers=peers, random_state=0).fit(X, y)
    assert (model.peer_, model.round_) == ("line", 0)
    assert model.reason_.startswith("Kept line after round 0")
    assert model.student_.coef_ == pytest.approx(LinearRegression().fit(X, y).coef_)


def test_trees_gain_from_each_other_on_held_out_samples_and_on_others():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.uniform(size=(1300, 4))
        y = 4 * X[:, 0] + np.sin(6 * X[:, 1]) + rng.normal(size=1300)
        tree = DecisionTreeRegressor(min_samples_leaf=3, max_features=2)
        model = CodistilledRegressor(tree, random_state=seed).fit(X[:300], y[:300])
        assert model.round_ == 1
        known = np.mean(
            [
                tree.set_params(random_state=one)
                .fit(X[:300], y[:300])
                .score(X[300:], y[300:])
                for one in range(5)
            ]
        )
        assert model.score(X[300:], y[300:]) > known


def test_no_label_is_seen_on_any_way():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 1)), rng.normal(size=400)
    model = CodistilledRegressor(
        KNeighborsRegressor(1), alpha=1.0, calibrate=None, n_rounds=2, cv=KFold(5)
    ).fit(X, y)
    # The error of another sample's label: twice the variance.
    assert min(model.losses_["peer0"]) > 1.6 * y.var()
    # Peers that are all alike are one that learns from itself.
    alone = SelfDistilledRegressor(
        KNeighborsRegressor(1), alpha=1.0, calibrate=None, cv=KFold(5)
    ).fit(X, y)
    assert model.losses_["peer1"] == pytest.approx(alone.losses_)


@pytest.mark.parametrize("n_peers", [2, 3])
def test_peers_may_learn_parts_of_the_samples_of_their_own(data, n_peers):
    X, y = data
    model = CodistilledRegressor(
        RecordingRegressor(),
        peers=n_peers,
        disjoint=True,
        predict_with="average",
        random_state=0,
        **IN_SAMPLE,
    ).fit(X, y)
    parts = [one.student_.X_[:, 0] for one in model.student_.estimators]
    assert sorted(np.concatenate(parts)) == sorted(X[:, 0])
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    again = model.set_params(random_state=1).fit(X, y).student_.estimators[0]
    assert not np.array_equal(again.student_.X_[:, 0], parts[0])


def test_disjoint_parts_are_predicted_by_who_did_not_learn_them(data):
    X, y = data
    model = CodistilledRegressor(
        peers=RIDGES[:2],
        disjoint=True,
        predict_with="average",
        alpha=1.0,
        random_state=0,
        **IN_SAMPLE,
    )
    recording = [(name, RecordingRegressor()) for name, _ in RIDGES[:2]]
    recorded = sklearn.base.clone(model).set_params(peers=recording).fit(X, y)
    parts = [
        np.isin(X[:, 0], one.student_.X_[:, 0]) for one in recorded.student_.estimators
    ]
    model.fit(X, y)
    for own, other, penalties in ((0, 1, PENALTIES[:2]), (1, 0, PENALTIES[1::-1])):
        here, there = X[parts[own]], X[parts[other]]
        taught = hat(there, penalties[1], here) @ y[parts[other]]
        expected = hat(here, penalties[0], X) @ taught
        found = model.student_.estimators[own].predict(X)
        assert found == pytest.approx(expected)


def test_classes_are_as_frequent_in_all_parts():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2))
    y = np.repeat([0, 1], [84, 6])
    model = CodistilledClassifier(
        GaussianNB(),
        peers=3,
        alpha=0.0,
        disjoint=True,
        predict_with="average",
        **IN_SAMPLE,
    ).fit(X, y)
    counts = [one.student_.class_count_ for one in model.student_.estimators]
    assert {tuple(count) for count in counts} == {(28.0, 2.0)}


def test_the_average_of_classes_is_that_of_probabilities():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2))
    y = np.array(["a", "b", "c"])[np.digitize(X[:, 0] + rng.normal(size=120), [-1, 1])]
    peers = [("tree", DecisionTreeClassifier(max_depth=3)), ("bayes", GaussianNB())]
    model = CodistilledClassifier(
        peers=peers, predict_with="average", random_state=0
    ).fit(X, y)
    each = [one.predict_proba(X) for one in model.student_.estimators]
    assert model.predict_proba(X) == pytest.approx(np.mean(each, axis=0))
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert np.mean(model.predict(X) == y) > 0.6
    assert not hasattr(model, "decision_function")
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict(X), model.predict(X))


def test_noise_keeps_the_labels_alone():
    kept = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(150, 3)), rng.integers(0, 2, 150)
        peers = [("weak", LogisticRegression(C=1e-3)), ("bayes", GaussianNB())]
        model = CodistilledClassifier(peers=peers, random_state=seed).fit(X, y)
        kept += model.round_ == 0
        assert min(min(one) for one in model.losses_.values()) > 0.67
    assert kept >= 2


def test_n_jobs_changes_no_number_and_clones_differ(data):
    X, y = data
    fitted = []
    for n_jobs in (1, 2):
        model = CodistilledRegressor(
            DecisionTreeRegressor(max_features=2), random_state=0, n_jobs=n_jobs
        )
        with joblib.parallel_config(backend="threading"):
            fitted.append(model.fit(X, y))
    first, second = fitted
    assert first.losses_ == second.losses_
    assert np.array_equal(first.predict(X), second.predict(X))
    assert first.losses_["peer0"][0] != first.losses_["peer1"][0]


def test_unlabeled_samples_are_learned_from_the_others(data):
    X, y = data
    X, X_unlabeled, y = X[:30], X[30:], y[:30]
    model = CodistilledRegressor(peers=RIDGES[:2], alpha=1.0, **IN_SAMPLE)
    model.fit(X, y, X_unlabeled=X_unlabeled)
    both = np.vstack([X, X_unlabeled])
    taught = hat(X, PENALTIES[1], both) @ y
    assert model.predict(X) == pytest.approx(hat(both, PENALTIES[0], X) @ taught)


def test_rounds_are_printed_where_it_is_asked_for(data, capsys):
    X, y = data
    model = CodistilledRegressor(Ridge(), n_rounds=1, cv=3, random_state=0).fit(X, y)
    assert capsys.readouterr().out == ""
    loud = clone(model).set_params(verbose=1).fit(X, y)
    first, second, last = capsys.readouterr().out.splitlines()
    # Two peers without one fold, or two; then without one.
    assert "(round 0 of 1) Fitting 12 students" in first
    assert "(round 1 of 1) Fitting 6 students" in second
    assert "Fitting what is kept to all samples" in last
    assert "CodistilledRegressor" in first
    assert "total=" in first
    assert_array_equal(loud.predict(X), model.predict(X))


def test_it_goes_through_a_search_and_routing(data):
    X, y = data
    model = CodistilledRegressor(Ridge(), random_state=0)
    search = GridSearchCV(model, {"alpha": [0.5, 1.0], "peers": [2, RIDGES]}, cv=2)
    assert search.fit(X, y).predict(X).shape == y.shape
    with sklearn.config_context(enable_metadata_routing=True):
        model = CodistilledRegressor(
            peers=[("a", Ridge()), ("b", Ridge(2).set_fit_request(sample_weight=True))],
            cv=GroupKFold(4),
        )
        model.peers[0][1].set_fit_request(sample_weight=True)
        groups = np.repeat(np.arange(10), 4)
        model.fit(X, y, sample_weight=np.ones(40), groups=groups)
    assert [*model.losses_] == ["a", "b", "average"]


@pytest.mark.parametrize(
    "peers",
    [
        [],
        [("a", Ridge())],
        [("a", Ridge()), ("a", Ridge())],
        [("a", Ridge()), ("average", Ridge())],
        [("a", Ridge()), Ridge()],
        [("a", Ridge()), ("b", Ridge)],
    ],
)
def test_peers_that_are_no_pairs_are_refused(data, peers):
    with pytest.raises(ValueError, match="list of at least two pairs"):
        CodistilledRegressor(peers=peers).fit(*data)


def test_too_few_folds_are_refused(data):
    with pytest.raises(ValueError, match="at least 6 folds where n_rounds is 4"):
        CodistilledRegressor(Ridge(), n_rounds=4).fit(*data)


def test_a_class_that_not_all_parts_can_have_is_refused():
    X, y = np.arange(40.0)[:, None], np.repeat(["a", "b"], [38, 2])
    model = CodistilledClassifier(GaussianNB(), peers=3, disjoint=True, **IN_SAMPLE)
    with pytest.raises(ValueError, match="Got 2 of class 'b' for 3 peers"):
        model.fit(X, y)


def test_students_that_do_not_predict_the_mean_are_refused(data):
    student = GradientBoostingRegressor(loss="quantile")
    with pytest.raises(ValueError, match="must predict the mean"):
        CodistilledRegressor(student).fit(*data)


class NeverFitted(Ridge):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError


class NeverFittedClassifier(GaussianNB):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError


FIRST = np.arange(12) < 3
ENDS = FIRST | FIRST[::-1]
DISJOINT = {"disjoint": True, "random_state": 0}


@pytest.mark.parametrize(
    ("kind", "params", "weight"),
    [
        (CodistilledRegressor, {"peers": 13, **DISJOINT, **IN_SAMPLE}, None),
        (CodistilledRegressor, DISJOINT, FIRST),
        (CodistilledClassifier, DISJOINT, ENDS),
        (SelfDistilledClassifier, {}, ENDS),
        (SelfDistilledRegressor, {"out_of_fold": False}, FIRST),
    ],
)
def test_students_that_nothing_is_left_for_are_refused_before_any_fit(
    kind, params, weight
):
    X, y = np.arange(12.0)[:, None], np.repeat([0, 1], 6)
    student = NeverFitted()
    if hasattr(kind, "predict_proba"):
        student = NeverFittedClassifier()
    model = kind(student, cv=KFold(4), **params)
    with pytest.raises(ValueError, match="Each student must learn at least"):
        model.fit(X, y, sample_weight=weight)


@pytest.mark.parametrize("kind", [CodistilledRegressor, SelfDistilledRegressor])
def test_the_default_student_takes_weights_where_metadata_is_routed(data, kind):
    X, y = data
    model, weight = kind(random_state=0, **IN_SAMPLE), np.linspace(0, 1, len(data[1]))
    known = model.fit(X, y, sample_weight=weight).predict(X)
    with sklearn.config_context(enable_metadata_routing=True):
        model.fit(X, y, sample_weight=weight)
    assert np.array_equal(model.predict(X), known)


@pytest.mark.parametrize("kind", [CodistilledRegressor, SelfDistilledRegressor])
def test_several_outputs_are_too_many_for_the_default_student(data, kind):
    X, y = data
    with pytest.raises(ValueError, match="The default student predicts one output"):
        kind().fit(X, np.column_stack([y, y]))
