"""From a fitted model to a C file that is known to predict the same."""

import os
import re
from collections.abc import Callable, Sequence
from operator import methodcaller
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skdistill._typing import Estimator, Table
from skdistill._warnings import warn_user
from skdistill.exceptions import RoundingWarning, UncheckedWarning
from skdistill.export._c_compile import find_compiler, run_c
from skdistill.export._c_file import CModel, write_c
from skdistill.export._check import (
    Comparison,
    Predictions,
    check_few_differ,
    check_same_predictions,
    predictions_of,
)
from skdistill.export._ensembles import Ensemble
from skdistill.export._parts import Beside, Part, apply_parts
from skdistill.export._read import read_model
from skdistill.export._refusals import (
    check_dense,
    check_precision,
    check_shape,
    why_not,
)
from skdistill.export._trees import round_down, round_to_nearest

__all__ = ["to_c"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FILE_NAME = re.compile(r"[\w.-]+\.c", re.ASCII)
_LEAVES = ("float", "int16", "int8")
_UNCHECKED = (
    "There is no C compiler (cc, gcc, clang) on the PATH, so the C model was not "
    "compiled. What was read of the model predicts X as it does. Install a compiler to "
    "check the C file too."
)


def to_c(
    model: Estimator,
    X: Table,
    path: str | os.PathLike[str] | None = None,
    *,
    dtype: str = "float64",
    leaves: str = "float",
    name: str = "skdistill_model",
    max_mismatch: float = 0.0,
) -> CModel:
    """Return a fitted student, with its Pipeline, as a checked C file and its header.

    The files are C99 and need nothing but the standard library; they allocate no
    memory. They hold the student alone, not the teacher: trees, forests, gradient and
    histogram boosting of scikit-learn, XGBoost, LightGBM, linear models, logistic
    regression and perceptrons, refined or not, after steps that scale, impute or select
    numbers.

    Where there is a C compiler (cc, gcc or clang), the files are compiled and predict
    X. The predictions for each sample must be those of `predict` and `predict_proba` of
    `model`, for the sample as it is or, if `dtype` is "float32", rounded to single
    precision: values within 1e-4 of the largest prediction of their output,
    probabilities within 1e-4, the same labels but for ties.

    Parameters
    ----------
    model : estimator
        Fitted: a distilled estimator, a search for one or a procedure, a Bayesian
        regressor, a baseline student, refined or not, or a Pipeline that ends in one of
        them. For a cascade, pass its `estimator_`, the student.
    X : {array-like, DataFrame} of shape (n_samples, n_features)
        Samples that are typical of those to be predicted, such as training samples:
        numbers, in the order of the columns. The predictions for them are checked.
    path : str or path-like, default=None
        Where the C file is written, such as "model.c"; the header is written beside it,
        as "model.h". Files of these names are replaced. If None, none is written.
    dtype : {"float64", "float32"}, default="float64"
        The type of inputs, outputs and what is computed: double or float. Trees that
        round samples themselves, such as scikit-learn's, do so in any case.
    leaves : {"float", "int16", "int8"}, default="float"
        What leaves hold: their values, or integers of 16 or 8 bits, from which they
        differ by at most half a step; each tree has a scale of its own. Smaller, and
        less exact: a warning says by how much.
    name : str, default="skdistill_model"
        With which all names in the files begin: a letter, then letters, digits and "_".
    max_mismatch : float, default=0.0
        The fraction of the samples in X, from 0 to 1, whose predictions may differ. In
        single precision, a scaler before trees may put a sample that lies on a split on
        its other side.

    Returns
    -------
    c_model : CModel
        With the files as strings, `source` and `header`. The function
        ``<name>_predict(x)`` returns the value; if there are several, it writes them to
        its second argument. For a classifier it returns the index of the label in
        ``<name>_classes``, and ``<name>_predict_proba(x, probabilities)`` writes the
        probabilities. Missing values are NaN. Where the model takes none, values and
        probabilities are NaN and the index is -1.

    Raises
    ------
    ValueError
        If a part of the model or what it splits on, such as categories, cannot be
        exported, or if the C model predicts otherwise.
    RuntimeError
        If the compiler fails.

    Warns
    -----
    skdistill.exceptions.UncheckedWarning
        If there is no C compiler, so the files were not compiled.
    skdistill.exceptions.RoundingWarning
        If values or probabilities are off by 1e-4 of their range, because of single
        precision or of integers in the leaves.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.export import to_c
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DistilledRegressor(
    ...     RandomForestRegressor(n_estimators=10),
    ...     DecisionTreeRegressor(max_leaf_nodes=8),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> c_model = to_c(model, X, name="progression")
    >>> "double progression_predict(const double *x);" in c_model.header
    True
    """
    _check_parameters(path, dtype, leaves, name, max_mismatch)
    check_is_fitted(model)
    classes = _labels(model) if is_classifier(model) else None
    rows = _numbers(X)
    try:
        parts = read_model(model)
    except ValueError as error:
        raise ValueError(why_not(model, error, "C")) from error
    expected = [predictions_of(model, X)]
    if dtype == "float32":
        expected.append(predictions_of(model, _in_single_precision(X, rows)))
        rows = rows.astype(dtype).astype(float)
        parts = _best_rounded(parts, rows, classes, expected)
    # What was read of the model is checked before it is written and compiled.
    title = type(model).__name__
    found = _compare(expected, _predict(parts, rows, classes))
    check_few_differ(found, title, max_mismatch=max_mismatch, kind="C model")
    if leaves != "float":
        parts = _change_trees(parts, methodcaller("quantised", leaves))
        quantised = _predict(parts, rows, classes)
        _warn_of_quantisation(expected[-1], quantised, leaves)
        expected = [quantised]
    c_model = write_c(
        parts,
        name=name,
        header_name=f"{name if path is None else Path(path).stem}.h",
        dtype=dtype,
        features=_feature_names(X, rows),
        title=title,
        classes=classes,
    )
    compiler = find_compiler()
    if compiler is None:
        warn_user(_UNCHECKED, UncheckedWarning)
    else:
        found = _compare(expected, run_c(c_model, rows, compiler))
        check_same_predictions(found, title, max_mismatch=max_mismatch, kind="C model")
    if path is not None:
        Path(path).with_suffix(".h").write_text(c_model.header, encoding="ascii")
        Path(path).write_text(c_model.source, encoding="ascii")
    return c_model


def _check_parameters(
    path: str | os.PathLike[str] | None,
    dtype: str,
    leaves: str,
    name: str,
    max_mismatch: float,
) -> None:
    check_precision(dtype, max_mismatch)
    if leaves not in _LEAVES:
        raise ValueError(f"leaves must be 'float', 'int16' or 'int8'. Got {leaves!r}.")
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ValueError(
            "name must be a name in C: a letter, then letters, digits and '_'. Got "
            f"{name!r}."
        )
    if path is None:
        return
    if not _FILE_NAME.fullmatch(Path(path).name):
        raise ValueError(
            "path must end in a file name of letters, digits, '_', '-' and '.', and in "
            f"'.c', such as 'model.c'. Got {os.fspath(path)!r}."
        )
    if not Path(path).parent.is_dir():
        raise ValueError(
            f"path must lie in a folder that exists. Got {os.fspath(path)!r}. Make the "
            "folder first."
        )


def _labels(model: Estimator) -> NDArray:
    """Return the labels of a classifier, if C has them and there are probabilities."""
    classes = model.classes_
    if isinstance(classes, list):
        raise ValueError(
            "A C classifier predicts one output. Got a model of "
            f"{len(classes)} outputs. Fit one model for each."
        )
    if not hasattr(model, "predict_proba"):
        raise ValueError(
            "A C classifier needs probabilities. Got a model without predict_proba."
        )
    classes = np.asarray(classes)
    odd = [label for label in classes.tolist() if not _is_in_c(label)]
    if not odd:
        return classes
    raise ValueError(
        "The labels of a C classifier are numbers or strings: integers of 64 bits, "
        f"strings that are UTF-8 without a null. Got {odd[:3]} and such. Fit the model "
        "on their names."
    )


def _is_in_c(label: Any) -> bool:
    """Return whether C has a constant for a label."""
    match label:
        case int():  # The lowest integer of 64 bits has no constant of its own.
            return abs(label) < 2**63
        case str():
            return "\0" not in label and not any(
                "\ud800" <= c <= "\udfff" for c in label
            )
    return isinstance(label, float)


def _numbers(X: Table) -> NDArray[np.float64]:
    """Return samples as an array of numbers."""
    check_dense(X, "C")
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
        "An input of a C model holds numbers. Got something else in X. Encode it "
        "before the model, and export the model that takes the numbers."
    )


def _in_single_precision(X: Table, rows: NDArray) -> Table:
    return X.astype(np.float32) if hasattr(X, "astype") else rows.astype(np.float32)


def _feature_names(X: Table, rows: NDArray) -> list[str]:
    names = getattr(X, "columns", range(rows.shape[1]))
    return [str(name) for name in names]


def _predict(
    parts: Sequence[Part], rows: NDArray, classes: NDArray | None
) -> Predictions:
    """Return what the parts predict."""
    values = apply_parts(parts, rows)
    if classes is None:
        return Predictions(values, None)
    return Predictions(values, classes[values.argmax(axis=1)])


def _compare(expected: Sequence[Predictions], found: Predictions) -> Comparison:
    """Compare with predictions for the samples as they are and, if at all, rounded."""
    given, rounded = (one.differences(found) for one in (expected[0], expected[-1]))
    return Comparison(given, rounded)


def _best_rounded(
    parts: Sequence[Part],
    rows: NDArray,
    classes: NDArray | None,
    expected: Sequence[Predictions],
) -> list[Part]:
    """Return the parts with thresholds of single precision, as most samples need it."""
    ways = [
        _change_trees(parts, methodcaller("in_single_precision", how))
        for how in (round_to_nearest, round_down)
    ]
    return min(
        ways, key=lambda way: _compare(expected, _predict(way, rows, classes)).counts
    )


def _change_trees(
    parts: Sequence[Part], change: Callable[[Ensemble], Ensemble]
) -> list[Part]:
    """Return the parts with every ensemble changed."""
    changed: list[Part] = []
    for part in parts:
        match part:
            case Ensemble():
                changed.append(change(part))
            case Beside():
                members = (tuple(_change_trees(one, change)) for one in part.members)
                changed.append(Beside(tuple(members)))
            case _:
                changed.append(part)
    return changed


def _warn_of_quantisation(
    expected: Predictions, quantised: Predictions, leaves: str
) -> None:
    found = expected.differences(quantised)
    if found.reported.any():
        warn_user(
            f"Leaves of type {leaves} change the predictions for "
            f"{int(found.reported.sum())} of {len(found.by)} samples, by up to "
            f"{found.by.max():.3g}.",
            RoundingWarning,
        )
