"""Samples that belong together: kept so inside a search, as they are by its folds."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from skdistill._sklearn import name_request_owner, routing_enabled
from skdistill._typing import Table

__all__ = ["GroupFolds", "inner_folds"]


class GroupFolds(GroupKFold):
    """Folds of whole groups, as many as asked for, or as there are groups.

    Parameters
    ----------
    n_splits : int
        The number of folds.
    stratify : bool, default=False
        Whether the folds are alike in the frequencies of the classes.

    Examples
    --------
    >>> import numpy as np
    >>> folds = GroupFolds(5).split(np.zeros((4, 1)), groups=["a", "a", "b", "c"])
    >>> [test.tolist() for _, test in folds]
    [[0, 1], [3], [2]]
    """

    def __init__(self, n_splits: int, *, stratify: bool = False) -> None:
        super().__init__(n_splits)
        self.stratify = stratify

    def split(
        self, X: Table, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[NDArray, NDArray]]:
        """Yield train and held-out samples.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,), default=None
            Their labels.
        groups : array-like of shape (n_samples,)
            What belongs together.

        Yields
        ------
        train, test : ndarray of int
        """
        kind = StratifiedGroupKFold if self.stratify else GroupKFold
        n_groups = self.n_splits if groups is None else len(np.unique(groups))
        yield from kind(max(2, min(self.n_splits, n_groups))).split(X, y, groups)


def inner_folds(inner_cv: Any, cv: Any, *, stratify: bool) -> Any:
    """Return the folds of the teachers inside a search.

    Parameters
    ----------
    inner_cv : int, splitter or iterable
        Those asked for. Where `cv` asks for groups, a number means folds of groups.
    cv : int, splitter, iterable or None
        The folds of the search.
    stratify : bool
        Whether the labels are classes.

    Returns
    -------
    cv : int, splitter or iterable
    """
    if isinstance(inner_cv, Iterator):
        return list(inner_cv)
    groups = _requested_groups(cv)
    if not groups or not isinstance(inner_cv, Integral):
        return inner_cv
    folds = GroupFolds(int(inner_cv), stratify=stratify)
    if groups is True:
        return folds  # As they ask for them anyway.
    return name_request_owner(folds.set_split_request(groups=groups))


def _requested_groups(cv: Any) -> bool | str | None:
    """Return whether a splitter asks for groups, or by which other name."""
    if not routing_enabled() or not hasattr(cv, "get_metadata_routing"):
        return None
    return cv.get_metadata_routing().split.requests.get("groups")
