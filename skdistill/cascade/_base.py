"""What both cascades share: parameters, fit, deferral, routing."""

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
from skdistill._validation import check_not_empty, check_splits, check_weights
from skdistill.cascade._checks import (
    check_cascade,
    check_deferral,
    check_labels,
    is_frozen,
)
from skdistill.cascade._costs import find_fraction, measure_costs
from skdistill.cascade._deferral import (
    UNCERTAINTIES,
    default_model,
    expected_gains,
    features_of,
    find_corrections,
    fit_models,
    predict_corrections,
)
from skdistill.cascade._held_out import HeldOut, fit_folds, halve, score_out_of_fold
from skdistill.cascade._pair import Pair
from skdistill.cascade._threshold import certify, describe, find_threshold
from skdistill.teachers import CrossFitTask

__all__ = ["BaseCascade"]


class BaseCascade(MetaEstimatorMixin, BaseEstimator):
    """Base of the cascades, which declares the parameters of both.

    Parameters
    ----------
    estimator : estimator, default=None
        What to distil.
    budget : float, default=0.2
        What may be spent on the teacher, on average over new samples: the fraction of
        them that it predicts, from 0 to 1, or microseconds a sample for both.
    budget_unit : {"fraction", "microseconds"}, default="fraction"
        What `budget` is. Microseconds are turned into the fraction that they pay for by
        the costs of both models.
    costs : pair of float, default=None
        The microseconds that a sample takes, of the student with the deferral score,
        and of the teacher. If None, they are measured on training samples, where
        `budget_unit` needs them.
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
        "budget": [Interval(Real, 0, None, closed="left")],
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
        budget: float = 0.2,
        budget_unit: str = "fraction",
        costs: ArrayLike | None = None,
        deferral: Any = "auto",
        level: float = 0.95,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
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
        check_cascade(self)
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
            held_out = self._ask_frozen(X, weight, seeds[0])
        else:
            estimator = clone_with_seed(estimator, seeds[1])
            self.estimator_ = clone(estimator).fit(X, labels, **params, **whole)
            folds = self._folds(X, labels, split_params, seeds[0])
            held_out = fit_folds(
                *(estimator, X, labels, getattr(self, "classes_", None), folds),
                *(params, whole, self.n_jobs),
            )
        self._set_threshold(X, labels, weight, held_out, seeds[2])
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
        self, X: Table, weight: NDArray | None, seed: int | None
    ) -> HeldOut:
        """Return what a frozen model predicts for samples that it has not seen."""
        pair = Pair.of(self.estimator_)
        weighty = np.ones(num_samples(X)) if weight is None else weight
        folds = halve(np.flatnonzero(weighty), seed)
        return HeldOut(pair.student(X), pair.teacher(X), folds)

    def _set_threshold(
        self,
        X: Table,
        y: NDArray | None,
        weight: NDArray | None,
        held_out: HeldOut,
        seed: int | None,
    ) -> None:
        """Learn the deferral score; set the threshold by it, and what is guaranteed."""
        rows, scores = self._learn_score(X, y, weight, held_out, seed)
        student, teacher = held_out.student[rows], held_out.teacher[rows]
        if weight is not None:
            weight = weight[rows]
            found = weight > 0
            weight, scores = weight[found], scores[found]
            student, teacher = student[found], teacher[found]
        fraction = self._find_fraction(X)
        self.threshold_ = find_threshold(scores, fraction, weight)
        self.deferred_fraction_ = float(
            np.average(scores > self.threshold_, weights=weight)
        )
        if student.ndim == 2:
            student, teacher = student.argmax(axis=1), teacher.argmax(axis=1)
        self.certificate_ = certify(
            *(scores, self.threshold_, student, teacher),
            level=self.level,
            of_classes=held_out.student.ndim == 2,
        )
        self.guarantee_ = describe(
            fraction,
            len(scores),
            self.certificate_,
            is_weighted=weight is not None,
            is_refitted=not is_frozen(self.estimator_),
        )

    def _find_fraction(self, X: Table) -> float:
        """Return the fraction that the budget pays for, and keep what it costs."""
        is_timed = self.budget_unit == "microseconds"
        self.costs_: tuple[float, float] | None = None
        if self.costs is not None:
            of_student, of_teacher = np.asarray(self.costs, dtype=float).tolist()
            self.costs_ = of_student, of_teacher
        if is_timed and self.costs_ is None:
            pair = Pair.of(self.estimator_)
            self.costs_ = measure_costs(
                lambda batch: self._score(batch, pair.student(batch)), pair.teacher, X
            )
        return find_fraction(self.budget, self.costs_ if is_timed else None)

    def _learn_score(
        self,
        X: Table,
        y: NDArray | None,
        weight: NDArray | None,
        held_out: HeldOut,
        seed: int | None,
    ) -> tuple[NDArray, NDArray]:
        """Return samples, and their scores by a model that was not fitted on them."""
        student = held_out.student
        self.deferral_models_: list[Estimator] = []
        if isinstance(self.deferral, str) and self.deferral in UNCERTAINTIES:
            return np.arange(len(student)), self._score(X, student)
        model = default_model() if isinstance(self.deferral, str) else self.deferral
        classes = getattr(self, "classes_", None)
        corrections = find_corrections(student, held_out.teacher, y, classes)
        features = features_of(X, student)
        rows, scores = score_out_of_fold(
            *(model, features, student, corrections, weight, held_out.folds, seed)
        )
        if is_frozen(self.estimator_):  # The other half has set the threshold.
            train = held_out.folds[0][0]
            features, corrections = safe_indexing(features, train), corrections[train]
            weight = None if weight is None else weight[train]
        self.deferral_models_ = fit_models(model, features, corrections, weight, seed)
        return rows, scores

    def deferral_score(self, X: Table) -> NDArray[np.float64]:
        """Return how much each sample is expected to gain by going to the teacher.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            A sample with a score above `threshold_` is predicted by the teacher.
        """
        pair = self._pair()
        (X,) = indexable(X)
        return self._score(X, pair.student(X))

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
        return self.deferral_score(X) > self.threshold_

    def predict_both(self, X: Table) -> tuple[NDArray, NDArray]:
        """Return what student and teacher predict for all samples.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        student, teacher : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Values, or probabilities of the classes. The teacher's are calibrated, as
            the student learned them.
        """
        pair = self._pair()
        (X,) = indexable(X)
        return pair.student(X), pair.teacher(X)

    def _pair(self) -> Pair:
        check_is_fitted(self)
        return Pair.of(self.estimator_)

    def _predict(self, X: Table) -> NDArray:
        """Let the student predict all samples, and the teacher those that need it."""
        pair = self._pair()
        (X,) = indexable(X)
        predictions = pair.student(X)
        rows = np.flatnonzero(self._score(X, predictions) > self.threshold_)
        if len(rows):
            predictions[rows] = pair.teacher(safe_indexing(X, rows))
        return predictions

    def _score(self, X: Table, student: NDArray) -> NDArray[np.float64]:
        if not self.deferral_models_:
            return UNCERTAINTIES[self.deferral](student)
        features = features_of(X, student)
        corrections = predict_corrections(self.deferral_models_, features)
        return expected_gains(student, corrections)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed to the estimator and `cv`.

        Returns
        -------
        routing : MetadataRouter
        """
        return fit_router(self, self.cv, estimator=self._unfitted())

    def _route(
        self, weight: NDArray | None, fit_params: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the metadata of the estimator's fit and the split's."""
        if is_frozen(self.estimator):
            return {}, {}
        if not routing_enabled():
            return {} if weight is None else {"sample_weight": weight}, {}
        routed = process_routing(self, "fit", sample_weight=weight, **fit_params)
        split = routed.splitter.split if "splitter" in routed else {}
        return dict(routed.estimator.fit), split

    def _unfitted(self) -> Estimator:
        """Return the estimator that is distilled, or was."""
        return self._default() if self.estimator is None else self.estimator

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "threshold_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self._unfitted())
        tags.no_validation = inner.no_validation
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        tags.target_tags.multi_output = False
        tags.regressor_tags, tags.classifier_tags = (
            inner.regressor_tags,
            inner.classifier_tags,
        )
        model = default_model() if self.deferral == "auto" else self.deferral
        if not isinstance(model, str):
            learned = get_tags(model).input_tags
            tags.input_tags.allow_nan &= learned.allow_nan
            tags.input_tags.sparse &= learned.sparse
        return tags
