"""What is worth a look in a table before a model learns from it."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from skdistill.cli._errors import shown
from skdistill.cli._losses import LOG, POISSON, SQUARED, suggested_loss
from skdistill.cli._split import if_many, n_repeated, repeats
from skdistill.cli._task import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import Series
    from rich.table import Table

__all__ = ["decisions_of", "show_check", "warnings_of"]

# A column alone that says so much of the target gives it away.
_TOO_GOOD = 0.99
# So many rows say so.
_MOST_ROWS = 5_000
_SHOWN = 48
_WIDE = 160


def show_check(task: Task, warnings: list[str], *, as_json: bool) -> None:
    """Print what each column was read as, and why."""
    from rich.console import Console

    if as_json:
        found = {
            "task": task.kind,
            "columns": {name: asdict(one) for name, one in task.readings.items()},
            "reading": [*task.notes, *decisions_of(task)],
            "warnings": warnings,
        }
        sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    else:
        console = Console(file=sys.stdout)
        if not console.is_terminal:
            console.width = _WIDE
        console.print(_table(task))


def decisions_of(task: Task) -> list[str]:
    """Return how the columns are read that do not say it by themselves."""
    return [
        f"Column {name!r} holds {reading.why}, such as {_short(reading.example)!r}."
        for name, reading in task.readings.items()
        if not reading.is_evident
    ]


def _table(task: Task) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("column", "read as", "empty", "distinct", "example", "why"):
        table.add_column(name)
    roles = {name: role for role, name in task.columns.roles.items()}
    for name, reading in task.readings.items():
        cells = task.frame[name]
        n_empty = int((cells.isna() | (cells == "")).sum())
        role = f" ({roles[name]})" if name in roles else ""
        row = (
            name,
            f"{reading.kind}{role}",
            f"{n_empty:,}",
            f"{cells.nunique():,}",
            reading.example,
            reading.why,
        )
        table.add_row(*(Text(_short(cell)) for cell in row))
    return table


def _short(text: str) -> str:
    text = shown(" ".join(text.split()))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def warnings_of(task: Task, loss: str = SQUARED) -> list[str]:
    """Return what the user should look at, a sentence for each.

    Parameters
    ----------
    task : Task
        What was read.
    loss : str, default="squared_error"
        What a regression makes least.
    """
    found = [
        f"Column {name!r}: {reading.warning}."
        for name, reading in task.readings.items()
        if reading.warning
    ]
    found += _repeated(task)
    found += _other_loss(task, loss)
    X, y = task.frame[list(task.features.kinds)], task.frame[task.columns.target]
    for name, kind in task.features.kinds.items():
        for what in _of_column(X[name], kind, y, task):
            found.append(f"Column {name!r} {what} Leave it out by --drop.")
    return found


def _other_loss(task: Task, loss: str) -> Iterator[str]:
    """Yield which loss fits the target, if it looks like counts or prices."""
    if task.kind != "regression" or loss != SQUARED:
        return
    target = task.columns.target
    what = {
        POISSON: "integers from 0 on, as counts do",
        LOG: "values above 0, as prices do",
    }
    if (better := suggested_loss(task.frame[target])) is not None:
        yield (
            f"The target {target!r} holds {what[better]}, most of them small. "
            f"--loss {better} is made for such, and predicts none below 0."
        )


def _repeated(task: Task) -> Iterator[str]:
    """Yield what is to be said of equal rows."""
    numbers = repeats(task.frame)
    if numbers is not None:
        yield (
            f"{n_repeated(numbers):,} of {len(numbers):,} rows repeat another one. "
            "Equal rows lie on one side of the split"
            + (", and of the folds." if if_many(numbers) is not None else ".")
        )


def _of_column(cells: "Series", kind: str, y: "Series", task: Task) -> Iterator[str]:
    """Yield what makes a column useless or suspicious."""
    n_distinct = cells.nunique()
    if n_distinct <= 1 and not cells.isna().any():
        yield f"holds {_short(str(cells.iloc[0]))!r} in all rows."
    elif n_distinct == len(cells) and _identifies(cells, kind):
        yield "differs in each row, as identifiers do; it says nothing of new rows."
    elif _gives_away(cells, y, task.kind) > _TOO_GOOD:
        yield (
            f"alone says nearly all of the target {y.name!r}. Is it known before the "
            "target is?"
        )


def _identifies(cells: "Series", kind: str) -> bool:
    """Return whether values that all differ are integers in a row, or words."""
    if kind == "text":
        return not cells.str.contains(r"\s").any()
    if kind != "number":
        return kind == "category"
    ordered = np.sort(cells.to_numpy())
    return bool((np.diff(ordered) == 1).all())


def _gives_away(cells: "Series", y: "Series", task: str) -> float:
    """Return how well one column predicts rows that a model has not seen.

    It is R2 of a tree on the ranks, or the fraction that it has right of what the most
    frequent class leaves; of numbers the squared rank correlation, if that is more.
    """
    from sklearn.metrics import accuracy_score, r2_score
    from sklearn.model_selection import train_test_split
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    is_regression = task == "regression"
    kind = DecisionTreeRegressor if is_regression else DecisionTreeClassifier
    labels = _codes(y if is_regression else y.astype("str"))
    X, X_test, y_train, y_test = train_test_split(
        _codes(cells)[:, None], labels, train_size=0.5, random_state=0
    )
    model = kind(min_samples_leaf=2, random_state=0).fit(
        X[:_MOST_ROWS], y_train[:_MOST_ROWS]
    )
    predicted = model.predict(X_test)
    if is_regression:
        ranked = 0.0
        if cells.dtype.kind == "f":
            ranked = float(cells.rank().corr(y.rank())) ** 2
        return max(float(r2_score(y_test, predicted)), ranked)
    rest = 1 - np.bincount(y_test).max() / len(y_test)
    return (rest - 1 + float(accuracy_score(y_test, predicted))) / rest if rest else 0.0


def _codes(cells: "Series") -> "NDArray":
    """Return the ranks of cells: no size of a number is too large for a tree."""
    if cells.dtype.kind in "fM":
        return cells.rank().to_numpy()
    return np.unique(cells.to_numpy().astype("str"), return_inverse=True)[1]
