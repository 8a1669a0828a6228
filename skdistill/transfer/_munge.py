"""MUNGE: each value moves to, or about, that of the nearest sample."""

from collections.abc import Iterator
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler, RandomState, VariedColumn
from skdistill.transfer._columns import Numbers
from skdistill.transfer._neighbors import nearest_rows

__all__ = ["MungeSampler"]


class MungeSampler(BaseSampler):
    """Sampler that moves values to those of the nearest neighbour, with noise.

    With x a sample and x' its nearest other sample, each value j of a new sample is, by
    itself::

        with chance 1 - p:  x_j
        with chance p:      x'_j                                    for categories
                            N(x'_j, variance ((x_j - x'_j) / s)^2)  for numbers

    Numbers are kept in the range and on the grid of their feature, so a feature of few
    values, each seen often, gets no other. Where one of the two is missing, the value
    is x'_j as it is.

    Distances count numbers in standard deviations, and different categories as 1; see
    the guide for tables of more than 20,000 samples.

    Parameters
    ----------
    p : float, default=0.5
        The chance that a value changes, from 0 to 1.
    s : float, default=1.0
        Divides the noise; above 0. A large s makes new numbers those of the neighbour.
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
    PermutationSampler : The same with values that were seen, from several neighbours.

    References
    ----------
    Bucila, Caruana and Niculescu-Mizil, "Model Compression", KDD 2006, algorithm 1.
    There a new sample begins as one of a pass over all of them, as here when
    `n_samples` is a multiple of their number.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import MungeSampler
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> MungeSampler(p=0.5, s=2.0, random_state=0).fit(X).sample(400).shape
    (400, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "p": [Interval(Real, 0, 1, closed="both")],
        "s": [Interval(Real, 0, None, closed="neither")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self,
        p: float = 0.5,
        *,
        s: float = 1.0,
        categorical_features: ArrayLike = "from_dtype",
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.p = p
        self.s = s

    def _vary(
        self, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> Iterator[VariedColumn]:
        near = nearest_rows(self._columns, rows, 1, rng)[:, 0]
        for column in self._columns:
            source = np.where(rng.random(len(rows)) < self.p, near, rows)
            values = None
            if isinstance(column, Numbers) and column.is_free:
                # Where the cell does not change, its distance and so the noise is 0.
                mean = column.numbers[source]
                std = np.abs(column.numbers[rows] - mean) / self.s
                values = mean + std * rng.standard_normal(len(rows))
            yield source, values
