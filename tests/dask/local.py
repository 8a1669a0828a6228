"""Samples as collections, a cluster of threads, and what its client gets."""

import pickle
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest

da = pytest.importorskip("dask.array", reason="needs skdistill[dask]")
distributed = pytest.importorskip("distributed", reason="needs skdistill[dask]")


@contextmanager
def two_workers():
    """Yield the client of two workers in this process."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@cache
def samples(n_samples=240):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    y = X[:, 0] + np.sin(2 * X[:, 1]) + 0.3 * rng.normal(size=n_samples)
    return X, y, rng.uniform(0.5, 2, n_samples)


def labels(n_classes):
    y = samples()[1]
    codes = np.digitize(y, np.quantile(y, np.arange(1, n_classes) / n_classes))
    return np.array(["low", "mid", "top"])[codes]


def as_dask(*arrays, size=60):
    return [da.from_array(one, chunks=(size, *one.shape[1:])) for one in arrays]


def bytes_to_client(monkeypatch):
    """Return a list, to whose last number all is added that comes to the client."""
    sizes = []

    def recording(method):
        def call(*args, **kwargs):
            found = method(*args, **kwargs)
            if not hasattr(found, "__await__"):
                sizes[-1] += len(pickle.dumps(found))
            return found

        return call

    for cls, name in ((distributed.Client, "gather"), (distributed.Future, "result")):
        monkeypatch.setattr(cls, name, recording(getattr(cls, name)))
    return sizes
