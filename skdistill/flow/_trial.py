"""Which students are tried: distilled on a part, and held against the baseline's.

What a line or a single tree learns hangs on few sums over the samples, which labels
give without bias, so a better teacher may harm it. Others are rarely harmed.

The teacher of the trial costs less than a third of the teacher's work. Fitted once for
each of k folds, it is fitted to (k - 1) / k of the samples each time; two folds of four
fifths cost 0.8 / (k - 1) of that. A stack of k folds is fitted k times and once to all
samples; one of two folds on four fifths costs 1.6 / k of that. A bagged one has a third
of its models, where these are not too few.
"""

from copy import copy
from dataclasses import replace
from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import PredefinedSplit

from skdistill._typing import Estimator
from skdistill.flow._data import Data
from skdistill.flow._plan import Plan, is_trusted
from skdistill.students import find_adapter, innermost_parts
from skdistill.teachers import (
    fits_once_a_fold,
    is_number_of_folds,
    named_teachers,
)

__all__ = ["is_tried", "with_less_teacher"]

# So many folds at least, that a fit with a trial costs at most 1.3 times one without.
_FEWEST_FOLDS, _FEWEST_OF_STACK = 4, 7
# A trial takes a third of the bagged models, but no fewer than these.
_FEWEST_BAGGED = 25


def is_tried(plan: Plan, data: Data) -> bool:
    """Return whether a plan's student is held against the baseline student.

    Parameters
    ----------
    plan : Plan
        "compare" always asks for it, "auto" where it can help and is cheap.
    data : Data
        The training data.
    """
    if plan.alpha_until == 0 or not plan.learns_teacher(data):
        return False
    if plan.on_poor_teacher == "auto":
        # Tempered classes are learned for their order, and their log loss is worse.
        says_classes = data.is_classification and plan.temperature != 1
        is_loose = not says_classes and _follows_loosely(plan.student)
        return is_loose and _is_cheap(plan, data)
    return plan.on_poor_teacher == "compare"


def _follows_loosely(student: Estimator) -> bool:
    adapters = [find_adapter(part) for part in innermost_parts(student)]
    return all(one.has_fixed_form or one.is_single_tree for one in adapters)


def _is_cheap(plan: Plan, data: Data) -> bool:
    """Return whether the teacher of the trial costs nothing, or a part of its work."""
    if is_trusted(plan, data):
        return True
    if plan.cross_fit is False:
        return False
    parts = [one for _, one in named_teachers(plan.teacher)] or [None]
    return all(_is_cheap_teacher(one, plan, data) for one in parts)


def _is_cheap_teacher(teacher: Estimator | None, plan: Plan, data: Data) -> bool:
    if isinstance(teacher, FrozenEstimator):
        return True
    if fits_once_a_fold(teacher, plan.cross_fit, asks_for_folds=_asks(plan, data)):
        return _n_folds(plan.cv) >= _FEWEST_FOLDS
    if teacher is None or _is_stack(teacher):
        cv = plan.cv if teacher is None else teacher.cv
        return _n_folds(cv) >= _FEWEST_OF_STACK
    number = teacher.n_estimators
    return isinstance(number, Integral) and 3 * _fewer(int(number)) <= int(number)


def _asks(plan: Plan, data: Data) -> bool:
    """Return whether the user chose the folds."""
    return bool(data.split_params) or not is_number_of_folds(plan.cv)


def with_less_teacher(plan: Plan, data: Data) -> Plan:
    """Return the plan by which a student is tried: its teacher costs less.

    Parameters
    ----------
    plan : Plan
        How the student is distilled.
    data : Data
        A part of the samples.
    """

    def less(teacher: Estimator) -> Estimator:
        if isinstance(teacher, FrozenEstimator):
            return teacher
        if fits_once_a_fold(teacher, plan.cross_fit, asks_for_folds=_asks(plan, data)):
            return teacher
        if _is_stack(teacher):
            return clone(teacher).set_params(cv=_in_two_folds(teacher.cv))
        fewer = _fewer(teacher.n_estimators)
        return clone(teacher).set_params(n_estimators=fewer)

    teacher = plan.teacher
    if isinstance(teacher, list):
        teacher = [(name, less(one)) for name, one in teacher]
    elif teacher is not None:
        teacher = less(teacher)
    return replace(plan, teacher=teacher, cv=_in_two_folds(plan.cv))


def _fewer(n_estimators: int) -> int:
    return max(n_estimators // 3, min(n_estimators, _FEWEST_BAGGED))


def _is_stack(teacher: Estimator) -> bool:
    return isinstance(teacher, StackingRegressor | StackingClassifier)


def _n_folds(cv: Any) -> int:
    """Return how many folds `cv` says that it makes, 0 if it does not say."""
    if is_number_of_folds(cv):
        return 5 if cv is None else int(cv)
    number = getattr(cv, "__dict__", {}).get("n_splits")
    if isinstance(cv, PredefinedSplit) or not isinstance(number, Integral):
        return 0
    return int(number)


def _in_two_folds(cv: Any) -> Any:
    """Return what makes two folds as `cv` makes them, if it says how many it makes.

    A part of the samples may have fewer groups than they have together.

    """
    if is_number_of_folds(cv):
        return 2
    if not _n_folds(cv):
        return cv
    fewer = copy(cv)
    fewer.n_splits = 2
    return fewer
