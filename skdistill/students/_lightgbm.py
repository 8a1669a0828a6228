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
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skdistill._fitting import final_step
from skdistill._typing import Estimator, Table
from skdistill.students._bounded import BoundedLoss
from skdistill.students._counts import ValueCounts
from skdistill.students._duplication import classes_of
from skdistill.students._early_stopping import NAME, check_one_eval_set, soft_log_loss
from skdistill.students._leaves import CutTree, LeafModel, check_objective
from skdistill.students._lightgbm_trees import (
    cut_text,
    read_children,
    read_values,
    tree_sizes,
)
from skdistill.students._loss import SoftLoss
from skdistill.students._registry import register
from skdistill.students._rounds import ResumingAdapter, RoundsAdapter
from skdistill.students._spaces import LARGER_LEAVES, boosted_space
from skdistill.students._training_loss import LossWord
from skdistill.students._while_fitting import with_params
from skdistill.targets import Target

__all__ = ["LightGBMClassifierLeaves", "LightGBMRegressorLeaves"]

# Parameters of `fit` that say where training starts.
_STARTS = ("init_score", "init_model")

# Other names that LightGBM has for parameters, which it takes as keywords.
_ALIASES: dict[str, tuple[str, ...]] = {
    "objective": ("objective_type", "app", "application", "loss"),
    "n_estimators": (
        *("num_iteration", "num_iterations", "n_iter", "num_tree", "num_trees"),
        *("num_round", "num_rounds", "nrounds", "num_boost_round", "max_iter"),
    ),
    "boosting_type": ("boosting", "boost"),
    "linear_tree": ("linear_trees",),
    "monotone_constraints": ("monotone_constraint", "monotonic_cst", "mc"),
    "is_unbalance": ("unbalance", "unbalanced_sets"),
    "pos_bagging_fraction": ("pos_sub_row", "pos_subsample", "pos_bagging"),
    "neg_bagging_fraction": ("neg_sub_row", "neg_subsample", "neg_bagging"),
}


def _with_aliases(allowed: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Allow a parameter the same values under its other names."""
    return allowed | {
        alias: values
        for name, values in allowed.items()
        for alias in _ALIASES.get(name, ())
    }


_ALLOWED: dict[str, list[Any]] = {
    "linear_tree": [False],
    "monotone_constraints": [None],
}
# How it weighs two classes, beside class_weight, and with which values it does not.
_WEIGHS: dict[str, Any] = {
    "is_unbalance": False,
    "scale_pos_weight": 1,
    "pos_bagging_fraction": 1,
    "neg_bagging_fraction": 1,
}
# With which values training by the gradient is exact, the default first.
_NATIVE: dict[str, tuple[Any, ...]] = {
    "class_weight": (None,),
    "boosting_type": ("gbdt", "goss"),
    "objective": (None, "binary", "multiclass"),
    # Linear leaves predict more than their value, to which the start is added.
    "linear_tree": (False,),
    "sigmoid": (1,),
    **{name: (value,) for name, value in _WEIGHS.items()},
}
_ONE_VERSUS_ALL = ("multiclassova", "multiclass_ova", "ova", "ovr")


class _LightGBMLeaves(LeafModel):
    """The contribution of a leaf is its value, or its part of the mean."""

    # How the model's text names the objective.
    objectives: tuple[str, ...]

    def __init__(self, model: Estimator) -> None:
        super().__init__(model)
        text = model.booster_.model_to_string()  # Up to the best iteration.
        found = re.search(r"\nobjective=(.*)\n", text)
        check_objective(model, found[1] if found else "unknown", self.objectives)
        self.sizes = tree_sizes(text)
        self.n_outputs = model.booster_.num_model_per_iteration()
        if self.n_outputs > 1:
            self.outputs = np.arange(len(self.sizes)) % self.n_outputs
        n_rounds = len(self.sizes) // self.n_outputs
        self._text, self._is_mean = text, "\naverage_output\n" in text
        self._scale = n_rounds if self._is_mean else 1

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

    def children(self) -> list[NDArray]:
        return read_children(self._text)

    def contributions(self) -> NDArray:
        return read_values(self._text)[:, None] / self._scale

    def cut(self, trees: Sequence[CutTree | None]) -> Estimator:
        import lightgbm

        n_rounds = sum(cut is not None for cut in trees) // self.n_outputs
        scale, old = n_rounds if self._is_mean else 1, self.model.booster_
        booster = lightgbm.Booster(model_str=cut_text(self._text, trees, scale))
        booster.best_score = old.best_score
        model = deepcopy(self.model, {id(old): booster})
        if self.model.best_iteration_:
            model._best_iteration = booster.best_iteration = n_rounds
        return model


class LightGBMRegressorLeaves(_LightGBMLeaves):
    """LGBMRegressor with squared loss."""

    loss = "squared"
    objectives = ("regression",)
    allowed: ClassVar[dict] = _with_aliases(
        {
            "objective": [
                *(None, "regression", "regression_l2", "l2", "mean_squared_error"),
                *("mse", "l2_root", "root_mean_squared_error", "rmse"),
            ],
            "reg_sqrt": [False],
            **_ALLOWED,
        }
    )


class LightGBMClassifierLeaves(_LightGBMLeaves):
    """LGBMClassifier with log loss."""

    loss = "log"
    objectives = ("binary sigmoid:1", r"multiclass num_class:\d+")
    allowed: ClassVar[dict] = _with_aliases(
        {
            "objective": [None, "binary", "multiclass", "softmax"],
            "sigmoid": [1],
            **_ALLOWED,
        }
    )


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


class LightGBMAdapter(RoundsAdapter, ResumingAdapter):
    """What all estimators of LightGBM share: loss, size and stages."""

    loss_params = ("objective", "objective_type", "app", "application", "loss")
    losses = _LOSSES
    bounded_losses = frozenset(
        {"cross_entropy", "xentropy", "cross_entropy_lambda", "xentlambda", "binary"}
    )

    offset_param = "init_score"
    # LightGBM encodes the labels of eval_set alone.
    coded_params = frozenset({"eval_y"})

    def __init__(self, leaves: type[LeafModel] | None = None) -> None:
        self.leaves = leaves

    def search_space(self, student: Estimator) -> dict[str, Any]:
        space = boosted_space("min_child_samples", LARGER_LEAVES)
        space["subsample_freq"] = (1,)
        if _value(student.get_params(), "boosting_type", "gbdt") == "gbdt":
            return space
        # Others sample in ways of their own.
        return {name: space[name] for name in space if "subsample" not in name}

    def fit_bounded(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
    ) -> Estimator:
        params = student.get_params()
        few = len(target.labels) < 2 * params["min_child_samples"]
        several = target.labels.ndim > 1
        if few or several or not _boosts_squares(params, fit_params):
            return super().fit_bounded(student, X, target, fit_params)
        first = target.bounded(np.ones(len(target.labels)))
        start = np.average(first.mixed, weights=first.weight, keepdims=True)
        start = start * bool(params.get("boost_from_average", True))
        loss = BoundedLoss(target, start=float(start[0]))
        with with_params(student, objective=partial(_bounded_objective, loss)):
            student.fit(X, target.labels, sample_weight=target.weight, **fit_params)
        _put_back(student, start, "regression", "regression")
        return student

    def count_values(self, model: Estimator) -> ValueCounts:
        # Those of the trees that predict: they end at the best iteration.
        return ValueCounts(leaves=sum(tree_sizes(model.booster_.model_to_string())))

    def count_rounds(self, model: Estimator) -> int:
        return model.best_iteration_ or model.booster_.current_iteration()

    def rounds_param(self, n_rounds: int) -> dict[str, Any]:
        return {"num_iteration": n_rounds}

    def reason_not_to_resume(self, student: Estimator) -> str:
        params = student.get_params()
        if any(name in params for name in _ALIASES["n_estimators"]):
            return "its rounds have another name than n_estimators"
        kind = _value(params, "boosting_type", "gbdt")
        is_known = kind in _NATIVE["boosting_type"]
        return "" if is_known else f"boosting_type={kind!r} cannot go on"

    def further(
        self, student: Estimator, n_rounds: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"n_estimators": n_rounds}, {"init_model": student.booster_}


class LightGBMClassifierAdapter(LightGBMAdapter):
    """LGBMClassifier learns by the gradient of its loss, where that is exact."""

    trains_natively = True
    tempers_student = True

    def class_weights(self, student: Estimator, n_classes: int) -> list[str]:
        names = super().class_weights(student, n_classes)
        return names + (_weighs(student.get_params()) if n_classes == 2 else [])

    def check_params(
        self, student: Estimator, soften: str, *, n_classes: int, is_wrapped: bool
    ) -> None:
        super().check_params(
            student, soften, n_classes=n_classes, is_wrapped=is_wrapped
        )
        params = student.get_params()
        one_versus_all = _value(params, "objective", None) in _ONE_VERSUS_ALL
        if _value(params, "is_unbalance", False) and (is_wrapped or one_versus_all):
            raise ValueError(
                "LightGBM's is_unbalance counts samples, and a student that learns "
                "from duplicated ones has as many of each class. It can be resolved on "
                "the labels for two classes in a student of its own. Got "
                f"{student!r}"
                + (" inside another estimator" if is_wrapped else "")
                + ". Use class_weight or scale_pos_weight."
            )
        if soften == "both" and not is_wrapped:
            _check_tempers(params, n_classes)

    def resolve_class_weight(self, student: Estimator, target: Target) -> None:
        super().resolve_class_weight(student, target)
        final = final_step(student)
        if len(classes_of(target)) == 2 and _is_alone(final.get_params()):
            final.set_params(**_resolved_unbalance(final, target))

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
        n_classes = target.predictions.shape[1]
        if target.soften == "both":
            _check_tempers(params, n_classes)
        elif few or _not_native(params, n_classes):
            return super().fit(student, X, target, fit_params)
        # K / (K - 1) is LightGBM's own factor, after Friedman's multi-class boosting.
        curvature = 1.0 if n_classes == 2 else n_classes / (n_classes - 1)
        start = _start(params, target, fit_params)
        loss = SoftLoss(target, curvature=curvature, start=start)
        while_fitting: dict[str, Any] = {"objective": partial(_objective, loss)}
        given = dict(fit_params)
        if eval_targets:
            held_out = check_one_eval_set(eval_targets)
            while_fitting["metric"] = "None"
            given["eval_metric"] = partial(_judge, held_out.mixed, start)
            if given.get("eval_y") is not None:
                codes, is_several = held_out.labels, isinstance(given["eval_y"], tuple)
                given["eval_y"] = (codes,) if is_several else codes
        with with_params(student, **while_fitting):
            student.fit(X, target.y, sample_weight=target.weight, **given)
        name = "binary" if n_classes == 2 else "multiclass"
        detail = "sigmoid:1" if n_classes == 2 else f"num_class:{n_classes}"
        _put_back(student, start, name, f"{name} {detail}")
        return student


def _value(params: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a parameter as LightGBM reads it: other names, as keywords, come first."""
    given = [params[alias] for alias in _ALIASES.get(name, ()) if alias in params]
    return given[0] if given else params.get(name, default)


def _weighs(params: Mapping[str, Any]) -> list[str]:
    return [
        name for name, none in _WEIGHS.items() if _value(params, name, none) != none
    ]


def _not_native(params: Mapping[str, Any], n_classes: int) -> dict[str, Any]:
    """Return the parameters with which training by the gradient is not exact."""
    values = {name: _value(params, name, exact[0]) for name, exact in _NATIVE.items()}
    found = {
        name: value for name, value in values.items() if value not in _NATIVE[name]
    }
    if n_classes > 2:
        found.pop("sigmoid", None)  # The softmax has none.
    # LightGBM takes an objective under another name in place of ours.
    named = {name: params[name] for name in _ALIASES["objective"] if name in params}
    return found | named


def _boosts_squares(params: Mapping[str, Any], fit_params: Mapping[str, Any]) -> bool:
    """Return whether trees are added by squared loss, from a start that is known."""
    allowed = LightGBMRegressorLeaves.allowed
    values = {
        "objective": tuple(allowed["objective"]),
        "reg_sqrt": (False,),
        **{name: _NATIVE[name] for name in ("boosting_type", "linear_tree")},
    }
    given = [fit_params.get(name) for name in (*_STARTS, "eval_set", "eval_X")]
    return (
        all(_value(params, name, known[0]) in known for name, known in values.items())
        # LightGBM takes an objective under another name in place of ours.
        and not any(name in params for name in _ALIASES["objective"])
        and all(one is None for one in given)
    )


def _check_tempers(params: Mapping[str, Any], n_classes: int) -> None:
    """Raise if the student cannot temper its own logits."""
    found = _not_native(params, n_classes)
    if found:
        values = ", ".join(f"{name}={value!r}" for name, value in found.items())
        raise ValueError(
            "A LightGBM student can temper its own logits (soften='both') only with "
            f"these parameters at their defaults. Got {values}. Use soften='teacher'."
        )


def _is_alone(params: Mapping[str, Any]) -> bool:
    """Return whether is_unbalance is set; with scale_pos_weight LightGBM refuses it."""
    weight = params.get("scale_pos_weight", 1)
    return bool(_value(params, "is_unbalance", False)) and weight == 1


def _resolved_unbalance(student: Estimator, target: Target) -> dict[str, Any]:
    """Return what weighs the classes as is_unbalance does, which counts the labels.

    LightGBM gives the rarer class the ratio of the counts as weight. scale_pos_weight
    weighs the second class; where that is the more frequent one, all samples are
    weighed by the ratio, and the second class by what takes it back.
    """
    n_negative, n_positive = np.bincount(target.labels, minlength=2).tolist()
    names = ("is_unbalance", *_ALIASES["is_unbalance"])
    given = student.get_params()
    params: dict[str, Any] = {name: False for name in names if name in given}
    params["scale_pos_weight"] = n_negative / n_positive
    if n_positive > n_negative:
        ratio, weight = n_positive / n_negative, given["class_weight"] or {}
        params["class_weight"] = {
            label: ratio * weight.get(label, 1.0)
            for label in classes_of(target).tolist()
        }
    return params


def _objective(
    loss: SoftLoss, y_true: NDArray, y_pred: NDArray, weight: NDArray | None
) -> tuple[NDArray, NDArray]:
    gradient, curvature = loss(y_pred.reshape(len(y_true), -1), weight)
    if y_pred.ndim == 2:
        return gradient, curvature
    return gradient[:, 0], curvature[:, 0]


def _bounded_objective(
    loss: BoundedLoss, y_true: NDArray, y_pred: NDArray, weight: NDArray | None
) -> tuple[NDArray, NDArray]:
    return loss(y_pred)  # The weights are in the target.


def _judge(
    target: NDArray,
    start: NDArray,
    y_true: NDArray,
    y_pred: NDArray,
    weight: NDArray | None,
) -> tuple[str, float, bool]:
    return NAME, soft_log_loss(target, y_pred + start, weight), False


def _start(
    params: Mapping[str, Any], target: Target, fit_params: Mapping[str, Any]
) -> NDArray:
    """Return the logits at which LightGBM would start: those of the classes.

    It starts at 0 where it is told to, and where something else is the start.
    """
    frequency = np.average(target.mixed, axis=0, weights=target.weight)
    logits = np.log(np.maximum(frequency, 1e-15))
    logits = logits[1:] - logits[:1] if len(frequency) == 2 else logits
    has_other = any(fit_params.get(name) is not None for name in _STARTS)
    return (
        logits
        if params.get("boost_from_average", True) and not has_other
        else 0 * logits
    )


def _put_back(student: Estimator, start: NDArray, name: str, line: str) -> None:
    """Add the start to the first trees and name the objective, as LightGBM would."""
    import lightgbm

    booster = student.booster_
    first = booster.dump_model(start_iteration=0, num_iteration=1)["tree_info"]
    for tree, logit in enumerate(start):
        for leaf in range(first[tree]["num_leaves"]):
            value = booster.get_leaf_output(tree, leaf)
            booster.set_leaf_output(tree, leaf, value + logit)
    head, names, tail = booster.model_to_string(num_iteration=-1).partition(
        "\nfeature_names="
    )
    named = lightgbm.Booster(model_str=f"{head}\nobjective={line}{names}{tail}")
    named.best_iteration, named.best_score = booster.best_iteration, booster.best_score
    student._Booster, student._objective = named, name


register("lightgbm.sklearn.LGBMModel", LightGBMAdapter())
register("lightgbm.sklearn.LGBMRegressor", LightGBMAdapter(LightGBMRegressorLeaves))
register(
    "lightgbm.sklearn.LGBMClassifier",
    LightGBMClassifierAdapter(LightGBMClassifierLeaves),
)
