"""Teacher and student of an estimator: the defaults, and what each must be."""

from typing import Any

from sklearn.base import ClassifierMixin, is_classifier, is_regressor
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    StackingClassifier,
)
from sklearn.utils import get_tags

from skdistill._fitting import final_step, wrapped
from skdistill._typing import Estimator

__all__ = ["check_parts", "is_multi_output", "student_of"]


def student_of(model: Estimator) -> Estimator:
    """Return the student to clone: the parameter, or the default."""
    if model.student is not None:
        return model.student
    params: dict[str, Any] = {
        "n_estimators": 100,
        "learning_rate": 0.1,
        "max_depth": 3,
    }
    # Not is_classifier, which asks for tags, which ask for the student.
    if isinstance(model, ClassifierMixin):
        return GradientBoostingClassifier(**params)
    return GradientBoostingRegressor(**params)


def is_multi_output(model: Estimator) -> bool:
    """Return whether teacher and student both take several outputs."""
    return all(
        get_tags(part).target_tags.multi_output
        for part in (model.teacher, student_of(model))
        if part is not None
    )


def check_parts(model: Estimator) -> None:
    """Raise if teacher or student cannot do the task of the distilled estimator."""
    if is_classifier(model):
        _check_teacher_of_classes(model.teacher)
        return
    for part in ("teacher", "student"):
        estimator = getattr(model, part)
        if estimator is not None and not is_regressor(estimator):
            raise ValueError(
                f"The {part} of a DistilledRegressor must be a regressor. Got "
                f"{estimator!r}. Use DistilledClassifier to predict classes."
            )


def _check_teacher_of_classes(teacher: Estimator | None) -> None:
    if teacher is not None and not _will_have_probabilities(teacher):
        raise ValueError(
            "The teacher of a DistilledClassifier must have predict_proba or "
            f"decision_function. Got {teacher!r}, which has neither. Wrap a "
            "classifier without them in CalibratedClassifierCV; for a regressor "
            "use DistilledRegressor."
        )


def _will_have_probabilities(teacher: Estimator) -> bool:
    """Return whether the teacher, once fitted, predicts probabilities or logits."""
    teacher = final_step(teacher)
    if hasattr(teacher, "predict_proba") or hasattr(teacher, "decision_function"):
        return True
    if isinstance(teacher, StackingClassifier):
        # Before fit it shows no method of its final estimator if that is the default.
        final = teacher.final_estimator
        return final is None or _will_have_probabilities(final)
    inner = wrapped(teacher)
    return inner is not None and _will_have_probabilities(inner)
