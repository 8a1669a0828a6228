"""The bound on all threads of a fit."""

from collections.abc import Iterator
from contextlib import contextmanager

from joblib import parallel_config
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from skdistill._typing import Estimator

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
    """Set all `n_jobs` in a model to 1, and return it."""
    held = [name for name in _params(model) if name.split("__")[-1] == "n_jobs"]
    return model.set_params(**dict.fromkeys(held, 1)) if held else model


def _params(model: Estimator) -> list[str]:
    return [*model.get_params()] if isinstance(model, BaseEstimator) else []
