"""What both searches share: candidates, folds, the choice, the final fit."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from inspect import signature
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import (
    ClassifierMixin,
    MetaEstimatorMixin,
    is_classifier,
)
from sklearn.metrics import get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.metadata_routing import MetadataRouter, process_routing
from sklearn.utils.validation import check_is_fitted, validate_data

from skdistill._fitting import (
    fit_router,
    forget_fit,
    request_all,
    spawn_seeds,
)
from skdistill._parameters import assign
from skdistill._sklearn import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    raise_for_params,
    routing_enabled,
    with_callbacks,
)
from skdistill._typing import Estimator, Students, Table, Teachers
from skdistill._validation import check_rows_exist, check_splits
from skdistill._warnings import each_once
from skdistill.distilled import (
    BaseDistilled,
    Delegate,
    NamedPartsMixin,
    check_data,
    check_names,
    inner_folds,
    student_of,
)
from skdistill.flow import Data
from skdistill.search._alphas import Folds
from skdistill.search._budget import Budget, Cost
from skdistill.search._candidates import check_not_empty, warn_leak
from skdistill.search._choice import Choice
from skdistill.search._configurations import (
    list_configurations,
    own_params,
    space_of,
)
from skdistill.search._finalists import (
    best_of,
    collect_frontier,
    collect_trials,
    enter_budget,
    fit_finalists,
    leader,
)
from skdistill.search._students import name_of, named_students
from skdistill.search._trials import Contender, Trial, TrialsMixin
from skdistill.teachers import temporary_folder

if TYPE_CHECKING:
    import pandas

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
# What metadata is routed to where there is one student.
_ONE_STUDENT = "distilled"


class BaseDistilledCV(
    NamedPartsMixin,
    TrialsMixin,
    CallbackSupportMixin,
    MetaEstimatorMixin,
    Delegate,
):
    """Base of the searches, which declares the parameters of both.

    Parameters
    ----------
    student : estimator, list of (str, estimator), "auto" or None, default=None
        The student to fit, as that of the distilled estimator. Several students are a
        list of (name, estimator): all learn from the same teachers' work, unless
        `memory` is False, and the best one is taken. "auto" compares five of
        scikit-learn, by their names: "linear", a "tree" of 32 leaves, "boosting20" and
        "boosting100" of 20 and 100 trees, and a "forest" of 20 trees of at most 128
        leaves. If None, it is the default student of the distilled estimator.
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
        strengths 1, 10 and 100 for sums and means of trees, each with a third and two
        thirds of the features for forests that try all of them at a split, and None for
        other students.
    teacher_stages : "auto" or sequence of float, default=(1.0,)
        Stages of a boosted teacher or a perceptron to try, each as `teacher_stage` of
        the distilled estimator. The teacher is fitted to the end, once. "auto" is six
        of them, each half of the one before: 1, 1/2, ..., 1/32.
    student_params : "auto", dict or None, default=None
        The student's own parameters to try: for each a list of values, as in
        `GridSearchCV`, or a distribution with a method `rvs`, as in
        `RandomizedSearchCV`. For several students a dict of such dicts, by their names;
        those that it does not name stay as they are. "auto" is what
        `skdistill.students.search_space` knows of a student: learning rate, features
        and samples for each tree, samples in a leaf, penalties, and nothing that would
        make it larger. The baseline student is tuned too, on the labels. If None,
        students keep the parameters that they have.
    n_iter : int, default=20
        How many combinations of `student_params` are drawn and tried beside the student
        as it is; all of them where there are fewer and no distribution is among them.
        After the first fold of `cv`, and again after the second, a third of them goes
        on.
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
    max_latency : float or None, default=None
        The most microseconds that the student's `predict` may take for a single row, in
        scikit-learn, on this machine when nothing else disturbs it. Students over the
        budget when fitted on the labels are left out before a teacher is fitted, unless
        one of `student_params` brings them within it; candidates of the others that
        turn out over it are left out too. If None, there is no limit.
    max_bytes : float or None, default=None
        The most bytes that the pickled student may have, as `max_latency`.
    max_leaves : float or None, default=None
        The most leaves that the student may have, over all of its trees. Students whose
        leaves are refined are pruned to it, and so is the baseline student, on the
        labels alone, where it has more; others that have more are left out, as for
        `max_latency`. Students without trees have none.
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
        "student": [HasMethods(["fit"]), list, StrOptions({"auto"}), None],
        "alphas": ["array-like", StrOptions({"auto", "optimal"})],
        "temperatures": ["array-like"],
        "transfers": ["array-like"],
        "refinements": ["array-like", StrOptions({"auto"})],
        "teacher_stages": ["array-like", StrOptions({"auto"})],
        "student_params": [dict, StrOptions({"auto"}), None],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "cv": ["cv_object"],
        "inner_cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "error_score": [StrOptions({"raise"}), Real],
        "max_latency": [Interval(Real, 0, None, closed="neither"), None],
        "max_bytes": [Interval(Real, 0, None, closed="neither"), None],
        "max_leaves": [Interval(Real, 0, None, closed="neither"), None],
    }
    _distilled_type: ClassVar[type[BaseDistilled]]
    _own_scoring: Callable[[list[Any]], Any]

    def __init__(
        self,
        teacher: Teachers = None,
        student: Students = None,
        *,
        alphas: Sequence[float] | str = "auto",
        temperatures: Sequence[float] = (1.0,),
        transfers: Sequence[Any] = ("auto",),
        refinements: Sequence[Any] | str = "auto",
        teacher_stages: Sequence[float] | str = (1.0,),
        student_params: Mapping[str, Any] | str | None = None,
        n_iter: int = 20,
        cv: Any = None,
        inner_cv: Any = 5,
        scoring: Any = None,
        error_score: float | str = np.nan,
        max_latency: float | None = None,
        max_bytes: float | None = None,
        max_leaves: float | None = None,
        **inherited: Any,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.alphas = alphas
        self.temperatures = temperatures
        self.transfers = transfers
        self.refinements = refinements
        self.teacher_stages = teacher_stages
        self.student_params = student_params
        self.n_iter = n_iter
        self.cv = cv
        self.inner_cv = inner_cv
        self.scoring = scoring
        self.error_score = error_score
        self.max_latency = max_latency
        self.max_bytes = max_bytes
        self.max_leaves = max_leaves
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
        check_names(self)
        check_not_empty(self)
        validate_data(self, X, skip_check_array=True)
        routed_params, split_params = self._route(fit_params)
        given = {
            "sample_weight": sample_weight,
            "X_unlabeled": X_unlabeled,
            "X_privileged": X_privileged,
            "teacher_predictions": teacher_predictions,
            "unlabeled_predictions": unlabeled_predictions,
        }
        models = self._models()
        data = {
            name: check_data(model, X, y, **given, fit_params=routed_params[name])
            for name, model in models.items()
        }
        seed, fold_seed, tuning_seed = spawn_seeds(self.random_state, 3)
        tried = self._configurations(models, tuning_seed)
        folds = self._folds(next(iter(data.values())), fold_seed, split_params)
        with self._shared_memory() as memory, each_once():
            contenders = []
            for name, model in models.items():
                model.set_params(random_state=seed, memory=memory)
                routed, shown = routed_params[name], name
                if not self._has_several:
                    shown = name_of(model)
                contenders.append(
                    self._enter(shown, model, data[name], routed, tried[name])
                )
            self._search(contenders, folds, X, y, given)
        self.best_estimator_.set_params(memory=self.memory)
        return self

    def frontier(self) -> "pandas.DataFrame":
        """Return what each student scores and costs.

        Returns
        -------
        frontier : DataFrame
            A row for each student, by its name, in the order given; its columns:

            - "score": the mean held-out score of its best candidate within the budget.
              Not a number for a student over the budget when fitted on the labels.
            - "latency": microseconds that `predict` takes for a single row, where
              nothing disturbs the machine, see
              `skdistill.inspect.time_beside_reference`.
            - "bytes": the size of its pickle.
            - "leaves": the number of its leaves; not a number if they are not known.
            - "is_distilled": whether that candidate is distilled, or the baseline
              student.
            - "is_within": whether it is within the budget.
            - "is_best": whether it is the one that was taken.
        """
        check_is_fitted(self)
        import pandas as pd

        return pd.DataFrame(self.frontier_).set_index("student")

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
        models = request_all(self, self._models())
        return fit_router(self, self.cv, **models)

    def _models(self) -> dict[str, Any]:
        """Return the unfitted estimators whose parameters are searched.

        There is one for each student, by its name.
        """
        names = signature(self._distilled_type).parameters
        params = {name: getattr(self, name) for name in names if name not in SEARCHED}
        # Not is_classifier, which asks for tags, which ask for this.
        of_classes = issubclass(self._distilled_type, ClassifierMixin)
        cv = inner_folds(self.inner_cv, self.cv, stratify=of_classes)
        students = named_students(self, of_classes=of_classes)
        return {
            name: self._distilled_type(
                **params | {"student": student},
                cv=cv,
                # The search compares with the baseline student itself.
                on_poor_teacher="ignore",
            )
            for name, student in students or [(_ONE_STUDENT, self.student)]
        }

    def _configurations(
        self, models: dict[str, Any], seed: int | None
    ) -> dict[str, list[dict[str, Any]]]:
        """Return which parameters of each student are tried, by its name.

        A model without a student gets the default one, whose parameters these are.
        """
        names = [*models] if self._has_several else []
        found = {}
        for name, model in models.items():
            student = student_of(model)
            space = space_of(self.student_params, name, student, names)
            if space:
                model.set_params(student=student)
            found[name] = list_configurations(student, space, self.n_iter, seed)
        return found

    def _shared_memory(self) -> AbstractContextManager[Any]:
        """Return the memory in which the candidates share their teachers."""
        if self.memory is not None:
            return nullcontext(self.memory)
        return temporary_folder()

    def _route(
        self, fit_params: dict[str, Any]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
        """Return the metadata of each distilled estimator's fit, and the split's."""
        names = [*self._models()]
        if not routing_enabled():
            return {name: {} for name in names}, {}
        routed = process_routing(self, "fit", **fit_params)
        split_params = routed.get("splitter", Bunch(split={})).split
        return {name: routed[name].fit for name in names}, split_params

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
        if (
            data.weight is not None
        ):  # No part may hold samples alone that count nothing.
            held_out = np.asarray(held_out)
            held_out = held_out[data.weight[held_out] > 0]
        # R2 needs two samples.
        n_parts = max(2, min(_N_PARTS, len(held_out) // 2))
        return [(train, np.array_split(rng.permutation(held_out), n_parts))]

    def _search(
        self,
        contenders: list[Contender],
        folds: Folds,
        X: Table,
        y: ArrayLike,
        given: dict[str, Any],
    ) -> None:
        """Try all students within the budget, and fit and keep the best of each."""
        # A scoring that is unknown is said before any work.
        scoring = self.scoring or self._own_scoring([one.model for one in contenders])
        budget = Budget(self.max_latency, self.max_bytes, self.max_leaves)
        baselines: dict[str, Cost] = {}
        if budget:
            contenders, baselines = enter_budget(
                contenders, budget, self._pruned, self._tuned, self.error_score
            )
        n_tasks = sum(
            len(folds) * (1 + self._has_ends(c.model)) + 1 for c in contenders
        )
        context = self._init_callback_context(max_subtasks=n_tasks)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        trials = self._try_all(contenders, folds, context, scoring)
        # Known even if the last fit fails.
        self._keep(trials, *leader(trials))

        def fit(trial: Trial, index: int, is_first: bool) -> Any:
            # What is fitted in place of one over the budget is no task announced.
            task = context.subcontext(task_name="refit") if is_first else None
            return self._fit_candidate(trial, index, X, y, given, task)

        finalists = fit_finalists(trials, budget, baselines, fit)
        best, reason = best_of(finalists, budget)
        self._keep(trials, best.trial, best.choice)
        self.reason_ = reason
        data = best.trial.contender.data
        if data.has_stored_predictions and best.is_distilled:
            warn_leak(best.trial.scores[best.choice.index], best.trial.teacher)
        self.frontier_ = collect_frontier(finalists, baselines, best)
        self.students_ = {one.name: one.model.student_ for one in finalists}
        # Read while the folder it may lie in is there.
        getattr(best.model, "teacher_", None)
        self.best_estimator_ = best.model
        context.call_on_fit_task_end(estimator=self, X=X, y=y)

    def _keep(self, trials: list[Trial], trial: Trial, choice: Choice) -> None:
        """Set what was found: the scores, and what was taken."""
        index = choice.index
        before = trials[: trials.index(trial)]
        self.cv_results_ = collect_trials(trials, by_name=self._has_several)
        self.best_index_ = sum(len(one.scores) for one in before) + index
        self.best_params_ = self.cv_results_["params"][self.best_index_]
        self.alpha_ = self.best_params_["alpha"]
        self.temperature_ = self.best_params_["temperature"]
        self.best_score_ = trial.score(choice)
        self.baseline_score_ = float(trial.scores[choice.rival].mean())
        self.baseline_params_ = own_params(trial.candidates[choice.rival])
        self.teacher_score_ = float(trial.teacher.mean())
        self.linear_alpha_, self.reason_ = trial.linear_alpha, choice.reason
