"""Tables of samples: arrays, DataFrames and sparse matrices, joined and cut."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skdistill._sklearn import safe_indexing
from skdistill._typing import Table

__all__ = [
    "check_joinable",
    "check_same_container",
    "count_columns",
    "join_all",
    "join_columns",
    "join_samples",
    "take_columns",
]


def check_joinable(X: Table) -> None:
    """Raise if samples in this container cannot be joined to others."""
    if hasattr(X, "columns") and not hasattr(X, "iloc"):
        raise TypeError(
            "Transfer sets go with arrays and pandas DataFrames. Got X as "
            f"{type(X).__module__.partition('.')[0]}.{type(X).__name__}. Use "
            "X.to_pandas(), or transfer=None and no X_unlabeled."
        )


def check_same_container(X: Table, other: Table, name: str) -> None:
    """Raise unless the two tables are both DataFrames, or sparse, or neither."""
    if hasattr(X, "iloc") and not hasattr(other, "iloc"):
        raise TypeError(
            f"{name} must be a DataFrame, as X is one. Got {type(other).__name__}. Use "
            f"pandas.DataFrame({name}, columns=...) with the names of its columns."
        )
    if hasattr(other, "iloc") and not hasattr(X, "iloc"):
        raise TypeError(
            f"{name} must be no DataFrame, as X is none. Got X as {type(X).__name__}. "
            f"Use {name}.to_numpy(), or give X as a DataFrame."
        )
    if sparse.issparse(X) != sparse.issparse(other):
        raise TypeError(
            f"X and {name} must both be sparse, or both dense. Got "
            f"{type(X).__name__} and {type(other).__name__}. Use toarray()."
        )


def count_columns(X: Table) -> int:
    """Return the number of columns; 0 for data that is no table, such as strings."""
    shape = np.shape(X)
    return shape[1] if len(shape) == 2 else 0


def take_columns(X: Table, columns: slice) -> Table:
    """Return some of the columns."""
    # scikit-learn takes no columns of a list of lists.
    return safe_indexing(np.asarray(X) if isinstance(X, list) else X, columns, axis=1)


def join_samples(first: Table, second: Table) -> Table:
    """Put the samples of two tables with the same columns one below the other.

    Numbers of the second get the precision of the first where it holds floats.
    """
    if hasattr(first, "iloc"):
        return _join_frames(first, second)
    with np.errstate(over="ignore"):  # What is infinite then, the student refuses.
        if sparse.issparse(first):
            dtype = _common_dtype(first.dtype, second.dtype)
            parts = [part.astype(dtype, copy=False) for part in (first, second)]
            return sparse.vstack(parts, format=first.format)
        parts = [np.asarray(first), np.asarray(second)]
        _check_go_together(parts, "X_unlabeled")
        dtype = _common_dtype(*(part.dtype for part in parts))
        return np.concatenate(parts, dtype=dtype, casting="same_kind")


def join_all(tables: Sequence[Table]) -> Table:
    """Put the samples of several tables, one at least, one below the other."""
    if len(tables) == 1:
        return tables[0]
    half = len(tables) // 2
    return join_samples(join_all(tables[:half]), join_all(tables[half:]))


def _common_dtype(first: np.dtype, second: np.dtype) -> np.dtype:
    """Return the first of two dtypes if it is a float's and the second a number's."""
    if first.kind == "f" and second.kind in "fiub":
        return first
    return np.result_type(first, second)


def _join_frames(first: Table, second: Table) -> Table:
    import pandas as pd

    floats = {
        name: dtype
        for name, dtype in first.dtypes.items()
        if isinstance(dtype, np.dtype)
        and isinstance(second[name].dtype, np.dtype)
        and _common_dtype(dtype, second[name].dtype) == dtype != second[name].dtype
    }
    with np.errstate(over="ignore"):
        second = second.astype(floats)
    both = pd.concat([first, second], ignore_index=True)
    changed = [name for name in both if both[name].dtype != first[name].dtype]
    if changed:
        raise ValueError(
            "X_unlabeled must have the dtypes of X. Got "
            f"{second[changed[0]].dtype} in column {changed[0]!r} where X has "
            f"{first[changed[0]].dtype}. Use X_unlabeled.astype(X.dtypes)."
        )
    return both


def join_columns(first: Table, second: Table) -> Table:
    """Put the columns of two tables of the same samples side by side."""
    if hasattr(first, "iloc") and hasattr(second, "iloc"):
        import pandas as pd

        return pd.concat([first, second.set_axis(first.index, axis=0)], axis=1)
    first, second = (
        part.to_numpy() if hasattr(part, "iloc") else part for part in (first, second)
    )
    if sparse.issparse(first) or sparse.issparse(second):
        return sparse.hstack([first, second], format="csr")
    arrays = (np.asarray(first), np.asarray(second))
    parts = [one[:, None] if one.ndim == 1 else one for one in arrays]
    _check_go_together(parts, "X_privileged")
    return np.column_stack(parts)


def _check_go_together(parts: Sequence[NDArray], name: str) -> None:
    """Raise if arrays do not make one, or numbers would become strings in it."""
    kinds = {
        "numbers" if one.dtype.kind in "biufc" else one.dtype.kind for one in parts
    }
    is_mixed = len(kinds) > 1 and "O" not in kinds
    if is_mixed or len({one.ndim for one in parts}) > 1:
        found = " and ".join(f"{one.dtype} of shape {one.shape}" for one in parts)
        raise TypeError(
            f"X and {name} must go together in one array. Got {found}. Give tables of "
            "different cells as DataFrames, or as arrays of dtype object."
        )
