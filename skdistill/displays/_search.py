"""A search's scores over alpha and T."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skdistill._typing import Estimator
from skdistill.displays._axes import axes

if TYPE_CHECKING:
    import pandas

__all__ = ["SearchDisplay"]


class SearchDisplay:
    """Held-out scores of a search over alpha, one line for each temperature.

    Where one alpha alone was tried, they are shown over the temperature. If candidates
    have the same alpha and temperature, the best is shown. The bars are the standard
    errors of the means over the folds. Those of two candidates say little about their
    difference, which is paired by folds.

    Make it with `from_estimator` or `from_cv_results`.

    Parameters
    ----------
    alphas : ndarray of shape (n_points,)
        Weights of the teacher; NaN where they were not searched over.
    temperatures : ndarray of shape (n_points,)
        Temperatures; NaN where they were not searched over.
    scores : ndarray of shape (n_points,)
        Mean scores on held-out samples.
    errors : ndarray of shape (n_points,)
        Their standard errors.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is plotted.
    figure_ : matplotlib Figure
        The figure of the axes.
    lines_ : list of matplotlib ErrorbarContainer
        One for each temperature, or the only one.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.displays import SearchDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> search = GridSearchCV(
    ...     DistilledRegressor(Ridge(), DecisionTreeRegressor(max_depth=3)),
    ...     {"alpha": [0, 0.5, 1], "temperature": [1, 2]},
    ...     cv=2,
    ... ).fit(X[:150], y[:150])
    >>> display = SearchDisplay.from_estimator(search)
    >>> display.frame().columns.tolist()
    ['alpha', 'temperature', 'score', 'error']
    """

    def __init__(
        self,
        *,
        alphas: NDArray,
        temperatures: NDArray,
        scores: NDArray,
        errors: NDArray,
    ) -> None:
        self.alphas = alphas
        self.temperatures = temperatures
        self.scores = scores
        self.errors = errors

    @classmethod
    def from_estimator(
        cls,
        search: Estimator,
        *,
        prefix: str = "",
        metric: str = "score",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Plot the scores of a fitted search.

        Parameters
        ----------
        search : estimator
            With `cv_results_`: `GridSearchCV` and the like, `DistilledRegressorCV`,
            `DistilledClassifierCV`.
        prefix : str, default=""
            What stands before "alpha" and "temperature" in the names of the parameters,
            such as `"distil__"` for a step of a Pipeline.
        metric : str, default="score"
            Which score, where the search has several.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `errorbar`.

        Returns
        -------
        SearchDisplay
        """
        check_is_fitted(search, "cv_results_")
        return cls.from_cv_results(
            search.cv_results_, prefix=prefix, metric=metric, ax=ax, **kwargs
        )

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        *,
        prefix: str = "",
        metric: str = "score",
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Plot the scores in the `cv_results_` of a search.

        Parameters
        ----------
        cv_results : dict
            As of `GridSearchCV`.
        prefix : str, default=""
            What stands before "alpha" and "temperature" in the names of the parameters,
            such as `"distil__"` for a step of a Pipeline.
        metric : str, default="score"
            Which score, where the search has several.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `errorbar`.

        Returns
        -------
        SearchDisplay
        """
        _check_results(cv_results, prefix, metric)
        scores = np.asarray(cv_results[f"mean_test_{metric}"], dtype=float)
        points = [
            tuple(float(params.get(f"{prefix}{name}", np.nan)) for name in _PARAMETERS)
            for params in cv_results["params"]
        ]
        # A candidate whose fit failed has no score: any other is better.
        ranks = np.where(np.isnan(scores), -np.inf, scores)
        best: dict[str, int] = {}
        for index, point in enumerate(points):
            known = best.setdefault(repr(point), index)
            if ranks[index] > ranks[known]:
                best[repr(point)] = index
        chosen = sorted(best.values(), key=points.__getitem__)
        splits = [key for key in cv_results if _is_split(key, metric)]
        errors = np.asarray(cv_results[f"std_test_{metric}"], dtype=float)
        alphas, temperatures = np.array(points)[chosen].T
        return cls(
            alphas=alphas,
            temperatures=temperatures,
            scores=scores[chosen],
            errors=errors[chosen] / np.sqrt(max(1, len(splits) - 1)),
        ).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the scores, with their standard errors.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `errorbar`.

        Returns
        -------
        self : object
        """
        self.ax_ = axes(ax)
        self.figure_ = self.ax_.figure
        x, lines, name = self.alphas, self.temperatures, "alpha, weight of the teacher"
        if len(np.unique(x)) == 1:
            x, lines, name = lines, np.full(len(x), np.nan), "temperature"
        self.lines_ = []
        for value in np.unique(lines):
            rows = np.isnan(lines) if np.isnan(value) else lines == value
            label = None if np.isnan(value) else f"T = {value:g}"
            options = {"marker": "o", "capsize": 3, "label": label} | kwargs
            self.lines_.append(
                self.ax_.errorbar(
                    x[rows], self.scores[rows], self.errors[rows], **options
                )
            )
        baseline = self.scores[self.alphas == 0]
        if len(baseline):
            self.ax_.axhline(
                np.fmax.reduce(baseline),  # without those that have no score
                color="grey",
                linestyle="--",
                label="baseline student",
            )
        if self.ax_.get_legend_handles_labels()[0]:
            self.ax_.legend()
        self.ax_.set(xlabel=name, ylabel="held-out score")
        return self

    def frame(self) -> "pandas.DataFrame":
        """Return the points that are shown.

        Returns
        -------
        DataFrame
            With the columns "alpha", "temperature", "score" and "error".
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "alpha": self.alphas,
                "temperature": self.temperatures,
                "score": self.scores,
                "error": self.errors,
            }
        )


_PARAMETERS = ("alpha", "temperature")


def _is_split(key: str, metric: str) -> bool:
    return key.startswith("split") and key.endswith(f"_test_{metric}")


def _check_results(cv_results: Mapping[str, Any], prefix: str, metric: str) -> None:
    if f"mean_test_{metric}" not in cv_results:
        known = [k.removeprefix("mean_test_") for k in cv_results if "mean_test_" in k]
        raise ValueError(f"metric must be one of {known}. Got {metric!r}.")
    found = {name for params in cv_results["params"] for name in params}
    if not found & {f"{prefix}{name}" for name in _PARAMETERS}:
        raise ValueError(
            f"The search must have tried {prefix}alpha or {prefix}temperature. Got "
            f"candidates of {sorted(found)}. For a step of a Pipeline pass its name as "
            "prefix, such as prefix='distil__'."
        )
