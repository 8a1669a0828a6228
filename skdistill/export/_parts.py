"""What a fitted model computes, as a short list of parts on arrays of numbers.

A part maps the values of a sample to others. `apply` computes it for samples in double
precision; an emitter, such as that of C, writes the same down in another language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

__all__ = [
    "LINKS",
    "Beside",
    "Clipped",
    "Columns",
    "Dense",
    "Filled",
    "Link",
    "Part",
    "Standardised",
    "Stretched",
    "apply_parts",
    "log_loss",
]


class Part(Protocol):
    """One step of what a model computes."""

    def apply(self, X: NDArray) -> NDArray:
        """Return the outputs for samples, both of shape (n_samples, n_values)."""
        ...

    def count_outputs(self, n_inputs: int) -> int:
        """Return how many values come out where `n_inputs` go in."""
        ...


class _KeepsCount:
    """A part with one output for each input."""

    def count_outputs(self, n_inputs: int) -> int:
        return n_inputs


@dataclass(frozen=True)
class Columns:
    """The inputs of these indices."""

    indices: NDArray[np.intp]

    def apply(self, X: NDArray) -> NDArray:
        return X[:, self.indices]

    def count_outputs(self, n_inputs: int) -> int:
        return len(self.indices)


@dataclass(frozen=True)
class Filled(_KeepsCount):
    """The inputs, with these values where they are missing."""

    values: NDArray

    def apply(self, X: NDArray) -> NDArray:
        return np.where(np.isnan(X), self.values, X)


@dataclass(frozen=True)
class Standardised(_KeepsCount):
    """(x - centre) / scale."""

    centre: NDArray
    scale: NDArray

    def apply(self, X: NDArray) -> NDArray:
        return (X - self.centre) / self.scale


@dataclass(frozen=True)
class Stretched(_KeepsCount):
    """x * factor + offset."""

    factor: NDArray
    offset: NDArray

    def apply(self, X: NDArray) -> NDArray:
        return X * self.factor + self.offset


@dataclass(frozen=True)
class Clipped(_KeepsCount):
    """The inputs, none below `low` or above `high`."""

    low: float
    high: float

    def apply(self, X: NDArray) -> NDArray:
        return np.clip(X, self.low, self.high)


@dataclass(frozen=True)
class Dense:
    """weights @ x + bias, with weights of shape (n_outputs, n_inputs)."""

    weights: NDArray
    bias: NDArray

    def apply(self, X: NDArray) -> NDArray:
        return X @ self.weights.T + self.bias

    def count_outputs(self, n_inputs: int) -> int:
        return len(self.bias)


# "complement" makes the probabilities of two classes from that of the second.
LINKS: dict[str, Callable[[NDArray], NDArray]] = {
    "relu": lambda X: np.maximum(X, 0.0),
    "tanh": np.tanh,
    "logistic": expit,
    "exp": np.exp,
    "expm1": np.expm1,
    "softmax": lambda X: softmax(X, axis=1),
    "complement": lambda X: np.column_stack([1.0 - X, X]),
}


@dataclass(frozen=True)
class Link:
    """A function by its name in `LINKS`."""

    name: str

    def apply(self, X: NDArray) -> NDArray:
        return LINKS[self.name](X)

    def count_outputs(self, n_inputs: int) -> int:
        return 2 if self.name == "complement" else n_inputs


@dataclass(frozen=True)
class Beside:
    """The outputs of several lists of parts, each of the same inputs."""

    members: tuple[tuple[Part, ...], ...]

    def apply(self, X: NDArray) -> NDArray:
        return np.hstack([apply_parts(parts, X) for parts in self.members])

    def count_outputs(self, n_inputs: int) -> int:
        counts = 0
        for parts in self.members:
            n_values = n_inputs
            for part in parts:
                n_values = part.count_outputs(n_values)
            counts += n_values
        return counts


def apply_parts(parts: Sequence[Part], X: NDArray) -> NDArray:
    """Return what parts compute one after the other.

    Parameters
    ----------
    parts : sequence of Part
        The first gets the samples.
    X : ndarray of shape (n_samples, n_features)
        The samples.

    Returns
    -------
    outputs : ndarray of shape (n_samples, n_outputs)
    """
    for part in parts:
        X = part.apply(X)
    return X


def log_loss(n_classes: int) -> list[Part]:
    """Return what makes probabilities of logits, of one where there are two classes."""
    if n_classes > 2:
        return [Link("softmax")]
    return [Link("logistic"), Link("complement")]
