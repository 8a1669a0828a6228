"""The bound on all threads of a fit."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from skdistill._typing import Estimator
from skdistill.teachers import LazyTeacher, LazyTeachers

__all__ = ["at_most", "single_threaded"]


@contextmanager
def at_most(n_jobs: int) -> Iterator[None]:
    """Let OpenMP and BLAS use so many threads here, and one in each worker.

    There are `n_jobs` workers, if there are any; meanwhile this process waits.
    """
    with (
        threadpool_limits(n_jobs),
        parallel_config("loky", inner_max_num_threads=1),
    ):
        yield


def single_threaded(model: Estimator) -> Estimator:
    """Set `n_jobs` to 1 in a model and in all its parts, fitted ones too; return it."""
    for part in _estimators_in(model, set()):
        if "n_jobs" in part.get_params(deep=False):
            part.set_params(n_jobs=1)
    return model


def _estimators_in(held: Any, seen: set[int]) -> Iterator[BaseEstimator]:
    """Yield each estimator that is, or is held by, what is given, once."""
    if id(held) in seen:
        return
    seen.add(id(held))
    parts: Iterable[Any] = ()
    if isinstance(held, BaseEstimator):
        yield held
    if isinstance(held, BaseEstimator | LazyTeacher | LazyTeachers):
        parts = [*vars(held).values()]
    elif isinstance(held, dict):
        parts = held.values()
    elif isinstance(held, list | tuple):
        parts = held
    elif isinstance(held, np.ndarray) and held.dtype == object:
        parts = held.flat
    for part in parts:
        yield from _estimators_in(part, seen)
