"""The fraction of the gap between baseline and teacher that a student closes."""

import warnings
from collections.abc import Callable

from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import r2_score

__all__ = ["gap_recovered", "gap_recovered_from_scores"]


def gap_recovered(
    y_true: ArrayLike,
    y_baseline: ArrayLike,
    y_teacher: ArrayLike,
    y_student: ArrayLike,
    metric: Callable[..., float] = r2_score,
    *,
    greater_is_better: bool = True,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the fraction of the teacher's lead that the student recovers.

    (student - baseline) / (teacher - baseline) in a metric: 0 for a student as good as
    the baseline student, 1 for one as good as the teacher. Below 0 distillation did
    harm.

    Where the teacher is not better than the baseline student, there is no gap: the
    result is NaN, with a warning. Where it leads by little, the fraction is mostly
    noise; look at the three scores themselves.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The labels of samples that none of the three was fitted on.
    y_baseline : array-like of shape (n_samples,), (n_samples, n_outputs) or \
(n_samples, n_classes)
        What the baseline student, fitted on the labels alone, predicts for them;
        labels, values or probabilities, as `metric` takes them.
    y_teacher : array-like of shape (n_samples,), (n_samples, n_outputs) or \
(n_samples, n_classes)
        What the teacher predicts.
    y_student : array-like of shape (n_samples,), (n_samples, n_outputs) or \
(n_samples, n_classes)
        What the distilled student predicts.
    metric : callable, default=sklearn.metrics.r2_score
        ``metric(y_true, y_pred)``, and with `sample_weight` where it is given.
    greater_is_better : bool, default=True
        Whether a greater value of `metric` is a better one; False for a loss.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    float

    Warns
    -----
    UndefinedMetricWarning
        If the teacher does not lead.

    See Also
    --------
    gap_recovered_from_scores : The same from three scores.

    Examples
    --------
    >>> from sklearn.metrics import mean_absolute_error
    >>> from skdistill.metrics import gap_recovered
    >>> y, baseline, teacher, student = [0.0], [4.0], [1.0], [2.0]
    >>> round(
    ...     gap_recovered(
    ...         y,
    ...         baseline,
    ...         teacher,
    ...         student,
    ...         mean_absolute_error,
    ...         greater_is_better=False,
    ...     ),
    ...     3,
    ... )
    0.667
    """
    weight = {} if sample_weight is None else {"sample_weight": sample_weight}
    sign = 1 if greater_is_better else -1
    baseline, teacher, student = (
        sign * metric(y_true, predicted, **weight)
        for predicted in (y_baseline, y_teacher, y_student)
    )
    recovered = gap_recovered_from_scores(baseline, teacher, student)
    if recovered is None:
        warnings.warn(
            "The gap recovered is undefined: the teacher is not better than the "
            f"baseline student ({getattr(metric, '__name__', metric)} of "
            f"{sign * teacher:.4g} against {sign * baseline:.4g}). NaN is returned.",
            UndefinedMetricWarning,
            stacklevel=2,
        )
        return float("nan")
    return recovered


def gap_recovered_from_scores(
    baseline: float, teacher: float, student: float
) -> float | None:
    """Return the fraction of the teacher's lead that a student's score recovers.

    Parameters
    ----------
    baseline : float
        Score of the baseline student; greater is better for all three.
    teacher : float
        Score of the teacher.
    student : float
        Score of the distilled student.

    Returns
    -------
    float or None
        ``(student - baseline) / (teacher - baseline)``; None if the teacher does not
        lead, or if one of these two scores is NaN.

    See Also
    --------
    gap_recovered : The same from predictions.

    Examples
    --------
    >>> from skdistill.metrics import gap_recovered_from_scores
    >>> gap_recovered_from_scores(0.5, 1.0, 0.75)
    0.5
    >>> gap_recovered_from_scores(0.5, 0.5, 0.75) is None
    True
    """
    if not teacher > baseline:
        return None
    return float((student - baseline) / (teacher - baseline))
