"""What is learned of held-out samples: the scores of all stages, their thresholds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.cascade._deferral import (
    UNCERTAINTIES,
    default_model,
    features_of,
    find_corrections,
    fit_models,
)
from skdistill.cascade._held_out import HeldOut, score_out_of_fold
from skdistill.cascade._stage import CascadeStage
from skdistill.cascade._threshold import certify_stages, find_thresholds

__all__ = ["Known", "Learned", "learn_scores", "set_thresholds"]


class Known(NamedTuple):
    """What deferral scores are learned from.

    Attributes
    ----------
    X : table of shape (n_samples, n_features)
        The samples.
    y : ndarray of shape (n_samples,) or None
        Their labels.
    classes : ndarray of shape (n_classes,) or None
        The labels that there are; None for regression.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    held_out : HeldOut
        What is predicted for the samples by who was not fitted on them.
    is_frozen : bool
        Whether the models that predict were fitted on other samples. Then one half of
        these teaches the scores, and the other sets the thresholds.
    """

    X: Table
    y: NDArray | None
    classes: NDArray | None
    weight: NDArray | None
    held_out: HeldOut
    is_frozen: bool


class Learned(NamedTuple):
    """Stages without thresholds, and scores by what was not fitted on the samples.

    Attributes
    ----------
    stages : list of CascadeStage
        Each with what scores samples.
    scores : list of ndarray of shape (n_scored,)
        Of each stage.
    rows : ndarray of int of shape (n_scored,)
        The samples that are scored, which have a weight above 0.
    """

    stages: list[CascadeStage]
    scores: list[NDArray]
    rows: NDArray


def learn_scores(
    models: dict[str, Estimator], deferral: Any, known: Known, seed: int | None
) -> Learned:
    """Learn the score of each student.

    Parameters
    ----------
    models : dict of str to estimator
        The fitted models of the students, by their names.
    deferral : str or regressor
        A score by its name, or what learns it.
    known : Known
        What it is learned from.
    seed : int or None
        The seed of what learns.

    Returns
    -------
    Learned
    """
    stages, scores, rows = [], [], np.arange(len(known.held_out.teacher))
    for (name, model), student in zip(
        models.items(), known.held_out.students, strict=True
    ):
        if isinstance(deferral, str) and deferral in UNCERTAINTIES:
            stages.append(CascadeStage(name, model, deferral))
            scores.append(stages[-1].score(known.X, student))
            continue
        learner = default_model() if isinstance(deferral, str) else deferral
        learned, rows, score = _learn_score(learner, student, known, seed)
        stages.append(CascadeStage(name, model, deferral_models=learned))
        scores.append(score)
    if known.weight is not None:
        weighty = known.weight[rows] > 0
        rows, scores = rows[weighty], [score[weighty] for score in scores]
    return Learned(stages, scores, rows)


def _learn_score(
    learner: Estimator, student: NDArray, known: Known, seed: int | None
) -> tuple[list[Estimator], NDArray, NDArray]:
    """Return fitted models, samples, and their scores by others of their kind."""
    held_out, weight = known.held_out, known.weight
    corrections = find_corrections(student, held_out.teacher, known.y, known.classes)
    features = features_of(known.X, student)
    rows, scores = score_out_of_fold(
        *(learner, features, student, corrections, weight, held_out.folds, seed)
    )
    if known.is_frozen:  # The other half has set the threshold.
        train = held_out.folds[0][0]
        features, corrections = safe_indexing(features, train), corrections[train]
        weight = None if weight is None else weight[train]
    return fit_models(learner, features, corrections, weight, seed), rows, scores


def set_thresholds(
    learned: Learned, fractions: Sequence[float], known: Known, level: float
) -> tuple[list[CascadeStage], float]:
    """Return the stages with thresholds and certificates, and the fraction deferred.

    Parameters
    ----------
    learned : Learned
        The stages, and scores of held-out samples.
    fractions : list of float
        How many samples may go on from each stage.
    known : Known
        What the scores were learned from.
    level : float
        The probability or confidence of the bounds.

    Returns
    -------
    stages : list of CascadeStage
        Complete.
    deferred_fraction : float
        The weighted fraction of the scored samples that goes to the teacher.
    """
    stages, scores, rows = learned
    weight = None if known.weight is None else known.weight[rows]
    thresholds = find_thresholds(scores, fractions, weight)
    of_classes = known.held_out.teacher.ndim == 2
    *students, teacher = (
        one[rows].argmax(axis=1) if of_classes else one[rows]
        for one in (*known.held_out.students, known.held_out.teacher)
    )
    certificates = certify_stages(
        *(scores, thresholds, students, teacher), level=level, of_classes=of_classes
    )
    done = [
        replace(stage, threshold=threshold, certificate=certificate)
        for stage, threshold, certificate in zip(
            stages, thresholds, certificates, strict=True
        )
    ]
    goes_on = [score > one for score, one in zip(scores, thresholds, strict=True)]
    return done, float(np.average(np.all(goes_on, axis=0), weights=weight))
