"""The numbers of a report: everything measured, in one dict."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from skdistill._numerics import log_probability
from skdistill._typing import Estimator, Table
from skdistill._version import __version__
from skdistill.inspect import (
    Parts,
    count_bytes,
    count_values,
    rows_per_second,
    time_single_rows,
)
from skdistill.metrics import (
    calibration_error,
    gap_recovered_from_scores,
    kl_to_teacher,
    r2_to_teacher,
    top1_agreement,
)
from skdistill.report._known import MODELS, Samples, lead_and_gain, say
from skdistill.teachers import as_estimator, named_teachers

__all__ = ["Comparison"]


class Comparison:
    """Teacher, baseline student and distilled student on the same held-out samples.

    Parameters
    ----------
    parts : Parts
        Teacher and distilled student.
    baseline : estimator
        The baseline student, fitted.
    X : table of shape (n_samples, n_features)
        The samples.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Their labels.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    """

    def __init__(
        self,
        parts: Parts,
        baseline: Estimator,
        X: Table,
        y: NDArray,
        weight: NDArray | None,
    ) -> None:
        self.parts, self.baseline = parts, baseline
        self.X, self.y, self.weight = X, y, weight
        self.samples = Samples(X, y, weight, parts.classes)
        # What predicts the labels as they were given, and what is shipped.
        self.scored = {
            "teacher": parts.teacher,
            "baseline": _with_labels(baseline, parts.classes),
            "distilled": parts.model,
        }
        self.shipped = {
            "teacher": parts.model.teacher_,
            "baseline": getattr(baseline, "student_", baseline),
            "distilled": parts.model.student_,
        }

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, or their numbers; strings have none."""
        shape = np.shape(self.X)
        names: Any = getattr(self.X, "columns", range(*shape[1:] or (0,)))
        return [str(name) for name in names]

    @cached_property
    def predictions(self) -> dict[str, NDArray]:
        """The values or labels that each model predicts."""
        return {name: model.predict(self.X) for name, model in self.scored.items()}

    @cached_property
    def probabilities(self) -> dict[str, NDArray] | None:
        """The probabilities of the classes; None unless all models have them."""
        if self.parts.classes is None:
            return None
        if not all(hasattr(model, "predict_proba") for model in self.scored.values()):
            return None
        return {
            name: np.asarray(model.predict_proba(self.X), dtype=float)
            for name, model in self.scored.items()
        }

    @cached_property
    def said(self) -> dict[str, NDArray]:
        """What each model predicts, as values or logits of the classes."""
        if self.parts.classes is None:
            return {
                name: np.asarray(one, float) for name, one in self.predictions.items()
            }
        if self.probabilities is not None:
            return {n: log_probability(one) for n, one in self.probabilities.items()}
        return {
            name: say(model, self.X, self.parts.classes)
            for name, model in self.scored.items()
        }

    def measure(self, scorers: dict[str, Callable], n_timings: int) -> dict[str, Any]:
        """Return all numbers, of each model and of their comparison.

        Numbers that there are not, such as the size of a model that cannot be pickled,
        are None; all are Python's own.
        """
        models = {
            name: {
                "estimator": str(self.shipped[name]),
                "scores": self._scores(name, scorers),
                "calibration_error": self._calibration_error(name),
                "fidelity": self._fidelity(name),
                "fit_seconds": self._fit_seconds(name),
                **_cost(self.shipped[name], self._timed(name), self.X, n_timings),
            }
            for name in MODELS
        }
        baseline, teacher, distilled = (
            models[name]["scores"] for name in ("baseline", "teacher", "distilled")
        )
        return {
            "task": "regression" if self.parts.classes is None else "classification",
            "n_samples": len(self.y),
            "columns": self.column_names,
            "models": models,
            "recovered": {
                score: gap_recovered_from_scores(
                    baseline[score], teacher[score], distilled[score]
                )
                for score in scorers
            },
            "leads": {
                name: lead_and_gain(
                    self.samples,
                    scorer,
                    self.said,
                    {model: models[model]["scores"][name] for model in MODELS},
                )
                for name, scorer in scorers.items()
            },
            "classes": self._by_class(),
            "skdistill": __version__,
        }

    def _timed(self, name: str) -> Estimator:
        """Return what predicts for X without the labels that scores need."""
        return self.parts.timed_teacher if name == "teacher" else self.shipped[name]

    def _keywords(self) -> dict[str, Any]:
        return {} if self.weight is None else {"sample_weight": self.weight}

    def _scores(self, name: str, scorers: dict[str, Callable]) -> dict[str, float]:
        return {
            score: float(scorer(self.scored[name], self.X, self.y, **self._keywords()))
            for score, scorer in scorers.items()
        }

    def _calibration_error(self, name: str) -> float | None:
        if self.probabilities is None:
            return None
        return calibration_error(
            self.y,
            self.probabilities[name],
            labels=self.parts.classes,
            sample_weight=self.weight,
        )

    def _fidelity(self, name: str) -> dict[str, float]:
        """Return how closely a student agrees with the teacher."""
        if name == "teacher":
            return {}
        predictions = self.predictions["teacher"], self.predictions[name]
        if self.parts.classes is None:
            return {"r2_to_teacher": r2_to_teacher(*predictions, **self._keywords())}
        fidelity = {"top1_agreement": top1_agreement(*predictions, **self._keywords())}
        if self.probabilities is not None:
            fidelity["kl_to_teacher"] = kl_to_teacher(
                self.probabilities["teacher"],
                self.probabilities[name],
                **self._keywords(),
            )
        return fidelity

    def _fit_seconds(self, name: str) -> float | None:
        """Return what the fits took; None where nobody looked at the clock."""
        if name == "baseline":
            return getattr(self.baseline, "fit_seconds_", {}).get("student")
        seconds, model = self.parts.model.fit_seconds_, self.parts.model
        if name == "teacher":
            teachers = [part for _, part in named_teachers(model.teacher)]
            fitted = [one for one in teachers if not isinstance(one, FrozenEstimator)]
            return seconds["teacher"] if fitted or not teachers else None
        return seconds["student"]

    def _by_class(self) -> list[dict[str, Any]]:
        classes = self.parts.classes
        return [] if classes is None else [self._find(label) for label in classes]

    def _find(self, label: object) -> dict[str, Any]:
        """Return how many samples a class has, and which fraction each model finds."""
        given = self.y == label
        right = {name: self.predictions[name] == label for name in MODELS}
        right["agreement"] = (
            self.predictions["distilled"] == self.predictions["teacher"]
        )
        fractions = {
            key: float(np.average(is_right[given])) if given.any() else None
            for key, is_right in right.items()
        }
        return {"label": str(label), "n_samples": int(given.sum())} | fractions


def _with_labels(baseline: Estimator, classes: NDArray | None) -> Estimator:
    """Return the baseline student so that it predicts the labels of `classes`."""
    if classes is None or np.array_equal(
        getattr(baseline, "classes_", classes), classes
    ):
        return baseline
    return as_estimator(baseline, classes)


def _cost(
    model: Estimator, timed: Estimator, X: Table, n_timings: int
) -> dict[str, Any]:
    """Return what a model takes; `timed` is what predicts for X in its place."""
    seconds = time_single_rows(timed, X, n_timings)
    counts = count_values(model)
    return {
        "latency_median": float(np.median(seconds)),
        "latency_p99": float(np.quantile(seconds, 0.99)),
        "n_timings": len(seconds),
        "rows_per_second": rows_per_second(timed, X),
        "bytes": count_bytes(model),
        "leaves": None if counts is None else counts.leaves,
        "weights": None if counts is None else counts.weights,
    }
