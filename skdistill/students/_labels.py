"""The labels that a classifier can take, whatever its library."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from skdistill._fitting import final_step, wrapped
from skdistill._typing import Estimator
from skdistill.students._adapter import StudentAdapter
from skdistill.students._held_out import with_labels
from skdistill.students._registry import find_adapter

__all__ = ["LabelCoder", "codes_of"]


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
        adapters = list(_adapters(estimator))
        self.needs_codes = any(adapter.needs_codes for adapter in adapters)
        self._coded_params = frozenset[str]().union(
            *(adapter.coded_params for adapter in adapters)
        )

    def encode(self, y: NDArray) -> NDArray:
        """Return what to pass to `fit` as y."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        return codes if self.needs_codes else y

    def encode_held_out(self, fit_params: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters of `fit`, held-out labels coded where it takes codes.

        Parameters
        ----------
        fit_params : mapping of str to object
            The parameters of its `fit`, such as an `eval_set`. After `encode`.

        Returns
        -------
        fit_params : dict

        Raises
        ------
        ValueError
            If a label is none of those that `encode` was given.
        """
        return with_labels(fit_params, self._codes, self._coded_params)

    def _codes(self, labels: ArrayLike) -> NDArray[np.intp]:
        return codes_of(labels, self.classes_)

    def classes_of(self, fitted: Estimator) -> NDArray:
        """Return the labels of the fitted classifier's columns."""
        return self.classes_ if self.needs_codes else fitted.classes_


def codes_of(labels: ArrayLike, classes: NDArray) -> NDArray[np.intp]:
    """Return the positions of held-out labels in the sorted classes."""
    found = np.asarray(labels)
    unknown = np.unique(found[~np.isin(found, classes)])
    if unknown.size:
        raise ValueError(
            "Held-out labels, such as those of an eval_set, must be among the classes "
            f"in y, {classes.tolist()}. Got {unknown.tolist()}. Leave these samples "
            "out, or have samples of all classes in y."
        )
    return np.searchsorted(classes, found)


def _adapters(estimator: Estimator) -> Iterator[StudentAdapter]:
    """Look through pipelines and wrappers of one classifier, such as a search."""
    estimator = final_step(estimator)
    if is_classifier(estimator):
        yield find_adapter(estimator)
        inner = wrapped(estimator)
        if inner is not None:
            yield from _adapters(inner)
