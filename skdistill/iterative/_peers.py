"""Base of both kinds of codistillation: peers that learn from each other."""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skdistill._fitting import is_estimator, spawn_seeds
from skdistill._sklearn import Interval, StrOptions
from skdistill._typing import Estimator, Student
from skdistill.flow import Data
from skdistill.iterative._base import BaseProcedure, Given, others_than
from skdistill.iterative._choice import choose, held_out_losses, mean_loss
from skdistill.iterative._rounds import History, Peer, Rounds, Watch, mean_of
from skdistill.students import reason_not_to_resume
from skdistill.teachers import FoldMeanClassifier, FoldMeanRegressor

__all__ = ["WITHOUT", "BaseCodistilled"]

WITHOUT = others_than("alpha", "temperature", "refine")
_AVERAGE = "average"


class BaseCodistilled(BaseProcedure):
    """Base of both, which declares what neither takes over.

    Parameters
    ----------
    peers : int or list of (str, estimator), default=2
        Those that learn from each other, at least two: how many clones of `student`,
        which differ in their seeds where it leaves its `random_state` open, or
        estimators of different kinds by their names.
    n_rounds : int, default=1
        How many rounds follow the burn-in, round 0, in which each peer learns the
        labels alone. `cv` must make more folds than that, and one more with `choose`,
        so that each round is out-of-fold.
    predict_with : {"best", "average"}, default="best"
        What is kept: the best of the peers on held-out samples, one small model, or the
        first one if nothing is chosen; or all peers as an ensemble, which predicts
        their average and is as large as they are together.
    disjoint : bool, default=False
        Whether each peer learns a part of the samples of its own, drawn by
        `random_state`, and hears of the others from its peers alone.
    out_of_fold : bool, default=True
        Whether peers learn out-of-fold predictions of each other, which saw a sample's
        label on no way. If False, they learn in-sample predictions, as in [1]_, at a
        lower price: from peers that repeat their labels nothing is learned that way.
    resume : bool, default=True
        Whether the training of a peer goes on from round to round, as in [1]_, where it
        can: that of LightGBM, XGBoost, ``GradientBoosting*`` and ``MLP*``, without
        early stopping, also at the end of a Pipeline. Its trees or epochs are divided
        among round 0 and the `n_rounds` after it, so it has as many as it would have
        alone. Leaves that are solved for are those of what it says; it goes on from the
        ones that were grown. All others are fitted anew in each round.
    """

    _parameter_constraints: ClassVar[dict] = {
        "peers": [Interval(Integral, 2, None, closed="left"), list],
        "n_rounds": [Interval(Integral, 1, None, closed="left")],
        "predict_with": [StrOptions({"best", "average"})],
        "disjoint": ["boolean"],
        "out_of_fold": ["boolean"],
        "resume": ["boolean"],
    }
    _without = WITHOUT

    def __init__(
        self,
        student: Student | None = None,
        *,
        peers: int | list[tuple[str, Student]] = 2,
        n_rounds: int = 1,
        predict_with: str = "best",
        disjoint: bool = False,
        out_of_fold: bool = True,
        resume: bool = True,
        **inherited: Any,
    ) -> None:
        self.student = student
        self.peers = peers
        self.n_rounds = n_rounds
        self.predict_with = predict_with
        self.disjoint = disjoint
        self.out_of_fold = out_of_fold
        self.resume = resume
        super().__init__(**inherited)

    def _begin(self, given: Given) -> list[Peer]:
        peers = super()._begin(given)
        if not self.resume:
            return peers
        n_parts = self.n_rounds + 1
        return [one._replace(resumes=_can_resume(one, n_parts)) for one in peers]

    def _count_tasks(self, peers: list[Peer]) -> int:
        has_baseline = self.choose and any(peer.resumes for peer in peers)
        # The last one fits what is kept.
        return self.n_rounds + self.choose + has_baseline + 1

    def _run(self, peers: list[Peer], watch: Watch) -> None:
        together = _go_together(peers, disjoint=self.disjoint)
        rounds = self._rounds(together, "n_rounds", self.n_rounds, watch)
        history, names = rounds.run(), [*self._models()]
        self.resumed_ = [
            name for name, peer in zip(names, peers, strict=True) if peer.resumes
        ]
        self.losses_ = None
        self.round_, self.peer_ = self.n_rounds, names[0]
        self.reason_ = "Took the last round, as asked for."
        if self.predict_with == _AVERAGE:
            self.peer_ = _AVERAGE
        if self.choose:
            self._find(rounds, history, names)
        kept = [place for place, name in enumerate(names) if name == self.peer_]
        models = rounds.fit_last(kept or [*range(len(names))], history[: self.round_])
        self.best_estimator_ = models[0] if kept else _ensemble(models, peers[0].data)

    def _find(self, rounds: Rounds, history: History, names: list[str]) -> None:
        """Set what is kept, which peer or the average, and after which round."""
        plan, data = rounds.peers[0].plan, rounds.peers[0].data
        losses: dict[tuple[int, str], NDArray] = {}
        said = [rounds.of_baseline(history), *map(rounds.of_peers, history[1:])]
        for number, each in enumerate(said):
            found = [*each, mean_of(each, data)]
            for name, predictions in zip([*names, _AVERAGE], found, strict=True):
                losses[number, name] = held_out_losses(predictions, plan, data)
        means = {key: mean_loss(one, data) for key, one in losses.items()}
        self.losses_ = {
            name: [means[number, name] for number in range(len(history))]
            for name in [*names, _AVERAGE]
        }
        tried = [_AVERAGE] if self.predict_with == _AVERAGE else names
        baseline = min(tried, key=lambda name: means[0, name])
        later = [(number, name) for number, name in losses if number and name in tried]
        keys = [(0, baseline), *later]
        shown = [f"{name} after round {number}" for number, name in keys]
        choice = choose([losses[key] for key in keys], shown, plan, data)
        (self.round_, self.peer_), self.reason_ = keys[choice.number], choice.reason

    @property
    def student_(self) -> Estimator:
        """The fitted student of the best peer; with the average the whole ensemble."""
        return getattr(self._fitted(), "student_", self._fitted())

    def _to_hold(self) -> list[Any]:
        if self.predict_with == _AVERAGE:  # It has probabilities, no decision values.
            return [FoldMeanClassifier([], [], np.array([]))]
        return super()._to_hold()

    def _models(self) -> dict[str, Any]:
        named = self._named_peers()
        return {
            name: self._build_learner(named[place - 1][1], student)
            for place, (name, student) in enumerate(named)
        }

    def _named_peers(self) -> Sequence[tuple[str, Student | None]]:
        """Return the peers by their names, checked."""
        if not isinstance(self.peers, list):
            return [(f"peer{place}", self.student) for place in range(self.peers)]
        names = {pair[0] for pair in self.peers if _is_named(pair)} - {_AVERAGE}
        if len(names) < max(2, len(self.peers)):
            raise ValueError(
                "The 'peers' parameter must be a number, or a list of at least two "
                "pairs of a name and an estimator, whose names differ and are not "
                f"'average'. Got {self.peers!r}."
            )
        return self.peers


def _can_resume(peer: Peer, n_parts: int) -> bool:
    """Return whether the training of a peer can go on from round to round."""
    plan, data = peer.plan, peer.data
    # What else its fit is given would hold for a part of its steps; a temperature
    # scales the values that are learned, and not those of round 0.
    is_whole = bool({*data.student_params} - {"sample_weight"})
    is_whole |= plan.temperature != 1 and not data.is_classification
    return not is_whole and not reason_not_to_resume(
        plan.student, data.is_classification, n_parts=n_parts
    )


def _is_named(pair: Any) -> bool:
    is_pair = isinstance(pair, tuple) and len(pair) == 2
    return is_pair and isinstance(pair[0], str) and is_estimator(pair[1])


def _go_together(peers: list[Peer], *, disjoint: bool) -> list[Peer]:
    """Return the peers with seeds of their own, and parts of the samples if asked."""
    plan, data = peers[0].plan, peers[0].data
    seeds = spawn_seeds(plan.seeds.student, len(peers))
    parts: list[NDArray | None] = [None] * len(peers)
    if disjoint:
        parts = _divide(data, len(peers), plan.seeds.transfer)
    return [
        peer._replace(
            plan=replace(peer.plan, seeds=peer.plan.seeds._replace(student=seed)),
            is_own=part,
        )
        for peer, seed, part in zip(peers, seeds, parts, strict=True)
    ]


def _divide(data: Data, n_parts: int, seed: int | None) -> list[NDArray | None]:
    """Return which samples each part holds; classes are as frequent in all."""
    drawn = np.random.default_rng(seed).permutation(len(data.y))
    if data.classes is not None:
        counts = np.bincount(data.codes)
        rarest = data.classes.tolist()[counts.argmin()]
        if counts.min() < n_parts:
            raise ValueError(
                "With disjoint=True each peer must get samples of all classes. Got "
                f"{counts.min()} of class {rarest!r} for {n_parts} peers. "
                "Use fewer peers, or disjoint=False."
            )
        drawn = drawn[np.argsort(data.codes[drawn], kind="stable")]
    number = np.empty(len(drawn), dtype=int)
    number[drawn] = np.arange(len(drawn)) % n_parts
    return [number == place for place in range(n_parts)]


def _ensemble(models: list[Estimator], data: Data) -> Estimator:
    """Return what predicts the average of some models."""
    if data.classes is None:
        return FoldMeanRegressor(models)
    return FoldMeanClassifier(models, [one.classes_ for one in models], data.classes)
