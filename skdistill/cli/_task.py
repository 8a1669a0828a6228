"""The task of a table, and whether anything can be learned from it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skdistill.cli._errors import CommandError, names
from skdistill.cli._tables import Schema, guess, guess_kind, read, read_schema

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["read_task"]

# Integers of at most so many distinct values are classes, if the task is "auto".
_MOST_LABELS = 20
# Enough to hold rows out, and for five folds within five folds.
_LEAST_ROWS, _LEAST_OF_CLASS = 50, 10


def read_task(path: Path, target: str, asked: str) -> tuple[str, Schema, "DataFrame"]:
    """Return the task, what the columns hold, including the target, and the table.

    Raises
    ------
    CommandError
        If the table cannot be read, or nothing can be learned from it.
    """
    raw = guess(path)
    if target not in raw:
        raise CommandError(
            f"{path} has no column {target!r}. Its columns are "
            f"{names(list(raw))}. Give one of them as --target."
        )
    cells = raw[target]
    if cells.isna().any():
        raise CommandError(
            f"The target {target!r} has no value in {int(cells.isna().sum()):,} of "
            f"{len(cells):,} rows (NA, None and null count as missing). Fill them, or "
            "remove these rows."
        )
    if len(raw) < _LEAST_ROWS:
        raise CommandError(
            f"{path} has {len(raw)} rows; at least {_LEAST_ROWS} are needed "
            "to hold some out and to cross-validate. Give more rows."
        )
    schema = read_schema(raw, path)
    if raw.drop(columns=target).isna().all(axis=None):
        raise CommandError(
            f"{path} has no column with values besides the target {target!r}. "
            "Give columns to predict it from."
        )
    kind, _ = guess_kind(cells)
    task = _task(asked, kind, cells)
    kind = "number"
    if task == "classification":
        kind = _label_kind(cells)
        _check_classes(cells, target)
    elif cells.nunique() == 1:
        raise CommandError(
            f"The target {target!r} is {cells.iloc[0]!r} in all rows. There is nothing "
            "to learn. Give another --target."
        )
    formats = {name: one for name, one in schema.formats.items() if name != target}
    schema = replace(schema, kinds=schema.kinds | {target: kind}, formats=formats)
    return task, schema, read(path, schema, raw)


def _task(asked: str, kind: str, cells: "Series") -> str:
    """Return the task that is asked for; if "auto", what the target suggests."""
    if asked == "auto":
        few = _is_integer(cells) and cells.nunique() <= _MOST_LABELS
        return "regression" if kind == "number" and not few else "classification"
    if asked == "regression" and kind != "number":
        raise CommandError(
            f"The target {cells.name!r} holds {cells.iloc[0]!r}, where regression "
            "needs numbers. Use --task classification, or correct the column."
        )
    return asked


def _label_kind(cells: "Series") -> str:
    """Return the kind of a column of class labels."""
    if cells.dtype.kind == "b":
        return "boolean"
    if _is_integer(cells):
        return "label" if cells.dtype.kind in "iu" else "number"
    return "category"


def _is_integer(cells: "Series") -> bool:
    """Return whether all cells are integers, maybe stored as floats."""
    if cells.dtype.kind in "iu":
        return True
    if cells.dtype.kind != "f":
        return False
    return bool(np.isfinite(cells).all() and (cells % 1 == 0).all())


def _check_classes(cells: "Series", target: str) -> None:
    """Raise unless there are two classes, each of enough rows."""
    counts = cells.value_counts()
    if len(counts) == 1:
        raise CommandError(
            f"The target {target!r} has one class, {counts.index[0]!r}. At least two "
            "are needed. Give another --target, or rows of another class."
        )
    if counts.iloc[-1] < _LEAST_OF_CLASS:
        few = counts.index[counts < _LEAST_OF_CLASS].tolist()
        raise CommandError(
            f"{len(few):,} of {len(counts):,} classes of the target {target!r} have "
            f"fewer than {_LEAST_OF_CLASS} rows: {names(few)}. Merge or remove them"
            + (", or use --task regression." if _is_integer(cells) else ".")
        )
