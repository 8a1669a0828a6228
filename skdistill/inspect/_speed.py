"""How fast a fitted model predicts, one row at a time and in batches."""

import time

import numpy as np
from numpy.typing import NDArray

from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table

__all__ = ["rows_per_second", "time_single_rows"]

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
    if n_calls < 1:
        raise ValueError(f"n_calls must be 1 or more. Got {n_calls!r}.")
    n_rows = np.shape(X)[0]
    if n_rows == 0:
        raise ValueError(
            "X must hold one row at least. Got none. Pass rows to be predicted."
        )
    rows = [safe_indexing(X, [i % n_rows]) for i in range(n_calls)]
    model.predict(rows[0])
    seconds: list[float] = []
    for row in rows:
        start = time.perf_counter()
        model.predict(row)
        seconds.append(time.perf_counter() - start)
        if len(seconds) >= _LEAST_CALLS and sum(seconds) > _MOST_SECONDS:
            break
    return np.array(seconds)


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
