"""What estimators share that learn samples which are never together in memory."""

import os
from collections.abc import Callable, Collection
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import validate_data

from skdistill._fitting import final_step, forget_fit
from skdistill._sklearn import Interval, fit_context
from skdistill._typing import Student, Table, Teachers
from skdistill._warnings import warn_again, warn_user
from skdistill.blocks._parquet import ParquetBlocks, categories_of, with_dtypes
from skdistill.blocks._run import Done, distill_blocks
from skdistill.distilled import BaseDistilled, keep, student_of
from skdistill.exceptions import PoorTeacherWarning
from skdistill.students import find_adapter, trains_in_blocks

__all__ = ["IN_MEMORY", "BaseBlockDistilled", "BasePiecewise"]

# Parameters that need all samples at once, and so are of no such estimator.
IN_MEMORY: Collection[str] = ("alpha_until", "trust", "hints", "bound")


class BasePiecewise(BaseDistilled):
    """Base of what learns samples in pieces, which declares the parameters of all.

    Parameters
    ----------
    teacher_samples : int, default=100000
        At most how many samples the teacher is cross-fitted and calibrated on where
        they are not in memory: drawn without replacement from all of them. All others
        are new to the teacher.
    student_samples : int, default=1000000
        At most how many samples are brought together for what works on samples in
        memory: a student that cannot be trained piece by piece, and the refinement of
        one that can.
    """

    _parameter_constraints: ClassVar[dict] = {
        "teacher_samples": [Interval(Integral, 1, None, closed="left")],
        "student_samples": [Interval(Integral, 1, None, closed="left")],
    }
    # What the samples come as, in errors.
    _pieces: ClassVar[str]

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        teacher_samples: int = 100_000,
        student_samples: int = 1_000_000,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
        self.teacher_samples = teacher_samples
        self.student_samples = student_samples

    def _fit_any(self, X: Any, y: Any, sample_weight: Any, **given: Any) -> Self:
        """Fit pieces, or samples in memory as without pieces."""
        if not self._is_in_pieces(X):
            return super().fit(X, y, sample_weight, **given)
        if self.on_poor_teacher == "compare":
            raise ValueError(
                "on_poor_teacher='compare' distils on a part of samples in memory. Got "
                f"{self._pieces}. Use 'warn' or 'baseline', or pass samples in memory."
            )
        found = [name for name, value in given.items() if value is not None]
        if found:
            raise ValueError(
                f"{self._pieces} are fitted by X, y and sample_weight alone. Got "
                f"{found[0]}. Leave it out, or pass samples in memory."
            )
        return self._fit_pieces(X, y, sample_weight)

    def _is_in_pieces(self, X: Any) -> bool:
        raise NotImplementedError

    def _fit_pieces(self, X: Any, y: Any, sample_weight: Any) -> Self:
        raise NotImplementedError

    def _check_trains(self, trains: Callable[..., bool], name_of_reason: str) -> None:
        """Raise if a student that pieces could train has parameters against that."""
        student, of_classes = student_of(self), hasattr(self, "soften")
        if not trains(student, of_classes=of_classes):
            return
        soften = getattr(self, "soften", "teacher")
        last = final_step(student)
        reason = getattr(find_adapter(last), name_of_reason)(last, soften)
        if reason:
            raise ValueError(
                f"The student must be trained on {self._pieces} as it is. Got "
                f"{student!r}: {reason}. Leave that parameter out, or pass samples in "
                "memory."
            )

    def _keep_done(self, done: Done) -> Self:
        """Set the fitted attributes."""
        validate_data(self, done.facts.head, skip_check_array=True)
        self.fit_seconds_ = done.seconds
        warn_again(done.notes)
        keep(self, done.facts.no_data(), done.distillation)
        if done.distillation.verdict.findings:
            warn_user(str(done.distillation.verdict), PoorTeacherWarning)
        return self


class BaseBlockDistilled(BasePiecewise):
    """Base of the two estimators.

    Parameters
    ----------
    folder : str or path-like, default=None
        Where labelled blocks lie while a student is trained on them: in a new folder of
        this one, which is removed at the end. It takes about as much as the samples,
        uncompressed, with the transfer set. If None, it is the system's folder of
        temporary files, which may itself be in memory.
    """

    _parameter_constraints: ClassVar[dict] = {"folder": [str, os.PathLike, None]}
    _pieces = "ParquetBlocks"

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        folder: Any = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
        self.folder = folder

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_unlabeled: Table | None = None,
        X_privileged: Table | None = None,
        teacher_predictions: ArrayLike | None = None,
        unlabeled_predictions: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Fit the teacher on a sample, label all blocks, fit the student.

        Parameters
        ----------
        X : ParquetBlocks
            The table. Its columns are the features, but those of `y` and
            `sample_weight`. If X is a table in memory, the estimator does what it does
            without blocks.
        y : str
            The column of the target.
        sample_weight : str, default=None
            The column of sample weights, not negative, not all 0. If None, all samples
            weigh alike.
        X_unlabeled, X_privileged, teacher_predictions, unlabeled_predictions
            Of samples in memory alone.
        **fit_params : dict
            Of samples in memory alone: metadata, routed to the parts.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, a column, the target or a weight is not as described.
        """
        if not isinstance(X, ParquetBlocks):
            forget_fit(self, "_dtypes")
        return self._fit_any(
            X,
            y,
            sample_weight,
            X_unlabeled=X_unlabeled,
            X_privileged=X_privileged,
            teacher_predictions=teacher_predictions,
            unlabeled_predictions=unlabeled_predictions,
            **fit_params,
        )

    def _is_in_pieces(self, X: Any) -> bool:
        return isinstance(X, ParquetBlocks)

    @fit_context(prefer_skip_nested_validation=False)
    def _fit_pieces(self, X: ParquetBlocks, y: Any, sample_weight: Any) -> Self:
        _check_columns(X, y, sample_weight)
        self._check_trains(trains_in_blocks, "reason_not_in_blocks")
        self._check_folder()
        forget_fit(self, "_teacher", "_dtypes")
        done = distill_blocks(self, X, y, sample_weight)
        self._dtypes = categories_of(done.facts.head)
        return self._keep_done(done)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R2 of values, or the accuracy of classes.

        Parameters
        ----------
        X : ParquetBlocks or table of shape (n_samples, n_features)
            The samples.
        y : str or array-like of shape (n_samples,)
            The column of the target, or the target of samples in memory.
        sample_weight : str or array-like of shape (n_samples,), default=None
            The column of weights, or those of samples in memory.

        Returns
        -------
        score : float
        """
        if self._is_in_pieces(X):
            _check_columns(X, y, sample_weight)
            y = _column(X, y)
            if sample_weight is not None:
                sample_weight = _column(X, sample_weight)
        return super().score(X, y, sample_weight)

    def _check_folder(self) -> None:
        if self.folder is not None and not Path(self.folder).is_dir():
            raise ValueError(
                "The 'folder' parameter must be a folder, or None for the system's "
                f"temporary files. Got {self.folder!r}. Make it first."
            )

    def _map(self, method: str, X: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        self._fitted_student()
        names = getattr(self, "feature_names_in_", None)
        # Files to be predicted may hold other categories, or in another order.
        dtypes = getattr(self, "_dtypes", {})
        blocks = (with_dtypes(block, dtypes) for block in X.read(names))
        return np.concatenate([getattr(self, method)(block) for block in blocks])


def _column(X: ParquetBlocks, name: str) -> NDArray:
    return np.concatenate([np.asarray(block[name]) for block in X.read([name])])


def _check_columns(X: ParquetBlocks, y: Any, sample_weight: Any) -> None:
    """Raise unless labels, weights and a feature at least are columns."""
    named = {"y": y}
    if sample_weight is not None:
        named["sample_weight"] = sample_weight
    for name, column in named.items():
        if not isinstance(column, str) or column not in X.names:
            raise ValueError(
                f"Where X is ParquetBlocks, {name} must name a column: one of "
                f"{X.names}. Got {column!r}. Store the values in the file."
            )
    if y == sample_weight:
        raise ValueError(
            f"sample_weight must be another column than y. Got {y!r} for both. Name "
            "that of the weights, or leave it out."
        )
    if not {*X.names} - {*named.values()}:
        raise ValueError(
            "X must hold a column of features beside those of y and sample_weight. Got "
            f"{X.names} alone. Add one."
        )
