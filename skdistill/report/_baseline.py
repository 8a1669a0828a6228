"""The baseline student to compare with, and the scores to compare by."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import get_scorer
from sklearn.utils.validation import check_is_fitted

from skdistill._sklearn import metric_of, routing_enabled
from skdistill._typing import Estimator
from skdistill.distilled import student_of
from skdistill.inspect import Parts
from skdistill.metrics import negated_log_loss
from skdistill.students import training_loss

__all__ = ["check_baseline", "fit_baseline", "name_scorers"]


def fit_baseline(
    parts: Parts,
    train: tuple[Any, ...],
    tuned: Mapping[str, Any] = MappingProxyType({}),
) -> Estimator:
    """Fit the baseline student, as the distilled model does at alpha 0.

    The teacher then has no part in the target, so a dummy serves. The parameters that
    were `tuned` are those that were found on the labels.
    """
    teacher = DummyRegressor() if parts.classes is None else DummyClassifier()
    if routing_enabled():
        teacher.set_fit_request(sample_weight=True)
    baseline = clone(parts.model).set_params(
        teacher=teacher,
        alpha=0.0,
        temperature=1.0,
        cross_fit=False,
        calibrate=None,
        on_poor_teacher="ignore",
        teacher_input=None,
        transfer=None,
        refine=None,
        memory=None,
        verbose=0,
    )
    baseline.set_params(**tuned)
    return baseline.fit(*train)


def check_baseline(parts: Parts, baseline: Estimator) -> None:
    """Raise unless a given baseline student is fitted, and for the same task."""
    check_is_fitted(baseline)
    if is_classifier(baseline) != (parts.classes is not None):
        task = "a regressor" if parts.classes is None else "a classifier"
        raise ValueError(
            f"baseline must be {task}, as the distilled model is. Got "
            f"{type(baseline).__name__}. Pass the student fitted on the labels alone, "
            "or the training samples as train=(X_train, y_train)."
        )


def name_scorers(
    scoring: Any, parts: Parts, baseline: Estimator, model: Estimator
) -> dict[str, Callable]:
    """Return the scorers by their names; greater is better for all.

    By default that which decided comes first: the search's, or the loss of a student
    that does not learn the mean.
    """
    if scoring is None:
        scoring = _deciding(model, parts) | _usual(parts, baseline, model)
    if isinstance(scoring, str) or callable(scoring):
        scoring = [scoring]
    if not isinstance(scoring, Mapping):
        scoring = _by_name(scoring)
    if not scoring:
        raise ValueError(
            "scoring must name at least one score. Got none. Leave it out for the "
            "default."
        )
    return {name: get_scorer(score) for name, score in scoring.items()}


def _deciding(model: Estimator, parts: Parts) -> dict[str, Any]:
    """Return the scorer by which the model was chosen, if it was told one."""
    asked, refit = getattr(model, "scoring", None), getattr(model, "refit", None)
    if isinstance(refit, str) and not callable(asked):
        return {refit: asked[refit] if isinstance(asked, Mapping) else refit}
    if isinstance(asked, str) or (callable(asked) and not isinstance(refit, str)):
        return {_name(asked): asked}
    if parts.classes is not None:
        return {}
    own = training_loss(student_of(parts.model)).scorer()
    return {} if own is None else {f"neg_{_name(own)}": own}


def _usual(parts: Parts, baseline: Estimator, model: Estimator) -> dict[str, Any]:
    """Return the scorers of the task; those that searches choose by come first."""
    if parts.classes is None:
        names = ["r2", "neg_mean_absolute_error"]
        return {name: name for name in names}
    usual: dict[str, Any] = {"accuracy": "accuracy"}
    if parts.has_probabilities and hasattr(baseline, "predict_proba"):
        loss = {"neg_log_loss": negated_log_loss}
        return loss | usual if hasattr(model, "frontier_") else usual | loss
    return usual


def _by_name(scores: Iterable[str | Callable]) -> dict[str, str | Callable]:
    """Return the scores by their names, which must differ."""
    named: dict[str, str | Callable] = {}
    for score in scores:
        name = _name(score)
        if name in named:
            raise ValueError(
                f"scoring must hold scores of different names. Got two of {name!r}. "
                "Pass a dict that names each."
            )
        named[name] = score
    return named


def _name(score: str | Callable) -> str:
    if isinstance(score, str):
        return score
    metric = metric_of(score)
    return getattr(metric, "__name__", type(metric).__name__)
