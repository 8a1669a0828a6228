"""A fit waits for workers that come back, but not for ever."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skdistill._optional import import_optional

__all__ = ["needing_workers"]

# After how many seconds without workers a fit ends, and how often it looks.
_PATIENCE, _INTERVAL = 120.0, 2.0


@contextmanager
def needing_workers(client: Any) -> Iterator[None]:
    """Raise inside if all workers are lost and none comes back for a while.

    Dask itself waits for ever. Workers that have not yet come at the beginning are
    waited for as it does: they may be queued.

    Parameters
    ----------
    client : distributed.Client
        The client of the cluster. What it waits for inside is cancelled then.
    """
    known = {*client.futures}
    is_over, are_gone = threading.Event(), threading.Event()
    watch = threading.Thread(
        target=_watch, args=(client, known, is_over, are_gone), daemon=True
    )
    watch.start()
    try:
        yield
    except BaseException as error:
        if not are_gone.is_set():
            raise
        raise RuntimeError(
            "Collections are fitted by workers, which must come back when they are "
            f"lost. Got a cluster without any for {_PATIENCE:g} seconds. Look at their "
            "logs and their memory, give them more of it or smaller partitions, start "
            "them again, and fit again."
        ) from error
    finally:
        is_over.set()
        watch.join()


def _watch(
    client: Any,
    known: set,
    is_over: threading.Event,
    are_gone: threading.Event,
) -> None:
    """Cancel the client's new futures once all workers have been gone for long."""
    future_of = import_optional("distributed", extra="dask").Future
    last_seen = None
    while not is_over.wait(_INTERVAL):
        if client.status != "running":
            return
        if client.nthreads():
            last_seen = time.monotonic()
        elif last_seen is not None and time.monotonic() - last_seen > _PATIENCE:
            are_gone.set()
            keys = {*client.futures} - known
            client.cancel([future_of(key, client) for key in keys])
