"""What a cascade would fail at, before any work is done."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator

from skdistill._fitting import is_estimator, weight_param, wrapped
from skdistill._typing import Estimator
from skdistill._validation import check_binary_or_multiclass, check_numeric_target
from skdistill.cascade._costs import find_fraction
from skdistill.cascade._deferral import UNCERTAINTIES
from skdistill.distilled import NamedPartsMixin

__all__ = ["check_cascade", "check_deferral", "check_labels", "is_frozen"]


def is_frozen(estimator: Estimator) -> bool:
    """Return whether an estimator is fitted already and stays as it is."""
    return isinstance(estimator, FrozenEstimator)


def check_cascade(model: Estimator) -> None:
    """Raise if parameters of a cascade do not go together.

    Parameters
    ----------
    model : CascadeRegressor or CascadeClassifier
        With valid parameters.
    """
    if model.estimator is not None:
        _check_estimator(model)
    if model.budget_unit == "fraction" and model.budget > 1:
        raise ValueError(
            "budget is the fraction of the samples that the teacher predicts, from 0 "
            f"to 1. Got {model.budget!r}. For microseconds a sample set "
            "budget_unit='microseconds'."
        )
    if model.costs is not None:
        _check_costs(model.costs)
        if model.budget_unit == "microseconds":
            find_fraction(model.budget, tuple(model.costs))


def check_deferral(model: Estimator, n_samples: int, weight: NDArray | None) -> None:
    """Raise, before the estimator is fitted, if a deferral model cannot learn.

    Parameters
    ----------
    model : CascadeRegressor or CascadeClassifier
        With valid parameters.
    n_samples : int
        How many it is given.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    """
    n_weighty = n_samples if weight is None else np.count_nonzero(weight)
    learns = not (isinstance(model.deferral, str) and model.deferral in UNCERTAINTIES)
    if is_frozen(model.estimator) and learns and n_weighty < 2:
        raise ValueError(
            "The cascade of a frozen estimator needs at least two samples of weight "
            "above 0: one half teaches the deferral model, the other sets the "
            f"threshold. Got {n_weighty}. Pass more samples, or for classes "
            "deferral='margin', which learns nothing."
        )
    if isinstance(model.deferral, str):
        return
    if is_classifier(model.deferral):
        raise ValueError(
            "The 'deferral' parameter must be a regressor, as it learns by how much "
            f"the student misses. Got {model.deferral!r}. Use one that is."
        )
    weight_param(model.deferral, weight, part="deferral model")


def _check_estimator(model: Estimator) -> None:
    inner, name = model.estimator, type(model).__name__
    while is_frozen(inner) or not isinstance(inner, NamedPartsMixin):
        part = inner.estimator if is_frozen(inner) else wrapped(inner)
        if not is_estimator(part):
            break
        inner = part
    kind = "Classifier" if is_classifier(model) else "Regressor"
    right_kind = is_classifier(inner) == is_classifier(model)
    if not (isinstance(inner, NamedPartsMixin) and right_kind):
        raise ValueError(
            f"The estimator of a {name} must be distilled, as student and teacher both "
            f"predict. Got {model.estimator!r}. Use Distilled{kind}(teacher, student), "
            "a search over it, or FrozenEstimator of a fitted one. Steps before it go "
            "before the cascade: make_pipeline(step, "
            f"{name}(Distilled{kind}(...)))."
        )
    if is_classifier(model) and not hasattr(model.estimator, "predict_proba"):
        raise ValueError(
            f"The student of a {name} must have predict_proba, by which it is seen "
            f"where it is unsure. Got {inner.student!r}. Use another student, or wrap "
            "it in CalibratedClassifierCV."
        )


def _check_costs(costs: ArrayLike) -> None:
    try:
        found = np.asarray(costs, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.shape != (2,) or not (np.isfinite(found) & (found > 0)).all():
        raise ValueError(
            "costs must be two numbers above 0: the microseconds that a sample takes, "
            f"of the student with the deferral score and of the teacher. Got {costs!r}."
        )


def check_labels(model: Estimator, y: ArrayLike | None) -> NDArray | None:
    """Return the labels, checked; None where a frozen estimator is given none.

    Parameters
    ----------
    model : CascadeRegressor or CascadeClassifier
        What they are given to.
    y : array-like of shape (n_samples,) or None
        The labels.
    """
    if y is None and is_frozen(model.estimator):
        return None
    if is_classifier(model):
        return check_binary_or_multiclass(y)
    values = check_numeric_target(y, multi_output=False)
    if values.ndim == 2:
        raise ValueError(
            "y must have one output, as samples are sent to the teacher by one score. "
            f"Got shape {values.shape}. Fit one CascadeRegressor for each output."
        )
    return values
