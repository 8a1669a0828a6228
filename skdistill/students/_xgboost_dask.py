"""XGBoost on the workers of a Dask cluster, with soft labels.

Of two classes the label is the probability of the second, which "binary:logistic"
takes: its gradient is that of the cross-entropy. Of more classes the labels are all
probabilities, a matrix that XGBoost's own objective of classes does not take. So the
trees are grown as those of a regression of as many outputs, by the gradient of the soft
labels, and the model's documented JSON is then given the name of the objective.
"""

import json
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skdistill._numerics import log_probability
from skdistill._optional import import_optional
from skdistill._typing import Estimator
from skdistill.students._loss import SoftLoss
from skdistill.targets import Target

if TYPE_CHECKING:
    import xgboost

__all__ = ["train_on_workers"]

# The loss on the samples of a worker: one for each of its matrices, as the workers of a
# cluster may be threads of one process.
_losses: "WeakKeyDictionary[xgboost.DMatrix, SoftLoss]" = WeakKeyDictionary()


def train_on_workers(
    student: Estimator,
    X: Any,
    mixed: Any,
    weight: Any,
    client: Any,
    intercept: float | list[float] | None = None,
) -> Estimator:
    """Train an XGBoost student by ``xgboost.dask.train``.

    Parameters
    ----------
    student : XGBModel
        Unfitted, to be fitted in place.
    X, mixed, weight, client
        As for `StudentAdapter.fit_distributed`.
    intercept : float or list of float, default=None
        What classes start from where the student has no `base_score`.

    Returns
    -------
    student : XGBModel
    """
    dask = import_optional("xgboost.dask", extra="dask")
    params, native = student.get_params(), student.get_xgb_params()
    n_classes = mixed.shape[1] if is_classifier(student) else 0
    objective = None
    if n_classes:
        native["objective"] = "binary:logistic" if n_classes == 2 else None
        if native["base_score"] is None:
            native["base_score"] = intercept
    if n_classes == 2:
        mixed = mixed[:, 1]
    elif n_classes:
        objective = _soft_objective
    rows = _matrix(dask, student)(
        client,
        X,
        mixed,
        weight=weight,
        missing=params["missing"],
        enable_categorical=params["enable_categorical"],
        feature_types=params["feature_types"],
    )
    trained = dask.train(
        client,
        native,
        rows,
        num_boost_round=student.get_num_boosting_rounds(),
        obj=objective,
        callbacks=params["callbacks"],
    )
    raw = trained["booster"].save_raw("json")
    student.load_model(_of_classes(raw, n_classes) if n_classes > 2 else raw)
    return student.set_params(**params | {"objective": student.objective})


def _matrix(dask: Any, student: Estimator) -> Any:
    """Return the kind of matrix that XGBoost's own estimators would take."""
    bins = student.tree_method in (None, "auto", "hist")
    if bins and student.booster != "gblinear":
        return dask.DaskQuantileDMatrix
    return dask.DaskDMatrix


def _soft_objective(
    logits: NDArray, rows: "xgboost.DMatrix"
) -> tuple[NDArray, NDArray]:
    """Return gradient and curvature of a worker's samples; their labels are soft."""
    loss = _losses.get(rows)
    if loss is None:
        aim = rows.get_label().reshape(rows.num_row(), -1)
        target = Target.of_classes(
            aim.argmax(axis=1),
            log_probability(aim),
            classes=np.arange(aim.shape[1]),
            alpha=1.0,
        )
        loss = _losses[rows] = SoftLoss(target, curvature=2.0)
    weight = rows.get_weight()
    return loss(logits, weight if weight.size else None)


def _of_classes(raw: bytearray, n_classes: int) -> bytearray:
    """Return a model of several outputs as one of as many classes."""
    document = json.loads(raw)
    learner = document["learner"]
    learner["objective"] = {
        "name": "multi:softprob",
        "softmax_multiclass_param": {"num_class": str(n_classes)},
    }
    learner["learner_model_param"] |= {"num_class": str(n_classes), "num_target": "1"}
    return bytearray(json.dumps(document), "utf-8")
