"""What both Dask estimators share: parameters, the choice of where `fit` works."""

from collections.abc import Collection
from copy import copy
from functools import partial
from numbers import Integral
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import validate_data

from skdistill._fitting import forget_fit
from skdistill._sklearn import Interval, fit_context
from skdistill._typing import Student, Table, Teachers
from skdistill._warnings import warn_again, warn_user
from skdistill.dask._collections import current_client, is_collection, map_samples
from skdistill.dask._run import distill_collections
from skdistill.distilled import BaseDistilled, keep, student_of
from skdistill.exceptions import PoorTeacherWarning
from skdistill.students import find_adapter, trains_distributed

__all__ = ["IN_MEMORY", "BaseDaskDistilled"]

# Parameters that need all samples at once, and so are not those of the Dask estimators.
IN_MEMORY: Collection[str] = ("alpha_until", "trust", "hints", "bound")


class BaseDaskDistilled(BaseDistilled):
    """Base of the Dask estimators, which declares the parameters that they add.

    Parameters
    ----------
    teacher_samples : int, default=100000
        At most how many samples of Dask collections the teacher is cross-fitted and
        calibrated on: a sample without replacement, drawn from all partitions, which
        lies on one worker. All other samples are new to the teacher.
    student_samples : int, default=1000000
        At most how many samples of Dask collections are brought together on one worker
        for what works on samples in memory: a student that is not trained on
        collections, and the refinement of one that is.
    """

    _parameter_constraints: ClassVar[dict] = {
        "teacher_samples": [Interval(Integral, 1, None, closed="left")],
        "student_samples": [Interval(Integral, 1, None, closed="left")],
    }

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

    def fit(
        self,
        X: Table,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_unlabeled: Table | None = None,
        X_privileged: Table | None = None,
        teacher_predictions: ArrayLike | None = None,
        unlabeled_predictions: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Fit the teacher, label all samples where they lie, fit the student.

        Parameters
        ----------
        X : dask.array.Array or dask.dataframe.DataFrame of shape \
(n_samples, n_features)
            The training samples, in partitions. If they are in memory, the estimator
            does what it does without Dask.
        y : dask.array.Array or dask.dataframe.Series of shape (n_samples,)
            The target, in the partitions of X.
        sample_weight : dask.array.Array or dask.dataframe.Series of shape \
(n_samples,), default=None
            Sample weights, not negative, not all 0.
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
            If a parameter, the target or a weight is not as described, or samples were
            lost on the way.
        """
        given = {
            "X_unlabeled": X_unlabeled,
            "X_privileged": X_privileged,
            "teacher_predictions": teacher_predictions,
            "unlabeled_predictions": unlabeled_predictions,
            **fit_params,
        }
        if not is_collection(X):
            return super().fit(X, y, sample_weight, **given)
        found = [name for name, value in given.items() if value is not None]
        if found:
            raise ValueError(
                "Dask collections are fitted by X, y and sample_weight alone. Got "
                f"{found[0]}. Leave it out, or pass samples in memory."
            )
        return self._fit_collections(X, y, sample_weight)

    @fit_context(prefer_skip_nested_validation=False)
    def _fit_collections(self, X: Any, y: Any, sample_weight: Any) -> Self:
        self._check_distributes()
        client = current_client()
        forget_fit(self, "_teacher")
        done = distill_collections(self, client, X, y, sample_weight)
        validate_data(self, done.facts.head, skip_check_array=True)
        self.fit_seconds_ = done.seconds
        warn_again(done.notes)
        keep(self, done.facts.no_data(), done.distillation)
        if done.distillation.verdict.findings:
            warn_user(str(done.distillation.verdict), PoorTeacherWarning)
        return self

    def _check_distributes(self) -> None:
        """Raise if a student that could be trained on collections has parameters not to."""
        student, of_classes = student_of(self), hasattr(self, "soften")
        if not trains_distributed(student, of_classes=of_classes):
            return
        soften = getattr(self, "soften", "teacher")
        reason = find_adapter(student).reason_not_to_distribute(student, soften)
        if reason:
            raise ValueError(
                "The student must be trained on Dask collections as it is. Got "
                f"{student!r}: {reason}. Leave that parameter out, or pass samples in "
                "memory."
            )

    def _map(self, method: str, X: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        """Return lazily what a method says of a collection."""
        self._fitted_student()
        lean = copy(self)
        lean._teacher = None  # It need not travel.
        return map_samples(partial(_call_method, lean, method), X, shape, dtype)


def _call_method(model: Any, method: str, X: Table) -> NDArray:
    return getattr(model, method)(X)
