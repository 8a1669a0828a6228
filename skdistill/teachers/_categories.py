"""Categories that a fold may lack."""

import numpy as np

from skdistill._typing import Estimator, Table

__all__ = ["with_all_categories"]


def with_all_categories(teacher: Estimator, X: Table) -> Estimator:
    """Set `min_categories`, where it is None, to what the samples hold.

    A model that counts categories by their codes fails on one beyond those that it was
    fitted to, such as the highest one if it lies in the held-out part alone. For folds
    that have them all, nothing changes.

    Parameters
    ----------
    teacher : estimator
        Unfitted; changed in place if it has the parameter.
    X : table of shape (n_samples, n_features)
        All samples, with codes from 0 on.

    Returns
    -------
    teacher : the same object
    """
    if teacher.get_params(deep=False).get("min_categories", 0) is not None:
        return teacher
    try:
        codes = np.asarray(X, dtype=int)
    except (TypeError, ValueError):
        return teacher  # Its own fit says what is wrong with them.
    return teacher.set_params(min_categories=codes.max(axis=0) + 1)
