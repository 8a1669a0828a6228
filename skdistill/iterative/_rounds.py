"""Rounds in which students learn what was said in the round before, leaking no label.

A model of round 1 learns what models of round 0 say. What it predicts for a sample is
out-of-fold only if none of these saw the sample's label, though they taught others. So
for each set S of folds that is left out there is a model of its own, and the model of
round r without S learns from those of round r - 1 without S and one fold more::

    t[r, S](x) = M[r, S + fold of x](x)       for x in no fold of S
    M[r, S]    = student fitted to (1 - alpha) y + alpha t[r - 1, S]   outside of S

A model serves the samples of all folds in its set, so of F folds a round has F over d
models with d folds left out, not F to the power of d.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from skdistill._fitting import explaining_pickles, naming_failures
from skdistill._numerics import log_probability, temper
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes
from skdistill._warnings import warn_again, with_notes
from skdistill.distilled import keep
from skdistill.flow import Data, Plan, distill
from skdistill.teachers import predict_logits, predict_values

__all__ = [
    "LAST",
    "History",
    "Peer",
    "PeerPredictions",
    "Rounds",
    "Watch",
    "fit_student",
    "mean_of",
    "predict",
]

# The numbers of the folds that are left out.
Left: TypeAlias = frozenset[int]
# Makes, of the name of a step and what is done, a context manager to do it in.
Watch: TypeAlias = Callable[[str, str], AbstractContextManager[None]]


# The last step: its name, and what is done.
LAST = "refit", "Fitting what is kept to all samples"


class Peer(NamedTuple):
    """One of those that learn together; alone it learns from itself.

    Attributes
    ----------
    model : DistilledRegressor or DistilledClassifier
        Unfitted.
    plan : Plan
        How its student is distilled; its teacher has no part in it.
    data : Data
        All training data.
    is_own : ndarray of bool of shape (n_samples,) or None
        Which samples it learns; all if None.
    """

    model: Estimator
    plan: Plan
    data: Data
    is_own: NDArray | None = None


class PeerPredictions(NamedTuple):
    """What a model, or several as one, predicts.

    Attributes
    ----------
    predictions : ndarray
        For the training samples: values or logits; NaN for those not asked about.
    unlabeled : ndarray or None
        For the unlabeled samples.
    """

    predictions: NDArray
    unlabeled: NDArray | None = None


# What each peer says in each round, by what is left out.
History: TypeAlias = list[dict[Left, list[PeerPredictions]]]


def fit_student(peer: Peer, rows: NDArray, taught: PeerPredictions | None) -> Estimator:
    """Return a distilled model that is fitted to some samples.

    Parameters
    ----------
    peer : Peer
        Whose.
    rows : ndarray of int
        The samples.
    taught : PeerPredictions or None
        What it learns beside the labels; the baseline student learns nothing else.

    Returns
    -------
    DistilledRegressor or DistilledClassifier
    """
    plan = replace(peer.plan, teacher=None, on_poor_teacher="ignore")
    data = peer.data.part(rows)
    if taught is None:
        plan, data = replace(plan.of_baseline(), steps=()), data.labelled()
        taught = PeerPredictions(_nothing(peer.data))
    data = replace(
        data,
        teacher_predictions=taught.predictions[rows],
        unlabeled_predictions=taught.unlabeled,
    ).with_present_classes()
    return keep(copy(peer.model), data, distill(plan, data))


def _nothing(data: Data) -> NDArray[np.float64]:
    """Return predictions that say nothing, for the training samples."""
    return np.zeros((len(data.y), data.n_classes) if data.n_classes else data.y.shape)


def predict(model: Estimator, X: Table, classes: NDArray | None) -> NDArray:
    """Return what a distilled model predicts: values, or logits of all classes."""
    if classes is None:
        return predict_values(model, X)
    return align_classes(predict_logits(model, X), model.classes_, classes)


def mean_of(predictions: list[NDArray], data: Data) -> NDArray[np.float64]:
    """Return the mean of values, or logits of the mean of probabilities."""
    if len(predictions) == 1 or not data.is_classification:
        return np.mean(predictions, axis=0)
    return log_probability(np.mean([temper(one, 1.0) for one in predictions], axis=0))


def _mean_unlabeled(said: list[PeerPredictions], data: Data) -> NDArray | None:
    found = [one.unlabeled for one in said if one.unlabeled is not None]
    return mean_of(found, data) if found else None


def _say(
    peer: Peer, left: Left, rows: NDArray, asked: NDArray, taught: PeerPredictions
) -> PeerPredictions:
    """Fit a student to some samples; return what it predicts for those asked about."""
    data = peer.data
    with naming_failures(f"student without the folds {sorted(left)}"):
        model = fit_student(peer, rows, taught)
    predictions = np.full_like(_nothing(data), np.nan)
    predictions[asked] = predict(model, safe_indexing(data.X, asked), data.classes)
    if data.X_unlabeled is None:
        return PeerPredictions(predictions)
    return PeerPredictions(predictions, predict(model, data.X_unlabeled, data.classes))


def _unwatched(name: str, what: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Rounds:
    """What is learned, round after round.

    Attributes
    ----------
    peers : list of Peer
        Those that learn from each other; one alone learns from itself.
    held_out : list of ndarray of int
        The samples of each fold.
    n_rounds : int
        How many rounds follow round 0, that of the labels.
    is_nested : bool
        Whether what is learned is out-of-fold; else it is in-sample.
    is_judged : bool
        Whether all rounds, the last one too, are asked for out-of-fold predictions.
    learns_all : bool
        Whether what is learned is the mean of all earlier rounds, not the last alone.
    n_jobs : int or None
        Students fitted at once.
    watch : callable
        Given the name of a step and what is done, a context manager to do it in.
    """

    peers: list[Peer]
    held_out: list[NDArray]
    n_rounds: int
    is_nested: bool = True
    is_judged: bool = True
    learns_all: bool = False
    n_jobs: int | None = None
    watch: Watch = _unwatched

    def check(self, name: str) -> None:
        """Raise if there are too few folds, or too little is left to learn.

        Parameters
        ----------
        name : str
            The parameter that says how many rounds there are.
        """
        needed = self._n_left(0) + 1 if self.is_nested else 0
        if len(self.held_out) < needed:
            raise ValueError(
                f"The 'cv' parameter must make at least {needed} folds where {name} is "
                f"{self.n_rounds}, as each round leaves out one fold more. Got "
                f"{len(self.held_out)}. Use cv={needed}, or a smaller {name}."
            )
        for left in self._sets(0):
            for place in range(len(self.peers)):
                self._check_learnable(left, place)

    def _check_learnable(self, left: Left, place: int) -> None:
        """Raise if a peer has no sample to learn without some folds, or one class."""
        data, rows = self.peers[place].data, self._rows(left, place)
        weighty = rows if data.weight is None else rows[data.weight[rows] > 0]
        needed, found = "one sample", weighty
        if data.is_classification:
            needed, found = "samples of two classes", np.unique(data.y[weighty])
        if len(found) < 1 + data.is_classification:
            raise ValueError(
                f"Each student must learn at least {needed}, with weight above zero. "
                f"Got {len(found)} for one of them, which is fitted without the folds "
                f"{sorted(left)}. Use other folds, fewer rounds, or disjoint=False."
            )

    def run(self) -> History:
        """Run all rounds; return what each peer says in each, by what is left out."""
        history: History = []
        for number in range(self.n_rounds + self.is_judged):
            tasks = [
                (left, place)
                for left in self._sets(number)
                for place in range(len(self.peers))
            ]
            said: dict[Left, list[PeerPredictions]] = {}
            what = f"(round {number} of {self.n_rounds}) Fitting {len(tasks)} students"
            with self.watch("round", what):
                found = self._fit(tasks, history)
            for (left, _), one in zip(tasks, found, strict=True):
                said.setdefault(left, []).append(one)
            history.append(self._joined(number, said) if self.is_nested else said)
        return history

    def out_of_fold(
        self, said: dict[Left, list[PeerPredictions]], place: int
    ) -> NDArray:
        """Return the out-of-fold predictions of a peer, from what a round said."""
        if self.is_nested:
            return said[Left()][place].predictions
        predictions = _nothing(self.peers[place].data)
        for number, rows in enumerate(self.held_out):
            predictions[rows] = said[Left({number})][place].predictions[rows]
        return predictions

    def fit_last(self, places: list[int], history: History) -> list[Estimator]:
        """Return models of some peers, fitted to all samples and what was said."""
        calls = [
            (self.peers[p], self._rows(Left(), p), self._taught(Left(), p, history))
            for p in places
        ]
        with self.watch(*LAST):
            return self._run(fit_student, calls)

    def _n_left(self, number: int) -> int:
        """Return how many folds are left out at most by the models of a round."""
        return self.n_rounds - number + self.is_judged

    def _sets(self, number: int) -> list[Left]:
        """Return the sets of folds that the models of a round leave out."""
        folds = range(len(self.held_out))
        if not self.is_nested:
            whole = [Left()] if number < self.n_rounds else []
            return whole + [Left({one}) for one in folds if self.is_judged]
        sizes = range(1, self._n_left(number) + 1)
        return [Left(one) for size in sizes for one in combinations(folds, size)]

    def _rows(self, left: Left, place: int) -> NDArray:
        """Return the samples that a peer learns without some folds."""
        peer = self.peers[place]
        is_own = np.ones(len(peer.data.y), dtype=bool)
        if peer.is_own is not None:
            is_own &= peer.is_own
        for fold in left:
            is_own[self.held_out[fold]] = False
        return np.flatnonzero(is_own)

    def _taught(
        self, left: Left, place: int, history: History
    ) -> PeerPredictions | None:
        """Return what a peer learns: what the others said, all without some folds."""
        others = [p for p in range(len(self.peers)) if p != place] or [place]
        rounds = history if self.learns_all else history[-1:]
        said = [one[left][other] for one in rounds for other in others]
        if not said:
            return None
        data = self.peers[place].data
        mean = mean_of([one.predictions for one in said], data)
        return PeerPredictions(mean, _mean_unlabeled(said, data))

    def _fit(
        self, tasks: list[tuple[Left, int]], history: History
    ) -> list[PeerPredictions]:
        every = np.arange(len(self.peers[0].data.y))
        calls = []
        for left, place in tasks:
            asked = every
            if self.is_nested:
                asked = np.concatenate([self.held_out[fold] for fold in sorted(left)])
            taught = self._taught(left, place, history)
            rows = self._rows(left, place)
            calls.append((self.peers[place], left, rows, asked, taught))
        return self._run(_say, calls)

    def _run(self, function: Callable, calls: list[tuple]) -> list:
        """Call a function with each of some arguments; give its warnings from here."""
        work = (delayed(with_notes)(function, *arguments) for arguments in calls)
        with explaining_pickles():
            results = Parallel(n_jobs=self.n_jobs)(work)
        for _, notes in results:
            warn_again(notes)
        return [result for result, _ in results]

    def _joined(
        self, number: int, said: dict[Left, list[PeerPredictions]]
    ) -> dict[Left, list[PeerPredictions]]:
        """Return the out-of-fold predictions, without each set of folds that is asked.

        Each sample is predicted by the model that left out its fold besides, each
        unlabeled one by the mean of these models.
        """
        folds = range(len(self.held_out))
        sets = [
            Left(one)
            for size in range(self._n_left(number))
            for one in combinations(folds, size)
        ]
        return {left: self._join(left, said) for left in sets}

    def _join(
        self, left: Left, said: dict[Left, list[PeerPredictions]]
    ) -> list[PeerPredictions]:
        kept = [fold for fold in range(len(self.held_out)) if fold not in left]
        joined = []
        for place, peer in enumerate(self.peers):
            parts = [said[left | {fold}][place] for fold in kept]
            predictions = np.full_like(_nothing(peer.data), np.nan)
            for fold, part in zip(kept, parts, strict=True):
                rows = self.held_out[fold]
                predictions[rows] = part.predictions[rows]
            joined.append(
                PeerPredictions(predictions, _mean_unlabeled(parts, peer.data))
            )
        return joined
