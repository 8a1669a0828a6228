"""What student and teacher cost for a sample, and what a budget pays for."""

from dataclasses import dataclass
from typing import Any

from skdistill._sklearn import num_samples, safe_indexing
from skdistill._typing import Table
from skdistill.inspect import rows_per_second

__all__ = ["find_fraction", "measure_costs"]

# So many samples are timed at once: a batch as a service gets it, and no more.
_N_TIMED = 1000


@dataclass(frozen=True)
class _Predictor:
    """Any function of samples, as the clock takes it."""

    predict: Any


def measure_costs(student: Any, teacher: Any, X: Table) -> tuple[float, float]:
    """Return the microseconds that each of two functions takes for a sample.

    Parameters
    ----------
    student, teacher : callable
        What is called with the samples.
    X : table of shape (n_samples, n_features)
        The first 1,000 of them are taken, in one batch.

    Returns
    -------
    of_student, of_teacher : float
    """
    batch = safe_indexing(X, slice(min(_N_TIMED, num_samples(X))))
    of_student, of_teacher = (
        1e6 / rows_per_second(_Predictor(one), batch) for one in (student, teacher)
    )
    return of_student, of_teacher


def find_fraction(budget: float, costs: tuple[float, float] | None) -> float:
    """Return the fraction of samples that may go to the teacher.

    The student predicts every sample, so the expected cost is c_s + fraction * c_t.

    Parameters
    ----------
    budget : float
        The fraction itself, or microseconds a sample.
    costs : pair of float, or None
        The microseconds of student and teacher; None for a budget that is a fraction.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> from skdistill.cascade import find_fraction
    >>> find_fraction(30.0, (10.0, 100.0))
    0.2
    """
    if costs is None:
        return budget
    of_student, of_teacher = costs
    if budget < of_student:
        raise ValueError(
            "budget must be at least what the student takes, as it predicts every "
            f"sample. Got {budget:g} microseconds, where the student with the deferral "
            f"score takes {of_student:.3g} and the teacher {of_teacher:.3g}. Set a "
            "greater budget, or costs, if they are others on your machine."
        )
    return min(1.0, (budget - of_student) / of_teacher)
