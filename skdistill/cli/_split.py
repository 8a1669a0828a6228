"""The rows that are held out: drawn, the last in time, or whole groups."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    StratifiedGroupKFold,
    train_test_split,
)

from skdistill.cli._errors import CommandError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame, Series

__all__ = ["hold_out", "if_many", "many_repeats", "n_repeated", "repeats"]

# One of so many parts is held out.
_N_PARTS = 5
# Below this fraction of repeats the folds of a search are drawn row by row: whole
# groups cost a stack its own out-of-fold predictions.
_FEW_REPEATS = 0.05


def hold_out(
    frame: "DataFrame",
    target: str,
    *,
    stratify: bool = False,
    group: str | None = None,
    time: str | None = None,
    random_state: int | None = None,
) -> tuple["DataFrame", "DataFrame"]:
    """Return the rows to train on and a fifth that is held out.

    Rows that are equal in all columns lie on one side: a model that has seen one of
    them knows the others.

    Parameters
    ----------
    frame : DataFrame
        The table.
    target : str
        The column of the labels.
    stratify : bool, default=False
        Whether classes are as frequent on both sides.
    group : str, default=None
        The column whose equal values lie on one side.
    time : str, default=None
        The column of which the last values are held out; nothing is drawn.
    random_state : int, default=None
        Seed of the draw.

    Returns
    -------
    train, test : DataFrame

    Examples
    --------
    >>> import pandas as pd
    >>> from skdistill.cli import hold_out
    >>> frame = pd.DataFrame({"x": [5, 1, 2, 4, 3], "y": [0.0, 1.0, 0.5, 2.0, 1.5]})
    >>> train, test = hold_out(frame, "y", time="x")
    >>> test["x"].tolist()
    [5]
    """
    if time is not None:
        is_held = _is_late(frame[time])
        return frame[~is_held], frame[is_held]
    groups = frame[group].to_numpy() if group is not None else repeats(frame)
    labels = frame[target] if stratify else None
    if groups is None:
        train, test = train_test_split(
            frame, test_size=1 / _N_PARTS, stratify=labels, random_state=random_state
        )
        return train, test
    if len(np.unique(groups)) < 2 * _N_PARTS:
        what = f"groups in {group!r}" if group else "rows that differ"
        raise CommandError(
            f"The table has {len(np.unique(groups))} {what}; at least {2 * _N_PARTS} "
            "are needed to hold some out. Give more, or leave out --group."
        )
    kind: Any = StratifiedGroupKFold if stratify else GroupKFold
    folds = kind(_N_PARTS, shuffle=True, random_state=random_state)
    train, test = next(folds.split(frame, labels, groups))
    return frame.iloc[train], frame.iloc[test]


def _is_late(times: "Series") -> "Series":
    """Return which rows are of the last fifth; those of one time lie on one side."""
    if times.isna().any():
        raise CommandError(
            f"Column {times.name!r} has no value in {int(times.isna().sum()):,} rows, "
            "which cannot be put in order. Fill them, or leave out --time."
        )
    ordered = times.sort_values(kind="stable")
    first = ordered.iloc[len(ordered) - max(1, round(len(ordered) / _N_PARTS))]
    if first == ordered.iloc[0]:
        raise CommandError(
            f"Column {times.name!r} does not tell rows to train on from later ones: "
            f"most are {first}. Give another --time."
        )
    return times >= first


def repeats(frame: "DataFrame") -> "NDArray | None":
    """Return a number for each row, the same for equal ones; None if all differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdistill.cli import repeats
    >>> repeats(pd.DataFrame({"x": [1, 2, 1], "y": [0, 1, 0]})).tolist()
    [0, 1, 0]
    """
    numbers = frame.groupby(list(frame), dropna=False, sort=False).ngroup().to_numpy()
    return None if len(np.unique(numbers)) == len(frame) else numbers


def n_repeated(numbers: "NDArray") -> int:
    """Return how many rows repeat another one, by what `repeats` returned."""
    return len(numbers) - len(np.unique(numbers))


def many_repeats(frame: "DataFrame") -> "NDArray | None":
    """Return what `repeats` does, if equal rows are enough to mislead a search."""
    return if_many(repeats(frame))


def if_many(numbers: "NDArray | None") -> "NDArray | None":
    """Return what `repeats` returned, if equal rows are enough to mislead a search."""
    if numbers is None or n_repeated(numbers) <= _FEW_REPEATS * len(numbers):
        return None
    return numbers
