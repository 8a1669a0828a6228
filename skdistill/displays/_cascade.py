"""Score against the fraction of samples that a cascade sends to its teacher."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import r2_score
from sklearn.utils import check_consistent_length

from skdistill._numerics import log_probability
from skdistill._typing import Estimator, Table
from skdistill.displays._axes import axes
from skdistill.metrics import negated_log_loss
from skdistill.teachers import from_predictions

if TYPE_CHECKING:
    import pandas

__all__ = ["CascadeDisplay"]


def _mean_costs(cascade: Estimator, X: Table) -> tuple[float, float] | None:
    """Return what a sample costs, of all students that see it and of the teacher."""
    if cascade.costs_ is None:
        return None
    *of_students, of_teacher = cascade.costs_
    comes_to = cascade.predicted_by(X)[:, None] >= np.arange(len(of_students))
    return float(comes_to.mean(axis=0) @ of_students), of_teacher


class CascadeDisplay:
    """Score of a cascade against the fraction of the samples that its teacher predicts.

    At 0 it is the student's score, at 1 the teacher's. The straight line between the
    two is what samples chosen by chance would give, in the mean.

    Make it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    fractions : ndarray of shape (n_points,)
        Fractions of the samples that go to the teacher, from 0 to 1, increasing.
    scores : ndarray of shape (n_points,)
        The scores; greater is better.
    costs : pair of float, default=None
        What a sample costs, of the student with the deferral score and of the teacher.
        If None, the score is plotted against the fraction.
    cost_name : str, default="microseconds a sample"
        What the cost is.
    chosen : float, default=None
        The fraction that the cascade itself sends; it is marked.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is plotted.
    figure_ : matplotlib Figure
        The figure of the axes.
    line_ : matplotlib Line2D
        The scores.
    chance_line_ : matplotlib Line2D
        From the student's score to the teacher's.
    chosen_line_ : matplotlib Line2D or None
        Where the cascade stands.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.displays import CascadeDisplay
    >>> y, student = np.arange(4.0), np.array([0.0, 1.0, 4.0, 3.5])
    >>> display = CascadeDisplay.from_predictions(
    ...     y, student, y, [0.1, 0.2, 4.0, 0.5], fractions=[0.25]
    ... )
    >>> display.frame()["score"].round(2).tolist()
    [0.15, 0.95, 1.0]
    """

    def __init__(
        self,
        *,
        fractions: NDArray,
        scores: NDArray,
        costs: tuple[float, float] | None = None,
        cost_name: str = "microseconds a sample",
        chosen: float | None = None,
    ) -> None:
        self.fractions = fractions
        self.scores = scores
        self.costs = costs
        self.cost_name = cost_name
        self.chosen = chosen

    @classmethod
    def from_estimator(
        cls,
        cascade: Estimator,
        X: Table,
        y: ArrayLike,
        *,
        metric: Callable[..., float] | None = None,
        fractions: Sequence[float] | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Score a fitted cascade on held-out samples, and plot it.

        Parameters
        ----------
        cascade : CascadeRegressor or CascadeClassifier
            Fitted. If its `costs_` are known, they make the horizontal axis. With
            several students, what the last one sends varies, and what they cost is the
            mean over X of those that are asked.
        X : table of shape (n_samples, n_features)
            Held-out samples.
        y : array-like of shape (n_samples,)
            Their labels.
        metric : callable, default=None
            ``metric(y_true, y_pred)``, greater is better; of classes `y_pred` are
            probabilities. If None, R2 is used, and of classes the negated log loss with
            probabilities of at least 1e-6.
        fractions : sequence of float, default=None
            The fractions that are scored, beside 0 and 1. If None, 21 from 0 to 1.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `plot`.

        Returns
        -------
        CascadeDisplay
        """
        student, teacher = cascade.predict_both(X)
        scores = cascade.deferral_score(X)
        if metric is None and hasattr(cascade, "classes_"):
            metric = _NegatedLogLoss(cascade.classes_)
        return cls.from_predictions(
            y,
            student,
            teacher,
            scores,
            metric=metric or r2_score,
            fractions=fractions,
            costs=_mean_costs(cascade, X),
            chosen=float(np.mean(scores > cascade.threshold_)),
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_student: ArrayLike,
        y_teacher: ArrayLike,
        deferral_score: ArrayLike,
        *,
        metric: Callable[..., float] = r2_score,
        fractions: Sequence[float] | None = None,
        costs: tuple[float, float] | None = None,
        cost_name: str = "microseconds a sample",
        chosen: float | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Score and plot a cascade of any two models whose predictions are known.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels of held-out samples.
        y_student : array-like of shape (n_samples,) or (n_samples, n_classes)
            What the student predicts for them.
        y_teacher : array-like of the same shape
            What the teacher predicts.
        deferral_score : array-like of shape (n_samples,)
            The samples go to the teacher from the highest score on; equal ones in their
            order.
        metric : callable, default=sklearn.metrics.r2_score
            ``metric(y_true, y_pred)``; greater is better.
        fractions : sequence of float, default=None
            The fractions that are scored, beside 0 and 1. If None, 21 from 0 to 1.
        costs : pair of float, default=None
            What a sample costs, of the student with the deferral score and of the
            teacher. If None, the score is plotted against the fraction.
        cost_name : str, default="microseconds a sample"
            What the cost is.
        chosen : float, default=None
            A fraction to be marked.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `plot`.

        Returns
        -------
        CascadeDisplay
        """
        check_consistent_length(y_true, y_student, y_teacher, deferral_score)
        if fractions is None:
            fractions = np.linspace(0, 1, 21).tolist()
        points = np.union1d(np.asarray(fractions, dtype=float), [0.0, 1.0])
        if not (points[0] == 0 and points[-1] == 1):
            raise ValueError(
                f"fractions must be numbers from 0 to 1. Got {list(fractions)!r}."
            )
        student, teacher = np.asarray(y_student), np.asarray(y_teacher)
        order = np.argsort(-np.asarray(deferral_score), kind="stable")
        found = []
        for fraction in points:
            sent = order[: round(fraction * len(order))]
            predicted = student.astype(np.result_type(student, teacher))
            predicted[sent] = teacher[sent]
            found.append(metric(y_true, predicted))
        return cls(
            fractions=points,
            scores=np.array(found, dtype=float),
            costs=costs,
            cost_name=cost_name,
            chosen=chosen,
        ).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the scores, what chance would give, and where the cascade stands.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `plot`.

        Returns
        -------
        self : object
        """
        self.ax_ = axes(ax)
        self.figure_ = self.ax_.figure
        at = self._along(self.fractions)
        (self.line_,) = self.ax_.plot(at, self.scores, **{"marker": "."} | kwargs)
        (self.chance_line_,) = self.ax_.plot(
            at[[0, -1]],
            self.scores[[0, -1]],
            color="grey",
            linestyle="--",
            label="by chance",
        )
        self.chosen_line_ = None
        if self.chosen is not None:
            where = float(self._along(np.array(self.chosen)))
            self.chosen_line_ = self.ax_.axvline(
                where, color="grey", linestyle=":", label="budget"
            )
        name = "fraction sent to the teacher" if self.costs is None else self.cost_name
        self.ax_.set(xlabel=name, ylabel="score")
        self.ax_.legend()
        return self

    def frame(self) -> "pandas.DataFrame":
        """Return the curve.

        Returns
        -------
        DataFrame
            A row for each fraction, with the columns "fraction", "score" and, where
            costs are known, "cost".
        """
        import pandas as pd

        frame = pd.DataFrame({"fraction": self.fractions, "score": self.scores})
        if self.costs is not None:
            frame["cost"] = self._along(self.fractions)
        return frame

    def _along(self, fractions: NDArray) -> NDArray:
        """Return the costs of fractions, or the fractions where none are known."""
        if self.costs is None:
            return fractions
        return self.costs[0] + self.costs[1] * fractions


class _NegatedLogLoss:
    """The score of classifiers, as a metric of labels and probabilities."""

    def __init__(self, classes: NDArray) -> None:
        self.classes = classes

    def __call__(self, y_true: ArrayLike, y_pred: NDArray) -> float:
        known = from_predictions(log_probability(y_pred), self.classes)
        return negated_log_loss(known, y_pred, np.asarray(y_true))
