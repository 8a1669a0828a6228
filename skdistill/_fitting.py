"""Fitting one part, teacher or student, whatever its library: weights, codes, seeds."""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import has_fit_parameter

from skdistill._sklearn import routing_enabled
from skdistill._typing import Estimator

__all__ = [
    "clone_with_seed",
    "explaining_pickles",
    "final_step",
    "fit_router",
    "forget_fit",
    "is_estimator",
    "name_of_wrapped",
    "naming_failures",
    "request_all",
    "spawn_seeds",
    "supports_weight",
    "weight_param",
    "weight_refusal",
    "wrapped",
]

_ROUTED = (
    "metadata is routed: sklearn.set_config(enable_metadata_routing=True), and "
    "set_fit_request(sample_weight=True) on what it holds"
)


def forget_fit(estimator: Estimator, *private: str) -> None:
    """Remove what an earlier fit left: one that fails leaves nothing of other data."""
    for name in [*vars(estimator)]:
        if name in private or (name.endswith("_") and not name.startswith("__")):
            delattr(estimator, name)


def fit_router(owner: Estimator, cv: Any, /, **parts: Any) -> MetadataRouter:
    """Return how the metadata of `fit` is routed to the `fit` of parts, and to `cv`.

    Parameters
    ----------
    owner : estimator
        Whose `fit`.
    cv : int, splitter or iterable
        Its folds; a splitter may ask for metadata.
    **parts : estimator
        What it fits, by their names.
    """
    router = MetadataRouter(owner=owner).add_self_request(owner)
    router.add(**parts, method_mapping=MethodMapping().add(caller="fit", callee="fit"))
    if hasattr(cv, "get_metadata_routing"):
        to_split = MethodMapping().add(caller="fit", callee="split")
        router.add(splitter=cv, method_mapping=to_split)
    return router


def request_all(owner: Estimator, parts: dict[str, Any]) -> dict[str, Any]:
    """Let parts request all that the `fit` of their owner names; return them."""
    if routing_enabled():
        named = {*inspect.signature(type(owner).fit).parameters}
        named -= {"self", "X", "y", "fit_params"}
        for part in parts.values():
            part.set_fit_request(**dict.fromkeys(named, True))
    return parts


def final_step(estimator: Estimator) -> Estimator:
    """Return the estimator itself, or the last step of a (nested) Pipeline."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


def is_estimator(part: Any) -> bool:
    """Return whether a parameter is an estimator, not just something with a `fit`.

    Classes and distributions have one too, such as NGBoost's `Dist`.
    """
    has_methods = hasattr(part, "fit") and hasattr(part, "get_params")
    return has_methods and not isinstance(part, type)


def wrapped(estimator: Estimator) -> Estimator | None:
    """Return the one estimator that a wrapper, such as a search, wraps, if any."""
    name = name_of_wrapped(estimator)
    return None if name is None else estimator.get_params(deep=False)[name]


def name_of_wrapped(estimator: Estimator) -> str | None:
    """Return the parameter that holds the one estimator that a wrapper wraps."""
    params = estimator.get_params(deep=False)
    names = ("estimator", "regressor")
    return next((name for name in names if is_estimator(params.get(name))), None)


def supports_weight(estimator: Estimator) -> bool:
    """Return whether `fit` takes sample_weight, itself or by passing it on to all."""
    return not weight_refusal(estimator, to_all=True)


def weight_refusal(estimator: Estimator, *, to_all: bool = False) -> str:
    """Return why `fit` does not take sample_weight; an empty string if it does.

    The last step of a Pipeline counts. An estimator that passes its parameters on is
    asked: by metadata routing where that is enabled, else by a fit of a clone on no
    data, which reports a parameter that it does not take before it looks at the data;
    and so are the estimators that it holds.

    Parameters
    ----------
    estimator : estimator
        Unfitted.
    to_all : bool, default=False
        Whether the weights must reach all that it holds, also those whose request for
        them is False.

    Returns
    -------
    reason : str
        Goes on after "Got <estimator>, ".
    """
    return _refusal(final_step(estimator), to_all)


def _refusal(estimator: Estimator, to_all: bool) -> str:
    """Return why ``estimator.fit(X, y, sample_weight=weight)`` fails, if it does."""
    if isinstance(estimator, Pipeline) and not routing_enabled():
        return f"to whose steps weights come only if {_ROUTED}"
    if has_fit_parameter(estimator, "sample_weight"):
        return ""
    parameters = inspect.signature(estimator.fit).parameters.values()
    if not any(part.kind is part.VAR_KEYWORD for part in parameters):
        return "whose fit has no such parameter"
    if routing_enabled() and hasattr(estimator, "get_metadata_routing"):
        return _refusal_of_router(estimator, to_all)
    held = ((part, _refusal(part, to_all)) for part in _held(estimator))
    refusals = [(part, reason) for part, reason in held if reason]
    if refusals:
        part, reason = refusals[0]
        return f"which holds {type(part).__name__}, {reason}"
    return _refusal_on_no_data(estimator)


def _refusal_of_router(estimator: Estimator, to_all: bool) -> str:
    """Ask for the weights by metadata routing."""
    try:
        routed = process_routing(estimator, "fit", sample_weight=np.ones(1))
    except (TypeError, ValueError) as error:
        return f"to whose parts no weights are routed: {str(error).rstrip('.')}"
    parts = estimator.get_params(deep=True)
    for name, methods in routed.items():
        part = parts.get(name)
        # Transformers before the last step of a Pipeline may do without weights.
        if "fit" not in methods or not hasattr(part, "predict"):
            continue
        reason = "whose request for it is False" if to_all else ""
        if "sample_weight" in methods["fit"]:
            reason = _refusal(part, to_all)
        if reason:
            return f"which holds {type(part).__name__}, {reason}"
    return ""


def _held(estimator: Estimator) -> list[Estimator]:
    """Return the estimators that a wrapper or ensemble passes its weights on to."""
    params = estimator.get_params(deep=False)
    members = [params.get("final_estimator"), wrapped(estimator)]
    for member in params.get("estimators") or []:
        members.append(member[1] if isinstance(member, tuple) else member)
    return [part for part in members if is_estimator(part)]


def _refusal_on_no_data(estimator: Estimator) -> str:
    """Ask for the weights by a fit that fails, whatever the weights, for want of data.

    Only an error that names the weights is a refusal.
    """
    told = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            clone(estimator).fit(None, None, sample_weight=np.ones(1))
        except Exception as error:
            told = str(error).rstrip(".")
    if "sample_weight" not in told and "sample weights" not in told:
        return ""
    if "enable_metadata_routing" in told:
        return f"whose fit takes it only if {_ROUTED}"
    return f"whose fit says: {told}"


def weight_param(
    estimator: Estimator, sample_weight: NDArray | None, *, part: str
) -> dict[str, NDArray]:
    """Return the keyword arguments of `fit` that carry the weights.

    Without metadata routing the weights of a Pipeline reach its last step alone.
    """
    if sample_weight is None:
        return {}
    asked, refusal = final_step(estimator), weight_refusal(estimator)
    if routing_enabled() and isinstance(estimator, Pipeline) and not refusal:
        asked, refusal = estimator, _refusal_of_router(estimator, to_all=False)
    if refusal:
        name = type(asked).__name__
        raise ValueError(
            f"The {part} must accept sample_weight in fit. Got {name}, {refusal}."
        )
    prefix = ""
    while isinstance(estimator, Pipeline) and not routing_enabled():
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return {f"{prefix}sample_weight": sample_weight}


@contextmanager
def naming_failures(part: str, doing: str = "fitting") -> Iterator[None]:
    """Add to any exception inside which `part` it came from; type and trace stay."""
    try:
        yield
    except Exception as error:
        error.add_note(f"This was raised while {doing} the {part}.")
        raise


@contextmanager
def explaining_pickles() -> Iterator[None]:
    """Add to an error of pickling what to do; workers get and return all by pickle."""
    try:
        yield
    except Exception as error:
        if "pickle" in str(error):
            error.add_note(
                "Workers get their work, and return fitted parts, by pickle. Use "
                "n_jobs=1, or threads: joblib.parallel_config(backend='threading')."
            )
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
