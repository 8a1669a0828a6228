"""What student and teacher predict for samples that they were not fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import ShuffleSplit
from sklearn.utils.parallel import Parallel, delayed

from skdistill._fitting import explaining_pickles, naming_failures
from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._warnings import warn_again, with_notes
from skdistill.cascade._deferral import (
    expected_gains,
    fit_models,
    predict_corrections,
)
from skdistill.cascade._pair import Pair
from skdistill.exceptions import PoorTeacherWarning

__all__ = ["HeldOut", "fit_folds", "halve", "score_out_of_fold"]

Fold = tuple[NDArray, NDArray]


@dataclass(frozen=True)
class HeldOut:
    """Predictions for samples that neither students nor teacher were fitted on.

    Attributes
    ----------
    students : list of ndarray of shape (n_samples,) or (n_samples, n_classes)
        Of each student: values, or probabilities of the classes.
    teacher : ndarray of the same shape
        Those of the teacher.
    folds : list of (train, test)
        On which parts a deferral model is cross-fitted: the folds of the predictions,
        or one split of the samples that a frozen model was given.
    """

    students: list[NDArray]
    teacher: NDArray
    folds: Sequence[Fold]


def fit_folds(
    models: dict[str, Estimator],
    X: Table,
    y: NDArray,
    classes: NDArray | None,
    folds: Sequence[Fold],
    params: dict[str, dict[str, Any]],
    whole: dict[str, Any],
    n_jobs: int | None,
) -> HeldOut:
    """Fit distilled models for each fold; they predict the samples held out.

    Parameters
    ----------
    models : dict of str to estimator
        Unfitted, for each student; the last one's teacher counts.
    X : table of shape (n_samples, n_features)
        The samples.
    y : ndarray of shape (n_samples,)
        Their labels.
    classes : ndarray of shape (n_classes,) or None
        The labels, sorted; None for regression.
    folds : list of (train, test)
        They hold out each sample once.
    params : dict of str to dict
        Parameters of each `fit` that have a value for each sample.
    whole : dict
        Others.
    n_jobs : int or None
        Folds fitted at once.

    Returns
    -------
    HeldOut
    """
    models = {name: _unjudged(model) for name, model in models.items()}
    work = partial(_fit_fold, models, X, y, classes, params=params, whole=whole)
    with explaining_pickles():
        results = Parallel(n_jobs=n_jobs)(
            delayed(with_notes)(work, number, train, test)
            for number, (train, test) in enumerate(folds)
        )
    shape = (len(y),) if classes is None else (len(y), len(classes))
    predictions = np.empty((len(models) + 1, *shape))
    for (found, notes), (_, test) in zip(results, folds, strict=True):
        predictions[:, test] = found
        # Students and teachers were judged on all samples.
        warn_again(note for note in notes if note[1] is not PoorTeacherWarning)
    *students, teacher = predictions
    return HeldOut(students, teacher, folds)


def _unjudged(model: Estimator) -> Estimator:
    """Return a clone that does not look at its teacher where it would only warn."""
    warns = {
        name: "ignore"
        for name, value in model.get_params().items()
        if name.rpartition("__")[2] == "on_poor_teacher" and value == "warn"
    }
    return clone(model).set_params(**warns)


def _fit_fold(
    models: dict[str, Estimator],
    X: Table,
    y: NDArray,
    classes: NDArray | None,
    number: int,
    train: NDArray,
    test: NDArray,
    *,
    params: dict[str, dict[str, Any]],
    whole: dict[str, Any],
) -> list[NDArray]:
    """Return what each student, and then the teacher, predicts for the test part."""
    held_out, found = safe_indexing(X, test), []
    for name, model in models.items():
        with naming_failures(f"{name} on fold {number}"):
            fitted = clone(model).fit(
                safe_indexing(X, train),
                y[train],
                **index_params(X, params[name], indices=train),
                **whole,
            )
        pair = Pair.of(fitted)
        found.append(pair.align(pair.student(held_out), classes))
    return [*found, pair.align(pair.teacher(held_out), classes)]


def halve(rows: NDArray, seed: int | None) -> list[Fold]:
    """Return one split of samples into halves, by chance; empty ones of too few."""
    if len(rows) < 2:
        return []
    split = ShuffleSplit(1, test_size=0.5, random_state=seed)
    return [(rows[train], rows[test]) for train, test in split.split(rows)]


def score_out_of_fold(
    model: Estimator,
    features: Table,
    student: NDArray,
    corrections: NDArray,
    weight: NDArray | None,
    folds: Sequence[Fold],
    seed: int | None,
) -> tuple[NDArray, NDArray]:
    """Return the samples that folds hold out, and their scores by models of the others.

    Parameters
    ----------
    model : regressor
        Unfitted; fitted on the training part of each fold.
    features : table of shape (n_samples, n_features)
        What it sees.
    student : ndarray of shape (n_samples,) or (n_samples, n_classes)
        What the student predicts.
    corrections : ndarray of shape (n_samples, n_columns)
        What it learns.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    folds : list of (train, test)
        The parts.
    seed : int or None
        The seed of the model.

    Returns
    -------
    rows, scores : ndarray
        In the order of the folds.
    """
    parts = []
    for train, test in folds:
        models = fit_models(
            model,
            safe_indexing(features, train),
            corrections[train],
            None if weight is None else weight[train],
            seed,
        )
        found = predict_corrections(models, safe_indexing(features, test))
        parts.append(expected_gains(student[test], found))
    return np.concatenate([test for _, test in folds]), np.concatenate(parts)
