"""XGBoost on samples that come block by block: external memory, with soft labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skdistill._optional import import_optional
from skdistill._typing import Estimator
from skdistill.students._piecewise import Blocks
from skdistill.students._xgboost_native import NativeTraining, takes_quantiles

if TYPE_CHECKING:
    import xgboost

__all__ = ["count_classes", "reason_not_in_blocks", "train_on_blocks"]


def reason_not_in_blocks(student: Estimator) -> str:
    """Return why XGBoost has no external memory for a student's parameters, else ""."""
    if student.booster not in (None, "gbtree"):
        return f"booster={student.booster!r} has no external memory"
    if not takes_quantiles(student):
        return f"tree_method={student.tree_method!r} has no external memory"
    return ""


def count_classes(blocks: Blocks) -> tuple[int, NDArray]:
    """Return how many classes there are, and how often each, as weighted."""
    total: Any = 0.0
    for _, mixed, weight in blocks():
        total = total + (mixed.sum(axis=0) if weight is None else weight @ mixed)
    total = np.asarray(total, dtype=float)
    return len(total), total / total.sum()


def train_on_blocks(
    student: Estimator,
    blocks: Blocks,
    folder: Path,
    n_classes: int = 0,
    intercept: float | list[float] | None = None,
) -> Estimator:
    """Train an XGBoost student on an ``ExtMemQuantileDMatrix``.

    Parameters
    ----------
    student : XGBModel
        Unfitted, to be fitted in place.
    blocks, folder
        As for `StudentAdapter.fit_in_blocks`.
    n_classes : int, default=0
        How many there are; 0 for values.
    intercept : float or list of float, default=None
        What classes start from where the student has no `base_score`.

    Returns
    -------
    student : XGBModel
    """
    library = import_optional("xgboost", extra="xgboost")
    training = NativeTraining(student, n_classes, intercept)
    # Samples are binned here, so the matrix has to know how.
    bins = {} if student.max_bin is None else {"max_bin": student.max_bin}
    params = training.matrix_params
    types = params.pop("feature_types")
    rows = library.ExtMemQuantileDMatrix(
        _iterator(library, training, blocks, folder, types),
        nthread=student.n_jobs,
        **bins,
        **params,
    )
    trained = library.train(training.params, rows, **training.options)
    return training.keep(trained)


def _iterator(
    library: Any, training: NativeTraining, blocks: Blocks, folder: Path, types: Any
) -> "xgboost.DataIter":
    """Return what hands XGBoost one block after the other, as often as it begins."""

    class Iterator(library.DataIter):
        def __init__(self) -> None:
            self.left = blocks()
            super().__init__(cache_prefix=str(folder / "xgboost"))

        def next(self, input_data: Any) -> bool:
            block = next(self.left, None)
            if block is None:
                return False
            X, mixed, weight = block
            input_data(
                data=X,
                label=training.labels(mixed),
                weight=weight,
                feature_types=types,
            )
            return True

        def reset(self) -> None:
            self.left = blocks()

    return Iterator()
