"""Which way a student learns soft labels."""

from typing import Any

from numpy.typing import NDArray
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.ensemble import GradientBoostingClassifier, StackingClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from skdistill._fitting import (
    LabelCoder,
    final_step,
    supports_weight,
    weight_param,
)
from skdistill._typing import Estimator, Table
from skdistill.students._copies import fit_on_copies
from skdistill.students._registry import find_route
from skdistill.students._regressors import LogitStudent
from skdistill.targets import SoftLabels

__all__ = ["check_learns_soft_labels", "fit_soft_labels"]


def check_learns_soft_labels(student: Estimator, soften: str) -> None:
    """Raise, before any work is done, if no way of learning fits the student."""
    route = find_route(student)
    if soften == "both" and not (route and route.tempers_student):
        raise ValueError(
            "soften='both' needs a student that is trained by the gradient of its "
            f"loss: XGBClassifier or LGBMClassifier. Got {student!r}. Use "
            "soften='teacher', which any student can learn."
        )
    if route or is_regressor(student):
        return
    if is_classifier(student) and supports_weight(student):
        _check_splits_nothing(student)
        return
    raise ValueError(
        "The student of a DistilledClassifier must be a classifier whose fit takes "
        f"sample_weight, or a regressor. Got {student!r}, which is "
        + ("without sample_weight." if is_classifier(student) else "neither.")
        + " Soft labels are learned through weighted copies of the rows; a regressor "
        "learns the teacher's logits instead."
    )


def _check_splits_nothing(student):
    """Raise if the student would validate a row's copies by other copies of it."""
    final = final_step(student)
    held = (part for part in final.get_params().values() if hasattr(part, "fit"))
    found = [what for part in (final, *held) for what in _ways_to_split(part)]
    if found:
        raise ValueError(
            "A student that learns soft labels through weighted copies of the rows "
            "must not split its training rows: copies of one row would fall on both "
            f"sides. Got {found[0]} in {final!r}. Search over the student's parameters "
            "outside (GridSearchCV over student__...), or take a student that stops "
            "early by whole rows: HistGradientBoostingClassifier, MLPClassifier, "
            "XGBoost, LightGBM."
        )


def _ways_to_split(estimator):
    """Return by what an estimator, apart from those it holds, splits its rows."""
    name, params = type(estimator).__name__, estimator.get_params(deep=False)
    splits = {
        name: name.endswith("CV") or isinstance(estimator, StackingClassifier),
        "early_stopping=True": params.get("early_stopping", False) is True,
        "n_iter_no_change": isinstance(estimator, GradientBoostingClassifier)
        and estimator.n_iter_no_change is not None,
        "oob_score": bool(params.get("oob_score")),
        # Platt's scaling of a support vector machine is cross-validated.
        "probability=True": params.get("probability", False) is True,
    }
    return [what for what, does in splits.items() if does]


def fit_soft_labels(
    student: Estimator,
    X: Table,
    y: NDArray,
    labels: SoftLabels,
    classes: NDArray,
    *,
    sample_weight: NDArray | None = None,
    fit_params: dict[str, Any] | None = None,
    eval_labels: list[SoftLabels] | None = None,
) -> Estimator:
    """Fit a student on probabilities instead of labels.

    Parameters
    ----------
    student : estimator
        Unfitted. A classifier, or a regressor, which learns the logits; also as the
        last step of a Pipeline, whose other steps are fitted as usual.
    X : array-like of shape (n_samples, n_features)
        The rows.
    y : array-like of shape (n_samples,)
        The labels.
    labels : SoftLabels
        The soft labels.
    classes : ndarray of shape (n_classes,)
        The labels of the columns.
    sample_weight : ndarray of shape (n_samples,), default=None
        Row weights.
    fit_params : dict, default=None
        Further per-row parameters of the student's `fit`.
    eval_labels : list of SoftLabels, default=None
        The soft labels of the rows in ``fit_params["eval_set"]``, for the native
        routes, which stop early by them.

    Returns
    -------
    student : fitted estimator
    """
    fit_params = fit_params or {}
    plain = not labels.alpha.any() and not eval_labels
    if is_regressor(student) or plain or isinstance(student, Pipeline):
        fit_params = weight_param(student, sample_weight, part="student") | fit_params
    if is_regressor(student):
        return LogitStudent(student).fit_target(X, labels.mixed, classes, fit_params)
    if plain:
        return student.fit(X, LabelCoder(student).encode(y), **fit_params)
    if isinstance(student, Pipeline):
        return _fit_last_step(student, X, y, labels, classes, fit_params)
    route = find_route(student)
    judged = {"eval_labels": eval_labels} if eval_labels and route else {}
    return (route.fit if route else fit_on_copies)(
        student,
        X,
        labels,
        classes,
        y=y,
        sample_weight=sample_weight,
        fit_params=fit_params,
        **judged,
    )


def _fit_last_step(pipeline, X, y, labels, classes, fit_params):
    """Fit a Pipeline whose last step learns the soft labels, the others as usual."""
    name, student = pipeline.steps[-1]
    step = _SoftStep(student, labels, classes)
    pipeline.steps[-1] = (name, step)
    pipeline.fit(X, y, **fit_params)
    pipeline.steps[-1] = (name, step.estimator_)
    return pipeline


class _SoftStep(BaseEstimator):
    """Stands in for the last step of a Pipeline while the Pipeline is fitted."""

    def __init__(self, estimator, labels, classes):
        self.estimator = estimator
        self.labels = labels
        self.classes = classes

    def fit(self, X, y, sample_weight=None, **fit_params):
        if "eval_set" in fit_params or "eval_X" in fit_params:
            raise ValueError(
                "A student in a Pipeline takes no eval_set: its rows would not pass "
                "through the other steps. Put these steps before the distilled model: "
                "make_pipeline(steps, DistilledClassifier(...))."
            )
        self.estimator_ = fit_soft_labels(
            self.estimator,
            X,
            y,
            self.labels,
            self.classes,
            sample_weight=sample_weight,
            fit_params=fit_params,
        )
        return self

    def get_metadata_routing(self):
        return self.estimator.get_metadata_routing()

    def __sklearn_tags__(self):
        return get_tags(self.estimator)
