"""Distillation that stops before the student's training does: what it goes with."""

from skdistill._typing import Student
from skdistill._validation import check_goes_with_rest
from skdistill.flow._data import Data
from skdistill.students import reason_not_to_resume

__all__ = ["check_alpha_until"]


def check_alpha_until(
    alpha_until: float,
    student: Student,
    data: Data,
    *,
    temperature: float,
    is_refined: bool,
) -> None:
    """Raise, before any work is done, if alpha cannot fall while a student is trained.

    Parameters
    ----------
    alpha_until : float
        After which fraction of the student's rounds it falls to 0.
    student : estimator
        Unfitted.
    data : Data
        The training data.
    temperature : float
        T of the distillation.
    is_refined : bool
        Whether leaf values are solved for.
    """
    if alpha_until == 1:
        return
    reason = reason_not_to_resume(student, data.is_classification)
    if alpha_until == 0:  # The baseline student needs no second part.
        reason = ""
    others = sorted({*data.student_params} - {"sample_weight"})
    reasons = {
        f"{reason}. Use another student": bool(reason),
        "Refined leaves would learn the teacher at the end. Use refine='auto', which "
        "refines none here": is_refined,
        f"A temperature, here {temperature:g}, scales the values that are learned, and "
        "not the labels. Use temperature=1": temperature != 1
        and not data.is_classification,
        f"The student's fit is given {others}, which would hold for a part of its "
        "rounds. Leave these out": bool(others),
    }
    check_goes_with_rest("alpha_until", alpha_until, reasons, without=1.0)
