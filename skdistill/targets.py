"""From the teacher's answers to the student's targets: the two mixing formulas."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._numerics import temper

__all__ = ["SoftLabels", "mix_values", "spread"]


def spread(alpha: float, temperature: float) -> float:
    """Return by how much mixing scales the deviations of a regression target.

    Where the teacher is right (t = y), the target of `mix_values` is
    mu + c (y - mu) with c = 1 - alpha + alpha / T. c < 1 for T > 1: a student that
    learns its targets perfectly is biased toward the mean by 1 - c.
    """
    return 1.0 - alpha + alpha / temperature


def mix_values(
    y: ArrayLike,
    answers: ArrayLike,
    *,
    alpha: float,
    temperature: float,
    mean: ArrayLike,
) -> NDArray:
    """Mix a regression target with the teacher's answers.

    The target is ``(1 - alpha) * y + alpha * (mu + (t - mu) / T)``.

    Squared losses mix alike, so any regressor with squared loss serves as student:
    (1-a)(f-y)^2 + a(f-t)^2 = (f - m)^2 + a(1-a)(y-t)^2 with m = (1-a)y + at, and the
    last term does not depend on f. For absolute or Huber loss it does not hold.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The labels, in the target's unit.
    answers : array-like of the same shape
        The teacher's answers t, in the target's unit.
    alpha : float
        Weight of the teacher, from 0 to 1. At 0, `y` itself is returned.
    temperature : float
        T > 0. On a standardised target (mu = 0) the teacher's part is t / T.
    mean : float or array-like of shape (n_outputs,)
        mu, the weighted mean of y.

    Returns
    -------
    target : ndarray of the same shape

    References
    ----------
    Sardar, "Knowledge Distillation in Regression", sections 4 (hard, T = 1) and 5
    (soft).

    Examples
    --------
    >>> mix_values([0.0, 2.0], [0.5, 2.5], alpha=0.5, temperature=1.0, mean=1.0)
    array([0.25, 2.25])
    """
    labels, tempered = np.asarray(y), np.asarray(answers)
    if alpha == 0:
        return labels
    if temperature != 1:
        tempered = np.asarray(mean) + (tempered - mean) / temperature
    return tempered if alpha == 1 else (1 - alpha) * labels + alpha * tempered


class SoftLabels:
    """What a student of classes learns: the labels and the teacher's answers.

    With `soften="teacher"` its loss is the cross-entropy to `mixed`,
    ``(1 - alpha) * onehot(y) + alpha * softmax(z / T)``, which mixes the losses to
    label and teacher exactly, as cross-entropy is linear in its target. With
    `soften="both"` it is Hinton's loss, in which the student's logits are tempered too:
    ``(1 - alpha) * CE(onehot(y), q) + alpha * T**2 * CE(softmax(z / T), q_T)``.

    Parameters
    ----------
    codes : array-like of int of shape (n_samples,)
        The labels as positions in `classes_`.
    logits : array-like of shape (n_samples, n_classes)
        The teacher's logits z, or log-probabilities; -inf is probability 0.
    alpha : float or array-like of shape (n_samples,)
        Weight of the teacher, from 0 to 1; of each row, where it is an array.
    temperature : float
        T > 0: above 1 the teacher's probabilities become more even.
    soften : {"teacher", "both"}, default="teacher"
        Whose logits are tempered.

    Attributes
    ----------
    alpha : ndarray of shape (n_samples,)
        Weight of the teacher, row by row.
    teacher : ndarray of shape (n_samples, n_classes)
        The teacher's tempered probabilities, softmax(z / T).
    mixed : ndarray of shape (n_samples, n_classes)
        The mixed target. Each row is non-negative and sums to 1.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015,
    equation 1; Lopez-Paz et al., "Unifying distillation and privileged information",
    2016, equation 4 (the teacher alone is tempered).

    Examples
    --------
    >>> SoftLabels([0], [[0.0, 0.0]], alpha=0.5, temperature=2.0).mixed
    array([[0.75, 0.25]])
    """

    def __init__(
        self,
        codes: ArrayLike,
        logits: ArrayLike,
        *,
        alpha: ArrayLike,
        temperature: float,
        soften: str = "teacher",
    ) -> None:
        self.codes = np.asarray(codes)
        self.teacher = temper(logits, temperature)
        self.alpha = np.broadcast_to(np.asarray(alpha, float), self.codes.shape)
        self.temperature = temperature
        self.soften = soften

    @property
    def onehot(self) -> NDArray[np.float64]:
        """The labels as probabilities, of shape (n_samples, n_classes)."""
        return np.eye(self.teacher.shape[1])[self.codes]

    @property
    def mixed(self) -> NDArray[np.float64]:
        """The mixed target, of shape (n_samples, n_classes)."""
        target = self.alpha[:, None] * self.teacher
        target[np.arange(len(target)), self.codes] += 1 - self.alpha
        return target
