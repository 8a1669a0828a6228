"""Which models can be refined, by what their adapters say."""

from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import final_step
from skdistill._sklearn import without_callback_context
from skdistill._typing import Estimator
from skdistill.students import LeafModel, find_adapter, registered_names

__all__ = ["check_refinable", "is_refinable", "open_model", "sums_trees"]


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
    """
    _require_leaves(final_step(estimator))


def open_model(model: Estimator) -> LeafModel:
    """Return what knows the leaves of a fitted model or of a Pipeline's last step."""
    check_is_fitted(model)
    final = without_callback_context(final_step(model))
    return _require_leaves(final)(final)


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
