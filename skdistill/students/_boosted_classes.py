"""scikit-learn's gradient boosting learns soft labels by its own loss.

Only what the trees are fitted to changes: the negative gradient, the initial estimator,
and the losses that are recorded or that stop the training.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from skdistill._sklearn import has_methods, restore_loss
from skdistill._typing import Estimator, Table
from skdistill.students._duplication import classes_of
from skdistill.students._fit import fit_on_target
from skdistill.students._gradient_boosting import (
    BoostedClassifierLeaves,
    BoostingAdapter,
)
from skdistill.students._registry import register
from skdistill.students._soft_codes import (
    SoftCodes,
    SoftLabelsLostError,
    soft_loss,
)
from skdistill.students._while_fitting import with_methods
from skdistill.targets import Target

__all__ = ["BoostedClassesAdapter"]

_METHODS = ("_encode_y", "_get_loss", "_init_state", "_fit_stages")


class BoostedClassesAdapter(BoostingAdapter):
    """GradientBoostingClassifier with log loss; with another it learns duplicates."""

    trains_natively = True

    def learns_natively(self, student: Estimator) -> bool:
        return student.loss == "log_loss" and has_methods(type(student), _METHODS)

    def ways_to_split(self, student: Estimator) -> list[str]:
        stops = student.n_iter_no_change is not None
        return ["n_iter_no_change"] * stops + super().ways_to_split(student)

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        if not self.learns_natively(student):
            return super().fit(student, X, target, fit_params)
        try:
            with with_methods(student, _methods(_Rows(target))):
                student.fit(X, target.labels, sample_weight=target.weight, **fit_params)
        except SoftLabelsLostError:
            if self.ways_to_split(student):
                raise
            return super().fit(student, X, target, fit_params)
        finally:
            init = getattr(student, "init_", None)
            if isinstance(init, _SoftInit):
                student.init_ = init.estimator
            restore_loss(student, target.weight)
        return student


class _Rows:
    """Which samples of a target are trained on, and which stop the training early."""

    def __init__(self, target: Target) -> None:
        self.target = target
        # In single precision, which is as exact as the trees' samples.
        self.codes = SoftCodes.of(target.labels, target.mixed, dtype=np.float32)
        self.is_binary = len(classes_of(target)) == 2
        self.train: Any = slice(None)
        self.held_out: Any = None

    def split(self, student: Estimator) -> None:
        """Split the samples as scikit-learn is about to, from the same random state."""
        if student.n_iter_no_change is None:
            return
        self.train, self.held_out = train_test_split(
            np.arange(len(self.codes)),
            random_state=deepcopy(check_random_state(student.random_state)),
            test_size=student.validation_fraction,
            stratify=np.asarray(self.codes),
        )

    def soft(self, rows: Any, y: NDArray) -> NDArray:
        """Return what takes the place of the labels of some samples, in `y`."""
        codes = self.codes[rows]
        if not np.array_equal(codes, y):
            raise SoftLabelsLostError
        return codes.of_second if self.is_binary else codes


class _SoftInit:
    """Stands in for the initial estimator, which learns the target too."""

    def __init__(self, estimator: Estimator, rows: _Rows) -> None:
        self.estimator, self.rows = estimator, rows

    def fit(self, X: Table, y: ArrayLike, sample_weight: NDArray | None = None) -> Self:
        codes = np.arange(len(classes_of(self.rows.target)), dtype=float)
        target = self.rows.target.take(
            self.rows.train, classes=codes, weight=sample_weight
        )
        self.estimator = fit_on_target(self.estimator, X, target)
        return self

    def predict_proba(self, X: Table) -> NDArray:
        return self.estimator.predict_proba(X)


def _methods(rows: _Rows) -> type:
    """Return the methods of gradient boosting in which soft labels differ."""

    class SoftBoosting:
        def _encode_y(self, y: NDArray, sample_weight: NDArray | None) -> NDArray:
            # What every class weighs decides whether there are two; each comes twice,
            # lest scikit-learn take them for numbers.
            weight = sample_weight
            if weight is not None:
                weight = np.tile(weight @ rows.target.mixed, 2)
            classes = np.tile(classes_of(rows.target), 2)
            super()._encode_y(y=classes, sample_weight=weight)  # type: ignore[misc]
            rows.split(self)
            return np.asarray(rows.codes)

        def _get_loss(self, sample_weight: NDArray) -> Any:
            if rows.is_binary:  # Its own loss takes probabilities as they are.
                return super()._get_loss(sample_weight)  # type: ignore[misc]
            return soft_loss(len(classes_of(rows.target)))

        def _init_state(self) -> None:
            super()._init_state()  # type: ignore[misc]
            init = vars(self)["init_"]
            if init != "zero":
                self.init_ = _SoftInit(init, rows)

        def _fit_stages(
            self,
            X: Table,
            y: NDArray,
            raw_predictions: NDArray,
            sample_weight: NDArray,
            random_state: np.random.RandomState,
            X_val: Table | None,
            y_val: NDArray | None,
            *others: Any,
        ) -> int:
            y = rows.soft(rows.train, y)
            y_val = None if y_val is None else rows.soft(rows.held_out, y_val)
            return super()._fit_stages(  # type: ignore[misc]
                X,
                y,
                raw_predictions,
                sample_weight,
                random_state,
                X_val,
                y_val,
                *others,
            )

    return SoftBoosting


register(
    "sklearn.ensemble._gb.GradientBoostingClassifier",
    BoostedClassesAdapter(BoostedClassifierLeaves),
)
