"""From what is given to `fit` to checked data."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.utils import check_consistent_length, indexable
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import validate_data

from skdistill._fitting import weight_param
from skdistill._sklearn import routing_enabled
from skdistill._typing import Estimator, Table
from skdistill._validation import (
    check_binary_or_multiclass,
    check_names_differ,
    check_not_empty,
    check_numeric_target,
    check_readable,
    check_two_classes,
    check_weights,
)
from skdistill.distilled._parts import check_outputs, check_parts, is_multi_output
from skdistill.distilled._stored import check_stored_logits, check_stored_values
from skdistill.flow import (
    Data,
    View,
    check_joinable,
    check_same_container,
    count_columns,
)
from skdistill.teachers import ONE_TEACHER, label_of, named_teachers

__all__ = ["check_data", "check_samples"]


def check_data(
    model: Estimator,
    X: Table,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    X_unlabeled: Table | None = None,
    X_privileged: Table | None = None,
    teacher_predictions: ArrayLike | None = None,
    unlabeled_predictions: ArrayLike | None = None,
    fit_params: dict[str, Any] | None = None,
) -> Data:
    """Check what is given to the `fit` of a distilled estimator.

    Parameters
    ----------
    model : DistilledRegressor or DistilledClassifier
        Gets `n_features_in_` and `feature_names_in_`.
    X, y, sample_weight, X_unlabeled, X_privileged, teacher_predictions, \
unlabeled_predictions
        As `fit` describes them.
    fit_params : dict, default=None
        Further metadata, to be routed.

    Returns
    -------
    Data
    """
    check_parts(model)
    check_readable(
        y=y,
        sample_weight=sample_weight,
        teacher_predictions=teacher_predictions,
        unlabeled_predictions=unlabeled_predictions,
    )
    X, y = indexable(X, y)
    check_samples(model, X, X_unlabeled, X_privileged)
    classes, is_stored = None, teacher_predictions is not None
    if is_classifier(model):
        target = check_binary_or_multiclass(y)
    else:
        multi_output = is_multi_output(model, is_stored=is_stored)
        target = check_numeric_target(y, multi_output=multi_output)
    check_outputs(model, target, is_stored=is_stored)
    weight = check_weights(sample_weight, len(target))
    if is_classifier(model):
        classes = np.unique(target)
        check_two_classes(target, weight)
    teacher_params, student_params, split_params = _route(
        model, weight, fit_params or {}
    )
    return Data(
        X,
        target,
        weight,
        classes,
        X_unlabeled,
        X_privileged,
        _check_stored(model, teacher_predictions, X, target, "teacher_predictions"),
        _check_stored(
            model, unlabeled_predictions, X_unlabeled, target, "unlabeled_predictions"
        ),
        teacher_params,
        student_params,
        split_params,
    )


def check_samples(
    model: Estimator,
    X: Table,
    X_unlabeled: Table | None = None,
    X_privileged: Table | None = None,
) -> None:
    """Check the samples that are given to `fit`, and that they go together.

    Parameters
    ----------
    model : estimator
        Gets `n_features_in_` and `feature_names_in_`.
    X, X_unlabeled, X_privileged
        As `fit` describes them.
    """
    check_readable(X=X, X_unlabeled=X_unlabeled, X_privileged=X_privileged)
    check_not_empty(X)
    for name, table in (("X", X), ("X_privileged", X_privileged)):
        check_names_differ(name, table)
    validate_data(model, X, skip_check_array=True)
    _check_privileged(X, X_privileged)
    _check_unlabeled(model, X, X_unlabeled, X_privileged)


def _check_privileged(X: Table, X_privileged: Table | None) -> None:
    if X_privileged is None:
        return
    check_consistent_length(X, X_privileged)
    check_joinable(X)
    check_same_container(X, X_privileged, "X_privileged")
    if np.ndim(X_privileged) != 2:
        raise ValueError(
            "X_privileged must be a table of shape (n_samples, n_privileged). Got "
            f"shape {np.shape(X_privileged)}."
        )
    if hasattr(X, "iloc"):
        both = sorted(set(map(str, X.columns)) & set(map(str, X_privileged.columns)))
        if both:
            raise ValueError(
                "X_privileged must hold columns that X has not. Got "
                f"{both} in both. Leave them out of one."
            )


def _check_unlabeled(
    model: Estimator, X: Table, X_unlabeled: Table | None, X_privileged: Table | None
) -> None:
    if X_unlabeled is None:
        return
    if np.shape(X_unlabeled)[:1] == (0,):
        raise ValueError(
            "X_unlabeled must hold at least one sample. Got shape "
            f"{np.shape(X_unlabeled)}. Leave it out."
        )
    check_names_differ("X_unlabeled", X_unlabeled)
    check_joinable(X)
    check_same_container(X, X_unlabeled, "X_unlabeled")
    if X_privileged is not None:
        view = View(None, count_columns(X), count_columns(X_privileged))
        X_unlabeled, privileged = view.split(X_unlabeled)
        names = getattr(X_privileged, "columns", None)
        found = getattr(privileged, "columns", None)
        if names is not None and found is not None and [*found] != [*names]:
            raise ValueError(
                "After the columns of X, X_unlabeled must have those of X_privileged, "
                f"in order: {[*names]}. Got {[*found]}."
            )
    validate_data(model, X_unlabeled, reset=False, skip_check_array=True)


def _check_stored(
    model: Estimator,
    predictions: ArrayLike | None,
    X: Table | None,
    y: NDArray,
    name: str,
) -> NDArray | None:
    """Return stored predictions for the samples X; logits for a classifier."""
    if predictions is None or X is None:
        return None if predictions is None else np.asarray(predictions)
    n_samples = np.shape(X)[0]
    if not is_classifier(model):
        return check_stored_values(predictions, (n_samples, *y.shape[1:]), name)
    return check_stored_logits(
        predictions,
        n_samples,
        np.unique(y),
        prediction_type=model.prediction_type,
        name=name,
    )


def _route(
    model: Estimator, weight: NDArray | None, fit_params: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Return the fit parameters of each teacher and of the student, and the split's."""
    default = {} if weight is None else {"sample_weight": weight}
    if not routing_enabled():
        of_given = {
            name: weight_param(part, weight, part=label_of(name))
            for name, part in named_teachers(model.teacher)
        }
        return of_given or {ONE_TEACHER: default}, default, {}
    routed = process_routing(model, "fit", sample_weight=weight, **fit_params)
    return (
        {name: routed[name].fit for name, _ in named_teachers(model.teacher)}
        or {ONE_TEACHER: default},
        default if model.student is None else dict(routed.student.fit),
        routed.splitter.split if "splitter" in routed else {},
    )
