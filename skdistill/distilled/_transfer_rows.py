"""Transfer rows: drawn or given, answered by the teacher, joined to the training rows.

They have no label. Their target is the teacher's answer alone, whatever alpha is.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skdistill._fitting import clone_with_seed, naming_failures, weight_param
from skdistill._sklearn import HELD_OUT_PARAMS
from skdistill._typing import Estimator, Table
from skdistill.refine import adds_up_trees
from skdistill.transfer import ConditionalSampler, MungeSampler, draw

__all__ = [
    "TransferRows",
    "can_draw_rows",
    "check_joinable",
    "check_same_container",
    "choose_sampler",
    "draw_rows",
    "join_tables",
]

# How many rows are drawn for a training row, and in all. Many training rows leave
# little for drawn ones to add, and these would cost ten times the work.
_PER_ROW, _AT_MOST = 10, 100_000
# Fewer rows say too little of what goes together.
_FEWEST = 100


@dataclass(frozen=True)
class TransferRows:
    """Rows without labels.

    Attributes
    ----------
    X : table of shape (n_transfer, n_features)
        The rows.
    answers : ndarray
        The teacher's answers for them.
    weight : float
        How much one weighs, where a training row weighs 1 on average.
    """

    X: Table
    answers: NDArray
    weight: float

    def join(
        self, X: Table, fit_params: dict[str, Any]
    ) -> tuple[Table, dict[str, Any]]:
        """Return all rows, those of X first, and the parameters of `fit`."""
        n_rows = np.shape(X)[0]
        for name, value in fit_params.items():
            is_by_row = hasattr(value, "shape") and value.shape[:1] == (n_rows,)
            if is_by_row and name not in {"sample_weight", *HELD_OUT_PARAMS}:
                raise ValueError(
                    "Transfer rows have no metadata but their weight. Got "
                    f"{name!r} for the {n_rows} rows of X. Use transfer=None and no "
                    "X_transfer, or do not route it to the student."
                )
        weight = self._join_weights(fit_params.get("sample_weight"), n_rows)
        return join_tables(X, self.X), fit_params | {"sample_weight": weight}

    def _join_weights(self, sample_weight, n_rows):
        """Return the weights of training and transfer rows; None where all are 1."""
        if sample_weight is None:
            if self.weight == 1:
                return None
            sample_weight = np.ones(n_rows)
        extra = np.full(len(self.answers), self.weight * np.mean(sample_weight))
        return np.concatenate([sample_weight, extra])


def choose_sampler(student: Estimator) -> Estimator:
    """Return the sampler whose rows teach a student best.

    Sums of trees learn most from MUNGE's rows, all others from conditional ones.
    """
    return MungeSampler() if adds_up_trees(student) else ConditionalSampler()


def can_draw_rows(X: Table) -> bool:
    """Tell whether X is a dense table, as samplers need, of rows enough to learn from.

    The fewest rows also keep a weight of k the same as k equal rows in tiny tables.
    """
    shape = np.shape(X)
    return not sparse.issparse(X) and len(shape) == 2 and shape[0] >= _FEWEST


def count_drawn(size: float | str, n_rows: int) -> int:
    """Return how many rows to draw beside `n_rows` training rows."""
    if size == "auto":
        return min(_PER_ROW * n_rows, _AT_MOST)
    return max(1, round(float(size) * n_rows))


def draw_rows(
    sampler: Estimator,
    size: float | str,
    X: Table,
    *,
    weight: NDArray | None,
    seed: int | None,
) -> Table:
    """Draw `size` rows for each row of X from a sampler fitted on X."""
    n_samples = count_drawn(size, np.shape(X)[0])
    sampler = clone_with_seed(sampler, seed)
    name = f"sampler ({type(sampler).__name__}); transfer=None does without it"
    with naming_failures(name):
        sampler.fit(X, **weight_param(sampler, weight, part="sampler"))
        return draw(sampler, n_samples, like=X, random_state=seed)


def check_joinable(X: Table) -> None:
    """Raise if rows of this container cannot be joined to others."""
    if hasattr(X, "columns") and not hasattr(X, "iloc"):
        raise TypeError(
            "Transfer rows go with arrays and pandas DataFrames. Got X as "
            f"{type(X).__module__.partition('.')[0]}.{type(X).__name__}. Use "
            "X.to_pandas(), or transfer=None and no X_transfer."
        )


def check_same_container(X: Table, X_transfer: Table) -> None:
    """Raise unless the two tables are both DataFrames, or sparse, or neither."""
    if hasattr(X, "iloc") and not hasattr(X_transfer, "iloc"):
        raise TypeError(
            "X_transfer must be a DataFrame, as X is one. Got "
            f"{type(X_transfer).__name__}. Use pandas.DataFrame(X_transfer, "
            "columns=X.columns)."
        )
    if hasattr(X_transfer, "iloc") and not hasattr(X, "iloc"):
        raise TypeError(
            f"X_transfer must be no DataFrame, as X is none. Got X as "
            f"{type(X).__name__}. Use X_transfer.to_numpy(), or give X as a DataFrame."
        )
    if sparse.issparse(X) != sparse.issparse(X_transfer):
        raise TypeError(
            "X and X_transfer must both be sparse, or both dense. Got "
            f"{type(X).__name__} and {type(X_transfer).__name__}. Use toarray()."
        )


def join_tables(first: Table, second: Table) -> Table:
    """Stack two tables with the same columns."""
    if hasattr(first, "iloc"):
        return _join_frames(first, second)
    if sparse.issparse(first):
        return sparse.vstack([first, second], format=first.format)
    return np.concatenate([np.asarray(first), np.asarray(second)])


def _join_frames(first, second):
    import pandas as pd

    both = pd.concat([first, second], ignore_index=True)
    changed = [name for name in both if both[name].dtype != first[name].dtype]
    if changed:
        raise ValueError(
            "X_transfer must have the dtypes of X. Got "
            f"{second[changed[0]].dtype} in column {changed[0]!r} where X has "
            f"{first[changed[0]].dtype}. Use X_transfer.astype(X.dtypes)."
        )
    return both
