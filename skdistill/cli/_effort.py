"""How much work a fit is: what the size of the table asks for, and what time leaves.

A teacher is fitted once for each of its folds and once more, and that in each fold of
the search and for the last fit. So folds are what is left out first; beyond many
samples a single split chooses as well (`benchmarks/one_split.py`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedShuffleSplit,
)

from skdistill._typing import Estimator
from skdistill.distilled import DistilledClassifier, DistilledRegressor
from skdistill.transfer import TransferSet

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["TRIED", "TRIED_FOLDS", "Effort", "Pace", "fitting", "pace_of", "usual"]

# Above so many values, rows times columns times trees of a round, the search holds one
# part out; above more the teacher has fewer folds and fewer rows are drawn.
_MANY_VALUES, _VERY_MANY_VALUES = 20_000, 200_000
_HELD_OUT = 0.2
# So many rows say how long all take; with fewer there is nothing to foresee.
TRIED, TRIED_FOLDS = 400, 2
# Time grows less than the rows do, as much of it is spent on each tree.
_POWER = 0.75
# The part of a limit that is left to the report and the files.
_RESERVED = 0.2
_FOLDS = 5
_USUALLY = TransferSet()  # What is drawn where nobody says how much.


class Effort(NamedTuple):
    """How much is tried.

    Attributes
    ----------
    n_folds : int
        Folds of the search; 1 is a single split.
    n_teacher_folds : int
        Folds of the teacher inside.
    n_temperatures : int
        How many temperatures are tried for classes.
    n_drawn : int or None
        Rows drawn for each one; if None, as many as usual.
    words : str
        What is done in place of the most.
    has_small_teacher : bool
        Whether the teacher has fewer and smaller trees.
    """

    n_folds: int
    n_teacher_folds: int
    n_temperatures: int
    n_drawn: int | None
    words: str
    has_small_teacher: bool = False

    def search_params(
        self, task: str, n_rows: int, seed: int, *, has_groups: bool
    ) -> dict[str, Any]:
        """Return the parameters of a search that tries so much."""
        params: dict[str, Any] = {}
        is_regression = task == "regression"
        if self.n_folds == 1:
            split = ShuffleSplit if is_regression else StratifiedShuffleSplit
            split = GroupShuffleSplit if has_groups else split
            params["cv"] = split(1, test_size=_HELD_OUT, random_state=seed)
        elif has_groups:
            folds = GroupKFold if is_regression else StratifiedGroupKFold
            params["cv"] = folds(self.n_folds)
        if self.n_teacher_folds != _FOLDS:
            params["inner_cv"] = self.n_teacher_folds
        if not is_regression:
            params["temperatures"] = (1.0, 2.0)[: self.n_temperatures]
        if self.n_drawn is not None:
            fewer = TransferSet(size=self.n_drawn)
            if fewer.count(n_rows) <= _USUALLY.count(n_rows):
                params["transfers"] = (fewer,)
        return params


# From the most to the least.
_ALL = (
    Effort(_FOLDS, _FOLDS, 2, None, "five folds"),
    Effort(1, _FOLDS, 2, None, "a single split in place of five folds"),
    Effort(
        *(1, 3, 2, 5),
        "a single split in place of five folds, three folds of the teacher in place of "
        "five, five rows drawn for each in place of ten",
    ),
    Effort(
        *(1, 2, 1, 3),
        "a single split in place of five folds, two folds of the teacher in place of "
        "five, three rows drawn for each in place of ten, temperature 1 alone, fewer "
        "and smaller trees in the stack",
        has_small_teacher=True,
    ),
)


def usual(n_values: int, *, quick: bool) -> Effort:
    """Return what a table of this size gets where there is no limit.

    Parameters
    ----------
    n_values : int
        The values that trees split on in a round of boosting.
    quick : bool
        Whether to be done soon.
    """
    if quick:
        return _ALL[-1]
    return _ALL[(n_values > _MANY_VALUES) + (n_values > _VERY_MANY_VALUES)]


def fitting(
    start: Effort, seconds: Callable[[Effort], float], limit: float
) -> tuple[Effort, bool]:
    """Return the most effort within a limit, or the least; and whether it is within.

    Parameters
    ----------
    start : Effort
        Where there is time enough.
    seconds : callable
        How long an effort takes.
    limit : float
        The seconds that are left.
    """
    for effort in (efforts := _ALL[_ALL.index(start) :]):
        if seconds(effort) <= (1 - _RESERVED) * limit:
            return effort, True
    return efforts[-1], False


@dataclass(frozen=True)
class Pace:
    """How long the parts of a fit take.

    Attributes
    ----------
    teacher, student : float
        The seconds of one fit on all rows, of all students together.
    n_temperatures : int
        The most that are tried.
    n_jobs : int
        How many folds are worked on at once.
    """

    teacher: float
    student: float
    n_temperatures: int
    n_jobs: int

    def seconds(self, effort: Effort) -> float:
        """Return how long a fit with this effort takes."""
        n_students = min(effort.n_temperatures, self.n_temperatures)
        teacher = (effort.n_teacher_folds + 1) * self.teacher
        student = self.student
        if effort.n_drawn is not None:
            student *= (1 + effort.n_drawn) / (1 + _USUALLY.count(1))
        fold = (1 - _HELD_OUT) * (teacher + n_students * student)
        n_rounds = -(-effort.n_folds // self.n_jobs)
        return n_rounds * fold + teacher + student


def pace_of(
    teacher: Estimator,
    students: Sequence[Estimator],
    X: "DataFrame",
    y: "Series",
    *,
    task: str,
    seed: int,
    n_temperatures: int,
    n_jobs: int,
) -> Pace | None:
    """Return how long the parts take, from a few rows; None where these cannot say.

    Parameters
    ----------
    teacher, students : estimators
        Unfitted; a stack has `TRIED_FOLDS` folds.
    X, y : DataFrame, Series
        The training samples.
    task : {"regression", "classification"}
        The task.
    seed : int
        Draws the rows.
    n_temperatures, n_jobs : int
        Those of the pace.
    """
    if len(X) < TRIED:
        return None
    times = (len(X) / TRIED) ** _POWER
    y = y.sample(TRIED, random_state=seed)
    if task == "classification":  # Only those that lie in both folds.
        y = y[y.map(y.value_counts()) >= 2 * TRIED_FOLDS]
    if y.nunique() < 2:
        return None
    kind = DistilledRegressor if task == "regression" else DistilledClassifier
    n_temperatures = 1 if task == "regression" else n_temperatures
    seconds = {"teacher": 0.0, "student": 0.0}
    for student in students:
        model = kind(
            teacher,
            student,
            alpha=0.5,
            cv=TRIED_FOLDS,
            on_poor_teacher="ignore",
            random_state=seed,
        )
        start = time.perf_counter()
        try:
            model.fit(X.loc[y.index], y)
        except Exception:  # All rows may do, and else the fit itself says why not.
            return None
        whole = time.perf_counter() - start
        seconds["teacher"] = model.fit_seconds_["teacher"] / (TRIED_FOLDS + 1)
        seconds["student"] += whole - model.fit_seconds_["teacher"]
    teacher_seconds, student_seconds = (times * one for one in seconds.values())
    return Pace(teacher_seconds, student_seconds, n_temperatures, n_jobs)
