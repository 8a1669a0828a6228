"""The steps of a signal that the parameters stand for."""

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
        return (calibrate,)
    return (TemperatureScaling() if data.is_classification else AffineCalibration(),)


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
    learns = getattr(found, "learns", True)
    if isinstance(teacher, list) and cross_fit is False and learns:
        raise ValueError(
            "The weights of several teachers are learned from their out-of-fold "
            f"predictions. Got combine={combine!r} with cross_fit=False, which makes "
            "none. Use another cross_fit, or combine='uniform'."
        )
    return found
