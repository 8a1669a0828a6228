"""Samples from any sampler, in the container of the training samples."""

import inspect
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from skdistill._typing import Estimator, Table
from skdistill.transfer._base import BaseSampler
from skdistill.transfer._columns import Categories, Column, Columns, Numbers, is_frame

if TYPE_CHECKING:
    import pandas

__all__ = ["draw"]


def draw(
    sampler: Estimator, n_samples: int, like: Table, random_state: Any = None
) -> Table:
    """Draw samples from a fitted sampler, in the container and the dtypes of `like`.

    Density models know neither dtypes nor grids. What they draw is moved to the
    nearest values that the features of `like` could hold.

    Parameters
    ----------
    sampler : estimator
        Fitted on samples such as those of `like`. `sample` may return a tuple that
        begins with the samples, as that of `GaussianMixture` does.
    n_samples : int
        How many samples.
    like : {array-like, DataFrame} of shape (n_train, n_features)
        The samples that the new ones are joined to.
    random_state : int, RandomState instance or None, default=None
        Passed on where `sample` takes it, as that of `KernelDensity` does.

    Returns
    -------
    X_new : ndarray or DataFrame of shape (n_samples, n_features)

    Raises
    ------
    ValueError
        If the samples are not as many, or have other features than `like`.
    TypeError
        If a feature of `like` cannot hold plain numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> X = np.arange(20).reshape(10, 2)
    >>> X_new = draw(KernelDensity().fit(X), 3, X, random_state=0)
    >>> X_new.shape, X_new.dtype == X.dtype
    ((3, 2), True)
    """
    seeded = "random_state" in inspect.signature(sampler.sample).parameters
    rows = sampler.sample(
        n_samples, **({"random_state": random_state} if seeded else {})
    )
    if isinstance(rows, tuple):
        rows = rows[0]
    if not is_frame(like):
        like = check_array(like, dtype=None, ensure_all_finite="allow-nan")
    name = type(sampler).__name__
    expected = (n_samples, like.shape[1])
    if np.shape(rows) != expected:
        raise ValueError(
            f"The sampler must draw {n_samples} rows of {like.shape[1]} columns, as X "
            f"has. {name}.sample gave the shape {np.shape(rows)}. Fit it on the "
            "columns of X."
        )
    if is_frame(rows):
        _check_columns(rows, like, name)
        return rows
    rows = np.asarray(rows)
    is_done = isinstance(sampler, BaseSampler) or rows.dtype.kind not in "iuf"
    if is_done and not is_frame(like) and rows.dtype == like.dtype:
        return rows
    return _in_columns_of(like, rows, name)


def _check_columns(rows: "pandas.DataFrame", like: Table, name: str) -> None:
    if not is_frame(like):
        raise TypeError(
            f"The sampler must draw an array, as X is one. {name}.sample gave a "
            "DataFrame. Fit it on X, not on a DataFrame."
        )
    for what, got, expected in (
        ("names", list(rows.columns), list(like.columns)),
        ("dtypes", list(rows.dtypes), list(like.dtypes)),
    ):
        if got != expected:
            raise ValueError(
                f"The sampler must draw columns of the same {what} as those of X, "
                f"{expected}. {name}.sample gave {got}. Fit it on X as it is."
            )


def _in_columns_of(like: Table, rows: NDArray, name: str) -> Table:
    """Return plain numbers as the nearest rows that `like` could hold."""
    names = like.columns if is_frame(like) else range(like.shape[1])
    columns = Columns(like, np.zeros(like.shape[1], dtype=bool))
    values = rows.astype(float)
    if not np.isfinite(values).all():
        raise ValueError(
            f"The sampler must draw finite numbers. {name}.sample gave "
            f"{int((~np.isfinite(values)).sum())} cells that are NaN or infinite."
        )
    cells = (
        _cells(column, values[:, number], names[number], name)
        for number, column in enumerate(columns)
    )
    return columns.restore(cells, len(rows))


def _cells(
    column: Column, values: NDArray, column_name: Hashable, sampler_name: str
) -> NDArray:
    if isinstance(column, Categories) and column.cells.dtype.kind == "b":
        return values >= 0.5
    if not isinstance(column, Numbers) or column.grid is None:
        raise TypeError(
            f"The sampler must draw cells of dtype {column.cells.dtype} for column "
            f"{column_name!r}. {sampler_name}.sample gave plain numbers. Use a sampler "
            "that knows such columns, such as skdistill.transfer.MungeSampler, or "
            "encode the column first."
        )
    return column.grid.round(values)
