"""What a student may cost, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from skdistill._typing import Estimator, Table
from skdistill.inspect import count_bytes, count_values, time_beside_reference

__all__ = ["Budget", "Cost", "measure"]

# How many calls are timed where latency is shown, and where it decides.
_SHOWN, _LIMITED = 15, 100


class Cost(NamedTuple):
    """What a fitted student costs.

    Attributes
    ----------
    latency : float
        Microseconds that `predict` takes for a single sample.
    bytes : int or None
        The size of its pickle; None if it cannot be pickled.
    leaves : int or None
        Its leaves; None where they are not known.
    """

    latency: float
    bytes: int | None
    leaves: int | None

    def __str__(self) -> str:
        parts = [f"{self.latency:.4g} microseconds a row"]
        if self.bytes is not None:
            parts.append(f"{self.bytes:,} bytes")
        if self.leaves is not None:
            parts.append(f"{self.leaves:,} leaves")
        return ", ".join(parts)


def measure(students: Sequence[Estimator], X: Table, budget: "Budget") -> list[Cost]:
    """Return what fitted students cost, timed side by side.

    Parameters
    ----------
    students : sequence of estimator
        Fitted.
    X : table of shape (n_samples, n_features)
        Samples to predict for.
    budget : Budget
        If it limits the latency, that is measured by more calls.
    """
    n_calls = _SHOWN if budget.latency is None else _LIMITED
    timed = time_beside_reference(students, X, n_calls)
    costs = []
    for student, seconds in zip(students, timed, strict=True):
        counts = count_values(student)
        leaves = None if counts is None else counts.leaves
        costs.append(Cost(float(seconds) * 1e6, count_bytes(student), leaves))
    return costs


@dataclass(frozen=True)
class Budget:
    """The most that a student may cost; None is no limit.

    Attributes
    ----------
    latency : float or None
        Microseconds for a single sample.
    bytes : float or None
        The size of its pickle.
    leaves : float or None
        Its leaves.
    """

    latency: float | None = None
    bytes: float | None = None
    leaves: float | None = None

    @property
    def limits(self) -> dict[str, float]:
        """The limits that are set, by the name of the cost."""
        named = {name: getattr(self, name) for name in Cost._fields}
        return {name: limit for name, limit in named.items() if limit is not None}

    def __bool__(self) -> bool:
        return bool(self.limits)

    def __str__(self) -> str:
        return ", ".join(f"max_{name}={limit!r}" for name, limit in self.limits.items())

    def admits(self, cost: Cost) -> bool:
        """Return whether a student is within the budget; not if its cost is unknown."""
        return all(one <= 1 for one in self._fractions(cost))

    def has_too_many_leaves(self, cost: Cost) -> bool:
        """Return whether a student of this cost has more leaves than it may have."""
        limit = self.leaves
        return limit is not None and cost.leaves is not None and cost.leaves > limit

    def check_known(self, name: str, cost: Cost) -> None:
        """Raise if a cost that is limited is not known of a student."""
        for kind in self.limits:
            if getattr(cost, kind) is None:
                known = "max_bytes" if kind == "leaves" else "max_leaves"
                raise ValueError(
                    f"max_{kind} needs students whose {kind} can be counted. Got the "
                    f"student {name!r}, of which they are not known. Use max_latency "
                    f"or {known}, or leave that student out."
                )

    def check_any_fits(self, costs: Mapping[str, Cost]) -> None:
        """Raise if no student is within the budget.

        Parameters
        ----------
        costs : mapping of str to Cost
            Of each student, by its name.
        """
        if any(map(self.admits, costs.values())):
            return
        nearest = min(costs, key=lambda name: self.excess(costs[name]))
        message = (
            f"At least one student must be within the budget, {self}, when it is "
            f"fitted on the labels. The nearest to it is {nearest!r}, with "
            f"{costs[nearest]}. Raise the limits to that, or pass a smaller student: "
            "fewer trees, or fewer leaves in each."
        )
        if self.latency is not None and costs[nearest].latency > self.latency:
            message += (
                " Latency is that of predict in Python, of which little can be saved: "
                "ONNX and C take a small part of it. Limit leaves or bytes instead, "
                "and export the student by skdistill.export."
            )
        raise ValueError(message)

    def excess(self, cost: Cost) -> float:
        """Return how many times a cost is above its limit, at the worst."""
        return max(self._fractions(cost))

    def _fractions(self, cost: Cost) -> list[float]:
        """Return each cost as a fraction of its limit; infinite if it is not known."""
        known = [(getattr(cost, name), limit) for name, limit in self.limits.items()]
        return [inf if one is None else one / limit for one, limit in known]
