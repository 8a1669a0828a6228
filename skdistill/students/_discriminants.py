"""Linear discriminants learn distributions through few samples that stand for all.

A linear discriminant knows the samples by the mean of each class, the covariance within
the classes, and the classes' frequencies. With soft labels these are weighted sums. It
is fitted on two samples for each class and feature, which have the same means and
covariance, and with the frequencies as its priors: so what is fitted is scikit-learn's
own, by "svd" and "lsqr". "eigen" counts the samples of each class besides.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.utils.validation import validate_data

from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter
from skdistill.students._duplication import classes_of
from skdistill.students._registry import register
from skdistill.targets import Target

__all__ = ["DiscriminantAdapter"]


class DiscriminantAdapter(StudentAdapter):
    """The linear discriminants of scikit-learn, where these samples tell all."""

    trains_natively = True
    has_fixed_form = True

    def learns_natively(self, student: Estimator) -> bool:
        """Return whether the covariance is the empirical one, shrunk or not."""
        shrinkage = student.shrinkage
        is_known = shrinkage is None or isinstance(shrinkage, Real)
        counts = student.solver == "eigen"
        return is_known and student.covariance_estimator is None and not counts

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        seen = validate_data(student, X, dtype=[np.float64, np.float32])
        soft = target.mixed
        if target.weight is not None:
            soft *= target.weight[:, None]
        frequencies = soft.sum(axis=0) / soft.sum()
        given, by_svd = student.priors, student.solver == "svd"
        priors = frequencies if given is None else given
        means = (soft.T @ seen) / soft.sum(axis=0)[:, None]
        # This solver weighs the covariances of the classes by their frequencies.
        covariance = _within(seen, soft, means, frequencies if by_svd else priors)
        if by_svd:
            covariance *= _inflation(soft.sum(), means.shape)
        samples, numbers = _standing_for(means, covariance)
        student.priors = priors
        try:
            student.fit(samples.astype(seen.dtype), classes_of(target)[numbers])
        finally:
            student.priors = given
        if by_svd and student.store_covariance:
            student.covariance_ = _within(seen, soft, means, student.priors_)
        validate_data(student, X, skip_check_array=True)  # Which sets the names.
        return student


def _within(X: NDArray, soft: NDArray, means: NDArray, priors: NDArray) -> NDArray:
    """Return the mean covariance within the classes."""
    covariance = np.zeros((X.shape[1], X.shape[1]))
    for mean, weight, prior in zip(means, soft.T, priors, strict=True):
        centred = X - mean
        covariance += centred.T @ (centred * (prior * weight / weight.sum())[:, None])
    return covariance


def _standing_for(means: NDArray, covariance: NDArray) -> tuple[NDArray, NDArray]:
    """Return samples whose classes have these means and all the same covariance.

    With the columns r of its root, the samples of a class with mean m of d features are
    m + sqrt(d) r and m - sqrt(d) r.
    """
    n_classes, n_features = means.shape
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(n_features * np.maximum(values, 0))).T
    around = np.concatenate([root, -root])
    samples = means[:, None, :] + around
    return samples.reshape(-1, n_features), np.repeat(np.arange(n_classes), len(around))


def _inflation(n_samples: float, shape: tuple[int, ...]) -> float:
    """Return by what factor the solver "svd" would estimate another covariance.

    Before scikit-learn 1.9 it divided by the samples less the classes.
    """
    if _divides_by_all():
        return 1.0
    n_classes, n_features = shape
    n_standing = 2 * n_features * n_classes
    return (n_samples / (n_samples - n_classes)) * (1 - n_classes / n_standing)


@cache
def _divides_by_all() -> bool:
    probe = LinearDiscriminantAnalysis().fit(
        [[-1.0], [1.0], [4.0], [6.0]], [0, 0, 1, 1]
    )
    return bool(np.isclose(abs(probe.scalings_[0, 0]), 1.0))


register(
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis", DiscriminantAdapter()
)
