"""Models that joblib saved."""

from pathlib import Path

from skdistill._typing import Estimator
from skdistill.cli._errors import CommandError

__all__ = ["load"]

_EXTRAS = ("xgboost", "lightgbm")


def load(path: Path, what: str, remedy: str) -> Estimator:
    """Load a model.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What to call it in an error, such as "The teacher".
    remedy : str
        What the user can do if the file is unusable.

    Raises
    ------
    CommandError
        If it cannot be loaded; where its library is missing the error says how to
        install it.
    """
    import joblib

    try:
        return joblib.load(path)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in _EXTRAS:
            raise _unusable(path, what, remedy, error) from error
        raise CommandError(
            f"{what} {path} needs {library}, which cannot be imported. Install it with "
            f"pip install 'skdistill[{library}]'."
        ) from error
    except Exception as error:  # Unpickling raises what it likes.
        raise _unusable(path, what, remedy, error) from error


def _unusable(path: Path, what: str, remedy: str, error: Exception) -> CommandError:
    return CommandError(
        f"{what} {path} cannot be loaded ({type(error).__name__}: {error}). {remedy}"
    )
