"""Libraries that only some parts need: imported when used, or named in the error."""

from importlib import import_module
from types import ModuleType

__all__ = ["import_optional"]


def import_optional(name: str, *, extra: str) -> ModuleType:
    """Import a library that comes with an extra of the package.

    Parameters
    ----------
    name : str
        The name of the module.
    extra : str
        The extra that installs it.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to get it.

    Examples
    --------
    >>> import_optional("json", extra="plot").__name__
    'json'
    """
    try:
        return import_module(name)
    except ImportError as error:
        library = name.partition(".")[0]
        raise ImportError(
            f"This needs {library}, which cannot be imported. Install it with "
            f"pip install 'skdistill[{extra}]'."
        ) from error
