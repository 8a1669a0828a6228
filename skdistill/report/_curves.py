"""What the pictures of a report show, as numbers: a few for each model."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from skdistill._numerics import log_probability
from skdistill._typing import Estimator, Scorer
from skdistill.inspect import staged_predictions
from skdistill.metrics import calibration_bins

if TYPE_CHECKING:
    from skdistill.report._measure import Comparison

__all__ = ["measure_curves"]

_MOST_POINTS, _MOST_CLASSES = 300, 20
_MOST_STAGES, _STAGED_SAMPLES = 30, 500


def measure_curves(
    comparison: "Comparison", deciding: tuple[str, Scorer] | None, model: Estimator
) -> dict[str, Any]:
    """Return the numbers of the pictures; what does not apply is empty.

    Parameters
    ----------
    comparison : Comparison
        The three models on held-out samples.
    deciding : tuple of str and callable, or None
        As of `look_closer`.
    model : estimator
        The distilled model, or the search over it.
    """
    return {
        "points": _points(comparison),
        "calibration_curve": _calibration(comparison),
        "confusion": _confusion(comparison),
        "stages": {} if deciding is None else _stages(comparison, *deciding),
        "frontier": _frontier(model),
    }


def _points(comparison: "Comparison") -> dict[str, list[float]]:
    """Return predictions of the three models, and of values the labels too.

    For classes they are probabilities of the class that the teacher chooses.
    """
    if comparison.parts.classes is None:
        values = {name: np.ravel(one) for name, one in comparison.predictions.items()}
        values["actual"] = np.ravel(comparison.y)
    elif comparison.probabilities is None:
        return {}
    else:
        top = comparison.probabilities["teacher"].argmax(axis=1, keepdims=True)
        values = {
            name: np.take_along_axis(part, top, axis=1)[:, 0]
            for name, part in comparison.probabilities.items()
        }
    n_points = len(values["teacher"])
    chosen = np.linspace(0, n_points - 1, min(n_points, _MOST_POINTS)).astype(int)
    return {name: part[chosen].astype(float).tolist() for name, part in values.items()}


def _calibration(comparison: "Comparison") -> dict[str, Any]:
    """Return a curve for each model: of the second of two classes, or of the top one.

    "of" is the class, or None.
    """
    classes, curves = comparison.parts.classes, {}
    if classes is None or comparison.probabilities is None:
        return {}
    for name, proba in comparison.probabilities.items():
        if len(classes) == 2:
            is_true, probability = comparison.y == classes[1], proba[:, 1]
        else:
            is_true = classes[proba.argmax(axis=1)] == comparison.y
            probability = proba.max(axis=1)
        predicted, observed, _ = calibration_bins(
            is_true, probability, sample_weight=comparison.weight
        )
        curves[name] = [predicted.tolist(), observed.tolist()]
    return {"of": str(classes[1]) if len(classes) == 2 else None, "curves": curves}


def _confusion(comparison: "Comparison") -> dict[str, Any]:
    """Return how many samples of each class each model puts in each class."""
    classes = comparison.parts.classes
    if classes is None or len(classes) > _MOST_CLASSES:
        return {}
    # Labels as strings, as scikit-learn compares no labels of mixed types.
    labels = [str(one) for one in classes]
    given = np.array([str(one) for one in comparison.y])
    if not np.isin(given, labels).any():
        return {}
    counts = {
        name: confusion_matrix(
            given, np.array([str(one) for one in predicted]), labels=labels
        ).tolist()
        for name, predicted in comparison.predictions.items()
        if name != "baseline"
    }
    return {"labels": labels, "counts": counts}


def _stages(
    comparison: "Comparison", score: str, scorer: Callable[..., float]
) -> dict[str, Any]:
    """Return the score of both students after some stages of their training."""
    curves = {}
    for name, model in (
        ("baseline", comparison.baseline),
        ("distilled", comparison.parts.model),
    ):
        found = _staged_scores(comparison, model, scorer)
        if len(found) > 1:
            curves[name] = found
    if "distilled" not in curves:
        return {}
    return {"score": score, "curves": curves}


def _staged_scores(
    comparison: "Comparison", model: Estimator, scorer: Scorer
) -> list[list[float]]:
    """Return pairs of stage and score; none of a model without stages."""
    samples = comparison.samples.some(_STAGED_SAMPLES)
    is_value = comparison.parts.classes is None
    if not is_value and comparison.probabilities is None:
        return []
    try:
        stages = staged_predictions(
            model, samples.X, method="predict" if is_value else "predict_proba"
        )
        return list(_scored(stages, samples.score, scorer, is_value=is_value))
    except (AttributeError, ValueError):  # It has no such stages.
        return []


def _scored(
    stages: Iterator[NDArray], score: Callable, scorer: Scorer, *, is_value: bool
) -> Iterator[list[float]]:
    predicted = list(stages)
    n_shown = min(len(predicted), _MOST_STAGES)
    for stage in np.unique(np.linspace(0, len(predicted) - 1, n_shown).astype(int)):
        said = predicted[stage] if is_value else log_probability(predicted[stage])
        found = score(scorer, said)
        if np.isfinite(found):
            yield [int(stage) + 1, found]


def _frontier(model: Estimator) -> list[dict[str, Any]]:
    """Return score and microseconds of each student of a search over several."""
    found = getattr(model, "frontier_", None)
    if found is None:
        return []
    known = np.isfinite(found["score"]) & (found["latency"] > 0)
    if known.sum() < 2:
        return []
    columns = ("student", "score", "latency", "is_best")
    cells = (found[name][known].tolist() for name in columns)
    return [dict(zip(columns, one, strict=True)) for one in zip(*cells, strict=True)]
