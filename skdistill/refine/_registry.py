"""Which models can be refined, and what knows their library."""

from sklearn.tree import BaseDecisionTree
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import final_step
from skdistill._typing import Estimator
from skdistill.refine._gradient_boosting import BoostedClassifier, BoostedRegressor
from skdistill.refine._hist_boosting import HistClassifier, HistRegressor
from skdistill.refine._lightgbm import LightGBMClassifier, LightGBMRegressor
from skdistill.refine._model import TreeModel
from skdistill.refine._trees import AveragedClassifier, AveragedRegressor
from skdistill.refine._xgboost import XGBoostClassifier, XGBoostRegressor

__all__ = ["adds_up_trees", "check_refinable", "is_refinable", "open_model"]

_HIST = (
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoosting"
)

# By name, so that no library is imported before one of its models comes.
_ADAPTERS: dict[str, type[TreeModel]] = {
    "sklearn.ensemble._gb.GradientBoostingRegressor": BoostedRegressor,
    "sklearn.ensemble._gb.GradientBoostingClassifier": BoostedClassifier,
    f"{_HIST}Regressor": HistRegressor,
    f"{_HIST}Classifier": HistClassifier,
    "sklearn.ensemble._forest.RandomForestRegressor": AveragedRegressor,
    "sklearn.ensemble._forest.RandomForestClassifier": AveragedClassifier,
    "sklearn.ensemble._forest.ExtraTreesRegressor": AveragedRegressor,
    "sklearn.ensemble._forest.ExtraTreesClassifier": AveragedClassifier,
    "sklearn.tree._classes.DecisionTreeRegressor": AveragedRegressor,
    "sklearn.tree._classes.DecisionTreeClassifier": AveragedClassifier,
    "lightgbm.sklearn.LGBMRegressor": LightGBMRegressor,
    "lightgbm.sklearn.LGBMClassifier": LightGBMClassifier,
    "xgboost.sklearn.XGBRegressor": XGBoostRegressor,
    "xgboost.sklearn.XGBClassifier": XGBoostClassifier,
}


def _find_adapter(estimator: Estimator) -> type[TreeModel] | None:
    """Return what knows the class of an estimator, or of its superclasses, if any."""
    for cls in type(estimator).__mro__:
        if (name := f"{cls.__module__}.{cls.__qualname__}") in _ADAPTERS:
            return _ADAPTERS[name]
    return None


def is_refinable(estimator: Estimator) -> bool:
    """Tell whether `refine_leaves` takes an estimator, once it is fitted.

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
    adapter = _find_adapter(final_step(estimator))
    return adapter is not None and adapter.obstacle(final_step(estimator)) is None


def adds_up_trees(estimator: Estimator) -> bool:
    """Tell whether an estimator is a sum or mean of trees that can be refined.

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
    >>> adds_up_trees(RandomForestRegressor()), adds_up_trees(DecisionTreeRegressor())
    (True, False)
    """
    is_tree = isinstance(final_step(estimator), BaseDecisionTree)
    return is_refinable(estimator) and not is_tree


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
    _require_adapter(final_step(estimator))


def open_model(model: Estimator) -> TreeModel:
    """Return what knows the leaves of a fitted model or of a Pipeline's last step."""
    check_is_fitted(model)
    final = final_step(model)
    return _require_adapter(final)(final)


def _require_adapter(estimator):
    adapter, name = _find_adapter(estimator), type(estimator).__name__
    if adapter is None:
        known = ", ".join(name.rpartition(".")[2] for name in _ADAPTERS)
        raise ValueError(
            "Leaf values can be refined in models that add up or average the leaves of "
            f"trees: {known}, and pipelines that end in one of them. Got {name}. Leave "
            "the refinement out for it."
        )
    obstacle = adapter.obstacle(estimator)
    if obstacle is not None:
        raise ValueError(
            f"The leaves of this {name} cannot be refined. Got {obstacle}."
        )
    return adapter
