"""Names for what scikit-learn leaves untyped."""

from typing import Any, TypeAlias

# Any object with scikit-learn's estimator interface.
Estimator: TypeAlias = Any
# Rows: array-like, dataframe or sparse matrix of shape (n_samples, n_features).
Table: TypeAlias = Any

__all__ = ["Estimator", "Table"]
