"""Several teachers or students as parameters, reached by name as members of a vote."""

from typing import Any, Self

from sklearn.base import BaseEstimator

from skdistill._fitting import is_estimator
from skdistill._typing import Estimator

__all__ = ["NamedPartsMixin", "check_names", "named_pairs"]

# The parameters that may hold several estimators.
_LISTS = ("teacher", "student")
# Names by which metadata is routed to other parts.
_RESERVED = ("splitter", "method_mapping", "self")


class NamedPartsMixin(BaseEstimator):
    """Gives estimators in a list, ``[("name", estimator), ...]``, parameters by name.

    These lists are several teachers, and several students of a search or cascade.
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those of several teachers or students by their names.

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
        for name, part in (pair for key in _LISTS for pair in named_pairs(self, key)):
            params[name] = part
            inner = part.get_params(deep=True) if is_estimator(part) else {}
            params |= {f"{name}__{key}": value for key, value in inner.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; ``name=estimator`` replaces one of several.

        Parameters
        ----------
        **params : dict
            As `get_params` returns them.

        Returns
        -------
        self : estimator instance
        """
        for key in _LISTS:
            if key in params:  # First, as the names below are those of this list.
                setattr(self, key, params.pop(key))
            pairs = named_pairs(self, key)
            new = {name: params.pop(name) for name, _ in pairs if name in params}
            if new:
                setattr(
                    self, key, [(name, new.get(name, part)) for name, part in pairs]
                )
        return super().set_params(**params)


def named_pairs(model: Estimator, key: str) -> list[tuple[str, Any]]:
    """Return the names and estimators of a list that is made of pairs; else nothing.

    Parameters
    ----------
    model : estimator
        Unfitted.
    key : {"teacher", "student"}
        The parameter that may be a list.
    """
    parts = getattr(model, key, None)
    if not isinstance(parts, list) or not all(map(_is_pair, parts)):
        return []
    return parts


def _is_pair(item: Any) -> bool:
    is_pair = isinstance(item, tuple | list) and len(item) == 2
    return is_pair and isinstance(item[0], str)


def check_names(model: Estimator) -> None:
    """Raise if several teachers or students are no pairs with names of their own.

    Parameters
    ----------
    model : estimator
        With the parameters `teacher` and `student`, or one of them.
    """
    own = {*model.get_params(deep=False), *_RESERVED}
    for key in _LISTS:
        parts, pairs = getattr(model, key, None), named_pairs(model, key)
        if isinstance(parts, list) and (not parts or len(pairs) != len(parts)):
            raise ValueError(
                f"Several {key}s must be a list of pairs, at least one: {key}=[('name',"
                f" estimator), ...]. Got {parts!r}."
            )
        names = [name for name, _ in pairs]
        reasons = {
            "twice the same": [name for name in names if names.count(name) > 1],
            "a parameter of the model or a part of it": [*own.intersection(names)],
            "with '__', by which parameters are found": [n for n in names if "__" in n],
        }
        for reason, found in reasons.items():
            if found:
                raise ValueError(
                    f"Each of several {key}s must have a name of its own. Got "
                    f"{found[0]!r}, {reason}. Rename it."
                )
        own.update(names)
