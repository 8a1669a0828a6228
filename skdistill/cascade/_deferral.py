"""How much a sample gains by going to the teacher: the score of a cascade."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr
from sklearn.ensemble import HistGradientBoostingRegressor

from skdistill._fitting import clone_with_seed, naming_failures, weight_param
from skdistill._typing import Estimator, Table
from skdistill.flow import join_columns
from skdistill.metrics import kl_by_sample
from skdistill.students import codes_of

__all__ = [
    "FLOOR",
    "UNCERTAINTIES",
    "default_model",
    "expected_gains",
    "features_of",
    "find_corrections",
    "fit_models",
    "predict_corrections",
]

# The least probability that counts in a score.
FLOOR = 1e-3


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
        max_iter=100,
        learning_rate=0.05,
        max_leaf_nodes=16,
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
        are "student_0", "student_1", ..., after an underscore where X has such names;
        where names are numbers, negative ones.
    """
    columns: Any = student[:, None]
    if student.ndim == 2:
        columns = np.column_stack([_margin(student), student])
    if hasattr(X, "iloc"):
        import pandas as pd

        columns = pd.DataFrame(columns)
        if all(isinstance(name, str) for name in X.columns):
            prefix = "student_"
            while any(name.startswith(prefix) for name in X.columns):
                prefix = f"_{prefix}"
            columns = columns.add_prefix(prefix)
        else:
            columns.columns = range(-columns.shape[1], 0)
    elif getattr(X, "dtype", np.dtype(float)).kind in "US":
        X = np.asarray(X, dtype=object)  # Beside numbers.
    return join_columns(X, columns)


def find_corrections(
    student: NDArray, teacher: NDArray, y: NDArray | None, classes: NDArray | None
) -> NDArray[np.float64]:
    """Return by how much the student misses, on held-out samples.

    That is (t + y) / 2 - s: of values, of the probability of the second of two classes,
    or of each of several, with y as 0 or 1. If the teacher is the mean of y given x,
    both t - s and y - s have the mean that is looked for; the first has little noise
    but believes the teacher, the second has much but believes nobody. Without labels
    it is t - s.

    Parameters
    ----------
    student : ndarray of shape (n_samples,) or (n_samples, n_classes)
        What the student predicts: values, or probabilities of the classes.
    teacher : ndarray of the same shape
        What the teacher predicts; neither was fitted on these samples.
    y : ndarray of shape (n_samples,) or None
        The labels.
    classes : ndarray of shape (n_classes,) or None
        The labels that there are, sorted; None for regression.

    Returns
    -------
    corrections : ndarray of shape (n_samples, 1) or (n_samples, n_classes)
        One column for values and for two classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.cascade import find_corrections
    >>> student, teacher = np.array([0.0, 1.0]), np.array([2.0, 1.0])
    >>> find_corrections(student, teacher, np.array([4.0, 1.0]), None)
    array([[3.],
           [0.]])
    """
    target = teacher
    if y is not None:
        labels = y if classes is None else np.eye(len(classes))[codes_of(y, classes)]
        target = (teacher + labels) / 2
    missing = target - student
    if missing.ndim == 1:
        return missing[:, None]
    return missing[:, 1:] if missing.shape[1] == 2 else missing


def expected_gains(student: NDArray, corrections: NDArray) -> NDArray[np.float64]:
    """Return what each sample is expected to gain by going to the teacher.

    If s + r is the mean of y, a teacher that knows it has a squared error that is
    lower by r^2. Of classes, a teacher whose probabilities are q = p + r, divided by
    their sum, has a log loss that is lower by KL(q || p). Probabilities are kept at
    0.001 or more.

    Parameters
    ----------
    student : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Values s, or probabilities p.
    corrections : ndarray of shape (n_samples, 1) or (n_samples, n_classes)
        What is predicted of `find_corrections`.

    Returns
    -------
    gains : ndarray of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.cascade import expected_gains
    >>> expected_gains(np.array([5.0, 1.0]), np.array([[2.0], [-1.0]]))
    array([4., 1.])
    >>> expected_gains(np.array([[0.5, 0.5]]), np.array([[0.25]])).round(4)
    array([0.1308])
    """
    if student.ndim == 1:
        return corrections[:, 0] ** 2
    if student.shape[1] == 2:
        corrections = np.column_stack([-corrections, corrections])
    corrected = np.maximum(student + corrections, FLOOR)
    corrected /= corrected.sum(axis=1, keepdims=True)
    return kl_by_sample(corrected, student, floor=FLOOR)


def fit_models(
    model: Estimator,
    features: Table,
    corrections: NDArray,
    weight: NDArray | None,
    seed: int | None,
) -> list[Estimator]:
    """Fit a clone of a regressor on each column of the corrections."""
    params = weight_param(model, weight, part="deferral model")
    with naming_failures("deferral model"):
        return [
            clone_with_seed(model, seed).fit(features, column, **params)
            for column in corrections.T
        ]


def predict_corrections(models: Sequence[Estimator], features: Table) -> NDArray:
    """Return what `fit_models` learned, for any samples."""
    return np.column_stack([np.ravel(model.predict(features)) for model in models])
