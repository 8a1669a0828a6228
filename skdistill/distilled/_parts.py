"""Teacher and student of an estimator: the defaults, and what each must be."""

from typing import Any

from numpy.typing import NDArray
from sklearn.base import (
    ClassifierMixin,
    RegressorMixin,
    is_classifier,
    is_regressor,
)
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.utils import get_tags

from skdistill._fitting import final_step, wrapped
from skdistill._sklearn import routing_enabled
from skdistill._typing import Estimator
from skdistill.distilled._named import check_names
from skdistill.teachers import label_of, named_teachers

__all__ = ["check_outputs", "check_parts", "is_multi_output", "student_of"]


def student_of(model: Estimator) -> Estimator:
    """Return the student to clone: the parameter, or the default.

    Where metadata is routed, the default asks for weights, which nobody else can.
    """
    if model.student is not None:
        return model.student
    params: dict[str, Any] = {
        "n_estimators": 100,
        "learning_rate": 0.1,
        "max_depth": 3,
    }
    student: Estimator = GradientBoostingRegressor(**params)
    # Not is_classifier, which asks for tags, which ask for the student.
    if isinstance(model, ClassifierMixin):
        student = GradientBoostingClassifier(**params)
    return student.set_fit_request(sample_weight=True) if routing_enabled() else student


def is_multi_output(model: Estimator, *, is_stored: bool = False) -> bool:
    """Return whether teacher and student both take several outputs.

    The default teacher does not; stored predictions may have them.
    """
    if model.teacher is None and not is_stored:
        return False
    teachers = [part for _, part in named_teachers(model.teacher)]
    return all(
        get_tags(part).target_tags.multi_output
        for part in (*teachers, student_of(model))
    )


def check_outputs(model: Estimator, y: NDArray, *, is_stored: bool) -> None:
    """Raise if a part cannot predict as many outputs as y has.

    Parameters
    ----------
    model : DistilledRegressor or DistilledClassifier
        Unfitted.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The checked target.
    is_stored : bool
        Whether the teacher's predictions are given.
    """
    for name in ("teacher", "student"):
        is_default = getattr(model, name) is None
        if is_default and y.ndim == 2 and not (name == "teacher" and is_stored):
            raise ValueError(
                f"The default {name} predicts one output. Got y of shape {y.shape}. "
                f"Pass a {name} that takes several outputs, such as "
                "ExtraTreesRegressor, or fit one model an output: "
                "MultiOutputRegressor(DistilledRegressor())."
            )
    for name, part in _given(model) if y.ndim == 1 else []:
        # A regressor learns the logits of all classes.
        is_student = name == "student"
        takes_several = is_student and is_classifier(model) and is_regressor(part)
        if not (get_tags(part).target_tags.single_output or takes_several):
            remedy = "Pass the estimator that it holds"
            if wrapped(final_step(part)) is None:
                remedy = "Use its like for one output, as Lasso is of MultiTaskLasso"
            raise ValueError(
                f"The {name} must predict one output, as y has one. Got {part!r}, "
                f"which takes several alone. {remedy}."
            )


def _given(model: Estimator) -> list[tuple[str, Estimator]]:
    """Return the teachers and the student that are no defaults, with what to call them.

    In an error "The teacher must ...", of several "The teacher 'name' must ...".
    """
    parts = [(label_of(name), part) for name, part in named_teachers(model.teacher)]
    return parts if model.student is None else [*parts, ("student", model.student)]


def check_parts(model: Estimator) -> None:
    """Raise if teacher or student cannot do the task of the distilled estimator."""
    check_names(model)
    given = _given(model)
    for name, part in given:
        _check_follows_scikit_learn(part, name)
    if is_classifier(model):
        for name, part in given:
            if name == "student":
                _check_student_of_classes(part)
            else:
                _check_teacher_of_classes(name, part)
        return
    for name, part in given:
        if not is_regressor(part):
            remedy = _mixin_remedy(part, "RegressorMixin")
            raise ValueError(
                f"The {name} of a DistilledRegressor must be a regressor. Got "
                f"{part!r}. {remedy or 'Use DistilledClassifier to predict classes.'}"
            )


def _check_student_of_classes(student: Estimator) -> None:
    if not (is_classifier(student) or is_regressor(student)):
        remedy = _mixin_remedy(student, "ClassifierMixin or RegressorMixin")
        raise ValueError(
            "The student of a DistilledClassifier must be a classifier or a "
            f"regressor. Got {student!r}. {remedy or 'It is neither. Use one.'}"
        )


def _check_follows_scikit_learn(part: Estimator, name: str) -> None:
    """Raise if a part has no parameters that can be read, or no tags."""
    try:
        part.get_params(deep=False)
        get_tags(part)
    except (AttributeError, TypeError) as error:
        remedy = (
            f"Derive its class from a mixin and BaseEstimator, class "
            f"My{type(part).__name__}(RegressorMixin, BaseEstimator), or "
            "ClassifierMixin in its place."
        )
        if isinstance(part, type) or not hasattr(part, "fit"):
            remedy = "Pass an estimator, such as Ridge() or LogisticRegression()."
        raise ValueError(
            f"The {name} must follow scikit-learn: be an instance, not a class, with "
            f"get_params and tags. Got {part!r}. {remedy}"
        ) from error


def _mixin_remedy(part: Estimator, needed: str) -> str:
    """Return how the class of a predictor of no kind is put right; else nothing."""
    final = final_step(part)
    if not hasattr(final, "predict") or get_tags(final).estimator_type is not None:
        return ""
    cls = type(final)
    kinds = {"regressor": RegressorMixin, "classifier": ClassifierMixin}
    for kind, mixin in kinds.items():
        if isinstance(final, mixin):
            return (
                f"Its class lists {mixin.__name__} after BaseEstimator, which hides "
                f"what it is: put it first, class {cls.__name__}({mixin.__name__}, "
                "BaseEstimator). If the class is not yours, derive one whose "
                "__sklearn_tags__ takes the tags of super() and sets estimator_type = "
                f"{kind!r}."
            )
    first = needed.partition(" ")[0]
    return (
        f"Its class lacks the mixin that says what it predicts: derive it from {needed}"
        f", as the first of its bases, class My{cls.__name__}({first}, {cls.__name__})."
    )


def _check_teacher_of_classes(name: str, teacher: Estimator) -> None:
    lacking = _lacks_probabilities(teacher)
    if lacking is None:
        _check_not_of_other_kind(name, teacher)
        return
    remedy = "Wrap it in BaggingClassifier, which counts the votes of several."
    if isinstance(lacking, VotingClassifier):
        remedy = (
            "Use voting='soft', which averages the probabilities of its members, and "
            "members that have predict_proba."
        )
    elif not is_classifier(lacking):
        remedy = "Use a classifier; for a regressor use DistilledRegressor."
    raise ValueError(
        f"The {name} of a DistilledClassifier must have predict_proba or "
        f"decision_function. Got {lacking!r}, which will have neither. {remedy}"
    )


def _check_not_of_other_kind(name: str, teacher: Estimator) -> None:
    """Raise if its probabilities or decision values are not of the classes in y.

    Mixtures and detectors of outliers have some too. A class without mixin may serve.
    """
    kind = get_tags(final_step(teacher)).estimator_type
    if kind not in (None, "classifier"):
        raise ValueError(
            f"The {name} of a DistilledClassifier must be a classifier. Got "
            f"{teacher!r}, whose type is {kind!r}. Use a classifier; for a regressor "
            "use DistilledRegressor."
        )


def _lacks_probabilities(teacher: Estimator) -> Estimator | None:
    """Return the part for which a teacher, once fitted, will have none; else None."""
    teacher = final_step(teacher)
    if isinstance(teacher, VotingClassifier):
        return teacher if _lacks_votes(teacher) else None
    if isinstance(teacher, CalibratedClassifierCV) and teacher.estimator is not None:
        return _lacks_probabilities(teacher.estimator)  # It calibrates what is there.
    if hasattr(teacher, "predict_proba") or hasattr(teacher, "decision_function"):
        return None
    if isinstance(teacher, StackingClassifier):
        # Before fit it shows no method of its final estimator if that is the default.
        final = teacher.final_estimator
        return None if final is None else _lacks_probabilities(final)
    inner = wrapped(teacher)
    if inner is None or not _passes_methods_on(type(teacher)):
        return teacher
    return _lacks_probabilities(inner)


def _lacks_votes(vote: VotingClassifier) -> bool:
    """Return whether some member of a vote will have no probabilities to average."""
    members = [final_step(part) for _, part in vote.estimators if part != "drop"]
    return vote.voting == "hard" or not all(
        hasattr(part, "predict_proba") or isinstance(part, StackingClassifier)
        for part in members
    )


def _passes_methods_on(cls: type) -> bool:
    """Return whether a wrapper may have the methods of what it wraps, once fitted."""
    names = ("predict_proba", "decision_function", "__getattr__")
    return any(hasattr(cls, name) for name in names)
