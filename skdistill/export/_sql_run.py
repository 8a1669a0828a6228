"""An SQL statement run by SQLite, to predict the samples."""

import math
from collections.abc import Sequence
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from skdistill.export._check import Predictions
from skdistill.export._sql_source import quoted

__all__ = ["find_sqlite", "run_sql"]

# The first version that knows MATERIALIZED.
_VERSION = (3, 35)


def find_sqlite() -> bool:
    """Return whether this Python has an SQLite that knows all of a statement."""
    try:
        import sqlite3
    except ImportError:
        return False
    return sqlite3.sqlite_version_info >= _VERSION


def run_sql(
    statement: str,
    columns: Sequence[str],
    rows: NDArray,
    *,
    table: str,
    keep: Sequence[str],
    is_classifier: bool,
) -> Predictions:
    """Return what a statement predicts for rows of a table in memory.

    Parameters
    ----------
    statement : str
        The statement.
    columns : sequence of str
        The names of the columns of the samples.
    rows : ndarray of shape (n_samples, n_features)
        The samples; missing values become NULL.
    table : str
        The name of the table.
    keep : sequence of str
        The first columns of the result; those that samples have not are empty.
    is_classifier : bool
        Whether the label stands before the values.

    Returns
    -------
    Predictions

    Raises
    ------
    ValueError
        If SQLite does not take the statement.
    """
    import sqlite3

    held = {_folded(name) for name in columns}
    names = [*columns, *(name for name in keep if _folded(name) not in held)]
    kinds = ", ".join(f"{quoted(name)} DOUBLE PRECISION" for name in names)
    places = ", ".join(["?"] * rows.shape[1] + ["NULL"] * (len(names) - rows.shape[1]))
    with closing(sqlite3.connect(":memory:")) as connection:
        # Some builds have no mathematical functions.
        connection.create_function("EXP", 1, _exp, deterministic=True)
        try:
            connection.execute(f"CREATE TABLE {quoted(table)} ({kinds})")
            connection.executemany(
                f"INSERT INTO {quoted(table)} VALUES ({places})",  # noqa: S608
                rows.tolist(),
            )
            found = connection.execute(statement).fetchall()
        except sqlite3.Error as error:
            raise ValueError(
                f"SQLite must take the SQL of the model. Got the error {error}. A "
                "smaller student, of fewer or smaller trees or fewer columns, has a "
                "shorter statement."
            ) from error
    outputs = [row[len(keep) :] for row in found]
    values = np.array([row[is_classifier:] for row in outputs], dtype=float)
    if not is_classifier:
        return Predictions(values, None)
    return Predictions(values, np.array([row[0] for row in outputs], dtype=object))


def _folded(name: str) -> bytes:
    """Return what SQLite tells names by: the case of ASCII letters is none of it."""
    return name.encode().lower()


def _exp(value: float | None) -> float | None:
    try:
        return None if value is None else math.exp(value)
    except OverflowError:
        return math.inf
