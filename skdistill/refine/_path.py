"""The refined leaf values for each of several strengths, from one look at the rows."""

from collections.abc import Iterator, Sequence
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
from skdistill.refine._projected import solve_within
from skdistill.refine._registry import open_model
from skdistill.refine._rounding import without_lost_corrections
from skdistill.refine._solver import Problem, solve
from skdistill.students import LeafModel

__all__ = ["RefinementPath", "refine_leaves", "refinement_path"]

# Leaf numbers that a library is asked for at once.
_BLOCK_SIZE = 2**22
# A weaker hold is none, and by its inverse all digits would be lost.
_WEAKEST = 1e-8


def refine_leaves(
    model: Estimator,
    X: Table,
    target: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    strength: float = 10.0,
    tol: float = 1e-3,
    offset: ArrayLike | None = None,
) -> Estimator:
    """Solve for all leaf values of a fitted tree model at once, and return a copy.

    The trees stay as they are. With A the 0/1 matrix of rows by leaves, z the raw
    predictions of the model given and m the target, the corrections d of the leaves'
    contributions to the raw prediction minimise ::

        sum_i s_i (z_i + (A d)_i - m_i)^2 + strength |d|^2              squared loss
        sum_i s_i CE(m_i, softmax(z_i + (A d)_i)) + strength / 2 |d|^2  log loss

    Regressors have squared loss, boosted classifiers log loss in their logits. Forests
    and single trees of classes have squared loss in their probabilities, and every leaf
    keeps a probability distribution.

    Parameters
    ----------
    model : estimator
        A fitted model for which `is_refinable` is true. It is left as it is.
    X : array-like of shape (n_samples, n_features)
        The rows, as `model.predict` takes them.
    target : array-like of shape (n_samples,), (n_samples, n_outputs) or \
(n_samples, n_classes)
        Values for a regressor; for a classifier labels, or a probability for each of
        `model.classes_`. Where the model was fitted with `class_weight` or the like, it
        does not count here: pass `sample_weight`.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights s. A weight of k is the same as k equal rows.
    strength : float, default=10.0
        How strongly the leaf values are held where they are. In a single tree of
        squared loss, as strongly as by so many rows in each leaf. ``np.inf`` changes
        nothing.
    tol : float, default=1e-3
        About which fraction of the possible decrease of the objective may be left out.
    offset : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        From where the raw prediction of each sample begins, as the model was fitted
        with it: XGBoost's `base_margin`, LightGBM's `init_score`. It stays out of the
        leaves.

    Returns
    -------
    refined : estimator
        A copy of `model` with new leaf values.

    Warns
    -----
    UnrefinedWarning
        If the model adds up its leaf values in single precision, and the target lies so
        far from zero that they would be rounded away. The copy is then as it was.

    References
    ----------
    Ren, Cao, Wei and Sun, "Global Refinement of Random Forest", CVPR 2015, equation 3;
    Shalev-Shwartz, Srebro and Zhang, "Trading Accuracy for Sparsity in Optimization
    Problems with Sparsity Constraints", 2010 (fully corrective steps).

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> X, y = make_friedman1(2000, noise=0.5, random_state=0)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X[:1000], y[:1000])
    >>> refined = refine_leaves(model, X[:1000], y[:1000])
    >>> refined.score(X[1000:], y[1000:]) > model.score(X[1000:], y[1000:])
    True
    """
    path = refinement_path(
        model, X, target, sample_weight, strengths=[strength], tol=tol, offset=offset
    )
    return path.model(0)


def refinement_path(
    model: Estimator,
    X: Table,
    target: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    strengths: Sequence[float],
    tol: float = 1e-3,
    offset: ArrayLike | None = None,
) -> "RefinementPath":
    """Refine a model's leaves for several strengths; see `refine_leaves`.

    The rows are looked up in the trees once, and each strength starts from the solution
    of the next larger one. Beside X this takes, for each row, a few numbers and 1 byte
    a tree of up to 32 leaves, 2 a larger one (4 above 65,536 leaves).

    Parameters
    ----------
    model, X, target, sample_weight, tol, offset
        As in `refine_leaves`.
    strengths : sequence of float
        In any order, each above 0; ``np.inf`` is the model as it is.

    Returns
    -------
    RefinementPath

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> X, y = make_friedman1(2000, noise=0.5, random_state=0)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X[:1000], y[:1000])
    >>> path = refinement_path(model, X[:1000], y[:1000], strengths=[1, 10, np.inf])
    >>> path.predict(X[1000:]).shape
    (3, 1000)
    >>> best = path.losses(X[1000:], y[1000:]).argmin()
    >>> refined = path.model(best)
    """
    values, leaf_model = _check_parameters(strengths, tol), open_model(model)
    X_last = _transformed(model, X)
    start = _check_offset(leaf_model, offset, _num_samples(X))
    matrix, raw = _look_up(leaf_model, X_last, start)
    loss = _make_loss(leaf_model, target, sample_weight, len(raw))
    problem = Problem(loss, matrix, raw)
    corrections = without_lost_corrections(
        problem, leaf_model, X_last, start, _solve_all(problem, leaf_model, values, tol)
    )
    return RefinementPath(model, leaf_model, values, corrections)


class RefinementPath:
    """A model with refined leaves for each of several strengths.

    Made by `refinement_path`.

    Attributes
    ----------
    strengths : ndarray of shape (n_strengths,)
        In the order in which they were asked for, which is that of all results.
    n_leaves : int
        The number of leaves that are refined, of all trees.
    """

    def __init__(
        self,
        model: Estimator,
        leaf_model: LeafModel,
        strengths: NDArray,
        corrections: list[NDArray],
    ) -> None:
        self.strengths = strengths
        self.n_leaves = sum(leaf_model.sizes)
        self._model = without_callback_context(model)
        self._leaf_model = leaf_model
        self._corrections = corrections

    def predict(self, X: Table, offset: ArrayLike | None = None) -> NDArray:
        """Predict with each refined model, without making it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        offset : array-like, default=None
            As in `refine_leaves`.

        Returns
        -------
        ndarray of shape (n_strengths, n_samples), or with a further axis of n_outputs \
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
        """Return the mean loss over rows for each strength.

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
        ndarray of shape (n_strengths,)
            Squared error, or log loss of boosted classifiers.
        """
        raws = list(self._raws(X, offset))
        loss = _make_loss(self._leaf_model, y, sample_weight, len(raws[0]))
        return np.array([loss.mean(raw) for raw in raws])

    def model(self, index: int) -> Estimator:
        """Return the copy of the model that has the strength at `index`."""
        refined = self._leaf_model.corrected(self._corrections[index])
        if not isinstance(self._model, Pipeline):
            return refined
        return deepcopy(self._model, {id(self._leaf_model.model): refined})

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


def _check_parameters(strengths: Sequence[float], tol: float) -> NDArray:
    if not 0 < tol < 1:
        raise ValueError(f"tol must be a fraction between 0 and 1. Got {tol!r}.")
    values = check_array(
        strengths, ensure_2d=False, dtype=float, ensure_all_finite=False
    )
    if values.ndim != 1 or not (values > 0).all():
        raise ValueError(
            f"A strength must be above 0; infinity is no refinement. Got {strengths!r}."
        )
    return np.maximum(values, _WEAKEST)


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


def _solve_all(
    problem: Problem, leaf_model: LeafModel, strengths: NDArray, tol: float
) -> list[NDArray]:
    """Return the corrections for each strength; the largest is solved for first."""
    width = leaf_model.n_outputs if leaf_model.outputs is None else 1
    correction = np.zeros((problem.matrix.n_leaves, width))
    solved = {np.inf: correction}
    for strength in sorted(set(strengths) - {np.inf}, reverse=True):
        if leaf_model.bounded:
            correction = solve_within(
                problem, strength, correction, tol, leaf_model.project
            )
        else:
            correction = solve(problem, strength, correction, tol)
        solved[strength] = correction
    return [solved[strength] for strength in strengths]
