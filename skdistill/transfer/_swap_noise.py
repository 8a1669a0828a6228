"""Swap noise: some cells come from other rows."""

from numbers import Real
from typing import ClassVar

import numpy as np

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler

__all__ = ["SwapNoiseSampler"]


class SwapNoiseSampler(BaseSampler):
    """Sampler that swaps a share of the cells with those of any other rows.

    Each cell of a new row is, by itself::

        with chance 1 - p:  x_j
        with chance p:      x'_j, x' any row, another one for each cell

    At p = 1 the columns are independent of each other, each distributed as it was.

    Parameters
    ----------
    p : float, default=0.15
        The chance that a cell is swapped, from 0 to 1.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Numeric columns that are categories: their names, their numbers, or a mask of
        bool. Columns of category, text, object or bool dtype always are, and are all
        there are with "from_dtype".
    random_state : int, RandomState instance or None, default=None
        An int gives the same rows at every call of `sample`.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where X has names that are all strings.

    See Also
    --------
    PermutationSampler : Cells come from near rows.
    ConditionalSampler : Cells come from rows that suit the rest of the row.

    References
    ----------
    Jahrer, first place in the Porto Seguro competition on Kaggle, 2017, where 15 % of
    the cells were swapped to train denoising autoencoders.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import SwapNoiseSampler
    >>> X = np.arange(30.0).reshape(10, 3)
    >>> X_new = SwapNoiseSampler(p=0.5, random_state=0).fit(X).sample(100)
    >>> set(X_new[:, 0]) <= set(X[:, 0])
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "p": [Interval(Real, 0, 1, closed="both")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(self, p=0.15, *, categorical_features="from_dtype", random_state=None):
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.p = p

    def _vary(self, rows, rng):
        for _ in self._columns:
            others = self._draw_rows(len(rows), rng)
            yield np.where(rng.random(len(rows)) < self.p, others, rows), None
