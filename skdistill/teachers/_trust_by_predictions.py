"""Trust by the predictions alone: how sure the teacher is, and how far several agree.

Without labels it holds for the samples of a transfer set too.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from skdistill._numerics import temper
from skdistill.teachers._trust import Evidence, Trust

__all__ = ["ConfidenceTrust", "MatchingTrust", "SpreadTrust"]


class ConfidenceTrust(Trust):
    """Believe a teacher of classes as far as it is confident.

    ``F_i = max_j p_ij``, for the samples of a transfer set too. It is common practice;
    calibrated, it is how often the teacher is right.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.log([[0.5, 0.5], [0.9, 0.1]])
    >>> ConfidenceTrust().weights(Evidence(logits, True))
    array([0.5, 0.9])
    """

    uses_labels = False
    takes_values = False

    def weights(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return F_i.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples, or of a transfer set.

        Returns
        -------
        weights : ndarray of shape (n_samples,)
        """
        return evidence.probabilities.max(axis=1)


class MatchingTrust(Trust):
    """Weigh a teacher of classes as weighted transformed teacher matching does.

    ``F_i = U_i / K**(1 - 1/T)`` with ``U_i = sum_j p_ij**(1/T)`` and K classes, for the
    samples of a transfer set too. U_i is the paper's weight of the loss to the tempered
    teacher. Divided by the maximum that it can have for T above 1, so that it is at
    most 1; with T = 1 it is 1 for all. For T below 1, where it is at most 1, it is
    taken as it is. In the paper the label keeps its weight; here it gets the rest.

    References
    ----------
    Zheng and Yang, "Knowledge Distillation Based on Transformed Teacher Matching",
    ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.log([[0.5, 0.5], [0.9, 0.1]])
    >>> MatchingTrust().weights(Evidence(logits, True, temperature=2.0)).round(3)
    array([1.   , 0.894])
    """

    uses_labels = False
    takes_values = False

    def weights(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return F_i.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples, or of a transfer set.

        Returns
        -------
        weights : ndarray of shape (n_samples,)
        """
        power = 1 / evidence.temperature
        p = evidence.probabilities
        largest = max(1.0, p.shape[1] ** (1 - power))
        return np.minimum((p**power).sum(axis=1) / largest, 1.0)


class SpreadTrust(Trust):
    """Believe several teachers, or those of the folds, the less they agree.

    ``F_i = e / (e + s_i)`` with the mean squared error e out-of-fold and the variance
    s_i of what the teachers predict for the sample, in the same unit. It is the weight
    of a prediction with variance s_i beside a label with variance e. The teachers of
    the folds have seen a training sample's label, all but one; so they are asked for
    samples of the transfer set alone, and training samples keep their alpha.

    Examples
    --------
    >>> import numpy as np
    >>> parts = np.array([[2.0, 2.0], [0.0, 4.0]])
    >>> y = np.array([0.0, 4.0])
    >>> evidence = Evidence(parts.mean(axis=1), False, y, parts)
    >>> SpreadTrust().fit(evidence).weights(evidence)
    array([1. , 0.5])
    """

    uses_labels = False
    uses_parts = True

    def fit(self, evidence: Evidence) -> Self:
        """Find the mean squared error, and the unit of values.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        self : object
        """
        self.mean_error_ = evidence.mean_error
        self.variance_: NDArray | float = 2.0  # Halves the sum over classes.
        if not evidence.is_classifier:
            labels = np.asarray(evidence.labels, dtype=float)
            mean = np.average(labels, axis=0, weights=evidence.weight)
            self.variance_ = np.average(
                (labels - mean) ** 2, axis=0, weights=evidence.weight
            )
        return self

    def weights(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return F_i; 1 for all where no teachers can be compared.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples, or of a transfer set.

        Returns
        -------
        weights : ndarray of shape (n_samples,)
        """
        if evidence.parts is None:
            return np.ones(len(evidence.predictions))
        parts, unit = evidence.parts, np.where(self.variance_ > 0, self.variance_, 1.0)
        if evidence.is_classifier:
            parts = temper(parts, 1.0)
            spread = (parts.var(axis=1) / unit).sum(axis=1)
        else:
            spread = (parts.var(axis=1) / unit).reshape(len(parts), -1).mean(axis=1)
        least = np.finfo(float).tiny
        return (self.mean_error_ + least) / (self.mean_error_ + spread + least)
