"""Where a display is plotted, and how its costs are written."""

from typing import Any

from skdistill._optional import import_optional

__all__ = ["axes", "write_plainly"]


def axes(ax: Any) -> Any:
    """Return the axes given, or those of a new figure."""
    pyplot = import_optional("matplotlib.pyplot", extra="plot")
    return pyplot.subplots()[1] if ax is None else ax


def write_plainly(axis: Any) -> None:
    """Write the numbers of a logarithmic axis as they are, and not as powers of ten."""
    ticker = import_optional("matplotlib.ticker", extra="plot")
    axis.set_major_formatter(ticker.LogFormatter())
    axis.set_minor_formatter(ticker.LogFormatter())
