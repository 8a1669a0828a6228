"""Students each of whose trees sees a part of the samples."""

from typing import Any

from sklearn.base import clone

from skdistill._fitting import final_step
from skdistill._typing import Estimator

__all__ = ["with_subsample"]

# What must be set for a fraction to take effect, by the name of its parameter.
_BESIDES: dict[str, dict[str, Any]] = {
    "subsample": {"subsample_freq": 1},
    "max_samples": {"bootstrap": True},
}


def with_subsample(student: Estimator, fraction: float) -> Estimator:
    """Return a student whose trees or members each learn a fraction of the samples.

    Parameters
    ----------
    student : estimator
        Unfitted. A Pipeline may end in it.
    fraction : float
        What part of the samples, above 0 and up to 1.

    Returns
    -------
    student : estimator
        A clone with other parameters.

    Raises
    ------
    ValueError
        If there is no such parameter.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> with_subsample(GradientBoostingRegressor(), 0.5)
    GradientBoostingRegressor(subsample=0.5)
    """
    student = clone(student)
    final = final_step(student)
    known = final.get_params(deep=False)
    for name, besides in _BESIDES.items():
        if name in known:
            others = {key: value for key, value in besides.items() if key in known}
            final.set_params(**{name: float(fraction), **others})
            return student
    raise ValueError(
        "The 'subsample' parameter needs a student with a parameter "
        f"{' or '.join(_BESIDES)}, as forests and most boosting have. Got {final!r}. "
        "Use subsample=None, and the student's own parameters against overfitting."
    )
