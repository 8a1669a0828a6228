"""CutMix: a part of a sample, the rest of another."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from skdistill.transfer._base import BaseSampler, VariedColumn

__all__ = ["CutMixSampler"]


class CutMixSampler(BaseSampler):
    """Sampler that takes some features from one sample, the others from a second.

    With x and x' two samples drawn at random, and d features::

        k ~ Uniform{1, ..., d - 1}
        x'_j for k features j drawn at random, x_j for the others

    So a new sample holds what belongs together in either of the two, and breaks what
    goes across. With one feature it is one of the samples.

    Parameters
    ----------
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
    SwapNoiseSampler : Each value may come from another sample.
    MixupSampler : New samples lie between the two.

    References
    ----------
    Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features", ICCV 2019, equation 1, where the part that is cut out of an
    image has a uniform size. Its mixed labels are not needed here: a teacher predicts
    the new sample.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill.transfer import CutMixSampler
    >>> X = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    >>> X_new = CutMixSampler(random_state=0).fit(X).sample(100)
    >>> set(X_new[:, 0]) <= {1.0, 10.0}
    True
    """

    def _vary(
        self, rows: NDArray[np.intp], rng: np.random.Generator
    ) -> Iterator[VariedColumn]:
        others = self._draw_rows(len(rows), rng)
        n_wanted = rng.integers(1, max(self.n_features_in_, 2), size=len(rows))
        for n_left in range(self.n_features_in_, 0, -1):
            # Of those that are left each is as likely to be among the wanted.
            is_taken = rng.random(len(rows)) * n_left < n_wanted
            n_wanted = n_wanted - is_taken
            yield np.where(is_taken, others, rows), None
