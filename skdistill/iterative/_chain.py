"""A teacher of unlabeled samples, and students each of which takes its place."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator
from skdistill._validation import align_classes
from skdistill.flow import supervise
from skdistill.iterative._pseudo_labels import PseudoLabels, with_noise
from skdistill.iterative._rounds import Peer, PeerPredictions, fit_student, predict
from skdistill.transfer import TransferSet

__all__ = ["Chain"]


@dataclass(frozen=True)
class Chain:
    """A teacher, and students each of which takes its place.

    Attributes
    ----------
    peer : Peer
        How teacher and students are fitted.
    labels : PseudoLabels
        What is learned of the unlabeled samples.
    noise : sampler or None
        What the student sees of them.
    seeds : list of int or None
        The seed of the noise in each iteration.
    """

    peer: Peer
    labels: PseudoLabels
    noise: Any
    seeds: list[int | None]

    def fit(self, rows: NDArray, n_iterations: int) -> list[Estimator]:
        """Return the baseline student of some samples, and that of each iteration."""
        models = [fit_student(self.peer, rows, None)]
        X, classes = self.peer.data.X_unlabeled, self.peer.data.classes
        if n_iterations == 0:
            return models
        said = self._say_first(rows)
        for seed in self.seeds[:n_iterations]:
            models.append(self._fit_one(rows, said, seed))
            said = predict(models[-1], X, classes)
        return models

    def _say_first(self, rows: NDArray) -> NDArray:
        """Return what the teacher, fitted to some samples, says of the unlabeled."""
        peer = self.peer
        data = peer.data.part(rows).labelled().with_present_classes()
        known = supervise(replace(peer.plan, transfer=TransferSet(None)), data)
        said = known.predict(peer.plan, data, peer.data.X_unlabeled)
        if data.classes is None or peer.data.classes is None:
            return said
        return align_classes(said, data.classes, peer.data.classes)

    def _fit_one(self, rows: NDArray, said: NDArray, seed: int | None) -> Estimator:
        """Return a student that sees noisy samples, labelled as they are clean."""
        data = self.peer.data
        chosen = np.arange(len(said))
        if data.is_classification:
            chosen = self.labels.choose(said)
            said = self.labels.harden(said)
        if not chosen.size:
            return fit_student(self.peer, rows, None)
        noisy = with_noise(self.noise, data.X_unlabeled, seed)
        peer = self.peer._replace(
            plan=replace(self.peer.plan, steps=()),
            data=replace(data, X_unlabeled=safe_indexing(noisy, chosen)),
        )
        nothing = np.zeros((len(data.y), *said.shape[1:]))
        return fit_student(peer, rows, PeerPredictions(nothing, said[chosen]))

    def out_of_fold(self, held_out: NDArray) -> list[NDArray]:
        """Return what the models of the other samples predict for some."""
        data = self.peer.data
        rows = np.setdiff1d(np.arange(len(data.y)), held_out)
        X = safe_indexing(data.X, held_out)
        models = self.fit(rows, len(self.seeds))
        return [predict(model, X, data.classes) for model in models]
