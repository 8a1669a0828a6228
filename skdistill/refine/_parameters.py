"""The choice of the strength by rows that neither trees nor leaves have seen."""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold, StratifiedKFold, check_cv

from skdistill._sklearn import Interval, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import check_weights
from skdistill.refine._path import RefinementPath, refine_leaves, refinement_path

__all__ = ["LeafRefinement"]


class LeafRefinement(BaseEstimator):
    """How leaf values are refined, and how the strength is chosen.

    The trees were grown on the training rows. Judged by these rows, the least strength
    looks best, whatever the truth. So a strength is chosen by models of which both the
    trees and the leaf values come from a part of the rows, judged by the labels of the
    other rows: that is `choose`. The model fitted on all rows is then refined with it.

    Parameters
    ----------
    strengths : float or sequence of float, default=(3.0, 10.0, 30.0, 100.0, 300.0)
        The strengths to choose from, each above 0; see `refine_leaves`. No refinement
        is one of the choices too. A single number is taken without a choice.
    cv : int, splitter or iterable of splits, default=3
        The folds of the choice. A number is k-fold, shuffled.
    tol : float, default=0.001
        The share of the possible decrease of the objective that may be left out.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> X, y = make_friedman1(1000, noise=0.5, random_state=0)
    >>> def fit(rows):
    ...     return GradientBoostingRegressor(random_state=0).fit(X[rows], y[rows])
    >>> refinement = LeafRefinement()
    >>> strength = refinement.choose(
    ...     lambda rows: refinement.path(fit(rows), X[rows], y[rows]),
    ...     X,
    ...     y,
    ...     random_state=0,
    ... )
    >>> strength
    10.0
    >>> refined = refinement.refine(fit(slice(None)), X, y, strength=strength)
    """

    _parameter_constraints: ClassVar[dict] = {
        "strengths": ["array-like", Interval(Real, 0, None, closed="neither")],
        "cv": ["cv_object"],
        "tol": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(
        self,
        strengths: float | Sequence[float] = (3.0, 10.0, 30.0, 100.0, 300.0),
        *,
        cv: Any = 3,
        tol: float = 1e-3,
    ) -> None:
        self.strengths = strengths
        self.cv = cv
        self.tol = tol

    def path(
        self,
        model: Estimator,
        X: Table,
        target: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> RefinementPath:
        """Refine a fitted model with each strength, the last of which is infinity.

        Parameters
        ----------
        model, X, target, sample_weight
            As in `refine_leaves`: rows of the training part, and transfer rows.

        Returns
        -------
        RefinementPath
        """
        self._validate_params()
        return refinement_path(
            model, X, target, sample_weight, strengths=self._choices(), tol=self.tol
        )

    def refine(
        self,
        model: Estimator,
        X: Table,
        target: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        strength: float,
    ) -> Estimator:
        """Refine a fitted model with the chosen strength; see `refine_leaves`."""
        self._validate_params()
        return refine_leaves(
            model, X, target, sample_weight, strength=strength, tol=self.tol
        )

    def choose(
        self,
        fit_path: Callable[[NDArray], RefinementPath],
        X: Table,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        stratify: bool = False,
        random_state: Any = None,
    ) -> float:
        """Return the strength with the least loss on rows held out.

        Parameters
        ----------
        fit_path : callable
            Takes the numbers of some rows, fits a model on them alone, and returns the
            `path` of its refinement. Nothing in it may come from the labels of the
            other rows.
        X : array-like of shape (n_samples, n_features)
            The rows that have labels.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The labels, by which the held-out predictions are judged.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights.
        stratify : bool, default=False
            Whether a number of folds means folds with equal shares of the classes.
        random_state : int, RandomState instance or None, default=None
            Shuffles the rows if `cv` is a number.

        Returns
        -------
        float
            One of the strengths, or infinity if no refinement does best; the greatest
            of those that do equally well.
        """
        self._validate_params()
        if isinstance(self.strengths, Real):
            return float(self.strengths)
        y, total = np.asarray(y), np.zeros(len(self._choices()))
        weight = check_weights(sample_weight, len(y))
        for train, test in self._folds(X, y, stratify, random_state):
            part = None if weight is None else weight[test]
            losses = fit_path(train).losses(safe_indexing(X, test), y[test], part)
            total += losses * (len(test) if part is None else part.sum())
        return float(self._choices()[total == total.min()].max())

    def _choices(self):
        return np.append(np.asarray(self.strengths, dtype=float), np.inf)

    def _folds(self, X, y, stratify, random_state):
        cv = self.cv
        if isinstance(cv, Integral):
            kind = StratifiedKFold if stratify else KFold
            cv = kind(int(cv), shuffle=True, random_state=random_state)
        return check_cv(cv, y, classifier=stratify).split(X, y)
