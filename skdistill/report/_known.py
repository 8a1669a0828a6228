"""Scores of what models said already, and how far chance moves them."""

import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning

from skdistill._numerics import log_probability
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Scorer, Table
from skdistill.teachers import from_predictions

__all__ = ["MODELS", "Samples", "lead_and_gain", "say"]

MODELS = ("teacher", "baseline", "distilled")
# Of fewer samples a standard error says nothing.
_LEAST_SAMPLES, _MOST_GROUPS = 5, 20


class Samples:
    """Held-out samples, on which a scorer judges what models said of them.

    Parameters
    ----------
    X : table of shape (n_samples, n_features)
        The samples.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Their labels.
    weight : ndarray of shape (n_samples,) or None
        Their weights.
    classes : ndarray of shape (n_classes,) or None
        The labels, sorted; None in regression.
    """

    def __init__(
        self, X: Table, y: NDArray, weight: NDArray | None, classes: NDArray | None
    ) -> None:
        self.X, self.y, self.weight, self.classes = X, y, weight, classes

    def __len__(self) -> int:
        return len(self.y)

    @property
    def counted(self) -> NDArray:
        """The places of those whose weight is not 0."""
        return np.flatnonzero(
            np.ones(len(self)) if self.weight is None else self.weight
        )

    def some(self, most: int) -> "Samples":
        """Return so many of them at most, evenly spaced; none of weight 0."""
        counted = self.counted
        if len(counted) == len(self) <= most:
            return self
        places = np.linspace(0, len(counted) - 1, min(most, len(counted)))
        return self.part(counted[places.astype(int)])

    def part(self, chosen: NDArray) -> "Samples":
        """Return those that are chosen."""
        weight = None if self.weight is None else self.weight[chosen]
        X = safe_indexing(self.X, chosen)
        return Samples(X, self.y[chosen], weight, self.classes)

    def score(self, scorer: Scorer, said: NDArray) -> float:
        """Return the score of what a model said of all of them."""
        keywords = {} if self.weight is None else {"sample_weight": self.weight}
        model = from_predictions(said, self.classes)
        return float(scorer(model, self.X, self.y, **keywords))


def say(model: Estimator, X: Table, classes: NDArray | None) -> NDArray[np.float64]:
    """Return what a model predicts: values, or logits of the classes.

    Parameters
    ----------
    model : estimator
        Fitted. Predicts the labels of `classes`; without probabilities it is certain.
    X : table of shape (n_samples, n_features)
        The samples.
    classes : ndarray of shape (n_classes,) or None
        The labels, sorted; None in regression.
    """
    if classes is None:
        return np.asarray(model.predict(X), dtype=float)
    if hasattr(model, "predict_proba"):
        return log_probability(model.predict_proba(X))
    return log_probability(np.asarray(model.predict(X))[:, None] == classes)


def lead_and_gain(
    samples: Samples,
    scorer: Scorer,
    said: Mapping[str, NDArray],
    scores: Mapping[str, float],
) -> dict[str, float | None]:
    """Return by how much models score above the baseline student, and how sure it is.

    The standard errors are those of the delete-a-group jackknife of the paired
    differences: each score is taken again without one of 20 groups of samples, and
    their squared deviations from the mean are summed up and multiplied by
    ``(n_groups - 1) / n_groups`` (Efron and Tibshirani, "An Introduction to the
    Bootstrap", 1993, chapter 11). Samples count as independent.

    Parameters
    ----------
    samples : Samples
        The held-out samples.
    scorer : callable
        A scikit-learn scorer.
    said : dict of str to ndarray
        What "teacher", "baseline" and "distilled" predict for them, see `say`.
    scores : dict of str to float
        What the models themselves score.

    Returns
    -------
    dict
        "lead" of the teacher and "gain" of the distilled student, with "lead_error" and
        "gain_error", which are None where the scorer goes by more than predictions.
    """
    whole = np.array([scores[name] for name in MODELS])
    deviations = _deviations(samples, scorer, said, whole)
    found: dict[str, float | None] = {}
    for name, model in (("lead", 0), ("gain", 2)):
        found[name] = float(whole[model] - whole[1])
        found[f"{name}_error"] = None
        if deviations is not None:
            paired = deviations[:, model] - deviations[:, 1]
            error = np.sqrt((len(paired) - 1) * np.var(paired))
            found[f"{name}_error"] = float(error)
    return found


def _deviations(
    samples: Samples, scorer: Scorer, said: Mapping[str, NDArray], whole: NDArray
) -> NDArray | None:
    """Return the models' scores without each group; None where they are not known."""
    counted = samples.counted
    if len(counted) < _LEAST_SAMPLES:
        return None
    order = np.arange(len(counted)) % _MOST_GROUPS
    groups = np.full(len(samples), _MOST_GROUPS)  # None of them, of weight 0.
    groups[counted] = order
    try:
        again = _scores(samples, scorer, said, groups >= 0)
        if not np.allclose(again, whole, rtol=1e-3, atol=1e-9):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            found = np.array(
                [_scores(samples, scorer, said, groups != one) for one in set(order)]
            )
    except Exception:  # A user's scorer may need the model itself, and raise anything.
        return None
    return found if np.isfinite(found).all() else None


def _scores(
    samples: Samples, scorer: Scorer, said: Mapping[str, NDArray], kept: NDArray
) -> list[float]:
    part = samples.part(np.flatnonzero(kept))
    return [part.score(scorer, said[name][kept]) for name in MODELS]
