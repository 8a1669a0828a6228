"""What students and teacher cost for a sample, and what a budget pays for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from skdistill._sklearn import num_samples, safe_indexing
from skdistill._typing import Table
from skdistill.inspect import rows_per_second

__all__ = ["find_fractions", "measure_costs"]

# So many samples are timed at once: a batch as a service gets it, and no more.
_N_TIMED = 1000


@dataclass(frozen=True)
class _Predictor:
    """Any function of samples, as the clock takes it."""

    predict: Any


def measure_costs(models: Sequence[Callable[[Table], Any]], X: Table) -> list[float]:
    """Return the microseconds that each of some functions takes for a sample.

    Parameters
    ----------
    models : list of callable
        What is called with the samples.
    X : table of shape (n_samples, n_features)
        The first 1,000 of them are taken, in one batch.

    Returns
    -------
    list of float
    """
    batch = safe_indexing(X, slice(min(_N_TIMED, num_samples(X))))
    return [1e6 / rows_per_second(_Predictor(one), batch) for one in models]


def find_fractions(
    budget: float | Sequence[float], costs: Sequence[float] | None, n_students: int = 1
) -> list[float]:
    """Return the fractions of samples that may go on from each student.

    One number f says it all: f**k of the samples may go on from the k-th student, as a
    rule that looks at no sample keeps what is guaranteed of the thresholds. The first
    student predicts every sample, so the expected cost is the sum of costs[k] * f**k.

    Parameters
    ----------
    budget : float or list of float
        The fraction that may go to the teacher, or microseconds a sample; a list has
        the fractions themselves.
    costs : sequence of float, or None
        The microseconds of each student, then those of the teacher; None for a budget
        that is a fraction.
    n_students : int, default=1
        How many students there are.

    Returns
    -------
    list of float
        From 0 to 1, for each student; the last is that of samples for the teacher.

    Examples
    --------
    >>> from skdistill.cascade import find_fractions
    >>> find_fractions(30.0, (10.0, 100.0))
    [0.2]
    >>> find_fractions(0.25, None, n_students=2)
    [0.5, 0.25]
    """
    if np.ndim(budget):
        return np.asarray(budget, dtype=float).tolist()
    amount = float(np.asarray(budget))
    powers = range(1, n_students + 1)
    if costs is None:
        return [amount ** (k / n_students) for k in powers]
    of_first, *_, of_teacher = costs
    if amount < of_first:
        student = "the student" if n_students == 1 else "the first student"
        raise ValueError(
            f"budget must be at least what {student} takes, as it predicts every "
            f"sample. Got {amount:g} microseconds, where {student} with the deferral "
            f"score takes {of_first:.3g} and the teacher {of_teacher:.3g}. Set a "
            "greater budget, or costs, if they are others on your machine."
        )
    if sum(costs) <= amount:
        return [1.0] * n_students
    left = np.polynomial.Polynomial(np.array([of_first - amount, *costs[1:]]))
    factor = brentq(left, 0.0, 1.0)
    return [factor**k for k in powers]
