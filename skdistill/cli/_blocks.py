"""Tables that are too large to be read at once: Parquet, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skdistill._optional import import_optional
from skdistill.blocks import ParquetBlocks
from skdistill.cli._files import RawTable, is_parquet, naming_fault
from skdistill.cli._losses import SQUARED, check_target
from skdistill.cli._tables import Schema, interpret, with_target
from skdistill.cli._task import Columns, Task, task_of, with_frequent

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

__all__ = ["LARGE", "TableBlocks", "is_large", "raw_blocks", "sample_task"]

# A Parquet file of more cells, rows times columns, is read block by block. As numbers
# in memory they take 0.8 GB, and a search in memory several times that.
LARGE = 100_000_000
# About so many rows say what the columns hold, and at most about so many are held out.
SAMPLE = 100_000
# How many rows are in memory at once.
BLOCK = 100_000
# The fraction of a table that is held out if that is less.
_HELD_OUT = 0.2
# Odd numbers that spread the bits of a hash.
_SPREAD = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9], dtype=np.uint64)


def is_large(path: Path) -> bool:
    """Return whether a table is read block by block."""
    n_rows, n_columns = _size(path)
    return n_rows * n_columns > LARGE


def _size(path: Path) -> tuple[int, int]:
    """Return the rows and columns of a Parquet file; 0 of others."""
    if not (is_parquet(path) and path.is_file()):
        return 0, 0
    parquet = import_optional("pyarrow.parquet", extra="cli")
    # As an open file: pyarrow itself takes only file names in UTF-8.
    with naming_fault(path), path.open("rb") as file:
        about = parquet.read_metadata(file)
    return about.num_rows, about.num_columns


def raw_blocks(path: Path) -> Iterator[RawTable]:
    """Read a Parquet file block by block, each as `read_raw` reads a file."""
    with naming_fault(path):
        for frame in ParquetBlocks(path, block_size=BLOCK).read():
            yield RawTable(frame, [], has_types=True)


def sample_task(path: Path, columns: Columns, asked: str, seed: int) -> Task:
    """Return what `read_task` does, of some rows of a large table.

    Parameters
    ----------
    path : Path
        The table.
    columns, asked
        As for `read_task`.
    seed : int
        Draws the rows.

    Returns
    -------
    Task
        The notes say that the table is read in blocks.
    """
    import pandas as pd

    (n_rows, n_columns), rng = _size(path), np.random.default_rng(seed)
    drawn = [
        raw.frame[rng.random(len(raw.frame)) * n_rows < SAMPLE]
        for raw in raw_blocks(path)
    ]
    frame = pd.concat(drawn, ignore_index=True)
    task = task_of(RawTable(frame, [], has_types=True), path, columns, asked)
    note = (
        f"{path} has {n_rows:,} rows of {n_columns} columns, more than {LARGE:,} cells:"
        f" it is read block by block. {len(frame):,} of the rows, drawn by chance, say "
        "what its columns hold."
    )
    return replace(task, notes=[note, *task.notes])


class TableBlocks(ParquetBlocks):
    """The rows of a large table to train on, block by block, as a task reads them.

    A row is held out by the hash of its cells, so equal rows lie on one side.

    Parameters
    ----------
    path : Path
        A Parquet file.
    schema : Schema
        What its features, its target and its weights hold.
    target : str
        The column of the labels; rows without one are left out.
    seed : int
        Which rows are held out.
    kept : list, default=()
        The classes that are not rare. If empty, all are kept.
    merge : bool, default=False
        Whether the others become one; else their rows are left out.
    loss : str, default="squared_error"
        One of `LOSSES`; a label that it cannot score is an error.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema,
        target: str,
        seed: int,
        *,
        kept: Sequence[object] = (),
        merge: bool = False,
        loss: str = SQUARED,
    ) -> None:
        super().__init__(path, block_size=BLOCK)
        self._reading, self._target, self._seed = schema, target, seed
        self._kept, self._merge, self._loss = kept, merge, loss
        n_rows = max(_size(path)[0], 1)
        self._fraction = min(_HELD_OUT, SAMPLE / n_rows)

    @cached_property
    def names(self) -> list[str]:
        """The columns."""
        return [*self._reading.kinds]

    def read(self, columns: Sequence[str] | None = None) -> Iterator["DataFrame"]:
        """Yield the rows to train on, block by block, as they are interpreted."""
        wanted = self.names if columns is None else [*columns]
        for frame, is_held in self._split():
            yield frame.loc[~is_held, wanted].reset_index(drop=True)

    def held_out(self) -> tuple["DataFrame", dict[str, list[str]]]:
        """Return the rows that are held out, and the categories of all others."""
        import pandas as pd

        found: dict[str, set[str]] = {
            name: set() for name in self._reading.of_kind("category")
        }
        parts = []
        for frame, is_held in self._split():
            parts.append(frame[is_held])
            for name, values in found.items():
                values.update(frame.loc[~is_held, name].unique())
        held = pd.concat(parts, ignore_index=True)
        return held, {name: sorted(values) for name, values in found.items()}

    def _split(self) -> Iterator[tuple["DataFrame", "NDArray[np.bool_]"]]:
        """Yield blocks, and which of their rows are held out."""
        start, kind = 0, self._reading.kinds[self._target]
        for frame in super().read(self.names):
            raw = with_target(RawTable(frame, [], has_types=True), self._target, kind)
            # Rows are counted within a block, so an error has to name it.
            where = Path(f"{self.path}, after row {start:,},")
            values, _ = interpret(raw, self._reading, where)
            check_target(values[self._target], self._loss)
            start += len(frame)
            if self._kept:
                values = with_frequent(
                    values, self._target, self._kept, merge=self._merge
                )
            yield values, self._is_held(values)

    def _is_held(self, frame: "DataFrame") -> "NDArray[np.bool_]":
        from pandas.util import hash_pandas_object

        first, second = _SPREAD
        with np.errstate(over="ignore"):
            mixed = hash_pandas_object(frame, index=False).to_numpy()
            mixed = (mixed ^ (first * np.uint64(self._seed + 1))) * second
            mixed = (mixed ^ (mixed >> np.uint64(31))) * first
        return (mixed >> np.uint64(11)) * 2.0**-53 < self._fraction
