"""What both searches share: candidates, folds, the choice, the final fit."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from inspect import signature
from itertools import product
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    ClassifierMixin,
    MetaEstimatorMixin,
    clone,
    is_classifier,
)
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import validate_data

from skdistill._fitting import explaining_pickles, forget_fit, spawn_seeds
from skdistill._parameters import assign
from skdistill._sklearn import (
    CallbackSupportMixin,
    StrOptions,
    fit_context,
    raise_for_params,
    routing_enabled,
    validate_params,
    with_callbacks,
)
from skdistill._typing import Estimator, Student, Table, Teachers
from skdistill._validation import check_rows_exist, check_splits
from skdistill._warnings import each_once, warn_again, with_notes
from skdistill.distilled import (
    BaseDistilled,
    Delegate,
    NamedTeachersMixin,
    check_data,
    check_teacher_names,
    inner_folds,
    make_plan,
)
from skdistill.flow import Data, check_divisible
from skdistill.refine import LeafRefinement
from skdistill.search._alphas import AlphasMixin, Folds
from skdistill.search._candidates import (
    check_finite,
    check_not_empty,
    collect_results,
    default_refinements,
    grown_alike,
    list_candidates,
    name_candidates,
    positions,
    teacher_stages,
    warn_failures,
    warn_leak,
)
from skdistill.search._choice import choose
from skdistill.search._scores import Group, score_fold
from skdistill.teachers import temporary_folder

__all__ = ["SEARCHED", "BaseDistilledCV"]

# Beyond so many samples one split is held out, not five, scored in parts: it chooses
# alike (benchmarks/one_split.py), at a third of the work.
N_FOLDS, MANY_SAMPLES = 5, 10_000
_N_PARTS = 5
# Parameters of the distilled estimator that a search sets itself; it takes all others.
SEARCHED = (
    *("alpha", "temperature", "transfer", "refine", "teacher_stage"),
    *("on_poor_teacher", "cv"),
)


class BaseDistilledCV(
    NamedTeachersMixin,
    AlphasMixin,
    CallbackSupportMixin,
    MetaEstimatorMixin,
    Delegate,
):
    """Base of the searches, which declares the parameters of both.

    Parameters
    ----------
    alphas : "auto", "optimal" or sequence of float, default="auto"
        Weights of the teacher to try. "auto" is 0.5. "optimal" begins with the best
        mix, in closed form, of what two students predict for the held-out samples, one
        taught by the labels and one by the teacher alone, for the first of
        `temperatures` and `transfers`; 0.5 is tried too. Each of several teachers
        teaches a student alone, and their weights are found with alpha; they take the
        place of `combine`.
    temperatures : sequence of float, default=(1.0,)
        Temperatures to try.
    transfers : sequence of TransferSet, sampler, "auto" or None, default=("auto",)
        Transfer sets to try, each as `transfer` of the distilled estimator.
    refinements : "auto" or sequence of LeafRefinement, "leaves" or None, default="auto"
        Refinements to try, each as `refine` of the distilled estimator. "auto" is the
        strengths 1, 10 and 100 for sums and means of trees, and None for other
        students.
    teacher_stages : "auto" or sequence of float, default=(1.0,)
        Stages of a boosted teacher to try, each as `teacher_stage` of the distilled
        estimator. The teacher is fitted to the end, once. "auto" is six of them, each
        half of the one before: 1, 1/2, ..., 1/32.
    cv : int, splitter or iterable, default=None
        The folds on which candidates are scored. None means five folds, stratified for
        classes, up to 10,000 samples; beyond, a single split that holds out a fifth of
        them. The held-out samples of a single split are scored in five parts.
    inner_cv : int or splitter, default=5
        The folds that make the teacher's out-of-fold predictions, `cv` of the distilled
        estimator. Where `cv` asks for groups, a number means folds of whole groups.
    scoring : str, callable or None, default=None
        A scikit-learn scorer.
    error_score : float or "raise", default=np.nan
        The score of a candidate whose student fails on a fold, with a
        `FitFailedWarning`; not a number means that it is not chosen. With "raise" the
        search stops. A teacher, a sampler or a baseline student that fails always does.
    verbose : int, default=0
        Above 0, print the steps of the last fit, on all samples, with their time in
        seconds. Callbacks show the progress of the search.
    memory : str, path-like, object with the joblib.Memory interface, None or False, \
default=None
        The cache of the teachers' work, as that of the distilled estimator. If None, it
        is a temporary folder, removed at the end. If False, nothing is kept.
    n_jobs : int, default=None
        Folds worked on at once. None means 1 unless in a `joblib.parallel_config`
        context. It does not change the result.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and all else.
    """

    _parameter_constraints: ClassVar[dict] = {
        "alphas": ["array-like", StrOptions({"auto", "optimal"})],
        "temperatures": ["array-like"],
        "transfers": ["array-like"],
        "refinements": ["array-like", StrOptions({"auto"})],
        "teacher_stages": ["array-like", StrOptions({"auto"})],
        "cv": ["cv_object"],
        "inner_cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "error_score": [StrOptions({"raise"}), Real],
    }
    _distilled_type: ClassVar[type[BaseDistilled]]

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        alphas: Sequence[float] | str = "auto",
        temperatures: Sequence[float] = (1.0,),
        transfers: Sequence[Any] = ("auto",),
        refinements: Sequence[Any] | str = "auto",
        teacher_stages: Sequence[float] | str = (1.0,),
        cv: Any = None,
        inner_cv: Any = 5,
        scoring: Any = None,
        error_score: float | str = np.nan,
        **inherited: Any,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.alphas = alphas
        self.temperatures = temperatures
        self.transfers = transfers
        self.refinements = refinements
        self.teacher_stages = teacher_stages
        self.cv = cv
        self.inner_cv = inner_cv
        self.scoring = scoring
        self.error_score = error_score
        assign(self, self._distilled_type, inherited, without=SEARCHED)

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Table,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_unlabeled: Table | None = None,
        X_privileged: Table | None = None,
        teacher_predictions: ArrayLike | None = None,
        unlabeled_predictions: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Score all candidates on held-out samples, choose one, fit it on all samples.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The training samples.
        y : array-like of shape (n_samples,)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative, not all 0. They reach teacher, student and the
            scores.
        X_unlabeled : table of shape (n_unlabeled, n_features), default=None
            Further samples, without labels, for all candidates but the baseline
            student.
        X_privileged : table of shape (n_samples, n_privileged), default=None
            Columns that the teacher alone sees, as for the distilled estimator.
        teacher_predictions : array-like, default=None
            Stored predictions for X, as for the distilled estimator. They must come
            from a model that learned from none of these labels. Predictions made
            out-of-fold on X are not enough here: the models behind those of the other
            samples saw the labels that the candidates are scored by.
        unlabeled_predictions : array-like, default=None
            Stored predictions for `X_unlabeled`.
        **fit_params : dict
            Further metadata, routed to teacher, student and the folds as each requests.
            Needs ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        raise_for_params(fit_params, self, "fit")
        forget_fit(self)
        check_teacher_names(self)
        validate_data(self, X, skip_check_array=True)
        model = self._distilled()
        routed_params, split_params = self._route(fit_params)
        given = {
            "sample_weight": sample_weight,
            "X_unlabeled": X_unlabeled,
            "X_privileged": X_privileged,
            "teacher_predictions": teacher_predictions,
            "unlabeled_predictions": unlabeled_predictions,
        }
        data = check_data(model, X, y, **given, fit_params=routed_params)
        seed, fold_seed = spawn_seeds(self.random_state, 2)
        folds = self._folds(data, fold_seed, split_params)
        with self._shared_memory() as memory, each_once():
            model.set_params(random_state=seed, memory=memory)
            context = self._init_callback_context(
                max_subtasks=len(folds) * (1 + self._has_ends(model)) + 1
            )
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            groups = self._groups(model, data, folds, context)
            scores = self._score(model, groups, data, folds, context)
            self._choose(groups, scores, is_stored=data.has_stored_predictions)
            refit = partial(self._fit_chosen, model, X, y, given, routed_params)
            self.best_estimator_ = refit(context.subcontext(task_name="refit"))
            context.call_on_fit_task_end(estimator=self, X=X, y=y)
        self.best_estimator_.set_params(memory=self.memory)
        return self

    @property
    def teacher_(self) -> Estimator:
        """The teacher fitted on all samples."""
        return self._fitted().teacher_

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed to teacher, student and folds.

        Returns
        -------
        routing : MetadataRouter
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        distilled = self._distilled()
        if routing_enabled():
            names = set(signature(type(self).fit).parameters) - {
                *("self", "X", "y", "fit_params")
            }
            distilled.set_fit_request(**dict.fromkeys(names, True))
        router.add(
            distilled=distilled,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )
        if hasattr(self.cv, "get_metadata_routing"):
            router.add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    def _distilled(self) -> Any:
        """Return the unfitted estimator whose parameters are searched."""
        names = signature(self._distilled_type).parameters
        params = {name: getattr(self, name) for name in names if name not in SEARCHED}
        # Not is_classifier, which asks for tags, which ask for this.
        stratify = issubclass(self._distilled_type, ClassifierMixin)
        return self._distilled_type(
            **params,
            cv=inner_folds(self.inner_cv, self.cv, stratify=stratify),
            # The search compares with the baseline student itself.
            on_poor_teacher="ignore",
        )

    def _shared_memory(self) -> AbstractContextManager[Any]:
        """Return the memory in which the candidates share their teachers."""
        if self.memory is not None:
            return nullcontext(self.memory)
        return temporary_folder()

    def _route(
        self, fit_params: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the metadata of the distilled estimator's fit and the split's."""
        if not routing_enabled():
            return {}, {}
        routed = process_routing(self, "fit", **fit_params)
        return routed.distilled.fit, routed.get("splitter", Bunch(split={})).split

    def _folds(
        self, data: Data, seed: int | None, split_params: dict[str, Any]
    ) -> Folds:
        """Return (train, parts of the held-out samples) for each fold."""
        n_samples, rng = len(data.y), check_random_state(seed)
        cv = self.cv
        if cv is None:
            cv = N_FOLDS if n_samples <= MANY_SAMPLES else self._one_split(rng)
        if isinstance(cv, Integral):
            cv = self._k_fold(int(cv), rng)
        cv = check_cv(check_splits(cv), data.y, classifier=is_classifier(self))
        folds = list(cv.split(data.X, data.y, **split_params))
        check_rows_exist(folds, n_samples)
        if len(folds) > 1:
            return [(train, [held_out]) for train, held_out in folds]
        ((train, held_out),) = folds
        n_parts = max(2, min(_N_PARTS, len(held_out)))
        return [(train, np.array_split(rng.permutation(held_out), n_parts))]

    def _groups(
        self, model: BaseDistilled, data: Data, folds: Folds, context: Any
    ) -> list[Group]:
        """Return the candidates, grouped by their student; the baseline comes first."""
        check_not_empty(self)
        self.linear_alpha_: float | None = None
        baseline = self._usual_mix(0.0) | {"temperature": 1.0, "transfer": None}
        baseline |= teacher_stages(self.teacher_stages)[0]
        self._own_scoring(model)  # One that is unknown is said before any work.
        if self._is_optimal:
            self._check_optimal(model)
        first = self._group(model, data, baseline, [None], is_baseline=True)
        mixes = [{"alpha": alpha} for alpha in self.alphas]
        if isinstance(self.alphas, str):
            # Wrong candidates are found here, before any teacher is fitted.
            mixes = [self._usual_mix()]
            plan = self._products(model, data, mixes)[0].plan
            if self._has_ends(model):
                mixes = self._best_mixes(model, plan, data, folds, context)
        return [first, *self._products(model, data, mixes)]

    def _products(
        self, model: BaseDistilled, data: Data, mixes: list[dict[str, Any]]
    ) -> list[Group]:
        """Return all combinations of the other parameters with these mixes."""
        refinements = self.refinements
        if isinstance(refinements, str):
            refinements = default_refinements(model, data)
        refinements = [LeafRefinement() if r == "leaves" else r for r in refinements]
        others = [
            [{"temperature": temperature} for temperature in self.temperatures],
            [{"transfer": transfer} for transfer in self.transfers],
            teacher_stages(self.teacher_stages),
        ]
        return [
            self._group(model, data, mixed | temperature | transfer | stage, alike)
            for mixed, temperature, transfer, stage in product(mixes, *others)
            for alike in grown_alike(refinements)
        ]

    def _group(
        self,
        model: BaseDistilled,
        data: Data,
        params: dict[str, Any],
        refinements: list,
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
        return Group(params, plan, is_baseline=is_baseline)

    def _own_scoring(self, model: Any) -> Any:
        """Return what is scored by where `scoring` is None."""
        return self._default_scoring

    def _score(
        self,
        model: BaseDistilled,
        groups: list[Group],
        data: Data,
        folds: Folds,
        context: Any,
    ) -> NDArray:
        """Return the scores of all candidates, of the teacher and of a constant."""
        scorer = check_scoring(model, self.scoring or self._own_scoring(model))
        tasks = [
            context.subcontext(task_name="score-fold", max_subtasks=len(groups))
            for _ in folds
        ]
        score = partial(
            score_fold, model, groups, data, scorer=scorer, error_score=self.error_score
        )
        calls = (
            partial(score, train, parts, context=task)
            for (train, parts), task in zip(folds, tasks, strict=True)
        )
        with explaining_pickles():
            results = self._run(calls, tasks)
        warn_failures(groups, results, self.error_score)
        scores = np.concatenate([fold.scores for fold in results], axis=1)
        failed = {failure.group for fold in results for failure in fold.failures}
        check_finite(scores, name_candidates(groups), positions(groups, failed))
        return scores

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

    def _choose(self, groups: list[Group], scores: NDArray, *, is_stored: bool) -> None:
        """Set what was found: the scores, the choice and the reason for it."""
        candidates = list_candidates(groups)
        n = len(candidates)
        scores, teachers, constant = scores[:n], scores[n:-1], scores[-1]
        teacher = teachers[teachers.mean(axis=1).argmax()]
        choice = choose(scores, teacher, constant, name_candidates(groups))
        if is_stored and choice.index:
            warn_leak(scores[choice.index], teacher)
        mean = scores.mean(axis=1)
        self.cv_results_ = collect_results(candidates, scores)
        self.best_index_, self.reason_ = choice.index, choice.reason
        self.best_params_ = candidates[choice.index]
        self.alpha_ = self.best_params_["alpha"]
        self.temperature_ = self.best_params_["temperature"]
        self.best_score_ = float(mean[choice.index])
        self.baseline_score_ = float(mean[0])
        self.teacher_score_ = float(teacher.mean())

    def _fit_chosen(
        self,
        model: BaseDistilled,
        X: Table,
        y: ArrayLike,
        given: dict[str, Any],
        fit_params: dict[str, Any],
        context: Any,
    ) -> Any:
        """Fit the chosen candidate on all samples."""
        if self.best_index_ == 0:
            given = given | {"X_unlabeled": None, "unlabeled_predictions": None}
        best = clone(model).set_params(**self.best_params_)
        with context.propagate_callback_context(best):
            context.call_on_fit_task_begin(estimator=self)
            best.fit(X, y, **given, **fit_params)
            context.call_on_fit_task_end(estimator=self)
        # Read while the folder it may lie in is there.
        getattr(best, "teacher_", None)
        return best
