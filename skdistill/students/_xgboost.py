"""XGBoost learns soft labels by its own objective's gradient on softer labels.

The booster keeps its objective, "binary:logistic" or "multi:softprob", so a fitted
student predicts, saves and loads as any other. XGBoost takes 2 q (1 - q) as curvature
for several classes, and starts from the intercept that fits the labels' shares.
"""

from functools import partial
from typing import Any

import numpy as np
from sklearn.utils.fixes import parse_version

from skdistill.students._early_stopping import NAME, check_one_eval_set, soft_log_loss
from skdistill.students._loss import SoftLoss

__all__ = ["fit_xgboost"]

_OBJECTIVES = ("binary:logistic", "multi:softprob", "multi:softmax")


def fit_xgboost(
    student, X, labels, classes, *, y, sample_weight, fit_params, eval_labels=None
):
    """Fit an XGBClassifier or XGBRFClassifier; see `skdistill.students.register`."""
    params = student.get_params()
    _check(params)
    binary = len(classes) == 2
    loss = SoftLoss(labels, curvature=1.0 if binary else 2.0)
    while_fitting: dict[str, Any] = {"objective": partial(_objective, loss)}
    if params["base_score"] is None:
        while_fitting["base_score"] = _intercept(labels.mixed, sample_weight)
    if eval_labels:  # XGBoost takes codes alone, here too.
        coded = [
            (X_eval, held_out.codes)
            for (X_eval, _), held_out in zip(
                fit_params["eval_set"], eval_labels, strict=True
            )
        ]
        fit_params = fit_params | {"eval_set": coded}
        if params["eval_metric"] is None:
            while_fitting["eval_metric"] = _judge(check_one_eval_set(eval_labels).mixed)
            while_fitting["disable_default_eval_metric"] = 1
    student.set_params(**while_fitting)
    student.fit(X, labels.codes, sample_weight=sample_weight, **fit_params)
    # What a plain fit leaves: the user's parameters, and the objective by name.
    student.set_params(**{name: params.get(name) for name in while_fitting})
    return student.set_params(
        objective="binary:logistic" if binary else "multi:softprob"
    )


def _objective(loss, y_true, y_pred, sample_weight=None):
    return loss(np.asarray(y_pred).reshape(len(y_true), -1), sample_weight)


def _judge(target):
    def judge(y_true, y_pred):
        return soft_log_loss(target, np.asarray(y_pred).reshape(len(y_true), -1))

    judge.__name__ = NAME
    return judge


def _check(params):
    if params["objective"] not in (None, *_OBJECTIVES):
        raise ValueError(
            "An XGBoost student of a DistilledClassifier must have one of the "
            f"objectives {_OBJECTIVES}. Got {params['objective']!r}. Leave the "
            "objective out: soft labels need the cross-entropy."
        )
    if params.get("scale_pos_weight") not in (None, 1):
        raise ValueError(
            "An XGBoost student of a DistilledClassifier must leave scale_pos_weight "
            f"at 1. Got {params['scale_pos_weight']!r}. Pass sample_weight to fit "
            "instead: it reaches teacher and student alike."
        )


def _intercept(mixed, sample_weight):
    """Return what XGBoost would start from, had the labels these shares."""
    import xgboost

    share = np.average(mixed, axis=0, weights=sample_weight)
    if len(share) == 2:
        return float(np.clip(share[1], 1e-6, 1 - 1e-6))
    if parse_version(xgboost.__version__) < parse_version("3.1"):
        return 0.5  # One number for all classes, which cancels in the softmax.
    logits = np.log(np.maximum(share, 1e-6))
    return (logits - logits.mean()).tolist()
