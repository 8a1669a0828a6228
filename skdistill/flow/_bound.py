"""The teacher as a bound: what a parameter stands for, and what it goes with."""

from typing import Any

from skdistill._sklearn import validate_params
from skdistill._typing import Estimator
from skdistill._validation import check_goes_with_rest
from skdistill.flow._data import Data
from skdistill.students import find_offset, training_loss
from skdistill.targets import TeacherBound

__all__ = ["check_bound", "resolve_bound"]


def resolve_bound(bound: TeacherBound | str | None) -> TeacherBound | None:
    """Return the bound that a parameter stands for, if any.

    Parameters
    ----------
    bound : TeacherBound, {"label", "teacher"} or None
        The parameter.

    Returns
    -------
    TeacherBound or None
    """
    if isinstance(bound, str):
        return TeacherBound(bound)
    if bound is not None:
        validate_params(bound)
    return bound


def check_bound(
    bound: TeacherBound | None,
    student: Any,
    data: Data,
    *,
    temperature: float,
    is_in_sample: bool,
    is_refined: bool,
) -> None:
    """Raise, before any work is done, if the teacher can be no bound.

    Parameters
    ----------
    bound : TeacherBound or None
        The bound.
    student : estimator
        Unfitted.
    data : Data
        The training data.
    temperature : float
        T of the distillation.
    is_in_sample : bool
        Whether the teacher's predictions come from the labels themselves.
    is_refined : bool
        Whether leaf values are solved for.
    """
    if bound is None:
        return
    reasons = {
        "Refined leaves would learn where the student is good enough. Use "
        "refine='auto', which refines none here": is_refined,
        f"A temperature, here {temperature:g}, moves the teacher's predictions, which "
        "are no bound then. Use temperature=1": temperature != 1,
        "The bound is the teacher's out-of-fold error, and cross_fit=False gives none. "
        "Use another cross_fit": is_in_sample,
        f"The student's loss is not least for the mean ({_loss(student)}), and the "
        "bound is a squared error. Use a student of squared loss": _loss(student) != "",
        "The student's raw predictions begin at an offset, without which it cannot be "
        "compared. Leave out base_margin or init_score": find_offset(
            student, data.student_params, len(data.y)
        )
        is not None,
    }
    check_goes_with_rest("bound", bound, reasons)


def _loss(student: Estimator) -> str:
    """Return the name of a loss that is not least for the mean, else nothing."""
    loss = training_loss(student)
    return "" if loss.is_mean else loss.name
