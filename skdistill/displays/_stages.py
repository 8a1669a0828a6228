"""Scores over the stages of training."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score, r2_score

from skdistill._typing import Estimator, Table
from skdistill.displays._axes import axes
from skdistill.inspect import staged_predictions

if TYPE_CHECKING:
    import pandas

__all__ = ["StagesDisplay"]


class StagesDisplay:
    """A metric on held-out samples after each stage of training, a line for each model.

    The area between two lines is what `skdistill.metrics.integral_criterion` measures.

    Make it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (n_stages,)
        The metric after 1, 2, ... stages, by the model's name.
    metric_name : str, default="score"
        What the metric is called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is plotted.
    figure_ : matplotlib Figure
        The figure of the axes.
    lines_ : list of matplotlib Line2D
        One for each model.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.displays import StagesDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> student = GradientBoostingRegressor(n_estimators=20, random_state=0)
    >>> model = DistilledRegressor(Ridge(), student).fit(X[:300], y[:300])
    >>> display = StagesDisplay.from_estimator(
    ...     model, X[300:], y[300:], baseline=student.fit(X[:300], y[:300])
    ... )
    >>> display.frame().columns.tolist()
    ['distilled student', 'baseline student']
    """

    def __init__(
        self, *, curves: Mapping[str, NDArray], metric_name: str = "score"
    ) -> None:
        self.curves = curves
        self.metric_name = metric_name

    @classmethod
    def from_estimator(
        cls,
        model: Estimator,
        X: Table,
        y: ArrayLike,
        *,
        baseline: Estimator | None = None,
        metric: Callable[..., float] | None = None,
        method: str = "predict",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Plot the stages of a distilled student and of the baseline student.

        Parameters
        ----------
        model : estimator
            A fitted distilled model whose student is trained in stages, see
            `skdistill.inspect.staged_predictions`.
        X : table of shape (n_samples, n_features)
            Held-out samples.
        y : array-like of shape (n_samples,)
            Their labels.
        baseline : estimator, default=None
            The baseline student, fitted on the labels alone. If None, `model` alone is
            plotted.
        metric : callable, default=None
            ``metric(y_true, y_pred)``. If None, R2 or accuracy is used.
        method : {"predict", "predict_proba"}, default="predict"
            What the metric takes.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `plot`.

        Returns
        -------
        StagesDisplay
        """
        models = {"distilled student": model}
        if baseline is not None:
            models["baseline student"] = baseline
        if metric is None:
            metric = accuracy_score if is_classifier(model) else r2_score
        stages = {
            name: staged_predictions(fitted, X, method=method)
            for name, fitted in models.items()
        }
        return cls.from_predictions(y, stages, metric=metric, ax=ax, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_preds: Mapping[str, Iterable[ArrayLike]],
        *,
        metric: Callable[..., float] = r2_score,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Plot models whose predictions after each stage are known.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels of held-out samples.
        y_preds : dict of str to iterable of array-like
            What each model predicts for them after 1, 2, ... stages.
        metric : callable, default=sklearn.metrics.r2_score
            ``metric(y_true, y_pred)``.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `plot`.

        Returns
        -------
        StagesDisplay
        """
        curves = {
            name: np.array([metric(y_true, predicted) for predicted in stages])
            for name, stages in y_preds.items()
        }
        empty = [name for name, curve in curves.items() if not len(curve)]
        if empty or not curves:
            raise ValueError(
                "y_preds must hold at least one model, each with at least one stage. "
                f"Got no stages of {empty}."
            )
        name = getattr(metric, "__name__", "score").removesuffix("_score")
        return cls(curves=curves, metric_name=name.replace("_", " ")).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot a line for each model.

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
        self.lines_ = []
        for name, curve in self.curves.items():
            stages = np.arange(1, len(curve) + 1)
            options = {"label": name.replace("$", r"\$")} | kwargs
            self.lines_ += self.ax_.plot(stages, curve, **options)
        self.ax_.legend()
        self.ax_.set(xlabel="stage of training", ylabel=self.metric_name)
        return self

    def frame(self) -> "pandas.DataFrame":
        """Return the curves.

        Returns
        -------
        DataFrame
            A column for each model, a row for each stage, counted from 1; NaN where a
            model has no such stage.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                name: pd.Series(curve, index=range(1, len(curve) + 1))
                for name, curve in self.curves.items()
            }
        ).rename_axis("stage")
