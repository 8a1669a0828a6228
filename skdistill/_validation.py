"""Checks of targets, weights, folds and classes, with errors that say the remedy."""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import type_of_target

from skdistill._typing import Table
from skdistill._warnings import warn_user
from skdistill.exceptions import NoProbabilityWarning

__all__ = [
    "LARGEST",
    "align_classes",
    "check_binary_or_multiclass",
    "check_goes_with_rest",
    "check_magnitude",
    "check_names_differ",
    "check_not_empty",
    "check_numbers",
    "check_numeric_target",
    "check_partition",
    "check_readable",
    "check_rows_exist",
    "check_splits",
    "check_two_classes",
    "check_weights",
    "sparse_columns",
    "uniform_where_none",
]

# Squares of larger values, summed over many samples, overflow.
LARGEST = 1e140


def check_weights(
    sample_weight: ArrayLike | None, n_samples: int
) -> NDArray[np.float64] | None:
    """Return `sample_weight` as a float array of shape (n_samples,), or None."""
    if sample_weight is None:
        return None
    weight = check_numbers(sample_weight, "sample_weight")
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must hold one number for each of the {n_samples} rows of "
            f"X. Got an array of shape {weight.shape} instead."
        )
    if (weight < 0).any():
        raise ValueError(
            "sample_weight must not be negative: a row weighs 0 or more. Got "
            f"{int((weight < 0).sum())} negative weights, the smallest "
            f"{weight.min():g}. Remove those rows or set their weight to 0."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight must hold at least one weight above zero. Got "
            f"{n_samples} weights, all of them zero."
        )
    with np.errstate(over="ignore"):
        total = weight.astype(np.float32).sum()
    if not 0 < total < np.inf:
        raise ValueError(
            "sample_weight must have a finite sum above 0 in single precision, in "
            f"which many libraries hold it. Got weights up to {weight.max():g}. Divide "
            "them by the largest."
        )
    return weight


def mean_weight(weight: NDArray | None) -> float:
    """Return the mean of the weights above 0: a sample of weight 0 is as none.

    Examples
    --------
    >>> mean_weight(np.array([0.0, 1.0, 3.0])), mean_weight(None)
    (2.0, 1.0)
    """
    if weight is None:
        return 1.0
    return float(weight.sum() / max(1, np.count_nonzero(weight)))


def check_numbers(
    values: ArrayLike | None, name: str, *, dtype: Any = float, **params: Any
) -> NDArray:
    """Return an array of numbers, of any dimensions.

    Parameters
    ----------
    values : array-like
        What was given.
    name : str
        What it is called in an error.
    dtype : type or "numeric", default=float
        As for `check_array`.
    **params : dict
        Further parameters of `check_array`.
    """
    params |= {"ensure_2d": False, "dtype": dtype, "input_name": name}
    try:
        return check_array(values, **params)
    except (TypeError, ValueError) as error:
        if re.search(rf"\b{name}\b", str(error)):
            raise
        raise type(error)(f"{name} must be an array of numbers. {error}") from error


def check_goes_with_rest(
    name: str, value: Any, reasons: Mapping[str, bool], *, without: Any = None
) -> None:
    """Raise if a parameter that may be left out does not go with others.

    Parameters
    ----------
    name : str
        The parameter.
    value : object
        What was given.
    reasons : mapping of str to bool
        What speaks against it, each with the remedy, and whether it holds.
    without : object, default=None
        The value that leaves the parameter out.
    """
    found = [reason for reason, holds in reasons.items() if holds]
    if found:
        raise ValueError(
            f"The {name!r} parameter does not go with the rest. Got {value!r}. "
            f"{found[0]}, or {name}={without!r}."
        )


def check_readable(**given: Any) -> None:
    """Raise if numpy would not read an array as it is meant.

    Of masked cells scikit-learn reads what lies beneath; what lies in the memory of a
    device may refuse to be copied.
    """
    for name, values in given.items():
        if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
            raise ValueError(
                f"{name} must have no masked cells. Got {int(np.sum(values.mask))}. "
                f"Leave those rows out, or use {name}.astype(float).filled(np.nan) "
                "where all parts take missing values."
            )
        if hasattr(values, "__cuda_array_interface__") or hasattr(values, "to_cupy"):
            _check_copied(name, values)


def _check_copied(name: str, values: Any) -> None:
    """Raise if numpy does not copy what lies on a device; a row tells."""
    try:
        np.asarray(values[:1])
    except Exception as error:
        kind = f"{type(values).__module__.partition('.')[0]}.{type(values).__name__}"
        raise TypeError(
            f"{name} must be in the memory of the machine: rows of it are drawn, mixed "
            f"and given to parts of any library. Got a {kind} on a device. Copy it "
            f"there: {name}.get() of CuPy, {name}.to_pandas() of cuDF, {name}.cpu() of "
            'PyTorch; a teacher and a student with device="cuda" still run on it.'
        ) from error


def _check_dense(y: Any) -> None:
    if issparse(y):
        raise TypeError(
            "Sparse data was passed for y, but dense data is required. Got a "
            f"{type(y).__name__}. Use y.toarray().ravel()."
        )


def check_not_empty(X: Table) -> None:
    """Raise if X has no samples or, where it is a table, no features."""
    try:
        shape = np.shape(X)
    except ValueError:  # Lists of unequal length are no table.
        shape = (len(X),)
    if not shape:
        raise TypeError(
            "X must be a table of shape (n_samples, n_features). Got "
            f"{type(X).__name__}, which holds no samples."
        )
    for size, what in zip(shape[:2], ("sample(s)", "feature(s)"), strict=False):
        if size == 0:
            raise ValueError(
                f"X must not be empty. Found array with 0 {what} (shape={shape}) while "
                "a minimum of 1 is required."
            )


def check_names_differ(name: str, X: Table | None) -> None:
    """Raise if two columns of a DataFrame have the same name."""
    names = [*getattr(X, "columns", ())]
    twice = [one for one in dict.fromkeys(names) if names.count(one) > 1]
    if twice:
        raise ValueError(
            f"The columns of {name} must have names of their own. Got {twice[0]!r} "
            f"{names.count(twice[0])} times. Rename them."
        )


def sparse_columns(X: Table) -> list[Hashable]:
    """Return the names of the columns of a pandas DataFrame that are sparse."""
    if not hasattr(X, "iloc") or not hasattr(X, "dtypes"):
        return []
    kinds = zip(X.columns, X.dtypes, strict=True)
    return [name for name, dtype in kinds if type(dtype).__name__ == "SparseDtype"]


def check_numeric_target(y: ArrayLike | None, *, multi_output: bool) -> NDArray:
    """Return the regression target as a finite numeric array of 1 or 2 dimensions.

    One column becomes one dimension, with a warning unless the parts take several.
    """
    _check_given(y)
    _check_dense(y)
    dtype = getattr(y, "dtype", None)
    if getattr(dtype, "kind", "") in ("M", "m"):
        raise ValueError(
            f"y must be numeric. Got times, of dtype {dtype}. Turn them into numbers "
            "of seconds or days, such as (y - y.min()) / np.timedelta64(1, 's')."
        )
    # In single precision sums overflow early.
    is_float = getattr(dtype, "kind", "") == "f"
    values = check_numbers(y, "y", dtype=float if is_float else "numeric")
    if values.dtype.kind == "O":  # Numbers in a list that are none of numpy's.
        values = values.astype(float)
    check_magnitude(values, "y")
    if values.ndim == 2 and values.shape[1] > 1:
        return values
    return column_or_1d(values, warn=not multi_output)


def check_magnitude(values: NDArray, name: str) -> None:
    """Raise if squares of some values, summed, would be no finite numbers."""
    largest = np.max(np.abs(np.asarray(values, dtype=float)), initial=0)
    if largest >= LARGEST:
        raise ValueError(
            f"{name} must be below {LARGEST:g}, as sums of larger squares overflow. "
            f"Got values up to {largest:g}. Take another unit."
        )


def check_binary_or_multiclass(y: ArrayLike | None) -> NDArray:
    """Return class labels as an array of shape (n_samples,) without missing ones."""
    _check_given(y)
    _check_dense(y)
    assert_all_finite(np.asarray(y), input_name="y")
    try:
        kind = type_of_target(y, input_name="y", raise_unknown=True)
    except TypeError as error:
        types = sorted({type(label).__name__ for label in np.asarray(y).flat})
        raise TypeError(
            "y must hold labels of one type, as they are sorted. Got labels of the "
            f"types {types}. Turn them into one, such as str."
        ) from error
    if kind in ("continuous", "continuous-multioutput"):
        raise ValueError(
            f"Unknown label type: {kind}. A classifier needs discrete classes in y; "
            "use DistilledRegressor for a continuous target."
        )
    if kind not in ("binary", "multiclass"):
        raise ValueError(
            "y must be a binary or multiclass target, one label a row. Got a "
            f"{kind} target instead: fit one DistilledClassifier an output."
        )
    return column_or_1d(y, warn=True)


def check_two_classes(y: NDArray, weight: NDArray | None) -> None:
    """Raise unless samples of two classes or more have a weight above zero."""
    weighty = np.unique(y if weight is None else y[weight > 0])
    if len(weighty) < 2:
        found = f"one class: {weighty[0]!r}" if len(weighty) else "none"
        raise ValueError(
            "DistilledClassifier needs rows of at least two classes with weight "
            f"above zero. Got {found}."
        )


def _check_given(y: ArrayLike | None) -> None:
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None."
        )


def check_splits(cv: Any) -> Any:
    """Return `cv`; splits as a list, checked to be pairs of arrays of row numbers."""
    is_splitter = cv is None or isinstance(cv, Integral) or hasattr(cv, "split")
    if is_splitter or not isinstance(cv, Iterable):
        return cv
    splits = list(cv)
    for number, split in enumerate(splits):
        is_pair = isinstance(split, Sequence) and len(split) == 2
        if not is_pair or not all(map(_are_rows, split)):
            raise ValueError(
                "The 'cv' parameter must be a number, a splitter or a list of (train, "
                f"test), each an array of row numbers. Got {split!r} as fold {number}."
            )
    return splits


def _are_rows(rows: Any) -> bool:
    kind, n_dims = np.asarray(rows).dtype.kind, np.ndim(rows)
    return n_dims == 1 and (kind in "iub" or np.size(rows) == 0)


def check_rows_exist(folds: Sequence, n_samples: int) -> None:
    """Raise unless there are folds, of no other rows than those of the samples."""
    rows = [rows for fold in folds for rows in fold if len(rows)]
    if not rows:
        raise ValueError(
            f"cv must split the {n_samples} rows of X. Got {len(folds)} folds, with no "
            "row in any. Use a number of folds, such as 5."
        )
    first, last = min(map(np.min, rows)), max(map(np.max, rows))
    if last >= n_samples or first < -n_samples:
        raise ValueError(
            f"cv must split the {n_samples} rows of X. Got a fold with row "
            f"{last if last >= n_samples else first}: the splits were made for other "
            "data."
        )


def check_partition(folds: Sequence, n_samples: int) -> None:
    """Raise unless `folds` hold each row out once, and out of its own training part."""
    check_rows_exist(folds, n_samples)
    every, held_out = np.arange(n_samples), np.zeros(n_samples, dtype=int)
    for number, (train, test) in enumerate(folds):
        held_out += np.bincount(every[test], minlength=n_samples)
        both = np.intersect1d(every[train], every[test])
        if both.size:
            raise ValueError(
                f"cv must keep the rows it holds out apart from the rows it trains on. "
                f"Fold {number} has {both.size} rows in both, the first is row "
                f"{both[0]}: the teacher would predict rows whose label it saw."
            )
    wrong = np.flatnonzero(held_out != 1)
    if wrong.size:
        raise ValueError(
            "cv must hold out each row exactly once, as KFold does. Got "
            f"{wrong.size} of {n_samples} rows held out another number of times (row "
            f"{wrong[0]}: {held_out[wrong[0]]} times). {_remedy(held_out)}"
        )


def _remedy(held_out: NDArray) -> str:
    """Return what to do about rows that are held out never, or more than once."""
    if held_out.max() > 1:
        return (
            "Splitters such as ShuffleSplit and RepeatedKFold hold rows out several "
            "times, or by chance. Use KFold, StratifiedKFold or GroupKFold."
        )
    return (
        "TimeSeriesSplit never holds out the rows that come first, so nothing is "
        "predicted for them. For rows in time order use KFold(shuffle=False), whose "
        "folds are blocks of time, or pass blocks as a list of (train, test), each "
        "train without the rows too close to its test."
    )


def align_classes(
    logits: NDArray, known: ArrayLike, classes: ArrayLike
) -> NDArray[np.float64]:
    """Put the logit columns of the classes `known` into the order of `classes`.

    A class that is not known gets logit -inf, which is probability 0; one that is known
    and not asked for is left out: its probability goes to the others. Where that was
    all of it, they are taken as equally probable, with a warning.
    """
    known, classes = np.asarray(known), np.asarray(classes)
    if np.array_equal(known, classes):
        return logits
    if len(known) == 1:  # Some libraries keep a column for the class that is not.
        logits = np.zeros((len(logits), 1))
    if logits.shape[1] != len(known):
        raise ValueError(
            f"The teacher must predict a column for each of its classes, here {known}. "
            f"Got {logits.shape[1]} columns. Mend its predict_proba."
        )
    aligned = np.full((len(logits), len(classes)), -np.inf, dtype=logits.dtype)
    asked = np.isin(known, classes)
    columns = np.searchsorted(classes, known[asked])
    aligned[:, columns] = logits[:, asked]
    return uniform_where_none(aligned, columns)


def uniform_where_none(
    logits: NDArray[np.float64], columns: NDArray[np.integer] | None = None
) -> NDArray[np.float64]:
    """Return logits in which each row has a probability above 0.

    Rows that are -inf throughout become 0, which is uniform, in `columns` (all, if
    None). One-vs-rest classifiers leave such rows where none of their parts says yes.
    """
    none = np.isneginf(logits).all(axis=1)
    if not none.any():
        return logits
    warn_user(
        f"The teacher gives {int(none.sum())} of {len(logits)} rows no probability of "
        "any class that is asked for: all that it knows are taken as equally probable "
        "there. Calibrate the teacher, or fit it on these classes alone.",
        NoProbabilityWarning,
    )
    every = np.arange(logits.shape[1])
    filled = logits.copy()
    filled[np.ix_(none, every if columns is None else columns)] = 0.0
    return filled
