"""The rows of a fit: to train on, held out, and without labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdistill.cli._files import read_raw
from skdistill.cli._split import hold_out, many_repeats
from skdistill.cli._tables import Schema, interpret, with_target
from skdistill.cli._task import Task, with_frequent

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame, Series

__all__ = ["Parts", "draw_parts"]


@dataclass(frozen=True)
class Parts:
    """The rows to train on and those that are held out.

    Attributes
    ----------
    how : dict
        The keywords of `hold_out`; none if the rows held out are a table of their own.
    X, y, weight : DataFrame, Series, ndarray or None
        The rows to train on, and their weights.
    X_test, y_test, weight_test : DataFrame, Series, ndarray or None
        Those held out.
    groups : ndarray or None
        What stays together, of the rows to train on: groups, or equal rows.
    unlabeled : DataFrame or None
        Unlabeled samples.
    test_file, unlabeled_file : Path or None
        The files that they come from.
    notes : list of str
        What was decided as these were read.
    """

    how: dict[str, Any]
    X: "DataFrame"
    y: "Series"
    weight: "NDArray | None"
    X_test: "DataFrame"
    y_test: "Series"
    weight_test: "NDArray | None"
    groups: "NDArray | None"
    unlabeled: "DataFrame | None"
    test_file: Path | None
    unlabeled_file: Path | None
    notes: list[str]

    @property
    def train(self) -> tuple[Any, ...]:
        """What a baseline student is fitted on."""
        weight = () if self.weight is None else (self.weight,)
        return (self.X, self.y, *weight)

    @property
    def n_values(self) -> int:
        """The values that trees split on in a round of boosting, a tree for a class."""
        n_classes = 1 if self.y.dtype.kind == "f" else self.y.nunique()
        return self.X.size * (n_classes if n_classes > 2 else 1)

    @property
    def needs_routing(self) -> bool:
        """Whether weights or groups must reach the parts of pipelines and searches."""
        return self.weight is not None or self.groups is not None

    @property
    def fit_params(self) -> dict[str, Any]:
        """What a search is fitted with beside X and y."""
        found = {
            "sample_weight": self.weight,
            "groups": self.groups,
            "X_unlabeled": self.unlabeled,
        }
        return {name: one for name, one in found.items() if one is not None}


def draw_parts(
    task: Task, seed: int, test_file: Path | None, unlabeled_file: Path | None
) -> Parts:
    """Return the rows to train on and those held out, drawn or of a file.

    Raises
    ------
    CommandError
        If a file cannot be read as the table was, or there is nothing to hold out.
    """
    columns, notes = task.columns, list[str]()
    how: dict[str, Any] = {}
    features = list(task.features.kinds)
    unlabeled = None
    if test_file is not None:
        train, test = task.frame, _read_alike(test_file, task, task.schema, notes)
    else:
        how = {
            "stratify": task.kind == "classification" or None,
            "group": columns.group,
            "time": columns.time,
            "random_state": seed,
        }
        how = {name: one for name, one in how.items() if one is not None}
        train, test = hold_out(task.frame, columns.target, **how)
    if unlabeled_file is not None:
        unlabeled = _read_alike(unlabeled_file, task, task.features, notes)
    weights = [
        None if columns.weight is None else part[columns.weight].to_numpy()
        for part in (train, test)
    ]
    return Parts(
        how,
        train[features],
        train[columns.target],
        weights[0],
        test[features],
        test[columns.target],
        weights[1],
        many_repeats(train)
        if columns.group is None
        else train[columns.group].to_numpy(),
        unlabeled,
        test_file,
        unlabeled_file,
        notes,
    )


def _read_alike(
    path: Path, task: Task, schema: Schema, notes: list[str]
) -> "DataFrame":
    """Read a further table as the first was; add to the notes."""
    raw, target = read_raw(path), task.columns.target
    if target in schema.kinds and target in raw.frame:
        raw = with_target(raw, target, schema.kinds[target])
    frame, further = interpret(raw, schema, path)
    if task.kept and target in frame:
        frame = with_frequent(
            frame, target, task.kept, merge=task.columns.rare == "merge"
        )
    notes += [*raw.notes, *further]
    return frame
