"""The candidate of each student that is fitted on all samples, and the best one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import FitFailedWarning

from skdistill._figures import readable
from skdistill._typing import Estimator
from skdistill._warnings import warn_user
from skdistill.flow import fit_baseline
from skdistill.search._budget import Budget, Cost, measure
from skdistill.search._candidates import collect_results, name_candidate
from skdistill.search._choice import Choice
from skdistill.search._trials import Contender, Trial

__all__ = [
    "Finalist",
    "best_of",
    "collect_frontier",
    "collect_trials",
    "enter_budget",
    "fit_finalists",
    "leader",
]

# Fits a candidate of a trial, and says whether it is the student's first.
Fit = Callable[[Trial, int, bool], Estimator]
# Returns a student in some of its configurations alone.
Tune = Callable[[Contender, list[dict[str, Any]]], Contender]


@dataclass(frozen=True)
class Finalist:
    """The chosen candidate of a student, within the budget.

    Attributes
    ----------
    trial : Trial
        What was found of the student's candidates.
    choice : Choice
        Which of them it is.
    model : DistilledRegressor or DistilledClassifier
        Fitted on all samples.
    cost : Cost
        What its student costs.
    """

    trial: Trial
    choice: Choice
    model: Estimator
    cost: Cost

    @property
    def name(self) -> str:
        """The name of the student."""
        return self.trial.contender.name

    @property
    def is_distilled(self) -> bool:
        """Whether it is no baseline student."""
        return not self.trial.is_baseline(self.choice.index)

    @property
    def score(self) -> float:
        """Its mean score on held-out samples."""
        return self.trial.score(self.choice)


def enter_budget(
    contenders: Sequence[Contender],
    budget: Budget,
    prune: Callable[[Contender], Contender],
    tune: Tune,
    error_score: float | str,
) -> tuple[list[Contender], dict[str, Cost]]:
    """Return the students within the budget, and what all of them cost, by their names.

    What they cost when fitted on the labels alone is known before a teacher is fitted,
    and about what the other candidates cost.

    Parameters
    ----------
    contenders : sequence of Contender
        The students.
    budget : Budget
        The most that a student may cost.
    prune : callable
        Returns a student that has too many leaves with its baseline pruned, or as it
        is where it cannot be.
    tune : callable
        Returns a student in some of its configurations alone. Those within the budget
        are what is left of a student that is over it as it was given.
    error_score : float or "raise"
        With "raise" a configuration that fails stops the search; else it is left out.

    Raises
    ------
    ValueError
        If none of them is within the budget, or it cannot be told.
    """
    costs = _baseline_costs(contenders, budget)
    for name, cost in costs.items():
        budget.check_known(name, cost)
    entered = [
        prune(one) if budget.has_too_many_leaves(costs[one.name]) else one
        for one in contenders
    ]
    pruned = [one for one in entered if not any(one is old for old in contenders)]
    if pruned:
        costs |= _baseline_costs(pruned, budget)
    for place, one in enumerate(entered):
        if len(one.configurations) > 1 and not budget.admits(costs[one.name]):
            entered[place], costs[one.name] = _smaller(
                one, costs[one.name], budget, tune, error_score
            )
    budget.check_any_fits(costs)
    return [one for one in entered if budget.admits(costs[one.name])], costs


def _smaller(
    contender: Contender,
    known: Cost,
    budget: Budget,
    tune: Tune,
    error_score: float | str,
) -> tuple[Contender, Cost]:
    """Return a student in its configurations within the budget, and what it costs.

    As it was given, its cost is `known`, and over the budget. Where there is no other
    it stays as it is, with the cost of the nearest.
    """
    costs: list[tuple[dict[str, Any], Cost]] = []
    for one in contender.configurations[1:]:
        try:
            (cost,) = _baseline_costs([tune(contender, [one])], budget).values()
        except Exception as error:
            if error_score == "raise":
                raise
            warn_user(
                f"The student {contender.name!r} with {name_candidate(one)} failed "
                "when it was fitted on the labels, so that its cost is not known, and "
                "is left out. Use error_score='raise' to stop there. The error was: "
                f"{type(error).__name__}: {error}",
                FitFailedWarning,
            )
        else:
            costs.append((one, cost))
    within = [(one, cost) for one, cost in costs if budget.admits(cost)]
    if not within:
        of_all = [known, *(cost for _, cost in costs)]
        return contender, min(of_all, key=budget.excess)
    return tune(contender, [one for one, _ in within]), within[0][1]


def _baseline_costs(contenders: Sequence[Contender], budget: Budget) -> dict[str, Cost]:
    students = []
    for one in contenders:
        plan = one.baseline.plan
        with one.naming():
            students.append(fit_baseline(plan, one.data, plan.refinements[0]))
    found = measure(students, contenders[0].data.X, budget)
    return dict(zip([one.name for one in contenders], found, strict=True))


def leader(trials: Sequence[Trial]) -> tuple[Trial, Choice]:
    """Return the student with the best candidate, and which that is."""
    chosen = [(trial, trial.choose()) for trial in trials]
    return max(chosen, key=lambda one: one[0].score(one[1]))


def fit_finalists(
    trials: Sequence[Trial], budget: Budget, baselines: Mapping[str, Cost], fit: Fit
) -> list[Finalist]:
    """Fit the best candidate of each student that is within the budget.

    Where one is over it, all candidates that differ from it in their refinement's
    strength alone are left out, as they are as large. The baseline student stays.

    Parameters
    ----------
    trials : sequence of Trial
        What was found of each student.
    budget : Budget
        The most that it may cost.
    baselines : mapping of str to Cost
        What baseline students are known to cost, all within the budget.
    fit : callable
        ``fit(trial, index, is_first)`` returns a fitted model.
    """
    found: dict[str, Finalist] = {}
    left_out: dict[str, set[int]] = {trial.contender.name: set() for trial in trials}
    while open_trials := [one for one in trials if one.contender.name not in found]:
        choices = [one.choose(left_out[one.contender.name]) for one in open_trials]
        models = [
            fit(trial, choice.index, not left_out[trial.contender.name])
            for trial, choice in zip(open_trials, choices, strict=True)
        ]
        costs = measure(
            [model.student_ for model in models], trials[0].contender.data.X, budget
        )
        for finalist in map(Finalist, open_trials, choices, models, costs):
            found |= _judged(finalist, budget, baselines, left_out[finalist.name])
    return [found[trial.contender.name] for trial in trials]


def _judged(
    finalist: Finalist,
    budget: Budget,
    baselines: Mapping[str, Cost],
    left_out: set[int],
) -> dict[str, Finalist]:
    """Return a finalist by its name if it is within the budget; else leave it out."""
    name, index = finalist.name, finalist.choice.index
    if index == 0:  # Once found to be within the budget, it is so the second time.
        cost = baselines.get(name, finalist.cost)
        return {name: Finalist(finalist.trial, finalist.choice, finalist.model, cost)}
    if budget.admits(finalist.cost):
        return {name: finalist}
    left_out.add(finalist.trial.group_of(index))
    return {}


def best_of(finalists: Sequence[Finalist], budget: Budget) -> tuple[Finalist, str]:
    """Return the finalist of the best score, and why it was taken."""
    best = max(finalists, key=lambda one: one.score)
    reason = best.choice.reason
    if len(finalists) > 1:
        others = ", ".join(
            f"{one.name} {readable(one.score)}" for one in finalists if one is not best
        )
        within = f" within the budget, {budget}," if budget else ""
        reason += (
            f" Of the {len(finalists)} students{within} {best.name!r} has the best "
            f"score; the others have: {others}."
        )
    return best, reason


def collect_trials(trials: Sequence[Trial], *, by_name: bool) -> dict[str, Any]:
    """Return the scores of all candidates of all students, as `GridSearchCV` does.

    Parameters
    ----------
    trials : sequence of Trial
        What was found of each student.
    by_name : bool
        Whether the student's name is a parameter of the candidates.
    """
    candidates = [
        {"student": trial.contender.name} | params if by_name else params
        for trial in trials
        for params in trial.candidates
    ]
    return collect_results(candidates, np.concatenate([one.scores for one in trials]))


def collect_frontier(
    finalists: Sequence[Finalist], baselines: Mapping[str, Cost], best: Finalist
) -> dict[str, NDArray]:
    """Return score and cost of each student, in columns.

    Those over the budget have no score, and the cost of the student of the labels.
    """
    known = {one.name: one for one in finalists}
    names = [*(baselines or known)]
    costs = [known[name].cost if name in known else baselines[name] for name in names]
    return {
        "student": np.array(names, dtype=object),
        "score": np.array(
            [known[name].score if name in known else np.nan for name in names]
        ),
        **{
            kind: np.array([getattr(cost, kind) for cost in costs], dtype=float)
            for kind in Cost._fields
        },
        "is_distilled": np.array(
            [name in known and known[name].is_distilled for name in names]
        ),
        "is_within": np.array([name in known for name in names]),
        "is_best": np.array([name == best.name for name in names]),
    }
