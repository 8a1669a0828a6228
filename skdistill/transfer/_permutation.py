"""Neighbour permutation: each value is one seen in the nearest samples."""

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler, RandomState, VariedColumn
from skdistill.transfer._neighbors import nearest_rows

__all__ = ["PermutationSampler"]


class PermutationSampler(BaseSampler):
    """Sampler that swaps values with those of near samples, so every value was seen.

    With x a sample, each value j of a new sample is, by itself::

        with chance 1 - p:  x_j
        with chance p:      x'_j, x' any of the n_neighbors nearest samples of x

    It is MUNGE without its noise: no number comes up that the feature does not hold.

    Distances count numbers in standard deviations, and different categories as 1; see
    the guide for tables of more than 20,000 samples.

    Parameters
    ----------
    p : float, default=0.5
        The chance that a value is swapped, from 0 to 1.
    n_neighbors : int, default=5
        From how many nearest samples a value may come, at least 1.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Numeric features that are categories: their names or their indices, or a boolean
        mask of shape (n_features,). Features of category, string, object or bool dtype
        always are. With "from_dtype" there are no others.
    random_state : int, RandomState instance or None, default=None
        An int gives the same samples at every call of `sample`.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    MungeSampler : Numbers get noise as well.
    SwapNoiseSampler : Values come from any sample.

    References
    ----------
    A variant of Bucila, Caruana and Niculescu-Mizil, "Model Compression", KDD 2006,
    algorithm 1, whose rule for nominal attributes it takes for all.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdistill.transfer import PermutationSampler
    >>> X = pd.DataFrame({"hour": [0, 1, 22, 23], "day": list("aabb")})
    >>> X_new = PermutationSampler(n_neighbors=1, random_state=0).fit(X).sample(100)
    >>> sorted(X_new.value_counts().index)
    [(0, 'a'), (1, 'a'), (22, 'b'), (23, 'b')]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "p": [Interval(Real, 0, 1, closed="both")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self,
        p: float = 0.5,
        *,
        n_neighbors: int = 5,
        categorical_features: ArrayLike = "from_dtype",
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.p = p
        self.n_neighbors = n_neighbors

    def _vary(
        self, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> Iterator[VariedColumn]:
        near = nearest_rows(self._columns, rows, self.n_neighbors, rng)
        n_samples, n_near = near.shape
        for _ in self._columns:
            any_near = near[np.arange(n_samples), rng.integers(n_near, size=n_samples)]
            yield np.where(rng.random(n_samples) < self.p, any_near, rows), None
