"""Whether teacher and student take the samples and labels given, by their tags."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone, is_regressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import PredefinedSplit
from sklearn.utils import get_tags

from skdistill._fitting import final_step, wrapped
from skdistill._typing import Estimator, Table
from skdistill._validation import sparse_columns
from skdistill.flow._data import Data
from skdistill.flow._tables import count_columns
from skdistill.students import find_adapter

__all__ = [
    "check_cross_fits_parts",
    "check_divisible",
    "check_drawable",
    "check_student_takes",
    "check_teacher_takes",
    "is_pairwise",
]

_BY_NAME = (
    "Give it the samples themselves, and the metric or kernel by its name or as a "
    "function."
)


def check_teacher_takes(
    name: str,
    teacher: Estimator,
    X: Table | None,
    data: Data,
    *,
    is_cross_fitted: bool,
) -> None:
    """Raise, before any work is done, if a teacher takes no such samples or labels.

    Parameters
    ----------
    name : str
        What it is called in an error.
    teacher : estimator
        Passed over if it is frozen: it was fitted to such samples.
    X : table or None
        The samples as it sees them; None where that is not known yet.
    data : Data
        The training data.
    is_cross_fitted : bool
        Whether it is fitted to parts of the samples.
    """
    if isinstance(teacher, FrozenEstimator):
        return
    _check_takes(name, teacher, X, data)
    if is_cross_fitted and is_pairwise(teacher):
        raise ValueError(
            "A teacher of distances or kernels between the samples cannot be "
            "cross-fitted: a fold takes its rows of X and would need its columns too. "
            f"Got {teacher!r}. {_BY_NAME}"
        )


def check_cross_fits_parts(on_poor_teacher: str, cv: Any) -> None:
    """Raise if a part of the samples is to be cross-fitted by splits of them all."""
    if on_poor_teacher == "compare" and isinstance(cv, list | PredefinedSplit):
        raise ValueError(
            "on_poor_teacher='compare' cross-fits the teacher on a part of the samples "
            "too. Got splits of all samples as cv. Pass a number or a splitter."
        )


def check_student_takes(
    student: Estimator, data: Data, *, learns_teacher: bool, has_transfer_set: bool
) -> None:
    """Raise, before any work is done, if a student takes no such samples or labels.

    Parameters
    ----------
    student : estimator
        Unfitted.
    data : Data
        The training data.
    learns_teacher : bool
        Whether the teacher has a part in what the student learns.
    has_transfer_set : bool
        Whether there is a transfer set.
    """
    _check_takes("student", student, data.X, data)
    if not is_pairwise(student):
        return
    learns_natively = find_adapter(student).learns_natively(final_step(student))
    is_whole = learns_natively or is_regressor(student)
    if has_transfer_set:
        raise ValueError(
            "A student of distances or kernels between the samples has none to those "
            f"of a transfer set. Got {student!r}. Use transfer=None and no X_unlabeled"
            f"; or: {_BY_NAME}"
        )
    if data.is_classification and learns_teacher and not is_whole:
        raise ValueError(
            "A student of distances or kernels between the samples cannot learn from "
            f"weighted duplicates of them. Got {student!r}. Use a regressor, which "
            f"learns the teacher's logits; or: {_BY_NAME}"
        )


def _check_takes(name: str, part: Estimator, X: Table | None, data: Data) -> None:
    _check_number_of_classes(name, part, data)
    if X is not None:
        _check_columns(name, part, X)
        _check_no_negative(name, part, X)


def _check_number_of_classes(name: str, part: Estimator, data: Data) -> None:
    tags = get_tags(final_step(part)).classifier_tags
    if data.classes is None or len(data.classes) == 2 or tags is None:
        return
    if not tags.multi_class:
        remedy = "wrap it in OneVsRestClassifier"
        if wrapped(final_step(part)) is not None:
            remedy = "pass the classifier that it holds"
        raise ValueError(
            f"The {name} must tell apart all classes in y. Got {part!r}, which tells "
            f"apart two alone, and {len(data.classes)} classes. Take another {name}, "
            f"or {remedy}."
        )


def _check_columns(name: str, part: Estimator, X: Table) -> None:
    tags, n_columns = get_tags(part).input_tags, count_columns(X)
    if n_columns > 1 and tags.one_d_array and not tags.two_d_array:
        kind = type(part).__name__
        raise ValueError(
            f"The {name} must take all columns of X. Got {kind}, which takes one "
            f"alone, and X with {n_columns}. Select one before it, make_pipeline("
            f"ColumnTransformer([('one', 'passthrough', [0])]), {kind}()), or take "
            f"another {name}."
        )


def _check_no_negative(name: str, part: Estimator, X: Table) -> None:
    tags = get_tags(part).input_tags
    if not tags.positive_only or tags.pairwise:
        return
    lowest = _lowest(X)
    if lowest < 0:
        kind = type(part).__name__
        raise ValueError(
            f"The {name} must be given no negative values. Got {kind}, which takes "
            f"none, and X with values down to {lowest:.3g}. Scale X before it, "
            f"make_pipeline(MinMaxScaler(clip=True), {kind}()), or take another {name}."
        )


def _lowest(X: Table) -> float:
    """Return the lowest number in a table; infinity if it holds others than numbers."""
    values = X.data if sparse.issparse(X) else X
    try:
        return float(np.nanmin(np.asarray(values, dtype=float), initial=np.inf))
    except (TypeError, ValueError):
        return np.inf


def is_pairwise(part: Estimator) -> bool:
    """Return whether the features of a sample are its distances to the others."""
    return get_tags(part).input_tags.pairwise


def check_divisible(student: Estimator) -> None:
    """Raise if a student cannot be fitted to parts of the samples, as searches do."""
    if is_pairwise(student):
        raise ValueError(
            "A student of distances or kernels between the samples cannot be fitted to "
            f"parts of them, on which a search compares. Got {student!r}. {_BY_NAME}"
        )


def check_drawable(sampler: Estimator, X: Table) -> None:
    """Raise if no samples can be drawn like those of X.

    Parameters
    ----------
    sampler : estimator
        Unfitted; one that cannot be cloned is refused.
    X : table of shape (n_samples, n_features)
        All columns that are drawn.
    """
    clone(sampler)
    names = sparse_columns(X)
    if sparse.issparse(X) or names:
        what = (
            f"the sparse column {names[0]!r}"
            if names
            else f"a sparse {type(X).__name__}"
        )
        remedy = "X[name].sparse.to_dense() for each" if names else "X.toarray()"
        raise TypeError(
            f"Samples can be drawn only where X is dense. Got {what}, and "
            f"transfer={sampler!r}. Use {remedy}, or transfer=None."
        )
