"""XGBoost by its own `train`, with soft labels, and the estimator made of it.

With two classes the label is the probability of the second, which "binary:logistic"
takes: its gradient is that of the cross-entropy. With more the labels are the matrix of
all probabilities, which XGBoost's own objective of classes does not take. So the trees
are grown as those of a regression of as many outputs, by the gradient of the soft
labels, and the model's documented JSON is then given the name of the objective.
"""

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from skdistill._numerics import log_probability
from skdistill._typing import Estimator
from skdistill.students._loss import SoftLoss
from skdistill.targets import Target

if TYPE_CHECKING:
    import xgboost

__all__ = ["NativeTraining", "takes_quantiles"]

# The loss on a matrix: workers of a cluster, with one each, may share a process.
_losses: "WeakKeyDictionary[xgboost.DMatrix, SoftLoss]" = WeakKeyDictionary()


class NativeTraining(NamedTuple):
    """How an XGBoost student is trained by ``train(params, rows, **options)``.

    Attributes
    ----------
    student : XGBModel
        Unfitted, to be fitted in place.
    n_classes : int
        How many there are; 0 for values.
    intercept : float, list of float or None, default=None
        What classes start from where the student has no `base_score`.
    """

    student: Estimator
    n_classes: int
    intercept: float | list[float] | None = None

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the booster."""
        native = self.student.get_xgb_params()
        if self.n_classes:
            is_binary = self.n_classes == 2
            native["objective"] = "binary:logistic" if is_binary else None
            if native["base_score"] is None:
                native["base_score"] = self.intercept
        return native

    @property
    def options(self) -> dict[str, Any]:
        """What else `train` is given."""
        return {
            "num_boost_round": self.student.get_num_boosting_rounds(),
            "obj": _soft_objective if self.n_classes > 2 else None,
            "callbacks": self.student.callbacks,
        }

    @property
    def matrix_params(self) -> dict[str, Any]:
        """What the matrix is given beside samples, labels and weights."""
        names = ("missing", "enable_categorical", "feature_types")
        params = self.student.get_params()
        return {name: params[name] for name in names}

    def labels(self, mixed: Any) -> Any:
        """Return the labels of the matrix: values, or probabilities of classes."""
        return mixed[:, 1] if self.n_classes == 2 else mixed

    def keep(self, booster: "xgboost.Booster") -> Estimator:
        """Return the student, fitted: with what was trained, and its own parameters."""
        raw, params = booster.save_raw("json"), self.student.get_params()
        if self.n_classes > 2:
            raw = _of_classes(raw, self.n_classes)
        self.student.load_model(raw)
        return self.student.set_params(**params | {"objective": self.student.objective})


def takes_quantiles(student: Estimator) -> bool:
    """Return whether XGBoost's own estimator would bin the samples before it trains."""
    bins = student.tree_method in (None, "auto", "hist")
    return bins and student.booster != "gblinear"


def _soft_objective(
    logits: NDArray, rows: "xgboost.DMatrix"
) -> tuple[NDArray, NDArray]:
    """Return gradient and curvature of a matrix of samples; their labels are soft."""
    loss = _losses.get(rows)
    if loss is None:
        aim = rows.get_label().reshape(rows.num_row(), -1)
        target = Target.of_classes(
            aim.argmax(axis=1),
            log_probability(aim),
            classes=np.arange(aim.shape[1]),
            alpha=1.0,
        )
        loss = _losses[rows] = SoftLoss(target, curvature=2.0, overwrites=True)
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
