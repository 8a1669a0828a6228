"""A table in Parquet files, read block by block as pandas reads it whole."""

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_scalar

from skdistill._optional import import_optional

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ParquetBlocks", "categories_of", "with_dtypes"]


class ParquetBlocks:
    """A table in Parquet files, of which one block at a time is in memory.

    A block has the dtypes that ``pandas.read_parquet`` gives the whole table: an
    integer column with a missing value anywhere is one of floats in every block, one of
    booleans one of objects, and a categorical column has the categories of all blocks.

    Parameters
    ----------
    path : str, path-like or list of these
        A Parquet file, or several with the same columns, one below the other.
    block_size : int, default=100000
        At most how many samples are read at once. Fewer take less memory; a transfer
        set is drawn within a block. None reaches into the next row group of a file.

    Attributes
    ----------
    names : list of str
        The columns.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from skdistill.blocks import ParquetBlocks
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "iris.parquet")
    ...     load_iris(as_frame=True).frame.to_parquet(path)
    ...     [len(block) for block in ParquetBlocks(path, block_size=100).read()]
    [100, 50]
    """

    def __init__(
        self,
        path: str | os.PathLike | Sequence[str | os.PathLike],
        *,
        block_size: int = 100_000,
    ) -> None:
        check_scalar(block_size, "block_size", Integral, min_val=1)
        self.path = path
        self.block_size = block_size

    @cached_property
    def names(self) -> list[str]:
        """The columns."""
        index = (self._schema.pandas_metadata or {}).get("index_columns", [])
        return [name for name in self._schema.names if name not in index]

    def read(self, columns: Sequence[str] | None = None) -> Iterator["pd.DataFrame"]:
        """Yield the blocks from the first to the last; the next call begins anew.

        Parameters
        ----------
        columns : sequence of str, default=None
            What to read, in this order. If None, all columns are.

        Yields
        ------
        block : DataFrame
            Without the index that was stored.

        Raises
        ------
        ValueError
            If a column is in no file, or there are no samples.
        """
        columns = self.names if columns is None else [*columns]
        self._check_columns(columns)
        is_empty = True
        for frame in self._frames(columns):
            is_empty = False
            yield frame
        if is_empty:
            raise ValueError(
                f"The Parquet files must hold samples. Got none in {self.path}. Look "
                "at what was filtered out."
            )

    def _check_columns(self, columns: Sequence[str]) -> None:
        missing = [name for name in columns if name not in self.names]
        if missing:
            raise ValueError(
                f"Columns must be among {self.names}. Got {missing} of {self.path}. "
                "Look at their spelling."
            )

    def _frames(self, columns: list[str]) -> Iterator["pd.DataFrame"]:
        dtypes = {name: self._dtypes[name] for name in columns if name in self._dtypes}
        for batch in self._batches(columns):
            frame = batch.to_pandas()
            # pandas may have stored names that are no strings.
            frame.columns = frame.columns.map(str)
            yield with_dtypes(frame[columns].reset_index(drop=True), dtypes)

    @cached_property
    def _dtypes(self) -> dict[str, Any]:
        """The dtypes that no block knows by itself."""
        import pandas as pd

        types = import_optional("pyarrow.types", extra="blocks")
        kinds = {name: self._schema.field(name).type for name in self.names}
        # What columns without missing values become where they have some.
        counted: dict[str, type] = {
            name: float if types.is_integer(kind) else object
            for name, kind in kinds.items()
            if types.is_integer(kind) or types.is_boolean(kind)
        }
        named = [name for name in kinds if types.is_dictionary(kinds[name])]
        has_missing: set[str] = set()
        categories: dict[str, dict] = {name: {} for name in named}
        for batch in self._batches([*counted, *named]) if counted or named else ():
            has_missing |= {name for name in counted if batch.column(name).null_count}
            for name in named:
                categories[name] |= dict.fromkeys(
                    batch.column(name).dictionary.to_pylist()
                )
        return {name: counted[name] for name in has_missing} | {
            name: pd.CategoricalDtype([*found], kinds[name].ordered)
            for name, found in categories.items()
        }

    def _batches(self, columns: list[str]) -> Iterator[Any]:
        for file in self._files():
            for batch in file.iter_batches(self.block_size, columns=columns):
                if batch.num_rows:
                    yield batch

    @cached_property
    def _schema(self) -> Any:
        """The columns of the first file; raise unless all others have the same."""
        schemas = (file.schema_arrow for file in self._files())
        first = next(schemas)
        for path, schema in zip(self._paths[1:], schemas, strict=True):
            if not schema.equals(first):
                raise ValueError(
                    f"All Parquet files must have the columns of {self._paths[0]}, "
                    f"with the same types. Got others in {path}. Write them alike."
                )
        return first

    @property
    def _paths(self) -> list[Any]:
        if isinstance(self.path, str | os.PathLike):
            return [self.path]
        if not self.path:
            raise ValueError(
                "path must name a Parquet file. Got an empty list of them."
            )
        return [*self.path]

    def _files(self) -> Iterator[Any]:
        """Open the files one after the other; there may be more than can be at once."""
        parquet = import_optional("pyarrow.parquet", extra="blocks")
        for path in self._paths:
            with parquet.ParquetFile(Path(path)) as file:
                yield file


def categories_of(frame: "pd.DataFrame") -> dict[str, Any]:
    """Return the dtypes of the categorical columns of a table."""
    dtypes = frame.dtypes.items()
    return {str(name): dtype for name, dtype in dtypes if hasattr(dtype, "categories")}


def with_dtypes(frame: "pd.DataFrame", dtypes: dict[str, Any]) -> "pd.DataFrame":
    """Return a table with these dtypes; a category that is in none is missing."""
    return frame.assign(
        **{name: _as_dtype(frame[name], dtype) for name, dtype in dtypes.items()}
    )


def _as_dtype(column: "pd.Series", dtype: Any) -> "pd.Series":
    if hasattr(dtype, "categories"):
        return column.astype("category").cat.set_categories(
            dtype.categories, ordered=dtype.ordered
        )
    # Only NumPy's integers have no missing values.
    return column.astype(dtype) if isinstance(column.dtype, np.dtype) else column
