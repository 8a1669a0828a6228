"""Score against what a model costs, over several students."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import check_scoring, r2_score

from skdistill._typing import Estimator, Table
from skdistill.displays._axes import axes, write_plainly
from skdistill.inspect import count_bytes, count_values, time_single_rows

if TYPE_CHECKING:
    import pandas

__all__ = ["ParetoDisplay"]

# The room for names beside the costs, as a fraction of their range.
_ROOM = 0.15
_COSTS = {
    "latency": "seconds for one sample",
    "bytes": "bytes on disk",
    "values": "leaves and weights",
}
_SEARCH_COSTS = {
    "latency": "microseconds for one sample",
    "bytes": "bytes on disk",
    "leaves": "leaves",
}


class ParetoDisplay:
    """Scores of several models against their latency or size.

    The Pareto front are the models to choose from: no other is as good or better, and
    as cheap or cheaper, and better in one of the two.

    Make it with `from_estimators`, `from_search` or `from_predictions`.

    Parameters
    ----------
    names : list of str
        What the models are called.
    scores : ndarray of shape (n_models,)
        Their scores; greater is better.
    costs : ndarray of shape (n_models,)
        What they cost, above 0; less is better.
    cost_name : str, default="cost"
        What the cost is.

    Attributes
    ----------
    on_front_ : ndarray of bool of shape (n_models,)
        Which models are on the Pareto front.
    ax_ : matplotlib Axes
        Where it is plotted.
    figure_ : matplotlib Figure
        The figure of the axes.
    scatter_ : matplotlib PathCollection
        The models.
    line_ : matplotlib Line2D
        The front.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.displays import ParetoDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> trees = {
    ...     f"depth {depth}": DecisionTreeRegressor(max_depth=depth).fit(
    ...         X[:300], y[:300]
    ...     )
    ...     for depth in (1, 3)
    ... }
    >>> display = ParetoDisplay.from_estimators(trees, X[300:], y[300:], cost="values")
    >>> display.frame()["cost"].tolist()
    [2.0, 8.0]
    """

    def __init__(
        self,
        *,
        names: list[str],
        scores: NDArray,
        costs: NDArray,
        cost_name: str = "cost",
    ) -> None:
        self.names = names
        self.scores = scores
        self.costs = costs
        self.cost_name = cost_name
        self.on_front_ = _on_front(scores, costs)

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Estimator],
        X: Table,
        y: ArrayLike,
        *,
        cost: Literal["latency", "bytes", "values"] = "latency",
        scoring: str | Callable | None = None,
        n_timings: int = 300,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Score and measure fitted models, and plot them.

        Parameters
        ----------
        estimators : dict of str to estimator
            Fitted models by name: baseline students, distilled ones, the teacher.
        X : table of shape (n_samples, n_features)
            Held-out samples.
        y : array-like of shape (n_samples,)
            Their labels.
        cost : {"latency", "bytes", "values"}, default="latency"
            The median seconds for one sample, the bytes of the pickle, or the leaves
            and weights; those of its `student_`, if the model is a distilled one.
        scoring : str or callable, default=None
            A scikit-learn scorer. If None, the model's own `score` is used.
        n_timings : int, default=300
            How often each model predicts a single sample.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `scatter`.

        Returns
        -------
        ParetoDisplay
        """
        _check_cost(cost, _COSTS)
        _check_any(estimators)
        scores = [
            check_scoring(model, scoring)(model, X, y) for model in estimators.values()
        ]
        costs = [
            _cost(name, getattr(model, "student_", model), X, cost, n_timings)
            for name, model in estimators.items()
        ]
        return cls(
            names=list(estimators),
            scores=np.array(scores, dtype=float),
            costs=np.array(costs, dtype=float),
            cost_name=_COSTS[cost],
        ).plot(ax, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_preds: Mapping[str, ArrayLike],
        costs: Mapping[str, float],
        *,
        metric: Callable[..., float] = r2_score,
        cost_name: str = "cost",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Plot models whose predictions and costs are known.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels of held-out samples.
        y_preds : dict of str to array-like
            What each model predicts for them.
        costs : dict of str to float
            What each model costs, above 0; less is better.
        metric : callable, default=sklearn.metrics.r2_score
            ``metric(y_true, y_pred)``; greater is better.
        cost_name : str, default="cost"
            What the cost is.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `scatter`.

        Returns
        -------
        ParetoDisplay
        """
        _check_any(y_preds)
        if set(y_preds) != set(costs):
            raise ValueError(
                "y_preds and costs must name the same models. Got "
                f"{sorted(y_preds)} and {sorted(costs)}."
            )
        return cls(
            names=list(y_preds),
            scores=np.array([metric(y_true, part) for part in y_preds.values()]),
            costs=np.array([costs[name] for name in y_preds], dtype=float),
            cost_name=cost_name,
        ).plot(ax, **kwargs)

    @classmethod
    def from_search(
        cls,
        search: Estimator,
        *,
        cost: Literal["latency", "bytes", "leaves"] = "latency",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Plot the students of a fitted search, by their scores on held-out samples.

        Parameters
        ----------
        search : DistilledRegressorCV or DistilledClassifierCV
            Fitted. Students without a score, or without such a cost, are left out.
        cost : {"latency", "bytes", "leaves"}, default="latency"
            A column of its `frontier`: microseconds for one sample, the bytes of the
            pickle, or the leaves.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `scatter`.

        Returns
        -------
        ParetoDisplay
        """
        _check_cost(cost, _SEARCH_COSTS)
        if not hasattr(search, "frontier"):
            raise TypeError(
                "search must have a frontier: a fitted DistilledRegressorCV or "
                f"DistilledClassifierCV. Got {type(search).__name__}. Use "
                "from_estimators for models of your own."
            )
        found = search.frontier()
        found = found[found["score"].notna() & (found[cost] > 0)]
        return cls(
            names=[*found.index],
            scores=found["score"].to_numpy(),
            costs=found[cost].to_numpy(),
            cost_name=_SEARCH_COSTS[cost],
        ).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the models, and the front as steps.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `scatter`.

        Returns
        -------
        self : object
        """
        self.ax_ = axes(ax)
        self.figure_ = self.ax_.figure
        front = np.flatnonzero(self.on_front_)
        front = front[np.argsort(self.costs[front])]
        (self.line_,) = self.ax_.step(
            self.costs[front], self.scores[front], where="post", color="grey"
        )
        self.scatter_ = self.ax_.scatter(self.costs, self.scores, **kwargs)
        for name, cost, score in zip(self.names, self.costs, self.scores, strict=True):
            self.ax_.annotate(
                # Names are no formulas.
                name.replace("$", r"\$"),
                (cost, score),
                xytext=(4, 4),
                textcoords="offset points",
            )
        self.ax_.set(xscale="log", xlabel=self.cost_name, ylabel="score")
        self.ax_.margins(x=_ROOM)
        write_plainly(self.ax_.xaxis)
        return self

    def frame(self) -> "pandas.DataFrame":
        """Return the models, the cheapest first.

        Returns
        -------
        DataFrame
            A row for each model, with the columns "score", "cost" and "on_front".
        """
        import pandas as pd

        return pd.DataFrame(
            {"score": self.scores, "cost": self.costs, "on_front": self.on_front_},
            index=self.names,
        ).sort_values("cost", kind="stable")


def _on_front(scores: NDArray, costs: NDArray) -> NDArray[np.bool_]:
    """Return which models no other is as good and as cheap as, and better in one.

    One without a score, NaN, is none of them.
    """
    as_good = scores[None, :] >= scores[:, None]
    as_cheap = costs[None, :] <= costs[:, None]
    better = (scores[None, :] > scores[:, None]) | (costs[None, :] < costs[:, None])
    return ~(as_good & as_cheap & better).any(axis=1) & ~np.isnan(scores)


def _cost(name: str, model: Estimator, X: Table, cost: str, n_timings: int) -> float:
    if cost == "latency":
        return float(np.median(time_single_rows(model, X, n_timings)))
    counts = count_values(model) if cost == "values" else None
    size = count_bytes(model) if cost == "bytes" else counts and counts.total
    if size is None:
        raise ValueError(
            f"The {_COSTS[cost]} of {name!r} are not known: it is a "
            f"{type(model).__name__}. Use cost='latency', or from_predictions with "
            "costs of your own."
        )
    return size


def _check_cost(cost: str, allowed: Mapping[str, str]) -> None:
    if cost not in allowed:
        raise ValueError(f"cost must be one of {sorted(allowed)}. Got {cost!r}.")


def _check_any(models: Mapping[str, Any]) -> None:
    if not models:
        raise ValueError("There must be at least one model. Got an empty dict.")
