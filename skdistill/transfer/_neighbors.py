"""The nearest rows of rows, at a cost that grows linearly with the table."""

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from skdistill.transfer._columns import Columns

__all__ = ["nearest_rows"]

# Neighbours are looked for among at least so many rows.
BLOCK_ROWS = 10_000


def nearest_rows(
    columns: Columns,
    rows: NDArray[np.intp],
    n_neighbors: int,
    rng: np.random.Generator,
) -> NDArray[np.intp]:
    """Return the nearest other rows of each row, the nearest first.

    Up to ``2 * BLOCK_ROWS`` rows the search is exact. A larger table is cut at random
    into blocks of about BLOCK_ROWS rows, and a row's neighbours are the nearest in its
    block. The work a row is thus bounded, whatever the values; a tree would do more
    work in many columns, and with many equal rows. In d columns a neighbour is then
    about (n_rows / BLOCK_ROWS) ** (1 / d) times as far away as the nearest of all.

    Parameters
    ----------
    columns : Columns
        The table.
    rows : ndarray of shape (n_samples,)
        Rows of the table, which may occur several times.
    n_neighbors : int
        How many, at least 1.
    rng : Generator
        Cuts the blocks.

    Returns
    -------
    neighbors : ndarray of shape (n_samples, min(n_neighbors, n_rows - 1))
        Rows of the table. The only row of a table is its own neighbour.
    """
    n_rows = columns.n_rows
    n_neighbors = min(n_neighbors, n_rows - 1)
    if n_neighbors == 0:
        return rows[:, None]
    asked, position = np.unique(rows, return_inverse=True)
    place = np.full(n_rows, -1)
    place[asked] = np.arange(len(asked))
    found = np.empty((len(asked), n_neighbors), dtype=np.intp)
    n_blocks = max(n_rows // max(BLOCK_ROWS, n_neighbors + 1), 1)
    for block in np.array_split(rng.permutation(n_rows), n_blocks):
        queries = np.flatnonzero(place[block] >= 0)
        if queries.size:
            near = _nearest(columns.vectors(block), queries, n_neighbors)
            found[place[block[queries]]] = block[near]
    return found[position]


def _nearest(
    points: NDArray[np.float32], queries: NDArray[np.intp], n_neighbors: int
) -> NDArray[np.intp]:
    """Return the nearest others of ``points[queries]``, by their positions."""
    search = NearestNeighbors(n_neighbors=n_neighbors + 1, algorithm="brute")
    found = search.fit(points).kneighbors(points[queries], return_distance=False)
    # A point finds itself, unless so many equal points came before it.
    leave_out = found == queries[:, None]
    leave_out[~leave_out.any(axis=1), -1] = True
    return found[~leave_out].reshape(len(queries), n_neighbors)
