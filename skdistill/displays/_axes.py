"""Where a display is plotted."""

from typing import Any

from skdistill._optional import import_optional

__all__ = ["axes"]


def axes(ax: Any) -> Any:
    """Return the axes given, or those of a new figure."""
    pyplot = import_optional("matplotlib.pyplot", extra="plot")
    return pyplot.subplots()[1] if ax is None else ax
