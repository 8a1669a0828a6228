"""Hints: what a teacher knows of a sample beside its prediction, in a few numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skdistill._fitting import naming_failures
from skdistill._sklearn import Interval, StrOptions, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.teachers._predictions import in_sample_order
from skdistill.teachers._representation import Representation, check_source

__all__ = ["FittedHints", "Hints"]

# Samples that similarities are measured to.
_N_LANDMARKS = 200


class Hints(BaseEstimator):
    """What a student learns of the teacher's representation, as further outputs.

    A student of several outputs grows its splits, or its hidden layers, for all of
    them. While it is fitted it learns hints beside the target; the outputs of the hints
    are dropped afterwards, so it is as large as the baseline student, and of the same
    class. Its loss is ::

        loss(target, f) + sum_j(g_j - h_j) ^ 2

    with the hints h of a sample and the further outputs g. The hints are the first
    principal components of the representation, scaled so that their variances sum up to
    `weight` times the variance of the labels. A training sample's hints come from a
    teacher that never saw its label.

    Parameters
    ----------
    source : {"members", "hidden", "distances", "leaves"}, default="members"
        The representation.

        - "members": predictions of the members of a stack or a vote, or of several
          teachers.
        - "hidden": the last hidden layer of a perceptron [1]_. Those of the fold
          teachers are rotated onto the first one's, by orthogonal Procrustes over the
          samples that the teacher learned from.
        - "distances": distances in that layer to some training samples, over their
          mean [2]_, which no rotation changes.
        - "leaves": of a sum of trees, the fraction of them in which a sample is in the
          same leaf as each of some training samples: its row of the co-occurrence
          kernel.
    n_components : int, default=8
        The number of hints, at most; there are no more than the representation has
        columns that vary.
    weight : float, default=1.0
        The variance of all hints together, over that of the labels.

    References
    ----------
    .. [1] Romero, Ballas, Kahou, Chassang, Gatta and Bengio, "FitNets: Hints for Thin
       Deep Nets", 2015 (the hint loss). There hints are learned first, here at once.
    .. [2] Park, Kim, Lu and Cho, "Relational Knowledge Distillation", 2019 (the
       distance-wise loss). There it compares distances within a batch; here those to a
       few samples are outputs.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.teachers import Hints
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DistilledRegressor(
    ...     ExtraTreesRegressor(20),
    ...     RandomForestRegressor(5, max_leaf_nodes=8),
    ...     hints=Hints("leaves", n_components=4),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.student_.n_outputs_
    1
    """

    _parameter_constraints: ClassVar[dict] = {
        "source": [StrOptions({"members", "hidden", "distances", "leaves"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "weight": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self, source: str = "members", *, n_components: int = 8, weight: float = 1.0
    ) -> None:
        self.source = source
        self.n_components = n_components
        self.weight = weight

    def check_teacher(self, name: str, teacher: Estimator) -> None:
        """Raise if a teacher, unfitted or frozen, has no such representation.

        Parameters
        ----------
        name : str
            What it is called.
        teacher : estimator
            Unfitted or frozen.
        """
        check_source(self.source, name, teacher)

    def fit(
        self,
        teachers: Sequence[Estimator],
        folds: NDArray,
        X: Table,
        sample_weight: NDArray | None = None,
        scale: float = 1.0,
    ) -> "FittedHints":
        """Return the hints of the training samples, and what gives those of others.

        Parameters
        ----------
        teachers : sequence of fitted estimators
            One for each fold, or one alone.
        folds : ndarray of int of shape (n_samples,)
            For each sample the number of the teacher that gives its hints.
        X : table of shape (n_samples, n_features)
            The training samples, as the teachers see them.
        sample_weight : ndarray of shape (n_samples,), default=None
            Sample weights.
        scale : float, default=1.0
            The standard deviation of the labels.

        Returns
        -------
        FittedHints
        """
        if self.source == "members":
            _check_same_classes(teachers)
        parts = [Representation(self.source, one) for one in teachers]
        n_samples = len(folds)
        landmarks = np.arange(n_samples)
        if sample_weight is not None:
            landmarks = np.flatnonzero(sample_weight)
        count = min(len(landmarks), _N_LANDMARKS)
        places = np.linspace(0, len(landmarks) - 1, count).round().astype(int)
        held_out, found = [], []
        for number, part in enumerate(parts):
            own = np.flatnonzero(folds == number)
            learned = np.flatnonzero(folds != number) if len(parts) > 1 else own
            with naming_failures("hints", "computing"):
                part.align(X, learned, sample_weight, landmarks[places], parts[0])
                found.append(part.transform(safe_indexing(X, own)))
            held_out.append(own)
        values = in_sample_order(held_out, found, n_samples)
        return self.of_values(values, sample_weight, scale, parts)

    def of_values(
        self,
        values: NDArray,
        sample_weight: NDArray | None = None,
        scale: float = 1.0,
        parts: Sequence[Representation] = (),
    ) -> "FittedHints":
        """Return the hints of a representation whose columns are aligned.

        Parameters
        ----------
        values : ndarray of shape (n_samples, n_columns)
            The representation of the training samples.
        sample_weight : ndarray of shape (n_samples,), default=None
            Sample weights.
        scale : float, default=1.0
            The standard deviation of the labels.
        parts : sequence, default=()
            What represents further samples.

        Returns
        -------
        FittedHints
        """
        mean = np.average(values, axis=0, weights=sample_weight)
        centred = values - mean
        weight = np.ones(len(values)) if sample_weight is None else sample_weight
        variances, axes = np.linalg.eigh(
            centred.T @ (weight[:, None] * centred) / weight.sum()
        )
        kept = np.argsort(-variances)[: self.n_components]
        kept = kept[variances[kept] > 1e-10 * max(variances.max(), 1e-300)]
        axes, total = axes[:, kept], variances[kept].sum()
        # An axis has no direction: its largest entry is made positive.
        largest = np.abs(axes).argmax(axis=0)
        axes *= np.sign(axes[largest, np.arange(len(kept))])
        axes *= scale * np.sqrt(self.weight / total) if total > 0 else 0.0
        return FittedHints(mean, axes, centred @ axes, tuple(parts))


@dataclass(frozen=True)
class FittedHints:
    """The hints of the training samples, and what gives those of others.

    Attributes
    ----------
    mean, axes : ndarray
        The mean of the representation and its scaled principal axes.
    values : ndarray of shape (n_samples, n_hints)
        The hints of the training samples.
    parts : tuple
        What represents further samples, by each teacher.
    """

    mean: NDArray
    axes: NDArray
    values: NDArray
    parts: tuple[Representation, ...] = ()

    def of_others(self, values: NDArray) -> NDArray[np.float64]:
        """Return the hints of other samples from their representation."""
        return (values - self.mean) @ self.axes

    def transform(self, X: Table) -> NDArray[np.float64]:
        """Return the hints of other samples: the mean over the fold teachers.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            As the teachers see them.

        Returns
        -------
        hints : ndarray of shape (n_samples, n_hints)
        """
        return self.of_others(np.mean([part.transform(X) for part in self.parts], 0))


def _check_same_classes(teachers: Sequence[Estimator]) -> None:
    """Raise if the members of some teachers tell apart other classes than others."""
    found = [np.asarray(getattr(one, "classes_", ())) for one in teachers]
    known = {tuple(classes.tolist()) for classes in found}
    if len(known) > 1:
        raise ValueError(
            "With source='members' the teachers of all folds must know the same "
            f"classes, as their predictions stand in columns. Got {sorted(known)}. Use "
            "folds that each leave samples of all classes, another source, or "
            "hints=None."
        )
