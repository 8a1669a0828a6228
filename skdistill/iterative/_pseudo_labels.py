"""Which unlabeled samples a noisy student learns, and as what."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from skdistill._fitting import clone_with_seed, naming_failures
from skdistill._numerics import log_probability, temper
from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import check_readable
from skdistill.distilled import check_samples
from skdistill.flow import join_samples
from skdistill.iterative._base import Given

__all__ = ["PseudoLabels", "split_unlabeled", "with_noise"]

# By scikit-learn's convention the label of an unlabeled sample.
_UNLABELED = -1


def split_unlabeled(model: Estimator, given: Given) -> Given:
    """Return what is given with the samples of label -1 among the unlabeled ones.

    Where less than two other classes would be left, -1 is a class.

    Parameters
    ----------
    model : estimator
        Gets `n_features_in_` and `feature_names_in_`.
    given : Given
        What is given to its `fit`; checked before it is divided.
    """
    check_readable(y=given.y, sample_weight=given.sample_weight)
    labels = np.asarray(given.y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dtype.kind not in "ifO" or labels.ndim != 1:
        return given
    marked = np.asarray(labels == _UNLABELED, dtype=bool)
    if not marked.any() or len({*labels[~marked].tolist()}) < 2:
        return given
    check_consistent_length(given.X, labels, given.sample_weight)
    check_samples(model, given.X, given.X_unlabeled)
    rows = np.flatnonzero(~marked)
    unlabeled = safe_indexing(given.X, np.flatnonzero(marked))
    if given.X_unlabeled is not None:
        unlabeled = join_samples(unlabeled, given.X_unlabeled)
    weight = given.sample_weight
    return Given(
        safe_indexing(given.X, rows),
        _as_one_type(labels[rows]),
        None if weight is None else np.asarray(weight)[rows],
        unlabeled,
        index_params(given.X, given.fit_params, indices=rows),
    )


def _as_one_type(labels: NDArray) -> NDArray:
    """Return labels of dtype object as strings or numbers, if that is what they are."""
    return np.array(labels.tolist()) if labels.dtype.kind == "O" else labels


def with_noise(noise: Any, X: Table, seed: int | None) -> Table:
    """Return each sample as a sampler varies it; as it is if there is none."""
    if noise is None:
        return X
    sampler = clone_with_seed(noise, seed)
    with naming_failures(f"noise ({type(sampler).__name__}); noise=None does without"):
        return sampler.fit(X).vary()


@dataclass(frozen=True)
class PseudoLabels:
    """How the teacher's predictions for unlabeled samples become what is learned.

    Attributes
    ----------
    confidence : float
        Samples whose most probable class has less are left out.
    balance : bool
        Whether each class that is predicted gets equally many samples.
    soft : bool
        Whether all probabilities are learned, not the class alone.
    """

    confidence: float = 0.0
    balance: bool = False
    soft: bool = True

    def choose(self, logits: NDArray) -> NDArray[np.intp]:
        """Return the samples that are learned; where they are balanced, some twice.

        Parameters
        ----------
        logits : ndarray of shape (n_unlabeled, n_classes)
            The teacher's.

        Returns
        -------
        rows : ndarray of int
        """
        sure = temper(logits, 1.0).max(axis=1)
        rows = np.flatnonzero(sure >= self.confidence)
        if not self.balance or not rows.size:
            return rows
        codes = logits.argmax(axis=1)
        by_class = [rows[codes[rows] == code] for code in np.unique(codes[rows])]
        n_each = max(1, len(rows) // len(by_class))
        chosen = [
            np.resize(part[np.argsort(-sure[part], kind="stable")], n_each)
            for part in by_class
        ]
        return np.sort(np.concatenate(chosen))

    def harden(self, logits: NDArray) -> NDArray[np.float64]:
        """Return logits of the most probable class alone, unless they stay soft."""
        if self.soft:
            return logits
        return log_probability(np.eye(logits.shape[1])[logits.argmax(axis=1)])
