"""From a fitted model to a C file that is known to predict the same."""

import os
import re
from collections.abc import Callable, Sequence
from operator import methodcaller
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skdistill._typing import Estimator, Table
from skdistill._warnings import warn_user
from skdistill.exceptions import RoundingWarning, UncheckedWarning
from skdistill.export._c_compile import find_compiler, run_c
from skdistill.export._c_file import CModel, write_c
from skdistill.export._check import (
    Predictions,
    check_few_differ,
    check_same_predictions,
    predictions_of,
)
from skdistill.export._ensembles import Ensemble
from skdistill.export._parts import Beside, Part
from skdistill.export._read import read_model
from skdistill.export._refusals import (
    check_precision,
    why_not,
)
from skdistill.export._samples import (
    as_numbers,
    column_names,
    compare,
    labels_of,
    predict_parts,
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
    classes = labels_of(model, "C")
    rows = as_numbers(X, "C")
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
    found = compare(expected, predict_parts(parts, rows, classes))
    check_few_differ(found, title, max_mismatch=max_mismatch, kind="C model")
    if leaves != "float":
        parts = _change_trees(parts, methodcaller("quantised", leaves))
        quantised = predict_parts(parts, rows, classes)
        _warn_of_quantisation(expected[-1], quantised, leaves)
        expected = [quantised]
    c_model = write_c(
        parts,
        name=name,
        header_name=f"{name if path is None else Path(path).stem}.h",
        dtype=dtype,
        features=column_names(X, rows),
        title=title,
        classes=classes,
    )
    compiler = find_compiler()
    if compiler is None:
        warn_user(_UNCHECKED, UncheckedWarning)
    else:
        found = compare(expected, run_c(c_model, rows, compiler))
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


def _in_single_precision(X: Table, rows: NDArray) -> Table:
    return X.astype(np.float32) if hasattr(X, "astype") else rows.astype(np.float32)


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
        ways,
        key=lambda way: compare(expected, predict_parts(way, rows, classes)).counts,
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
