"""Judging boosting rounds on held-out samples against the mixed target."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skdistill._numerics import as_logit_matrix, temper
from skdistill.targets import Target

__all__ = ["NAME", "check_one_eval_set", "soft_log_loss"]

# The name under which the rounds' losses are recorded.
NAME = "soft_log_loss"


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
