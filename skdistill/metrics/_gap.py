"""The share of the teacher's lead over the plain student that the student recovers."""

import warnings
from collections.abc import Callable

from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import r2_score

__all__ = ["gap_recovered", "share_recovered"]


def gap_recovered(
    y_true: ArrayLike,
    y_plain: ArrayLike,
    y_teacher: ArrayLike,
    y_student: ArrayLike,
    metric: Callable[..., float] = r2_score,
    *,
    greater_is_better: bool = True,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the share of the teacher's lead that the student recovers.

    (student - plain) / (teacher - plain) in a metric: 0 for a student as good as the
    plain one, 1 for one as good as the teacher. Below 0 distillation did harm.

    Where the teacher is not better than the plain student there is no lead to share:
    the result is NaN, with a warning. Where it leads by little the share is mostly
    noise; look at the three scores themselves.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The labels of rows that none of the three was fitted on.
    y_plain : array-like
        What the plain student, fitted on the labels alone, predicts for them; labels,
        values or probabilities, as `metric` takes them.
    y_teacher : array-like
        What the teacher predicts.
    y_student : array-like
        What the distilled student predicts.
    metric : callable, default=sklearn.metrics.r2_score
        ``metric(y_true, y_pred)``, and with `sample_weight` where it is given.
    greater_is_better : bool, default=True
        Whether a greater value of `metric` is a better one; False for a loss.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights.

    Returns
    -------
    float

    Warns
    -----
    UndefinedMetricWarning
        If the teacher does not lead.

    Examples
    --------
    >>> from sklearn.metrics import mean_absolute_error
    >>> from skdistill.metrics import gap_recovered
    >>> y, plain, teacher, student = [0.0, 0.0], [4.0, 4.0], [1.0, 1.0], [2.0, 2.0]
    >>> round(
    ...     gap_recovered(
    ...         y, plain, teacher, student, mean_absolute_error, greater_is_better=False
    ...     ),
    ...     3,
    ... )
    0.667
    """
    weight = {} if sample_weight is None else {"sample_weight": sample_weight}
    sign = 1 if greater_is_better else -1
    plain, teacher, student = (
        sign * metric(y_true, predicted, **weight)
        for predicted in (y_plain, y_teacher, y_student)
    )
    share = share_recovered(plain, teacher, student)
    if share is None:
        warnings.warn(
            "The gap recovered is undefined: the teacher is not better than the plain "
            f"student ({getattr(metric, '__name__', metric)} of {sign * teacher:.4g} "
            f"against {sign * plain:.4g}). NaN is returned.",
            UndefinedMetricWarning,
            stacklevel=2,
        )
        return float("nan")
    return share


def share_recovered(plain: float, teacher: float, student: float) -> float | None:
    """Return the share of the lead in scores, greater is better; None if there is none.

    A score that is not a number leaves nothing to share either.
    """
    if not teacher > plain:
        return None
    return float((student - plain) / (teacher - plain))
