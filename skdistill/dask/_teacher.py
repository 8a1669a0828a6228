"""A teacher that is cross-fitted on all samples, where they lie: what it must be."""

from numbers import Integral

from skdistill._typing import Estimator
from skdistill.students import find_adapter, registered_names, trains_distributed

__all__ = ["check_trains_on_all", "count_folds"]

# What goes with folds that are partitions; all else needs the samples in one place.
_ALLOWED = {
    "cross_fit": ("auto", "kfold"),
    "teacher_stage": (1,),
    "teacher_input": (None,),
    "memory": (None, False),
}
_DEFAULT_FOLDS = 5


def check_trains_on_all(model: Estimator) -> None:
    """Raise unless the teacher of a model can be cross-fitted by partitions.

    Parameters
    ----------
    model : DaskDistilledRegressor or DaskDistilledClassifier
        Unfitted, with valid parameters.
    """
    teacher, of_classes = model.teacher, hasattr(model, "soften")
    reason = _reason_against(teacher, of_classes=of_classes)
    if reason:
        names = ", ".join(registered_names(lambda adapter: adapter.trains_distributed))
        raise ValueError(
            "With teacher_samples=None the teacher is cross-fitted on all samples, "
            f"which one of {names} can be. Got {teacher!r}: {reason}. Pass a number as "
            "teacher_samples, or another teacher."
        )
    for name, allowed in _ALLOWED.items():
        value = getattr(model, name)
        if value not in allowed:
            raise ValueError(
                f"With teacher_samples=None {name} must be one of {allowed}, as the "
                f"samples are never in one place. Got {value!r}. Pass a number as "
                "teacher_samples, or leave it out."
            )
    if not (model.cv is None or isinstance(model.cv, Integral)):
        raise ValueError(
            "With teacher_samples=None cv must be a number of folds, which are made of "
            f"whole partitions. Got {model.cv!r}. Pass a number as teacher_samples, or "
            "the number of folds as cv."
        )


def count_folds(model: Estimator) -> int:
    """Return how many folds a model that was checked asks for."""
    return _DEFAULT_FOLDS if model.cv is None else int(model.cv)


def _reason_against(teacher: Estimator, *, of_classes: bool) -> str:
    """Return why a teacher cannot be trained by the workers, else ""."""
    if teacher is None or isinstance(teacher, list):
        return "it is not one estimator"
    if not trains_distributed(teacher, of_classes=of_classes):
        return "the workers cannot train it together"
    return find_adapter(teacher).reason_not_to_distribute(teacher, "teacher")
