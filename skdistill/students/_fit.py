"""Fitting a student on a target, whatever the student and the task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRequest, MetadataRouter

from skdistill._fitting import (
    final_step,
    is_estimator,
    supports_weight,
    weight_param,
    weight_refusal,
)
from skdistill._typing import Estimator, Table
from skdistill.students._domain import is_limited, within_domain
from skdistill.students._early_stopping import raise_for_pipeline
from skdistill.students._labels import LabelCoder
from skdistill.students._registry import find_adapter, registered_names
from skdistill.students._regressors import LogitStudent
from skdistill.students._wrapped import training_loss
from skdistill.targets import Target

__all__ = [
    "check_learns_target",
    "check_params",
    "fit_on_target",
    "labels_for",
    "resolve_class_weight",
]


def check_learns_target(student: Estimator, soften: str) -> None:
    """Raise, before any work is done, if a student cannot learn a target of classes.

    Parameters
    ----------
    student : estimator
        Unfitted.
    soften : {"teacher", "both"}
        Whose logits are tempered.

    Raises
    ------
    ValueError
        If it is neither a classifier that can be trained on the target, nor a
        regressor, which learns the logits; or if it cannot temper its own logits.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.students import check_learns_target
    >>> check_learns_target(DecisionTreeClassifier(), "teacher")
    """
    adapter = find_adapter(student)
    if soften == "both" and not adapter.tempers_student:
        known = " or ".join(registered_names(lambda other: other.tempers_student))
        raise ValueError(
            "soften='both' needs a student that is trained by the gradient of its "
            f"loss: {known}. Got {student!r}. Use soften='teacher', which any student "
            "can learn."
        )
    if is_regressor(student):
        _check_learns_logits(student)
        return
    if adapter.learns_natively(final_step(student)):
        return
    if is_classifier(student):
        _check_splits_nothing(student)
        if supports_weight(student):
            return
    raise ValueError(
        "The student of a DistilledClassifier must be a classifier whose fit takes "
        f"sample_weight, or a regressor. Got {student!r}, which is "
        + (_without_weight(student) if is_classifier(student) else "neither.")
        + " Distributions over classes are learned through weighted duplicates of the "
        "samples; a regressor learns the teacher's logits instead."
    )


def _check_learns_logits(student: Estimator) -> None:
    """Raise if a regressor takes no negative target, or would not learn its mean."""
    loss = training_loss(student)
    reasons = {
        "takes only some numbers as targets": is_limited(student),
        f"has another loss, {loss.name}": loss.kind == "several"
        or loss.level not in (None, 0.5),
    }
    found = [reason for reason, holds in reasons.items() if holds]
    if found:
        raise ValueError(
            "A regressor as student of a DistilledClassifier learns the teacher's "
            "logits, which may be any numbers. Got "
            f"{student!r}, which {found[0]}. Use a regressor of squared loss, or a "
            "classifier."
        )


def check_params(student: Estimator, soften: str, *, n_classes: int) -> None:
    """Raise, before any work is done, if a target would undo a student's parameters.

    Parameters
    ----------
    student : estimator
        Unfitted. The estimators that it holds are checked too.
    soften : {"teacher", "both"}
        Whose logits are tempered.
    n_classes : int
        The number of classes of the target; 0 for one of values.

    Raises
    ------
    ValueError
        If a parameter could not do what it says.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill.students import check_params
    >>> check_params(Ridge(), "teacher", n_classes=0)
    """
    final = final_step(student)
    held = filter(is_estimator, final.get_params().values())
    for part in (final, *held):
        if not isinstance(part, Pipeline):  # Its steps are held too.
            find_adapter(part).check_params(
                part, soften, n_classes=n_classes, is_wrapped=part is not final
            )


def _without_weight(student: Estimator) -> str:
    reason = weight_refusal(student, to_all=True)
    return f"without sample_weight: one {reason}."


def _check_splits_nothing(student: Estimator) -> None:
    """Raise if the student would validate a sample's duplicates by others of it."""
    found = next(_ways_to_split(final_step(student)), None)
    if found is not None:
        known = ", ".join(registered_names(lambda other: other.trains_natively))
        raise ValueError(
            "A student that learns from weighted duplicates of the samples must not "
            "split its training rows: duplicates of one sample would fall on both "
            f"sides. Got {found} in {final_step(student)!r}. Search over the student's "
            "parameters outside (GridSearchCV over student__...), or take a student "
            f"that keeps samples whole: {known}."
        )


def _ways_to_split(student: Estimator) -> Iterator[str]:
    """Yield the ways in which a student and the estimators that it holds split."""
    held = filter(is_estimator, student.get_params().values())
    for part in (student, *held):
        if not isinstance(part, Pipeline):  # Its steps are held too.
            yield from find_adapter(part).ways_to_split(part)


def resolve_class_weight(student: Estimator, target: Target) -> None:
    """Set class_weight="balanced" to what it is for the labels.

    Duplicated samples and those of a transfer set would count as samples. Some students
    count the samples by their weights, as they do when they are fitted on labels.

    Parameters
    ----------
    student : estimator
        Unfitted; its parameter is changed in place.
    target : Target
        That of the training samples alone. One of values changes nothing.

    Raises
    ------
    ValueError
        If `class_weight` is another string.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skdistill.students import resolve_class_weight
    >>> from skdistill.targets import Target
    >>> student = LogisticRegression(class_weight="balanced")
    >>> target = Target.of_classes(
    ...     [0, 0, 0, 1], np.zeros((4, 2)), classes=["a", "b"], alpha=0.5
    ... )
    >>> resolve_class_weight(student, target)
    >>> student.class_weight["b"]
    np.float64(2.0)
    """
    if target.classes is not None:
        find_adapter(student).resolve_class_weight(student, _coded(student, target))


def fit_on_target(
    student: Estimator,
    X: Table,
    target: Target,
    fit_params: Mapping[str, Any] | None = None,
    eval_targets: Sequence[Target] = (),
) -> Estimator:
    """Fit a student on labels and teacher predictions, mixed in a target.

    Parameters
    ----------
    student : estimator
        Unfitted; of values a regressor, of classes a classifier, or a regressor, which
        learns the logits. Also as the last step of a Pipeline, whose other steps are
        fitted as usual. Its adapter knows how it is trained.
    X : array-like of shape (n_samples, n_features)
        The samples.
    target : Target
        What is learned, with the sample weights.
    fit_params : mapping of str to object, default=None
        Further parameters of the student's `fit`.
    eval_targets : sequence of Target, default=()
        The targets of the samples in ``fit_params["eval_set"]``, for students of
        classes that stop early by them.

    Returns
    -------
    student : fitted estimator
        The student given, or a `LogitStudent` or `ProbabilityStudent` that holds it.
        If the teacher has no part in the target, the student is fitted on the labels.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skdistill.students import fit_on_target
    >>> from skdistill.targets import Target
    >>> target = Target.of_values([0.0, 2.0], [1.0, 3.0], alpha=0.5)
    >>> fit_on_target(LinearRegression(), [[0.0], [1.0]], target).intercept_.round(6)
    np.float64(0.5)
    """
    fit_params = fit_params or {}
    adapter, of_classes = find_adapter(student), target.classes is not None
    if target.classes is not None and is_regressor(student):
        params = _with_weight(student, target, fit_params)
        return LogitStudent(student).fit_target(X, target.mixed, target.classes, params)
    if not of_classes:
        target = within_domain(student, target)
    is_hinted = target.hints is not None
    if not target.uses_teacher and not eval_targets and not is_hinted:
        y = labels_for(student, target)
        return student.fit(X, y, **_with_weight(student, target, fit_params))
    is_bounded = target.bound is not None
    by_last_step = of_classes or adapter.trains_natively or is_bounded or is_hinted
    if isinstance(student, Pipeline) and by_last_step:
        y = target.y if of_classes else adapter.mixed_values(student, target)
        return _fit_last_step(student, X, y, target, fit_params)
    if is_bounded:
        return adapter.fit_bounded(student, X, target, fit_params)
    targets = [_coded(student, part) for part in (target, *eval_targets)]
    return adapter.fit(student, X, targets[0], fit_params, targets[1:])


def labels_for(student: Estimator, target: Target) -> NDArray:
    """Return the labels of a target in which the teacher has no part.

    Parameters
    ----------
    student : estimator
        Or a Pipeline that ends in it.
    target : Target
        At alpha 0.

    Returns
    -------
    y : ndarray
        As the student takes them: values, classes or codes.
    """
    if target.classes is not None:
        return LabelCoder(student).encode(target.y)
    # Those of a transfer set may be what the loss does not take.
    return find_adapter(student).mixed_values(student, target)


def _with_weight(
    student: Estimator, target: Target, fit_params: Mapping[str, Any]
) -> dict[str, Any]:
    return weight_param(student, target.weight, part="student") | dict(fit_params)


def _coded(student: Estimator, target: Target) -> Target:
    """Return the target with classes that the student takes."""
    if target.classes is None or not LabelCoder(student).needs_codes:
        return target
    return replace(target, classes=np.arange(len(target.classes)))


def _fit_last_step(
    pipeline: Pipeline,
    X: Table,
    y: ArrayLike,
    target: Target,
    fit_params: Mapping[str, Any],
) -> Pipeline:
    """Fit a Pipeline whose last step learns the target, the others as usual."""
    name, student = pipeline.steps[-1]
    step = _LastStep(student, target)
    pipeline.steps[-1] = (name, step)
    try:
        pipeline.fit(X, y, **_with_weight(pipeline, target, fit_params))
    finally:
        pipeline.steps[-1] = (name, getattr(step, "estimator_", student))
    return pipeline


class _LastStep(BaseEstimator):
    """Stands in for the last step of a Pipeline while the Pipeline is fitted."""

    def __init__(self, estimator: Estimator, target: Target) -> None:
        self.estimator = estimator
        self.target = target

    def fit(
        self,
        X: Table,
        y: ArrayLike,
        sample_weight: NDArray | None = None,
        **fit_params: Any,
    ) -> Self:
        if "eval_set" in fit_params or "eval_X" in fit_params:
            raise_for_pipeline()
        target = replace(self.target, weight=sample_weight)
        self.estimator_ = fit_on_target(self.estimator, X, target, fit_params)
        return self

    def get_metadata_routing(self) -> MetadataRequest | MetadataRouter:
        return self.estimator.get_metadata_routing()

    def __sklearn_tags__(self) -> Tags:
        return get_tags(self.estimator)
