"""What both estimators share: validation, teaching, routing, delegation."""

import os
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, check_memory, validate_data

from skdistill._fitting import (
    clone_with_seed,
    naming_failures,
    spawn_seeds,
    weight_param,
)
from skdistill._sklearn import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    Options,
    StrOptions,
    elapsed_time,
    fit_context,
    raise_for_params,
    routing_enabled,
    safe_indexing,
    with_callbacks,
)
from skdistill._typing import Estimator, Table
from skdistill._validation import check_not_empty, check_weights
from skdistill.distilled._size import suit_transfer_rows
from skdistill.distilled._transfer_rows import (
    TransferRows,
    can_draw_rows,
    check_joinable,
    check_same_container,
    choose_sampler,
    draw_rows,
    join_tables,
)
from skdistill.refine import (
    LeafRefinement,
    adds_up_trees,
    check_refinable,
    refinement_path,
)
from skdistill.teachers import (
    ClassAnswers,
    Lesson,
    ValueAnswers,
    recall,
    recall_answers,
)

__all__ = ["BaseDistilled", "if_student_has"]


def if_student_has(method: str) -> Callable:
    """Make a method available where the student has `method`, or will have it."""

    def check(self):
        if hasattr(self, "student_"):
            getattr(self.student_, method)
        elif not is_regressor(self._given_student()):
            getattr(self._given_student(), method)
        return True

    return available_if(check)


class BaseDistilled(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """Base of the distilled estimators; the subclass knows the kind of target."""

    _parameter_constraints: ClassVar[dict] = {
        "teacher": [HasMethods(["fit"]), None],
        "student": [HasMethods(["fit"]), None],
        "alpha": [Interval(Real, 0, 1, closed="both")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "cross_fit": [
            StrOptions({"auto", "kfold", "oob", "stack"}),
            Options(bool, {False}),
        ],
        "cv": ["cv_object"],
        "memory": [str, os.PathLike, HasMethods(["cache"]), None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "transfer": [StrOptions({"auto"}), HasMethods(["fit", "sample"]), None],
        "transfer_size": [
            StrOptions({"auto"}),
            Interval(Real, 0, None, closed="neither"),
        ],
        "transfer_weight": [Interval(Real, 0, None, closed="neither")],
        "refine": [StrOptions({"auto", "leaves"}), LeafRefinement, None],
    }

    def __init__(
        self,
        teacher=None,
        student=None,
        *,
        alpha=0.5,
        temperature=1.0,
        cross_fit="auto",
        cv=5,
        memory=None,
        n_jobs=None,
        random_state=None,
        verbose=0,
        transfer="auto",
        transfer_size="auto",
        transfer_weight=1.0,
        refine="auto",
    ):
        self.teacher = teacher
        self.student = student
        self.alpha = alpha
        self.temperature = temperature
        self.cross_fit = cross_fit
        self.cv = cv
        self.memory = memory
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.transfer = transfer
        self.transfer_size = transfer_size
        self.transfer_weight = transfer_weight
        self.refine = refine

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Table,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_transfer: Table | None = None,
        **fit_params: Any,
    ) -> Self:
        """Fit the teacher, mix its honest answers with y, fit the student on them.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The training rows; they reach teacher and student untouched.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target. Several outputs where it is numeric and both parts take them.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights, not negative, not all 0. They reach the teacher, the mean of
            the target and the student. None weighs all rows alike.
        X_transfer : table of shape (n_transfer, n_features), default=None
            Further rows, without labels: the student learns the teacher's answers for
            them. They have the columns of X.
        **fit_params : dict
            Further metadata, routed to teacher, student and `cv` as each requests.
            Needs ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter, the target, a weight or a fold is not as described; the
            message says what is allowed, what came and what to do.
        """
        raise_for_params(fit_params, self, "fit")
        refinements = [self._settle_refine()]
        (self.student_,) = self._fit_students(
            X, y, sample_weight, X_transfer, fit_params, refinements
        )
        return self

    def _fit_students(self, X, y, sample_weight, X_transfer, fit_params, refinements):
        """Fit the teacher and grow one student; return it as each refinement makes it.

        The refinements differ in their strength alone. All fitted attributes but
        `student_` are set.
        """
        # A fit that fails leaves no student of other data behind.
        self.__dict__.pop("student_", None)
        self.fit_seconds_: dict[str, float] = {}
        X, y = indexable(X, y)
        check_not_empty(X)
        validate_data(self, X, skip_check_array=True)
        target = self._check_target(y)
        weight = check_weights(sample_weight, len(target))
        self._summarise_target(target, weight)
        self._check_parts()
        sampler = self._settle_transfer(X)
        self._check_transfer(X, X_transfer, sampler)
        context = self._init_callback_context(max_subtasks=2)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        teacher_params, student_params, split_params = self._route(weight, fit_params)
        seeds = spawn_seeds(self.random_state, 4)
        fold_seed, teacher_seed, student_seed, transfer_seed = seeds

        lesson = Lesson(
            teacher=self.teacher,
            X=X,
            y=target,
            classes=getattr(self, "classes_", None),
            fit_params=teacher_params,
            split_params=split_params,
            cv=list(self.cv) if isinstance(self.cv, Iterator) else self.cv,
            seeds=(fold_seed, teacher_seed),
            n_jobs=self.n_jobs,
        )
        with self._step("teacher", context):
            answers = self._learn_from_teacher(lesson, weight)
            extra = self._transfer_rows(
                lesson, weight, X_transfer, sampler, transfer_seed
            )
        student = clone_with_seed(self._given_student(), student_seed)
        part = f"student ({type(student).__name__})"
        with self._step("student", context, student), naming_failures(part):
            if extra is not None:
                suit_transfer_rows(student, X, target, student_params)
            if refinements[0] is not None:
                classes = getattr(self, "classes_", ())
                n_classes = len(classes) if is_classifier(student) else 0
                refinements[0].prepare(student, n_classes)
            students = self._teach_student(
                student, X, target, answers, student_params, extra, refinements
            )
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return students

    @property
    def teacher_(self) -> Estimator:
        """The fitted teacher; read from `memory` on the first access."""
        check_is_fitted(self)
        return self._teacher.get()

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed to teacher, student and `cv`.

        Returns
        -------
        routing : MetadataRouter
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        if self.teacher is not None:
            router.add(teacher=self.teacher, method_mapping=to_fit)
        if self.student is not None:
            router.add(student=self.student, method_mapping=to_fit)
        if hasattr(self.cv, "get_metadata_routing"):
            router.add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    def _fitted_student(self):
        """Return the fitted student; cheap, as every prediction begins with it."""
        if not hasattr(self, "student_"):
            check_is_fitted(self)
        return self.student_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "student_")

    def _memory(self):
        memory = self.memory
        return check_memory(
            os.fspath(memory) if isinstance(memory, os.PathLike) else memory
        )

    def _learn_from_teacher(self, lesson, weight):
        """Set the teacher and its score; return its answers for the training rows."""
        answers, honest, self._teacher = recall(self._memory(), lesson, self.cross_fit)
        self.teacher_score_ = (
            self._score_answers(lesson.y, answers, weight) if honest else None
        )
        return answers

    def _check_transfer(self, X, X_transfer, sampler):
        """Raise if rows to be drawn or given do not go with those of X."""
        if X_transfer is not None or sampler is not None:
            check_joinable(X)
        if sampler is not None:
            clone(sampler)  # One that cannot be cloned is refused before any work.
        if X_transfer is not None:
            check_same_container(X, X_transfer)
            validate_data(self, X_transfer, reset=False, skip_check_array=True)

    def _transfer_rows(self, lesson, weight, X_transfer, sampler, seed):
        """Return the rows without labels and the teacher's answers, if any."""
        X_new = X_transfer
        if sampler is not None:
            X_new = draw_rows(
                sampler, self.transfer_size, lesson.X, weight=weight, seed=seed
            )
            if X_transfer is not None:
                # X's dtypes, which drawn rows have, come first; then the given rows.
                n_drawn, X_new = np.shape(X_new)[0], join_tables(X_new, X_transfer)
                order = np.roll(np.arange(np.shape(X_new)[0]), -n_drawn)
                X_new = safe_indexing(X_new, order)
        if X_new is None:
            return None
        answer: ValueAnswers | ClassAnswers = ValueAnswers()
        if lesson.classes is not None:
            answer = ClassAnswers(lesson.classes)
        answers = recall_answers(self._memory(), self._teacher, answer, X_new)
        return TransferRows(X_new, answers, self.transfer_weight)

    def _route(self, weight, fit_params):
        """Return the fit parameters of teacher and student and the split's."""
        default = {} if weight is None else {"sample_weight": weight}
        if not routing_enabled():
            teacher_params = default
            if self.teacher is not None:
                teacher_params = weight_param(self.teacher, weight, part="teacher")
            return teacher_params, default, {}
        routed = process_routing(self, "fit", sample_weight=weight, **fit_params)
        return (
            default if self.teacher is None else routed.teacher.fit,
            default if self.student is None else dict(routed.student.fit),
            routed.splitter.split if "splitter" in routed else {},
        )

    @contextmanager
    def _step(self, name, context, part=None):
        """Run one step of fit: timed if verbose, reported to the callbacks."""
        number = {"teacher": 1, "student": 2}[name]
        message = f"(step {number} of 2) Fitting {name}" if self.verbose else None
        task = context.subcontext(task_name=f"fit-{name}")
        takes_callbacks = hasattr(part, "set_callbacks")
        propagate = (
            task.propagate_callback_context(part) if takes_callbacks else nullcontext()
        )
        with elapsed_time(type(self).__name__, message), propagate:
            task.call_on_fit_task_begin(estimator=self)
            start = time.perf_counter()
            yield
            self.fit_seconds_[name] = time.perf_counter() - start
            task.call_on_fit_task_end(estimator=self)

    def _given_student(self):
        """Return the student to clone: the parameter, or the default."""
        return self._default_student() if self.student is None else self.student

    @abstractmethod
    def _default_student(self):
        """Return the student taken where none is given."""

    @abstractmethod
    def _check_target(self, y: ArrayLike) -> NDArray:
        """Return y checked."""

    @abstractmethod
    def _summarise_target(self, y, weight):
        """Set the fitted attributes that come from y alone."""

    def _check_parts(self):
        """Raise if teacher or student cannot do this task."""
        if isinstance(self.student, FrozenEstimator):
            raise ValueError(
                "The student must be trainable. Got a FrozenEstimator, which no fit "
                "changes. Pass the estimator it holds."
            )
        if self.refine not in ("auto", None):
            self._check_refines()

    def _check_refines(self):
        """Raise if the student's leaf values cannot be solved for."""
        check_refinable(self._given_student())

    def _refines_well(self):
        """Tell whether solving for leaf values can help the student."""
        try:
            self._check_refines()
        except ValueError:
            return False
        return adds_up_trees(self._given_student())

    def _settle_refine(self):
        """Return the refinement that `refine` stands for, if any."""
        if self.refine == "auto":
            helps = self.alpha > 0 and self._refines_well()
            return LeafRefinement() if helps else None
        return LeafRefinement() if self.refine == "leaves" else self.refine

    def _settle_transfer(self, X):
        """Return the sampler that `transfer` stands for, if any."""
        if self.transfer != "auto":
            return self.transfer
        if self.alpha == 0 or not can_draw_rows(X):
            return None
        return choose_sampler(self._given_student())

    @abstractmethod
    def _score_answers(self, y, answers, weight):
        """Return the score of the teacher's answers for the training rows."""

    @abstractmethod
    def _teach_student(self, student, X, y, answers, fit_params, extra, refinements):
        """Fit the student on the mixed target and the transfer rows, and refine it."""

    def _refined(self, student, X, target, weight, refinements):
        """Return the fitted student as each refinement makes it."""
        if refinements[0] is None:
            return [student] * len(refinements)
        strengths = [refinement.strength for refinement in refinements]
        path = refinement_path(student, X, target, weight, strengths=strengths)
        return [path.model(index) for index in range(len(strengths))]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        student = get_tags(self._given_student()).input_tags
        if self.transfer not in ("auto", None):
            student.sparse = False  # Samplers need dense rows.
        if self.teacher is None:
            # The default teacher takes missing values, and dense data only.
            tags.input_tags.allow_nan, tags.input_tags.sparse = student.allow_nan, False
            return tags
        teacher = get_tags(self.teacher).input_tags
        tags.input_tags.allow_nan = teacher.allow_nan and student.allow_nan
        tags.input_tags.sparse = teacher.sparse and student.sparse
        return tags
