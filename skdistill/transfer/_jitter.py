"""Gaussian jitter: a little noise on every number."""

from collections.abc import Iterator
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler, RandomState, VariedColumn
from skdistill.transfer._columns import Numbers

__all__ = ["JitterSampler"]


class JitterSampler(BaseSampler):
    """Sampler that adds Gaussian noise to the numbers of a sample.

    Each value of a new sample is::

        x_j                                         for categories and missing values
        N(x_j, variance (scale * std of feature)^2) for numbers

    Numbers are kept in the range and on the grid of their feature: in a feature of
    integers, noise below one half changes nothing.

    Parameters
    ----------
    scale : float, default=0.1
        Standard deviation of the noise, in those of the feature; 0 or more.
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

    References
    ----------
    Bishop, "Training with Noise is Equivalent to Tikhonov Regularization", Neural
    Computation 7(1), 1995, equation 5, with the teacher's prediction for the new sample
    in the place of the label.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import JitterSampler
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> JitterSampler(scale=0.2, random_state=0).fit(X).sample(400).shape
    (400, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "scale": [Interval(Real, 0, None, closed="left")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self,
        scale: float = 0.1,
        *,
        categorical_features: ArrayLike = "from_dtype",
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.scale = scale

    def _vary(
        self, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> Iterator[VariedColumn]:
        for column in self._columns:
            values = None
            if isinstance(column, Numbers) and column.is_free:
                noise = rng.standard_normal(len(rows))
                values = column.numbers[rows] + self.scale * column.std * noise
            yield rows, values
