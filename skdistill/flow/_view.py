"""Two views of a sample: teacher and student may see different columns of one table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skdistill._fitting import naming_failures
from skdistill._typing import Table
from skdistill.flow._data import Data
from skdistill.flow._tables import (
    count_columns,
    join_columns,
    take_columns,
)

__all__ = ["View", "fit_view"]


@dataclass(frozen=True)
class View:
    """How the teacher sees the student's samples.

    Attributes
    ----------
    mapping : transformer, callable or None
        phi, from the student's samples to the teacher's; a transformer is fitted. If
        None, the teacher sees the student's columns.
    n_columns : int
        The number of the student's columns.
    n_privileged : int
        The number of columns that the teacher alone sees. They come after phi(X).

    References
    ----------
    Lopez-Paz et al., "Unifying distillation and privileged information", 2016 (columns
    of the teacher alone); Orlov and Grabovoy (phi, from the target domain to the
    source domain).
    """

    mapping: Any = None
    n_columns: int = 0
    n_privileged: int = 0

    @property
    def is_identity(self) -> bool:
        """Whether teacher and student see the same."""
        return self.mapping is None and not self.n_privileged

    def of_teacher(self, X: Table, X_privileged: Table | None = None) -> Table:
        """Return what the teacher sees of the student's samples."""
        if self.n_privileged and X_privileged is None:
            raise ValueError(
                f"The teacher sees {self.n_privileged} privileged columns beside the "
                "student's. Got samples without them. Only samples that have them can "
                "be predicted by the teacher."
            )
        seen = X
        if self.mapping is not None:
            with naming_failures("samples by teacher_input", "changing"):
                seen = _function(self.mapping)(X)
            _check_same_length(seen, X)
        return seen if X_privileged is None else join_columns(seen, X_privileged)

    def split(self, joined: Table) -> tuple[Table, Table | None]:
        """Cut a table into the student's columns and the privileged ones."""
        if not self.n_privileged:
            return joined, None
        width = self.n_columns + self.n_privileged
        if count_columns(joined) != width:
            raise ValueError(
                f"With X_privileged, X_unlabeled must have the {self.n_columns} "
                f"columns of X, then the {self.n_privileged} of X_privileged, which "
                f"the teacher needs to label it. Got {count_columns(joined)} columns."
            )
        return (
            take_columns(joined, slice(self.n_columns)),
            take_columns(joined, slice(self.n_columns, width)),
        )


def fit_view(teacher_input: Any, data: Data) -> View:
    """Return the view of some data, its transformer fitted to the samples.

    It is fitted without labels: one that needs them would carry them past the folds.
    """
    mapping = teacher_input
    fits = hasattr(teacher_input, "transform")
    if fits and not isinstance(teacher_input, FrozenEstimator):
        name = (
            f"teacher_input ({type(teacher_input).__name__}), which is fitted without "
            "labels: one that needs them belongs into the teacher, "
            "make_pipeline(..., teacher)"
        )
        with naming_failures(name):
            mapping = clone(teacher_input).fit(data.X)
    n_privileged = 0 if data.X_privileged is None else count_columns(data.X_privileged)
    return View(mapping, count_columns(data.X), n_privileged)


def _function(mapping: Any) -> Callable[[Table], Table]:
    return getattr(mapping, "transform", mapping)


def _check_same_length(seen: Table, X: Table) -> None:
    (n_samples, *_), shape = np.shape(X), np.shape(seen)
    if not shape:
        raise TypeError(
            "teacher_input must return one row for each sample. Got "
            f"{type(seen).__name__}, which has none."
        )
    if shape[0] != n_samples:
        raise ValueError(
            "teacher_input must return one row for each sample. Got "
            f"{shape[0]} rows for {n_samples} samples."
        )
