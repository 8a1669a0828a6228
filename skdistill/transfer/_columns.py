"""The columns of a table: how far apart cells are, and which new cells may be made."""

from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._typing import Table
from skdistill.transfer._grid import find_grid

__all__ = [
    "Categories",
    "Column",
    "Columns",
    "Numbers",
    "categorical_mask",
    "is_frame",
]

# Up to so many categories a column has one axis for each in the space of distances.
MAX_AXES = 32


class Column:
    """One column: an array of cells, of which new rows are made.

    Parameters
    ----------
    cells : ndarray or pandas extension array of shape (n_rows,)
        The column as it came.
    """

    # Whether cells may hold numbers that were not seen.
    is_free = False

    def __init__(self, cells: Any) -> None:
        self.cells = cells

    def take(
        self, source: NDArray[np.intp], values: NDArray[np.float64] | None = None
    ) -> Any:
        """Return the cells of the rows `source`."""
        return self.cells.take(source)

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return points whose squared distances are those of the cells."""
        raise NotImplementedError

    def ordinals(self) -> NDArray[np.float32]:
        """Return one number a cell, to be split by a tree; missing cells are lowest."""
        raise NotImplementedError


def _mean_and_std(numbers: NDArray[np.float64]) -> tuple[float, float]:
    """Return mean and standard deviation; no square overflows on the way."""
    if not numbers.size:
        return 0.0, 0.0
    _, exponent = np.frexp(np.abs(numbers).max())
    scaled = np.ldexp(numbers, -exponent)
    mean, std = np.ldexp([scaled.mean(), scaled.std()], exponent)
    return float(mean), float(std)


class Numbers(Column):
    """A column of numbers, or of times.

    The distance of two cells is counted in standard deviations. A missing cell lies at
    the mean, and 1 away from every cell that is not missing.

    Parameters
    ----------
    cells : array of shape (n_rows,)
        The column as it came.
    numbers : ndarray of shape (n_rows,)
        The same as floats, NaN where missing.
    makes_new : bool
        Whether numbers that were not seen may be made; times, for one, may not.
    """

    def __init__(
        self, cells: Any, numbers: NDArray[np.float64], *, makes_new: bool
    ) -> None:
        super().__init__(cells)
        self.numbers = numbers
        self.missing = np.isnan(numbers)
        present = numbers if not self.missing.any() else numbers[~self.missing]
        self.mean, self.std = _mean_and_std(present)
        dtype = getattr(cells.dtype, "numpy_dtype", cells.dtype)
        self.grid = find_grid(numbers, dtype) if makes_new else None
        self.is_free = self.grid is not None

    def take(
        self, source: NDArray[np.intp], values: NDArray[np.float64] | None = None
    ) -> Any:
        """Return the cells of the rows `source`, with new numbers for some.

        Parameters
        ----------
        source : ndarray of shape (n_samples,)
            The row that each cell comes from.
        values : ndarray of shape (n_samples,), default=None
            The new numbers, rounded to the grid; NaN where the cell stays as it is.
        """
        cells = super().take(source)
        if values is None or self.grid is None:
            return cells
        changed = ~np.isnan(values) & (values != self.numbers[source])
        cells[changed] = self.grid.round(values[changed])
        return cells

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        scaled = self._scaled(self.numbers[rows])
        if not self.missing.any():
            return scaled[:, None]
        missing = self.missing[rows]
        return np.column_stack([np.where(missing, np.float32(0), scaled), missing])

    def ordinals(self) -> NDArray[np.float32]:
        scaled = self._scaled(self.numbers)
        # Trees take NaN too, but those of scikit-learn 1.7 may send it one way in `fit`
        # and the other in `apply`.
        lowest = scaled[~self.missing].min(initial=0)
        return np.where(self.missing, lowest - 1, scaled)

    def _scaled(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        return ((numbers - self.mean) / (self.std or 1.0)).astype(np.float32)


class Categories(Column):
    """A column of categories, strings, booleans or other things without distance.

    Different categories are 1 apart, a missing cell being a category too. Categories by
    the thousand get random places on a cube, about 1 apart from each other.

    Parameters
    ----------
    cells : array of shape (n_rows,)
        The column as it came.
    """

    def __init__(self, cells: Any) -> None:
        super().__init__(cells)
        self.codes = _codes(cells)
        n_categories = int(self.codes.max(initial=-1)) + 2  # Missing is -1, the last.
        if n_categories <= MAX_AXES:
            places = np.eye(n_categories) / np.sqrt(2)
        else:
            # Two corners differ in half of their coordinates, by 2 / sqrt(2 MAX_AXES):
            # squared and summed, that is 1. The seed makes the cube a fixed one.
            corners = np.random.default_rng(0).integers(
                2, size=(n_categories, MAX_AXES)
            )
            places = (2 * corners - 1) / np.sqrt(2 * MAX_AXES)
        self.places = places.astype(np.float32)

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        return self.places[self.codes[rows]]

    def ordinals(self) -> NDArray[np.float32]:
        return self.codes.astype(np.float32)


class Columns:
    """A table as its columns, and back.

    Parameters
    ----------
    X : ndarray or DataFrame of shape (n_rows, n_features)
        The table.
    is_categorical : ndarray of bool of shape (n_features,)
        Columns that are categories whatever their dtype.
    """

    def __init__(self, X: Table, is_categorical: NDArray[np.bool_]) -> None:
        self.template = X[:0]
        self.n_rows = len(X)
        self.columns = [
            _read_column(name, cells, is_category)
            for (name, cells), is_category in zip(
                _named_cells(X), is_categorical, strict=True
            )
        ]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return `rows` as points; squared distances are sums over the columns."""
        return np.hstack([column.vectors(rows) for column in self.columns])

    def ordinals(self) -> NDArray[np.float32]:
        """Return one number a cell, of shape (n_rows, n_features)."""
        return np.column_stack([column.ordinals() for column in self.columns])

    def restore(self, cells: Iterable, n_samples: int) -> Table:
        """Make a table like the first one out of arrays of cells, one a column."""
        if not is_frame(self.template):
            shape = n_samples, len(self.columns)
            table = np.empty(shape, dtype=self.template.dtype)
            for number, values in enumerate(cells):
                table[:, number] = values
            return table
        parts = {}
        for number, values in enumerate(cells):
            part = self.template.iloc[:, number]
            # Without its dtype, pandas would guess what a column of objects is.
            parts[number] = type(part)(values, dtype=part.dtype)
        frame = type(self.template)(parts, copy=False)
        frame.columns = self.template.columns
        return frame


def is_frame(X: Table) -> bool:
    """Return whether X is a pandas DataFrame, without importing pandas."""
    return hasattr(X, "iloc") and hasattr(X, "columns")


def categorical_mask(X: Table, categorical_features: ArrayLike) -> NDArray[np.bool_]:
    """Return which columns the parameter `categorical_features` names."""
    n_features = X.shape[1]
    mask = np.zeros(n_features, dtype=bool)
    if isinstance(categorical_features, str):  # "from_dtype"
        return mask
    given = np.asarray(categorical_features)
    if given.size == 0:
        return mask
    if given.dtype.kind == "b":
        if given.shape != mask.shape:
            raise ValueError(
                "categorical_features as a mask must hold one boolean for each of the "
                f"{n_features} columns of X. Got shape {given.shape}."
            )
        return given
    if given.dtype.kind in "iu":
        known = np.arange(n_features)
    else:
        known = np.asarray(getattr(X, "columns", []), dtype=object)
    unknown = [name for name in given.tolist() if name not in known.tolist()]
    if unknown:
        raise ValueError(
            "categorical_features must be names or numbers of columns of X, or a mask. "
            f"Got {unknown[0]!r}, which is none of {known.tolist()}."
        )
    return np.isin(known, given)


def _named_cells(X: Table) -> Iterator[tuple[Hashable, Any]]:
    """Yield each column's name and its cells as a numpy or extension array."""
    for number in range(X.shape[1]):
        if not is_frame(X):
            yield number, X[:, number]
            continue
        part = X.iloc[:, number]
        is_numpy = isinstance(part.dtype, np.dtype)
        yield X.columns[number], part.to_numpy() if is_numpy else part.array


def _read_column(name: Hashable, cells: Any, is_categorical: bool) -> Column:
    kind = cells.dtype.kind
    if hasattr(cells, "sp_index"):
        raise TypeError(
            f"X must be dense. Got the sparse column {name!r}. Use "
            f"X[{name!r}].sparse.to_dense() to convert it."
        )
    numbers = None if is_categorical else _floats(cells)
    if numbers is None:
        return Categories(cells)
    if np.isinf(numbers).any():
        raise ValueError(
            f"Input X contains infinity in column {name!r}: the range of its values "
            "would have no end. Remove these rows or set the cells to NaN."
        )
    return Numbers(cells, numbers, makes_new=kind in "iuf")


def _floats(cells: Any) -> NDArray[np.float64] | None:
    """Return numbers or times as floats, NaN where missing; None for other cells."""
    kind, is_numpy = cells.dtype.kind, isinstance(cells, np.ndarray)
    if kind in "iuf":
        if is_numpy:
            return cells.astype(np.float64, copy=False)
        return cells.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind in "Mm":
        ticks = np.asarray(cells, dtype=None if is_numpy else f"{kind}8[ns]").view("i8")
        return np.where(ticks == np.iinfo(np.int64).min, np.nan, ticks)  # NaT
    no_number = str | bool | np.bool_  # Though float() would take them.
    if kind == "O" and is_numpy and not any(isinstance(x, no_number) for x in cells):
        with suppress(TypeError, ValueError):
            return cells.astype(np.float64)
    return None


def _codes(cells: Any) -> NDArray[np.integer]:
    """Return a code from 0 on for each category, -1 where missing."""
    if hasattr(cells, "categories") and hasattr(cells, "codes"):
        return np.asarray(cells.codes)
    import pandas as pd

    return pd.factorize(cells)[0]
