"""What both estimators share: parameters, fit, routing, delegation."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from numbers import Integral, Real
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import fit_router, forget_fit
from skdistill._sklearn import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    Options,
    StrOptions,
    elapsed_time,
    fit_context,
    raise_for_params,
    with_callbacks,
)
from skdistill._typing import Estimator, Student, Table, Teachers
from skdistill._warnings import warn_user
from skdistill.distilled._checks import check_data
from skdistill.distilled._named import NamedPartsMixin
from skdistill.distilled._parts import student_of
from skdistill.distilled._plans import keep, make_plan
from skdistill.exceptions import PoorTeacherWarning
from skdistill.flow import TRUSTS, distill
from skdistill.refine import LeafRefinement
from skdistill.teachers import Hints, named_teachers
from skdistill.transfer import TransferSet

__all__ = ["BaseDistilled"]

# The value of `memory` that keeps nothing.
_NO_MEMORY = Options(bool, {False})
# The steps of fit, in order, as they are shown and timed.
_STEPS = ("teacher", "student")


class BaseDistilled(
    NamedPartsMixin, CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator
):
    """Base of the distilled estimators, which declares the parameters of both.

    Parameters
    ----------
    teacher : estimator or list of (str, estimator), default=None
        What to learn from.
    student : estimator, default=None
        What to fit.
    alpha : float, default=0.5
        Weight of the teacher in the target, from 0 (the baseline student) to 1 (the
        teacher alone).
    alpha_until : float, default=1.0
        After which fraction of the student's rounds of training alpha falls to 0: from
        there on it learns the labels of the training samples alone. 0 is the baseline
        student, 1 ordinary distillation. Between them for students whose training can
        go on: gradient boosting, LightGBM, XGBoost and perceptrons.
    temperature : float, default=1.0
        T > 0, tempers the teacher's predictions.
    cross_fit : {"auto", "kfold", "oob", "stack"} or False, default="auto"
        Where out-of-fold predictions come from.

        - "kfold": one teacher for each fold of `cv`, which predicts for the samples
          held out. `teacher_` is the mean of these teachers; one more, fitted on all
          samples, where they learn in context.
        - "oob": out-of-bag predictions of a bagged teacher; `cv` has no part in them.
        - "stack": the inner cross-validation of a stack, by its own `cv`; by `cv` here
          where `teacher` is None.
        - "auto": where `cv` here is a number or None, "stack" for a stack of at most 10
          folds, "oob" for a bagged teacher that leaves each sample out of some bag, and
          "kfold" for all others. Where `cv` is a splitter or splits, or metadata such
          as groups is routed to it, "kfold" for every teacher, since no other source
          keeps to these folds; "stack" only for a stack whose own folds are the same. A
          frozen teacher predicts as it is; among several teachers in any case.
        - False: in-sample predictions, which repeat the labels. For comparison only.
    cv : int, splitter or iterable, default=5
        The folds of "kfold"; they must hold out each sample once.
    teacher_stage : float, default=1.0
        After which fraction of its rounds a boosted teacher is taken, or of its epochs
        a perceptron, above 0 and up to 1, the whole teacher. It is fitted to the end,
        and asked what it predicted there: so all stages are those of one fit. Of its
        epochs a perceptron keeps a few, and the nearest counts. A Pipeline or a
        TransformedTargetRegressor may hold it; among several teachers those without
        stages stay as they are.
    memory : str, path-like, object with the joblib.Memory interface, None or False, \
default=None
        The cache of the teacher's work, shared by all fits on the same data: the
        candidates of a search over `alpha`, `temperature` and the student, also in
        other processes. A folder, or an object whose `location` is one, that only you
        can write to: a cache is code. If None, the last work, up to 256 MiB, is kept
        until the process ends, and shared with the workers of a search. If False,
        nothing is kept.
    n_jobs : int, default=None
        Folds fitted at once. None means 1 unless in a `joblib.parallel_config` context.
        It does not change the result.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and every `random_state` inside teacher and student that is
        None.
    verbose : int, default=0
        Above 0, print each step with its time in seconds.
    transfer : TransferSet, sampler, "auto" or None, default="auto"
        What the student learns from beside the training samples: samples that a sampler
        draws, labelled by the teacher. Density models serve as samplers too. "auto" is
        `skdistill.transfer.MungeSampler` for a student that sums up trees,
        `skdistill.transfer.ConditionalSampler` for all others, and none where alpha is
        0, X is not a dense table of at least 100 samples, or the teacher's predictions
        are stored. With a `skdistill.transfer.TransferSet` the number of drawn samples
        and their weight are set too. If None, none are drawn. Samples given to `fit` as
        `X_unlabeled` are taken besides.
    refine : LeafRefinement, "leaves", "auto" or None, default="auto"
        Whether to solve for all leaf values of the fitted student at once, on the same
        target and samples: for students made of trees. "leaves" is
        ``skdistill.refine.LeafRefinement()``; "auto" is that for a student that sums up
        trees, and None for all others and where alpha is 0.
    calibrate : "auto", step or None, default="auto"
        How the teacher's predictions are put right before they are mixed: by a step
        that is fitted to its out-of-fold predictions and the labels. "auto" is
        `skdistill.teachers.TemperatureScaling` for classes,
        `skdistill.teachers.AffineCalibration` for values, and none where `cross_fit` is
        False. If None, they are taken as they are. A frozen teacher must not have seen
        the training samples: it is calibrated on them.
    combine : {"uniform", "score", "stack", "row"} or step, default="uniform"
        How the predictions of several teachers become one, after each has been
        calibrated: the weights of a mean of values or probabilities. "uniform": all
        alike; "score": by their out-of-fold errors; "stack": the weights of least loss
        out-of-fold; "row": other weights for each sample, by the errors among samples
        predicted alike. A `skdistill.teachers.Combination` holds weights of yours, or
        takes the mean of logits. One teacher alone stays as it is.
    trust : {"attentive", "outliers", "confidence", "spread", "matching", \
"corrected"}, Trust, callable or None, default=None
        How far the teacher is believed for each training sample: a weight from 0 to 1
        by which its alpha is multiplied. "attentive": less where the teacher errs more;
        "outliers": alone, with alpha 1, where the label is an outlier to it;
        "confidence" and "matching": by its probabilities, so for classes alone;
        "spread": less where several teachers disagree; "corrected": more where the
        label is farther from the prediction. Those that need no labels ("confidence",
        "matching", "spread") weigh samples of the transfer set too, "spread" also by
        the teachers of the folds. Objects such as `skdistill.teachers.OutlierTrust`
        have parameters; a callable gets predictions and labels. If None, all samples
        have the same alpha.
    hints : {"members", "hidden", "distances", "leaves"}, Hints or None, default=None
        What of the teacher's representation the student learns by further outputs,
        which are dropped after training: predictions of its "members", its last
        "hidden" layer, "distances" in that, or shared "leaves". A
        `skdistill.teachers.Hints` holds their number and weight too. For students whose
        outputs share what they learn: trees and forests of scikit-learn, perceptrons,
        and XGBoost with vector leaves. One teacher is cross-fitted by k-fold then,
        unless it is frozen. If None, or alpha is 0, the student learns the target
        alone.
    on_poor_teacher : {"auto", "warn", "baseline", "compare", "ignore"}, default="auto"
        What to do where the teacher, out-of-fold and calibrated, predicts no better
        than a constant, or on held-out samples no better than the baseline student,
        which is fitted once more for that, or up to five times where neither is
        clearly better. "warn" gives a `PoorTeacherWarning` that says what was seen,
        "baseline" fits the baseline student as well, and "ignore" does not look.
        "compare" warns too, and distils the student once more without a fifth of the
        samples, from a teacher that is cross-fitted without them, by two folds if `cv`
        says how many it makes: where the distilled student is worse there than the
        baseline student, by more than half a standard error, the baseline student is
        fitted and a warning says so. A better teacher can harm a student that cannot
        follow it: so "auto" is "compare" for linear students and single trees, of
        values or classes that are not tempered, where the teacher of the comparison
        costs less than a third of the teacher's own work; else "warn".
    teacher_input : transformer or callable, default=None
        phi, from the student's samples to those that the teacher sees: a callable on
        tables, or a transformer, fitted to X without labels. If None, the teacher sees
        X, and the columns of `X_privileged` if `fit` is given these.
    """

    _parameter_constraints: ClassVar[dict] = {
        "teacher": [HasMethods(["fit"]), list, None],
        "student": [HasMethods(["fit"]), None],
        "alpha": [Interval(Real, 0, 1, closed="both")],
        "alpha_until": [Interval(Real, 0, 1, closed="both")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "cross_fit": [
            StrOptions({"auto", "kfold", "oob", "stack"}),
            Options(bool, {False}),
        ],
        "cv": ["cv_object"],
        "teacher_stage": [Interval(Real, 0, 1, closed="right")],
        "memory": [str, os.PathLike, HasMethods(["cache"]), _NO_MEMORY, None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "transfer": [
            StrOptions({"auto"}),
            HasMethods(["fit", "sample"]),
            TransferSet,
            None,
        ],
        "refine": [StrOptions({"auto", "leaves"}), LeafRefinement, None],
        "calibrate": [StrOptions({"auto"}), HasMethods(["fit", "transform"]), None],
        "combine": [
            StrOptions({"uniform", "score", "stack", "row"}),
            HasMethods(["fit", "transform"]),
        ],
        "trust": [StrOptions({*TRUSTS}), HasMethods(["alphas"]), callable, None],
        "hints": [
            StrOptions({"members", "hidden", "distances", "leaves"}),
            Hints,
            None,
        ],
        "on_poor_teacher": [
            StrOptions({"auto", "warn", "baseline", "compare", "ignore"})
        ],
        "teacher_input": [HasMethods(["fit", "transform"]), callable, None],
    }

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        alpha: float = 0.5,
        alpha_until: float = 1.0,
        temperature: float = 1.0,
        cross_fit: str | bool = "auto",
        cv: Any = 5,
        teacher_stage: float = 1.0,
        memory: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        transfer: Any = "auto",
        refine: Any = "auto",
        calibrate: Any = "auto",
        combine: Any = "uniform",
        trust: Any = None,
        hints: Hints | str | None = None,
        on_poor_teacher: str = "auto",
        teacher_input: Any = None,
    ) -> None:
        self.teacher = teacher
        self.student = student
        self.alpha = alpha
        self.alpha_until = alpha_until
        self.temperature = temperature
        self.cross_fit = cross_fit
        self.cv = cv
        self.teacher_stage = teacher_stage
        self.memory = memory
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.transfer = transfer
        self.refine = refine
        self.calibrate = calibrate
        self.combine = combine
        self.trust = trust
        self.hints = hints
        self.on_poor_teacher = on_poor_teacher
        self.teacher_input = teacher_input

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
        """Fit the teacher, mix its out-of-fold predictions with y, fit the student.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The training samples; they reach teacher and student untouched.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target. Several outputs where it is numeric and both parts take them.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative, not all 0. They reach the teacher, the mean of
            the target and the student. If None, all samples weigh alike.
        X_unlabeled : table of shape (n_unlabeled, n_features), default=None
            Further samples, without labels: the student learns what the teacher
            predicts for them. They have the columns of X, and after these those of
            `X_privileged`, if it is given.
        X_privileged : table of shape (n_samples, n_privileged), default=None
            Columns that the teacher sees beside X, and the student does not: what is
            known in training alone. Samples are drawn with all columns together.
        teacher_predictions : array-like of shape (n_samples,), \
(n_samples, n_outputs) or (n_samples, n_classes), default=None
            Stored predictions to learn from; no teacher is fitted then, and `teacher`
            must be None. Values, or what `prediction_type` says. They should come from
            a model that did not see the labels of these samples.
        unlabeled_predictions : array-like of shape (n_unlabeled, ...), default=None
            The same for `X_unlabeled`.
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
        forget_fit(self, "_teacher")
        self.fit_seconds_: dict[str, float] = {}
        data = check_data(
            self,
            X,
            y,
            sample_weight,
            X_unlabeled,
            X_privileged,
            teacher_predictions,
            unlabeled_predictions,
            fit_params,
        )
        plan = make_plan(self, data)
        context = self._init_callback_context(max_subtasks=len(_STEPS))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)

        @contextmanager
        def watch(name: str, part: Estimator | None) -> Iterator[None]:
            with self._step(name, context, part):
                yield

        done = distill(plan, data, watch)
        keep(self, data, done)
        if done.verdict.findings:
            warn_user(str(done.verdict), PoorTeacherWarning)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    @contextmanager
    def _step(self, name: str, context: Any, part: Estimator | None) -> Iterator[None]:
        """Run one step of fit: timed, printed if verbose, reported to the callbacks."""
        number = f"(step {_STEPS.index(name) + 1} of {len(_STEPS)})"
        message = f"{number} Fitting {name}" if self.verbose else None
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

    @property
    def teacher_(self) -> Estimator:
        """The fitted teacher, or several as one; read from the cache when needed."""
        check_is_fitted(self)
        if self._teacher is None:
            raise AttributeError(
                "There is no teacher_: the model was distilled from stored predictions."
            )
        return self._teacher.hand_out()

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed to teacher, student and `cv`.

        Returns
        -------
        routing : MetadataRouter
        """
        parts = dict(named_teachers(self.teacher))
        if self.student is not None:
            parts["student"] = self.student
        return fit_router(self, self.cv, **parts)

    def _fitted_student(self) -> Estimator:
        """Return the fitted student; cheap, as every prediction begins with it."""
        if not hasattr(self, "student_"):
            check_is_fitted(self)
        return self.student_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "student_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inputs, of_student = tags.input_tags, get_tags(student_of(self))
        student = of_student.input_tags
        inputs.allow_nan, inputs.sparse = student.allow_nan, student.sparse
        # What is predicted for is checked by the student alone.
        tags.no_validation = of_student.no_validation
        transfer = self.transfer
        sampler = getattr(transfer, "sampler", transfer)
        if sampler is not None and sampler != "auto":
            inputs.sparse = False  # Samplers need dense samples.
        if self.teacher is None:
            # The default teacher takes missing values, and dense data only.
            inputs.sparse = False
        for _, part in named_teachers(self.teacher):
            if self.teacher_input is None:
                teacher = get_tags(part).input_tags
                inputs.allow_nan &= teacher.allow_nan
                inputs.sparse &= teacher.sparse
        return tags
