"""What is not exported, in the words of the errors."""

from numpy.typing import NDArray
from scipy.sparse import issparse

from skdistill._fitting import final_step
from skdistill._typing import Estimator, Table

__all__ = [
    "UnreadablePartError",
    "check_dense",
    "check_precision",
    "check_shape",
    "first_line",
    "why_not",
]


class UnreadablePartError(ValueError):
    """A part of a model cannot be exported.

    Parameters
    ----------
    part : estimator
        The part.
    reason : str
        Why, to be read after "it cannot be exported: ".
    """

    def __init__(self, part: Estimator, reason: str) -> None:
        super().__init__(reason)
        self.part = part


def check_precision(dtype: str, max_mismatch: float) -> None:
    """Check the parameters that say how exact an exported model is."""
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64'. Got {dtype!r}.")
    if not 0 <= max_mismatch <= 1:
        raise ValueError(
            f"max_mismatch must be a fraction from 0 to 1. Got {max_mismatch!r}."
        )


def check_dense(X: Table, language: str) -> None:
    """Refuse sparse samples."""
    if issparse(X):
        raise ValueError(
            f"{language} models take dense samples. Got a sparse matrix. Pass "
            "X.toarray()."
        )


def check_shape(table: NDArray) -> None:
    """Refuse samples that are no table."""
    if table.ndim != 2:
        raise ValueError(
            f"X must have the shape (n_samples, n_features). Got shape {table.shape}."
        )


def why_not(model: Estimator, error: Exception, language: str) -> str:
    """Return why a model cannot be exported, with the part that prevents it."""
    whole = final_step(model)
    found = final_step(getattr(whole, "student_", whole))
    if isinstance(error, UnreadablePartError):
        found = error.part
    name = type(model).__name__
    part = "" if found is model else f" because of its {type(found).__name__}"
    reason = first_line(error)
    remedy = ""
    if type(error).__name__.startswith("Missing"):
        remedy = " skl2onnx.supported_converters() lists what it converts."
    return f"The {name} cannot be exported to {language}{part}: {reason}.{remedy}"


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, without its full stop."""
    return str(error).strip().partition("\n")[0][:300].rstrip(".")
