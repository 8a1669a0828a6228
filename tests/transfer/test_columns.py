"""Grids and distances."""

import numpy as np
import pandas as pd
import pytest

from skdistill.transfer._columns import Columns
from skdistill.transfer._grid import find_grid

FLOAT = np.dtype(float)


def rounded(seen, values, dtype=FLOAT):
    seen = np.asarray(seen)
    return find_grid(seen.astype(float), np.dtype(dtype)).round(np.array(values))


def test_values_stay_in_the_range():
    seen = [0.123456789, 1 / 3, 1.987654321]
    assert np.array_equal(rounded(seen, [-9.0, 1.5, 9.0]), [seen[0], 1.5, seen[2]])


@pytest.mark.parametrize("dtype", [int, float, np.float32])
def test_integers_stay_integers(dtype):
    assert np.array_equal(rounded([0, 3, 100], [1.4, 1.6, 200], dtype), [1, 2, 100])


def test_decimals_are_the_floats_that_they_are_written_as():
    values = rounded([0.1, 0.25, 7.5], np.linspace(0, 8, 1000))
    assert values.tolist() == [round(value, 2) for value in values.tolist()]


def test_decimals_in_single_precision():
    seen = np.array([0.1, 0.7, 33.3], dtype=np.float32)
    values = rounded(seen, [0.33, 12.345], np.float32).astype(np.float32)
    assert np.array_equal(values, np.array([0.3, 12.3], dtype=np.float32))


def test_a_common_step_is_kept():
    seen = 5 + 50 * np.arange(40)
    assert np.array_equal(rounded(seen, [29, 31, 1000]), [5, 55, 1005])


def test_few_numbers_have_no_common_step():
    assert rounded([0.0, 6.0, 18.0], [7.2]) == 7


def test_few_values_seen_often_are_all_there_are():
    seen = np.repeat([1.0, 2.0, 4.0, 8.5], 10)
    assert np.array_equal(rounded(seen, [2.9, 3.1, 6.3, 99]), [2, 4, 8.5, 8.5])
    assert rounded(seen[::10], [2.9]) == 2.9


def test_nan_stays_nan_and_zero_is_positive():
    for seen in ([-1.0, 0.0, 1.0], np.repeat([-1.0, -0.0, 1.0], 10), [-0.3, np.pi]):
        values = rounded(seen, [np.nan, -0.0])
        assert np.isnan(values[0])
        assert not np.signbit(values[1])


@pytest.mark.parametrize(
    ("numbers", "dtype"),
    [([np.nan], float), ([2.0**60, 2.0**60 + 4096], np.int64)],
)
def test_columns_without_numbers_make_none(numbers, dtype):
    assert find_grid(np.array(numbers), np.dtype(dtype)) is None


def squared_distances(X, categorical=()):
    mask = np.isin(np.arange(X.shape[1]), categorical)
    points = Columns(X, mask).vectors(np.arange(len(X))).astype(float)
    return ((points[:, None] - points[None]) ** 2).sum(axis=-1)


def test_numbers_are_apart_in_standard_deviations():
    x = np.array([1.0, 2.0, 6.0])
    expected = ((x[:, None] - x) / x.std()) ** 2
    assert squared_distances(x[:, None]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("cells", [["a", "b", None], [True, False, None]])
def test_different_categories_are_one_apart(cells):
    X = pd.DataFrame({"c": pd.Series(cells, dtype=object)})
    assert squared_distances(X) == pytest.approx(1 - np.eye(3))
    X = X.astype("category")
    assert squared_distances(X) == pytest.approx(1 - np.eye(3))
    named = np.array([[7.0], [7.1], [np.nan]])
    assert squared_distances(named, [0]) == pytest.approx(1 - np.eye(3))


def test_many_categories_are_about_one_apart():
    X = pd.DataFrame({"c": [f"name {i}" for i in range(500)]})
    distance = squared_distances(X)[~np.eye(500, dtype=bool)]
    assert distance.mean() == pytest.approx(1, abs=0.02)
    assert distance.std() < 0.2
    assert len(Columns(X, np.array([False])).vectors(np.array([0]))[0]) == 32


def test_a_missing_number_lies_at_the_mean_and_one_away():
    X = np.array([[1.0], [3.0], [np.nan], [np.nan]])
    expected = [[0, 4, 2, 2], [4, 0, 2, 2], [2, 2, 0, 0], [2, 2, 0, 0]]
    assert squared_distances(X) == pytest.approx(np.array(expected))


def test_distances_add_up_over_the_columns():
    X = pd.DataFrame({"x": [1.0, 3.0], "c": ["a", "b"], "t": ["x", "x"]})
    assert squared_distances(X)[0, 1] == pytest.approx(4 + 1)


def test_times_are_numbers_of_which_none_are_made():
    days = pd.to_datetime(["2024-01-01", "2024-01-02", None, "2024-01-04"])
    X = pd.DataFrame({"naive": days, "zoned": days.tz_localize("UTC")})
    naive, zoned = Columns(X, np.zeros(2, dtype=bool))
    assert not naive.is_free
    assert np.isnan(naive.numbers[2])
    ratio = np.diff(naive.numbers[[0, 1, 3]])
    assert ratio[1] / ratio[0] == pytest.approx(2)
    assert naive.ordinals() == pytest.approx(zoned.ordinals())


def test_missing_cells_are_apart_from_others_for_a_tree():
    X = pd.DataFrame({"x": [-3.0, np.nan, 5.0], "c": ["a", None, "b"], "n": np.nan})
    x, c, n = Columns(X, np.zeros(3, dtype=bool)).ordinals().T
    assert x.argsort().tolist() == c.argsort().tolist() == [1, 0, 2]
    assert x[0] - x[1] >= 1
    assert np.ptp(n) == 0


def test_text_of_digits_is_text():
    (column,) = Columns(np.array([["01"], ["02"]], dtype=object), np.array([False]))
    assert column.codes.tolist() == [0, 1]


@pytest.mark.parametrize("scale", [1e300, 1.0, 1e-300])
def test_distances_are_those_of_any_unit(scale):
    cells = scale * np.array([[0.0], [1.0], [3.0]])
    one, other = (
        Columns(part, np.array([False])).vectors(np.arange(3))
        for part in (cells, cells / scale)
    )
    np.testing.assert_allclose(one, other, rtol=1e-6)
