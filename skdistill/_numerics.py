"""Logits and probabilities, in log space: pure numpy."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "as_floats",
    "as_logit_matrix",
    "centred_logits",
    "log_probability",
    "temper",
    "window_starts",
]


def as_floats(values: ArrayLike) -> NDArray[np.floating]:
    """Return an array of floats: of single precision where it is so, else of double."""
    values = np.asarray(values)
    return values if values.dtype == np.float32 else values.astype(float, copy=False)


def log_probability(probability: ArrayLike) -> NDArray[np.float64]:
    """Return the natural logarithm, -inf where the probability is 0."""
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(probability, dtype=float))


def as_logit_matrix(decision: ArrayLike) -> NDArray[np.float64]:
    """Give binary decisions of shape (n,) their two columns: 0 and z.

    softmax((0, z)) = (sigmoid(-z), sigmoid(z)), so nothing is lost.
    """
    decision = np.asarray(decision, dtype=float)
    if decision.ndim == 2 and decision.shape[1] > 1:
        return decision
    decision = decision.reshape(-1)
    return np.column_stack([np.zeros_like(decision), decision])


def temper(logits: ArrayLike, temperature: float) -> NDArray[np.floating]:
    """Return softmax(logits / temperature) over the last axis.

    On log-probabilities this is p ** (1 / T) over its sum: adding a constant to a
    row's logits cancels. A logit of -inf is probability 0 at every temperature. The
    result is all that is allocated, and keeps single precision: on many samples,
    memory is what it costs.
    """
    logits = as_floats(logits)
    result = logits - logits.max(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):  # At a small temperature, down to -inf.
        result /= temperature
    np.exp(result, out=result)
    result /= result.sum(axis=-1, keepdims=True)
    return result


def centred_logits(probability: ArrayLike, floor: float) -> NDArray[np.float64]:
    """Return the logits of `probability`, each row with mean 0.

    Probabilities below `floor` are raised to it, so that the logits are finite.
    """
    logits = np.log(np.maximum(np.asarray(probability, dtype=float), floor))
    return logits - logits.mean(axis=1, keepdims=True)


def window_starts(
    known: NDArray, ends: NDArray, places: NDArray, width: float
) -> NDArray[np.float64]:
    """Return where windows around places start on the line of cumulated weights.

    Each has half of its weight on each side, or less on one side and more on the other
    at the ends of the line.

    Parameters
    ----------
    known : ndarray of shape (n_samples,)
        The sorted places of the samples that have weight.
    ends : ndarray of shape (n_samples + 1,)
        0, and the cumulated weights of the samples in that order.
    places : ndarray of shape (n_places,)
        Around what.
    width : float
        The weight of a window.
    """
    middle = sum(
        ends[np.searchsorted(known, places, side=side)] / 2
        for side in ("left", "right")
    )
    return np.clip(middle - width / 2, 0.0, ends[-1] - width)
