"""What a student learns: labels and the teacher's predictions, mixed row by row."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._numerics import temper

__all__ = ["Target", "target_scale"]


def target_scale(alpha: float, temperature: float) -> float:
    """Return by how much mixing scales the deviations of a regression target.

    Where the teacher is right (t = y), the mixed target is mu + c (y - mu) with
    c = 1 - alpha + alpha / T. c < 1 for T > 1: a student that learns its targets
    perfectly is biased toward the mean by 1 - c.
    """
    return 1.0 - alpha + alpha / temperature


@dataclass(frozen=True)
class Target:
    """What a student learns for each row: a value, or a distribution over classes.

    The target is ``(1 - alpha) * label + alpha * teacher`` with the teacher's tempered
    prediction. For values that is ``mu + (t - mu) / T``, for classes
    ``softmax(z / T)``; the label of a class is onehot then.

    Squared losses mix alike, so any regressor with squared loss can learn the mixed
    target: (1-a)(f-y)^2 + a(f-t)^2 = (f - m)^2 + a(1-a)(y-t)^2 with m = (1-a)y + at,
    and the last term does not depend on f. For absolute or Huber loss it does not hold.
    Cross-entropy is linear in its target, so it mixes exactly. With ``soften="both"``
    the loss of classes is Hinton's, in which the student's logits are tempered too:
    ``(1 - alpha) * CE(onehot(y), q) + alpha * T**2 * CE(softmax(z / T), q_T)``.

    Make one by `of_values` or `of_classes`.

    Attributes
    ----------
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Values in the target's unit; for classes, positions in `classes`.
    predictions : ndarray of the shape of `labels`, or (n_samples, n_classes)
        The teacher's tempered values; for classes its logits, which are not tempered,
        so that they need not be kept twice.
    alpha : ndarray of shape (n_samples,)
        Weight of the teacher in each row, from 0 to 1.
    classes : ndarray of shape (n_classes,) or None
        The class labels, sorted; None for values.
    weight : ndarray of shape (n_samples,) or None
        Sample weights; None if all are 1.
    temperature : float
        T > 0.
    soften : {"teacher", "both"}
        Whose logits are tempered.
    smallest, largest : ndarray of shape () or (n_outputs,), or None
        The smallest and the largest label of a regression: where the student's loss is
        not defined for all values, its targets are clipped there. None for classes.

    References
    ----------
    Sardar, "Knowledge Distillation in Regression", sections 4 (T = 1) and 5; Hinton,
    Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015, equation 1;
    Lopez-Paz et al., "Unifying distillation and privileged information", 2016,
    equation 4 (the teacher alone is tempered).

    Examples
    --------
    >>> Target.of_values([0.0, 2.0], [0.5, 2.5], alpha=0.5).mixed
    array([0.25, 2.25])
    >>> Target.of_classes(
    ...     [0], [[0.0, 0.0]], classes=["a", "b"], alpha=0.5, temperature=2.0
    ... ).mixed
    array([[0.75, 0.25]])
    """

    labels: NDArray
    predictions: NDArray
    alpha: NDArray
    classes: NDArray | None = None
    weight: NDArray | None = None
    temperature: float = 1.0
    soften: str = "teacher"
    smallest: NDArray | None = None
    largest: NDArray | None = None

    @classmethod
    def of_values(
        cls,
        y: ArrayLike,
        predictions: ArrayLike,
        *,
        alpha: ArrayLike,
        temperature: float = 1.0,
        mean: ArrayLike = 0.0,
        weight: NDArray | None = None,
    ) -> Self:
        """Return the target of a regression.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The labels, in the target's unit.
        predictions : array-like of the same shape
            The teacher's predictions t, in the target's unit.
        alpha : float or array-like of shape (n_samples,)
            Weight of the teacher, from 0 to 1; of each row if it is an array.
        temperature : float, default=1.0
            T > 0, divides the deviations of t from `mean`.
        mean : float or array-like of shape (n_outputs,), default=0.0
            mu, the weighted mean of y.
        weight : ndarray of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        Target
        """
        labels, tempered = np.asarray(y), np.asarray(predictions)
        if temperature != 1:
            tempered = np.asarray(mean) + (tempered - mean) / temperature
        return cls(
            labels,
            tempered,
            _by_row(alpha, len(labels)),
            weight=weight,
            temperature=temperature,
            smallest=labels.min(axis=0),
            largest=labels.max(axis=0),
        )

    @classmethod
    def of_classes(
        cls,
        codes: ArrayLike,
        logits: ArrayLike,
        *,
        classes: ArrayLike,
        alpha: ArrayLike,
        temperature: float = 1.0,
        soften: str = "teacher",
        weight: NDArray | None = None,
    ) -> Self:
        """Return the target of a classification.

        Parameters
        ----------
        codes : array-like of int of shape (n_samples,)
            The labels as positions in `classes`.
        logits : array-like of shape (n_samples, n_classes)
            The teacher's logits z, or log-probabilities; -inf is probability 0.
        classes : array-like of shape (n_classes,)
            The class labels, sorted.
        alpha : float or array-like of shape (n_samples,)
            Weight of the teacher, from 0 to 1; of each row if it is an array.
        temperature : float, default=1.0
            T > 0: above 1 the teacher's probabilities become more even.
        soften : {"teacher", "both"}, default="teacher"
            Whose logits are tempered.
        weight : ndarray of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        Target
        """
        labels = np.asarray(codes)
        return cls(
            labels,
            np.asarray(logits, dtype=float),
            _by_row(alpha, len(labels)),
            np.asarray(classes),
            weight,
            temperature,
            soften,
        )

    @property
    def y(self) -> NDArray:
        """The labels as they were given."""
        return self.labels if self.classes is None else self.classes[self.labels]

    @property
    def uses_teacher(self) -> bool:
        """Whether the teacher has a part in any row's target."""
        return bool(self.alpha.any())

    @property
    def teacher(self) -> NDArray:
        """The teacher's tempered predictions: values, or probabilities."""
        if self.classes is None:
            return self.predictions
        return temper(self.predictions, self.temperature)

    @property
    def onehot(self) -> NDArray[np.float64]:
        """The labels as probabilities, of shape (n_samples, n_classes)."""
        return np.eye(self.predictions.shape[1])[self.labels]

    @property
    def mixed(self) -> NDArray:
        """The mixed target: values, or distributions that sum to 1 in each row."""
        if self.classes is not None:
            target = self.teacher
            target *= self.alpha[:, None]
            target[np.arange(len(target)), self.labels] += 1 - self.alpha
            return target
        if not self.uses_teacher:
            return self.labels
        alpha = self.alpha.reshape(-1, *[1] * (self.labels.ndim - 1))
        return (1 - alpha) * self.labels + alpha * self.teacher

    def take(self, rows: Any, **changes: Any) -> Self:
        """Return the target of some samples.

        Parameters
        ----------
        rows : slice or ndarray of int or bool
            Which.
        **changes
            Other attributes of what is returned, such as its `weight`.

        Returns
        -------
        Target
        """
        weight = None if self.weight is None else self.weight[rows]
        parts = {
            "labels": self.labels[rows],
            "predictions": self.predictions[rows],
            "alpha": self.alpha[rows],
            "weight": weight,
        }
        return replace(self, **parts | changes)

    def join(self, other: "Target") -> "Target":
        """Return the target of the samples of both, those of `other` last.

        The range of the labels stays that of these samples: others have none.
        """
        weight = None
        if self.weight is not None or other.weight is not None:
            weight = np.concatenate([_weights(self), _weights(other)])
        return Target(
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.predictions, other.predictions]),
            np.concatenate([self.alpha, other.alpha]),
            self.classes,
            weight,
            self.temperature,
            self.soften,
            self.smallest,
            self.largest,
        )


def _by_row(alpha: ArrayLike, n_samples: int) -> NDArray[np.float64]:
    return np.broadcast_to(np.asarray(alpha, dtype=float), (n_samples,))


def _weights(target: Target) -> NDArray[np.float64]:
    if target.weight is None:
        return np.ones(len(target.labels))
    return target.weight
