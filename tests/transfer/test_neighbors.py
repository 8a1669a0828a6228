import numpy as np
import pytest
from sklearn.neighbors import KDTree

from skdistill.transfer import _neighbors
from skdistill.transfer._columns import Columns
from skdistill.transfer._neighbors import nearest_rows


def search(X, rows, n_neighbors):
    columns = Columns(X, np.zeros(X.shape[1], dtype=bool))
    return nearest_rows(columns, rows, n_neighbors, np.random.default_rng(0))


def test_the_search_is_exact_on_one_block():
    X = np.random.default_rng(0).normal(size=(500, 4))
    rows = np.array([3, 499, 3, 0])
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = KDTree(scaled).query(scaled[rows], 6, return_distance=False)[:, 1:]
    assert np.array_equal(search(X, rows, 5), expected)


def test_blocks_find_other_near_rows(monkeypatch):
    monkeypatch.setattr(_neighbors, "BLOCK_ROWS", 100)
    X = np.random.default_rng(0).normal(size=(1000, 2))
    rows = np.arange(1000)[::-1]
    near = search(X, rows, 3)
    assert near.shape == (1000, 3)
    assert (near != rows[:, None]).all()
    assert all(len(set(row)) == 3 for row in near)
    exact = np.linalg.norm(X[rows] - X[search_exact(X, rows)], axis=1)
    found = np.linalg.norm(X[rows] - X[near[:, 0]], axis=1)
    # A tenth of the rows is looked at: in two columns, sqrt(10) times as far.
    assert found.mean() / exact.mean() == pytest.approx(10**0.5, rel=0.3)


def search_exact(X, rows):
    return KDTree(X).query(X[rows], 2, return_distance=False)[:, 1]


def test_blocks_are_as_large_as_the_neighbours_need(monkeypatch):
    monkeypatch.setattr(_neighbors, "BLOCK_ROWS", 10)
    X = np.arange(100.0)[:, None]
    assert search(X, np.arange(100), 40).shape == (100, 40)


@pytest.mark.parametrize("n_neighbors", [1, 3])
def test_a_row_among_equal_rows_is_not_its_own_neighbour(n_neighbors):
    near = search(np.ones((50, 2)), np.arange(50), n_neighbors)
    assert near.shape == (50, n_neighbors)
    assert (near != np.arange(50)[:, None]).all()


def test_the_only_row_is_its_own_neighbour():
    assert search(np.ones((1, 2)), np.array([0, 0]), 3).tolist() == [[0], [0]]
