"""XGBoost's trees of several outputs learn hints, whose outputs are dropped."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.utils.fixes import parse_version

from skdistill._typing import Estimator, Table
from skdistill.students._registry import register
from skdistill.students._xgboost import XGBoostAdapter, XGBoostRegressorLeaves
from skdistill.students._xgboost_trees import keep_outputs
from skdistill.targets import Target

__all__ = ["XGBoostRegressorAdapter"]

_DEFAULT_WEIGHTS = (None, 0, 1)  # Of a child: what every sample has, at squared loss.


class XGBoostRegressorAdapter(XGBoostAdapter):
    """XGBRegressor shares its splits among outputs if its leaves are vectors."""

    learns_hints = True

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        if target.hints is None:
            return super().fit(student, X, target, fit_params, eval_targets)
        if "eval_set" in fit_params:
            raise ValueError(
                "An XGBoost student must have no eval_set where it learns hints, as "
                "held-out samples have none. Leave it out, or use hints=None."
            )
        mixed = self.mixed_values(student, target)
        wide, n_outputs = target.with_hints(mixed), mixed[:1].size
        student.fit(X, wide, sample_weight=target.weight, **fit_params)
        booster = student.get_booster()
        document = json.loads(booster.save_raw("json"))
        keep_outputs(document["learner"], n_outputs)
        if n_outputs == 1:  # Else it is taken for one of vectors still.
            booster.set_param({"multi_strategy": "one_output_per_tree"})
        booster.load_model(bytearray(json.dumps(document), "utf-8"))
        return student

    def reason_not_to_hint(self, student: Estimator) -> str:
        import xgboost

        params = student.get_params()
        reasons = {
            f"XGBoost {xgboost.__version__} does not count the samples in a node of "
            "several outputs, where 3.1 does": (
                parse_version(xgboost.__version__) < parse_version("3.1")
            ),
            "multi_strategy='one_output_per_tree' shares no split, where "
            "'multi_output_tree' does": params["multi_strategy"] != "multi_output_tree",
            "early_stopping_rounds would judge its hints too": (
                params["early_stopping_rounds"] is not None
            ),
            "min_child_weight does not count in trees of several outputs": (
                params["min_child_weight"] not in _DEFAULT_WEIGHTS
            ),
            "max_delta_step does not count in trees of several outputs": bool(
                params["max_delta_step"]
            ),
            f"tree_method={params['tree_method']!r} grows no trees of several outputs, "
            "where 'hist' does": (params["tree_method"] not in (None, "auto", "hist")),
            "monotone_constraints do not hold in trees of several outputs": (
                _constrains(params["monotone_constraints"])
            ),
            f"booster={params['booster']!r} has no trees of several outputs": (
                params["booster"] not in (None, "gbtree")
            ),
            f"objective={params['objective']!r} would be that of its hints too": (
                params["objective"] not in (None, "reg:squarederror")
            ),
        }
        return next((reason for reason, holds in reasons.items() if holds), "")


def _constrains(constraints: Any) -> bool:
    """Return whether monotone constraints are given, in any form XGBoost takes."""
    if constraints is None or isinstance(constraints, str):
        return constraints not in (None, "", "()")
    return len(constraints) > 0


register(
    "xgboost.sklearn.XGBRegressor", XGBoostRegressorAdapter(XGBoostRegressorLeaves)
)
