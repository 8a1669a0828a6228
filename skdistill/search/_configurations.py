"""Which parameters of a student are tried: its own, and what a space holds besides."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

from skdistill._fitting import final_step
from skdistill._typing import Estimator
from skdistill.students import search_space

__all__ = ["PREFIX", "list_configurations", "own_params", "space_of"]

# As the distilled estimator calls the parameters of its student.
PREFIX = "student__"
_ALLOWED = "a non-empty sequence of values, or a distribution with a method rvs"


def own_params(candidate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the student among those of a candidate."""
    return {name: candidate[name] for name in candidate if name.startswith(PREFIX)}


def space_of(
    student_params: Any, name: str, student: Estimator, names: Sequence[str]
) -> dict[str, Any]:
    """Return what is tried of the parameters of one student.

    Parameters
    ----------
    student_params : "auto", dict or None
        The parameter of the search: a space, of several students one for each.
    name : str
        The student's.
    student : estimator
        Unfitted.
    names : sequence of str
        Those of several students; empty where there is one.

    Returns
    -------
    space : dict of str to sequence or distribution
        By the student's own parameters; empty if it is not tuned.
    """
    space = student_params
    if names and isinstance(student_params, dict):
        unknown = sorted(map(str, {*student_params} - {*names}))
        if unknown:
            raise ValueError(
                "student_params of several students must be 'auto', or hold a space for"
                f" some of them, by their names {list(names)}. Got {unknown[0]!r}. Pass"
                f" student_params={{{names[0]!r}: {{'parameter': [values]}}}}."
            )
        space = student_params.get(name)
    if space is None:
        return {}
    if isinstance(space, str) and space == "auto":
        return search_space(student)
    if not isinstance(space, dict):
        raise ValueError(
            f"student_params must hold 'auto' or a dict for each student. Got {space!r}"
            f" for {name!r}. Pass a dict such as {{'parameter': [values]}}."
        )
    for key, values in space.items():
        _check_known(key, student)
        _check_values(key, values)
    return space


def _check_known(key: Any, student: Estimator) -> None:
    known = {*_known_params(student)}
    if key in known:
        return
    remedy = "Known are: " + ", ".join(sorted(known))
    if isinstance(key, str) and key.removeprefix(PREFIX) in known:
        remedy = f"Leave out the prefix: {key.removeprefix(PREFIX)!r}"
    raise ValueError(
        f"student_params must name parameters of the student, {student!r}. Got "
        f"{key!r}. {remedy}."
    )


def _known_params(student: Estimator) -> Iterable[str]:
    """Yield the names of a student's parameters.

    Some libraries return those alone that are set, and list all in the signature.
    """
    yield from student.get_params()
    final = final_step(student)
    below = [key for key, part in student.get_params().items() if part is final]
    prefix = f"{max(below, key=len)}__" if below else ""
    for name, parameter in inspect.signature(type(final)).parameters.items():
        if parameter.kind is not parameter.VAR_KEYWORD:
            yield prefix + name


def _check_values(key: str, values: Any) -> None:
    is_several = isinstance(values, Sequence) and not isinstance(values, str)
    is_several |= isinstance(values, np.ndarray) and values.ndim == 1
    if hasattr(values, "rvs") or (is_several and len(values)):
        return
    remedy = f"Write [{values!r}] to try one value"
    if is_several:
        remedy = "Leave it out to keep what the student has"
    raise ValueError(
        f"student_params must hold, for each parameter, {_ALLOWED}. Got {values!r} for "
        f"{key!r}. {remedy}."
    )


def list_configurations(
    student: Estimator, space: Mapping[str, Any], n_iter: int, seed: int | None
) -> list[dict[str, Any]]:
    """Return the parameters that are tried, the first as the student has them.

    All combinations of the space are tried if there are at most `n_iter`; else as many
    are drawn.

    Parameters
    ----------
    student : estimator
        Unfitted.
    space : mapping of str to sequence or distribution
        By the student's own parameters.
    n_iter : int
        How many are tried besides.
    seed : int or None
        Draws them.

    Returns
    -------
    configurations : list of dict
        By the parameters of the distilled estimator, the same in all of them. A single
        empty one if the space is.
    """
    if not space:
        return [{}]
    given = student.get_params()
    first = {key: given.get(key) for key in space}
    tried = [_named(one, space) for one in (first, *_draw(space, n_iter, seed))]
    return [*{_identity(one): one for one in tried}.values()]


def _identity(configuration: Mapping[str, Any]) -> tuple:
    """Return what is the same for the same values; what is shown of them may be cut."""
    return tuple((type(value), _hashable(value)) for value in configuration.values())


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value


def _draw(
    space: Mapping[str, Any], n_iter: int, seed: int | None
) -> Iterable[dict[str, Any]]:
    if not any(hasattr(values, "rvs") for values in space.values()):
        grid = ParameterGrid(dict(space))
        if len(grid) <= n_iter:
            return grid
    return ParameterSampler(dict(space), n_iter, random_state=seed)


def _named(configuration: Mapping[str, Any], order: Iterable[str]) -> dict[str, Any]:
    return {f"{PREFIX}{key}": _plain(configuration[key]) for key in order}


def _plain(value: Any) -> Any:
    """Return a number of NumPy's, as distributions draw them, as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value
