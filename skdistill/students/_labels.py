"""The labels that a classifier can take, whatever its library."""

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skdistill._fitting import final_step, wrapped
from skdistill._typing import Estimator
from skdistill.students._registry import find_adapter

__all__ = ["LabelCoder"]


class LabelCoder:
    """Hand a classifier the labels it can take, and read its classes back.

    Some libraries take the codes 0..K-1 alone, without a gap; all others take the
    labels.

    Parameters
    ----------
    estimator : estimator
        The classifier that is to be fitted.

    Attributes
    ----------
    needs_codes : bool
        Whether it takes codes alone, itself or what it wraps.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdistill.students import LabelCoder
    >>> LabelCoder(GaussianNB()).encode(np.array(["b", "a"]))
    array(['b', 'a'], dtype='<U1')
    """

    def __init__(self, estimator: Estimator) -> None:
        self.needs_codes = _needs_codes(estimator)

    def encode(self, y: NDArray) -> NDArray:
        """Return what to pass to `fit` as y."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        return codes if self.needs_codes else y

    def classes_of(self, fitted: Estimator) -> NDArray:
        """Return the labels of the fitted classifier's columns."""
        return self.classes_ if self.needs_codes else fitted.classes_


def _needs_codes(estimator: Estimator) -> bool:
    """Look through pipelines and wrappers of one classifier, such as a search."""
    estimator = final_step(estimator)
    if not is_classifier(estimator):
        return False
    if find_adapter(estimator).needs_codes:
        return True
    inner = wrapped(estimator)
    return inner is not None and _needs_codes(inner)
