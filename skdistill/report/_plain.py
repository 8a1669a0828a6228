"""The plain student to compare with, and the scores to compare by."""

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import get_scorer
from sklearn.utils.validation import check_is_fitted

from skdistill._sklearn import routing_enabled
from skdistill._typing import Estimator
from skdistill.inspect import Parts
from skdistill.metrics._probabilities import negated_log_loss

__all__ = ["check_plain", "fit_plain", "name_scorers"]


def fit_plain(parts: Parts, train: tuple) -> Estimator:
    """Fit the plain student, as the distilled model does at alpha 0.

    The teacher then has no part in the target, so one that knows nothing serves.
    """
    teacher = DummyRegressor() if parts.classes is None else DummyClassifier()
    if routing_enabled():
        teacher.set_fit_request(sample_weight=True)
    plain = clone(parts.model).set_params(
        teacher=teacher,
        alpha=0.0,
        temperature=1.0,
        cross_fit=False,
        transfer=None,
        refine=None,
        memory=None,
        verbose=0,
    )
    return plain.fit(*train)


def check_plain(parts: Parts, plain: Estimator) -> None:
    """Raise unless a given plain student is fitted, and for the same task."""
    check_is_fitted(plain)
    if is_classifier(plain) != (parts.classes is not None):
        task = "a regressor" if parts.classes is None else "a classifier"
        raise ValueError(
            f"plain must be {task}, as the distilled model is. Got "
            f"{type(plain).__name__}. Pass the student fitted on the labels alone, or "
            "the training rows as train=(X_train, y_train)."
        )


def name_scorers(scoring: Any, parts: Parts, plain: Estimator) -> dict[str, Callable]:
    """Return the scorers by their names; greater is better for all."""
    if scoring is None:
        if parts.classes is None:
            scoring = ["r2", "neg_mean_absolute_error"]
        else:
            scoring = {"accuracy": "accuracy"}
            if parts.has_probabilities and hasattr(plain, "predict_proba"):
                scoring["neg_log_loss"] = negated_log_loss
    if isinstance(scoring, str) or callable(scoring):
        scoring = [scoring]
    if not isinstance(scoring, Mapping):
        scoring = _by_name(scoring)
    if not scoring:
        raise ValueError(
            "scoring must name one score at least. Got none. Leave it out for the "
            "default."
        )
    return {name: get_scorer(score) for name, score in scoring.items()}


def _by_name(scores):
    named: dict[str, Any] = {}
    for score in scores:
        name = _name(score)
        if name in named:
            raise ValueError(
                f"scoring must hold scores of different names. Got two of {name!r}. "
                "Pass a dict that names each."
            )
        named[name] = score
    return named


def _name(score):
    if isinstance(score, str):
        return score
    metric = getattr(score, "_score_func", score)
    return getattr(metric, "__name__", type(metric).__name__)
