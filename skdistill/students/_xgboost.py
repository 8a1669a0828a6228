"""XGBoost: its own objective's gradient on mixed targets, and trees in its JSON.

The booster keeps its objective, "binary:logistic" or "multi:softprob", so a fitted
student predicts, saves and loads as any other. XGBoost takes 2 q (1 - q) as curvature
for several classes, and starts from the intercept that fits the labels' frequencies.
The weight of the second of two classes goes into the target.

Trees are read from and written to the model's documented JSON. A leaf's value stands in
`split_conditions`, in single precision. DART multiplies it by the `weight_drop` of its
tree.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import loguniform
from sklearn.base import is_regressor
from sklearn.utils.fixes import parse_version

from skdistill._numerics import log_probability
from skdistill._typing import Estimator, Table
from skdistill.students._bounded import BoundedLoss
from skdistill.students._class_weight import multiply_classes
from skdistill.students._counts import ValueCounts
from skdistill.students._early_stopping import NAME, check_one_eval_set, soft_log_loss
from skdistill.students._leaves import (
    CutTree,
    LeafModel,
    LeafNodes,
    check_objective,
)
from skdistill.students._loss import SoftLoss
from skdistill.students._piecewise import Blocks
from skdistill.students._registry import register
from skdistill.students._rounds import ResumingAdapter, RoundsAdapter
from skdistill.students._spaces import boosted_space
from skdistill.students._training_loss import LossWord
from skdistill.students._while_fitting import with_params
from skdistill.students._xgboost_blocks import (
    count_classes,
    reason_not_in_blocks,
    train_on_blocks,
)
from skdistill.students._xgboost_dask import train_on_workers
from skdistill.students._xgboost_trees import cut_document, forest_of
from skdistill.targets import Target

__all__ = ["XGBoostAdapter", "XGBoostClassifierLeaves", "XGBoostRegressorLeaves"]

_OBJECTIVES = ("binary:logistic", "multi:softprob", "multi:softmax")
_ALLOWED: dict[str, list[Any]] = {
    "booster": [None, "gbtree", "dart"],
    "multi_strategy": [None, "one_output_per_tree"],
    "monotone_constraints": [None],
}


class _XGBoostLeaves(LeafModel):
    """The contribution of a leaf is its value, times the weight of its tree."""

    # How the model's JSON names the objective.
    objectives: tuple[str, ...]
    single_precision = True

    def __init__(self, model: Estimator) -> None:
        super().__init__(model)
        learner = _read(model)["learner"]
        check_objective(model, learner["objective"]["name"], self.objectives)
        booster = learner["gradient_booster"]
        ends_of_rounds = forest_of(booster)["iteration_indptr"]
        # The trees that predict are those up to the best iteration, if there is one.
        best = model.get_booster().attr("best_iteration")
        self._n_rounds = len(ends_of_rounds) - 1 if best is None else int(best) + 1
        self._ends = ends_of_rounds[: self._n_rounds + 1]
        n_trees = self._ends[-1]
        self._trees = forest_of(booster)["trees"][:n_trees]
        self._leaf_nodes = LeafNodes(tree["left_children"] for tree in self._trees)
        self.sizes = self._leaf_nodes.sizes
        outputs = np.asarray(forest_of(booster)["tree_info"][:n_trees])
        self.n_outputs = int(outputs.max()) + 1
        self.outputs = outputs if self.n_outputs > 1 else None
        self._tree_weights = booster.get("weight_drop", [1.0] * n_trees)[:n_trees]

    def raw(self, X: Table) -> NDArray:
        return self.model.predict(X, output_margin=True)

    def raw_from(self, X: Table, offset: NDArray | None) -> NDArray:
        # An offset takes the place of XGBoost's base_score, which `raw` holds.
        if offset is None:
            return super().raw_from(X, None)
        raw = self.model.predict(X, output_margin=True, base_margin=offset)
        return np.reshape(raw, (-1, self.n_outputs))

    def leaves(self, X: Table) -> NDArray:
        import xgboost

        # The model's own `apply` takes no categories before XGBoost 3.1.
        rows = xgboost.DMatrix(
            X,
            missing=self.model.missing,
            feature_types=self.model.feature_types,
            enable_categorical=self.model.enable_categorical,
        )
        nodes = self.model.get_booster().predict(
            rows, pred_leaf=True, iteration_range=(0, self._n_rounds)
        )
        return self._leaf_nodes.numbers(nodes.reshape(len(nodes), -1).astype(np.intp))

    def corrected(self, correction: NDArray) -> Estimator:
        document = _read(self.model)
        trees = forest_of(document["learner"]["gradient_booster"])["trees"]
        changes = self.by_tree(correction[:, 0])
        for tree, nodes, weight, change in zip(
            trees[: len(changes)],
            self._leaf_nodes.nodes,
            self._tree_weights,
            changes,
            strict=True,
        ):
            values = np.array(tree["split_conditions"], dtype=np.float32)
            values[nodes] += (change / weight).astype(np.float32)
            tree["split_conditions"] = values.tolist()
        return self._with(document)

    def children(self) -> list[NDArray]:
        return [
            np.column_stack([tree["left_children"], tree["right_children"]])
            for tree in self._trees
        ]

    def contributions(self) -> NDArray:
        values = [
            weight * np.array(tree["split_conditions"])[nodes]
            for tree, nodes, weight in zip(
                self._trees, self._leaf_nodes.nodes, self._tree_weights, strict=True
            )
        ]
        return np.concatenate(values)[:, None]

    @property
    def rounds(self) -> NDArray:
        if self.outputs is None:
            return np.arange(len(self.sizes))
        return np.repeat(np.arange(self._n_rounds), np.diff(self._ends))

    def cut(self, trees: Sequence[CutTree | None]) -> Estimator:
        document = _read(self.model)
        cut_document(document["learner"], trees, self._ends, self._tree_weights)
        return self._with(document)

    def _with(self, document: dict[str, Any]) -> Estimator:
        """Return a copy of the model with another document."""
        model = deepcopy(self.model)
        model.get_booster().load_model(bytearray(json.dumps(document), "utf-8"))
        return model


class XGBoostRegressorLeaves(_XGBoostLeaves):
    """XGBRegressor and XGBRFRegressor with squared loss."""

    loss = "squared"
    objectives = ("reg:squarederror",)
    allowed: ClassVar[dict] = {
        "objective": [None, *objectives],
        "scale_pos_weight": [None, 1],  # Of samples whose label is 1.
        **_ALLOWED,
    }


class XGBoostClassifierLeaves(_XGBoostLeaves):
    """XGBClassifier and XGBRFClassifier with log loss."""

    loss = "log"
    objectives = _OBJECTIVES
    allowed: ClassVar[dict] = {"objective": [None, *objectives], **_ALLOWED}


_SEVERAL = ("survival:cox", "survival:aft", "rank:map", "rank:ndcg", "rank:pairwise")
_LOSSES = {
    "reg:quantileerror": LossWord("quantile", None, ("quantile_alpha",)),
    "reg:absoluteerror": LossWord("quantile", 0.5),
    "reg:expectileerror": LossWord("expectile", None, ("expectile_alpha",)),
    "reg:pseudohubererror": LossWord("robust"),
    **dict.fromkeys(_SEVERAL, LossWord("several")),
}


class XGBoostAdapter(RoundsAdapter, ResumingAdapter):
    """What all estimators of XGBoost share: labels, loss, size and stages."""

    needs_codes = True
    coded_params = frozenset({"eval_set"})
    offset_param = "base_margin"
    positive_losses = RoundsAdapter.positive_losses | {
        "count:poisson",
        "reg:gamma",
        "reg:tweedie",
        "reg:squaredlogerror",
    }
    bounded_losses = frozenset({"reg:logistic", "binary:logistic"})
    losses = _LOSSES
    trains_distributed = True
    trains_in_blocks = True

    def __init__(self, leaves: type[LeafModel] | None = None) -> None:
        self.leaves = leaves

    def search_space(self, student: Estimator) -> dict[str, Any]:
        grows_trees = student.booster in (None, "gbtree", "dart")
        sizes = loguniform(0.1, 30)
        return boosted_space("min_child_weight", sizes) if grows_trees else {}

    def check_params(
        self, student: Estimator, soften: str, *, n_classes: int, is_wrapped: bool
    ) -> None:
        weight = student.scale_pos_weight
        if is_regressor(student) and weight not in (None, 1):
            raise ValueError(
                "An XGBoost student of values must leave scale_pos_weight at 1: it "
                "weighs the samples whose label is exactly 1, which no target mixed "
                f"with a teacher's predictions is. Got {weight!r}. Pass sample_weight "
                "to fit."
            )

    def fit_bounded(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
    ) -> Estimator:
        params = student.get_params()
        if target.labels.ndim > 1 or not _boosts_squares(student, fit_params):
            return super().fit_bounded(student, X, target, fit_params)
        while_fitting: dict[str, Any] = {
            "objective": partial(_bounded_objective, BoundedLoss(target))
        }
        if params["base_score"] is None:
            first = target.bounded(np.ones(len(target.labels)))
            start = np.average(first.mixed, weights=first.weight)
            while_fitting["base_score"] = float(start)
        with with_params(student, **while_fitting):
            student.fit(X, target.labels, sample_weight=target.weight, **fit_params)
        return student.set_params(objective=params["objective"] or "reg:squarederror")

    def fit_distributed(
        self, student: Estimator, X: Any, mixed: Any, weight: Any, client: Any
    ) -> Estimator:
        return train_on_workers(student, X, mixed, weight, client)

    def reason_not_to_distribute(self, student: Estimator, soften: str) -> str:
        params = student.get_params()
        reasons = {
            "early_stopping_rounds needs held-out samples, of which there are none": (
                params["early_stopping_rounds"] is not None
            ),
            "process_type='update' grows no trees": params.get("process_type")
            == "update",
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def fit_in_blocks(
        self, student: Estimator, blocks: Blocks, folder: Path
    ) -> Estimator:
        return train_on_blocks(student, blocks, folder)

    def reason_not_in_blocks(self, student: Estimator, soften: str) -> str:
        reason = self.reason_not_to_distribute(student, soften)
        return reason or reason_not_in_blocks(student)

    def count_values(self, model: Estimator) -> ValueCounts | None:
        if hasattr(model, "coef_"):  # A linear booster.
            return super().count_values(model)
        booster = model.get_booster()
        best = booster.attr("best_iteration")
        booster = booster if best is None else booster[: int(best) + 1]
        trees = map(json.loads, booster.get_dump(dump_format="json"))
        return ValueCounts(leaves=sum(map(_count_leaves, trees)))

    def count_rounds(self, model: Estimator) -> int:
        best = model.get_booster().attr("best_iteration")
        n_rounds = model.get_booster().num_boosted_rounds()
        return n_rounds if best is None else int(best) + 1

    def rounds_param(self, n_rounds: int) -> dict[str, Any]:
        return {"iteration_range": (0, n_rounds)}

    def planned_rounds(self, student: Estimator) -> int:
        return student.get_num_boosting_rounds()

    def reason_not_to_resume(self, student: Estimator) -> str:
        params = student.get_params()
        if params["booster"] not in (None, "gbtree"):
            return f"booster={params['booster']!r} cannot go on"
        grows = params.get("process_type") in (None, "default")
        return "" if grows else "process_type='update' grows no trees"

    def further(
        self, student: Estimator, n_rounds: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"n_estimators": n_rounds}, {"xgb_model": student.get_booster()}


class XGBoostClassifierAdapter(XGBoostAdapter):
    """XGBClassifier and XGBRFClassifier learn by the gradient of their loss."""

    trains_natively = True
    tempers_student = True

    def class_weights(self, student: Estimator, n_classes: int) -> list[str]:
        weighs = n_classes == 2 and student.scale_pos_weight not in (None, 1)
        return ["scale_pos_weight"] if weighs else []

    def check_params(
        self, student: Estimator, soften: str, *, n_classes: int, is_wrapped: bool
    ) -> None:
        super().check_params(
            student, soften, n_classes=n_classes, is_wrapped=is_wrapped
        )
        if not is_wrapped:
            self._check_loss(student, soften, n_classes)

    def _check_loss(self, student: Estimator, soften: str, n_classes: int) -> None:
        """Raise if the student's loss is not that of the target."""
        if student.get_params().get("process_type") == "update":
            raise ValueError(
                "An XGBoost student of a DistilledClassifier must grow its trees. Got "
                "process_type='update', which starts from those of another model. "
                "Leave it out."
            )
        if student.objective not in (None, *_OBJECTIVES):
            raise ValueError(
                "An XGBoost student of a DistilledClassifier must have one of the "
                f"objectives {_OBJECTIVES}. Got {student.objective!r}. Leave the "
                "objective out: distributions over classes need the cross-entropy."
            )
        if soften == "both" and self.class_weights(student, n_classes):
            raise ValueError(
                "An XGBoost student that tempers its own logits (soften='both') must "
                f"leave scale_pos_weight at 1. Got {student.scale_pos_weight!r}. Use "
                "soften='teacher'."
            )

    def fit_distributed(
        self, student: Estimator, X: Any, mixed: Any, weight: Any, client: Any
    ) -> Estimator:
        total = mixed.sum(axis=0)
        if weight is not None:
            total = (mixed * weight[:, None]).sum(axis=0)
        frequency = np.asarray(client.compute(total).result(), dtype=float)
        intercept = _intercept(frequency / frequency.sum())
        return train_on_workers(student, X, mixed, weight, client, intercept)

    def fit_in_blocks(
        self, student: Estimator, blocks: Blocks, folder: Path
    ) -> Estimator:
        n_classes, frequency = count_classes(blocks)
        intercept = _intercept(frequency)
        return train_on_blocks(student, blocks, folder, n_classes, intercept)

    def reason_not_to_distribute(self, student: Estimator, soften: str) -> str:
        if reason := super().reason_not_to_distribute(student, soften):
            return reason
        if soften == "both":
            return "soften='both' needs more of a sample than its probabilities"
        if student.objective not in (None, *_OBJECTIVES):
            return f"objective={student.objective!r} learns no probabilities"
        weighs = student.scale_pos_weight not in (None, 1)
        return "scale_pos_weight counts samples of the label 1 alone" if weighs else ""

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        params, n_classes = student.get_params(), target.predictions.shape[1]
        self._check_loss(student, target.soften, n_classes)
        binary = n_classes == 2
        if self.class_weights(student, n_classes):
            target = _weigh_positives(target, params["scale_pos_weight"])
        loss = SoftLoss(target, curvature=1.0 if binary else 2.0, overwrites=True)
        while_fitting: dict[str, Any] = {"objective": partial(_objective, loss)}
        if params["base_score"] is None and fit_params.get("xgb_model") is None:
            frequency = np.average(target.mixed, axis=0, weights=target.weight)
            while_fitting["base_score"] = _intercept(frequency)
        if eval_targets:  # XGBoost takes codes alone, here too.
            pairs = zip(fit_params["eval_set"], eval_targets, strict=True)
            coded = [(X_eval, held_out.labels) for (X_eval, _), held_out in pairs]
            fit_params = {**fit_params, "eval_set": coded}
            if params["eval_metric"] is None:
                mixed = check_one_eval_set(eval_targets).mixed
                while_fitting["eval_metric"] = _judge(mixed)
                while_fitting["disable_default_eval_metric"] = 1
        with with_params(student, **while_fitting):
            student.fit(X, target.labels, sample_weight=target.weight, **fit_params)
        # What a fit on labels leaves: the user's parameters, and the objective by name.
        return student.set_params(
            objective="binary:logistic" if binary else "multi:softprob"
        )


def _boosts_squares(student: Estimator, fit_params: Mapping[str, Any]) -> bool:
    """Return whether trees are added by squared loss, from a start that is known."""
    params = student.get_params()
    given = [fit_params.get(name) for name in ("eval_set", "xgb_model", "base_margin")]
    return (
        params["objective"] in (None, "reg:squarederror")
        and params["booster"] in (None, "gbtree")
        and params.get("process_type") != "update"
        and student.get_num_boosting_rounds() > 1
        and all(one is None for one in given)
    )


def _bounded_objective(
    loss: BoundedLoss,
    y_true: NDArray,
    y_pred: NDArray,
    sample_weight: NDArray | None = None,
) -> tuple[NDArray, NDArray]:
    return loss(np.asarray(y_pred))  # The weights are in the target.


def _objective(
    loss: SoftLoss,
    y_true: NDArray,
    y_pred: NDArray,
    sample_weight: NDArray | None = None,
) -> tuple[NDArray, NDArray]:
    return loss(np.asarray(y_pred).reshape(len(y_true), -1), sample_weight)


def _judge(target: NDArray) -> Callable[[NDArray, NDArray], float]:
    def judge(y_true: NDArray, y_pred: NDArray) -> float:
        return soft_log_loss(target, np.asarray(y_pred).reshape(len(y_true), -1))

    judge.__name__ = NAME
    return judge


def _weigh_positives(target: Target, factor: float) -> Target:
    """Return a target of two classes in which the second counts `factor` times."""
    mixed, weight = multiply_classes(target, [1.0, factor])
    return replace(
        target,
        predictions=target.temperature * log_probability(mixed),
        alpha=np.ones(len(mixed)),
        weight=weight,
    )


def _intercept(frequency: NDArray) -> float | list[float]:
    """Return what XGBoost would start from, had the labels these frequencies."""
    import xgboost

    if len(frequency) == 2:
        return float(np.clip(frequency[1], 1e-6, 1 - 1e-6))
    if parse_version(xgboost.__version__) < parse_version("3.1"):
        return 0.5  # One number for all classes, which cancels in the softmax.
    logits = np.log(np.maximum(frequency, 1e-6))
    return (logits - logits.mean()).tolist()


def _read(model: Estimator) -> dict[str, Any]:
    return json.loads(model.get_booster().save_raw("json"))


def _count_leaves(node: dict[str, Any]) -> int:
    children = node.get("children")
    return 1 if children is None else sum(map(_count_leaves, children))


register("xgboost.sklearn.XGBModel", XGBoostAdapter())
register(
    "xgboost.sklearn.XGBClassifier", XGBoostClassifierAdapter(XGBoostClassifierLeaves)
)
