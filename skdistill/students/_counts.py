"""How many numbers a fitted model stores to predict with."""

from typing import Any, NamedTuple

import numpy as np

from skdistill._typing import Estimator

__all__ = ["ValueCounts", "count_known"]

# By which attributes models are known that follow scikit-learn, and where their weights
# are: networks, support vector machines, kernel ridge, linear models, naive Bayes.
_WEIGHTS = (
    ("coefs_", "intercepts_"),
    ("support_vectors_", "dual_coef_", "intercept_"),
    ("X_fit_", "dual_coef_"),
    ("coef_", "intercept_"),
    ("theta_", "var_", "class_prior_"),
)


class ValueCounts(NamedTuple):
    """How many numbers a fitted model stores to predict with.

    Attributes
    ----------
    leaves : int
        Leaves of trees.
    weights : int
        Weights of linear models and networks; for kernel machines and naive Bayes all
        numbers they store.

    Examples
    --------
    >>> ValueCounts(weights=8).leaves
    0
    """

    leaves: int = 0
    weights: int = 0

    @property
    def total(self) -> int:
        """Leaves and weights."""
        return self.leaves + self.weights

    def __str__(self) -> str:
        parts = [
            f"{count:,} {name}"
            for count, name in zip(self, self._fields, strict=True)
            if count
        ]
        return " and ".join(parts) or "nothing"


def count_known(model: Estimator) -> ValueCounts | None:
    """Count by `get_n_leaves`, or by the names that scikit-learn gives weights."""
    if hasattr(model, "get_n_leaves"):
        return ValueCounts(leaves=int(model.get_n_leaves()))
    for names in _WEIGHTS:
        if hasattr(model, names[0]):
            parts = [getattr(model, name) for name in names]
            return ValueCounts(weights=sum(map(_count_numbers, parts)))
    return None


def _count_numbers(values: Any) -> int:
    if isinstance(values, list | tuple):  # the layers of a network
        return sum(map(_count_numbers, values))
    return int(values.size) if hasattr(values, "size") else int(np.size(values))
