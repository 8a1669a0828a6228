"""Peers whose training goes on from round to round, beside those that begin anew."""

from copy import deepcopy

import joblib
import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill.inspect import count_values
from skdistill.iterative import CodistilledClassifier, CodistilledRegressor

IN_SAMPLE = {"out_of_fold": False, "choose": False}
BOOSTED = [
    (
        f"depth{depth}",
        GradientBoostingRegressor(n_estimators=6, max_depth=depth, random_state=0),
    )
    for depth in (1, 2)
]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    return X, X[:, 0] + np.sin(3 * X[:, 1]) + 0.5 * rng.normal(size=60)


def go_on(model, X, y, n_trees):
    """Train a model of scikit-learn for further trees, by its own means."""
    if not hasattr(model, "estimators_"):
        return clone(model).set_params(n_estimators=n_trees).fit(X, y)
    model = deepcopy(model)
    n_trees += len(model.estimators_)
    return model.set_params(warm_start=True, n_estimators=n_trees).fit(X, y)


@pytest.mark.parametrize("n_rounds", [1, 2])
def test_each_round_is_a_part_of_the_training(data, n_rounds):
    X, y = data
    n_trees = 6 // (n_rounds + 1)
    models = [go_on(one, X, y, n_trees) for _, one in BOOSTED]
    for _ in range(n_rounds):
        taught = [one.predict(X) for one in reversed(models)]
        models = [
            go_on(one, X, 0.3 * y + 0.7 * t, n_trees)
            for one, t in zip(models, taught, strict=True)
        ]
    model = CodistilledRegressor(
        peers=BOOSTED,
        n_rounds=n_rounds,
        alpha=0.7,
        refine=None,
        predict_with="average",
        **IN_SAMPLE,
    ).fit(X, y)
    found = [one.student_ for one in model.student_.estimators]
    for one, expected in zip(found, models, strict=True):
        assert_allclose(one.predict(X), expected.predict(X))
        assert one.n_estimators_ == 6
    assert found[0].get_params() == BOOSTED[0][1].get_params()
    assert model.resumed_ == ["depth1", "depth2"]


def test_what_goes_on_is_out_of_fold_and_compared_with_all_steps_on_labels(data):
    X, y = data
    folds = [test for _, test in KFold(4, shuffle=True, random_state=1).split(X)]
    every = np.arange(len(y))

    def outside(left):
        return np.setdiff1d(every, np.concatenate([folds[fold] for fold in left]))

    def begun(peer, left):
        rows = outside(left)
        return go_on(BOOSTED[peer][1], X[rows], y[rows], 3)

    def said(peer, left):
        """Return what a peer of round 0 says, without some folds and each's own."""
        found = np.full(len(y), np.nan)
        for fold in {*range(4)} - left:
            test = folds[fold]
            found[test] = begun(peer, left | {fold}).predict(X[test])
        return found

    losses = {}
    for peer, (name, student) in enumerate(BOOSTED):
        first, second = np.empty(len(y)), np.empty(len(y))
        for fold, test in enumerate(folds):
            rows = outside({fold})
            target = (y + said(1 - peer, {fold}))[rows] / 2
            taught = go_on(begun(peer, {fold}), X[rows], target, 3)
            first[test] = clone(student).fit(X[rows], y[rows]).predict(X[test])
            second[test] = taught.predict(X[test])
        losses[name] = [np.mean((y - one) ** 2) for one in (first, second)]
    cv = [(np.setdiff1d(every, test), test) for test in folds]
    model = CodistilledRegressor(peers=BOOSTED, calibrate=None, cv=cv, refine=None)
    model.fit(X, y)
    assert model.losses_["depth1"] == pytest.approx(losses["depth1"])
    assert model.losses_["depth2"] == pytest.approx(losses["depth2"])


def test_no_label_is_seen_by_going_on():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 1)), rng.normal(size=300)
    # Each of its trees is the label of the nearest sample, in full.
    student = GradientBoostingRegressor(
        n_estimators=3, learning_rate=1.0, max_depth=None, random_state=0
    )
    model = CodistilledRegressor(
        student, alpha=1.0, calibrate=None, n_rounds=2, refine=None, cv=KFold(4)
    ).fit(X, y)
    assert min(map(min, model.losses_.values())) > 1.5 * y.var()


def test_solved_leaves_are_what_it_says_and_not_what_it_goes_on_from(data):
    X, y = data
    model = CodistilledRegressor(peers=BOOSTED, n_rounds=2, **IN_SAMPLE)
    refined = clone(model).set_params(refine="leaves").fit(X, y).student_
    grown = clone(model).set_params(refine=None).fit(X, y).student_
    assert count_values(refined).leaves == count_values(grown).leaves
    assert refined.learning_rate == grown.learning_rate
    first, second = (one.estimators_[0, 0].tree_ for one in (refined, grown))
    assert_array_equal(first.threshold, second.threshold)
    assert np.abs(first.value - second.value).max() > 1e-6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("kind", "student"),
    [
        (CodistilledRegressor, GradientBoostingRegressor(n_estimators=4)),
        (
            CodistilledClassifier,
            make_pipeline(StandardScaler(), MLPClassifier(hidden_layer_sizes=3)),
        ),
    ],
)
def test_n_jobs_changes_no_number(data, kind, student):
    X, y = data
    y = y if kind is CodistilledRegressor else np.array(["a", "b"])[(y > 0).astype(int)]
    steps = getattr(student, "steps", [("", student)])
    params = {"subsample": 0.5, "max_iter": 4}
    known = steps[-1][1].get_params()
    steps[-1][1].set_params(**{k: v for k, v in params.items() if k in known})
    model = kind(student, cv=3, random_state=0)
    found = []
    for n_jobs in (1, 2):
        with joblib.parallel_config(backend="threading"):
            found.append(clone(model).set_params(n_jobs=n_jobs).fit(X, y))
    assert found[0].resumed_ == ["peer0", "peer1"]
    assert found[0].losses_ == found[1].losses_
    assert_array_equal(found[0].predict(X), found[1].predict(X))
    anew = clone(model).set_params(resume=False).fit(X, y)
    assert anew.resumed_ == []
    for name, (baseline, last) in found[0].losses_.items():
        assert anew.losses_[name][0] == pytest.approx(baseline)
        assert anew.losses_[name][1] != pytest.approx(last)


def test_unlabeled_samples_are_learned_after_the_labels(data):
    X, y = data
    X, X_unlabeled, y = X[:40], X[40:], y[:40]
    model = CodistilledRegressor(peers=BOOSTED, alpha=1.0, refine=None, **IN_SAMPLE)
    model.fit(X, y, X_unlabeled=X_unlabeled)
    first, second = (go_on(one, X, y, 3) for _, one in BOOSTED)
    every = np.vstack([X, X_unlabeled])
    expected = go_on(first, every, second.predict(every), 3)
    assert_allclose(model.predict(X), expected.predict(X))


OTHERS = [
    ("ridge", Ridge()),
    ("forest", ExtraTreesRegressor(n_estimators=4)),
    ("hist", HistGradientBoostingRegressor(max_iter=4)),
    ("best", GradientBoostingRegressor(n_estimators=4, n_iter_no_change=2)),
    ("few", GradientBoostingRegressor(n_estimators=1)),
    ("stops", MLPRegressor(hidden_layer_sizes=2, max_iter=4, early_stopping=True)),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_others_begin_anew_in_each_round(data):
    model = CodistilledRegressor(peers=[*OTHERS, BOOSTED[0]], **IN_SAMPLE).fit(*data)
    assert model.resumed_ == ["depth1"]
    model.set_params(peers=BOOSTED, temperature=2.0).fit(*data)
    assert model.resumed_ == []


def test_what_fit_is_given_besides_would_hold_for_a_part(data):
    X, y = data
    student = GradientBoostingRegressor(n_estimators=2)
    with sklearn.config_context(enable_metadata_routing=True):
        student.set_fit_request(monitor=True, sample_weight=True)
        model = CodistilledRegressor(student, **IN_SAMPLE)
        assert model.fit(X, y, sample_weight=y**2).resumed_ == ["peer0", "peer1"]
        assert model.fit(X, y, monitor=lambda *_: False).resumed_ == []
