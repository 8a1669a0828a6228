"""The stages of a cascade: students from cheap to dear, and who goes on from each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skdistill._sklearn import num_samples, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.cascade._deferral import (
    UNCERTAINTIES,
    expected_gains,
    features_of,
    predict_corrections,
)
from skdistill.cascade._pair import ask_student
from skdistill.inspect import FidelityCertificate

__all__ = ["Asked", "CascadeStage", "ask"]


@dataclass(frozen=True)
class CascadeStage:
    """A student of a cascade, and what says which samples go on from it.

    Parameters
    ----------
    name : str
        What the student is called.
    model : estimator
        Fitted: what predicts.
    deferral : str
        Which score needs no model; empty where models are learned.
    deferral_models : list of regressor
        What learned by how much the student misses.
    threshold : float
        A sample with a higher score goes on.
    certificate : FidelityCertificate or None
        How far the student strays from the teacher on samples that it keeps; None
        where it keeps none.
    """

    name: str
    model: Estimator
    deferral: str = ""
    deferral_models: list[Estimator] = field(default_factory=list)
    threshold: float = np.inf
    certificate: FidelityCertificate | None = None

    def predict(self, X: Table) -> NDArray:
        """Return values, or probabilities of the classes.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.
        """
        return ask_student(self.model, X)

    def score(self, X: Table, predicted: NDArray) -> NDArray[np.float64]:
        """Return what each sample is expected to gain by going on.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.
        predicted : ndarray of shape (n_samples,) or (n_samples, n_classes)
            What `predict` returns for them.
        """
        if self.deferral:
            return UNCERTAINTIES[self.deferral](predicted)
        features = features_of(X, predicted)
        corrections = predict_corrections(self.deferral_models, features)
        return expected_gains(predicted, corrections)


class Asked(NamedTuple):
    """What the students of a cascade say of some samples.

    Attributes
    ----------
    predictions : ndarray of shape (n_samples,) or (n_samples, n_classes)
        What the last student says that was asked about a sample.
    scores : ndarray of shape (n_samples,)
        The score of the last stage; negatively infinite for samples that do not come
        so far.
    kept_by : ndarray of int of shape (n_samples,)
        The number of the student that keeps a sample; how many there are if none does.
    """

    predictions: NDArray
    scores: NDArray[np.float64]
    kept_by: NDArray[np.int_]


def ask(stages: Sequence[CascadeStage], X: Table) -> Asked:
    """Ask one student after the other, each about the samples that came to it.

    Parameters
    ----------
    stages : list of CascadeStage
        From the first to the last.
    X : table of shape (n_samples, n_features)
        The samples.

    Returns
    -------
    Asked
    """
    n_samples, last = num_samples(X), len(stages) - 1
    rows, scores = np.arange(n_samples), np.full(n_samples, -np.inf)
    kept_by = np.zeros(n_samples, dtype=int)
    predictions = np.empty(0)
    for number, stage in enumerate(stages):
        part = X if number == 0 else safe_indexing(X, rows)
        found = stage.predict(part)
        if number == 0:
            predictions = found.copy()
        predictions[rows] = found
        score = stage.score(part, found)
        if number == last:
            scores[rows] = score
        rows = rows[score > stage.threshold]
        kept_by[rows] = number + 1
        if not len(rows):
            break
    return Asked(predictions, scores, kept_by)
