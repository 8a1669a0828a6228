"""LightGBM: its own objective's gradient on mixed targets, and leaves set in the model.

LightGBM forgets its objective when it is given a gradient, and does not start from the
labels' frequencies. Both are put back after training: the start is added to the leaves
of the first trees, where LightGBM itself would have put it, and the objective is named
in the model's text. The fitted student is then what a fit on labels leaves.

Leaves are counted in the model's text and set by `set_leaf_output`. The constant part
is in the leaves of the first trees. Random forest mode takes the mean over the rounds
instead of their sum.
"""

import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter, ValueCounts
from skdistill.students._early_stopping import NAME, check_one_eval_set, soft_log_loss
from skdistill.students._leaves import LeafModel, check_objective
from skdistill.students._loss import SoftLoss
from skdistill.students._registry import register
from skdistill.students._training_loss import LossWord
from skdistill.targets import Target

__all__ = ["LightGBMClassifierLeaves", "LightGBMRegressorLeaves"]

# With LightGBM's other names for them.
_ALLOWED: dict[str, list[Any]] = {
    "linear_tree": [False],
    "linear_trees": [False],
    "monotone_constraints": [None],
    "monotone_constraint": [None],
    "monotonic_cst": [None],
    "mc": [None],
}


class _LightGBMLeaves(LeafModel):
    """The contribution of a leaf is its value, or its part of the mean."""

    # How the model's text names the objective.
    objectives: tuple[str, ...]

    def __init__(self, model: Estimator) -> None:
        super().__init__(model)
        text = model.booster_.model_to_string()  # Up to the best iteration.
        found = re.search(r"\nobjective=(.*)\n", text)
        check_objective(model, found[1] if found else "unknown", self.objectives)
        self.sizes = _tree_sizes(text)
        self.n_outputs = model.booster_.num_model_per_iteration()
        if self.n_outputs > 1:
            self.outputs = np.arange(len(self.sizes)) % self.n_outputs
        n_rounds = len(self.sizes) // self.n_outputs
        self._scale = n_rounds if "\naverage_output\n" in text else 1

    def raw(self, X: Table) -> NDArray:
        # The raw score is a sum in random forest mode too.
        return self.model.predict(X, raw_score=True) / self._scale

    def leaves(self, X: Table) -> NDArray:
        leaves = self.model.predict(X, pred_leaf=True)
        return np.reshape(leaves, (len(leaves), -1)).astype(np.intp)

    def corrected(self, correction: NDArray) -> Estimator:
        # A Booster's own deepcopy forgets the best iteration, its pickle does not.
        booster = pickle.loads(pickle.dumps(self.model.booster_))
        changes = self.by_tree(self._scale * correction[:, 0])
        for tree, change in enumerate(changes):
            for leaf, by in enumerate(change):
                value = booster.get_leaf_output(tree, leaf) + by
                booster.set_leaf_output(tree, leaf, value)
        return deepcopy(self.model, {id(self.model.booster_): booster})


class LightGBMRegressorLeaves(_LightGBMLeaves):
    """LGBMRegressor with squared loss."""

    loss = "squared"
    objectives = ("regression",)
    allowed: ClassVar[dict] = {
        "objective": [
            *(None, "regression", "regression_l2", "l2", "mean_squared_error", "mse"),
            *("l2_root", "root_mean_squared_error", "rmse"),
        ],
        "reg_sqrt": [False],
        **_ALLOWED,
    }


class LightGBMClassifierLeaves(_LightGBMLeaves):
    """LGBMClassifier with log loss."""

    loss = "log"
    objectives = ("binary sigmoid:1", r"multiclass num_class:\d+")
    allowed: ClassVar[dict] = {
        "objective": [None, "binary", "multiclass", "softmax"],
        "sigmoid": [1],
        **_ALLOWED,
    }


# With LightGBM's other names for them, and its default level.
_ABSOLUTE, _RANKS = LossWord("quantile", 0.5), LossWord("several")
_LOSSES = {
    "quantile": LossWord("quantile", 0.9, ("alpha",)),
    **dict.fromkeys(("regression_l1", "l1", "mean_absolute_error", "mae"), _ABSOLUTE),
    **dict.fromkeys(("huber", "fair"), LossWord("robust")),
    **dict.fromkeys(("mape", "mean_absolute_percentage_error"), LossWord("other")),
    **dict.fromkeys(("lambdarank", "rank_xendcg", "xendcg", "xe_ndcg"), _RANKS),
    **dict.fromkeys(("xe_ndcg_mart", "xendcg_mart"), _RANKS),
}


class LightGBMAdapter(StudentAdapter):
    """What all estimators of LightGBM share: loss, size and stages."""

    loss_params = ("objective", "objective_type", "app", "application", "loss")
    losses = _LOSSES
    bounded_losses = frozenset(
        {"cross_entropy", "xentropy", "cross_entropy_lambda", "xentlambda", "binary"}
    )

    def __init__(self, leaves: type[LeafModel] | None = None) -> None:
        self.leaves = leaves

    def count_values(self, model: Estimator) -> ValueCounts:
        # Those of the trees that predict: they end at the best iteration.
        return ValueCounts(leaves=sum(_tree_sizes(model.booster_.model_to_string())))

    def stages(
        self, model: Estimator, X: Table, method: str
    ) -> Iterator[NDArray] | None:
        predict = getattr(model, method, None)
        if predict is None:
            return None
        n_rounds = model.best_iteration_ or model.booster_.current_iteration()
        return (predict(X, num_iteration=n) for n in range(1, n_rounds + 1))


class LightGBMClassifierAdapter(LightGBMAdapter):
    """LGBMClassifier learns by the gradient of its loss, where that is exact."""

    trains_natively = True
    tempers_student = True

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        params = student.get_params()
        # LightGBM drops features that cannot be split, and trains no gradient without.
        few = len(target.labels) < 2 * params["min_child_samples"]
        if (few and target.soften == "teacher") or not _is_native(params, target):
            return super().fit(student, X, target, fit_params)
        n_classes = target.teacher.shape[1]
        # K / (K - 1) is LightGBM's own factor, after Friedman's multi-class boosting.
        curvature = 1.0 if n_classes == 2 else n_classes / (n_classes - 1)
        start = _start(target.mixed, target.weight)
        loss = SoftLoss(target, curvature=curvature, start=start)
        while_fitting: dict[str, Any] = {"objective": partial(_objective, loss)}
        given = dict(fit_params)
        if eval_targets:
            held_out = check_one_eval_set(eval_targets)
            while_fitting["metric"] = "None"
            given["eval_metric"] = partial(_judge, held_out.mixed, start)
            if "eval_y" in given:  # LightGBM encodes the labels of eval_set alone.
                given["eval_y"] = held_out.labels
        student.set_params(**while_fitting)
        student.fit(X, target.y, sample_weight=target.weight, **given)
        student.set_params(**{name: params.get(name) for name in while_fitting})
        _put_back(student, start, n_classes)
        return student


def _is_native(params: dict[str, Any], target: Target) -> bool:
    """Return whether training by the gradient is exact; else samples are duplicated."""
    reasons = {
        "class_weight": params["class_weight"] is not None,
        "is_unbalance": bool(params.get("is_unbalance", False)),
        "scale_pos_weight": params.get("scale_pos_weight", 1) != 1,
        "boosting_type": params["boosting_type"] not in ("gbdt", "goss"),
        "objective": params["objective"] not in (None, "binary", "multiclass"),
        # Such leaves predict more than their value, to which the start is added.
        "linear_tree": bool(params.get("linear_tree") or params.get("linear_trees")),
    }
    names = [name for name, stands in reasons.items() if stands]
    if names and target.soften == "both":
        values = ", ".join(f"{name}={params.get(name)!r}" for name in names)
        raise ValueError(
            "A LightGBM student can temper its own logits (soften='both') only with "
            f"these parameters at their defaults. Got {values}. Use soften='teacher'."
        )
    return not names


def _objective(
    loss: SoftLoss, y_true: NDArray, y_pred: NDArray, weight: NDArray | None
) -> tuple[NDArray, NDArray]:
    gradient, curvature = loss(y_pred.reshape(len(y_true), -1), weight)
    if y_pred.ndim == 2:
        return gradient, curvature
    return gradient[:, 0], curvature[:, 0]


def _judge(
    target: NDArray,
    start: NDArray,
    y_true: NDArray,
    y_pred: NDArray,
    weight: NDArray | None,
) -> tuple[str, float, bool]:
    return NAME, soft_log_loss(target, y_pred + start, weight), False


def _start(mixed: NDArray, weight: NDArray | None) -> NDArray:
    """Return the logits that fit the classes' frequencies: where LightGBM starts."""
    frequency = np.average(mixed, axis=0, weights=weight)
    logits = np.log(np.maximum(frequency, 1e-15))
    return logits[1:] - logits[:1] if len(frequency) == 2 else logits


def _put_back(student: Estimator, start: NDArray, n_classes: int) -> None:
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


def _tree_sizes(text: str) -> list[int]:
    """Read from a model's text how many leaves each of its trees has."""
    return [int(size) for size in re.findall(r"\nnum_leaves=(\d+)\n", text)]


register("lightgbm.sklearn.LGBMModel", LightGBMAdapter())
register("lightgbm.sklearn.LGBMRegressor", LightGBMAdapter(LightGBMRegressorLeaves))
register(
    "lightgbm.sklearn.LGBMClassifier",
    LightGBMClassifierAdapter(LightGBMClassifierLeaves),
)
