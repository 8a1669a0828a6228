"""What both Dask estimators share: parameters, the choice of where `fit` works."""

from copy import copy
from functools import partial
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score, r2_score

from skdistill._fitting import forget_fit
from skdistill._optional import import_optional
from skdistill._sklearn import Interval, fit_context
from skdistill._typing import Student, Table, Teachers
from skdistill.blocks import BasePiecewise
from skdistill.dask._collections import (
    current_client,
    dtype_said,
    is_collection,
    map_samples,
    partitions,
)
from skdistill.dask._run import distill_collections
from skdistill.dask._teacher import check_trains_on_all
from skdistill.dask._workers import needing_workers
from skdistill.students import trains_distributed

__all__ = ["BaseDaskDistilled"]


class BaseDaskDistilled(BasePiecewise):
    """Base of the Dask estimators.

    Parameters
    ----------
    teacher_samples : int or None, default=100000
        At most how many samples of collections the teacher is cross-fitted and
        calibrated on: drawn without replacement from all of them. All others are new to
        the teacher. If None, the teacher is cross-fitted on all of them by the workers
        together: a fold is made of whole partitions, and a partition is labelled by the
        teacher of its fold, which saw none of it. Then the teacher must be one of
        XGBoost and `cv` a number; calibration and judgement take 100,000 samples.
    """

    _parameter_constraints: ClassVar[dict] = {
        "teacher_samples": [Interval(Integral, 1, None, closed="left"), None],
    }
    _pieces = "Dask collections"
    teacher_samples: int | None  # type: ignore[assignment]

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        teacher_samples: int | None = 100_000,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
        self.teacher_samples = teacher_samples

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
        return is_collection(X)

    @fit_context(prefer_skip_nested_validation=False)
    def _fit_pieces(self, X: Any, y: Any, sample_weight: Any) -> Self:
        self._check_trains(trains_distributed, "reason_not_to_distribute")
        if self.teacher_samples is None:
            check_trains_on_all(self)
        client = current_client()
        forget_fit(self, "_teacher")
        with needing_workers(client):
            done = distill_collections(self, client, X, y, sample_weight)
        return self._keep_done(done)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R2 of values, or the accuracy of classes.

        Parameters
        ----------
        X : collection or table of shape (n_samples, n_features)
            The samples.
        y : collection or array-like of shape (n_samples,)
            The target. A collection comes to the client, with the predictions.
        sample_weight : collection or array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        score : float
        """
        if not is_collection(X):
            return super().score(X, y, sample_weight)
        given = {"y": y, "X": self.predict(X), "sample_weight": sample_weight}
        if sample_weight is None:
            del given["sample_weight"]
        parts = [partitions(one, name, X) for name, one in given.items()]
        parts = import_optional("dask", extra="dask").compute(*parts)
        metric = accuracy_score if is_classifier(self) else r2_score
        labels, found, *weight = map(np.concatenate, parts)
        return float(metric(labels, found, sample_weight=weight[0] if weight else None))

    def _map(self, method: str, X: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        self._fitted_student()
        lean = copy(self)
        lean.__dict__["_teacher"] = None  # It need not travel.
        call = partial(_call_method, lean, method)
        if not (method == "predict" and is_classifier(self)):
            dtype = dtype_said(call, X, dtype)
        return map_samples(call, X, shape, dtype)


def _call_method(model: Any, method: str, X: Table) -> NDArray:
    return getattr(model, method)(X)
