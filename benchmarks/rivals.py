"""The student's honest rival: tuned by cross-validation on the labels, at its size.

What bounds the size stays as it is: the number of trees, of leaves, of hidden units.
The step `tuned` measures it on the splits of `gap` and `gap_classes`; their reports set
themselves against its rows.
"""

from typing import NamedTuple

import pandas as pd
from sklearn.base import is_classifier
from sklearn.model_selection import KFold, RandomizedSearchCV, StratifiedKFold

from benchmarks import results
from skdistill.students import search_space

NAME, SPLIT = "tuned", ["table", "seed", "student"]
N_CANDIDATES, N_FOLDS = 20, 5


class Effort(NamedTuple):
    """How many candidates are tried, and on how many folds each."""

    n_candidates: int
    n_folds: int


def tuned(student, seed: int, effort: Effort | None = None) -> RandomizedSearchCV:
    """Return the unfitted search over the student's parameters.

    Classes are tuned by their log loss, values by R2. The first candidate is not the
    student as it is: a search of this kind is what its user would write. If `effort`
    is None, it is `N_CANDIDATES` on `N_FOLDS`.
    """
    n_candidates, n_folds = effort or Effort(N_CANDIDATES, N_FOLDS)
    classes = is_classifier(student)
    folds = StratifiedKFold if classes else KFold
    return RandomizedSearchCV(
        student,
        search_space(student),
        n_iter=n_candidates,
        scoring="neg_log_loss" if classes else "r2",
        cv=folds(n_folds, shuffle=True, random_state=seed),
        random_state=seed,
        error_score="raise",
    )


def column(name: str, step: str = NAME) -> pd.Series:
    """Return what a step measured of students, by table, seed and student.

    Parameters
    ----------
    name : str
        The column without its beginning, such as "r2".
    step : str, default="tuned"
        The step, whose name its columns begin with.
    """
    name = f"{step}_{name}"
    rows = results.read(step) if results.exists(step) else pd.DataFrame(columns=SPLIT)
    return rows.reindex(columns=[*SPLIT, name]).set_index(SPLIT)[name].dropna()


def join(frame: pd.DataFrame, score: str, step: str = NAME) -> pd.DataFrame:
    """Return the rows that a step measured too, with its score."""
    return frame.join(column(score, step), on=SPLIT, how="inner")


def as_baseline(joined: pd.DataFrame, score: str) -> pd.DataFrame:
    """Return the rows with the tuned student's score as the baseline's."""
    return joined.assign(**{f"baseline_{score}": joined[f"{NAME}_{score}"]})
