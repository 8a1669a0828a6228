"""A teacher that is cross-fitted on all samples, with folds of whole partitions."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.blocks import (
    Block,
    BlockFolds,
    assign_folds,
    describe,
    draw_rows,
    gather_facts,
    label,
    prepare,
)
from skdistill.dask import DaskDistilledClassifier, DaskDistilledRegressor, _run
from skdistill.teachers import FoldMeanRegressor
from skdistill.transfer import MungeSampler
from tests.dask.local import as_dask, bytes_to_client, labels, samples, two_workers

# Sockets and threads of clusters are closed a little late.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SLOW = pytest.mark.slow
ROUNDS = {"n_estimators": 3, "max_depth": 3, "n_jobs": 1}
ON_ALL = {
    "teacher_samples": None,
    "cv": 2,
    "random_state": 0,
    "on_poor_teacher": "ignore",
    "transfer": None,
    "refine": None,
}
SIZE, N_SAMPLES = 80, 240


@pytest.fixture(scope="module", autouse=True)
def client():
    with two_workers() as client:
        yield client


@pytest.mark.parametrize("n_classes", [0, pytest.param(2, marks=SLOW), 3])
def test_folds_of_partitions_are_those_folds_in_memory(n_classes, monkeypatch):
    X, y, weight = samples()
    kinds = XGBRegressor, DaskDistilledRegressor, DistilledRegressor
    if n_classes:
        y = labels(n_classes)
        kinds = XGBClassifier, DaskDistilledClassifier, DistilledClassifier
    folds = []
    monkeypatch.setattr(
        _run,
        "assign_folds",
        lambda *given: folds.append(assign_folds(*given)) or folds[-1],
    )
    boosted = kinds[0](**ROUNDS)
    teacher = clone(boosted).set_params(max_depth=4)
    model = kinds[1](teacher, boosted, **ON_ALL).fit(*as_dask(X, y, weight, size=SIZE))
    split = PredefinedSplit(np.repeat(folds[0], SIZE))
    alike = {name: one for name, one in ON_ALL.items() if name != "teacher_samples"}
    expected = kinds[2](teacher, boosted, **alike | {"cv": split, "cross_fit": "kfold"})
    expected.fit(X, y, weight)
    method = "predict_proba" if n_classes else "predict"
    for one, other in ((model, expected), (model.teacher_, expected.teacher_)):
        np.testing.assert_allclose(
            getattr(one, method)(X), getattr(other, method)(X), atol=1e-4
        )
    assert model.teacher_score_ == pytest.approx(expected.teacher_score_)
    assert len(model.teacher_.estimators) == 2
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).teacher_.predict(X), model.teacher_.predict(X)
    )


def test_folds_hold_about_as_many_samples_and_no_block_twice():
    counts = [10, 0, 30, 10, 20, 10]
    folds = [assign_folds(counts, 2, seed) for seed in range(10)]
    for one in folds:
        assert np.bincount(one, counts).tolist() == [40, 40]
    assert len({*folds}) > 1
    assert assign_folds(counts, 2, 0) == folds[0]
    with pytest.raises(ValueError, match=r"cv=6 needs 6 that hold samples\. Got 5"):
        assign_folds(counts, 6, 0)


class Fold(Ridge):
    """A teacher of a fold, which says its number."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def predict(self, X):
        return X[:, 0] + self.number


def test_a_partition_is_labelled_by_the_teacher_that_did_not_see_it():
    X, y, _ = samples()
    blocks = [
        Block.of(X[rows], y[rows], None, of_classes=False)
        for rows in (*np.split(np.arange(N_SAMPLES), 3), np.arange(0))
    ]
    told = [describe(block, of_classes=False) for block in blocks]
    facts = gather_facts(told, of_classes=False)
    folds = BlockFolds(FoldMeanRegressor([Fold(10), Fold(20)]), (1, 0, 1, 0))
    model = DaskDistilledRegressor(
        XGBRegressor(), Ridge(), memory=False, calibrate=None, **ON_ALL
    )
    seen = draw_rows(facts.counts, 30, 0)
    taken = [block.take(draw.rows()) for block, draw in zip(blocks, seen, strict=True)]
    model.set_params(transfer=MungeSampler())
    prepared = prepare(model, facts, taken, folds)
    expected = np.concatenate(
        [block.X[:, 0] + add for block, add in zip(taken, (20, 10, 20, 0), strict=True)]
    )
    np.testing.assert_allclose(prepared.supervision.signal.predictions, expected)
    every = draw_rows(facts.counts, N_SAMPLES, 0)
    empty = label(blocks[3], prepared, 3, every[3], seen[3], 0, N_SAMPLES)
    assert empty.predictions.shape == (0,)
    for number, add in enumerate((20, 10, 20)):
        done = label(
            blocks[number], prepared, number, every[number], seen[number], 0, N_SAMPLES
        )
        np.testing.assert_allclose(done.predictions, blocks[number].X[:, 0] + add)
        # New to all teachers.
        np.testing.assert_allclose(done.told, done.drawn[:, 0] + 15)


def test_noise_teaches_nothing():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N_SAMPLES, 3)), rng.normal(size=N_SAMPLES)
    teacher = XGBRegressor(n_estimators=20, learning_rate=1.0, n_jobs=1)
    model = DaskDistilledRegressor(
        teacher, Ridge(), **ON_ALL | {"calibrate": None, "on_poor_teacher": "baseline"}
    )
    with pytest.warns(UserWarning, match="The baseline student is fitted"):
        model.fit(*as_dask(X, y, size=SIZE))
    assert model.teacher_score_ < 0
    assert "no better than a constant" in model.poor_teacher_
    np.testing.assert_allclose(model.predict(X), Ridge().fit(X, y).predict(X))


def test_a_class_may_lie_in_one_partition():
    X, y = samples()[0], labels(3)
    y = np.where(np.arange(N_SAMPLES) < SIZE, y, np.where(y == "mid", "low", y))
    model = DaskDistilledClassifier(XGBClassifier(**ROUNDS), Ridge(), **ON_ALL)
    model.fit(*as_dask(X, y, size=SIZE))
    assert [*model.classes_] == ["low", "mid", "top"]
    assert np.isfinite(model.teacher_.predict_proba(X)).all()


def test_partitions_may_weigh_nothing():
    X, y, weight = samples()
    weight = np.where(np.arange(N_SAMPLES) < N_SAMPLES // 2, 0, weight)
    boosted = XGBRegressor(**ROUNDS)
    model = DaskDistilledRegressor(boosted, boosted, **ON_ALL)
    model.fit(*as_dask(X, y, weight, size=60))
    assert model.teacher_score_ > 0
    weight[:180] = 0
    with pytest.raises(ValueError, match=r"cv=2 needs 2 that hold samples\. Got 1"):
        model.fit(*as_dask(X, y, weight, size=60))


@SLOW
def test_nothing_comes_to_the_client_that_grows_with_the_samples(monkeypatch):
    sizes = bytes_to_client(monkeypatch)
    monkeypatch.setattr(_run, "_JUDGED", 100)
    boosted = XGBRegressor(**ROUNDS)
    for n_samples in (240, 2400):
        sizes.append(0)
        given = as_dask(*samples(n_samples)[:2], size=n_samples // 3)
        DaskDistilledRegressor(boosted, boosted, **ON_ALL).fit(*given)
    assert sizes[1] < 1.2 * sizes[0]


REFUSED = {
    "another library": ({"teacher": Ridge()}, "the workers cannot train it together"),
    "a pipeline": (
        {"teacher": make_pipeline(StandardScaler(), XGBRegressor())},
        "the workers cannot train it together",
    ),
    "a frozen one": (
        {"teacher": FrozenEstimator(XGBRegressor())},
        "the workers cannot train it together",
    ),
    "several": ({"teacher": [("a", XGBRegressor())]}, "it is not one estimator"),
    "the default": ({"teacher": None}, "it is not one estimator"),
    "early stopping": (
        {"teacher": XGBRegressor(early_stopping_rounds=2)},
        "early_stopping_rounds needs held-out samples",
    ),
    "other folds": ({"cv": KFold(3)}, "cv must be a number of folds"),
    "no folds": ({"cross_fit": False}, "cross_fit must be one of"),
    "another view": ({"teacher_input": np.abs}, "teacher_input must be one of"),
    "a cache": ({"memory": "cache"}, "memory must be one of"),
    "a stage": ({"teacher_stage": 0.5}, "teacher_stage must be one of"),
    "few partitions": ({"cv": 4}, r"cv=4 needs 4 that hold samples\. Got 3"),
    "no sample": ({"teacher_samples": 0}, "'teacher_samples' parameter"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused(case):
    params, message = REFUSED[case]
    model = DaskDistilledRegressor(XGBRegressor(), Ridge(), **ON_ALL)
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).fit(*as_dask(*samples()[:2], size=SIZE))


def test_a_teacher_of_another_loss_is_refused():
    teacher = XGBClassifier(objective="binary:hinge")
    model = DaskDistilledClassifier(teacher, LogisticRegression(), **ON_ALL)
    with pytest.raises(ValueError, match="learns no probabilities"):
        model.fit(*as_dask(samples()[0], labels(2), size=SIZE))


def test_samples_in_memory_are_fitted_as_without_dask():
    X, y, _ = samples()
    model = DaskDistilledRegressor(Ridge(), Ridge(), **ON_ALL).fit(X, y)
    assert model.teacher_score_ > 0
