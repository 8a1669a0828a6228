"""The best alpha of a student that is linear in its targets, in closed form."""

import inspect

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import FeatureUnion, Pipeline

from skdistill._fitting import final_step
from skdistill._typing import Estimator

__all__ = ["best_alpha", "is_linear_in_targets"]

_LINEAR = {
    "sklearn.linear_model._base.LinearRegression",
    "sklearn.linear_model._ridge.Ridge",
    "sklearn.kernel_ridge.KernelRidge",
    "sklearn.neighbors._regression.KNeighborsRegressor",
}
# Where transformers made of others hold them, as (name, transformer, ...).
_HOLDERS = {
    Pipeline: "steps",
    ColumnTransformer: "transformers",
    FeatureUnion: "transformer_list",
}


def is_linear_in_targets(student: Estimator) -> bool:
    """Tell whether the student's predictions are a linear function of its targets.

    A Pipeline is, if its last step is and no other step looks at the target.
    """
    cls = type(final_step(student))
    if f"{cls.__module__}.{cls.__qualname__}" not in _LINEAR:
        return False
    if getattr(final_step(student), "positive", False):
        return False
    while isinstance(student, Pipeline):
        if any(_looks_at_target(step) for _, step in student.steps[:-1]):
            return False
        student = student.steps[-1][1]
    return True


def _looks_at_target(step):
    """Tell whether a transformer may depend on the target; if in doubt, it does."""
    if not hasattr(step, "fit"):  # "passthrough", "drop", None.
        return False
    for kind, parts in _HOLDERS.items():
        if isinstance(step, kind):
            return any(_looks_at_target(part[1]) for part in getattr(step, parts))
    target = inspect.signature(step.fit).parameters.get("y")
    needs = target is not None and target.default is target.empty
    return needs or isinstance(step, SelectorMixin)


def best_alpha(
    y: NDArray, hard: NDArray, soft: NDArray, weight: NDArray | None
) -> float:
    """Return the alpha of least squared error on held-out rows.

    A student linear in its targets predicts (1 - a) h + a s, with h and s what it
    predicts when taught by the labels and by the teacher alone. So the error is a
    parabola in a, whose minimum is <s - h, y - h> / |s - h|^2.

    Parameters
    ----------
    y, hard, soft : ndarray of one shape
        Labels, and the predictions of both students, for the same rows.
    weight : ndarray of shape (n_samples,), default=None
        Row weights.

    Returns
    -------
    alpha : float
        It may lie outside [0, 1]. 0 if both students are the same.
    """
    step, missing = soft - hard, y - hard
    scale = np.ones(len(y)) if weight is None else weight
    scale = scale.reshape(-1, *[1] * (y.ndim - 1))
    square = float((scale * step * step).sum())
    return float((scale * step * missing).sum()) / square if square > 0 else 0.0
