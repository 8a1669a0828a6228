"""Trust: how far the teacher is believed, sample by sample.

Ordinary distillation mixes each training sample's label and prediction by one alpha.
What judges them gives a weight F_i from 0 to 1 to each sample, and its alpha becomes
``alpha * F_i``; the label has the rest, so each sample weighs as much as before. Those
that need no labels weigh the samples of a transfer set too, which learn the teacher
alone.

The squared error e_i of a prediction is that of a value in units of the variance of y,
a mean over outputs; of classes it is half of Brier's, (y - p)^2 of two classes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skdistill._numerics import temper
from skdistill._sklearn import validate_params
from skdistill.teachers._weights import squared_errors

__all__ = ["CallableTrust", "Evidence", "Trust"]


@dataclass(frozen=True)
class Evidence:
    """What is known of the teacher's predictions for some samples.

    Attributes
    ----------
    predictions : ndarray of shape (n_samples,), (n_samples, n_outputs) or \
(n_samples, n_classes)
        After all steps of the signal: values or logits. Those for training samples are
        out-of-fold.
    is_classifier : bool
        Whether they are logits.
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs), or None
        Values, or positions in the classes; None for samples of a transfer set.
    parts : ndarray of shape (n_samples, n_teachers, ...) or None
        What each of several teachers predicts, or each of the teachers of the folds.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    temperature : float
        T of the distillation.

    Examples
    --------
    >>> import numpy as np
    >>> evidence = Evidence(np.array([1.0, 4.0]), False, labels=np.array([0.0, 2.0]))
    >>> evidence.errors, evidence.mean_error
    (array([1., 4.]), 2.5)
    """

    predictions: NDArray
    is_classifier: bool
    labels: NDArray | None = None
    parts: NDArray | None = None
    weight: NDArray | None = None
    temperature: float = 1.0

    @property
    def probabilities(self) -> NDArray:
        """The probabilities of the classes, before they are tempered."""
        return temper(self.predictions, 1.0)

    @property
    def errors(self) -> NDArray[np.float64]:
        """The squared error e_i of each labelled sample, as above."""
        compared = self.probabilities if self.is_classifier else self.predictions
        errors = squared_errors(compared[:, None], np.asarray(self.labels), self.weight)
        return errors[:, 0].mean(axis=1) / (2 if self.is_classifier else 1)

    @property
    def mean_error(self) -> float:
        """The weighted mean of the errors."""
        return float(np.average(self.errors, weights=self.weight))


class Trust(BaseEstimator):
    """Base of what judges the teacher sample by sample; a subclass writes `weights`.

    Attributes
    ----------
    uses_labels : bool
        Whether samples without labels cannot be judged. If False, the samples of a
        transfer set get the weights too.
    uses_parts : bool
        Whether `weights` needs what each of several teachers predicts.
    takes_values : bool
        Whether a regression's predictions can be judged.

    Examples
    --------
    >>> import numpy as np
    >>> class Near(Trust):
    ...     def weights(self, evidence):
    ...         return 1 / (1 + evidence.errors)
    >>> evidence = Evidence(np.array([0.0, 3.0]), False, labels=np.array([0.0, 2.0]))
    >>> Near().fit(evidence).alphas(0.5, evidence)
    array([0.5 , 0.25])
    """

    uses_labels: ClassVar[bool] = True
    uses_parts: ClassVar[bool] = False
    takes_values: ClassVar[bool] = True
    _parameter_constraints: ClassVar[dict] = {}

    def fit(self, evidence: Evidence) -> Self:
        """Check the parameters, and learn what all samples are judged by.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        self : object
        """
        validate_params(self)
        return self

    def weights(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return a weight F_i from 0 to 1 for each sample.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples, or of a transfer set.

        Returns
        -------
        weights : ndarray of shape (n_samples,)
        """
        raise NotImplementedError

    def alphas(self, alpha: float, evidence: Evidence) -> NDArray[np.float64]:
        """Return the weight of the teacher in each training sample's target.

        Parameters
        ----------
        alpha : float
            That of the distillation, above 0.
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        alphas : ndarray of shape (n_samples,)
        """
        return alpha * self.weights(evidence)


class CallableTrust(Trust):
    """Believe the teacher as a function says.

    Parameters
    ----------
    function : callable
        ``function(predictions, y)`` returns a weight from 0 to 1 for each training
        sample; predictions are values or logits, labels values or positions in the
        classes.

    Examples
    --------
    >>> import numpy as np
    >>> near = CallableTrust(lambda predictions, y: abs(predictions - y) < 1)
    >>> near.weights(Evidence(np.array([0.0, 9.0]), False, np.array([0.0, 0.0])))
    array([1., 0.])
    """

    def __init__(self, function: Callable[[NDArray, NDArray], NDArray]) -> None:
        self.function = function

    def weights(self, evidence: Evidence) -> NDArray[np.float64]:
        """Return F_i.

        Parameters
        ----------
        evidence : Evidence
            That of the training samples.

        Returns
        -------
        weights : ndarray of shape (n_samples,)

        Raises
        ------
        ValueError
            If the function returns other than a weight from 0 to 1 for each of them.
        """
        labels, n_samples = np.asarray(evidence.labels), len(evidence.predictions)
        given = np.asarray(self.function(evidence.predictions, labels), dtype=float)
        if given.shape != (n_samples,):
            raise ValueError(
                "A callable given as 'trust' must return a weight for each of the "
                f"{n_samples} training samples. Got an array of shape {given.shape}."
            )
        if not ((given >= 0) & (given <= 1)).all():
            raise ValueError(
                "A callable given as 'trust' must return weights from 0 to 1. Got some "
                f"from {given.min():g} to {given.max():g}. Clip them, or divide by "
                "their maximum."
            )
        return given
