"""What both cascades share: parameters, fit, deferral, routing of metadata."""

from collections.abc import Sequence
from copy import copy
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter, process_routing
from sklearn.utils.validation import check_is_fitted, validate_data

from skdistill._fitting import (
    clone_with_seed,
    fit_router,
    forget_fit,
    spawn_seeds,
)
from skdistill._sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    num_samples,
    raise_for_params,
    routing_enabled,
    safe_indexing,
)
from skdistill._typing import Estimator, Table
from skdistill._validation import (
    check_not_empty,
    check_readable,
    check_splits,
    check_weights,
)
from skdistill.cascade._checks import (
    check_cascade,
    check_deferral,
    check_labels,
    check_outputs,
)
from skdistill.cascade._costs import find_fractions, measure_costs
from skdistill.cascade._deferral import default_model
from skdistill.cascade._held_out import HeldOut, fit_folds, halve
from skdistill.cascade._learn import Known, learn_scores, set_thresholds
from skdistill.cascade._pair import Pair, ask_student
from skdistill.cascade._stage import Asked, CascadeStage, ask
from skdistill.cascade._students import build_models, is_frozen, seeded
from skdistill.cascade._threshold import certify_whole, describe
from skdistill.distilled import NamedPartsMixin, take_tags
from skdistill.teachers import CrossFitTask

__all__ = ["BaseCascade"]


class BaseCascade(NamedPartsMixin, MetaEstimatorMixin, BaseEstimator):
    """Base of the cascades, which declares the parameters of both.

    Parameters
    ----------
    estimator : estimator, default=None
        What to distil.
    student : list of (str, estimator), default=None
        Several students by their names, from cheap to dear, in the place of the
        estimator's own. Each is distilled alike, and predicts what the one before it
        sends on; the last one sends to the teacher. For a frozen estimator each is a
        `FrozenEstimator` too. If None, the estimator's own student is the only one.
    budget : float or list of float, default=0.2
        What may be spent on the teacher, on average over new samples: the fraction of
        them that it predicts, from 0 to 1, or microseconds a sample for all. Of n
        students the k-th sends on as many samples as the power k of one number, of
        which the power n goes to the teacher: with two, 0.25 lets half of the samples
        go on to the second student. A list has the fraction of all samples that may go
        on from each student.
    budget_unit : {"fraction", "microseconds"}, default="fraction"
        What `budget` is. Microseconds are turned into the fraction that they pay for by
        the costs of both models.
    costs : sequence of float, default=None
        The microseconds that a sample takes, of the student with the deferral score, or
        of each of several, and of the teacher. If None, they are measured on training
        samples, where `budget_unit` needs them.
    deferral : str or regressor, default="auto"
        What scores a sample: the higher, the sooner it goes to the teacher.
    level : float, default=0.95
        The probability, or for classes the confidence, with which the bound of
        `certificate_` holds, between 0 and 1.
    cv : int, splitter or iterable, default=5
        The folds on whose held-out samples the deferral score is learned and the
        threshold is set; they must hold out each sample once. The estimator is fitted
        once more for each. A number means k-fold, stratified for classes, shuffled by
        `random_state`. A frozen estimator needs no folds.
    n_jobs : int, default=None
        Folds fitted at once. None means 1 unless in a `joblib.parallel_config` context.
        It does not change the result.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and every `random_state` inside the estimator and the deferral
        model that is None.
    """

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit"]), None],
        "student": [list, None],
        "budget": [Interval(Real, 0, None, closed="left"), "array-like"],
        "budget_unit": [StrOptions({"fraction", "microseconds"})],
        "costs": ["array-like", None],
        "deferral": [StrOptions({"auto"}), HasMethods(["fit", "predict"])],
        "level": [Interval(Real, 0, 1, closed="neither")],
        "cv": ["cv_object"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Estimator = None,
        *,
        student: list[tuple[str, Estimator]] | None = None,
        budget: float | Sequence[float] = 0.2,
        budget_unit: str = "fraction",
        costs: ArrayLike | None = None,
        deferral: Any = "auto",
        level: float = 0.95,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.student = student
        self.budget = budget
        self.budget_unit = budget_unit
        self.costs = costs
        self.deferral = deferral
        self.level = level
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Table,
        y: ArrayLike | None,
        sample_weight: ArrayLike | None = None,
        X_unlabeled: Table | None = None,
        **fit_params: Any,
    ) -> Self:
        """Distil, learn which samples the teacher is needed for, set the threshold.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The training samples; for a frozen estimator samples that it was not fitted
            on.
        y : array-like of shape (n_samples,)
            The target. It may be None for a frozen estimator.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative, not all 0. They reach the estimator, the
            deferral model and the threshold, for which a weight of 2 is two samples.
            The certificate counts samples of weight above 0, each once.
        X_unlabeled : table of shape (n_unlabeled, n_features), default=None
            Further samples for the `fit` of the estimator.
        **fit_params : dict
            Further metadata, routed to the estimator and `cv` as each requests. Needs
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        raise_for_params(fit_params, self, "fit")
        forget_fit(self)
        check_cascade(self, self._unfitted())
        check_readable(X=X, y=y, sample_weight=sample_weight)
        X, y = indexable(X, y)
        check_not_empty(X)
        validate_data(self, X, skip_check_array=True)
        labels: Any = check_labels(self, y)
        weight = check_weights(sample_weight, num_samples(X))
        check_deferral(self, num_samples(X), weight)
        params, split_params = self._route(weight, fit_params)
        whole = {} if X_unlabeled is None else {"X_unlabeled": X_unlabeled}
        seeds = spawn_seeds(self.random_state, 3)
        estimator = self._unfitted()
        if is_frozen(estimator):
            self.estimator_ = estimator
            models = build_models(self, estimator)
            held_out = self._ask_frozen(models, X, weight, seeds[0])
        else:
            several = self.student is not None
            estimator = seeded(estimator, seeds[1], are_several=several)
            models = {
                name: clone_with_seed(model, seeds[1])
                for name, model in build_models(self, estimator).items()
            }
            unfitted = {name: clone(model) for name, model in models.items()}
            for name, model in models.items():
                self.estimator_ = model.fit(X, labels, **params[name], **whole)
            folds = self._folds(X, labels, split_params, seeds[0])
            held_out = fit_folds(
                *(unfitted, X, labels, getattr(self, "classes_", None), folds),
                *(params, whole, self.n_jobs),
            )
        classes, frozen = getattr(self, "classes_", None), is_frozen(estimator)
        known = Known(X, labels, classes, weight, held_out, frozen)
        self._set_stages(models, known, seeds[2])
        return self

    def _folds(
        self, X: Table, y: Any, split_params: dict[str, Any], seed: int | None
    ) -> list:
        """Return the folds, checked to hold out each sample once."""
        task = CrossFitTask(
            teacher=None,
            X=X,
            y=y,
            classes=getattr(self, "classes_", None),
            fit_params={},
            split_params=split_params,
            cv=check_splits(self.cv),
            seeds=(seed, None),
        )
        return task.folds()

    def _ask_frozen(
        self,
        models: dict[str, Estimator],
        X: Table,
        weight: NDArray | None,
        seed: int | None,
    ) -> HeldOut:
        """Return what frozen models predict for samples that they have not seen."""
        weighty = np.ones(num_samples(X)) if weight is None else weight
        folds = halve(np.flatnonzero(weighty), seed)
        students = {name: ask_student(model, X) for name, model in models.items()}
        teacher = Pair.of(self.estimator_).teacher(X)
        check_outputs(students, teacher)
        return HeldOut([*students.values()], teacher, folds)

    def _set_stages(
        self, models: dict[str, Estimator], known: Known, seed: int | None
    ) -> None:
        """Learn the deferral scores; set the thresholds, and what is guaranteed."""
        learned = learn_scores(models, self.deferral, known, seed)
        fractions = self._find_fractions(learned.stages, known.X)
        self.stages_, self.deferred_fraction_ = set_thresholds(
            learned, fractions, known, self.level
        )
        self.certificate_ = certify_whole(
            [stage.certificate for stage in self.stages_],
            [stage.threshold for stage in self.stages_],
            self.level,
        )
        self.guarantee_ = describe(
            dict(zip(models, fractions, strict=True)),
            len(learned.rows),
            self.certificate_,
            is_weighted=known.weight is not None,
            is_refitted=not known.is_frozen,
        )

    def _find_fractions(self, stages: list[CascadeStage], X: Table) -> list[float]:
        """Return the fractions that the budget pays for, and keep what they cost."""
        is_timed = self.budget_unit == "microseconds"
        self.costs_: tuple[float, ...] | None = None
        if self.costs is not None:
            self.costs_ = tuple(np.asarray(self.costs, dtype=float).tolist())
        if is_timed and self.costs_ is None:
            asked = [partial(ask, [stage]) for stage in stages]
            teacher = Pair.of(self.estimator_).teacher
            self.costs_ = tuple(measure_costs([*asked, teacher], X))
        return find_fractions(
            self.budget, self.costs_ if is_timed else None, len(stages)
        )

    @property
    def deferral_models_(self) -> list[Estimator]:
        """The fitted models of the last student's deferral score."""
        check_is_fitted(self)
        return self.stages_[-1].deferral_models

    @property
    def threshold_(self) -> float:
        """The threshold above which the last student sends a sample to the teacher."""
        check_is_fitted(self)
        return self.stages_[-1].threshold

    def deferral_score(self, X: Table) -> NDArray[np.float64]:
        """Return how much each sample is expected to gain by going to the teacher.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            A sample with a score above `threshold_` is predicted by the teacher. With
            several students it is the last one's score, negatively infinite for samples
            that those before it keep.
        """
        return self._ask(X).scores

    def defer(self, X: Table) -> NDArray[np.bool_]:
        """Return which samples go to the teacher.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        is_deferred : ndarray of bool of shape (n_samples,)
        """
        return self.predicted_by(X) == len(self.stages_)

    def predicted_by(self, X: Table) -> NDArray[np.int_]:
        """Return the number of the student that predicts each sample.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        numbers : ndarray of int of shape (n_samples,)
            From 0, in the order of `stages_`; after the last student comes the teacher.
        """
        return self._ask(X).kept_by

    def predict_both(self, X: Table) -> tuple[NDArray, NDArray]:
        """Return what student and teacher predict for all samples.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        student, teacher : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Values, or probabilities of the classes. Among several students it is the
            last that is asked about a sample. The teacher's are calibrated, as the
            student learned them.
        """
        student = self._ask(X).predictions
        (X,) = indexable(X)
        return student, Pair.of(self.estimator_).teacher(X)

    def of_student(self, name: str) -> Self:
        """Return the part of the cascade that one of several students makes up.

        Its scores and its threshold are those of the student's stage, for samples that
        came so far. So each stage can be exported on its own.

        Parameters
        ----------
        name : str
            The name of the student.

        Returns
        -------
        cascade : CascadeRegressor or CascadeClassifier
            Fitted: this student, and the teacher, without what is said of the whole,
            `guarantee_` and `deferred_fraction_`.

        Raises
        ------
        ValueError
            If there is no student of that name.
        """
        check_is_fitted(self)
        names = [stage.name for stage in self.stages_]
        if name not in names:
            raise ValueError(
                f"name must be one of {names}. Got {name!r}. Use the name of a student."
            )
        number, alone = names.index(name), copy(self)
        alone.stages_ = [self.stages_[number]]
        alone.certificate_ = alone.stages_[0].certificate
        if self.costs_ is not None:
            alone.costs_ = self.costs_[number], self.costs_[-1]
        del alone.guarantee_, alone.deferred_fraction_
        return alone

    def _ask(self, X: Table) -> Asked:
        """Return what the students say."""
        check_is_fitted(self)
        (X,) = indexable(X)
        return ask(self.stages_, X)

    def _predict(self, X: Table) -> NDArray:
        """Let the students predict all samples, and the teacher those that need it."""
        predictions, _, kept_by = self._ask(X)
        (X,) = indexable(X)
        rows = np.flatnonzero(kept_by == len(self.stages_))
        if len(rows):
            teacher = Pair.of(self.estimator_).teacher
            predictions[rows] = teacher(safe_indexing(X, rows))
        return predictions

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed to the estimator and `cv`.

        Returns
        -------
        routing : MetadataRouter
        """
        return fit_router(self, self.cv, **build_models(self, self._unfitted()))

    def _route(
        self, weight: NDArray | None, fit_params: dict[str, Any]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
        """Return the metadata of the fit for each student, and the split's."""
        if is_frozen(self.estimator):
            return {}, {}
        names = build_models(self, self._unfitted())
        if not routing_enabled():
            params = {} if weight is None else {"sample_weight": weight}
            return dict.fromkeys(names, params), {}
        routed = process_routing(self, "fit", sample_weight=weight, **fit_params)
        split = routed.splitter.split if "splitter" in routed else {}
        return {name: dict(routed[name].fit) for name in names}, split

    def _unfitted(self) -> Estimator:
        """Return the estimator that is distilled, or was."""
        return self._default() if self.estimator is None else self.estimator

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "stages_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        take_tags(tags, [*build_models(self, self._unfitted()).values()])
        tags.target_tags.multi_output = False
        model = default_model() if self.deferral == "auto" else self.deferral
        if not isinstance(model, str):
            learned = get_tags(model).input_tags
            tags.input_tags.allow_nan &= learned.allow_nan
            tags.input_tags.sparse &= learned.sparse
        return tags
