"""Which adapter belongs to which class of students; open to other libraries."""

from collections.abc import Callable

from skdistill._fitting import final_step
from skdistill._typing import Estimator
from skdistill.students._adapter import StudentAdapter

__all__ = ["find_adapter", "register", "registered_names"]

_ADAPTERS: dict[str, StudentAdapter] = {}
_GENERIC = StudentAdapter()


def register(student: type | str, adapter: StudentAdapter) -> None:
    """Say what is known of a class of students, regressors or classifiers.

    Subclasses of `student` have the same adapter unless they are registered themselves.
    A later call for the same class replaces the earlier one. The adapter is used for
    the class alone and as the last step of a Pipeline.

    Parameters
    ----------
    student : type or str
        The class of students, or its full name ``"module.Class"``, which spares an
        import.
    adapter : StudentAdapter
        What is known of it; `skdistill.checks.check_student` checks it.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator, RegressorMixin
    >>> from skdistill.students import (
    ...     StudentAdapter,
    ...     ValueCounts,
    ...     find_adapter,
    ...     register,
    ... )
    >>> class Mean(RegressorMixin, BaseEstimator):
    ...     def fit(self, X, y):
    ...         self.mean_ = sum(y) / len(y)
    ...         return self
    >>> class MeanAdapter(StudentAdapter):
    ...     def count_values(self, model):
    ...         return ValueCounts(weights=1)
    >>> register(Mean, MeanAdapter())
    >>> model = Mean().fit([[0.0], [1.0]], [2.0, 3.0])
    >>> find_adapter(model).count_values(model)
    ValueCounts(leaves=0, weights=1)
    """
    name = student if isinstance(student, str) else _full_name(student)
    _ADAPTERS[name] = adapter


def find_adapter(estimator: Estimator) -> StudentAdapter:
    """Return the adapter of an estimator's class, or of its nearest superclass.

    Parameters
    ----------
    estimator : estimator
        Fitted or not; of a Pipeline, the last step counts.

    Returns
    -------
    adapter : StudentAdapter
        Where none is registered, one with the defaults.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.students import find_adapter
    >>> find_adapter(DecisionTreeRegressor()).is_single_tree
    True
    """
    for cls in type(final_step(estimator)).__mro__:
        if _full_name(cls) in _ADAPTERS:
            return _ADAPTERS[_full_name(cls)]
    return _GENERIC


def registered_names(which: Callable[[StudentAdapter], bool]) -> list[str]:
    """Return the names of the registered classes whose adapters are such, for errors.

    Parameters
    ----------
    which : callable
        Takes an adapter, and says whether its classes are to be named.

    Returns
    -------
    names : list of str
        Without their modules, in the order in which they were registered.
    """
    return [
        name.rpartition(".")[2] for name, adapter in _ADAPTERS.items() if which(adapter)
    ]


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
