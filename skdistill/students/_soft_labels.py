"""Which way a student learns soft labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier, is_regressor

from skdistill._fitting import supports_weight, weight_param
from skdistill._typing import Estimator, Table
from skdistill.students._copies import fit_on_copies
from skdistill.students._logits import LogitStudent

__all__ = ["check_learns_soft_labels", "fit_soft_labels"]


def check_learns_soft_labels(student: Estimator) -> None:
    """Raise, before any work is done, if no way of learning fits the student."""
    if is_regressor(student) or (is_classifier(student) and supports_weight(student)):
        return
    raise ValueError(
        "The student of a DistilledClassifier must be a classifier whose fit takes "
        f"sample_weight, or a regressor. Got {student!r}, which is "
        + ("without sample_weight." if is_classifier(student) else "neither.")
        + " Soft labels are learned through weighted copies of the rows; a regressor "
        "learns the teacher's logits instead (KNeighborsRegressor in place of "
        "KNeighborsClassifier)."
    )


def fit_soft_labels(
    student: Estimator,
    X: Table,
    y: NDArray,
    target: NDArray[np.float64],
    classes: NDArray,
    *,
    sample_weight: NDArray | None = None,
    fit_params: dict[str, Any] | None = None,
) -> Estimator:
    """Fit a student on probabilities instead of labels.

    Parameters
    ----------
    student : estimator
        Unfitted. A classifier, or a regressor, which learns the logits.
    X : array-like of shape (n_samples, n_features)
        The rows.
    y : array-like of shape (n_samples,)
        The labels.
    target : ndarray of shape (n_samples, n_classes)
        The soft labels: rows are non-negative and sum to 1.
    classes : ndarray of shape (n_classes,)
        The labels of the columns.
    sample_weight : ndarray of shape (n_samples,), default=None
        Row weights.
    fit_params : dict, default=None
        Further per-row parameters of the student's `fit`.

    Returns
    -------
    student : fitted estimator
    """
    fit_params = fit_params or {}
    if is_regressor(student):
        weight = weight_param(student, sample_weight, part="student")
        return LogitStudent(student).fit_target(X, target, classes, weight | fit_params)
    return fit_on_copies(
        student,
        X,
        y,
        target,
        classes,
        sample_weight=sample_weight,
        fit_params=fit_params,
    )
