"""What a fitted teacher predicts for some samples: values, or logits of the classes."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skdistill._fitting import final_step
from skdistill._numerics import as_logit_matrix, log_probability, temper
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes, check_magnitude, uniform_where_none

__all__ = [
    "as_precise_as",
    "check_predictions",
    "in_sample_order",
    "predict_logits",
    "predict_values",
]

# On how many samples it is checked that decision_function is the logit of
# predict_proba.
_N_PROBED = 64


def predict_values(teacher: Estimator, X: Table) -> NDArray[np.float64]:
    """Return what a regression teacher predicts.

    Parameters
    ----------
    teacher : estimator
        Fitted.
    X : table of shape (n_samples, n_features)
        The samples.

    Returns
    -------
    predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    """
    values = np.asarray(teacher.predict(X), dtype=float)
    _check_one_a_sample(teacher, values, X)
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    return values


def predict_logits(
    teacher: Estimator, X: Table, classes: NDArray | None = None
) -> NDArray[np.floating]:
    """Return what a classification teacher predicts: one logit for each class.

    `decision_function` is taken where it is a true logit, that is where its softmax
    is `predict_proba`; it keeps what probabilities lose by rounding to 0 or 1. Else
    the log-probabilities are taken, which are logits too (a constant added to a row
    cancels). A teacher without probabilities gives its decision values. A row to which
    it gives no probability at all is taken as uniform, with a `NoProbabilityWarning`.

    Parameters
    ----------
    teacher : estimator
        Fitted.
    X : table of shape (n_samples, n_features)
        The samples.
    classes : ndarray of shape (n_classes,), default=None
        The order of the columns, for a teacher that knows these labels. If None, and
        for a teacher of codes, the columns are in the teacher's own order.

    Returns
    -------
    logits : ndarray of shape (n_samples, n_classes)
        In single precision if the samples are.
    """
    logits, known = _own_logits(teacher, X), getattr(teacher, "classes_", None)
    _check_one_a_sample(teacher, logits, X)
    if classes is None or known is None:
        return as_precise_as(X, logits)
    if set(np.asarray(known).tolist()) >= set(classes.tolist()):
        logits = align_classes(logits, known, classes)
    return as_precise_as(X, logits)


def as_precise_as(X: Table, logits: NDArray) -> NDArray[np.floating]:
    """Return logits in single precision if the samples are, else as they are.

    On many samples they are what memory costs, and more digits tell nothing.
    """
    dtypes = getattr(X, "dtypes", [getattr(X, "dtype", None)])
    if len(dtypes) and all(dtype == np.float32 for dtype in dtypes):
        return logits.astype(np.float32, copy=False)
    return logits


def _own_logits(teacher: Estimator, X: Table) -> NDArray[np.float64]:
    if not hasattr(teacher, "predict_proba"):
        _check_one_value_a_class(teacher)
        return as_logit_matrix(teacher.decision_function(X))
    if hasattr(teacher, "decision_function"):
        probe = safe_indexing(_indexable(X), slice(_N_PROBED))
        logits = as_logit_matrix(teacher.decision_function(probe))
        expected = np.asarray(teacher.predict_proba(probe))
        if logits.shape == expected.shape and np.allclose(
            temper(logits, 1.0), expected, rtol=0, atol=1e-5
        ):
            return as_logit_matrix(teacher.decision_function(X))
    return uniform_where_none(log_probability(teacher.predict_proba(X)))


def _indexable(X: Table) -> Table:
    """Return samples that can be counted and indexed, as some tables cannot."""
    if sparse.issparse(X):
        return X.tocsr()
    return X if hasattr(X, "__getitem__") else np.asarray(X)


def _check_one_value_a_class(teacher: Estimator) -> None:
    if getattr(final_step(teacher), "decision_function_shape", "ovr") == "ovo":
        raise ValueError(
            "The teacher's decision_function must give one value a class. Got "
            "decision_function_shape='ovo', one a pair of classes. Use 'ovr', or wrap "
            "the teacher in CalibratedClassifierCV."
        )


def _check_one_a_sample(teacher: Estimator, predictions: NDArray, X: Table) -> None:
    """Raise if there are more or fewer predictions than samples."""
    n_samples = X.shape[0] if hasattr(X, "shape") else len(_indexable(X))
    if predictions.ndim not in (1, 2) or len(predictions) != n_samples:
        raise ValueError(
            f"{type(teacher).__name__} must predict once for each sample, of which "
            f"there are {n_samples}. Got predictions of shape {predictions.shape}. "
            "Mend its predict, or predict_proba and decision_function."
        )


def in_sample_order(
    held_out: list[NDArray], parts: list[NDArray], n_samples: int
) -> NDArray:
    """Put the predictions for the samples held out of each fold where these are."""
    predictions = np.empty((n_samples, *parts[0].shape[1:]), parts[0].dtype)
    for rows, part in zip(held_out, parts, strict=True):
        predictions[rows] = part
    return predictions


def check_predictions(predictions: NDArray, samples: str) -> None:
    """Raise if one for `samples` is missing; a logit of -inf is probability 0."""
    wrong = np.isnan(predictions) | (predictions == np.inf)
    if wrong.any():
        raise ValueError(
            "The teacher's predictions must be finite numbers. Got "
            f"{int(wrong.sum())} NaN or infinite ones, the first for row "
            f"{np.argwhere(wrong)[0][0]} of {samples}."
        )
    possible = predictions[np.isfinite(predictions)]
    check_magnitude(possible, "The teacher's predictions")
