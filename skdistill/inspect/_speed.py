"""How fast a fitted model predicts, one row at a time and in batches."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table

__all__ = ["rows_per_second", "time_beside_reference", "time_single_rows"]

_MOST_SECONDS = 5.0
_LEAST_CALLS = 3
_BATCH_SECONDS = 0.2


def time_single_rows(model: Estimator, X: Table, n_calls: int = 300) -> NDArray:
    """Return the seconds that single calls of `predict` with one sample take.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : table of shape (n_samples, n_features)
        The samples are taken in turn, cut out beforehand.
    n_calls : int, default=300
        How many calls. They end after 5 seconds if the model is slow, but not before
        the third.

    Returns
    -------
    seconds : ndarray of shape (n_timed,)
        One for each call, after a first one that is not counted.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill.inspect import time_single_rows
    >>> model = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    >>> time_single_rows(model, [[0.0], [1.0]], n_calls=20).shape
    (20,)
    """
    rows = _cut_rows(X, n_calls)
    model.predict(rows[0])
    seconds: list[float] = []
    for row in rows:
        seconds.append(_seconds(model, row))
        if len(seconds) >= _LEAST_CALLS and sum(seconds) > _MOST_SECONDS:
            break
    return np.array(seconds)


def time_beside_reference(
    models: Sequence[Estimator], X: Table, n_calls: int = 100
) -> NDArray[np.float64]:
    """Return the seconds that one sample takes each model where nothing disturbs it.

    All models predict a sample in turn, and right before each a reference does, a
    ridge regression on ten features. What else the machine does slows both alike, so
    the ratio of their times is kept: its median over all calls, times the shortest
    time of the reference. So a load that comes and goes does not decide which of two
    models is the faster one.

    Parameters
    ----------
    models : sequence of estimator
        Fitted.
    X : table of shape (n_samples, n_features)
        The samples are taken in turn, cut out beforehand.
    n_calls : int, default=100
        How many calls for each model. They end after 5 seconds for all models, but not
        before the third.

    Returns
    -------
    seconds : ndarray of shape (n_models,)

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill.inspect import time_beside_reference
    >>> model = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    >>> (time_beside_reference([model], [[0.0], [1.0]], n_calls=20) > 0).tolist()
    [True]
    """
    rows = _cut_rows(X, n_calls)
    reference, own_row = Ridge().fit(np.eye(10), np.arange(10.0)), np.zeros((1, 10))
    for model in models:
        model.predict(rows[0])
    reference.predict(own_row)
    beside: list[list[float]] = []
    seconds: list[list[float]] = []
    for row in rows:
        beside.append([])
        seconds.append([])
        for model in models:
            beside[-1].append(_seconds(reference, own_row))
            seconds[-1].append(_seconds(model, row))
        if len(seconds) >= _LEAST_CALLS and np.sum(seconds) > _MOST_SECONDS:
            break
    return np.median(np.divide(seconds, beside), axis=0) * np.min(beside)


def _cut_rows(X: Table, n_rows: int) -> list[Table]:
    """Return tables of one sample each, those of X in turn."""
    if n_rows < 1:
        raise ValueError(f"n_calls must be 1 or more. Got {n_rows!r}.")
    n_samples = np.shape(X)[0]
    if n_samples == 0:
        raise ValueError(
            "X must hold one row at least. Got none. Pass rows to be predicted."
        )
    return [safe_indexing(X, [i % n_samples]) for i in range(n_rows)]


def _seconds(model: Estimator, row: Table) -> float:
    """Return the seconds that one call of `predict` takes."""
    start = time.perf_counter()
    model.predict(row)
    return time.perf_counter() - start


def rows_per_second(model: Estimator, X: Table) -> float:
    """Return how many samples a second `predict` takes when it is given all of X.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : table of shape (n_samples, n_features)
        The batch.

    Returns
    -------
    float
        By the median of at least three calls, as many as fit into a fifth of a second.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill.inspect import rows_per_second
    >>> rows_per_second(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), [[0.0]] * 100) > 100
    True
    """
    seconds: list[float] = []
    while len(seconds) < _LEAST_CALLS or sum(seconds) < _BATCH_SECONDS:
        start = time.perf_counter()
        model.predict(X)
        seconds.append(time.perf_counter() - start)
    return np.shape(X)[0] / float(np.median(seconds))
