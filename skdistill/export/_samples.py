"""What an exported model is given and gives back, as arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skdistill._typing import Estimator, Table
from skdistill.export._check import Comparison, Predictions
from skdistill.export._parts import Part, apply_parts
from skdistill.export._refusals import check_dense, check_shape

__all__ = [
    "as_numbers",
    "column_names",
    "compare",
    "is_constant",
    "labels_of",
    "predict_parts",
]


def labels_of(model: Estimator, language: str) -> NDArray | None:
    """Return the labels of a classifier, if it has constants and probabilities.

    Parameters
    ----------
    model : estimator
        Fitted.
    language : str
        What it is exported to.

    Returns
    -------
    classes : ndarray or None
        None for a regressor.

    Raises
    ------
    ValueError
        If it has several outputs, no probabilities, or labels of another kind.
    """
    if not is_classifier(model):
        return None
    classes = model.classes_
    if isinstance(classes, list):
        raise ValueError(
            f"A {language} classifier predicts one output. Got a model of "
            f"{len(classes)} outputs. Fit one model for each."
        )
    if not hasattr(model, "predict_proba"):
        raise ValueError(
            f"A {language} classifier needs probabilities. Got a model without "
            "predict_proba."
        )
    classes = np.asarray(classes)
    odd = [label for label in classes.tolist() if not is_constant(label)]
    if not odd:
        return classes
    raise ValueError(
        f"The labels of a {language} classifier are numbers or strings: integers of 64 "
        f"bits, strings that are UTF-8 without a null. Got {odd[:3]} and such. Fit the "
        "model on their names."
    )


def is_constant(label: Any) -> bool:
    """Return whether a language has a constant for a label."""
    match label:
        case int():  # The lowest integer of 64 bits has no constant of its own in C.
            return abs(label) < 2**63
        case str():
            return "\0" not in label and not any(
                "\ud800" <= c <= "\udfff" for c in label
            )
    return isinstance(label, float)


def as_numbers(X: Table, language: str) -> NDArray[np.float64]:
    """Return samples as an array of numbers.

    Parameters
    ----------
    X : {array-like, DataFrame} of shape (n_samples, n_features)
        The samples.
    language : str
        What the model is exported to.

    Returns
    -------
    rows : ndarray of shape (n_samples, n_features)

    Raises
    ------
    ValueError
        If they hold something else than numbers.
    """
    check_dense(X, language)
    table = np.asarray(X)
    check_shape(table)
    if hasattr(X, "isna") and table.dtype.kind == "O":  # pandas' own missing values.
        table = np.where(X.isna(), np.nan, table)
    has_text = table.dtype.kind in "SU" or (
        table.dtype.kind == "O" and any(isinstance(cell, str) for cell in table.flat)
    )
    if not has_text and table.dtype.kind != "c":
        try:
            return table.astype(float)
        except (TypeError, ValueError):
            pass
    raise ValueError(
        f"An input of a {language} model holds numbers. Got something else in X. "
        "Encode it before the model, and export the model that takes the numbers."
    )


def column_names(X: Table, rows: NDArray) -> list[str]:
    """Return the names of a table's columns, or their numbers where it has none."""
    names = getattr(X, "columns", range(rows.shape[1]))
    return [str(name) for name in names]


def predict_parts(
    parts: Sequence[Part], rows: NDArray, classes: NDArray | None
) -> Predictions:
    """Return what the parts predict."""
    values = apply_parts(parts, rows)
    if classes is None:
        return Predictions(values, None)
    return Predictions(values, classes[values.argmax(axis=1)])


def compare(expected: Sequence[Predictions], found: Predictions) -> Comparison:
    """Compare with predictions for the samples as they are and, if at all, rounded."""
    given, rounded = (one.differences(found) for one in (expected[0], expected[-1]))
    return Comparison(given, rounded)
