"""Which models can be refined, by what their adapters say."""

from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import final_step
from skdistill._sklearn import without_callback_context
from skdistill._typing import Estimator
from skdistill.students import LeafModel, find_adapter, registered_names

__all__ = [
    "check_prunable",
    "check_refinable",
    "is_prunable",
    "is_refinable",
    "open_model",
    "open_prunable",
    "sums_trees",
]


def is_refinable(estimator: Estimator) -> bool:
    """Return whether `refine_leaves` takes an estimator, once it is fitted.

    Parameters
    ----------
    estimator : estimator
        Fitted or not; of a Pipeline, the last step counts.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from sklearn.neural_network import MLPRegressor
    >>> is_refinable(GradientBoostingRegressor()), is_refinable(MLPRegressor())
    (True, False)
    """
    leaves = find_adapter(estimator).leaves
    return leaves is not None and leaves.reason(final_step(estimator)) is None


def sums_trees(estimator: Estimator) -> bool:
    """Return whether an estimator is a sum or mean of trees that can be refined.

    The leaves of a single tree hold the means of their targets already.

    Parameters
    ----------
    estimator : estimator
        Fitted or not; of a Pipeline, the last step counts.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> sums_trees(RandomForestRegressor()), sums_trees(DecisionTreeRegressor())
    (True, False)
    """
    return is_refinable(estimator) and not find_adapter(estimator).is_single_tree


def check_refinable(estimator: Estimator) -> None:
    """Raise an error that says why an estimator cannot be refined, if it cannot.

    Parameters
    ----------
    estimator : estimator
        Fitted or not; of a Pipeline, the last step counts.

    Raises
    ------
    ValueError
        If it is none of the models that can be refined, or has parameters for which
        they cannot be.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> check_refinable(GradientBoostingRegressor())
    """
    _require_leaves(final_step(estimator))


def open_model(model: Estimator) -> LeafModel:
    """Return what knows the leaves of a fitted model or of a Pipeline's last step."""
    check_is_fitted(model)
    final = without_callback_context(final_step(model))
    return _require_leaves(final)(final)


def is_prunable(estimator: Estimator) -> bool:
    """Return whether `prune_leaves` takes an estimator, once it is fitted.

    Parameters
    ----------
    estimator : estimator
        Fitted or not; of a Pipeline, the last step counts.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from sklearn.neural_network import MLPRegressor
    >>> is_prunable(GradientBoostingRegressor()), is_prunable(MLPRegressor())
    (True, False)
    """
    leaves = find_adapter(estimator).leaves
    return is_refinable(estimator) and leaves is not None and leaves.can_be_cut()


def open_prunable(model: Estimator) -> LeafModel:
    """Return what `open_model` does, or raise if its trees cannot be cut."""
    leaf_model = open_model(model)
    check_prunable(model)
    return leaf_model


def check_prunable(estimator: Estimator) -> None:
    """Raise an error that says why an estimator cannot be pruned, if it cannot.

    Parameters
    ----------
    estimator : estimator
        Fitted or not; of a Pipeline, the last step counts.

    Raises
    ------
    ValueError
        If it cannot be refined, or nothing is known of how its trees are cut.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> check_prunable(GradientBoostingRegressor())
    """
    if not _require_leaves(final_step(estimator)).can_be_cut():
        raise ValueError(
            "Trees can be pruned where the LeafModel of the library says how they are "
            f"cut. Got {type(final_step(estimator)).__name__}, of which that is not "
            "known. Grow fewer or smaller trees instead."
        )


def _require_leaves(estimator: Estimator) -> type[LeafModel]:
    leaves, name = find_adapter(estimator).leaves, type(estimator).__name__
    if leaves is None:
        known = registered_names(lambda adapter: adapter.leaves is not None)
        raise ValueError(
            "Leaf values can be refined in models that add up or average the leaves of "
            f"trees: {', '.join(known)}, and pipelines that end in one of them. Got "
            f"{name}. Leave the refinement out for it."
        )
    reason = leaves.reason(estimator)
    if reason is not None:
        found = reason.removeprefix("got ")
        raise ValueError(f"The leaves of this {name} cannot be refined. Got {found}.")
    return leaves
