"""A closer look: which columns tell most, where the models err, where they differ."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skdistill._figures import readable, told_apart
from skdistill._typing import Scorer, Table
from skdistill.metrics import kl_by_sample
from skdistill.report._known import say

if TYPE_CHECKING:
    from skdistill.report._measure import Comparison

__all__ = ["look_closer"]

# Of permutation importance: samples, repeats, samples to predict if there is more than
# one repeat, the most cells in all, and at once, and the most seconds.
_FEWEST_SAMPLES, _MOST_SAMPLES, _REPEATS, _MOST_PREDICTED = 50, 300, 3, 30_000
_MOST_CELLS, _CELLS_AT_ONCE, _SECONDS = 20_000_000, 2_000_000, 30.0
_MOST_COLUMNS, _SEGMENTED, _CELL_COLUMNS = 15, 3, 4
_QUANTILES, _MOST_VALUES, _LEAST_SAMPLES, _MOST_DIFFERING = 5, 6, 5, 10


def look_closer(
    comparison: "Comparison",
    deciding: tuple[str, Scorer] | None,
    speeds: dict[str, float],
) -> dict[str, Any]:
    """Return importances, errors by segment, and the samples that differ most.

    Parameters
    ----------
    comparison : Comparison
        The three models on held-out samples.
    deciding : tuple of str and callable, or None
        The score that decides. If None, it goes by more than predictions, and there are
        no importances.
    speeds : dict of str to float
        How many samples a second each model predicts.
    """
    table = _as_table(comparison.X)
    names = [] if table is None else comparison.column_names
    drops: dict[str, NDArray] = {}
    if names and deciding is not None:
        drops = _importances(comparison, deciding[1], speeds)
    mean = sum(drops.values(), np.zeros(len(names)))
    order = np.argsort(-mean, kind="stable").tolist()
    shown = order[:_MOST_COLUMNS]
    importance = {
        "score": deciding and deciding[0],
        "columns": [names[column] for column in shown],
        "drops": {name: drop[shown].tolist() for name, drop in drops.items()},
    }
    telling = {names[one]: _column(table, one) for one in order[:_CELL_COLUMNS]}
    segments = {
        name: _segments(comparison, values)
        for name, values in [*telling.items()][: _SEGMENTED if drops else 0]
    }
    return {
        "importance": importance if drops else {},
        "segments": [
            {"column": name, "parts": parts}
            for name, parts in segments.items()
            if len(parts) > 1
        ],
        "differing": _differing(comparison, telling),
    }


def _as_table(X: Table) -> Table | None:
    """Return a frame of pandas, or an array; None of anything else."""
    if hasattr(X, "isetitem") or isinstance(X, np.ndarray):
        return X
    values = np.asarray(X) if isinstance(X, list | tuple) else None
    # An array of lists with strings holds strings alone, which no model was fitted on.
    return values if values is not None and values.dtype.kind in "fiub" else None


def _importances(
    comparison: "Comparison", scorer: Scorer, speeds: dict[str, float]
) -> dict[str, NDArray]:
    """Return by how much permuting each column lowers the score of two of the models.

    Permutation importance (Breiman, "Random Forests", 2001, section 10) as
    `sklearn.inspection.permutation_importance` measures it, but a model is asked for
    many columns at once: teachers of many parts take about as long for one of them.
    There are fewer samples in very wide tables, and where a teacher would take half a
    minute; of fewer than 50 it is left out.
    """
    n_columns = len(comparison.column_names)
    in_time = _SECONDS * min(speeds["teacher"], speeds["distilled"]) / n_columns
    most = int(min(_MOST_SAMPLES, in_time, _MOST_CELLS / n_columns**2))
    if most < _FEWEST_SAMPLES:
        return {}
    samples = comparison.samples.some(most)
    X: Table = _as_table(samples.X)
    n_samples = len(samples)
    repeats = min(max(_MOST_PREDICTED // (n_samples * n_columns), 1), _REPEATS)
    classes, found = samples.classes, {}
    for name in ("teacher", "distilled"):
        model = comparison.scored[name]
        whole = samples.score(scorer, say(model, X, classes))
        lowered = [
            whole - samples.score(scorer, part)
            for table in _permuted(X, repeats)
            for part in np.split(say(model, table, classes), len(table) // n_samples)
        ]
        found[name] = np.reshape(lowered, (repeats, n_columns)).mean(axis=0)
    return found if all(np.isfinite(one).all() for one in found.values()) else {}


def _permuted(X: Table, repeats: int) -> Iterator[Table]:
    """Yield tables of all samples, repeated, with one column permuted in each repeat.

    The columns come in order, as often as there are repeats.
    """
    n_samples, n_columns = X.shape
    at_once = max(1, _CELLS_AT_ONCE // (n_samples * n_columns))
    rng = np.random.default_rng(0)
    for _ in range(repeats):
        order = rng.permutation(n_samples)
        for start in range(0, n_columns, at_once):
            columns = range(start, min(start + at_once, n_columns))
            rows = np.tile(np.arange(n_samples), (len(columns), 1))
            table = _repeated(X, rows.ravel())
            for place, column in enumerate(columns):
                own = rows.copy()
                own[place] = order
                _set_column(table, column, X, own.ravel())
            yield table


def _repeated(X: Table, rows: NDArray) -> Table:
    if isinstance(X, np.ndarray):
        return X[rows]
    return X.iloc[rows].reset_index(drop=True)


def _set_column(table: Table, column: int, X: Table, rows: NDArray) -> None:
    """Take a column of `table` from other rows of X."""
    if isinstance(X, np.ndarray):
        table[:, column] = X[rows, column]
    else:
        table.isetitem(column, X.iloc[rows, column].array)


def _column(X: Table, column: int) -> NDArray:
    """Return a column: floats if it holds numbers, else objects, None if missing."""
    if isinstance(X, np.ndarray):
        values = X[:, column]
    else:
        values = X.iloc[:, column].to_numpy(dtype=object, na_value=None)
    if values.dtype.kind in "fiu":
        return values.astype(float)
    missing = np.array([_is_missing(one) for one in values], dtype=bool)
    if all(isinstance(one, Real) for one in values[~missing]) and not all(
        isinstance(one, bool | np.bool_) for one in values[~missing]
    ):
        return np.where(missing, np.nan, values).astype(float)
    values = values.astype(object)
    values[missing] = None
    return values


def _is_missing(value: Any) -> bool:
    """Return whether a cell is None, NaN, or missing as pandas says it."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _losses(comparison: "Comparison") -> dict[str, NDArray]:
    """Return the absolute error of each sample, or whether its class is wrong."""
    if comparison.parts.classes is not None:
        return {
            name: (one != comparison.y).astype(float)
            for name, one in comparison.predictions.items()
        }
    return {
        name: np.abs(np.reshape(one, comparison.y.shape) - comparison.y)
        .reshape(len(comparison.y), -1)
        .mean(axis=1)
        for name, one in comparison.predictions.items()
    }


def _segments(comparison: "Comparison", values: NDArray) -> list[dict[str, Any]]:
    """Return the mean loss of each model for parts of the samples, by a column."""
    weight = comparison.weight
    weight = np.ones(len(comparison.y)) if weight is None else weight
    losses = _losses(comparison)
    return [
        {"label": label, "n_samples": int(inside.sum())}
        | {
            name: float(np.average(loss[inside], weights=weight[inside]))
            for name, loss in losses.items()
        }
        for label, inside in _split(values)
        if weight[inside].sum() > 0
    ]


def _split(values: NDArray) -> Iterator[tuple[str, NDArray]]:
    """Yield parts of the samples by the values of a column, each with its name."""
    if values.dtype == object:
        missing = np.array([one is None for one in values])
        known = np.array([str(one) for one in values[~missing]])
    else:
        missing = np.isnan(values)
        known = values[~missing]
    distinct, codes, counts = np.unique(known, return_inverse=True, return_counts=True)
    if values.dtype != object and len(distinct) > _MOST_VALUES:
        levels = np.linspace(0, 1, _QUANTILES + 1)[1:-1]
        yield from _between(values, np.quantile(known, levels))
    else:
        frequent = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
        frequent = frequent[counts[frequent] >= _LEAST_SAMPLES]
        code_of = np.full(len(values), -1)
        code_of[~missing] = codes
        for code in np.sort(frequent):
            yield _shown(distinct[code]), code_of == code
        yield "others", ~missing & ~np.isin(code_of, frequent)
    yield _shown(None), missing


def _between(values: NDArray, edges: NDArray) -> Iterator[tuple[str, NDArray]]:
    """Yield the samples up to the first edge, from it to the next, and so on."""
    edges = np.unique(edges)
    shown = told_apart(edges.tolist(), 3)
    labels = [
        f"up to {shown[0]}",
        *(f"{low} to {high}" for low, high in pairwise(shown)),
        f"above {shown[-1]}",
    ]
    limits = pairwise([-np.inf, *edges, np.inf])
    for label, (low, high) in zip(labels, limits, strict=True):
        yield label, (values > low) & (values <= high)


def _differing(comparison: "Comparison", cells: dict[str, NDArray]) -> dict[str, Any]:
    """Return the samples for which teacher and distilled student differ most."""
    distance, show = _distances(comparison)
    if comparison.weight is not None:
        distance = np.where(comparison.weight > 0, distance, 0.0)
    order = np.argsort(-distance, kind="stable")[:_MOST_DIFFERING]
    order = order[distance[order] > 0]
    has_index = hasattr(comparison.X, "isetitem")
    index = comparison.X.index if has_index else range(len(distance))
    samples = [
        {
            "sample": str(index[row]),
            "teacher": show("teacher", row),
            "distilled": show("distilled", row),
            "actual": _shown(comparison.y[row]),
            "cells": [_shown(values[row]) for values in cells.values()],
        }
        for row in order.tolist()
    ]
    return {"columns": [*cells], "samples": samples}


def _distances(
    comparison: "Comparison",
) -> tuple[NDArray, Callable[[str, int], str]]:
    """Return how far student and teacher are apart, and what shows a prediction."""
    predictions = comparison.predictions
    if comparison.parts.classes is None:
        apart = np.abs(
            np.reshape(predictions["distilled"], comparison.y.shape)
            - np.reshape(predictions["teacher"], comparison.y.shape)
        )
        return (
            apart.reshape(len(apart), -1).max(axis=1),
            partial(_shown_value, predictions),
        )
    proba = comparison.probabilities
    if proba is None:
        apart = (predictions["distilled"] != predictions["teacher"]).astype(float)
        return apart, lambda name, row: str(predictions[name][row])
    return (
        kl_by_sample(proba["teacher"], proba["distilled"]),
        lambda name, row: f"{predictions[name][row]} ({proba[name][row].max():.0%})",
    )


def _shown_value(predictions: dict[str, NDArray], name: str, row: int) -> str:
    """Show what a model predicts so that teacher and distilled student differ."""
    outputs = zip(
        np.ravel(predictions["teacher"][row]).tolist(),
        np.ravel(predictions["distilled"][row]).tolist(),
        strict=True,
    )
    place = 1 if name == "distilled" else 0
    return ", ".join(told_apart(pair)[place] for pair in outputs)


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return ", ".join(map(_shown, value.tolist()))
    if _is_missing(value):
        return "missing"
    return readable(value) if isinstance(value, float) else str(value)
