"""What a student has only while it is fitted: other methods, other parameters."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skdistill._typing import Estimator

__all__ = ["with_methods", "with_params"]


@contextmanager
def with_methods(student: Estimator, methods: type) -> Iterator[None]:
    """Let a student have other methods inside; the name of its class stays."""
    cls = type(student)
    student.__class__ = type(cls.__name__, (methods, cls), {})
    try:
        yield
    finally:
        student.__class__ = cls


@contextmanager
def with_params(student: Estimator, **params: Any) -> Iterator[None]:
    """Let a student have other parameters inside, and its own again whatever happens.

    One that it does not know, as boosting libraries take some, is None afterwards.
    """
    given = student.get_params(deep=False)
    student.set_params(**params)
    try:
        yield
    finally:
        student.set_params(**{name: given.get(name) for name in params})
