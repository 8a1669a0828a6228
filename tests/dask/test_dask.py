"""On Dask collections the estimators are what they are in memory, but for the place.

The cluster is of threads in this process; tests that kill workers have their own.
"""

import pickle
import time
from collections import Counter

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from skdistill.blocks import (
    Block,
    Draw,
    describe,
    draw_rows,
    gather_facts,
    label,
    prepare,
    rows_of,
    take,
)
from skdistill.dask import (
    DaskDistilledClassifier,
    DaskDistilledRegressor,
    _collections,
    _workers,
)
from skdistill.transfer import MungeSampler, TransferSet
from tests.dask.local import as_dask, bytes_to_client, labels, samples, two_workers

da = pytest.importorskip("dask.array", reason="needs skdistill[dask]")
dd = pytest.importorskip("dask.dataframe", reason="needs skdistill[dask]")
distributed = pytest.importorskip("distributed", reason="needs skdistill[dask]")
key_split = pytest.importorskip("dask.utils").key_split
sizeof = pytest.importorskip("dask.sizeof").sizeof
delayed = pytest.importorskip("dask").delayed

# Sockets and threads of clusters are closed a little late.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

ROUNDS = {"n_estimators": 8, "max_depth": 3, "n_jobs": 1}
BOOSTED = XGBRegressor(**ROUNDS)
CLASSES = XGBClassifier(**ROUNDS)
SEEDED = {"random_state": 0, "on_poor_teacher": "ignore"}
ALONE = {"transfer": None, "refine": None, **SEEDED}


@pytest.fixture(scope="module", autouse=True)
def client():
    with two_workers() as client:
        yield client


def in_memory(model):
    """Return the same model without Dask."""
    is_classes = isinstance(model, DaskDistilledClassifier)
    params = model.get_params(deep=False)
    del params["teacher_samples"], params["student_samples"]
    return (DistilledClassifier if is_classes else DistilledRegressor)(**params)


def assert_same(model, y, weight=None, *, size, atol=1e-4):
    X = samples()[0]
    given = [X, y] if weight is None else [X, y, weight]
    model.fit(*as_dask(*given, size=size))
    expected = in_memory(model).fit(*given)
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    found = getattr(model, method)(X)
    np.testing.assert_allclose(found, getattr(expected, method)(X), atol=atol)
    assert model.teacher_score_ == pytest.approx(expected.teacher_score_)


CASES = {
    "values": (DaskDistilledRegressor(Ridge(), BOOSTED), 0),
    "two classes": (DaskDistilledClassifier(LogisticRegression(), CLASSES), 2),
    "three classes": (DaskDistilledClassifier(LogisticRegression(), CLASSES), 3),
    "a student of scikit-learn": (
        DaskDistilledRegressor(Ridge(), GradientBoostingRegressor(n_estimators=5)),
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_partitions_make_the_model_that_samples_in_memory_make(case):
    model, n_classes = CASES[case]
    y = labels(n_classes) if n_classes else samples()[1]
    model = clone(model).set_params(temperature=2.0, transfer=None, **SEEDED)
    assert_same(model, y, samples()[2], size=60)


@pytest.mark.parametrize("case", CASES)
def test_one_partition_draws_and_refines_as_in_memory(case):
    model, n_classes = CASES[case]
    y = labels(n_classes) if n_classes else samples()[1]
    assert_same(clone(model).set_params(**SEEDED), y, size=240)


def test_frames_keep_their_columns_and_categories():
    X, y, _ = samples()
    frame = pd.DataFrame(X[:, :2], columns=["a", "b"])
    frame["kind"] = pd.Categorical(np.where(X[:, 2] > 0, "x", "z"))
    student = clone(BOOSTED).set_params(enable_categorical=True)
    teacher = FrozenEstimator(clone(student).fit(frame, y))
    model = DaskDistilledRegressor(teacher, student, **SEEDED)
    parts = dd.from_pandas(frame.assign(y=y), npartitions=3)
    model.set_params(transfer=None).fit(parts[[*frame]], parts["y"])
    assert [*model.feature_names_in_] == ["a", "b", "kind"]
    expected = in_memory(model).fit(frame, y).predict(frame)
    np.testing.assert_allclose(model.predict(frame), expected, atol=1e-4)
    lazy = model.predict(parts[[*frame]])
    np.testing.assert_array_equal(lazy.compute(), model.predict(frame))


def test_predictions_of_collections_are_lazy_and_the_same():
    X = samples()[0]
    (parts,) = as_dask(X)
    model = DaskDistilledClassifier(LogisticRegression(), CLASSES, **ALONE)
    with pytest.raises(NotFittedError):
        model.predict(parts)
    model.fit(parts, as_dask(labels(3))[0])
    for method in ("predict", "predict_proba"):
        lazy = getattr(model, method)(parts)
        assert lazy.chunks[0] == parts.chunks[0]
        expected = getattr(model, method)(X)
        assert lazy.shape == expected.shape
        np.testing.assert_array_equal(lazy.compute(), expected)
    student = LogisticRegression()
    model.set_params(student=student).fit(parts, as_dask(labels(2))[0])
    lazy = model.decision_function(parts)
    np.testing.assert_array_equal(lazy.compute(), model.decision_function(X))


@pytest.mark.parametrize("is_frame", [False, True])
def test_lazy_predictions_have_the_dtype_of_the_student(is_frame):
    X, y, _ = samples()
    frame = pd.DataFrame(X, columns=[*"abcd"]) if is_frame else X
    parts = dd.from_pandas(frame, npartitions=2) if is_frame else as_dask(X)[0]
    for student, dtype in ((BOOSTED, np.float32), (Ridge(), np.float64)):
        model = DaskDistilledRegressor(Ridge(), student, **ALONE).fit(frame, y)
        lazy = model.predict(parts)
        assert lazy.dtype == lazy.compute().dtype == model.predict(frame).dtype == dtype
    model = DaskDistilledClassifier(LogisticRegression(), CLASSES, **ALONE)
    lazy = model.fit(frame, labels(2)).predict_proba(parts)
    assert lazy.dtype == lazy.compute().dtype == np.float32
    assert model.predict(parts).dtype == model.predict(frame).dtype


def test_predictions_that_refuse_a_made_up_sample_are_in_double_precision():
    frame = pd.DataFrame({"kind": pd.Series([*"xz"] * 30, dtype=object)})
    y = np.where(frame["kind"] == "x", 1.0, 2.0)
    student = make_pipeline(OneHotEncoder(), Ridge())
    model = DaskDistilledRegressor(clone(student), student, **ALONE).fit(frame, y)
    lazy = model.predict(dd.from_pandas(frame, npartitions=2))
    np.testing.assert_array_equal(lazy.compute(), model.predict(frame))
    assert lazy.dtype == np.float64


def test_classes_without_weight_are_classes_as_in_memory():
    X, y, weight = samples()
    y, weight = labels(3), np.where(labels(3) == "mid", 0.0, weight)
    model = DaskDistilledClassifier(LogisticRegression(), CLASSES, **ALONE)
    assert_same(model, y, weight, size=60)
    assert [*model.classes_] == ["low", "mid", "top"]
    weight[y == "top"] = 0
    with pytest.raises(ValueError, match="at least two classes"):
        model.fit(*as_dask(X, y, weight))


def test_partitions_may_be_empty_or_hold_one_class():
    X, y = samples()[0], labels(2)
    order = np.argsort(y, kind="stable")
    frame = pd.DataFrame(X[order], columns=[*"abcd"]).assign(y=y[order] == "low")
    parts = dd.from_pandas(frame, npartitions=4)
    parts = dd.concat([parts, parts[parts["a"] > 1e9]])
    model = DaskDistilledClassifier(LogisticRegression(), CLASSES, **SEEDED)
    model.fit(parts[[*"abcd"]], parts["y"])
    assert model.score(frame[[*"abcd"]], frame["y"]) > 0.8
    assert len(model.predict(parts[[*"abcd"]]).compute()) == len(frame)


def test_the_same_seed_makes_the_same_model_whatever_worker_does_the_work():
    X, y = as_dask(*samples()[:2], size=50)
    model = DaskDistilledRegressor(Ridge(), BOOSTED, teacher_samples=100, **SEEDED)
    first, second = (clone(model).fit(X, y).predict(samples()[0]) for _ in range(2))
    # XGBoost adds up what its workers send in the order in which it comes.
    np.testing.assert_allclose(first, second, atol=0.01)
    other = clone(model).set_params(random_state=1).fit(X, y).predict(samples()[0])
    assert np.abs(first - other).max() > 0.1


def prepared_on(X, y, counts, teacher, weights=None, **params):
    """Label blocks in this process, as workers do."""
    ends = np.cumsum(counts)[:-1]
    weights = weights or [None] * len(counts)
    given = zip(np.split(X, ends), np.split(y, ends), weights, strict=True)
    blocks = [Block.of(*one, of_classes=False) for one in given]
    told = [describe(block, of_classes=False) for block in blocks]
    facts = gather_facts(told, of_classes=False)
    model = DaskDistilledRegressor(teacher, Ridge(), memory=False, **ALONE | params)
    seen = draw_rows(counts, model.teacher_samples, 0)
    taken = [take(*pair) for pair in zip(blocks, seen, strict=True)]
    return blocks, seen, prepare(model, facts, taken)


def test_no_sample_is_labelled_by_a_teacher_that_saw_its_label():
    # A neighbour of distance 0 gives the label itself to what it has seen.
    rng = np.random.default_rng(0)
    X, y, counts = rng.normal(size=(90, 3)), rng.normal(size=90), [50, 40]
    teacher = KNeighborsRegressor(1)
    blocks, seen, prepared = prepared_on(
        X, y, counts, teacher, teacher_samples=30, calibrate=None
    )
    for number, start in ((0, 0), (1, seen[0].size)):
        every, rows = np.arange(counts[number]), seen[number].rows()
        kept = Draw(len(every), len(every), (0, 0))
        done = label(blocks[number], prepared, number, kept, seen[number], start, 90)
        assert (done.predictions != blocks[number].y).all()
        new = np.setdiff1d(every, rows)
        fitted = prepared.supervision.teacher.get()
        expected = fitted.predict(blocks[number].X[new])
        np.testing.assert_array_equal(done.predictions[new], expected)
        repeated = fitted.predict(blocks[number].X[rows])
        assert (done.predictions[rows] != repeated).any()


def test_a_partition_that_changes_is_an_error_and_no_loss():
    X, y, _ = samples()
    blocks, seen, prepared = prepared_on(X, y, [120, 120], Ridge())
    shorter = blocks[1].take(np.arange(100))
    with pytest.raises(RuntimeError, match="Got 100 of them, and 120 before"):
        label(shorter, prepared, 1, Draw(120, 120, (0, 0)), seen[1], 120, 240)


def test_the_transfer_set_of_all_partitions_is_as_large_as_in_memory():
    X, y, _ = samples()
    transfer = TransferSet(MungeSampler(), size=2, weight=0.5)
    blocks, seen, prepared = prepared_on(
        X, y, [1, 139, 100], Ridge(), transfer=transfer
    )
    drawn = [
        label(block, prepared, i, draw, draw, 0, 240).drawn
        for i, (block, draw) in enumerate(zip(blocks, seen, strict=True))
    ]
    assert drawn[0] is None  # Between one sample and itself there is nothing.
    assert [len(one) for one in drawn[1:]] == [278, 200]
    assert not np.isin(drawn[1][:, 0], drawn[2][:, 0]).any()


def test_dask_knows_how_large_labelled_samples_are():
    X, y, weight = samples()
    blocks, seen, prepared = prepared_on(
        X, y, [240], Ridge(), [weight], transfer=TransferSet(MungeSampler(), size=2)
    )
    done = label(blocks[0], prepared, 0, seen[0], seen[0], 0, 240)
    rows = rows_of(done, prepared)
    n_cells = X.size + 2 * y.size + 2 * X.size + 2 * y.size  # And the drawn ones.
    assert sizeof(done) > 8 * n_cells
    assert sizeof(rows) > rows.X.nbytes + rows.mixed.nbytes + rows.weight.nbytes


def test_partitions_of_a_persisted_array_hold_its_samples(client):
    X = samples()[0]
    parts = _collections.partitions(client.persist(as_dask(X, size=100))[0], "X")
    assert all(one.dask for one in parts)
    shapes = client.gather(client.compute([delayed(np.shape)(one) for one in parts]))
    assert shapes == [(100, 4), (100, 4), (40, 4)]


class SlowLine(Ridge):
    """A teacher that takes a while to label a partition."""

    def predict(self, X):
        time.sleep(0.05)
        return super().predict(X)


def test_rows_are_trained_on_where_they_were_labelled(client):
    X, y, _ = samples()
    teacher = FrozenEstimator(SlowLine().fit(X, y))
    collections = client.persist(as_dask(X, y, size=15))
    model = DaskDistilledRegressor(teacher, BOOSTED, **ALONE)
    with distributed.get_task_stream(client) as stream:
        model.fit(*collections)
    places, moved = {"label": Counter(), "rows_of": Counter()}, []
    for task in stream.data:
        step = key_split(task["key"])
        if step in places:
            places[step][task["worker"]] += 1
        if step == "rows_of":
            moved += [one for one in task["startstops"] if one["action"] == "transfer"]
    assert places["label"].total() == 16
    assert places["rows_of"] == places["label"]
    assert not moved


def test_samples_are_drawn_without_replacement_from_all_blocks_alike():
    counts, drawn = [10, 0, 30], np.zeros(2)
    assert len({draw_rows([3, 4], 2, seed)[0].size for seed in range(20)}) == 2
    for seed in range(50):
        rows = [draw.rows() for draw in draw_rows(counts, 8, seed)]
        assert sum(map(len, rows)) == 8
        assert all(len(set(one)) == len(one) for one in rows)
        assert len(rows[1]) == 0
        drawn += len(rows[0]), len(rows[2])
    assert drawn[0] / drawn.sum() == pytest.approx(0.25)


def test_what_workers_are_told_to_draw_does_not_grow_with_the_samples():
    draws = draw_rows([10**9, 2 * 10**9], 10**8, 0)
    assert sum(draw.size for draw in draws) == 10**8
    assert len(pickle.dumps(draws)) < 300


def test_noise_teaches_nothing():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 3)), rng.normal(size=300)
    model = DaskDistilledRegressor(
        DecisionTreeRegressor(),
        BOOSTED,
        teacher_samples=150,
        calibrate=None,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="no better than a constant"):
        model.fit(*as_dask(X, y))
    assert model.teacher_score_ < 0.1
    assert "constant" in model.poor_teacher_
    model.set_params(on_poor_teacher="baseline", refine=None)
    with pytest.warns(UserWarning, match="The baseline student is fitted"):
        model.fit(*as_dask(X, y))
    baseline = clone(BOOSTED).set_params(random_state=0).fit(X, y)
    np.testing.assert_allclose(model.predict(X), baseline.predict(X), atol=1e-4)


def test_a_student_in_memory_learns_as_many_samples_as_it_may():
    X, y = as_dask(*samples()[:2])
    student = make_pipeline(StandardScaler(), DecisionTreeRegressor())
    model = DaskDistilledRegressor(Ridge(), student, student_samples=40, **ALONE)
    tree = model.fit(X, y).student_[-1]
    assert tree.tree_.n_node_samples[0] == 40
    assert model.set_params(student_samples=500).fit(X, y).student_[
        -1
    ].tree_.n_node_samples[0] == len(samples()[1])


def test_leaves_are_refined_on_as_many_samples_as_asked_for():
    X, y = as_dask(*samples()[:2])
    params = {**SEEDED, "transfer": None, "refine": "leaves"}
    few, all_ = (
        DaskDistilledRegressor(Ridge(), BOOSTED, student_samples=size, **params)
        .fit(X, y)
        .predict(samples()[0])
        for size in (30, 1000)
    )
    assert np.abs(few - all_).max() > 0.01


def test_what_the_client_gets_does_not_grow_with_the_samples(monkeypatch):
    sizes = bytes_to_client(monkeypatch)
    for n_samples in (240, 2400):
        sizes.append(0)
        X, y, _ = samples(n_samples)
        model = DaskDistilledRegressor(
            Ridge(), BOOSTED, teacher_samples=100, **SEEDED, transfer=None
        )
        model.fit(*as_dask(X, y, size=n_samples // 4))
    assert sizes[1] < 1.2 * sizes[0]


def test_a_fitted_model_is_pickled_and_needs_no_cluster_to_predict():
    X, y, _ = samples()
    model = DaskDistilledRegressor(Ridge(), BOOSTED, **ALONE).fit(*as_dask(X, y))
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.teacher_.predict(X).shape == y.shape
    assert type(loaded.student_) is XGBRegressor
    seed = loaded.student_.random_state
    assert repr(loaded.student_) == repr(clone(BOOSTED).set_params(random_state=seed))


def test_samples_in_memory_are_fitted_as_without_dask():
    X, y, _ = samples()
    model = DaskDistilledRegressor(Ridge(), DecisionTreeRegressor(), **SEEDED)
    found = model.fit(X, y, X_unlabeled=X).predict(X)
    expected = in_memory(model).fit(X, y, X_unlabeled=X).predict(X)
    np.testing.assert_array_equal(found, expected)


REFUSED = {
    "early stopping": (
        {"student": XGBRegressor(early_stopping_rounds=2)},
        {},
        "early_stopping_rounds needs held-out samples",
    ),
    "a quantile": (
        {"student": XGBRegressor(objective="reg:quantileerror", quantile_alpha=0.5)},
        {},
        "least for the mean",
    ),
    "unlabeled samples": ({}, {"X_unlabeled": [[0.0]]}, "Got X_unlabeled"),
    "labels in memory": ({}, {"y": samples()[1]}, "y must be a Dask collection"),
    "other partitions": (
        {},
        {"y": dd.from_pandas(pd.Series(samples()[1]), npartitions=3)},
        "as many partitions as X, 4. Got 3",
    ),
    "negative weights": (
        {},
        {"sample_weight": da.from_array(-np.ones(240), chunks=60)},
        "must not be negative",
    ),
    "no weight": (
        {},
        {"sample_weight": da.zeros(240, chunks=60)},
        "at least one weight above zero",
    ),
    "fewer labels": (
        {},
        {"y": da.zeros(180, chunks=60)},
        "one entry for each of the 240 samples of X. Got 180",
    ),
    "too few samples": ({"teacher_samples": 0}, {}, "'teacher_samples' parameter"),
    "fewer samples": ({"student_samples": 0}, {}, "'student_samples' parameter"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused(case):
    params, given, message = REFUSED[case]
    X, y = as_dask(*samples()[:2])
    model = DaskDistilledRegressor(Ridge(), BOOSTED, **ALONE).set_params(**params)
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(**{"X": X, "y": y} | given)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"soften": "both", "temperature": 2.0}, "soften='both'"),
        ({}, "every class"),
        ({"teacher_samples": 1}, "every class"),
    ],
)
def test_classes_that_cannot_be_learned_are_refused(params, message):
    X, y = samples()[0], labels(2)
    y[draw_new(len(y), 50)] = "rare"
    model = DaskDistilledClassifier(
        DecisionTreeClassifier(), CLASSES, teacher_samples=50, **ALONE
    )
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).fit(*as_dask(X, y))


def draw_new(n_samples, n_drawn, size=60):
    """Return a sample that is not in the teacher's sample."""
    draw = draw_rows([size] * (n_samples // size), n_drawn, 0)[0]
    return np.setdiff1d(np.arange(size), draw.rows())[0]


def test_partitions_without_weight_teach_nothing():
    _, y, weight = samples()
    weight = np.where(np.arange(len(y)) < 60, 0.0, weight)
    model = DaskDistilledRegressor(Ridge(), BOOSTED, **ALONE)
    assert_same(model, np.where(weight, y, 1e3), weight, size=60)


def test_a_sample_of_the_transfer_set_weighs_the_same_in_all_partitions():
    X, y, _ = samples()
    weights = [np.r_[np.zeros(60), np.full(60, 4.0)], np.ones(120)]
    blocks, seen, prepared = prepared_on(
        X, y, [120, 120], Ridge(), weights, transfer=TransferSet(weight=0.5)
    )
    for number, draw in enumerate(seen):
        done = label(blocks[number], prepared, number, draw, draw, 120 * number, 240)
        # The mean of the weights above 0 is 2.
        np.testing.assert_allclose(rows_of(done, prepared).weight[120:], 1.0)


def test_weights_count_where_the_teacher_is_judged():
    # Samples of little weight, of which a student without weights learns the reverse.
    X, _, _ = samples(600)
    weight = np.where(np.arange(600) % 2, 1.0, 1e-3)
    y = X[:, 0] * np.where(weight == 1, 1.0, -3.0)
    model = DaskDistilledRegressor(
        DecisionTreeRegressor(max_depth=2),
        BOOSTED,
        **ALONE | {"on_poor_teacher": "warn"},
    )
    with pytest.warns(UserWarning, match="knows no more"):
        expected = in_memory(model).fit(X, y, weight)
    with pytest.warns(UserWarning, match="knows no more"):
        model.fit(*as_dask(X, y, weight, size=300))
    assert model.poor_teacher_ == expected.poor_teacher_


def test_collections_are_scored_as_samples_in_memory():
    X, y, weight = samples()
    frame = pd.DataFrame(X, columns=[*"abcd"]).assign(y=y, weight=weight)
    parts = dd.from_pandas(frame, npartitions=3)
    model = DaskDistilledRegressor(Ridge(), Ridge(), **ALONE)
    model.fit(parts[[*"abcd"]], parts["y"])
    found = model.score(parts[[*"abcd"]], parts["y"], parts["weight"])
    assert found == pytest.approx(model.score(frame[[*"abcd"]], y, weight))


def test_partitions_may_be_sparse():
    X, y, _ = samples()
    parts, labelled = as_dask(X, y)
    parts = parts.map_blocks(sparse.csr_matrix)
    model = DaskDistilledRegressor(Ridge(), BOOSTED, **ALONE).fit(parts, labelled)
    expected = model.predict(sparse.csr_matrix(X))
    np.testing.assert_array_equal(model.predict(parts).compute(), expected)


def test_teacher_and_student_get_samples_of_their_own():
    teacher, student = (
        draw_rows([10_000], 100, 0, for_student=which)[0].rows()
        for which in (False, True)
    )
    assert len(np.intersect1d(teacher, student)) < 10


def lose_workers(cluster, client):
    with _workers.needing_workers(client):
        client.submit(time.sleep, 0.1).result()
        cluster.scale(0)
        client.submit(int, "1").result()


def test_a_fit_ends_if_no_worker_comes_back(monkeypatch):
    monkeypatch.setattr(_workers, "_PATIENCE", 0.2)
    monkeypatch.setattr(_workers, "_INTERVAL", 0.05)
    with (
        distributed.LocalCluster(
            n_workers=1, processes=False, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
        pytest.raises(RuntimeError, match=r"without any for 0\.2 seconds.*again"),
    ):
        lose_workers(cluster, client)


def test_an_error_with_workers_is_the_error_itself(client):
    with pytest.raises(ZeroDivisionError), _workers.needing_workers(client):
        client.submit(divmod, 1, 0).result()


def test_without_a_cluster_the_error_says_what_to_start(monkeypatch):
    def no_client():
        raise ValueError("No clients found")

    monkeypatch.setattr(distributed, "get_client", no_client)
    with pytest.raises(ValueError, match=r"Make it first, as by distributed\.Client"):
        DaskDistilledRegressor(Ridge(), BOOSTED).fit(*as_dask(*samples()[:2]))


def test_searches_run_on_a_cluster_by_joblib():
    X, y, _ = samples()
    model = DistilledRegressor(Ridge(), LinearRegression(), **ALONE)
    search = GridSearchCV(model, {"alpha": [0.2, 0.8]}, cv=2)
    own = DistilledRegressorCV(
        Ridge(),
        LinearRegression(),
        alphas=[0.5],
        transfers=[None],
        cv=2,
        random_state=0,
    )
    alone = clone(search).fit(X, y), clone(own).fit(X, y)
    with joblib.parallel_config("dask"):
        spread = clone(search).fit(X, y), clone(own).set_params(n_jobs=2).fit(X, y)
    for one, other in zip(alone, spread, strict=True):
        assert one.best_params_ == other.best_params_
        np.testing.assert_array_equal(one.predict(X), other.predict(X))


class SlowRidge(Ridge):
    """A teacher that others wait for."""

    def fit(self, X, y, sample_weight=None):
        time.sleep(0.05)
        return super().fit(X, y, sample_weight)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("is_on_disk", [False, True])
def test_candidates_that_wait_for_one_teacher_leave_it_their_place(
    is_on_disk, tmp_path
):
    """Its folds are tasks themselves, and want a thread to run in."""
    X, y, _ = samples()
    memory = tmp_path if is_on_disk else None
    model = DistilledRegressor(SlowRidge(), LinearRegression(), memory=memory, **ALONE)
    search = GridSearchCV(model, {"alpha": [0.2, 0.4, 0.6, 0.8]}, cv=2)
    with joblib.parallel_config("dask"):
        spread = clone(search).fit(X, y)
    np.testing.assert_array_equal(spread.predict(X), search.fit(X, y).predict(X))
