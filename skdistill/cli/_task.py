"""The task of a table, and whether anything can be learned from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skdistill.cli._errors import CommandError, names
from skdistill.cli._files import RawTable, read_raw
from skdistill.cli._guess import Asked, Reading, read_columns, schema_of
from skdistill.cli._tables import (
    Schema,
    are_strings,
    interpret,
    strings_of,
    with_target,
)

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["Columns", "Task", "read_task", "task_of", "with_frequent"]

# Integers of at most so many distinct values are classes, if the task is "auto".
_MOST_LABELS = 20
# Enough to hold rows out, and for five folds within five folds.
_LEAST_ROWS, _LEAST_OF_CLASS = 50, 10
# What rare classes become that are merged.
MERGED = "other"
# Longer ones are no longer exact as floats.
_INTEGER = r"\s*[+-]?\d{1,15}(\.0*)?\s*"


@dataclass(frozen=True)
class Columns:
    """What the user said of the columns.

    Attributes
    ----------
    target : str
        The column to predict.
    weight, group, time : str or None
        Columns of weights, of groups that stay together and of the order in time.
    asked : Asked
        How columns are read.
    rare : {"refuse", "merge", "drop"}
        What becomes of classes of few rows.
    """

    target: str
    weight: str | None = None
    group: str | None = None
    time: str | None = None
    asked: Asked = field(default_factory=Asked)
    rare: str = "refuse"

    @property
    def roles(self) -> dict[str, str]:
        """The columns that are named by an option, by that."""
        found = {
            "target": self.target,
            "weight": self.weight,
            "group": self.group,
            "time": self.time,
        }
        return {role: name for role, name in found.items() if name is not None}

    @property
    def no_features(self) -> list[str]:
        """The columns that are read and that no model sees."""
        return [
            name
            for role, name in self.roles.items()
            if role != "time" or name in self.asked.drop
        ]


@dataclass(frozen=True)
class Task:
    """A table that can be learned from.

    Attributes
    ----------
    kind : {"regression", "classification"}
        The task.
    columns : Columns
        What the user said of the columns.
    schema : Schema
        What the columns hold, with the target and others that are no features.
    frame : DataFrame
        The table.
    readings : dict of str to Reading
        How each column is read, and why.
    notes : list of str
        What was left out or decided.
    kept : list
        The classes that are not rare, if some are.
    """

    kind: str
    columns: Columns
    schema: Schema
    frame: "DataFrame"
    readings: dict[str, Reading]
    notes: list[str]
    kept: list

    @property
    def features(self) -> Schema:
        """The schema of the columns that models see."""
        return self.schema.without(*self.columns.no_features)


def read_task(path: Path, columns: Columns, asked: str) -> Task:
    """Return the task, what the columns hold, and the table.

    Raises
    ------
    CommandError
        If the table cannot be read, or nothing can be learned from it.
    """
    return task_of(read_raw(path), path, columns, asked)


def task_of(raw: RawTable, path: Path, columns: Columns, asked: str) -> Task:
    """Return what `read_task` does, of a table that is read already."""
    target = columns.target
    for role, name in columns.roles.items():
        if name not in raw.frame:
            raise CommandError(
                f"{path} has no column {name!r}. Its columns are "
                f"{names(list(raw.frame))}. Give one of them as --{role}."
            )
    dropped = set(columns.asked.drop) - set(columns.roles.values())
    readings = read_columns(raw, replace(columns.asked, drop=tuple(dropped)))
    labelled = with_target(raw, target, readings[target].kind)
    notes = _check_rows(raw.frame, labelled.frame, target, path)
    task, kind = _task_of(asked, readings[target], labelled.frame[target], columns)
    readings[target] = replace(readings[target], kind=kind)
    schema = schema_of(readings)
    features = schema.without(*columns.no_features)
    if all(raw.frame[name].isna().all() for name in features.kinds):
        raise CommandError(
            f"{path} has no column with values besides the target {target!r}. "
            "Give columns to predict it from."
        )
    frame, further = interpret(labelled, schema, path)
    notes = [*raw.notes, *notes, *further]
    if columns.weight is not None:
        _check_weights(frame[columns.weight])
    if task == "regression":
        _check_values(frame[target])
        kept = []
    elif kept := _frequent(frame[target], columns):
        few = ~frame[target].isin(kept)
        what = f"merged into {MERGED!r}" if columns.rare == "merge" else "left out"
        notes.append(f"The classes of {int(few.sum()):,} rows are rare; {what}.")
        frame = with_frequent(frame, target, kept, merge=columns.rare == "merge")
    return Task(task, columns, schema, frame, readings, notes, kept)


def with_frequent(
    frame: "DataFrame", target: str, kept: Sequence[object], *, merge: bool
) -> "DataFrame":
    """Return the table without the classes that are not kept, or with one for all."""
    if not merge:
        return frame[frame[target].isin(kept)].reset_index(drop=True)
    return frame.assign(
        **{target: frame[target].where(frame[target].isin(kept), MERGED)}
    )


def _check_rows(
    frame: "DataFrame", labelled: "DataFrame", target: str, path: Path
) -> list[str]:
    """Raise unless there are enough rows with a target; return a note on the others."""
    n_empty = len(frame) - len(labelled)
    why = f", and the target {target!r} has no value in {n_empty:,} more"
    if len(labelled) < _LEAST_ROWS:
        raise CommandError(
            f"{path} has {len(labelled)} rows{why if n_empty else ''}; at least "
            f"{_LEAST_ROWS} are needed to hold some out and to cross-validate. Give "
            "more rows."
        )
    if not n_empty:
        return []
    return [
        f"The target {target!r} has no value in {n_empty:,} of {len(frame):,} rows; "
        "they were left out."
    ]


def _task_of(
    asked: str, reading: Reading, cells: "Series", columns: Columns
) -> tuple[str, str]:
    """Return the task, and the kind of the target for it."""
    kind = reading.kind
    is_integer = kind == "number" and _is_integer(cells)
    if asked == "auto":
        few = is_integer and cells.nunique() <= _MOST_LABELS
        asked = "regression" if kind == "number" and not few else "classification"
    if asked == "regression" and kind != "number":
        raise CommandError(
            f"The target {cells.name!r} holds {names(cells.iloc[:1].tolist())}, where "
            "regression needs numbers. Use --task classification, or correct the "
            "column."
        )
    if asked == "regression" or columns.asked.kinds.get(columns.target) == "category":
        return asked, kind
    if columns.rare == "merge":
        return asked, "category"  # The merged one has a name.
    if _is_boolean(cells):
        return asked, "boolean"
    return asked, _label_kind(cells) if is_integer else "category"


def _label_kind(cells: "Series") -> str:
    """Return the kind of integers that are labels: they come back as they were."""
    if are_strings(cells):
        return "label" if not cells.str.contains(".", regex=False).any() else "number"
    return "label" if cells.dtype.kind in "iu" else "number"


def _is_integer(cells: "Series") -> bool:
    """Return whether all cells are integers, maybe stored or written as floats."""
    if are_strings(cells):
        return bool(cells.str.fullmatch(_INTEGER).all())
    values = cells.astype("float64")
    return bool(np.isfinite(values).all() and (values % 1 == 0).all())


def _is_boolean(cells: "Series") -> bool:
    """Return whether all cells are True or False, maybe as strings."""
    return set(strings_of(cells).str.lower()) <= {"true", "false"}


def _check_values(cells: "Series") -> None:
    """Raise if the target is the same everywhere."""
    if cells.nunique() == 1:
        raise CommandError(
            f"The target {cells.name!r} is {cells.iloc[0]:g} in all rows. There is "
            "nothing to learn. Give another --target."
        )


def _check_weights(cells: "Series") -> None:
    """Raise unless weights are numbers above or equal to 0."""
    if cells.dtype.kind != "f" or cells.isna().any() or (cells < 0).any():
        raise CommandError(
            f"The weights in column {cells.name!r} must be numbers, none missing and "
            "none below 0. Correct them, or leave out --weight."
        )
    if not cells.any():
        raise CommandError(
            f"The weights in column {cells.name!r} are all 0. Give others, or "
            "leave out --weight."
        )


def _frequent(cells: "Series", columns: Columns) -> list:
    """Return the classes to keep where some are rare; none if there are no rare ones.

    Raises
    ------
    CommandError
        Unless there are two classes, each of enough rows once the rare ones are dealt
        with as asked.
    """
    counts = cells.value_counts()
    if len(counts) == 1:
        raise CommandError(
            f"The target {cells.name!r} has one class, {counts.index[0]}. At least "
            "two are needed. Give another --target, or rows of another class."
        )
    few = counts[counts < _LEAST_OF_CLASS]
    if few.empty:
        return []
    kept = counts.index[counts >= _LEAST_OF_CLASS].tolist()
    n_left = len(kept) + (columns.rare == "merge" and few.sum() >= _LEAST_OF_CLASS)
    is_short = columns.rare == "merge" and few.sum() < _LEAST_OF_CLASS
    if columns.rare == "refuse" or n_left < 2 or is_short:
        raise CommandError(
            f"{len(few):,} of {len(counts):,} classes of the target {cells.name!r} "
            f"have fewer than {_LEAST_OF_CLASS} rows: {names(few.index.tolist())}. "
            "Merge them by --rare merge, or leave them out by --rare drop"
            + (
                "; merged they are still too few."
                if is_short
                else ", or use --task regression."
                if cells.dtype.kind in "if"
                else "."
            )
        )
    return kept
