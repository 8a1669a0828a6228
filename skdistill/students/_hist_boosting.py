"""HistGradientBoosting learns from weighted copies and stops early by rows apart.

Left to itself it would put some copies of a row into its validation part and others
into its training part, and would count copies to decide whether to stop early at all.
"""

import numpy as np
from sklearn.model_selection import train_test_split

from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Estimator
from skdistill.students._copies import copies_of, count_classes, fit_on_copies

__all__ = ["fit_hist_boosting", "stops_early"]

# scikit-learn's own limit for early_stopping="auto".
_MANY_ROWS = 10_000


def stops_early(student: Estimator, n_rows: int) -> bool:
    """Tell whether a histogram boosting model stops early on so many rows."""
    stops = student.early_stopping
    return n_rows > _MANY_ROWS if stops == "auto" else bool(stops)


def fit_hist_boosting(student, X, labels, classes, *, y, sample_weight, fit_params):
    """Fit a HistGradientBoostingClassifier; see `skdistill.students.register`."""
    params = student.get_params()
    stops = stops_early(student, len(y))
    student.set_params(early_stopping=stops)
    own_validation = "X_val" in fit_params or params["validation_fraction"] is None
    learn = _fit_apart if stops and not own_validation else fit_on_copies
    learn(
        student,
        X,
        labels,
        classes,
        y=y,
        sample_weight=sample_weight,
        fit_params=fit_params,
    )
    return student.set_params(early_stopping=params["early_stopping"])


def _fit_apart(student, X, labels, classes, *, y, sample_weight, fit_params):
    """Fit on the copies of some rows, stop early by the copies of the others."""
    _, held_out = train_test_split(
        np.arange(len(y)),
        test_size=student.validation_fraction,
        stratify=y,
        random_state=student.random_state,
    )
    rows, columns, weight = copies_of(labels, sample_weight)
    weight = np.ones(len(rows)) if weight is None else weight
    apart = np.isin(rows, held_out)
    student = count_classes(student, y, classes, classes)
    return student.fit(
        safe_indexing(X, rows[~apart]),
        classes[columns[~apart]],
        sample_weight=weight[~apart],
        X_val=safe_indexing(X, rows[apart]),
        y_val=classes[columns[apart]],
        sample_weight_val=weight[apart],
        **index_params(X, fit_params, indices=rows[~apart]),
    )
