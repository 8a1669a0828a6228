"""What a student is distilled from: samples, labels, and what is known beside them."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Table
from skdistill._validation import align_classes
from skdistill.flow._tables import join_columns

__all__ = ["Data"]


@dataclass(frozen=True)
class Data:
    """Checked training data.

    Attributes
    ----------
    X : table of shape (n_samples, n_features)
        The samples, as the student sees them.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Their labels.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    classes : ndarray of shape (n_classes,) or None
        The class labels, sorted; None for regression.
    X_unlabeled : table of shape (n_unlabeled, n_features), or None
        Further samples. With `X_privileged` its columns come after those of X.
    X_privileged : table of shape (n_samples, n_privileged), or None
        Columns that the teacher alone sees.
    teacher_predictions, unlabeled_predictions : ndarray or None
        Stored predictions for the samples, and for the unlabeled ones: values, or
        logits with a column for each class.
    teacher_params : dict of dict
        Metadata of each teacher's fit, weights among them, by its name; "teacher" is
        that of one alone.
    student_params, split_params : dict
        Metadata of the fit of the student, weights among them, and of the split.
    """

    X: Table
    y: NDArray
    weight: NDArray | None = None
    classes: NDArray | None = None
    X_unlabeled: Table | None = None
    X_privileged: Table | None = None
    teacher_predictions: NDArray | None = None
    unlabeled_predictions: NDArray | None = None
    teacher_params: dict[str, dict[str, Any]] = field(default_factory=dict)
    student_params: dict[str, Any] = field(default_factory=dict)
    split_params: dict[str, Any] = field(default_factory=dict)

    @property
    def is_classification(self) -> bool:
        """Whether the labels are classes."""
        return self.classes is not None

    @property
    def n_classes(self) -> int:
        """How many classes there are; 0 for a regression."""
        return 0 if self.classes is None else len(self.classes)

    @property
    def has_stored_predictions(self) -> bool:
        """Whether the teacher's predictions are given, so that none is fitted."""
        return self.teacher_predictions is not None

    @property
    def codes(self) -> NDArray:
        """The labels of a regression, else their positions in `classes`."""
        if self.classes is None:
            return self.y
        # Of many samples half the memory: nobody has so many classes.
        return np.searchsorted(self.classes, self.y).astype(np.int32)

    @property
    def mean(self) -> NDArray:
        """The weighted mean of the labels of a regression."""
        return np.average(self.y, axis=0, weights=self.weight)

    @property
    def all_columns(self) -> Table:
        """The columns of the student, then the privileged ones."""
        if self.X_privileged is None:
            return self.X
        return join_columns(self.X, self.X_privileged)

    def part(self, rows: NDArray) -> "Data":
        """Return the data of some samples; the unlabeled ones are for all parts."""
        return replace(
            self,
            X=safe_indexing(self.X, rows),
            y=self.y[rows],
            weight=_rows_of(self.weight, rows),
            X_privileged=_rows_of(self.X_privileged, rows),
            teacher_predictions=_rows_of(self.teacher_predictions, rows),
            teacher_params={
                name: index_params(self.X, params, indices=rows)
                for name, params in self.teacher_params.items()
            },
            student_params=index_params(self.X, self.student_params, indices=rows),
            split_params=index_params(self.X, self.split_params, indices=rows),
        )

    def labelled(self) -> "Data":
        """Return the data without the unlabeled samples."""
        return replace(self, X_unlabeled=None, unlabeled_predictions=None)

    def with_present_classes(self) -> "Data":
        """Return the data without the classes that no label is left of."""
        if self.classes is None:
            return self
        present = np.unique(self.y)
        align = partial(_aligned, known=self.classes, classes=present)
        return replace(
            self,
            classes=present,
            teacher_predictions=align(self.teacher_predictions),
            unlabeled_predictions=align(self.unlabeled_predictions),
        )


def _aligned(
    logits: NDArray | None, known: NDArray, classes: NDArray
) -> NDArray | None:
    return None if logits is None else align_classes(logits, known, classes)


def _rows_of(table: Table | None, rows: NDArray) -> Table | None:
    return None if table is None else safe_indexing(table, rows)
