"""Predictions that come from outside: stored values, probabilities or logits."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._numerics import as_logit_matrix, log_probability
from skdistill._validation import check_magnitude, check_numbers

__all__ = ["check_stored_logits", "check_stored_values"]

# How far probabilities may be from a sum of 1: rounded to three digits, say.
_ROUNDING = 5e-3


def check_stored_values(
    predictions: ArrayLike, shape: tuple[int, ...], name: str
) -> NDArray[np.float64]:
    """Return stored predictions of a regression.

    Parameters
    ----------
    predictions : array-like
        Values in the target's unit.
    shape : tuple of int
        The shape that they must have.
    name : str
        What to call them in an error.

    Returns
    -------
    values : ndarray of the given shape
    """
    values = check_numbers(predictions, name)
    if values.ndim == 2 and values.shape[1] == 1 and len(shape) == 1:
        values = values[:, 0]
    if values.shape != shape:
        raise ValueError(
            f"{name} must hold one value for each sample and output: shape {shape}. "
            f"Got shape {values.shape}."
        )
    check_magnitude(values, name)
    return values


def check_stored_logits(
    predictions: ArrayLike,
    n_samples: int,
    classes: NDArray,
    *,
    prediction_type: str,
    name: str,
) -> NDArray[np.float64]:
    """Return stored predictions of a classification as logits.

    Parameters
    ----------
    predictions : array-like of shape (n_samples, n_classes)
        Columns in the order of `classes`, or a DataFrame whose columns are the classes
        in any order. Of two classes also the second's alone, of shape (n_samples,).
    n_samples : int
        The number of samples.
    classes : ndarray of shape (n_classes,)
        The class labels, sorted.
    prediction_type : {"probabilities", "logits"}
        What they are.
    name : str
        What to call them in an error.

    Returns
    -------
    logits : ndarray of shape (n_samples, n_classes)
        Log-probabilities are logits too; -inf is probability 0.
    """
    values = _in_order(predictions, classes, name)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    expected = (n_samples, len(classes))
    if values.shape != expected and not (
        len(classes) == 2 and values.shape == (n_samples,)
    ):
        raise ValueError(
            f"{name} must hold a column for each of the classes {classes.tolist()}: "
            f"shape {expected}. Got shape {values.shape}."
        )
    if prediction_type == "logits":
        return _check_logits(as_logit_matrix(values), name)
    if values.ndim == 1:
        values = np.column_stack([1 - values, values])
    return log_probability(_check_probabilities(values, name))


def _in_order(predictions: ArrayLike, classes: NDArray, name: str) -> NDArray:
    """Put the columns of a DataFrame into the order of the classes."""
    columns = getattr(predictions, "columns", None)
    if columns is not None and np.ndim(predictions) == 2:
        found, wanted = [*columns], classes.tolist()
        if sorted(map(str, found)) != sorted(map(str, wanted)):
            raise ValueError(
                f"The columns of {name} must be the classes {wanted}. Got {found}. "
                "Rename them, or pass an array with columns in this order."
            )
        by_name = {str(column): number for number, column in enumerate(found)}
        order = [by_name[str(label)] for label in wanted]
        predictions = np.asarray(predictions)[:, order]
    return check_numbers(predictions, name, ensure_all_finite=False)


def _check_probabilities(values: NDArray, name: str) -> NDArray:
    remedy = "If they are logits, set prediction_type='logits'."
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name} must be finite probabilities. Got NaN or infinity, the first in "
            f"row {np.argwhere(~np.isfinite(values))[0][0]}. Leave out these samples, "
            "or predict them."
        )
    if values.min() < -_ROUNDING or values.max() > 1 + _ROUNDING:
        raise ValueError(
            f"{name} must be probabilities, from 0 to 1. Got values from "
            f"{values.min():g} to {values.max():g}. {remedy}"
        )
    sums = values.sum(axis=1)
    if np.abs(sums - 1).max() > _ROUNDING:
        raise ValueError(
            f"{name} must be probabilities that sum to 1 in each row. Got sums from "
            f"{sums.min():g} to {sums.max():g}. {remedy}"
        )
    return np.clip(values, 0.0, 1.0)


def _check_logits(logits: NDArray, name: str) -> NDArray:
    wrong = np.isnan(logits) | (logits == np.inf)
    impossible = wrong.any(axis=1) | np.isneginf(logits).all(axis=1)
    if impossible.any():
        raise ValueError(
            f"{name} must be logits: finite, or -inf for probability 0. Got "
            f"{int(impossible.sum())} rows with NaN, infinity or -inf for all classes, "
            f"the first is row {np.flatnonzero(impossible)[0]}."
        )
    check_magnitude(logits[np.isfinite(logits)], name)
    return logits
