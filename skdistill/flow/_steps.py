"""The steps of a signal that the parameters stand for."""

from inspect import signature
from typing import Any

from skdistill.flow._data import Data
from skdistill.teachers import (
    AffineCalibration,
    Combination,
    SignalStep,
    TemperatureScaling,
)

__all__ = ["resolve_combination", "resolve_steps"]


def resolve_steps(
    calibrate: Any, cross_fit: str | bool, data: Data
) -> tuple[SignalStep, ...]:
    """Return the steps of the signal that a parameter stands for.

    Parameters
    ----------
    calibrate : SignalStep, "auto" or None
        The parameter.
    cross_fit : str or False
        False means predictions in-sample, of which nothing can be learned.
    data : Data
        The training data.

    Returns
    -------
    tuple of SignalStep
        Unfitted.
    """
    if calibrate is None:
        return ()
    if cross_fit is False and not data.has_stored_predictions:
        if calibrate == "auto":
            return ()
        raise ValueError(
            "A teacher is calibrated by its out-of-fold predictions. Got "
            f"calibrate={calibrate!r} with cross_fit=False, which makes none. Use "
            "another cross_fit, or calibrate=None."
        )
    if calibrate != "auto":
        _check_is_step("calibrate", calibrate)
        _check_goes_with_task(calibrate, data)
        return (calibrate,)
    return (TemperatureScaling() if data.is_classification else AffineCalibration(),)


def _check_is_step(name: str, step: Any) -> None:
    """Raise if the `fit` of an object does not take what that of a step takes."""
    try:
        signature(step.fit).bind(None, None, None)
    except TypeError as error:
        raise TypeError(
            f"The {name!r} parameter must be a step, whose fit takes predictions, y "
            f"and sample_weight. Got {step!r}: {error}."
        ) from error


def _check_goes_with_task(calibrate: Any, data: Data) -> None:
    """Raise if a step of classes is to calibrate values, or the other way round."""
    other = AffineCalibration if data.is_classification else TemperatureScaling
    if isinstance(calibrate, other):
        task = "classification" if data.is_classification else "regression"
        raise ValueError(
            f"The 'calibrate' parameter must go with a {task}. Got {calibrate!r}, "
            "which is for the other task. Use calibrate='auto'."
        )


def resolve_combination(
    combine: Any, teacher: Any, cross_fit: str | bool
) -> SignalStep:
    """Return how several teachers are combined, as a parameter says.

    Parameters
    ----------
    combine : SignalStep or str
        The parameter: an object, or the weights of a `Combination`.
    teacher : estimator, list of (str, estimator), or None
        The teachers.
    cross_fit : str or False
        False means predictions in-sample, of which no weights can be learned.

    Returns
    -------
    SignalStep
        Unfitted.
    """
    found = Combination(combine) if isinstance(combine, str) else combine
    _check_is_step("combine", found)
    learns = getattr(found, "learns", True)
    if isinstance(teacher, list) and cross_fit is False and learns:
        raise ValueError(
            "The weights of several teachers are learned from their out-of-fold "
            f"predictions. Got combine={combine!r} with cross_fit=False, which makes "
            "none. Use another cross_fit, or combine='uniform'."
        )
    return found
