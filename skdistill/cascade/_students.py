"""The students of a cascade: the one of its estimator, or several by their names."""

from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state

from skdistill._fitting import clone_with_seed, spawn_seeds
from skdistill._typing import Estimator
from skdistill.distilled import named_pairs

__all__ = ["build_models", "is_frozen", "seeded", "student_key"]

# What the only student of a cascade is called.
_ONLY = "estimator"


def is_frozen(estimator: Estimator) -> bool:
    """Return whether an estimator is fitted already and stays as it is."""
    return isinstance(estimator, FrozenEstimator)


def build_models(cascade: Any, estimator: Estimator) -> dict[str, Estimator]:
    """Return what predicts in each stage, unfitted or frozen, by the students' names.

    Parameters
    ----------
    cascade : CascadeRegressor or CascadeClassifier
        With valid parameters.
    estimator : estimator
        What is distilled; the students take the place of its own.
    """
    pairs = named_pairs(cascade, "student")
    if pairs and is_frozen(estimator):
        return dict(pairs)
    key = student_key(estimator)
    if not pairs or key is None:  # What has no student is refused by `fit`.
        return {_ONLY: estimator}
    return {
        name: clone(estimator).set_params(**{key: student}) for name, student in pairs
    }


def student_key(estimator: Estimator) -> str | None:
    """Return by which parameter the student of an estimator is set."""
    held = estimator.get_params(deep=True)
    keys = [name for name in held if name.rpartition("__")[2] == "student"]
    return min(keys, key=len, default=None)


def seeded(estimator: Estimator, seed: int | None, *, are_several: bool) -> Estimator:
    """Return a clone whose parts have seeds, so that students share a teacher.

    Parameters
    ----------
    estimator : estimator
        What is distilled.
    seed : int or None
        None leaves all open, but where several students learn from one teacher.
    are_several : bool
        Whether they are.
    """
    if seed is None and are_several:
        (seed,) = spawn_seeds(check_random_state(None), 1)
    return clone_with_seed(estimator, seed)
