"""LightGBM learns soft labels by its own objective's gradient on softer labels.

LightGBM forgets its objective when it is given a gradient, and does not start from the
labels' shares. Both are put back after training: the start is added to the leaves of
the first trees, where LightGBM itself would have put it, and the objective is named in
the model's text. The fitted student is then what a plain fit leaves.
"""

from functools import partial
from typing import Any

import numpy as np

from skdistill.students._copies import fit_on_copies
from skdistill.students._early_stopping import NAME, check_one_eval_set, soft_log_loss
from skdistill.students._loss import SoftLoss

__all__ = ["fit_lightgbm"]


def fit_lightgbm(
    student, X, labels, classes, *, y, sample_weight, fit_params, eval_labels=None
):
    """Fit an LGBMClassifier; see `skdistill.students.register`."""
    params = student.get_params()
    # LightGBM drops features that cannot be split, and trains no gradient without any.
    too_few = len(y) < 2 * params["min_child_samples"] and labels.soften == "teacher"
    if too_few or not _is_native(params, labels):
        return fit_on_copies(
            student,
            X,
            labels,
            classes,
            y=y,
            sample_weight=sample_weight,
            fit_params=fit_params,
        )
    n_classes = len(classes)
    # K / (K - 1) is LightGBM's own factor, after Friedman's multi-class boosting.
    curvature = 1.0 if n_classes == 2 else n_classes / (n_classes - 1)
    start = _start(labels.mixed, sample_weight)
    loss = SoftLoss(labels, curvature=curvature, start=start)
    while_fitting: dict[str, Any] = {"objective": partial(_objective, loss)}
    if eval_labels:
        held_out = check_one_eval_set(eval_labels)
        while_fitting["metric"] = "None"
        if "eval_y" in fit_params:  # LightGBM encodes the labels of eval_set alone.
            fit_params = fit_params | {"eval_y": held_out.codes}
        judge = partial(_judge, held_out.mixed, start)
        fit_params = fit_params | {"eval_metric": judge}
    student.set_params(**while_fitting)
    student.fit(X, y, sample_weight=sample_weight, **fit_params)
    student.set_params(**{name: params.get(name) for name in while_fitting})
    _put_back(student, start, n_classes)
    return student


def _is_native(params, labels):
    """Tell whether the gradient route is exact; else weighted copies are."""
    obstacles = {
        "class_weight": params["class_weight"] is not None,
        "is_unbalance": bool(params.get("is_unbalance", False)),
        "scale_pos_weight": params.get("scale_pos_weight", 1) != 1,
        "boosting_type": params["boosting_type"] not in ("gbdt", "goss"),
        "objective": params["objective"] not in (None, "binary", "multiclass"),
        # Such leaves predict more than their value, to which the start is added.
        "linear_tree": bool(params.get("linear_tree") or params.get("linear_trees")),
    }
    names = [name for name, stands in obstacles.items() if stands]
    if names and labels.soften == "both":
        values = ", ".join(f"{name}={params.get(name)!r}" for name in names)
        raise ValueError(
            "A LightGBM student can temper its own logits (soften='both') only with "
            f"these parameters at their defaults. Got {values}. Use soften='teacher'."
        )
    return not names


def _objective(loss, y_true, y_pred, weight):
    parts = loss(y_pred.reshape(len(y_true), -1), weight)
    return parts if y_pred.ndim == 2 else tuple(part[:, 0] for part in parts)


def _judge(target, start, y_true, y_pred, weight):
    return NAME, soft_log_loss(target, y_pred + start, weight), False


def _start(mixed, sample_weight):
    """Return the logits that fit the shares of the classes: where LightGBM starts."""
    share = np.average(mixed, axis=0, weights=sample_weight)
    logits = np.log(np.maximum(share, 1e-15))
    return logits[1:] - logits[:1] if len(share) == 2 else logits


def _put_back(student, start, n_classes):
    """Add the start to the first trees and name the objective, as LightGBM would."""
    import lightgbm

    booster = student.booster_
    first = booster.dump_model(start_iteration=0, num_iteration=1)["tree_info"]
    for tree, logit in enumerate(start):
        for leaf in range(first[tree]["num_leaves"]):
            value = booster.get_leaf_output(tree, leaf)
            booster.set_leaf_output(tree, leaf, value + logit)
    name = "binary" if n_classes == 2 else "multiclass"
    line = "binary sigmoid:1" if n_classes == 2 else f"multiclass num_class:{n_classes}"
    head, names, tail = booster.model_to_string(num_iteration=-1).partition(
        "\nfeature_names="
    )
    named = lightgbm.Booster(model_str=f"{head}\nobjective={line}{names}{tail}")
    named.best_iteration, named.best_score = booster.best_iteration, booster.best_score
    student._Booster, student._objective = named, name
