"""Warnings about what a teacher could not learn."""

import numpy as np
from numpy.typing import NDArray

from skdistill._warnings import warn_user
from skdistill.exceptions import MissingClassWarning

__all__ = ["warn_missing_class"]


def warn_missing_class(
    fold: int, known: NDArray, classes: NDArray, *, n_held_out: int
) -> None:
    """Warn if the training part of a fold lacks some of `classes`."""
    missing = np.setdiff1d(classes, known)
    if missing.size:
        warn_user(
            f"The training part of fold {fold} has no row of class "
            f"{missing.tolist()}: its teacher gives them probability 0 on the "
            f"{n_held_out} rows held out. Every class needs rows in at least two "
            "folds: add rows, merge rare classes, or pass a stratified cv.",
            MissingClassWarning,
        )
