"""The trial of each student: its candidates, their scores, the choice, the last fit."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils.parallel import Parallel, delayed

from skdistill._fitting import explaining_pickles, naming_failures
from skdistill._sklearn import validate_params
from skdistill._typing import Table
from skdistill._warnings import warn_again, with_notes
from skdistill.distilled import BaseDistilled, make_plan, student_of
from skdistill.flow import Data, check_divisible
from skdistill.refine import LeafRefinement
from skdistill.search._alphas import AlphasMixin, Folds
from skdistill.search._candidates import (
    check_finite,
    default_refinements,
    grown_alike,
    list_candidates,
    name_candidates,
    positions,
    teacher_stages,
    warn_failures,
    within_leaves,
)
from skdistill.search._choice import Choice, choose
from skdistill.search._race import joined, laps, survivors, widen
from skdistill.search._scores import FoldScores, Group, score_fold

__all__ = ["Contender", "Trial", "TrialsMixin"]


@dataclass(frozen=True)
class Contender:
    """A student that takes part in a search.

    Attributes
    ----------
    name : str
        What it is called.
    model : DistilledRegressor or DistilledClassifier
        Unfitted, with this student.
    data : Data
        What it is distilled from.
    fit_params : dict
        Metadata of the model's fit.
    baseline : Group
        The candidate that learns from the labels alone.
    configurations : list of dict
        The parameters of the student that are tried; as they were given come first,
        where they are within the budget.
    is_one_of_several : bool
        Whether there are others.
    is_as_given : bool
        Whether the first configuration is the student as it was given.
    """

    name: str
    model: BaseDistilled
    data: Data
    fit_params: dict[str, Any]
    baseline: Group
    configurations: list[dict[str, Any]]
    is_one_of_several: bool
    is_as_given: bool = True

    def naming(self) -> AbstractContextManager[None]:
        """Add the student's name to an exception inside, where there are several."""
        if not self.is_one_of_several:
            return nullcontext()
        return naming_failures(f"student {self.name!r}", "trying")


@dataclass(frozen=True, eq=False)
class Trial:
    """What the held-out samples say of the candidates of one student.

    Attributes
    ----------
    contender : Contender
        The student.
    groups : list of Group
        Its candidates; the baseline student as it was given comes first.
    scores : ndarray of shape (n_candidates, n_parts)
        Their scores.
    teacher, constant : ndarray of shape (n_parts,)
        The scores of the teacher, and of a model that knows nothing.
    linear_alpha : float or None
        The alpha in closed form.
    """

    contender: Contender
    groups: list[Group]
    scores: NDArray
    teacher: NDArray
    constant: NDArray
    linear_alpha: float | None

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The parameters of the candidates."""
        return list_candidates(self.groups)

    def choose(self, left_out: Collection[int] = ()) -> Choice:
        """Choose a candidate, or the best baseline student.

        Parameters
        ----------
        left_out : collection of int, default=()
            Positions of groups that do not take part; the first is none of them.
        """
        away = positions(self.groups, {*left_out})
        rest = [place for place in range(len(self.scores)) if place not in away]
        baselines = [place for place in rest if self.is_baseline(place)]
        means = self.scores[baselines].mean(axis=1)
        rival = baselines[int(np.nanargmax(means))]
        rest = [rival, *(place for place in rest if place not in baselines)]
        called = "tuned baseline student" if self.is_tuned else "baseline student"
        if left_out and len(rest) == 1:
            reason = f"Kept the {called}: all other candidates are over the budget."
            return Choice(rival, reason, rival)
        names = name_candidates(self.groups)
        choice = choose(
            self.scores[rest],
            self.teacher,
            self.constant,
            [names[place] for place in rest],
            called,
        )
        return replace(choice, index=rest[choice.index], rival=rival)

    @property
    def is_tuned(self) -> bool:
        """Whether parameters of the student were tried."""
        return any(group.is_tuned for group in self.groups)

    def is_baseline(self, index: int) -> bool:
        """Return whether a candidate learns from the labels alone."""
        return self.groups[self.group_of(index)].is_baseline

    def score(self, choice: Choice) -> float:
        """Return the mean score of a candidate."""
        return float(self.scores[choice.index].mean())

    def group_of(self, index: int) -> int:
        """Return the position of the group that a candidate belongs to."""
        return next(
            number
            for number in range(len(self.groups))
            if index in positions(self.groups, {number})
        )


class TrialsMixin(AlphasMixin):
    """What a search does with one student."""

    temperatures: Any
    transfers: Any
    refinements: Any
    teacher_stages: Any
    n_jobs: int | None
    student: Any
    _check_optimal: Callable[[BaseDistilled], None]

    max_leaves: float | None

    @property
    def _has_several(self) -> bool:
        """Whether several students are compared."""
        return isinstance(self.student, str | list)

    def _enter(
        self,
        name: str,
        model: BaseDistilled,
        data: Data,
        fit_params: dict[str, Any],
        configurations: list[dict[str, Any]],
    ) -> Contender:
        """Return a student as it takes part, its parameters checked."""
        if self._is_optimal:
            self._check_optimal(model)
        baseline = self._baseline(model, data, configurations[0])
        return Contender(
            name, model, data, fit_params, baseline, configurations, self._has_several
        )

    def _baseline(
        self,
        model: BaseDistilled,
        data: Data,
        configuration: dict[str, Any],
        refinement: LeafRefinement | None = None,
    ) -> Group:
        """Return the baseline of a student in one configuration.

        It is refined if `refinement` says so, on the labels alone.
        """
        params = self._usual_mix(0.0) | {"temperature": 1.0, "transfer": None}
        params |= teacher_stages(self.teacher_stages)[0] | configuration
        return self._group(model, data, params, [refinement], is_baseline=True)

    def _pruned(self, contender: Contender) -> Contender:
        """Return a student with its baseline pruned to the budget.

        Where none of its candidates is refined it stays as it is.
        """
        model, data = contender.model, contender.data
        found = [one for one in self._refinements_of(model, data) if one is not None]
        if not any(one.max_leaves is not None for one in found):
            return contender
        # It grows as the user said, and is held at the first strength.
        first = clone(found[0]).set_params(diversify=False, tolerance=None)
        as_given = contender.configurations[0]
        return replace(contender, baseline=self._baseline(model, data, as_given, first))

    def _tuned(
        self, contender: Contender, configurations: list[dict[str, Any]]
    ) -> Contender:
        """Return a student that takes part in these of its configurations alone.

        None of them is the student as it was given.
        """
        (alike,) = contender.baseline.plan.refinements
        first = configurations[0]
        return replace(
            contender,
            baseline=self._baseline(contender.model, contender.data, first, alike),
            configurations=configurations,
            is_as_given=False,
        )

    def _refinements_of(
        self,
        model: BaseDistilled,
        data: Data,
        tuned: Mapping[str, Any] = MappingProxyType({}),
    ) -> list[LeafRefinement | None]:
        """Return the refinements to try, which prune to the budget if there is one."""
        refinements = self.refinements
        if isinstance(refinements, str):
            refinements = default_refinements(model, data, tuned)
        return [
            within_leaves(
                LeafRefinement() if one == "leaves" else one,
                student_of(model),
                self.max_leaves,
            )
            for one in refinements
        ]

    def _groups(self, contender: Contender, folds: Folds, context: Any) -> list[Group]:
        """Return the candidates, grouped by their student; the baseline comes first."""
        model, data = contender.model, contender.data
        self.linear_alpha_ = None
        mixes = [{"alpha": alpha} for alpha in self.alphas]
        if isinstance(self.alphas, str):
            # Wrong candidates are found here, before any teacher is fitted.
            mixes = [self._usual_mix()]
            plan = self._products(contender, mixes)[0].plan
            if self._has_ends(model):
                mixes = self._best_mixes(model, plan, data, folds, context)
        alike, first = contender.baseline.plan.refinements, contender.baseline.params
        baselines = [
            self._group(model, data, first | tuned, alike, is_baseline=True)
            for tuned in contender.configurations[1:]
        ]
        tuned = [replace(one, is_tuned=True) for one in baselines]
        return [contender.baseline, *tuned, *self._products(contender, mixes)]

    def _products(
        self, contender: Contender, mixes: list[dict[str, Any]]
    ) -> list[Group]:
        """Return all combinations of the other parameters with these mixes.

        Those of the first configuration come first.
        """
        first, *others = contender.configurations
        known = {} if contender.is_as_given else first
        found = self._products_of(contender, mixes, first, known)
        for one in others:
            found += [
                replace(group, is_tuned=True)
                for group in self._products_of(contender, mixes, one, one)
            ]
        return found

    def _products_of(
        self,
        contender: Contender,
        mixes: list[dict[str, Any]],
        configuration: dict[str, Any],
        tuned: dict[str, Any],
    ) -> list[Group]:
        """Return these combinations for one configuration of the student."""
        model, data = contender.model, contender.data
        refinements = self._refinements_of(model, data, tuned)
        others = [
            [{"temperature": temperature} for temperature in self.temperatures],
            [{"transfer": transfer} for transfer in self.transfers],
            teacher_stages(self.teacher_stages),
        ]
        return [
            self._group(
                model,
                data,
                mixed | temperature | transfer | stage | configuration,
                alike,
            )
            for mixed, temperature, transfer, stage in product(mixes, *others)
            for alike in grown_alike(refinements)
        ]

    def _group(
        self,
        model: BaseDistilled,
        data: Data,
        params: dict[str, Any],
        refinements: Sequence[LeafRefinement | None],
        *,
        is_baseline: bool = False,
    ) -> Group:
        """Return a group of candidates, its parameters checked and resolved."""
        if model.student is not None:
            check_divisible(model.student)
        for refinement in refinements:
            candidate = clone(model).set_params(refine=refinement, **params)
            validate_params(candidate)
            plan = make_plan(candidate, data)
        plan = replace(plan, refinements=tuple(refinements))
        if teacher_stages(self.teacher_stages) != [{}]:
            # The whole teacher too, so that all candidates share one fit.
            plan = plan.keeping_stages()
        return Group(params, plan, is_baseline=is_baseline)

    def _try_all(
        self,
        contenders: list[Contender],
        folds: Folds,
        context: Any,
        scoring: Any,
    ) -> list[Trial]:
        """Score the candidates of all students; wrong ones are found before any is."""
        entered, trials = [], []
        for one in contenders:
            with one.naming():
                groups = self._groups(one, folds, context)
            entered.append((one, groups, self.linear_alpha_))
        for one, groups, linear_alpha in entered:
            with one.naming():
                trials.append(
                    self._try(one, groups, linear_alpha, folds, context, scoring)
                )
        return trials

    def _try(
        self,
        contender: Contender,
        groups: list[Group],
        linear_alpha: float | None,
        folds: Folds,
        context: Any,
        scoring: Any,
    ) -> Trial:
        """Score the candidates of a student, its teacher and a constant."""
        scorer = check_scoring(contender.model, scoring)
        n, alive = len(list_candidates(groups)), [*range(len(groups))]
        results: list[FoldScores] = []
        for lap in laps(groups, folds):
            if results:
                alive = survivors(groups, joined(results)[:n], alive)
            running = [groups[number] for number in alive]
            found = self._score(contender, running, lap, context, scorer)
            results += [widen(fold, groups, alive) for fold in found]
        label = f"{contender.name!r} " if contender.is_one_of_several else ""
        warn_failures(groups, results, self.error_score, label)
        scores = joined(results)
        away = {failure.group for fold in results for failure in fold.failures}
        away |= {*range(len(groups))} - {*alive}
        check_finite(scores, name_candidates(groups), positions(groups, away))
        teachers = scores[n:-1]
        teacher = teachers[teachers.mean(axis=1).argmax()]
        return Trial(contender, groups, scores[:n], teacher, scores[-1], linear_alpha)

    def _score(
        self,
        contender: Contender,
        groups: list[Group],
        folds: Folds,
        context: Any,
        scorer: Any,
    ) -> list[FoldScores]:
        """Score groups of candidates of a student on each of some folds."""
        tasks = [
            context.subcontext(task_name="score-fold", max_subtasks=len(groups))
            for _ in folds
        ]
        score = partial(
            score_fold,
            contender.model,
            groups,
            contender.data,
            scorer=scorer,
            error_score=self.error_score,
        )
        calls = (
            partial(score, train, parts, context=task)
            for (train, parts), task in zip(folds, tasks, strict=True)
        )
        with explaining_pickles():
            return self._run(calls, tasks)

    def _run(self, calls: Iterable, tasks: list) -> list:
        """Run a call for each task; report, and warn, from this process."""

        def begin() -> Iterator:
            for call, task in zip(calls, tasks, strict=True):
                task.call_on_fit_task_begin(estimator=self)
                yield delayed(with_notes)(call)

        results = []
        arriving = Parallel(n_jobs=self.n_jobs, return_as="generator")(begin())
        for (result, notes), task in zip(arriving, tasks, strict=True):
            task.call_on_fit_task_end(estimator=self)
            warn_again(notes)
            results.append(result)
        return results

    def _fit_candidate(
        self,
        trial: Trial,
        index: int,
        X: Table,
        y: ArrayLike,
        given: dict[str, Any],
        context: Any,
    ) -> Any:
        """Fit a candidate on all samples."""
        if trial.is_baseline(index):
            given = given | {"X_unlabeled": None, "unlabeled_predictions": None}
        best = clone(trial.contender.model).set_params(**trial.candidates[index])
        if context is None:
            return best.fit(X, y, **given, **trial.contender.fit_params)
        with context.propagate_callback_context(best):
            context.call_on_fit_task_begin(estimator=self)
            best.fit(X, y, **given, **trial.contender.fit_params)
            context.call_on_fit_task_end(estimator=self)
        return best
