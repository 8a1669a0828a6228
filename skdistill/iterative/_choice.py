"""Which model is kept: the baseline student, unless another is better beyond noise."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skdistill.flow import Data, Plan, loss_name, mean_and_error, sample_losses
from skdistill.students import TrainingLoss, training_loss

__all__ = ["Choice", "choose", "held_out_losses", "mean_loss"]

# What rounding may make of no difference.
_ROUNDING = 1e-9


class Choice(NamedTuple):
    """What was chosen, and why."""

    number: int
    reason: str


def held_out_losses(
    predictions: NDArray, plan: Plan, data: Data
) -> NDArray[np.float64]:
    """Return the loss of each sample, by what is predicted for it out-of-fold."""
    loss = TrainingLoss() if data.is_classification else training_loss(plan.student)
    return sample_losses(predictions, data, loss)


def mean_loss(losses: NDArray, data: Data) -> float:
    """Return the weighted mean of the losses of all samples."""
    return float(np.average(losses, weights=data.weight))


def choose(losses: list[NDArray], names: list[str], plan: Plan, data: Data) -> Choice:
    """Choose by the paired differences of losses on held-out samples.

    Parameters
    ----------
    losses : list of ndarray of shape (n_samples,)
        Those of each candidate; the first is the baseline student.
    names : list of str
        What to call the candidates.
    plan, data : Plan, Data
        Those of the baseline student.

    Returns
    -------
    Choice
        Another than the baseline student gains more than the standard error of the
        differences.
    """
    means = [mean_loss(one, data) for one in losses]
    best = int(np.argmin(means))
    gain, error = mean_and_error(losses[0] - losses[best], data.weight)
    loss = None if data.is_classification else training_loss(plan.student)
    found = (
        f"on held-out samples the {loss_name(data, loss)} of {names[best]} is "
        f"{means[best]:.4g}, that of {names[0]} {means[0]:.4g}, with a standard error "
        f"of {error:.2g} between them."
    )
    if gain > error + _ROUNDING * means[0]:
        return Choice(best, f"Chose {names[best]}: {found}")
    if best == 0:
        found = f"on held-out samples no other has a lower {loss_name(data, loss)}."
    return Choice(0, f"Kept {names[0]}: {found}")
