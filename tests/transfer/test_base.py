"""What every sampler does: rows that X could have held, in the container of X."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skdistill.transfer import (
    JitterSampler,
    MungeSampler,
    PermutationSampler,
    SwapNoiseSampler,
)
from tests.transfer.cases import SAMPLERS, SWAPPING, fitted, mixed_table, name_of

every_sampler = pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)


@pytest.fixture(scope="module")
def table():
    return mixed_table()


@every_sampler
def test_sampled_rows_are_ones_that_the_data_could_have_held(sampler, table):
    drawn = fitted(sampler, table).sample(1000)
    assert len(drawn) == 1000
    assert drawn.columns.equals(table.columns)
    pd.testing.assert_series_equal(drawn.dtypes, table.dtypes)
    for name, old in table.items():
        new = drawn[name]
        assert old.isna().any() or not new.isna().any(), name
        old, new = old.dropna(), new.dropna()
        if len(old) and old.dtype.kind in "iuf":
            assert new.between(old.min(), old.max()).all(), name
    seen = ["hour", "sparse levels", "level", "text", "flag", "when", "where"]
    for name in [*seen, "nullable", "maybe", "name", "same", "nothing", "objects"]:
        assert drawn[name].dropna().isin(table[name]).all(), name
    # On the grid, to the last bit.
    assert (drawn["tens"] % 10 == 0).all()
    assert drawn["price"].equals(drawn["price"].round(2))


@every_sampler
def test_rows_differ_from_those_of_the_data(sampler, table):
    numbers = table[["number", "hour", "flag"]]
    drawn = fitted(sampler, numbers).sample(300)
    assert pd.concat([numbers, drawn]).duplicated().sum() < 290


@every_sampler
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, bool, "U3"])
def test_arrays_come_back_as_arrays_of_their_dtype(sampler, dtype):
    X = np.random.default_rng(0).integers(100, size=(50, 3)).astype(dtype)
    drawn = fitted(sampler, X).sample(70)
    assert type(drawn) is np.ndarray
    assert (drawn.shape, drawn.dtype) == ((70, 3), X.dtype)
    if X.dtype.kind == "U":
        assert np.isin(drawn, X).all()


@every_sampler
def test_cells_of_an_array_of_objects_are_cells_that_were_seen(sampler):
    rng = np.random.default_rng(0)
    X = np.empty((60, 3), dtype=object)
    X[:, 0], X[:, 1] = rng.normal(size=60), rng.choice(["a", "b"], size=60)
    X[:, 2] = rng.choice([1, None], size=60)
    drawn = fitted(sampler, X).sample(100)
    assert drawn.dtype == object
    for number in range(3):
        assert set(drawn[:, number]) <= set(X[:, number])


@every_sampler
def test_lists_are_taken_as_arrays(sampler):
    assert fitted(sampler, [[0.0, 1.0], [2.0, 3.0]]).sample(5).shape == (5, 2)


@every_sampler
def test_the_same_seed_gives_the_same_rows(sampler, table):
    one, other = fitted(sampler, table), fitted(sampler, table)
    first = one.sample(50)
    pd.testing.assert_frame_equal(first, one.sample(50))
    pd.testing.assert_frame_equal(first, other.sample(50))
    pd.testing.assert_frame_equal(first, pickle.loads(pickle.dumps(one)).sample(50))
    assert not first.equals(one.set_params(random_state=1).sample(50))


@every_sampler
def test_a_random_state_that_moves_on_gives_other_rows(sampler, table):
    sampler = fitted(sampler, table)
    sampler.random_state = np.random.RandomState(0)
    assert not sampler.sample(50).equals(sampler.sample(50))


@every_sampler
def test_sampling_leaves_the_data_as_it_was(sampler, table):
    before = table.copy(deep=True)
    fitted(sampler, table).sample(50)
    pd.testing.assert_frame_equal(table, before)


@every_sampler
@pytest.mark.parametrize("as_frame", [False, True])
def test_one_row_is_drawn_again(sampler, as_frame):
    X = pd.DataFrame({"a": [1.5], "b": [2.0]})
    drawn = fitted(sampler, X if as_frame else X.to_numpy()).sample(3)
    assert np.array_equal(drawn, np.repeat(X.to_numpy(), 3, axis=0))


@every_sampler
def test_equal_rows_are_drawn_again(sampler):
    drawn = fitted(sampler, np.full((50, 3), 0.1)).sample(80)
    assert (drawn == 0.1).all()


@every_sampler
def test_rows_of_weight_zero_never_appear(sampler):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    X[50:] += 1000
    weight = np.repeat([1.0, 0.0], 50)
    drawn = fitted(sampler, X, sample_weight=weight).sample(500)
    assert drawn.max() <= X[:50].max()
    weightless = fitted(sampler, X[:50], sample_weight=np.ones(50))
    assert np.array_equal(drawn, weightless.sample(500))


@every_sampler
def test_weights_are_the_chance_of_a_row(sampler):
    # Two clouds far apart, which only a few cells leave.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)) + 1000 * (np.arange(200) < 100)[:, None]
    weight = np.where(np.arange(200) < 100, 3.0, 1.0)
    drawn = fitted(sampler, X, sample_weight=weight).sample(4000)
    assert (drawn > 500).mean() == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize("n_copies", [1, 3])
def test_each_row_is_the_start_of_as_many_rows(n_copies):
    X = np.random.default_rng(0).normal(size=(101, 2))
    drawn = fitted(SwapNoiseSampler(p=0), X).sample(101 * n_copies)
    expected = np.repeat(np.sort(X[:, 0]), n_copies)
    assert np.array_equal(np.sort(drawn[:, 0]), expected)
    assert not np.array_equal(drawn[:, 0], expected)


def test_starts_follow_the_weights_as_closely_as_can_be():
    weight = np.array([0.0, 1.0, 2.5, 6.5])
    sampler = fitted(SwapNoiseSampler(p=0), np.arange(4.0)[:, None], weight)
    count = np.bincount(sampler.sample(100).astype(int).ravel(), minlength=4)
    assert np.array_equal(count, [0, 10, 25, 65])


@pytest.mark.parametrize(
    "sampler",
    [
        MungeSampler(p=0),
        PermutationSampler(p=0),
        SwapNoiseSampler(p=0),
        JitterSampler(scale=0),
    ],
    ids=name_of,
)
def test_without_change_rows_are_those_of_the_data(sampler, table):
    drawn = fitted(sampler, table).sample(300)
    order = drawn["number"].argsort().to_numpy()
    expected = table.iloc[table["number"].argsort().to_numpy()]
    pd.testing.assert_frame_equal(
        drawn.iloc[order].reset_index(drop=True), expected.reset_index(drop=True)
    )


def test_each_sample_is_varied_once_in_order(table):
    sampler = SwapNoiseSampler(p=0.3)
    X_new = fitted(sampler, table).vary()
    assert [*X_new.dtypes] == [*table.dtypes]
    kept = np.mean(X_new["number"].to_numpy() == table["number"].to_numpy())
    assert kept == pytest.approx(0.7, abs=0.1)
    pd.testing.assert_frame_equal(fitted(sampler, table).vary(), X_new)
    weight = np.arange(len(table)) > 2
    assert len(fitted(sampler, table, weight).vary()) == len(table) - 3
    with pytest.raises(NotFittedError):
        sampler.vary()


@pytest.mark.parametrize("sampler", SWAPPING, ids=name_of)
def test_samplers_that_swap_make_no_new_number(sampler, table):
    drawn = fitted(sampler, table).sample(500)
    for name in table:
        assert drawn[name].dropna().isin(table[name]).all(), name


@every_sampler
@pytest.mark.parametrize(
    "categorical_features",
    [["code"], [1], np.array([False, True]), pd.Index(["code"])],
    ids=["name", "number", "mask", "index"],
)
def test_named_columns_are_categories(sampler, categorical_features):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=40), "code": rng.normal(size=40)})
    drawn = fitted(sampler, X, categorical_features=categorical_features).sample(200)
    assert drawn["code"].isin(X["code"]).all()
    if type(sampler) not in map(type, SWAPPING):
        assert not drawn["x"].isin(X["x"]).all()


@pytest.mark.parametrize(
    ("categorical_features", "message"),
    [
        (["b", "colour"], "Got 'colour', which is none of \\['a', 'b'\\]"),
        ([0, 2], "Got 2, which is none of \\[0, 1\\]"),
        ([-1], "Got -1"),
        ([True], "one boolean for each of the 2 columns of X. Got shape \\(1,\\)"),
    ],
)
def test_columns_that_are_not_there_cannot_be_categories(categorical_features, message):
    sampler = MungeSampler(categorical_features=categorical_features)
    with pytest.raises(ValueError, match=message):
        sampler.fit(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))


def test_an_empty_list_names_no_column():
    assert MungeSampler(categorical_features=[]).fit([[1.0]]).sample().shape == (1, 1)


@pytest.mark.parametrize(
    "columns", [[1, 2], [True, None], pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])]
)
def test_names_of_columns_may_be_anything(columns):
    X = pd.DataFrame([[1, 2.5], [3, 4.5]], columns=columns)
    assert MungeSampler().fit(X).sample(3).columns.equals(X.columns)


@every_sampler
def test_sparse_tables_are_refused_with_a_remedy(sampler):
    with pytest.raises(TypeError, match="dense"):
        fitted(sampler, sparse.csr_array(np.eye(3)))
    frame = pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 0.0, 1.0])})
    with pytest.raises(TypeError, match="sparse column 'a'.*to_dense"):
        fitted(sampler, frame)


def test_frames_of_other_libraries_are_refused_with_a_remedy():
    class Frame:
        def __dataframe__(self):
            raise NotImplementedError

    with pytest.raises(TypeError, match="Frame. Use X.to_pandas()"):
        MungeSampler().fit(Frame())


@pytest.mark.parametrize("X", [np.empty((0, 2)), pd.DataFrame({"a": []})])
def test_no_rows_are_refused(X):
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        MungeSampler().fit(X)


def test_infinity_is_refused():
    with pytest.raises(ValueError, match="infinity"):
        MungeSampler().fit([[np.inf], [1.0]])
    with pytest.raises(ValueError, match="infinity in column 'a'.*set the cells"):
        MungeSampler().fit(pd.DataFrame({"a": [np.inf, 1.0]}))


@pytest.mark.parametrize("n_samples", [0, -1, 2.0, None])
def test_the_number_of_rows_is_checked(n_samples):
    with pytest.raises(ValueError, match=r"n_samples must be an int.*Got"):
        MungeSampler().fit([[1.0], [2.0]]).sample(n_samples)


def test_sampling_comes_after_fitting():
    with pytest.raises(NotFittedError):
        MungeSampler().sample()


@pytest.mark.parametrize(
    ("sampler", "params"),
    [
        (MungeSampler(), {"p": 1.1}),
        (MungeSampler(), {"s": 0}),
        (MungeSampler(), {"categorical_features": "all"}),
        (MungeSampler(), {"random_state": "zero"}),
        (JitterSampler(), {"scale": -1}),
        *[(sampler, {"p": -0.1}) for sampler in SAMPLERS if hasattr(sampler, "p")],
        *[
            (sampler, {name: 0})
            for sampler in SAMPLERS
            for name in ("beta", "n_neighbors", "n_sweeps", "max_samples_leaf")
            if hasattr(sampler, name)
        ],
    ],
)
def test_parameters_are_validated(sampler, params):
    (name,) = params
    with pytest.raises(ValueError, match=f"The '{name}' parameter of"):
        clone(sampler).set_params(**params).fit([[1.0], [2.0]])
