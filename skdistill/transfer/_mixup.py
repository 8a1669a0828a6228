"""Mixup: new rows on the line between two rows."""

from numbers import Real
from typing import ClassVar

import numpy as np

from skdistill._sklearn import Interval
from skdistill.transfer._base import BaseSampler

__all__ = ["MixupSampler"]


class MixupSampler(BaseSampler):
    """Sampler of points between two rows.

    With x and x' two rows drawn at random, and one share for the whole new row::

        share ~ Beta(beta, beta)
        share * x_j + (1 - share) * x'_j         for numbers
        x_j with chance share, otherwise x'_j    for categories

    Numbers are kept on the grid of their column. Where one of the two is missing, the
    cell is drawn as a category is.

    Parameters
    ----------
    beta : float, default=0.4
        Above 0. Below 1 a new row is mostly near one of the two; at 1 all shares are
        equally likely; the larger above 1, the nearer to the middle. Zhang et al. call
        it alpha, and find 0.1 to 0.4 good.
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
    Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: Beyond Empirical Risk Minimization",
    ICLR 2018, equation in section 1. Its mixed labels are not needed here: a teacher
    answers for the new row.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import MixupSampler
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> X_new = MixupSampler(beta=1.0, random_state=0).fit(X).sample(400)
    >>> bool((X_new.max(axis=0) <= X.max(axis=0)).all())
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "beta": [Interval(Real, 0, None, closed="neither")],
        **BaseSampler._parameter_constraints,
    }

    def __init__(
        self, beta=0.4, *, categorical_features="from_dtype", random_state=None
    ):
        super().__init__(
            categorical_features=categorical_features, random_state=random_state
        )
        self.beta = beta

    def _vary(self, rows, rng):
        others = self._draw_rows(len(rows), rng)
        share = rng.beta(self.beta, self.beta, size=len(rows))
        for column in self._columns:
            values = None
            if column.is_free:
                # So written, two equal numbers give that number, to the last bit.
                x, other = column.numbers[rows], column.numbers[others]
                values = other + share * (x - other)
            yield np.where(rng.random(len(rows)) < share, rows, others), values
