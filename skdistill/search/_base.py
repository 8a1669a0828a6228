"""What both searches share: candidates, folds, the choice, the final fit."""

from abc import abstractmethod
from contextlib import contextmanager
from itertools import product
from numbers import Integral
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, check_random_state, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, validate_data

from skdistill._fitting import spawn_seeds
from skdistill._sklearn import (
    StrOptions,
    fit_context,
    raise_for_params,
    routing_enabled,
)
from skdistill._typing import Estimator, Table
from skdistill._validation import check_weights
from skdistill.distilled import BaseDistilled
from skdistill.refine import LeafRefinement
from skdistill.search._choice import choose
from skdistill.search._scores import Examples, Group, score_fold

__all__ = ["BaseDistilledCV"]

# Of more rows one split is held out instead of five, and scored in parts: it chooses
# alike (benchmarks/one_split.py), at a third of the work.
N_FOLDS, MANY_ROWS = 5, 10_000
_N_PARTS = 5
_ALPHAS = (0.5,)
_STRENGTHS = (1.0, 10.0, 100.0)

_SHARED = BaseDistilled._parameter_constraints


class BaseDistilledCV(MetaEstimatorMixin, BaseEstimator):
    """Base of the searches; the subclass knows the kind of target."""

    _parameter_constraints: ClassVar[dict] = {
        "teacher": _SHARED["teacher"],
        "student": _SHARED["student"],
        "alphas": ["array-like", StrOptions({"auto"})],
        "temperatures": ["array-like"],
        "transfers": ["array-like"],
        "transfer_size": _SHARED["transfer_size"],
        "transfer_weight": _SHARED["transfer_weight"],
        "refinements": ["array-like", StrOptions({"auto"})],
        "cross_fit": _SHARED["cross_fit"],
        "cv": ["cv_object"],
        "inner_cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "memory": _SHARED["memory"],
        "n_jobs": _SHARED["n_jobs"],
        "random_state": _SHARED["random_state"],
    }

    def __init__(
        self,
        teacher=None,
        student=None,
        *,
        alphas="auto",
        temperatures=(1.0,),
        transfers=("auto",),
        transfer_size="auto",
        transfer_weight=1.0,
        refinements="auto",
        cross_fit="auto",
        cv=None,
        inner_cv=5,
        scoring=None,
        memory=None,
        n_jobs=None,
        random_state=None,
    ):
        self.teacher = teacher
        self.student = student
        self.alphas = alphas
        self.temperatures = temperatures
        self.transfers = transfers
        self.transfer_size = transfer_size
        self.transfer_weight = transfer_weight
        self.refinements = refinements
        self.cross_fit = cross_fit
        self.cv = cv
        self.inner_cv = inner_cv
        self.scoring = scoring
        self.memory = memory
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Table,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_transfer: Table | None = None,
        **fit_params: Any,
    ) -> Self:
        """Score all candidates on held-out rows, choose one, fit it on all rows.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The training rows.
        y : array-like of shape (n_samples,)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Row weights, not negative, not all 0. They reach teacher, student and the
            scores.
        X_transfer : table of shape (n_transfer, n_features), default=None
            Further rows, without labels, for all candidates but the plain student.
        **fit_params : dict
            Further metadata, routed to teacher, student and the folds as each requests.
            Needs ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        raise_for_params(fit_params, self, "fit")
        self.__dict__.pop("best_estimator_", None)
        X, y = indexable(X, y)
        validate_data(self, X, skip_check_array=True)
        model = self._distilled()
        target = model._check_target(y)
        weight = check_weights(sample_weight, len(target))
        fit_params, split_params = self._route(fit_params)
        examples = Examples(X, target, weight, X_transfer, fit_params)
        seed, fold_seed = spawn_seeds(self.random_state, 2)
        folds = self._folds(examples, fold_seed, split_params)
        with self._shared_memory() as memory:
            model.set_params(random_state=seed, memory=memory)
            groups = self._groups(model, examples, folds)
            scorer = check_scoring(model, self.scoring or self._default_scoring)
            scores = Parallel(n_jobs=self.n_jobs)(
                delayed(score_fold)(model, groups, examples, train, parts, scorer)
                for train, parts in folds
            )
            self._choose(groups, np.concatenate(scores, axis=1))
            self.best_estimator_ = self._fit_chosen(model, examples)
        self.best_estimator_.set_params(memory=self.memory)
        return self

    @property
    def student_(self) -> Estimator:
        """The fitted student, a plain estimator to ship."""
        return self._fitted().student_

    @property
    def teacher_(self) -> Estimator:
        """The teacher fitted on all rows."""
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
            distilled.set_fit_request(sample_weight=True, X_transfer=True)
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

    def __sklearn_is_fitted__(self):
        return hasattr(self, "best_estimator_")

    def _fitted(self):
        check_is_fitted(self)
        return self.best_estimator_

    def _common_params(self):
        """Return the parameters that the distilled estimator takes over."""
        names = (
            "teacher",
            "student",
            "cross_fit",
            "transfer_size",
            "transfer_weight",
            "n_jobs",
        )
        return {name: getattr(self, name) for name in names} | {"cv": self.inner_cv}

    @contextmanager
    def _shared_memory(self):
        """Yield the memory in which the candidates share their teachers."""
        if self.memory is not None:
            yield self.memory
            return
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield folder

    def _route(self, fit_params):
        """Return the metadata of the distilled estimator's fit and the split's."""
        if not routing_enabled():
            return {}, {}
        routed = process_routing(self, "fit", **fit_params)
        return routed.distilled.fit, routed.get("splitter", Bunch(split={})).split

    def _folds(self, examples, seed, split_params):
        """Return (train, parts of the held-out rows) for each fold."""
        n_rows, rng = len(examples.y), check_random_state(seed)
        cv = self.cv
        if cv is None:
            cv = N_FOLDS if n_rows <= MANY_ROWS else self._one_split(rng)
        if isinstance(cv, Integral):
            cv = self._k_fold(int(cv), rng)
        cv = check_cv(cv, examples.y, classifier=is_classifier(self))
        folds = list(cv.split(examples.X, examples.y, **split_params))
        if len(folds) > 1:
            return [(train, [held_out]) for train, held_out in folds]
        ((train, held_out),) = folds
        n_parts = max(2, min(_N_PARTS, len(held_out)))
        return [(train, np.array_split(rng.permutation(held_out), n_parts))]

    def _groups(self, model, examples, folds):
        """Return the candidates, grouped by the student they share; the plain first."""
        self._check_candidates()
        alphas, refinements = self.alphas, self.refinements
        if isinstance(alphas, str):
            alphas = self._default_alphas(model, examples, folds)
        if isinstance(refinements, str):
            refinements = _default_refinements(model)
        refinements = [LeafRefinement() if r == "leaves" else r for r in refinements]
        plain = {"alpha": 0.0, "temperature": 1.0, "transfer": None}
        groups = [Group(plain, [None], takes_transfer=False)]
        for alpha, temperature, transfer in product(
            alphas, self.temperatures, self.transfers
        ):
            params = {"alpha": alpha, "temperature": temperature, "transfer": transfer}
            for refinement in refinements:
                candidate = clone(model).set_params(refine=refinement, **params)
                candidate._validate_params()
                if refinement is not None:
                    candidate._check_refines()
            groups += [Group(params, alike) for alike in _grown_alike(refinements)]
        return groups

    def _check_candidates(self):
        for name in ("alphas", "temperatures", "transfers", "refinements"):
            if len(getattr(self, name)) == 0:
                raise ValueError(
                    f"{name} must hold at least one value to try. Got "
                    f"{getattr(self, name)!r}. Leave it out for the default."
                )

    def _default_alphas(self, model, examples, folds):
        return _ALPHAS

    def _choose(self, groups, scores):
        """Set what was found: the scores, the choice and the reason for it."""
        candidates = [
            group.params | {"refine": refinement}
            for group in groups
            for refinement in group.refinements
        ]
        scores, teacher, constant = scores[:-2], scores[-2], scores[-1]
        names = [_name(candidate) for candidate in candidates]
        _check_finite(scores, names)
        choice = choose(scores, teacher, constant, names)
        mean = scores.mean(axis=1)
        self.cv_results_ = {
            "params": candidates,
            **{
                f"param_{name}": np.array([c[name] for c in candidates], dtype=object)
                for name in candidates[0]
            },
            **{f"split{i}_test_score": part for i, part in enumerate(scores.T)},
            "mean_test_score": mean,
            "std_test_score": scores.std(axis=1),
            "rank_test_score": rankdata(-mean, method="min").astype(int),
        }
        self.best_index_, self.reason_ = choice.index, choice.reason
        self.best_params_ = candidates[choice.index]
        self.alpha_ = self.best_params_["alpha"]
        self.temperature_ = self.best_params_["temperature"]
        self.best_score_ = float(mean[choice.index])
        self.baseline_score_ = float(mean[0])
        self.teacher_score_ = float(teacher.mean())

    def _fit_chosen(self, model, examples):
        takes_transfer = self.best_index_ > 0
        best = clone(model).set_params(**self.best_params_)
        best.fit(
            examples.X,
            examples.y,
            sample_weight=examples.weight,
            X_transfer=examples.X_transfer if takes_transfer else None,
            **examples.fit_params,
        )
        best.teacher_  # noqa: B018  Read while the folder it may lie in is there.
        return best

    @abstractmethod
    def _distilled(self) -> BaseDistilled:
        """Return the unfitted estimator whose parameters are searched."""


def _default_refinements(model):
    """Return strengths where solving for leaf values can help, else no refinement."""
    if not model._refines_well():
        return (None,)
    return tuple(LeafRefinement(strength) for strength in _STRENGTHS)


def _grown_alike(refinements):
    """Return lists of refinements that one student can serve."""
    lists: dict[bool | None, list] = {}
    for refinement in refinements:
        lists.setdefault(getattr(refinement, "diversify", None), []).append(refinement)
    return lists.values()


def _name(candidate):
    """Say how a candidate differs from the plain student."""
    refinement = candidate["refine"]
    strength = getattr(refinement, "strength", None)
    shown = candidate | {"refine": refinement and f"leaves at strength {strength:g}"}
    return ", ".join(
        f"{name}={value!r}" if name == "transfer" else f"{name}={value}"
        for name, value in shown.items()
        if value is not None
    )


def _check_finite(scores, names):
    wrong = ~np.isfinite(scores).all(axis=1)
    if wrong.any():
        raise ValueError(
            "All scores on held-out rows must be finite numbers. Got "
            f"{scores[wrong][0]} for {names[int(wrong.argmax())]}. Hold out more rows "
            "in a fold, or use another scoring: R2 needs two rows at least."
        )
