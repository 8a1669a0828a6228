"""Students that are linear: in their targets, or classifiers that are in their inputs.

The predictions of least squares, ridge regression, with kernels too, and nearest
neighbours are a linear function of the targets they were fitted on.
"""

import inspect
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import FeatureUnion, Pipeline

from skdistill._fitting import final_step
from skdistill._typing import Estimator
from skdistill.students._adapter import StudentAdapter
from skdistill.students._registry import find_adapter, register
from skdistill.students._spaces import WIDE
from skdistill.students._training_loss import TrainingLoss

__all__ = ["LinearAdapter", "WeightBalancedAdapter", "is_linear_in_targets"]

# Where transformers made of others hold them, as (name, transformer, ...).
_HOLDERS = {
    Pipeline: "steps",
    ColumnTransformer: "transformers",
    FeatureUnion: "transformer_list",
}


class FixedFormAdapter(StudentAdapter):
    """Models that are linear in their inputs, or in what a link makes of them."""

    has_fixed_form = True


class LinearAdapter(StudentAdapter):
    """Regressors that are linear in their targets, and maybe in their inputs."""

    def __init__(self, *, is_line: bool = False, is_penalised: bool = False) -> None:
        self.has_fixed_form, self.grows_with_samples = is_line, not is_line
        self.is_penalised = is_penalised

    def search_space(self, student: Estimator) -> dict[str, Any]:
        return {"alpha": WIDE} if self.is_penalised else {}

    def is_linear(self, student: Estimator) -> bool:
        # A subclass of someone else's may do anything with the targets.
        is_its_own = type(student).__module__.startswith("sklearn.")
        return is_its_own and not getattr(student, "positive", False)


class WeightBalancedAdapter(FixedFormAdapter):
    """Classifiers whose balanced class weights go by the samples' weights."""

    balances_by_weight = True

    def search_space(self, student: Estimator) -> dict[str, Any]:
        return {"C": WIDE}


class QuantileLinearAdapter(FixedFormAdapter):
    """QuantileRegressor."""

    def training_loss(self, student: Estimator) -> TrainingLoss:
        level = float(student.quantile)
        return TrainingLoss("quantile", level, f"quantile={level:g}")

    def set_level(self, student: Estimator, level: float) -> None:
        student.set_params(quantile=level)


class RobustLinearAdapter(FixedFormAdapter):
    """HuberRegressor."""

    def training_loss(self, student: Estimator) -> TrainingLoss:
        return TrainingLoss("robust", None, f"the loss of {type(student).__name__}")


class ConsensusAdapter(StudentAdapter):
    """RANSACRegressor, whose `loss` finds outliers; it learns as what it wraps."""

    loss_params = ()


def is_linear_in_targets(student: Estimator) -> bool:
    """Return whether the student's predictions are a linear function of its targets.

    Parameters
    ----------
    student : estimator
        Fitted or not. A Pipeline is, if its last step is and no other step looks at
        the target.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklearn.linear_model import Lasso, Ridge
    >>> from skdistill.students import is_linear_in_targets
    >>> is_linear_in_targets(Ridge()), is_linear_in_targets(Lasso())
    (True, False)
    """
    if not find_adapter(student).is_linear(final_step(student)):
        return False
    while isinstance(student, Pipeline):
        if any(_looks_at_target(step) for _, step in student.steps[:-1]):
            return False
        student = student.steps[-1][1]
    return True


def _looks_at_target(step: Estimator) -> bool:
    """Return whether a transformer may depend on the target; if in doubt, it does."""
    if not hasattr(step, "fit"):  # "passthrough", "drop", None.
        return False
    for kind, parts in _HOLDERS.items():
        if isinstance(step, kind):
            return any(_looks_at_target(part[1]) for part in getattr(step, parts))
    target = inspect.signature(step.fit).parameters.get("y")
    needs = target is not None and target.default is target.empty
    return needs or isinstance(step, SelectorMixin)


# The base classes of all others.
for _name in (
    "_base.LinearModel",
    "_base.LinearClassifierMixin",
    "_stochastic_gradient.BaseSGD",
    "_glm.glm._GeneralizedLinearRegressor",
):
    register(f"sklearn.linear_model.{_name}", FixedFormAdapter())
for _name, _linear in (
    ("linear_model._base.LinearRegression", LinearAdapter(is_line=True)),
    ("linear_model._ridge.Ridge", LinearAdapter(is_line=True, is_penalised=True)),
    ("kernel_ridge.KernelRidge", LinearAdapter(is_penalised=True)),
):
    register(f"sklearn.{_name}", _linear)
for _name, _adapter in (
    ("quantile.QuantileRegressor", QuantileLinearAdapter()),
    ("huber.HuberRegressor", RobustLinearAdapter()),
    ("ransac.RANSACRegressor", ConsensusAdapter()),
):
    register(f"sklearn.linear_model._{_name}", _adapter)
register("sklearn.svm._classes.LinearSVC", WeightBalancedAdapter())
