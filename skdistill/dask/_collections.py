"""Dask collections: what they are, cut into blocks, and put together of blocks."""

import warnings
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._optional import import_optional
from skdistill._typing import Table

__all__ = [
    "array_of",
    "current_client",
    "dtype_said",
    "is_collection",
    "map_samples",
    "partitions",
    "table_of",
]


def is_collection(table: Any) -> bool:
    """Return whether a table or an array is one of Dask."""
    return hasattr(table, "__dask_graph__")


def current_client() -> Any:
    """Return the client of the cluster that collections are fitted on."""
    distributed = import_optional("distributed", extra="dask")
    try:
        return distributed.get_client()
    except ValueError as error:
        raise ValueError(
            "Dask collections are fitted on a Dask cluster. Got no client of one. Make "
            "it first, as by distributed.Client() for the cores of this machine, or "
            "pass samples in memory."
        ) from error


def partitions(collection: Any, name: str, like: Any = None) -> list[Any]:
    """Return the partitions of a collection as delayed objects, one below the other.

    Parameters
    ----------
    collection : dask.array.Array, dask.dataframe.DataFrame or Series
        With all columns in each partition; an array is rechunked.
    name : str
        What it is called in an error.
    like : collection, default=None
        The samples: an array with other chunks than theirs is rechunked.

    Returns
    -------
    list of dask.delayed.Delayed
    """
    if not is_collection(collection):
        raise TypeError(
            f"{name} must be a Dask collection, as X is one. Got "
            f"{type(collection).__name__}. Use dask.array.from_array or "
            "dask.dataframe.from_pandas, or pass X in memory too."
        )
    if hasattr(collection, "chunks"):
        if collection.ndim > 1:
            collection = collection.rechunk({1: -1})
        collection = _rechunk(collection, name, like)
    delayed = [*np.ravel(collection.to_delayed())]
    if not delayed[0].dask:
        # The optimised graph of a persisted array has keys alone, which Dask before
        # 2025.4 passes on in place of the samples.
        delayed = [*np.ravel(collection.to_delayed(optimize_graph=False))]
    if like is not None and len(delayed) != (expected := _count(like)):
        raise ValueError(
            f"{name} must have as many partitions as X, {expected}. Got "
            f"{len(delayed)}. Use {name}.repartition or rechunk, or make both of one "
            "DataFrame."
        )
    return delayed


def _rechunk(collection: Any, name: str, like: Any) -> Any:
    """Return an array in the chunks of the samples, if both are known."""
    own = collection.chunks[0]
    rows = getattr(like, "chunks", (own,))[0]
    if rows == own or np.isnan([*rows, *own]).any():
        return collection
    if sum(rows) != sum(own):
        raise ValueError(
            f"{name} must hold one entry for each of the {sum(rows)} samples of X. Got "
            f"{sum(own)}. Look at how it was filtered."
        )
    return collection.rechunk({0: rows})


def _count(collection: Any) -> int:
    return (
        len(collection.chunks[0])
        if hasattr(collection, "chunks")
        else collection.npartitions
    )


def array_of(blocks: list[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    """Return a Dask array of blocks that hold any number of rows.

    Parameters
    ----------
    blocks : list of dask.delayed.Delayed or distributed.Future
        Arrays.
    shape : tuple of int
        That of a row, such as (n_features,) or ().
    dtype : dtype
        That of all blocks.
    """
    array = import_optional("dask.array", extra="dask")
    delayed = import_optional("dask", extra="dask").delayed
    parts = [
        array.from_delayed(delayed(one), (np.nan, *shape), dtype=dtype)
        for one in blocks
    ]
    return array.concatenate(parts, allow_unknown_chunksizes=True)


def table_of(blocks: list[Any], head: Table) -> Any:
    """Return a Dask array or DataFrame of blocks like `head`, which has no rows."""
    if not hasattr(head, "columns"):
        return array_of(blocks, head.shape[1:], head.dtype)
    frame = import_optional("dask.dataframe", extra="dask")
    return frame.from_delayed(blocks, meta=head, verify_meta=False)


def map_samples(function: Any, X: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return lazily what a function says of samples, partition by partition.

    Parameters
    ----------
    function : callable
        From a table to an array.
    X : collection
        The samples.
    shape : tuple of int
        What is said of one.
    dtype : dtype
        That of the array.

    Returns
    -------
    dask.array.Array
        With the chunks of X.
    """
    delayed = import_optional("dask", extra="dask").delayed
    call = delayed(partial(_call, function, shape, dtype))
    said = array_of([call(part) for part in partitions(X, "X")], shape, dtype)
    if hasattr(X, "chunks"):
        rest = tuple((size,) for size in shape)
        said = import_optional("dask.array", extra="dask").Array(
            said.dask, said.name, (X.chunks[0], *rest), dtype=dtype
        )
    return said


def dtype_said(function: Any, X: Any, default: Any) -> Any:
    """Return the dtype of what a function says of samples, without computing any.

    Parameters
    ----------
    function : callable
        From a table to an array.
    X : collection
        The samples; the function is asked of one made up, as Dask itself asks.
    default : dtype
        That where it does not take such a sample, as of a category unknown to it.

    Returns
    -------
    dtype
    """
    dispatch = import_optional("dask.dataframe.dispatch", extra="dask")
    if hasattr(X, "columns"):
        sample = dispatch.meta_nonempty(dispatch.make_meta(X))
    else:
        sample = np.zeros((1, X.shape[1]), X.dtype)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(function(sample)).dtype
    except Exception:  # Estimators raise what they like.
        return np.dtype(default)


def _call(function: Any, shape: tuple[int, ...], dtype: Any, X: Table) -> NDArray:
    """Call a function unless there are no samples, which libraries do not take."""
    if not np.shape(X)[0]:
        return np.empty((0, *shape), dtype=dtype)
    return np.asarray(function(X)).astype(dtype, copy=False)
