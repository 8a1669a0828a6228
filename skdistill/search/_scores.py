"""The candidates' scores on the held-out rows of one fold."""

from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor

from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Table
from skdistill.distilled import BaseDistilled
from skdistill.teachers import as_estimator

__all__ = ["Examples", "Group", "score_fold"]


@dataclass(frozen=True)
class Examples:
    """All that is given to `fit`."""

    X: Table
    y: NDArray
    weight: NDArray | None
    X_transfer: Table | None
    fit_params: dict[str, Any]

    def part(self, rows: NDArray) -> "Examples":
        """Return some of the rows; transfer rows are for all parts."""
        return Examples(
            safe_indexing(self.X, rows),
            self.y[rows],
            None if self.weight is None else self.weight[rows],
            self.X_transfer,
            index_params(self.X, self.fit_params, indices=rows),
        )


@dataclass(frozen=True)
class Group:
    """Candidates that differ in their refinement's strength alone: one student for all.

    Attributes
    ----------
    params : dict
        Parameters of the distilled estimator.
    refinements : list
        LeafRefinements that grow the student alike, or None alone.
    takes_transfer : bool
        Whether it learns the rows in `X_transfer`.
    """

    params: dict[str, Any]
    refinements: list
    takes_transfer: bool = True

    def fit(self, model: BaseDistilled, examples: Examples) -> list:
        """Set the fitted attributes of `model`; return a student a refinement."""
        model.set_params(**self.params)
        return model._fit_students(
            examples.X,
            examples.y,
            examples.weight,
            examples.X_transfer if self.takes_transfer else None,
            examples.fit_params,
            self.refinements,
        )


def score_fold(model, groups, examples, train, parts, scorer):
    """Return the scores of all candidates, of the teacher and of a constant.

    Parameters
    ----------
    model : BaseDistilled
        Unfitted, with a memory in which the groups share the teacher.
    groups : list of Group
        The candidates.
    examples : Examples
        All rows.
    train : ndarray
        The rows to train on.
    parts : list of ndarray
        The held-out rows, in parts that are scored one by one.
    scorer : callable
        A scikit-learn scorer.

    Returns
    -------
    scores : ndarray of shape (n_candidates + 2, n_parts)
        The teacher and the constant come last.
    """
    training = examples.part(train)
    _check_weighty(examples.weight, [train, *parts])
    held_out = [examples.part(rows) for rows in parts]

    def score(estimator):
        return [_score(scorer, estimator, part) for part in held_out]

    scores = []
    for group in groups:
        fitted = clone(model)
        for student in group.fit(fitted, training):
            fitted.student_ = student
            scores.append(score(fitted))
    classes = getattr(fitted, "classes_", None)
    teacher = as_estimator(fitted.teacher_, classes)
    constant = DummyRegressor()
    if classes is not None:
        constant = DummyClassifier(strategy="prior")
    constant.fit(training.X, training.y, sample_weight=training.weight)
    return np.array([*scores, score(teacher), score(constant)])


def _score(scorer, estimator, part):
    if part.weight is None:
        return scorer(estimator, part.X, part.y)
    metric = getattr(scorer, "_score_func", scorer)
    if "sample_weight" not in signature(metric).parameters:
        raise ValueError(
            "scoring must take sample_weight where fit is given one. Got "
            f"{getattr(metric, '__name__', metric)}, which does not. Use another "
            "score, or fit without weights."
        )
    return scorer(estimator, part.X, part.y, sample_weight=part.weight)


def _check_weighty(weight, parts):
    """Raise if a fold has a part that nothing can be learned from, or scored on."""
    if weight is not None and not all(weight[rows].any() for rows in parts):
        raise ValueError(
            "Each fold of cv must train on and hold out rows with weight above 0. Got "
            "a fold without. Shuffle the folds, or leave out the rows of weight 0."
        )
