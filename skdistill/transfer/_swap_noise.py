"""Swap noise: some values come from other samples."""

from collections.abc import Iterator
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler, RandomState, VariedColumn

__all__ = ["SwapNoiseSampler"]


class SwapNoiseSampler(BaseSampler):
    """Sampler that swaps a fraction of the values with those of any other samples.

    Each value of a new sample is, by itself::

        with chance 1 - p:  x_j
        with chance p:      x'_j, x' any sample, another one for each value

    At p = 1 the features are independent of each other, each distributed as it was.

    Parameters
    ----------
    p : float, default=0.15
        The chance that a value is swapped, from 0 to 1.
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
    PermutationSampler : Values come from near samples.
    ConditionalSampler : Values come from samples like the rest of the sample.

    References
    ----------
    Jahrer, first place in the Porto Seguro competition on Kaggle, 2017, where 15 % of
    the values were swapped to train denoising autoencoders.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import SwapNoiseSampler
    >>> X = np.arange(30.0).reshape(10, 3)
    >>> X_new = SwapNoiseSampler(p=0.5, random_state=0).fit(X).sample(100)
    >>> set(X_new[:, 0]) <= set(X[:, 0])
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "p": [Interval(Real, 0, 1, closed="both")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self,
        p: float = 0.15,
        *,
        categorical_features: ArrayLike = "from_dtype",
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.p = p

    def _vary(
        self, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> Iterator[VariedColumn]:
        for _ in self._columns:
            others = self._draw_rows(len(rows), rng)
            yield np.where(rng.random(len(rows)) < self.p, others, rows), None
