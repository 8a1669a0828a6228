"""Rows that leaf values are solved for on, and the models that come of it."""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array

from skdistill._sklearn import safe_indexing, without_callback_context
from skdistill._typing import Estimator, Table
from skdistill._validation import check_weights
from skdistill.refine._loss import LOSSES, Loss
from skdistill.refine._matrix import LeafMatrix
from skdistill.refine._rounding import without_lost_corrections
from skdistill.refine._solver import Problem
from skdistill.students import LeafModel

__all__ = ["LeafPath", "Rows"]

# Leaf numbers that a library is asked for at once.
_BLOCK_SIZE = 2**22


class Rows:
    """The rows that the leaf values of a fitted model are solved for on.

    Parameters
    ----------
    model : estimator
        Fitted; or a Pipeline that ends in it.
    leaf_model : LeafModel
        Its leaves.
    X, target, sample_weight, offset
        As in `refine_leaves`.

    Attributes
    ----------
    problem : Problem
        What is solved.
    matrix : LeafMatrix
        Which leaves they fall into.
    """

    def __init__(
        self,
        model: Estimator,
        leaf_model: LeafModel,
        X: Table,
        target: ArrayLike,
        sample_weight: ArrayLike | None,
        offset: ArrayLike | None,
    ) -> None:
        self._leaf_model = leaf_model
        self._X = _transformed(model, X)
        self._offset = _check_offset(leaf_model, offset, _num_samples(X))
        self.matrix, raw = _look_up(leaf_model, self._X, self._offset)
        loss = _make_loss(leaf_model, target, sample_weight, len(raw))
        self.problem = Problem(loss, self.matrix, raw)

    def without_lost(self, corrections: list[NDArray]) -> list[NDArray]:
        """Replace corrections that rounding would undo by zeros."""
        return without_lost_corrections(
            self.problem, self._leaf_model, self._X, self._offset, corrections
        )


class LeafPath:
    """A model with several corrections of its leaves.

    Parameters
    ----------
    model : estimator
        Fitted; or a Pipeline that ends in it.
    leaf_model : LeafModel
        Its leaves.
    corrections : list of ndarray
        What each adds to the contributions of the leaves.
    """

    def __init__(
        self, model: Estimator, leaf_model: LeafModel, corrections: list[NDArray]
    ) -> None:
        self._model = without_callback_context(model)
        self._leaf_model = leaf_model
        self._corrections = corrections

    def predict(self, X: Table, offset: ArrayLike | None = None) -> NDArray:
        """Predict with each of the models, without making it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        offset : array-like, default=None
            As in `refine_leaves`.

        Returns
        -------
        ndarray of shape (n_models, n_samples), or with a further axis of n_outputs \
or n_classes
            Values, or probabilities of a classifier.
        """
        loss = LOSSES[self._leaf_model.loss]
        predictions = np.stack([loss.predictions(raw) for raw in self._raws(X, offset)])
        is_column = predictions.shape[2] == 1
        if is_column and not is_classifier(self._leaf_model.model):
            return predictions[:, :, 0]
        return predictions

    def losses(
        self,
        X: Table,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> NDArray:
        """Return the mean loss over rows for each of the models.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows that neither the trees nor the leaf values were made from, if the
            losses are to be compared.
        y : array-like
            What `refine_leaves` takes as target; usually labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        offset : array-like, default=None
            As in `refine_leaves`.

        Returns
        -------
        ndarray of shape (n_models,)
            Squared error, or log loss of boosted classifiers.
        """
        raws = list(self._raws(X, offset))
        loss = _make_loss(self._leaf_model, y, sample_weight, len(raws[0]))
        return np.array([loss.mean(raw) for raw in raws])

    def model(self, index: int) -> Estimator:
        """Return the copy of the model that has the correction at `index`."""
        changed = self._changed(index)
        if not isinstance(self._model, Pipeline):
            return changed
        return deepcopy(self._model, {id(self._leaf_model.model): changed})

    def _changed(self, index: int) -> Estimator:
        """Return a copy of the model itself, or of the last step of a Pipeline."""
        return self._leaf_model.corrected(self._corrections[index])

    def _raws(self, X: Table, offset: ArrayLike | None) -> Iterator[NDArray]:
        start = _check_offset(self._leaf_model, offset, _num_samples(X))
        matrix, raw = _look_up(self._leaf_model, _transformed(self._model, X), start)
        for correction in self._corrections:
            yield raw + matrix.times(correction, raw.shape)


def _transformed(model: Estimator, X: Table) -> Table:
    """Take X through the steps before the last one."""
    while isinstance(model, Pipeline):
        if len(model.steps) > 1:
            X = model[:-1].transform(X)
        model = model.steps[-1][1]
    return X


def _num_samples(X: Table) -> int:
    return X.shape[0] if hasattr(X, "shape") else len(X)


def _check_offset(
    leaf_model: LeafModel, offset: ArrayLike | None, n_rows: int
) -> NDArray | None:
    """Return an offset as an array of shape (n_rows, n_outputs)."""
    if offset is None:
        return None
    values = check_array(offset, ensure_2d=False, dtype=float, input_name="offset")
    shape = (n_rows, leaf_model.n_outputs)
    if values.shape != shape and (shape[1] > 1 or values.shape != (n_rows,)):
        raise ValueError(
            f"offset must have shape {shape}, a value for each raw prediction. Got "
            f"{values.shape}."
        )
    return values.reshape(shape)


def _look_up(
    leaf_model: LeafModel, X: Table, offset: NDArray | None
) -> tuple[LeafMatrix, NDArray]:
    """Return the leaves and the raw predictions of the rows, a block at a time."""
    n_rows = _num_samples(X)
    matrix = LeafMatrix(leaf_model.sizes, leaf_model.outputs, n_rows)
    raw = np.empty((n_rows, leaf_model.n_outputs))
    step = max(1, _BLOCK_SIZE // max(1, len(leaf_model.sizes)))
    for start in range(0, n_rows, step):
        rows = slice(start, start + step)
        block = safe_indexing(X, rows) if n_rows > step else X
        matrix.fill(rows, leaf_model.leaves(block))
        raw[rows] = leaf_model.raw_from(block, None if offset is None else offset[rows])
    return matrix, raw


def _make_loss(
    leaf_model: LeafModel,
    target: ArrayLike,
    sample_weight: ArrayLike | None,
    n_rows: int,
) -> Loss:
    """Return the loss of the raw predictions of `n_rows` rows."""
    weight = check_weights(sample_weight, n_rows)
    values = _check_target(leaf_model, target, n_rows)
    return LOSSES[leaf_model.loss](values, weight)


def _check_target(leaf_model: LeafModel, target: ArrayLike, n_rows: int) -> NDArray:
    """Return the target as an array of shape (n_rows, n_outputs or n_classes)."""
    model = leaf_model.model
    if is_classifier(model) and np.ndim(target) == 1:
        target = _onehot(np.asarray(target), model.classes_)
    values = check_array(target, ensure_2d=False, dtype=float, input_name="target")
    values = values.reshape(len(values), -1)
    width = len(model.classes_) if is_classifier(model) else leaf_model.n_outputs
    if values.shape != (n_rows, width):
        raise ValueError(
            f"target must have shape ({n_rows}, {width}) for these rows and this "
            f"{type(model).__name__}. Got {np.shape(target)}."
        )
    sums = values.sum(axis=1)
    if is_classifier(model) and ((values < 0).any() or abs(sums - 1).max() > 1e-6):
        raise ValueError(
            "target must hold labels or the probability of each class, which sum to 1 "
            f"in a row. Got values from {values.min():g} and sums from {sums.min():g} "
            f"to {sums.max():g}."
        )
    return values


def _onehot(labels: NDArray, classes: NDArray) -> NDArray:
    unknown = np.setdiff1d(labels, classes)
    if unknown.size:
        raise ValueError(
            f"target must hold labels among the model's classes, {classes}. Got "
            f"{unknown}."
        )
    return np.eye(len(classes))[np.searchsorted(classes, labels)]
