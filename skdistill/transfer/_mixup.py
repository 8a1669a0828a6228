"""Mixup: new samples on the line between two samples."""

from collections.abc import Iterator
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler, RandomState, VariedColumn
from skdistill.transfer._columns import Numbers

__all__ = ["MixupSampler"]


class MixupSampler(BaseSampler):
    """Sampler of points between two samples.

    With x and x' two samples drawn at random, and one weight for the whole new sample::

        weight ~ Beta(beta, beta)
        weight * x_j + (1 - weight) * x'_j       for numbers
        x_j with chance weight, otherwise x'_j   for categories

    Numbers are kept on the grid of their feature. Where one of the two is missing, the
    value is drawn as a category is.

    Parameters
    ----------
    beta : float, default=0.4
        Above 0. Below 1 a new sample is mostly near one of the two; at 1 all weights
        are equally likely; the larger above 1, the nearer to the middle. Zhang et al.
        call it alpha, and find 0.1 to 0.4 good.
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
    Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: Beyond Empirical Risk Minimization",
    ICLR 2018, equation in section 1. Its mixed labels are not needed here: a teacher
    predicts the new sample.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import MixupSampler
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> X_new = MixupSampler(beta=1.0, random_state=0).fit(X).sample(400)
    >>> bool((X_new.max(axis=0) <= X.max(axis=0)).all())
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "beta": [Interval(Real, 0, None, closed="neither")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self,
        beta: float = 0.4,
        *,
        categorical_features: ArrayLike = "from_dtype",
        random_state: RandomState = None,
    ) -> None:
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.beta = beta

    def _vary(
        self, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> Iterator[VariedColumn]:
        others = self._draw_rows(len(rows), rng)
        weight = rng.beta(self.beta, self.beta, size=len(rows))
        for column in self._columns:
            values = None
            if isinstance(column, Numbers) and column.is_free:
                # So written, two equal numbers give that number, to the last bit.
                x, other = column.numbers[rows], column.numbers[others]
                values = other + weight * (x - other)
            yield np.where(rng.random(len(rows)) < weight, rows, others), values
