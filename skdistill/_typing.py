"""Types for what scikit-learn leaves untyped."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

__all__ = [
    "Estimator",
    "Sampler",
    "Scorer",
    "Student",
    "Students",
    "Table",
    "Teacher",
    "Teachers",
]

# Any object with scikit-learn's estimator interface, whatever else it has.
Estimator: TypeAlias = Any
# Samples: array-like, dataframe or sparse matrix of shape (n_samples, n_features).
Table: TypeAlias = Any
# scorer(estimator, X, y, sample_weight=...), greater is better.
Scorer: TypeAlias = Callable[..., float]


class Teacher(Protocol):
    """What is learned from: a regressor, or a classifier with probabilities or logits.

    A classifier has `predict_proba` or `decision_function` besides, and `classes_`.
    """

    def fit(self, X: Any, y: Any) -> Any:
        """Fit to samples and labels."""

    def predict(self, X: Any) -> Any:
        """Return values or labels."""


# One teacher, several by their names, or the default one.
Teachers: TypeAlias = Teacher | list[tuple[str, Teacher]] | None


class Student(Protocol):
    """What is fitted and shipped: a regressor or classifier of any kind."""

    def fit(self, X: Any, y: Any) -> Any:
        """Fit to samples and labels."""

    def predict(self, X: Any) -> Any:
        """Return values or labels."""


# One student, several by their names, "auto", or the default one.
Students: TypeAlias = Student | list[tuple[str, Student]] | str | None


class Sampler(Protocol):
    """What draws samples of a transfer set; density models of scikit-learn do."""

    def fit(self, X: Any) -> Any:
        """Fit to samples."""

    def sample(self, n_samples: int = 1) -> Any:
        """Return samples, or a tuple that begins with them."""
