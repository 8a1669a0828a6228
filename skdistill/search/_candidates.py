"""The candidates of a search: their groups, names, failures and ranks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning

from skdistill._typing import Estimator
from skdistill._warnings import warn_user
from skdistill.distilled import BaseDistilled, make_plan, student_of
from skdistill.exceptions import LabelLeakWarning
from skdistill.flow import Data
from skdistill.refine import (
    GROWTH,
    WIDER,
    LeafRefinement,
    is_prunable,
    tries_all_features,
)
from skdistill.search._configurations import PREFIX
from skdistill.search._scores import FoldScores, Group
from skdistill.students import training_loss

__all__ = [
    "check_finite",
    "check_not_empty",
    "collect_results",
    "default_refinements",
    "grown_alike",
    "list_candidates",
    "name_candidate",
    "name_candidates",
    "positions",
    "rank",
    "teacher_stages",
    "warn_failures",
    "warn_leak",
    "within_leaves",
]

_STRENGTHS = (1.0, 10.0, 100.0)
# Halves: what is learned in a round falls with their number.
_STAGES = tuple(0.5**power for power in range(6))


def check_not_empty(search: Any) -> None:
    """Raise if a parameter of a search that holds candidates holds none, or "auto"."""
    names = ("alphas", "temperatures", "transfers", "refinements", "teacher_stages")
    for name in names:
        if len(getattr(search, name)) == 0:
            raise ValueError(
                f"{name} must hold at least one value to try. Got "
                f"{getattr(search, name)!r}. Leave it out for the default."
            )
    if "auto" in [one for one in search.refinements if isinstance(one, str)]:
        raise ValueError(
            "refinements must be 'auto', or hold LeafRefinement objects, 'leaves' "
            "or None. Got 'auto' among them. Use refinements='auto'."
        )


def default_refinements(
    model: BaseDistilled, data: Data, tuned: Mapping[str, Any]
) -> tuple[LeafRefinement | None, ...]:
    """Return strengths where solving for leaf values can help, else no refinement.

    A student whose growth is `tuned` grows as its parameters say; a forest that tries
    all features is tried with two fractions of them.
    """
    if data.classes is None and not training_loss(student_of(model)).is_mean:
        return (None,)
    # What a trust goes with has no part in it.
    trial = clone(model).set_params(alpha=0.5, refine="auto", transfer=None, trust=None)
    if make_plan(trial, data).refinements == (None,):
        return (None,)
    growths: tuple[bool | float, ...] = (False,)
    if GROWTH.isdisjoint(name.rpartition("__")[2] for name in tuned):
        is_wide = tries_all_features(student_of(model))
        growths = (True, WIDER) if is_wide else (True,)
    return tuple(
        LeafRefinement(strength, diversify=growth)
        for growth in growths
        for strength in _STRENGTHS
    )


def within_leaves(
    refinement: LeafRefinement | None, student: Estimator, max_leaves: float | None
) -> LeafRefinement | None:
    """Return the refinement that prunes a student to a budget, where it can be pruned.

    Parameters
    ----------
    refinement : LeafRefinement or None
        None does not prune.
    student : estimator
        Unfitted.
    max_leaves : float or None
        The budget, if there is one.
    """
    if refinement is None or max_leaves is None or max_leaves < 1:
        return refinement
    if not is_prunable(student):
        return refinement
    own = refinement.max_leaves or max_leaves
    return clone(refinement).set_params(max_leaves=int(min(own, max_leaves)))


def teacher_stages(stages: Any) -> list[dict[str, float]]:
    """Return the parameters of the stages to try; none where it is the whole teacher.

    Parameters
    ----------
    stages : "auto" or sequence of float
        The parameter of the search.
    """
    tried = _STAGES if isinstance(stages, str) else stages
    if list(tried) == [1]:
        return [{}]
    return [{"teacher_stage": stage} for stage in tried]


def grown_alike(refinements: list) -> list[list]:
    """Return lists of refinements that leave as many leaves of one student."""
    lists: dict[tuple, list] = {}
    names = ("diversify", "max_leaves", "tolerance")
    for refinement in refinements:
        alike = tuple(getattr(refinement, name, None) for name in names)
        lists.setdefault(alike, []).append(refinement)
    return [*lists.values()]


def list_candidates(groups: list[Group]) -> list[dict[str, Any]]:
    return [
        group.params | {"refine": refinement}
        for group in groups
        for refinement in group.plan.refinements
    ]


def positions(groups: list[Group], numbers: set[int]) -> set[int]:
    """Return where the candidates of some groups stand among all candidates."""
    owners = [
        number for number, group in enumerate(groups) for _ in group.plan.refinements
    ]
    return {place for place, number in enumerate(owners) if number in numbers}


def name_candidates(groups: list[Group]) -> list[str]:
    return [name_candidate(candidate) for candidate in list_candidates(groups)]


def name_candidate(candidate: dict[str, Any]) -> str:
    """Say how a candidate differs from the baseline student."""
    refinement = candidate.get("refine")
    shown = candidate | {"refine": refinement and _describe(refinement)}
    return ", ".join(
        f"{name}={_show(name, value)}"
        for name, value in shown.items()
        if value is not None
    )


def _show(name: str, value: Any) -> str:
    if name == "transfer":
        return repr(value)
    is_long = isinstance(value, float) and name.startswith(PREFIX)
    return f"{value:.4g}" if is_long else str(value)


def _describe(refinement: LeafRefinement) -> str:
    growth = refinement.diversify
    grown = [] if isinstance(growth, bool) else [f"of {growth:.2g} of the features"]
    limits = {"max_leaves": "at most {} leaves", "tolerance": "pruned within {:g}"}
    return ", ".join(
        [f"leaves at strength {refinement.strength:g}", *grown]
        + [
            words.format(getattr(refinement, name))
            for name, words in limits.items()
            if getattr(refinement, name) is not None
        ]
    )


def collect_results(
    candidates: list[dict[str, Any]], scores: NDArray
) -> dict[str, Any]:
    """Return the scores of all candidates, as `GridSearchCV` does.

    Parameters that a candidate has not, as those of another student, are masked.
    """
    mean = scores.mean(axis=1)
    names = dict.fromkeys(name for one in candidates for name in one)
    return {
        "params": candidates,
        **{f"param_{name}": _values(candidates, name) for name in names},
        **{f"split{i}_test_score": part for i, part in enumerate(scores.T)},
        "mean_test_score": mean,
        "std_test_score": scores.std(axis=1),
        "rank_test_score": rank(mean),
    }


def _values(candidates: list[dict[str, Any]], name: str) -> NDArray:
    lacking = [name not in one for one in candidates]
    values = np.fromiter((one.get(name) for one in candidates), dtype=object)
    return np.ma.MaskedArray(values, mask=lacking) if any(lacking) else values


def rank(means: NDArray) -> NDArray:
    """Return the ranks of scores, 1 for the best; failed candidates come last."""
    return rankdata(-np.nan_to_num(means, nan=-np.inf), method="min").astype(int)


def warn_failures(
    groups: list[Group],
    folds: list[FoldScores],
    error_score: float | str,
    label: str = "",
) -> None:
    """Warn once for each group of candidates that failed, and name the folds.

    `label` names the student, followed by a space, where there are several.
    """
    failed: dict[int, dict[int, str]] = {}
    for number, fold in enumerate(folds):
        for failure in fold.failures:
            failed.setdefault(failure.group, {})[number] = failure.error
    for group, errors in failed.items():
        names = [name_candidate(params) for params in list_candidates([groups[group]])]
        warn_user(
            f"The student {label}of {' and of '.join(names)} failed on fold"
            f"{'s' if len(errors) > 1 else ''} {', '.join(map(str, errors))} of "
            f"{len(folds)}. Its score there is {error_score}. Use "
            "error_score='raise' to stop there. The first error was: "
            f"{next(iter(errors.values()))}",
            FitFailedWarning,
        )


def warn_leak(scores: NDArray, teacher: NDArray) -> None:
    """Warn if a student of stored predictions is better than these predictions.

    It cannot know more than they do, but from labels that they carry.
    """
    paired = scores - teacher
    error = paired.std(ddof=1) / np.sqrt(len(paired))
    if paired.mean() > error:
        warn_user(
            "The chosen student scores above the stored predictions that it learned "
            f"from, by {paired.mean():.3g} with a standard error of {error:.2g}. These "
            "seem to carry the labels of held-out samples, as predictions made "
            "out-of-fold on the same samples do, and the scores are too good. Take "
            "predictions of a model that learned from none of these labels, or pass "
            "the teacher itself.",
            LabelLeakWarning,
        )


def check_finite(scores: NDArray, names: list[str], failed: set[int]) -> None:
    wrong = ~np.isfinite(scores).all(axis=1)
    wrong[[*failed]] = False
    if wrong.any():
        n_teachers = len(scores) - len(names) - 1
        names = [*names, *["the teacher"] * n_teachers, "a constant"]
        raise ValueError(
            "All scores on held-out samples must be finite numbers. Got "
            f"{scores[wrong][0]} for {names[int(wrong.argmax())]}. Hold out more "
            "samples in a fold, or use another scoring: R2 needs two samples at least."
        )
