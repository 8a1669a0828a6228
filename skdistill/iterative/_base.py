"""What all procedures share: parameters, checks, routing, the choice, predictions."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from inspect import signature
from numbers import Integral
from typing import Any, ClassVar, NamedTuple, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import MetaEstimatorMixin
from sklearn.utils.metadata_routing import MetadataRouter, process_routing
from sklearn.utils.validation import validate_data

from skdistill._fitting import fit_router, forget_fit, request_all
from skdistill._parameters import assign
from skdistill._sklearn import (
    CallbackSupportMixin,
    elapsed_time,
    fit_context,
    raise_for_params,
    routing_enabled,
    with_callbacks,
)
from skdistill._typing import Estimator, Student, Table
from skdistill.distilled import (
    BaseDistilled,
    Delegate,
    DistilledClassifier,
    DistilledRegressor,
    check_data,
    make_plan,
    student_of,
)
from skdistill.flow import Data, find_folds
from skdistill.iterative._choice import (
    Choice,
    choose,
    held_out_losses,
    mean_loss,
)
from skdistill.iterative._rounds import Peer, Rounds, Watch
from skdistill.students import training_loss

__all__ = ["BaseProcedure", "Given", "others_than"]

# Parameters of the distilled estimators that all procedures take over.
_SHARED = {"student", "calibrate", "cv", "n_jobs", "random_state", "verbose"}


def others_than(*taken: str) -> list[str]:
    """Return the parameters of the distilled estimators that are not taken over."""
    both = (DistilledRegressor, DistilledClassifier)
    names = {name: None for kind in both for name in signature(kind).parameters}
    return [name for name in names if name not in _SHARED.union(taken)]


class Given(NamedTuple):
    """What is given to `fit`."""

    X: Table
    y: ArrayLike
    sample_weight: ArrayLike | None
    X_unlabeled: Table | None
    fit_params: dict[str, Any]


class BaseProcedure(CallbackSupportMixin, MetaEstimatorMixin, Delegate):
    """Base of the procedures that distil several times.

    Parameters
    ----------
    choose : bool, default=True
        Whether what is kept is chosen on held-out samples: the baseline student, fitted
        on the labels alone, unless another gains more than the standard error of their
        paired differences. If False, the last one is kept, at a lower price.
    cv : int, splitter or iterable, default=5
        The folds; they must hold out each sample once. A number means k-fold, shuffled
        by `random_state`, stratified for classes; None means 5.
    n_jobs : int, default=None
        Students fitted at once. None means 1 unless in a `joblib.parallel_config`
        context. It does not change the result.
    verbose : int, default=0
        Above 0, print each round with its time in seconds.
    """

    _parameter_constraints: ClassVar[dict] = {
        "choose": ["boolean"],
        "cv": ["cv_object"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }
    _distilled_type: ClassVar[type[BaseDistilled]]

    # Parameters of the distilled estimator that this procedure has not.
    _without: ClassVar[list[str]]

    losses_: Any
    out_of_fold: bool

    def __init__(
        self,
        *,
        choose: bool = True,
        cv: Any = 5,
        n_jobs: int | None = None,
        verbose: int = 0,
        **inherited: Any,
    ) -> None:
        self.choose = choose
        self.cv = cv
        self.n_jobs = n_jobs
        self.verbose = verbose
        assign(self, self._distilled_type, inherited, without=self._without)

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Table,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_unlabeled: Table | None = None,
        **fit_params: Any,
    ) -> Self:
        """Distil step by step, and keep the best step.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The training samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, not negative, not all 0. If None, all samples weigh alike.
        X_unlabeled : table of shape (n_unlabeled, n_features), default=None
            Further samples, without labels: a student learns what those before it
            predict for them.
        **fit_params : dict
            Further metadata, routed to all parts and to `cv` as each requests. Needs
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        raise_for_params(fit_params, self, "fit")
        forget_fit(self)
        given = self._given(Given(X, y, sample_weight, X_unlabeled, fit_params))
        peers = self._begin(given)
        context = self._init_callback_context(max_subtasks=self._count_tasks(peers))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self._run(peers, partial(self._watch, context))
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _given(self, given: Given) -> Given:
        """Return what is given to `fit` as it is used."""
        return given

    @abstractmethod
    def _run(self, peers: list[Peer], watch: Watch) -> None:
        """Distil, and set what is kept; each step is done inside `watch`."""

    @abstractmethod
    def _count_tasks(self, peers: list[Peer]) -> int:
        """Return how many steps there are."""

    @abstractmethod
    def _models(self) -> dict[str, Any]:
        """Return the distilled estimators, unfitted, by their names."""

    def _build(self, **params: Any) -> Any:
        """Return an unfitted distilled estimator with the parameters of this one."""
        names = {*signature(self._distilled_type).parameters} - {*params}
        own = self.get_params(deep=False)
        shared = {name: own[name] for name in names if name in own}
        return self._distilled_type(**shared | params)

    def _build_learner(self, teacher: Student | None, student: Student | None) -> Any:
        """Return one that learns what others of its kind say, by `out_of_fold`.

        In place of None the default student is used.
        """
        return self._build(
            teacher=student_of(self) if teacher is None else teacher,
            student=student,
            transfer=None,
            cross_fit="kfold" if self.out_of_fold else False,
            on_poor_teacher="ignore",
        )

    def _rounds(
        self, peers: list[Peer], name: str, n_rounds: int, watch: Watch, **params: Any
    ) -> Rounds:
        """Return the rounds of some peers; `name` is the parameter of their number."""
        rounds = Rounds(
            peers,
            find_folds(peers[0].plan, peers[0].data)
            if self.out_of_fold or self.choose
            else [],
            n_rounds,
            is_nested=self.out_of_fold,
            is_judged=self.choose,
            n_jobs=self.n_jobs,
            watch=watch,
            **params,
        )
        rounds.check(name)
        return rounds

    @contextmanager
    def _watch(self, context: Any, name: str, what: str) -> Iterator[None]:
        """Tell the callbacks of what is done inside; print it, if asked to, timed."""
        task = context.subcontext(task_name=name)
        with elapsed_time(type(self).__name__, what if self.verbose else None):
            task.call_on_fit_task_begin(estimator=self)
            yield
            task.call_on_fit_task_end(estimator=self)

    def _begin(self, given: Given) -> list[Peer]:
        """Check what is given to `fit`; return what each model is fitted by."""
        validate_data(self, given.X, skip_check_array=True)
        models = self._models()
        routed: Any = {}
        if routing_enabled():
            routed = process_routing(self, "fit", **given.fit_params)
        peers = []
        for name, model in models.items():
            data = check_data(
                model,
                *given[:4],
                fit_params=routed[name].fit if routed else None,
            )
            _check_loss(student_of(model), data)
            peers.append(Peer(model, make_plan(model, data), data))
        return peers

    def _choose(
        self, peer: Peer, predictions: list[NDArray], names: list[str]
    ) -> Choice:
        """Set the held-out losses; return what is kept. The first one is baseline."""
        plan, data = peer.plan, peer.data
        losses = [held_out_losses(one, plan, data) for one in predictions]
        self.losses_ = [mean_loss(one, data) for one in losses]
        return choose(losses, names, plan, data)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed to students, teachers and folds.

        Returns
        -------
        routing : MetadataRouter
        """
        models = request_all(self, self._models())
        # The models have the folds, too.
        return fit_router(self, None, **models)


def _check_loss(student: Estimator, data: Data) -> None:
    """Raise if a student of values does not learn the mean."""
    if data.is_classification or training_loss(student).is_mean:
        return
    raise ValueError(
        "Students that learn from each other must predict the mean, as their "
        f"predictions are averaged and learned as labels. Got {student!r}, "
        f"{training_loss(student).name}. Use its squared loss, or one distillation: "
        "DistilledRegressor."
    )
