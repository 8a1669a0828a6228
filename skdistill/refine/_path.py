"""The refined leaf values for each of several strengths, from one look at the rows."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from skdistill._typing import Estimator, Table
from skdistill.refine._projected import solve_within
from skdistill.refine._registry import open_model
from skdistill.refine._rows import LeafPath, Rows
from skdistill.refine._solver import Problem, solve
from skdistill.students import LeafModel

__all__ = [
    "RefinementPath",
    "check_strengths",
    "refine_leaves",
    "refinement_path",
    "solve_leaves",
]

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

    Raises
    ------
    ValueError
        If the model cannot be refined, see `check_refinable`, or a parameter is out of
        its range.

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
    strengths : sequence of float
        In any order, each above 0; ``np.inf`` is the model as it is.
    tol : float, default=1e-3
        About which fraction of the possible decrease of the objective may be left out.
    offset : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        From where the raw prediction of each sample begins, as the model was fitted
        with it: XGBoost's `base_margin`, LightGBM's `init_score`. It stays out of the
        leaves.

    Returns
    -------
    RefinementPath

    Raises
    ------
    ValueError
        As of `refine_leaves`.

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
    values, leaf_model = check_strengths(strengths, tol), open_model(model)
    rows = Rows(model, leaf_model, X, target, sample_weight, offset)
    corrections = _solve_all(rows.problem, leaf_model, values, tol)
    return RefinementPath(model, leaf_model, values, rows.without_lost(corrections))


class RefinementPath(LeafPath):
    """A model with refined leaves for each of several strengths.

    Made by `refinement_path`.

    Attributes
    ----------
    strengths : ndarray of shape (n_strengths,)
        In the order in which they were asked for, which is that of all results.
    n_leaves : int
        The number of leaves that are refined, of all trees.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> X, y = make_friedman1(200, random_state=0)
    >>> model = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0).fit(X, y)
    >>> path = refinement_path(model, X, y, strengths=[1, 100])
    >>> path.n_leaves, path.losses(X, y).argmin()
    (8, np.int64(0))
    """

    def __init__(
        self,
        model: Estimator,
        leaf_model: LeafModel,
        strengths: NDArray,
        corrections: list[NDArray],
    ) -> None:
        super().__init__(model, leaf_model, corrections)
        self.strengths = strengths
        self.n_leaves = sum(leaf_model.sizes)


def check_strengths(strengths: Sequence[float], tol: float) -> NDArray:
    """Return the strengths as an array; raise if one, or tol, is none."""
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


def _solve_all(
    problem: Problem, leaf_model: LeafModel, strengths: NDArray, tol: float
) -> list[NDArray]:
    """Return the corrections for each strength; the largest is solved for first."""
    width = leaf_model.n_outputs if leaf_model.outputs is None else 1
    correction = np.zeros((problem.matrix.n_leaves, width))
    project = leaf_model.project if leaf_model.bounded else None
    solved = {np.inf: correction}
    for strength in sorted(set(strengths) - {np.inf}, reverse=True):
        correction = solve_leaves(problem, strength, correction, tol, project)
        solved[strength] = correction
    return [solved[strength] for strength in strengths]


def solve_leaves(
    problem: Problem,
    strength: float,
    start: NDArray,
    tol: float,
    project: Callable[[NDArray], NDArray] | None,
) -> NDArray:
    """Solve for a correction; `project` makes one valid where not all of them are."""
    if project is None:
        return solve(problem, strength, start, tol)
    return solve_within(problem, strength, start, tol, project)
