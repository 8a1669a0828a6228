"""Several teachers as parameters: reached by their names, as members of a vote are."""

from typing import Any, Self

from sklearn.base import BaseEstimator

from skdistill._fitting import is_estimator
from skdistill._typing import Estimator
from skdistill.teachers import named_teachers

__all__ = ["NamedTeachersMixin", "check_teacher_names"]

# Names by which metadata is routed to other parts.
_RESERVED = ("splitter", "method_mapping")


class NamedTeachersMixin(BaseEstimator):
    """Gives several teachers, ``[("name", estimator), ...]``, parameters by name."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those of several teachers by their names.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of estimators that are parameters too.

        Returns
        -------
        params : dict
            With ``teacher=[("a", Ridge())]`` also "a" and "a__alpha".
        """
        params: dict[str, Any] = super().get_params(deep=deep)
        if not deep:
            return params
        for name, part in _pairs(self):
            params[name] = part
            inner = part.get_params(deep=True) if is_estimator(part) else {}
            params |= {f"{name}__{key}": value for key, value in inner.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; ``name=estimator`` replaces one of several teachers.

        Parameters
        ----------
        **params : dict
            As `get_params` returns them.

        Returns
        -------
        self : estimator instance
        """
        if "teacher" in params:  # First, as the names below are those of this list.
            self.teacher = params.pop("teacher")
        pairs = _pairs(self)
        replaced = {name: params.pop(name) for name, _ in pairs if name in params}
        if replaced:
            self.teacher = [(name, replaced.get(name, part)) for name, part in pairs]
        return super().set_params(**params)


def _pairs(model: Estimator) -> list[tuple[str, Any]]:
    """Return the names and teachers of a list that is made of pairs; else nothing."""
    teacher = getattr(model, "teacher", None)
    if not isinstance(teacher, list) or not all(map(_is_pair, teacher)):
        return []
    return teacher


def _is_pair(item: Any) -> bool:
    is_pair = isinstance(item, tuple | list) and len(item) == 2
    return is_pair and isinstance(item[0], str)


def check_teacher_names(model: Estimator) -> None:
    """Raise if several teachers are no pairs with names of their own.

    Parameters
    ----------
    model : estimator
        With a parameter `teacher`.
    """
    teacher = model.teacher
    if not isinstance(teacher, list):
        return
    if not teacher or len(_pairs(model)) != len(teacher):
        raise ValueError(
            "Several teachers must be a list of pairs, at least one: teacher=[('name', "
            f"estimator), ...]. Got {teacher!r}."
        )
    names = [name for name, _ in named_teachers(teacher)]
    own = {*model.get_params(deep=False), *_RESERVED}
    reasons = {
        "twice the same": [name for name in names if names.count(name) > 1],
        "a parameter of the model or a part of it": [*own.intersection(names)],
        "with '__', by which parameters are found": [n for n in names if "__" in n],
    }
    for reason, found in reasons.items():
        if found:
            raise ValueError(
                "Each of several teachers must have a name of its own. Got "
                f"{found[0]!r}, {reason}. Rename it."
            )
