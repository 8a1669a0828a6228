"""Warnings that point at the user's line, and one that is kept quiet."""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["warn_user", "without_name_warnings"]

# Whose frames are passed over; contextlib runs the decorators of scikit-learn's fit.
_PASSED_OVER = ("skdistill", "sklearn", "contextlib", "joblib")


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn with the line outside of the package that led here.

    Parameters
    ----------
    message : str
        What was seen, the cause and the remedy.
    category : type of Warning
        What to warn by.
    """
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_back is not None:
        library = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if library not in _PASSED_OVER:
            break
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def without_name_warnings() -> Iterator[None]:
    """Predict without the warning of older LightGBM of columns that it named itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        yield
