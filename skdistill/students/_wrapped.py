"""What a student holds: wrappers, ensembles and pipelines are looked into."""

from collections.abc import Iterator

from sklearn.base import clone

from skdistill._fitting import final_step, is_estimator
from skdistill._typing import Estimator
from skdistill.students._registry import find_adapter
from skdistill.students._training_loss import TrainingLoss

__all__ = ["at_level", "innermost_parts", "student_parts", "training_loss"]

# Under which parameters estimators hold one other estimator.
_ONE = ("estimator", "regressor", "classifier", "final_estimator")


def student_parts(student: Estimator) -> Iterator[Estimator]:
    """Yield the estimators that make a student's predictions, however deep.

    Those are the last step of a Pipeline, what a wrapper such as a search or bagging
    wraps, and the members of voting and stacking.
    """
    student = final_step(student)
    yield student
    params = student.get_params(deep=False) if hasattr(student, "get_params") else {}
    held = [params.get(name) for name in _ONE]
    members = params.get("estimators")
    if isinstance(members, list | tuple):
        held += [one[1] if isinstance(one, tuple) else one for one in members]
    for part in held:
        if is_estimator(part):
            yield from student_parts(part)


def innermost_parts(student: Estimator) -> list[Estimator]:
    """Return those parts of a student that hold no others.

    Parameters
    ----------
    student : estimator
        Fitted or not.

    Examples
    --------
    >>> from sklearn.compose import TransformedTargetRegressor
    >>> from sklearn.linear_model import Ridge
    >>> innermost_parts(TransformedTargetRegressor(Ridge()))
    [Ridge()]
    """
    parts = student_parts(student)
    return [part for part in parts if len(list(student_parts(part))) == 1]


def training_loss(student: Estimator) -> TrainingLoss:
    """Return the loss that a regressor is trained by, looking into wrappers.

    Parameters
    ----------
    student : estimator
        Fitted or not.

    Returns
    -------
    TrainingLoss
        The mean's where no parameter says otherwise; "other" where parts of it have
        different ones.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from skdistill.students import training_loss
    >>> training_loss(GradientBoostingRegressor(loss="quantile", alpha=0.9))
    TrainingLoss(kind='quantile', level=0.9, name="loss='quantile'")
    """
    losses = {
        (found.kind, found.level): found
        for part in student_parts(student)
        if (found := _own_loss(part)) is not None
    }
    unusual = [loss for loss in losses.values() if not loss.is_mean]
    several = [loss for loss in unusual if loss.kind == "several"]
    if several or not unusual:
        return several[0] if several else TrainingLoss()
    if len(losses) > 1:
        return TrainingLoss("other", None, " with ".join(one.name for one in unusual))
    return unusual[0]


def at_level(student: Estimator, level: float) -> Estimator | None:
    """Return a clone of a regressor of quantiles that learns the one at a level.

    Parameters
    ----------
    student : estimator
        Wrappers are looked into.
    level : float
        Between 0 and 1.

    Returns
    -------
    student : estimator or None
        Unfitted; None if it learns no quantile, or has no such parameter.

    Examples
    --------
    >>> from lightgbm import LGBMRegressor
    >>> from skdistill.students import at_level
    >>> at_level(LGBMRegressor(objective="quantile"), 0.3)
    LGBMRegressor(alpha=0.3, objective='quantile')
    >>> at_level(LGBMRegressor(), 0.3) is None
    True
    """
    found = clone(student)
    for part in student_parts(found):
        find_adapter(part).set_level(part, level)
    loss = training_loss(found)
    return found if (loss.kind, loss.level) == ("quantile", level) else None


def _own_loss(part: Estimator) -> TrainingLoss | None:
    """Return an estimator's loss; None for one that only combines others."""
    loss = find_adapter(part).training_loss(part)
    combines = loss.is_mean and len(list(student_parts(part))) > 1
    return None if combines else loss
