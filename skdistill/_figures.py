"""Numbers as people read them."""

import math
from collections.abc import Sequence

__all__ = ["readable", "told_apart"]


def readable(value: float, digits: int = 4) -> str:
    """Return a number of so many digits, its thousands separated.

    An exponent is left for what is very large or very small.

    Parameters
    ----------
    value : float
        The number.
    digits : int, default=4
        How many of its digits count.

    Examples
    --------
    >>> [readable(value) for value in (15713.2, 0.51234, -1234.5, 2e-7, 3e15)]
    ['15,710', '0.5123', '-1,234', '2e-07', '3e+15']
    """
    short = f"{value:.{digits}g}"
    if not math.isfinite(value) or not 1000 <= abs(float(short)) < 1e12:
        return short
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(float(short)))))
    shown = f"{float(short):,.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def told_apart(values: Sequence[float], digits: int = 4) -> list[str]:
    """Return numbers of so many digits, or of more where that makes two of them alike.

    Parameters
    ----------
    values : sequence of float
        The numbers.
    digits : int, default=4
        How many of their digits count at least.

    Examples
    --------
    >>> told_apart([1_700_000_000, 1_700_002_600])
    ['1,700,000,000', '1,700,003,000']
    """
    n_distinct, shown = len(set(values)), [readable(value, digits) for value in values]
    while len(set(shown)) < n_distinct and digits < 17:
        digits += 1
        shown = [readable(value, digits) for value in values]
    return shown
