"""What is tried when a student is tuned: nothing that would make it larger.

The number of trees, of leaves, of hidden units stays as it is. Each adapter says what
there is to try for its students; ranges that several of them share are here.
"""

from types import MappingProxyType
from typing import Any

from scipy.stats import loguniform
from sklearn.pipeline import Pipeline

from skdistill._fitting import name_of_wrapped
from skdistill._typing import Estimator
from skdistill.students._registry import find_adapter

__all__ = [
    "FRACTIONS",
    "LARGER_LEAVES",
    "PENALTIES",
    "RATES",
    "SAMPLED",
    "TREES",
    "WIDE",
    "boosted_space",
    "search_space",
]

FRACTIONS = (0.33, 0.6, 1.0)
SAMPLED = (0.5, 0.75, 1.0)
LARGER_LEAVES = (2, 5, 10, 20, 40)
RATES = loguniform(0.02, 0.4)
PENALTIES = loguniform(1e-3, 30)
WIDE = loguniform(1e-3, 1e3)
TREES = MappingProxyType(
    {"max_features": FRACTIONS, "min_samples_leaf": (1, 2, 5, 10, 20)}
)


def boosted_space(leaf_size: str, sizes: Any) -> dict[str, Any]:
    """Return what is tried for boosting of XGBoost's and LightGBM's manner.

    Parameters
    ----------
    leaf_size : str
        The parameter that says how little a leaf may hold.
    sizes : sequence or distribution
        What is tried of that.
    """
    return {
        "learning_rate": RATES,
        "subsample": SAMPLED,
        "colsample_bytree": FRACTIONS,
        leaf_size: sizes,
        "reg_lambda": PENALTIES,
    }


def search_space(student: Estimator) -> dict[str, Any]:
    """Return what is tried where a student is tuned, at the size that it has.

    Parameters
    ----------
    student : estimator
        Unfitted. The last step of a Pipeline counts, and the estimator in a wrapper
        that has nothing to tune itself.

    Returns
    -------
    space : dict of str to sequence or distribution
        Values to try, or a distribution with a method `rvs` to draw them from, by the
        parameter of `student`. Empty where nothing is known.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.students import search_space
    >>> search_space(DecisionTreeRegressor())["min_samples_leaf"]
    (1, 2, 5, 10, 20)
    >>> [*search_space(make_pipeline(StandardScaler(), LogisticRegression()))]
    ['logisticregression__C']
    """
    if isinstance(student, Pipeline):
        name, held = student.steps[-1]
        return _below(name, held)
    own = find_adapter(student).search_space(student)
    if own:
        return own
    name = name_of_wrapped(student)
    return {} if name is None else _below(name, student.get_params(deep=False)[name])


def _below(name: str, held: Estimator) -> dict[str, Any]:
    return {f"{name}__{key}": values for key, values in search_space(held).items()}
