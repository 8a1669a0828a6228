"""The area between two students' loss curves over the stages of their training."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import mean_squared_error

__all__ = ["integral_criterion"]


def integral_criterion(
    y_true: ArrayLike,
    baseline_stages: Iterable[ArrayLike],
    student_stages: Iterable[ArrayLike],
    metric: Callable[..., float] = mean_squared_error,
    *,
    stages: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the area between the loss curves of baseline and distilled student.

    The integral of (loss of the baseline student - loss of the distilled one) over the
    stages of training, by the trapezoidal rule: above 0 where the distilled student is
    ahead, on the whole, on the way to its last stage. Swapping the two changes the
    sign.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The labels of samples that neither was fitted on.
    baseline_stages : iterable of array-like of shape (n_samples,) or \
(n_samples, n_outputs)
        What the baseline student predicts after each stage, as `staged_predict` of
        scikit-learn's boosting and `skdistill.inspect.staged_predictions` give it.
    student_stages : iterable of array-like of shape (n_samples,) or \
(n_samples, n_outputs)
        What the distilled student predicts after the same stages.
    metric : callable, default=sklearn.metrics.mean_squared_error
        The loss, ``metric(y_true, y_pred)``, and with `sample_weight` where it is
        given. Less is better.
    stages : array-like of shape (n_stages,), default=None
        Where the stages lie, increasing: numbers of trees or epochs, or seconds.
        If None, 1, 2, 3, ... are used.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    float
        In units of the loss times those of the stages.

    Raises
    ------
    ValueError
        If the two have not as many stages, at least two, or these do not increase.

    References
    ----------
    Grabovoy and Strijov, "Probabilistic interpretation of the distillation problem",
    2022, compare students by the area between their curves.

    Examples
    --------
    >>> from skdistill.metrics import integral_criterion
    >>> y = [1.0]
    >>> baseline, student = [[3.0], [2.0], [1.0]], [[2.0], [1.0], [1.0]]
    >>> integral_criterion(y, baseline, student)  # losses 4, 1, 0 and 1, 0, 0
    2.5
    """
    weight = {} if sample_weight is None else {"sample_weight": sample_weight}
    baseline, student = (
        np.array([metric(y_true, predicted, **weight) for predicted in curve])
        for curve in (baseline_stages, student_stages)
    )
    if len(baseline) != len(student) or len(baseline) < 2:
        raise ValueError(
            "baseline_stages and student_stages must hold the same stages, at least "
            f"two. Got {len(baseline)} and {len(student)}. Compare students of equally "
            "many stages, or cut the longer."
        )
    where = np.arange(1, len(baseline) + 1) if stages is None else np.asarray(stages)
    if where.shape != baseline.shape or (np.diff(where) <= 0).any():
        raise ValueError(
            f"stages must hold {len(baseline)} increasing numbers, one a stage. Got "
            f"{stages!r}."
        )
    return float(np.trapezoid(baseline - student, where))
