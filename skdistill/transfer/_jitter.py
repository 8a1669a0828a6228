"""Gaussian jitter: a little noise on every number."""

from numbers import Real
from typing import ClassVar

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler

__all__ = ["JitterSampler"]


class JitterSampler(BaseSampler):
    """Sampler that adds Gaussian noise to the numbers of a row.

    Each cell of a new row is::

        x_j                                        for categories and missing cells
        N(x_j, variance (scale * std of column)^2) for numbers

    Numbers are kept in the range and on the grid of their column: in a column of whole
    numbers, noise below one half changes nothing.

    Parameters
    ----------
    scale : float, default=0.1
        Standard deviation of the noise, in those of the column; 0 or more.
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

    References
    ----------
    Bishop, "Training with Noise is Equivalent to Tikhonov Regularization", Neural
    Computation 7(1), 1995, equation 5, with the teacher's answer at the new row in the
    place of the label.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import JitterSampler
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> JitterSampler(scale=0.2, random_state=0).fit(X).sample(400).shape
    (400, 3)
    """

    _parameter_constraints: ClassVar[dict] = {
        "scale": [Interval(Real, 0, None, closed="left")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self, scale=0.1, *, categorical_features="from_dtype", random_state=None
    ):
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.scale = scale

    def _vary(self, rows, rng):
        for column in self._columns:
            values = None
            if column.is_free:
                noise = rng.standard_normal(len(rows))
                values = column.numbers[rows] + self.scale * column.std * noise
            yield rows, values
