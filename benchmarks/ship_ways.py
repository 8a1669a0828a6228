"""The ways to ship a student, each with a `predict`, for `benchmarks.ship`."""

import ctypes
import sqlite3
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from skdistill.export import to_c, to_onnx, to_sql

# Predicts rows alone, one after the other, and says how long that took.
LOOP = """\
#include <time.h>
#include "model.h"

double predict_rows(const double *x, int n, double *y)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < n; i++)
        y[i] = (double)model_predict(x + i * MODEL_N_FEATURES);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (to.tv_sec - from.tv_sec) + (to.tv_nsec - from.tv_nsec) * 1e-9;
}
"""
# So many rows take longer than looking at the clock does.
N_TIMED = 50


class InPython:
    """A model as it is."""

    def __init__(self, model) -> None:
        self._model = model

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels or values."""
        return self._model.predict(X)

    def row_seconds(self, row: np.ndarray) -> float:
        """Return the seconds that a row takes."""
        start = time.perf_counter()
        self.predict(row)
        return time.perf_counter() - start


class InOnnx(InPython):
    """An ONNX model in the runtime, on one thread."""

    def __init__(self, model, X: np.ndarray) -> None:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        onnx_model = to_onnx(model, X)
        self.n_bytes = onnx_model.ByteSize()
        self._session = InferenceSession(onnx_model.SerializeToString(), options)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return values, or the probabilities that come with the labels."""
        return self._session.run(None, {"X": X})[-1]


class InC:
    """A C model as a shared library; `predict` returns the index of the label."""

    def __init__(self, model, X: np.ndarray) -> None:
        with TemporaryDirectory() as name:
            folder = Path(name)
            to_c(model, X, folder / "model.c", name="model")
            (folder / "loop.c").write_text(LOOP)
            for command in (
                "cc -std=c99 -O2 -fPIC -c model.c -o model.o",
                "cc -std=gnu99 -O2 -fPIC -shared loop.c model.o -lm -o loop.so",
            ):
                subprocess.run(command.split(), cwd=folder, check=True)
            sizes = subprocess.run(
                ["size", "model.o"], cwd=folder, check=True, capture_output=True
            )
            self._loop = ctypes.CDLL(str(folder / "loop.so")).predict_rows
        self._loop.restype = ctypes.c_double
        self.n_bytes = sum(map(int, sizes.stdout.split()[6:9]))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return values or indices of labels."""
        return self._run(X)[1]

    def row_seconds(self, X: np.ndarray) -> float:
        """Return the seconds that a row takes, of several predicted one by one."""
        return self._run(X)[0] / len(X)

    def _run(self, X: np.ndarray) -> tuple[float, np.ndarray]:
        rows, found = np.ascontiguousarray(X, dtype=float), np.empty(len(X))
        kind = ctypes.POINTER(ctypes.c_double)
        seconds = self._loop(
            rows.ctypes.data_as(kind), len(rows), found.ctypes.data_as(kind)
        )
        return seconds, found


class InSql(InPython):
    """A SELECT statement in SQLite, prepared, over a table that lies in memory."""

    def __init__(self, model, X: np.ndarray) -> None:
        self._statement = to_sql(model, X)
        self.n_bytes = len(self._statement.encode())
        names = [f"x{i}" for i in range(X.shape[1])]
        self._insert = f"INSERT INTO samples VALUES ({', '.join('?' * len(names))})"
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute(f"CREATE TABLE samples ({', '.join(names)})")
        self._held: np.ndarray | None = None

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels or values; rows that were predicted last lie in the table."""
        self._hold(X)
        found = self._connection.execute(self._statement).fetchall()
        return np.array([row[0] for row in found])

    def row_seconds(self, row: np.ndarray) -> float:
        """Return the seconds that a row takes that lies in the table."""
        self._hold(row)
        return super().row_seconds(row)

    def _hold(self, X: np.ndarray) -> None:
        if X is not self._held:
            self._connection.execute("DELETE FROM samples")
            self._connection.executemany(self._insert, X.astype(float).tolist())
            self._held = X
