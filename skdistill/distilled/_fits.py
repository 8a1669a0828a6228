"""What the fits of student and sampler would refuse, before a teacher is fitted."""

import numpy as np
from sklearn.base import clone, is_classifier

from skdistill._fitting import weight_param
from skdistill._sklearn import safe_indexing
from skdistill.flow import Data, Plan, join_samples
from skdistill.students import find_adapter, resolve_class_weight
from skdistill.targets import Target

__all__ = ["check_fits"]


def check_fits(plan: Plan, data: Data) -> None:
    """Raise if what is known already makes the fit of a part fail.

    Parameters
    ----------
    plan : Plan
        How the student is distilled.
    data : Data
        What from.

    Raises
    ------
    ValueError
        If the student or the sampler does not take the weights that it will get, the
        student's `class_weight` goes with labels alone, or the student or its metadata
        does not go with a transfer set.
    """
    _check_student_weight(plan, data)
    if plan.has_transfer_set(data):
        _check_transfer_set(plan, data)
    if (
        data.classes is not None
        and plan.learns_teacher(data)
        and is_classifier(plan.student)
    ):
        target = Target.of_classes(
            data.codes,
            np.zeros((len(data.y), data.n_classes)),
            classes=data.classes,
            alpha=plan.alpha,
            weight=data.weight,
        )
        resolve_class_weight(clone(plan.student), target)


def _check_student_weight(plan: Plan, data: Data) -> None:
    """Raise if the student will be given weights and cannot take them."""
    adapter = find_adapter(plan.student)
    is_ours = type(adapter).__module__.startswith("skdistill.")
    if plan.alpha > 0 and adapter.trains_natively and not is_ours:
        return  # Its adapter may give them to it in another way.
    transfer_weighs = plan.has_transfer_set(data) and (
        plan.transfer.weight != 1
        or (plan.trust is not None and not plan.trust.uses_labels)
    )
    if data.student_params.get("sample_weight") is not None or transfer_weighs:
        weight_param(plan.student, np.ones(len(data.y)), part="student")


def _check_transfer_set(plan: Plan, data: Data) -> None:
    """Raise if a transfer set cannot be made."""
    if plan.transfer.sampler is not None:
        weight_param(plan.transfer.sampler, data.weight, part="sampler")
    if data.X_unlabeled is not None:
        first = slice(1)  # Dtypes are those of the columns.
        join_samples(
            safe_indexing(data.all_columns, first),
            safe_indexing(data.X_unlabeled, first),
        )
