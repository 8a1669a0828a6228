"""Which alphas a search tries where none are given."""

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import FitFailedWarning

from skdistill._warnings import warn_user
from skdistill.distilled import BaseDistilled
from skdistill.flow import Data, Plan
from skdistill.search._linear import best_mix, held_out_predictions, plans_of_ends

__all__ = ["AlphasMixin", "Folds"]

_ALPHA = 0.5

Folds = list[tuple[NDArray, list[NDArray]]]


class AlphasMixin:
    """What a search does for `alphas` that are a word."""

    alphas: Any
    combine: Any
    teacher: Any
    error_score: Any
    linear_alpha_: float | None
    _run: Callable[..., list]

    @property
    def _is_optimal(self) -> bool:
        """Whether the best alpha is asked for, whatever the student."""
        return isinstance(self.alphas, str) and self.alphas == "optimal"

    @property
    def _weighs_teachers(self) -> bool:
        """Whether the weights of several teachers are found with alpha."""
        return self._is_optimal and isinstance(self.teacher, list)

    def _is_linear(self, model: BaseDistilled) -> bool:
        """Return whether what the model predicts is linear in alpha."""
        return False

    def _has_ends(self, model: BaseDistilled) -> bool:
        """Return whether alpha is found from students of labels and teachers alone."""
        is_auto = isinstance(self.alphas, str) and not self._is_optimal
        return self._is_optimal or (is_auto and self._is_linear(model))

    def _usual_mix(self, alpha: float = _ALPHA) -> dict[str, Any]:
        """Return the parameters of a mix whose weights are not found."""
        combine = {"combine": self.combine} if self._weighs_teachers else {}
        return {"alpha": alpha, **combine}

    def _best_mixes(
        self,
        model: BaseDistilled,
        plan: Plan,
        data: Data,
        folds: Folds,
        context: Any,
    ) -> list[dict[str, Any]]:
        """Return the mix that is best by its ends, and the usual one where in doubt."""
        usual, each = self._usual_mix(), self._weighs_teachers
        tasks = [context.subcontext(task_name="linear-alpha-fold") for _ in folds]
        held_out = [np.concatenate(parts) for _, parts in folds]
        plans = plans_of_ends(plan, each=each)
        predict = partial(held_out_predictions, model, plans, data)
        calls = (
            partial(predict, train, rows)
            for (train, _), rows in zip(folds, held_out, strict=True)
        )
        try:
            results = self._run(calls, tasks)
        except Exception as error:
            if self.error_score == "raise":
                raise
            _warn_not_found(error)
            return [usual]
        part = data.part(np.concatenate(held_out))
        found = [
            best_mix(part.codes, ends, part.weight)
            for ends in np.concatenate(results, axis=1)
        ]
        best = min(found, key=attrgetter("loss"))
        self.linear_alpha_ = best.alpha
        mixed = usual | {"alpha": float(np.clip(best.alpha, 0.0, 1.0))}
        if best.combine is not None:
            mixed["combine"] = best.combine
        labels_alike = each and plan.has_transfer_set(data)
        is_exact = self._is_linear(model) and not labels_alike
        return [mixed] if is_exact or mixed == usual else [mixed, usual]


def _warn_not_found(error: Exception) -> None:
    """Warn that a student failed; a teacher that did stops the search besides."""
    warn_user(
        "The best alpha was not found, as a fit on the labels or on a teacher alone "
        f"failed: {type(error).__name__}: {error}. alpha={_ALPHA} is tried in its "
        "place. Use error_score='raise' to stop there, or other alphas.",
        FitFailedWarning,
    )
