"""The task that a table sets, and whether anything can be learned from it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skdistill.cli._errors import CommandError, names
from skdistill.cli._tables import Schema, guess, guess_kind, read, read_schema

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["read_task"]

# Classes of so few whole numbers are labels, where nobody says otherwise.
_MOST_LABELS = 20
# Enough for five folds within five folds, and rows to hold out.
_LEAST_ROWS, _LEAST_OF_CLASS = 50, 10


def read_task(path: Path, target: str, asked: str) -> tuple[str, Schema, "DataFrame"]:
    """Return the task, what the columns hold, the target among them, and the table.

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
            f"{len(cells):,} rows (NA, None and null count as none). Fill them, or "
            "remove these rows."
        )
    if len(raw) < _LEAST_ROWS:
        raise CommandError(
            f"{path} has {len(raw)} rows; {_LEAST_ROWS} are needed at least, "
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


def _task(asked, kind, cells):
    """Return the task: what is asked for, or what the target looks like."""
    if asked == "auto":
        few = _is_whole(cells) and cells.nunique() <= _MOST_LABELS
        return "regression" if kind == "number" and not few else "classification"
    if asked == "regression" and kind != "number":
        raise CommandError(
            f"The target {cells.name!r} holds {cells.iloc[0]!r}, where regression "
            "needs numbers. Use --task classification, or mend the column."
        )
    return asked


def _label_kind(cells):
    if cells.dtype.kind == "b":
        return "truth"
    if _is_whole(cells):
        return "label" if cells.dtype.kind in "iu" else "number"
    return "category"


def _is_whole(cells):
    if cells.dtype.kind in "iu":
        return True
    if cells.dtype.kind != "f":
        return False
    return bool(np.isfinite(cells).all() and (cells % 1 == 0).all())


def _check_classes(cells, target):
    counts = cells.value_counts()
    if len(counts) == 1:
        raise CommandError(
            f"The target {target!r} has one class, {counts.index[0]!r}. Two are needed "
            "at least. Give another --target, or rows of another class."
        )
    if counts.iloc[-1] < _LEAST_OF_CLASS:
        few = counts.index[counts < _LEAST_OF_CLASS].tolist()
        raise CommandError(
            f"Of {len(counts):,} classes of the target {target!r}, {len(few):,} have "
            f"fewer than {_LEAST_OF_CLASS} rows: {names(few)}. Merge or remove them"
            + (", or use --task regression." if _is_whole(cells) else ".")
        )
