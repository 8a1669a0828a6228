"""The student's honest rival: tuned by cross-validation on the labels, at its size.

What bounds the size stays as it is: the number of trees, of leaves, of hidden units.
The step `tuned` measures it on the splits of `gap` and `gap_classes`; their reports set
themselves against its rows.
"""

from typing import NamedTuple

import pandas as pd
from scipy.stats import loguniform
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import KFold, RandomizedSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

from benchmarks import results

NAME, SPLIT = "tuned", ["table", "seed", "student"]
N_CANDIDATES, N_FOLDS = 20, 5


class Effort(NamedTuple):
    """How many candidates are tried, and on how many folds each."""

    n_candidates: int
    n_folds: int


_TREES = {"max_features": [0.33, 0.6, 1.0], "min_samples_leaf": [1, 2, 5, 10, 20]}
_ROUNDS = {"learning_rate": loguniform(0.02, 0.4), "subsample": [0.5, 0.75, 1.0]}
# What is tuned, by the name of the student's class without its task.
SPACES = {
    "GradientBoosting": _TREES | _ROUNDS,
    "HistGradientBoosting": {
        "learning_rate": _ROUNDS["learning_rate"],
        "max_features": _TREES["max_features"],
        "min_samples_leaf": [2, 5, 10, 20, 40],
        "l2_regularization": loguniform(1e-3, 30),
    },
    "LGBM": _ROUNDS
    | {
        "subsample_freq": [1],
        "colsample_bytree": _TREES["max_features"],
        "min_child_samples": [2, 5, 10, 20, 40],
        "reg_lambda": loguniform(1e-3, 30),
    },
    "XGB": _ROUNDS
    | {
        "colsample_bytree": _TREES["max_features"],
        "min_child_weight": loguniform(0.1, 30),
        "reg_lambda": loguniform(1e-3, 30),
    },
    "RandomForest": _TREES | {"max_samples": [0.5, 0.75, None]},
    "DecisionTree": _TREES,
    "MLP": {
        "alpha": loguniform(1e-5, 10),
        "learning_rate_init": loguniform(3e-4, 1e-2),
        "early_stopping": [False, True],
    },
    "Ridge": {"alpha": loguniform(1e-3, 1e3)},
    "LogisticRegression": {"C": loguniform(1e-3, 1e3)},
}


def tuned(student, seed: int, effort: Effort | None = None) -> RandomizedSearchCV:
    """Return the unfitted search over the student's parameters.

    Classes are tuned by their log loss, values by R2. The first candidate is not the
    student as it is: a search of this kind is what its user would write. If `effort`
    is None, it is `N_CANDIDATES` on `N_FOLDS`.
    """
    n_candidates, n_folds = effort or Effort(N_CANDIDATES, N_FOLDS)
    prefix, model = final(student)
    name = type(model).__name__
    for task in ("Classifier", "Regressor"):
        name = name.removesuffix(task)
    space = {prefix + key: values for key, values in SPACES[name].items()}
    classes = is_classifier(student)
    folds = StratifiedKFold if classes else KFold
    return RandomizedSearchCV(
        student,
        space,
        n_iter=n_candidates,
        scoring="neg_log_loss" if classes else "r2",
        cv=folds(n_folds, shuffle=True, random_state=seed),
        random_state=seed,
        error_score="raise",
    )


def final(student, prefix: str = "") -> tuple[str, object]:
    """Return the model inside pipelines and target transformers, and its prefix."""
    if isinstance(student, Pipeline):
        name, model = student.steps[-1]
        return final(model, f"{prefix}{name}__")
    if isinstance(student, TransformedTargetRegressor):
        return final(student.regressor, f"{prefix}regressor__")
    return prefix, student


def column(name: str) -> pd.Series:
    """Return what was measured of the tuned students, by table, seed and student.

    Parameters
    ----------
    name : str
        The column without its beginning, such as "r2".
    """
    name = f"{NAME}_{name}"
    rows = results.read(NAME) if results.exists(NAME) else pd.DataFrame(columns=SPLIT)
    return rows.reindex(columns=[*SPLIT, name]).set_index(SPLIT)[name].dropna()


def join(frame: pd.DataFrame, score: str) -> pd.DataFrame:
    """Return the rows whose student was tuned, with the tuned student's score."""
    return frame.join(column(score), on=SPLIT, how="inner")


def as_baseline(joined: pd.DataFrame, score: str) -> pd.DataFrame:
    """Return the rows with the tuned student's score as the baseline's."""
    return joined.assign(**{f"baseline_{score}": joined[f"{NAME}_{score}"]})
