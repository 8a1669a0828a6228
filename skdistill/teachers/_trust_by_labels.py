"""Trust by the labels: what the teacher's out-of-fold errors say of each sample."""

from numbers import Real
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skdistill._sklearn import Interval
from skdistill.teachers._trust import Evidence, Trust

__all__ = ["AttentiveTrust", "CorrectedTrust", "OutlierTrust"]

# The standard deviation of a normal distribution, by its median and by its mean
# absolute deviation; a median below that fraction of it is rounding.
_BY_MEDIAN, _BY_MEAN, _ROUNDING = 1.4826, 1.2533, 1e-6


class AttentiveTrust(Trust):
    """Believe the teacher the less, the more it errs: attentive imitation.

    ``F_i = max(0, 1 - e_i / eta)`` with ``eta = max(e) - min(e)``, by out-of-fold
    errors. In the paper the label keeps the weight 1 - alpha where F is small, so that
    such a sample weighs less; here it gets what the teacher loses.

    References
    ----------
    Saputra et al., "Distilling Knowledge From a Deep Pose Regressor Network", ICCV
    2019, equations 8 and 9.

    Examples
    --------
    >>> import numpy as np
    >>> evidence = Evidence(np.array([0.0, 1.0, 3.0]), False, np.array([0.0, 0.0, 1.0]))
    >>> AttentiveTrust().fit(evidence).weights(evidence)
    array([1.  , 0.75, 0.  ])
    """

    def fit(self, evidence: Evidence) -> Self:
        """Find the range of the errors.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        self : object
        """
        errors = evidence.errors
        if evidence.weight is not None:
            errors = errors[evidence.weight > 0]
        self.range_ = float(np.ptp(errors))
        return self

    def weights(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return F_i; 1 for all where all errors are equal.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        weights : ndarray of shape (n_samples,)
        """
        if self.range_ == 0:
            return np.ones(len(evidence.predictions))
        return np.clip(1 - evidence.errors / self.range_, 0, 1)


class OutlierTrust(Trust):
    """Believe the teacher alone where the label is an outlier to it.

    A label is an outlier if it is farther from the out-of-fold prediction than
    `threshold` standard deviations, robustly 1.4826 times the median distance, or
    1.2533 times the mean one where half of the predictions are right, as of counts that
    are mostly 0 [1]_; of several outputs, in any of them. A class is one if the
    teacher's most probable class is more than `threshold` times as probable. The
    sample's alpha is 1 then; all others keep theirs.

    This stands in for the teacher outlier rejection of the paper, whose student has an
    output for the labels and one for the teacher; the threshold is ours.

    Parameters
    ----------
    threshold : float, default=3.0
        See above.

    References
    ----------
    Takamoto, Morishita and Imaoka, "An Efficient Method of Training Small Models for
    Regression Problems with Knowledge Distillation", 2020.

    .. [1] Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0.0, 1.0, 2.0, 99.0])
    >>> evidence = Evidence(np.array([0.1, 0.9, 2.1, 2.9]), False, y)
    >>> OutlierTrust().fit(evidence).alphas(0.5, evidence)
    array([0.5, 0.5, 0.5, 1. ])
    """

    _parameter_constraints: ClassVar[dict] = {
        "threshold": [Interval(Real, 0, None, closed="neither")]
    }

    def __init__(self, threshold: float = 3.0) -> None:
        self.threshold = threshold

    def fit(self, evidence: Evidence) -> Self:
        """Find how far labels usually are from their predictions.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        self : object
        """
        super().fit(evidence)
        if not evidence.is_classifier:
            distance = _distance(evidence)
            by_median = _BY_MEDIAN * _median(distance, evidence.weight)
            mean = np.average(distance, axis=0, weights=evidence.weight)
            is_some = by_median > _ROUNDING * mean
            self.scale_ = np.where(is_some, by_median, _BY_MEAN * mean)
        return self

    def is_outlier(self, evidence: Evidence) -> NDArray[np.bool_]:
        """Return which labels are outliers.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        is_outlier : ndarray of bool of shape (n_samples,)
        """
        if not evidence.is_classifier:
            return np.any(_distance(evidence) > self.threshold * self.scale_, axis=1)
        p = evidence.probabilities
        given = p[np.arange(len(p)), np.asarray(evidence.labels)]
        return p.max(axis=1) > self.threshold * given

    def weights(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return 1 for all: the teacher is believed, some labels are not.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        weights : ndarray of shape (n_samples,)
        """
        return np.ones(len(evidence.predictions))

    def alphas(self, alpha: float, evidence: Evidence) -> NDArray[np.float64]:
        """Return 1 for outliers, and alpha for all others.

        Parameters
        ----------
        alpha : float
            That of the distillation.
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        alphas : ndarray of shape (n_samples,)
        """
        return np.where(self.is_outlier(evidence), 1.0, alpha)


def _distance(evidence: Evidence) -> NDArray[np.float64]:
    """Return |y - t| of shape (n_samples, n_outputs)."""
    missing = np.abs(np.asarray(evidence.labels) - evidence.predictions)
    return missing.reshape(len(missing), -1)


def _median(values: NDArray, weight: NDArray | None) -> NDArray[np.float64]:
    """Return the lower weighted median of each column."""
    weight = np.ones(len(values)) if weight is None else weight
    order = np.argsort(values, axis=0)
    reached = np.cumsum(weight[order], axis=0) >= weight.sum() / 2
    middle = np.take_along_axis(order, reached.argmax(axis=0)[None], axis=0)
    return np.take_along_axis(values, middle, axis=0)[0]


class CorrectedTrust(Trust):
    """Move the teacher's predictions towards the labels: corrected targets.

    With alpha 1 the target is ``p + g_i (y - p)`` with ``g_i = c / (c + e_i)``, which
    is that of a teacher believed by ``F_i = e_i / (c + e_i)``: a label close to its
    prediction is taken, and one far from it moves the target by no more than sqrt(c)/2.

    Parameters
    ----------
    c : float, default=1.0
        The squared error, see the module, of which the correction is a half.

    References
    ----------
    Dao, Kamath, Syrgkanis and Mackey, "Knowledge Distillation as Semiparametric
    Inference", ICLR 2021; the bounded correction of its published code, here for each
    sample and not for each class.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.log([[0.5, 0.5], [0.9, 0.1]])
    >>> evidence = Evidence(logits, True, np.array([0, 0]))
    >>> CorrectedTrust(c=0.25).weights(evidence).round(3)
    array([0.5  , 0.038])
    """

    _parameter_constraints: ClassVar[dict] = {
        "c": [Interval(Real, 0, None, closed="neither")]
    }

    def __init__(self, c: float = 1.0) -> None:
        self.c = c

    def weights(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return F_i.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        weights : ndarray of shape (n_samples,)
        """
        errors = evidence.errors
        return errors / (self.c + errors)
