"""Fitting one part, teacher or student, whatever its library: weights, codes, seeds."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.validation import has_fit_parameter

from skdistill._sklearn import routing_enabled
from skdistill._typing import Estimator

__all__ = [
    "clone_with_seed",
    "final_step",
    "naming_failures",
    "spawn_seeds",
    "supports_weight",
    "weight_param",
    "wrapped",
]


def final_step(estimator: Estimator) -> Estimator:
    """Return the estimator itself, or the last step of a (nested) Pipeline."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


def wrapped(estimator: Estimator) -> Estimator | None:
    """Return the one estimator that a wrapper, such as a search, wraps, if any."""
    params = estimator.get_params(deep=False)
    inner = (params.get(name) for name in ("estimator", "regressor"))
    return next((part for part in inner if hasattr(part, "fit")), None)


def supports_weight(estimator: Estimator) -> bool:
    """Return whether `fit` takes sample_weight, itself or by passing it on."""
    estimator = final_step(estimator)
    if has_fit_parameter(estimator, "sample_weight"):
        return True
    parameters = inspect.signature(estimator.fit).parameters.values()
    passes_on = any(part.kind is part.VAR_KEYWORD for part in parameters)
    members = estimator.get_params(deep=False).get("estimators") or []
    inner = [member[1] for member in members if isinstance(member, tuple)]
    inner.append(wrapped(estimator))
    return passes_on and all(
        supports_weight(part) for part in inner if hasattr(part, "fit")
    )


def weight_param(
    estimator: Estimator, sample_weight: NDArray | None, *, part: str
) -> dict[str, NDArray]:
    """Return the keyword arguments of `fit` that carry the weights.

    Without metadata routing the weights of a Pipeline reach its last step alone.
    """
    if sample_weight is None:
        return {}
    if not supports_weight(estimator):
        name = type(final_step(estimator)).__name__
        raise ValueError(
            f"The {part} must accept sample_weight in fit. Got {name}, whose fit has "
            "no such parameter."
        )
    prefix = ""
    while isinstance(estimator, Pipeline) and not routing_enabled():
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return {f"{prefix}sample_weight": sample_weight}


@contextmanager
def naming_failures(part: str) -> Iterator[None]:
    """Add to any exception inside which `part` it came from; type and trace stay."""
    try:
        yield
    except Exception as error:
        error.add_note(f"This was raised while fitting the {part}.")
        raise


def spawn_seeds(random_state: Any, n_seeds: int) -> list[int | None]:
    """Draw one seed for each part; None stays None, as in scikit-learn."""
    if random_state is None:
        return [None] * n_seeds
    draw = check_random_state(random_state).randint(
        np.iinfo(np.int32).max, size=n_seeds
    )
    return [int(seed) for seed in draw]


def clone_with_seed(estimator: Estimator, seed: int | None) -> Estimator:
    """Clone `estimator`; every random_state in it that is None gets a seed."""
    estimator = clone(estimator)
    if seed is None:
        return estimator
    open_states = sorted(
        name
        for name, value in estimator.get_params(deep=True).items()
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    )
    seeds = spawn_seeds(seed, len(open_states))
    return estimator.set_params(**dict(zip(open_states, seeds, strict=True)))
