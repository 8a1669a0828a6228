"""How much a sample gains by going to the teacher: the score of a cascade."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr
from sklearn.ensemble import HistGradientBoostingRegressor

from skdistill._numerics import log_probability
from skdistill._typing import Estimator, Table
from skdistill.flow import join_columns
from skdistill.metrics import kl_by_sample
from skdistill.students import codes_of
from skdistill.teachers import log_losses

__all__ = ["UNCERTAINTIES", "default_model", "estimate_gains", "features_of"]


def _margin(probability: NDArray) -> NDArray[np.float64]:
    """Return 1 less the lead of the likeliest class over the second."""
    two = np.sort(probability, axis=1)[:, -2:]
    return 1 - (two[:, -1] - two[:, 0])


def _entropy(probability: NDArray) -> NDArray[np.float64]:
    return entr(probability).sum(axis=1)


# Scores that need no model, by their names.
UNCERTAINTIES: dict[str, Callable[[NDArray], NDArray]] = {
    "margin": _margin,
    "entropy": _entropy,
}


def default_model() -> Estimator:
    """Return the unfitted regressor that learns the score: small, and quick to ask."""
    return HistGradientBoostingRegressor(
        max_iter=60,
        learning_rate=0.05,
        max_leaf_nodes=8,
        l2_regularization=10.0,
        early_stopping=False,
    )


def features_of(X: Table, student: NDArray) -> Table:
    """Return what a deferral model sees: the samples, and what the student predicts.

    Parameters
    ----------
    X : table of shape (n_samples, n_features)
        The samples.
    student : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Values; or probabilities, before which their margin is put.

    Returns
    -------
    table
        With the columns of X first. Those of a DataFrame keep their names, the others
        are "student_0", "student_1", ...; where names are numbers, negative ones.
    """
    columns: Any = student[:, None]
    if student.ndim == 2:
        columns = np.column_stack([_margin(student), student])
    if hasattr(X, "iloc"):
        import pandas as pd

        columns = pd.DataFrame(columns)
        if all(isinstance(name, str) for name in X.columns):
            columns = columns.add_prefix("student_")
        else:
            columns.columns = range(-columns.shape[1], 0)
    elif getattr(X, "dtype", np.dtype(float)).kind in "US":
        X = np.asarray(X, dtype=object)  # Beside numbers.
    return join_columns(X, columns)


def estimate_gains(
    student: NDArray,
    teacher: NDArray,
    y: NDArray | None,
    classes: NDArray | None,
) -> NDArray[np.float64]:
    """Return what each held-out sample gains by going to the teacher.

    The gain is the student's loss less the teacher's: squared error, or log loss. If
    the teacher is the mean of y given x, the expected gain is the squared distance of
    the two, (s - t)^2, since (s - y)^2 - (t - y)^2 = (s - t)^2 + 2 (s - t)(t - y); of
    classes it is the Kullback-Leibler divergence, the mean of log t_y - log s_y over
    the teacher's probabilities. That distance has little noise, but believes the
    teacher; the gain by the labels has much, but believes nobody. Their mean is
    returned; without labels the distance.

    Parameters
    ----------
    student, teacher : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Values, or probabilities of the classes, for samples that neither was fitted on.
    y : ndarray of shape (n_samples,) or None
        The labels.
    classes : ndarray of shape (n_classes,) or None
        The labels that there are, sorted; None for regression.

    Returns
    -------
    gains : ndarray of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.cascade import estimate_gains
    >>> student, teacher = np.array([0.0, 1.0]), np.array([2.0, 1.0])
    >>> estimate_gains(student, teacher, np.array([1.0, 5.0]), None)
    array([2., 0.])
    """
    if classes is None:
        distance = (student - teacher) ** 2
    else:
        distance = kl_by_sample(teacher, student)
    if y is None:
        return distance
    if classes is None:
        by_labels = (student - y) ** 2 - (teacher - y) ** 2
    else:
        codes = codes_of(y, classes)
        of_student, of_teacher = (
            log_losses(log_probability(one), codes) for one in (student, teacher)
        )
        by_labels = of_student - of_teacher
    return (distance + by_labels) / 2
