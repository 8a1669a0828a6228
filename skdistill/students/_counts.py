"""Students of counts: regressors whose loss takes no target below zero."""

from sklearn.utils import get_tags

from skdistill._fitting import final_step
from skdistill._typing import Estimator

__all__ = ["learns_counts"]

_LOSSES = {
    "poisson",
    "gamma",
    "tweedie",
    "count:poisson",
    "reg:gamma",
    "reg:tweedie",
}


def learns_counts(student: Estimator) -> bool:
    """Tell whether the student's loss takes no target below zero."""
    final = final_step(student)
    if get_tags(final).target_tags.positive_only:
        return True
    params = final.get_params(deep=False)
    return any(
        params.get(name) in _LOSSES for name in ("loss", "criterion", "objective")
    )
