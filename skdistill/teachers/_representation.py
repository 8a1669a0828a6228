"""The representation that a fitted teacher has of samples, made alike in fold teachers.

Fold teachers are fitted apart, so what they say must be brought to one language. The
predictions of named members mean the same in each; hidden layers are rotated onto the
first teacher's; and similarities to the same landmarks mean the same in each.
"""

from collections.abc import Callable
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import euclidean_distances
from sklearn.pipeline import Pipeline

from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.students import find_adapter, registered_names

__all__ = ["Representation", "check_source"]


def check_source(source: str, name: str, teacher: Estimator) -> None:
    """Raise if a teacher, unfitted or frozen, has no representation of a kind.

    Parameters
    ----------
    source : {"members", "hidden", "distances", "leaves"}
        The kind.
    name : str
        What the teacher is called.
    teacher : estimator
        Unfitted or frozen.
    """
    _, final = _open(teacher)
    adapter = find_adapter(final)
    if source == "members":
        needed = "a stack, without passthrough, or a vote, or several teachers"
        has_it = hasattr(final, "transform") and hasattr(final, "estimators")
        has_it = has_it and not getattr(final, "passthrough", False)
    elif source == "leaves":
        known = registered_names(lambda one: one.leaves is not None)
        needed = f"a sum of trees: {', '.join(known)}"
        has_it = adapter.leaves is not None and adapter.leaves.reason(final) is None
    else:
        needed = " or ".join(registered_names(lambda one: one.has_hidden_layer))
        has_it = adapter.has_hidden_layer
    if not has_it:
        raise ValueError(
            f"Hints of source={source!r} need as {name} {needed}. Got {teacher!r}. Use "
            "another source, or hints=None."
        )


class Representation:
    """What one fitted teacher says of samples.

    Parameters
    ----------
    source : {"members", "hidden", "distances", "leaves"}
        The kind.
    teacher : estimator
        Fitted.
    """

    def __init__(self, source: str, teacher: Estimator) -> None:
        self.source = source
        self._steps, self._final = _open(teacher)
        self._finish: Callable[[NDArray], NDArray] = np.asarray

    def align(
        self,
        X: Table,
        learned: NDArray,
        sample_weight: NDArray | None,
        landmarks: NDArray,
        first: Self,
    ) -> None:
        """Find what makes it alike in all fold teachers.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The training samples.
        learned : ndarray of int
            Those that this teacher learned from. A hidden layer is rotated by them, so
            none of those that the teacher gives hints for has a part in it.
        sample_weight : ndarray of shape (n_samples,) or None
            Sample weights.
        landmarks : ndarray of int
            The samples that similarities are measured to.
        first : Representation
            That of the first teacher.
        """
        if self.source == "hidden":
            samples = safe_indexing(X, learned)
            weight = None if sample_weight is None else sample_weight[learned]
            self._finish = _rotation(self.raw(samples), first.raw(samples), weight)
        elif self.source != "members":
            near = self.raw(safe_indexing(X, landmarks))
            compare = _leaf_similarity if self.source == "leaves" else _distances
            weight = np.ones(len(near))
            if sample_weight is not None:
                weight = sample_weight[landmarks]
            self._finish = compare(near, weight)

    def transform(self, X: Table) -> NDArray[np.float64]:
        """Return what the teacher says of samples.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        values : ndarray of shape (n_samples, n_columns)
        """
        return self._finish(self.raw(X))

    def raw(self, X: Table) -> NDArray:
        """Return what this teacher says, in its own language.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        values : ndarray of shape (n_samples, n_columns)
        """
        for step in self._steps:
            X = step.transform(X)
        if self.source == "members":
            return _of_members(self._final, X)
        adapter = find_adapter(self._final)
        if self.source == "leaves":
            return adapter.leaves(self._final).leaves(X)  # type: ignore[misc]
        return adapter.hidden_layer(self._final, X)


def _open(teacher: Estimator) -> tuple[list[Pipeline], Estimator]:
    """Return the estimator inside a teacher, and what changes its samples, in order.

    What is frozen or learns a changed target is opened, and so are pipelines.
    """
    steps = []
    while True:
        if isinstance(teacher, FrozenEstimator):
            teacher = teacher.estimator
        elif isinstance(teacher, TransformedTargetRegressor) and (
            teacher.regressor is not None
        ):
            teacher = getattr(teacher, "regressor_", teacher.regressor)
        elif isinstance(teacher, Pipeline):
            steps += [teacher[:-1]] if len(teacher.steps) > 1 else []
            teacher = teacher.steps[-1][1]
        else:
            return steps, teacher


def _of_members(model: Estimator, X: Table) -> NDArray[np.float64]:
    values = np.asarray(model.transform(X), dtype=float)
    if values.ndim == 3:  # A vote that does not flatten them: members come first.
        values = np.moveaxis(values, 0, 1)
    return values.reshape(np.shape(X)[0], -1)


def _rotation(
    own: NDArray, others: NDArray, weight: NDArray | None
) -> Callable[[NDArray], NDArray]:
    """Return the rotation that brings one layer nearest to another, both centred."""
    mean = np.average(own, axis=0, weights=weight)
    away = others - np.average(others, axis=0, weights=weight)
    root = 1.0 if weight is None else np.sqrt(weight)[:, None]
    turn, _ = orthogonal_procrustes(root * (own - mean), root * away)
    return lambda values: (values - mean) @ turn


def _leaf_similarity(near: NDArray, weight: NDArray) -> Callable[[NDArray], NDArray]:
    """Return what counts the trees in which samples share a leaf with each landmark.

    By the roots of the weights, landmarks of weight k have the principal components
    that k equal landmarks have.
    """

    def similarity(leaves: NDArray) -> NDArray[np.float64]:
        count = np.zeros((len(leaves), len(near)))
        for own, others in zip(leaves.T, near.T, strict=True):
            count += own[:, None] == others
        return count * np.sqrt(weight) / near.shape[1]

    return similarity


def _distances(near: NDArray, weight: NDArray) -> Callable[[NDArray], NDArray]:
    """Return what measures distances to landmarks, over the mean of those of these."""
    mean = weight @ euclidean_distances(near) @ weight / weight.sum() ** 2
    root = np.sqrt(weight) / (mean or 1.0)
    return lambda values: root * euclidean_distances(values, near)
