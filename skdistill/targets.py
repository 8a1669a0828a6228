"""What a student learns: labels and the teacher's predictions, mixed row by row."""

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from skdistill._numerics import as_floats, temper
from skdistill._sklearn import Interval, StrOptions

__all__ = [
    "Target",
    "TeacherBound",
    "nonnegative_expm1",
    "target_scale",
    "variance_of",
]


def nonnegative_expm1(values: ArrayLike) -> NDArray[np.floating]:
    """Return exp(values) - 1, but 0 below 0: the inverse of `log1p` for counts.

    Parameters
    ----------
    values : array-like of any shape
        Logarithms of 1 + y for y of 0 or more, as a model predicts them.

    Returns
    -------
    ndarray of that shape
        Never below 0. `skdistill.export` knows the function.

    Examples
    --------
    >>> nonnegative_expm1([-0.5, 0.0, 2.0]).round(2).tolist()
    [0.0, 0.0, 6.39]
    """
    return np.maximum(np.expm1(values), 0.0)


def target_scale(alpha: float, temperature: float) -> float:
    """Return by how much mixing scales the deviations of a regression target.

    Where the teacher is right (t = y), the mixed target is mu + c (y - mu) with
    c = 1 - alpha + alpha / T. c < 1 for T > 1: a student that learns its targets
    perfectly is biased toward the mean by 1 - c.

    Parameters
    ----------
    alpha : float
        Weight of the teacher, from 0 to 1.
    temperature : float
        T > 0.

    Returns
    -------
    scale : float

    Examples
    --------
    >>> target_scale(0.5, 2.0)
    0.75
    """
    return 1.0 - alpha + alpha / temperature


def variance_of(labels: NDArray, mean: ArrayLike, weight: NDArray | None) -> float:
    """Return the variance of labels around their mean, summed over the outputs.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Values, or onehot classes.
    mean : float or array-like of shape (n_outputs,)
        Their weighted mean.
    weight : ndarray of shape (n_samples,) or None
        Sample weights. If all are 0, as in a part of the samples, so is the variance.

    Returns
    -------
    float

    Examples
    --------
    >>> variance_of(np.array([0.0, 4.0]), 2.0, None)
    4.0
    """
    if weight is not None and not weight.any():
        return 0.0
    squares = _squares(labels, np.asarray(mean))
    return float(np.average(squares, weights=weight))


class TeacherBound(BaseEstimator):
    """The teacher as a bound: a student that is better than it has nothing to learn.

    With the label y of a sample, the teacher's out-of-fold prediction t and the
    student's prediction f, the sample's loss is ::

        (1 - alpha) (f - y)^2 + alpha g (f - z)^2
        g = 1 if (f - y)^2 + margin var(y) >= (t - y)^2 else 0

    where z is the label [1]_ or the teacher's prediction [2]_. At alpha 1 the squared
    error counts only where it is not below the teacher's by the margin. For several
    outputs errors and variance are sums over them.

    XGBoost and LightGBM learn it by its gradient, with g of each round's predictions.
    All other students are fitted several times: first with g = 1, then with g of the
    last fit's predictions, and where it is 0, with the prediction itself in place of z,
    so that a student that is good enough there is left alone.

    Parameters
    ----------
    toward : {"label", "teacher"}, default="label"
        What a student that is worse than the teacher is drawn to: z.
    margin : float, default=0.0
        By how much of the variance of y the student's squared error must be below the
        teacher's to be good enough.
    n_fits : int, default=5
        How often a student is fitted that does not learn it by a gradient.

    References
    ----------
    .. [1] Chen, Choi, Yu, Han and Chandraker, "Learning Efficient Object Detection
       Models with Knowledge Distillation", 2017 (the bounded regression loss; its
       weight nu of the bounded part beside the label's is alpha / (1 - alpha) here).
    .. [2] Saputra, de Gusmao, Almalioglu, Markham and Trigoni, "Distilling Knowledge
       From a Deep Pose Regressor Network", 2019 (the teacher as an upper bound).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DistilledRegressor(
    ...     Ridge(), DecisionTreeRegressor(max_depth=3), bound=TeacherBound("teacher")
    ... ).fit(X, y)
    """

    _parameter_constraints: ClassVar[dict] = {
        "toward": [StrOptions({"label", "teacher"})],
        "margin": [Interval(Real, 0, None, closed="left")],
        "n_fits": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self, toward: str = "label", *, margin: float = 0.0, n_fits: int = 5
    ) -> None:
        self.toward = toward
        self.margin = margin
        self.n_fits = n_fits


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
    bound : TeacherBound or None
        Whether the teacher is a bound; `fit_on_target` sees to it. None for classes.
    variance : float
        The variance of the labels of a regression, that the margin is a part of.
    hints : ndarray of shape (n_samples, n_hints) or None
        What the student learns by further outputs, which are dropped afterwards.

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
    bound: TeacherBound | None = None
    variance: float = 1.0
    hints: NDArray | None = None

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
        bound: TeacherBound | None = None,
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
        bound : TeacherBound, default=None
            Whether the teacher is a bound.

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
            bound=bound,
            variance=variance_of(labels, mean, weight),
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
            as_floats(logits),
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

    def with_hints(self, outputs: NDArray) -> NDArray[np.float64]:
        """Return the outputs of the target with those of the hints after them.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Without hints.
        """
        if self.hints is None:
            return outputs
        return np.column_stack([outputs, self.hints])

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
            "hints": None if self.hints is None else self.hints[rows],
        }
        return replace(self, **parts | changes)

    @property
    def aim(self) -> NDArray:
        """What a student of values that is worse than the teacher is drawn to, z."""
        is_label = self.bound is not None and self.bound.toward == "label"
        return self.labels if is_label else self.teacher

    def is_worse(self, predictions: NDArray) -> NDArray[np.bool_]:
        """Return where a student is not better than the teacher by the margin.

        Parameters
        ----------
        predictions : ndarray of the shape of `labels`
            The student's.

        Returns
        -------
        is_worse : ndarray of shape (n_samples,)
            True where the prediction of the teacher is the label, as in a transfer set.
        """
        margin = 0.0 if self.bound is None else self.bound.margin * self.variance
        error = _squares(predictions.reshape(self.labels.shape), self.labels)
        return error + margin >= _squares(self.teacher, self.labels)

    def bounded(self, gates: NDArray) -> "Target":
        """Return the target and the weights of which the bounded loss is the squared.

        Up to a term without f, (1 - a)(f - y)^2 + a g (f - z)^2 is w (f - m)^2 with
        w = 1 - a + a g and w m = (1 - a) y + a g z.

        Parameters
        ----------
        gates : ndarray of shape (n_samples,)
            g, from 0 to 1.

        Returns
        -------
        Target
            Without a bound.
        """
        part = self.alpha * gates
        factor = 1 - self.alpha + part
        return replace(
            self,
            predictions=self.aim,
            alpha=part / np.where(factor > 0, factor, 1.0),
            weight=factor * _weights(self),
            bound=None,
        )

    def after(self, predictions: NDArray) -> "Target":
        """Return the target of a further fit, after one with these predictions.

        Where the student is not worse than the teacher, its own prediction takes the
        place of what it was drawn to: there (f - z)^2 has no gradient.

        Parameters
        ----------
        predictions : ndarray of the shape of `labels`
            The student's.

        Returns
        -------
        Target
            Without a bound.
        """
        is_worse = self.is_worse(predictions)
        is_worse = is_worse.reshape(-1, *[1] * (self.labels.ndim - 1))
        kept = np.where(is_worse, self.aim, predictions.reshape(self.labels.shape))
        return replace(self, predictions=kept, bound=None)

    def join(self, other: "Target") -> "Target":
        """Return the target of the samples of both, those of `other` last.

        The range of the labels stays that of these samples: others have none.
        """
        weight = hints = None
        if self.weight is not None or other.weight is not None:
            weight = np.concatenate([_weights(self), _weights(other)])
        if self.hints is not None and other.hints is not None:
            hints = np.concatenate([self.hints, other.hints])
        return replace(
            self,
            hints=hints,
            labels=np.concatenate([self.labels, other.labels]),
            predictions=np.concatenate([self.predictions, other.predictions]),
            alpha=np.concatenate([self.alpha, other.alpha]),
            weight=weight,
        )


def _by_row(alpha: ArrayLike, n_samples: int) -> NDArray[np.float64]:
    return np.broadcast_to(np.asarray(alpha, dtype=float), (n_samples,))


def _squares(values: NDArray, others: NDArray) -> NDArray[np.float64]:
    """Return squared distances, summed over the outputs."""
    return ((values - others) ** 2).reshape(len(values), -1).sum(axis=1)


def _weights(target: Target) -> NDArray[np.float64]:
    return np.ones(len(target.labels)) if target.weight is None else target.weight
