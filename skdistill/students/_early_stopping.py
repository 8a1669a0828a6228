"""Judging boosting rounds on held-out samples against the mixed target."""

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_regressor
from sklearn.pipeline import Pipeline

from skdistill._numerics import as_logit_matrix, temper
from skdistill._typing import Estimator
from skdistill.targets import Target

__all__ = [
    "NAME",
    "check_one_eval_set",
    "check_takes_eval_set",
    "raise_for_pipeline",
    "soft_log_loss",
]

# The name under which the rounds' losses are recorded.
NAME = "soft_log_loss"


def check_takes_eval_set(student: Estimator) -> None:
    """Raise, before any work, if a student of classes can take no eval_set.

    Parameters
    ----------
    student : estimator
        Unfitted.

    Raises
    ------
    ValueError
        If it is a Pipeline, or a regressor, which learns logits.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skdistill.students import check_takes_eval_set
    >>> check_takes_eval_set(RandomForestClassifier())
    """
    if isinstance(student, Pipeline):
        raise_for_pipeline()
    if is_regressor(student):
        raise ValueError(
            "A regressor as student of a DistilledClassifier takes no eval_set: it "
            f"learns logits, and these are labels. Got {student!r}. Leave the eval_set "
            "out, or take the classifier of its library."
        )


def raise_for_pipeline() -> NoReturn:
    """Raise an error that says what to do where a Pipeline is given an eval_set."""
    raise ValueError(
        "A student in a Pipeline takes no eval_set: its samples would not pass "
        "through the other steps. Put these steps before the distilled model: "
        "make_pipeline(steps, DistilledClassifier(...))."
    )


def check_one_eval_set(eval_targets: Sequence[Target]) -> Target:
    """Return the only held-out target; more than one leave open which one judges."""
    if len(eval_targets) != 1:
        raise ValueError(
            "A student that learns from a teacher takes one eval_set, whose samples "
            f"are judged against the mixed target. Got {len(eval_targets)}."
        )
    return eval_targets[0]


def soft_log_loss(
    target: NDArray, logits: NDArray, weight: NDArray | None = None
) -> float:
    """Return the mean cross-entropy of the student to the mixed target.

    Parameters
    ----------
    target : ndarray of shape (n_samples, n_classes)
        The mixed target of the held-out samples.
    logits : ndarray of shape (n_samples,) or (n_samples, n_classes)
        The student's logits.
    weight : ndarray of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    loss : float
        In nats.
    """
    q = temper(as_logit_matrix(logits), 1.0)
    losses = -(target * np.log(np.maximum(q, 1e-15))).sum(axis=1)
    return float(np.average(losses, weights=weight))
