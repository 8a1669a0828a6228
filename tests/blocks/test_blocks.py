"""Distillation block by block: what the same samples in memory give."""

import os
import pickle
import re
from functools import cache

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.blocks import (
    BlockDistilledClassifier,
    BlockDistilledRegressor,
    ParquetBlocks,
)
from skdistill.transfer import MungeSampler, TransferSet

N_SAMPLES, BLOCK = 600, 150
FEATURES = ["a", "b", "kind"]
EXACT = {"transfer": None, "random_state": 0, "on_poor_teacher": "ignore"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("blocks")


@pytest.fixture(scope="module")
def path(folder):
    table().to_parquet(folder / "table.parquet", row_group_size=200)
    return folder / "table.parquet"


@cache
def table():
    """Return samples with a target for each task, named by its number of classes."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(N_SAMPLES, 2)), columns=["a", "b"])
    kinds = rng.choice(["x", "y", "z"], N_SAMPLES)
    values = X["a"] + X["b"] ** 2 + (kinds == "z") + rng.normal(size=N_SAMPLES) / 4
    return X.assign(
        kind=pd.Categorical(kinds),
        values=values,
        two=np.where(values > 1, "yes", "no"),
        three=pd.cut(values, [-np.inf, 0, 2, np.inf], labels=False),
        weight=rng.uniform(0.5, 2, N_SAMPLES),
    )


def numbers(X):
    return X[["a", "b"]] ** 2


def parts(target, **params):
    """Return a teacher and a student of the task."""
    models = (Ridge, XGBRegressor)
    if target != "values":
        models = (LogisticRegression, XGBClassifier)
    teacher = make_pipeline(FunctionTransformer(numbers), models[0]())
    student = {
        "n_estimators": 5,
        "max_depth": 3,
        "enable_categorical": True,
        "n_jobs": 1,
    }
    return teacher, models[1](**student | params)


def fit_both(path, target, *, block_size=BLOCK, **params):
    """Fit the estimator in memory, and that of blocks on the same samples."""
    found = []
    whole = pd.read_parquet(path)
    classes = (DistilledRegressor, BlockDistilledRegressor)
    if target != "values":
        classes = (DistilledClassifier, BlockDistilledClassifier)
    teacher, student = parts(target)
    names = {"y": target, "sample_weight": "weight"}
    for cls in classes:
        model = cls(teacher, student, **params)
        if cls is classes[0]:
            model.fit(
                whole[FEATURES], **{key: whole[name] for key, name in names.items()}
            )
        else:
            narrow = ParquetBlocks(narrowed(path, target), block_size=block_size)
            model.fit(narrow, **names)
        found.append(model)
    return whole, *found


def narrowed(path, target):
    """Return a file without the targets of other tasks."""
    narrow = path.with_name(f"{target}.parquet")
    if not narrow.exists():
        columns = [*FEATURES, target, "weight"]
        pd.read_parquet(path)[columns].to_parquet(narrow)
    return narrow


@pytest.mark.parametrize("told", [False, True])
def test_blocks_have_the_dtypes_of_the_whole_table(folder, told):
    whole = pd.DataFrame(
        {
            "missing": pd.array([1, 2, 3, None, 5], dtype="Int64"),
            "kind": pd.Categorical(["v", "u", "w", None, "u"], ["w", "v", "u"]),
            "count": np.arange(5, dtype="int16"),
            "name": list("abcde"),
            "flag": [True, False, None, True, False],
        },
    )
    path = folder / "dtypes.parquet"
    written = pyarrow.Table.from_pandas(whole)
    if not told:  # Without what pandas says of it, its integers become NumPy's.
        written = written.replace_schema_metadata(None)
    pyarrow.parquet.write_table(written, path, row_group_size=2)
    blocks = [*ParquetBlocks(path, block_size=2).read()]
    assert [len(block) for block in blocks] == [2, 2, 1]
    assert blocks[0]["missing"].dtype == ("Int64" if told else float)
    assert all((block.dtypes == blocks[0].dtypes).all() for block in blocks)
    pd.testing.assert_frame_equal(
        pd.concat(blocks, ignore_index=True), pd.read_parquet(path)
    )


def test_a_stored_index_is_no_column(folder):
    path = folder / "index.parquet"
    table()[["a"]].iloc[::2].to_parquet(path)
    assert ParquetBlocks([path]).names == ["a"]
    assert next(ParquetBlocks([path, path], block_size=7).read()).index.tolist() == [
        *range(7)
    ]


@pytest.mark.parametrize("target", ["values", "two", "three"])
def test_labels_are_learned_as_in_memory(path, target):
    # The student's bins are quantiles: those of blocks are merged, and of so few
    # samples exact.
    whole, expected, model = fit_both(path, target, refine="leaves", **EXACT)
    method = "predict" if target == "values" else "predict_proba"
    blocks = ParquetBlocks(path, block_size=100)
    assert getattr(model, method)(blocks) == pytest.approx(
        getattr(expected, method)(whole[FEATURES]), rel=1e-4, abs=1e-5
    )
    assert model.teacher_score_ == pytest.approx(expected.teacher_score_)
    assert (model.predict(blocks) == model.predict(whole[FEATURES])).all()
    of_whole = model.score(whole[FEATURES], whole[target], whole["weight"])
    assert model.score(blocks, target, "weight") == pytest.approx(of_whole)
    kept = pickle.loads(pickle.dumps(model))
    assert (kept.predict(blocks) == model.predict(blocks)).all()


def test_vector_leaves_are_learned_as_in_memory(folder):
    whole = table()[["a", "b", "three"]]
    whole.to_parquet(folder / "vectors.parquet")
    X, y = whole[["a", "b"]], whole["three"]
    teacher, student = parts("three", multi_strategy="multi_output_tree")
    expected = DistilledClassifier(teacher, student, **EXACT).fit(X, y)
    blocks = ParquetBlocks(folder / "vectors.parquet", block_size=BLOCK)
    model = BlockDistilledClassifier(teacher, student, **EXACT).fit(blocks, "three")
    assert model.predict_proba(blocks) == pytest.approx(
        expected.predict_proba(X), rel=1e-4, abs=1e-5
    )
    assert model.student_.get_params()["multi_strategy"] == "multi_output_tree"


def test_one_block_has_the_transfer_set_of_samples_in_memory(path):
    whole, expected, model = fit_both(
        path, "values", block_size=N_SAMPLES, random_state=0
    )
    assert model.predict(whole[FEATURES]) == pytest.approx(
        expected.predict(whole[FEATURES]), rel=1e-4, abs=1e-5
    )


def test_names_that_are_no_strings_are_read_as_strings(folder):
    table()[["a", "b"]].set_axis([0, 1], axis=1).to_parquet(folder / "named.parquet")
    blocks = ParquetBlocks(folder / "named.parquet")
    assert blocks.names == [*next(blocks.read())] == ["0", "1"]


def test_there_may_be_more_files_than_can_be_open_at_once(folder):
    opened = [folder / f"{number}.parquet" for number in range(3)]
    for path in opened:
        table()[["a"]][:2].to_parquet(path)
    n_open = len(os.listdir("/dev/fd"))
    blocks = ParquetBlocks(opened).read()
    for _ in opened:
        next(blocks)
        assert len(os.listdir("/dev/fd")) <= n_open + 1


class CountingRidge(Ridge):
    def fit(self, X, y, sample_weight=None):
        self.n_samples_ = len(X)
        return super().fit(X, y, sample_weight)


def test_a_frozen_teacher_and_a_student_in_memory(folder):
    whole = table()[["a", "b", "values"]]
    whole.to_parquet(folder / "numbers.parquet")
    X, y = whole[["a", "b"]], whole["values"]
    teacher = FrozenEstimator(ExtraTreesRegressor(3, random_state=0).fit(X, y))
    expected = DistilledRegressor(teacher, Ridge(), **EXACT).fit(X, y)
    model = BlockDistilledRegressor(teacher, Ridge(), **EXACT)
    model.fit(ParquetBlocks(folder / "numbers.parquet", block_size=BLOCK), "values")
    assert model.student_.coef_ == pytest.approx(expected.student_.coef_)


@pytest.mark.parametrize(
    ("name", "part"), [("teacher", "teacher_"), ("student", "student_")]
)
def test_a_part_learns_at_most_so_many_samples(path, folder, name, part):
    table()[["a", "b", "values"]].to_parquet(folder / "numbers.parquet")
    model = BlockDistilledRegressor(
        CountingRidge(), CountingRidge(), cross_fit=False, **EXACT
    ).set_params(**{f"{name}_samples": 70})
    model.fit(ParquetBlocks(folder / "numbers.parquet", block_size=50), "values")
    assert getattr(model, part).n_samples_ == 70


def test_transfer_sets_of_blocks_are_as_large_as_that_of_all(folder):
    table()[["a", "b", "values"]].to_parquet(folder / "numbers.parquet")
    model = BlockDistilledRegressor(
        CountingRidge(),
        CountingRidge(),
        random_state=0,
        transfer=TransferSet(MungeSampler(), size=0.5),
        on_poor_teacher="ignore",
    ).fit(ParquetBlocks(folder / "numbers.parquet", block_size=100), "values")
    assert model.student_.n_samples_ == 1.5 * N_SAMPLES


@pytest.mark.parametrize("cross_fit", ["kfold", False])
def test_noise_teaches_nothing_unless_labels_leak(folder, cross_fit):
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "y"])
    noise.to_parquet(folder / "noise.parquet")
    model = BlockDistilledRegressor(
        ExtraTreesRegressor(10, random_state=0),
        XGBRegressor(n_estimators=10, n_jobs=1),
        alpha=1.0,
        calibrate=None,
        cross_fit=cross_fit,
        **EXACT,
    ).fit(ParquetBlocks(folder / "noise.parquet", block_size=100), "y")
    correlation = np.corrcoef(model.predict(noise[["a", "b"]]), noise["y"])[0, 1]
    assert (correlation > 0.3) == (cross_fit is False)


def test_categories_to_be_predicted_are_those_of_the_fit(path, folder):
    *_, model = fit_both(path, "values", refine=None, **EXACT)
    some = table()[FEATURES].iloc[:20]
    other = some["kind"].cat.set_categories(["z", "new", "y", "x"])
    some.assign(kind=other).to_parquet(folder / "other.parquet")
    predicted = model.predict(ParquetBlocks(folder / "other.parquet"))
    assert (predicted == model.predict(some)).all()


def test_files_of_labelled_blocks_are_removed(path, tmp_path):
    fit_both(path, "values", refine=None, **EXACT)
    model = BlockDistilledRegressor(*parts("values"), folder=tmp_path, **EXACT)
    seen = []
    student = model.student

    class Watching(ParquetBlocks):
        def read(self, columns=None):
            seen.append([one.name for one in tmp_path.iterdir()])
            return super().read(columns)

    model.fit(Watching(narrowed(path, "values")), "values", "weight")
    assert model.student is student
    assert [len(names) for names in seen] == [0, 0, 1]
    assert not [*tmp_path.iterdir()]


def test_a_file_that_changes_meanwhile_is_seen(path):
    class Shrinking(ParquetBlocks):
        n_reads = 0

        def read(self, columns=None):
            self.n_reads += 1
            return (block[self.n_reads :] for block in super().read(columns))

    model = BlockDistilledRegressor(*parts("values"), **EXACT)
    with pytest.raises(RuntimeError, match="must hold the same samples"):
        model.fit(Shrinking(narrowed(path, "values")), "values", "weight")


REFUSED = {
    "no column": ({"y": "price"}, {}, "y must name a column"),
    "an array": ({"y": [1.0, 2.0]}, {}, "y must name a column"),
    "weight": ({"y": "values", "sample_weight": "w"}, {}, "sample_weight must name"),
    "one column": ({"y": "a", "sample_weight": "a"}, {}, "another column than y"),
    "unlabeled": ({"y": "a", "X_unlabeled": [[1.0]]}, {}, "Got X_unlabeled"),
    "folder": ({"y": "values"}, {"folder": "nowhere"}, "Make it first"),
    "folder's kind": ({"y": "values"}, {"folder": 1}, "'folder' parameter"),
    "samples": ({"y": "values"}, {"teacher_samples": 0}, "'teacher_samples'"),
    "student": ({"y": "values"}, {"student_samples": 0}, "'student_samples'"),
    "booster": ({"y": "values"}, {"student__booster": "dart"}, "no external memory"),
    "bins": ({"y": "values"}, {"student__tree_method": "exact"}, "no external memory"),
    "stop": (
        {"y": "values"},
        {"student__early_stopping_rounds": 2},
        "held-out samples",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(path, name):
    given, params, message = REFUSED[name]
    model = BlockDistilledRegressor(*parts("values"), **EXACT).set_params(**params)
    with pytest.raises(ValueError, match=re.escape(message)):
        model.fit(ParquetBlocks(path), **given)


def test_a_student_of_tempered_logits_is_refused(path):
    model = BlockDistilledClassifier(*parts("two"), soften="both", **EXACT)
    with pytest.raises(ValueError, match="soften='both'"):
        model.fit(ParquetBlocks(path), "two")


def test_refused_tables(path, folder):
    with pytest.raises(ValueError, match="block_size == 0"):
        ParquetBlocks(path, block_size=0)
    with pytest.raises(ValueError, match="empty list"):
        next(ParquetBlocks([]).read())
    with pytest.raises(ValueError, match=re.escape("Got ['price']")):
        next(ParquetBlocks(path).read(["price"]))
    table()[["a"]].to_parquet(folder / "less.parquet")
    with pytest.raises(ValueError, match="same types"):
        next(ParquetBlocks([path, folder / "less.parquet"]).read())
    table()[["a"]][:0].to_parquet(folder / "empty.parquet")
    with pytest.raises(ValueError, match="must hold samples"):
        next(ParquetBlocks(folder / "empty.parquet").read())
    with pytest.raises(ValueError, match="column of features"):
        BlockDistilledRegressor().fit(ParquetBlocks(folder / "less.parquet"), "a")


@pytest.mark.parametrize("target", ["values", "three"])
def test_a_pipeline_that_ends_in_xgboost_learns_all_samples(path, target):
    teacher, student = parts(target)
    alone = FunctionTransformer(numbers), StandardScaler()
    piped = make_pipeline(*alone, student.set_params(enable_categorical=False))
    cls, whole = BlockDistilledRegressor, pd.read_parquet(path)
    in_memory = DistilledRegressor
    if target != "values":
        cls, in_memory = BlockDistilledClassifier, DistilledClassifier
    model = cls(teacher, piped, student_samples=N_SAMPLES, **EXACT)
    model.fit(ParquetBlocks(narrowed(path, target), block_size=BLOCK), target, "weight")
    expected = in_memory(teacher, piped, **EXACT)
    expected.fit(whole[FEATURES], whole[target], whole["weight"])
    assert [type(step) for _, step in model.student_.steps] == [
        *map(type, (*alone, student))
    ]
    method = "predict" if target == "values" else "predict_proba"
    found, known = (getattr(one, method)(whole[FEATURES]) for one in (model, expected))
    np.testing.assert_allclose(found, known, atol=1e-3)
    few = clone(model).set_params(student_samples=20)
    few.fit(ParquetBlocks(narrowed(path, target), block_size=BLOCK), target, "weight")
    assert few.student_[1].n_samples_seen_ == 20
