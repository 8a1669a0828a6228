"""Which way a class of students learns soft labels; open to other libraries."""

from collections.abc import Callable
from dataclasses import dataclass

from skdistill._fitting import final_step
from skdistill._typing import Estimator

__all__ = ["Route", "find_route", "register"]


@dataclass(frozen=True)
class Route:
    """A native way of learning soft labels.

    Attributes
    ----------
    fit : callable
        ``fit(student, X, labels, classes, *, y, sample_weight, fit_params)``, returns
        the fitted student.
    tempers_student : bool
        Whether it can temper the student's logits too.
    """

    fit: Callable
    tempers_student: bool


_ROUTES: dict[str, Route] = {}


def register(
    student: type | str, fit: Callable, *, tempers_student: bool = False
) -> None:
    """Say how a class of students learns soft labels natively.

    Subclasses of `student` learn the same way unless they are registered themselves. A
    later call for the same class replaces the earlier one. The registered function is
    used for the class alone and as the last step of a Pipeline.

    Parameters
    ----------
    student : type or str
        The class of students, or its full name ``"module.Class"``, which spares an
        import.
    fit : callable
        ``fit(student, X, labels, classes, *, y, sample_weight, fit_params)``. It gets a
        clone of the student, the rows, a `skdistill.targets.SoftLabels`, the class
        labels of its columns, the labels `y`, row weights or None, and further
        parameters of the student's `fit`. It returns the fitted student, which answers
        with `classes` in this order.
    tempers_student : bool, default=False
        Whether `fit` follows ``labels.soften == "both"``.

    Examples
    --------
    A student that answers with the mean target, whatever the row:

    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, ClassifierMixin
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdistill import DistilledClassifier
    >>> class Prior(ClassifierMixin, BaseEstimator):
    ...     def fit(self, X, y):
    ...         self.classes_, count = np.unique(y, return_counts=True)
    ...         self.prior_ = count / count.sum()
    ...         return self
    ...
    ...     def predict_proba(self, X):
    ...         return np.tile(self.prior_, (len(X), 1))
    ...
    ...     def predict(self, X):
    ...         return self.classes_[self.predict_proba(X).argmax(axis=1)]
    >>> def fit_prior(student, X, labels, classes, *, y, sample_weight, fit_params):
    ...     student.classes_ = classes
    ...     student.prior_ = np.average(labels.mixed, axis=0, weights=sample_weight)
    ...     return student
    >>> register(Prior, fit_prior)
    >>> X, y = np.arange(8.0).reshape(-1, 1), np.array(list("aaaabbbb"))
    >>> model = DistilledClassifier(GaussianNB(), Prior(), cv=2, random_state=0)
    >>> model.fit(X, y).predict_proba([[0.0]]).sum().round(6)
    np.float64(1.0)
    """
    _ROUTES[student if isinstance(student, str) else _full_name(student)] = Route(
        fit, tempers_student
    )


def find_route(student: Estimator) -> Route | None:
    """Return the native route of a student or of a Pipeline's last step, if any."""
    for cls in type(final_step(student)).__mro__:
        if _full_name(cls) in _ROUTES:
            return _ROUTES[_full_name(cls)]
    return None


def _full_name(cls):
    return f"{cls.__module__}.{cls.__qualname__}"
