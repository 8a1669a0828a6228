"""The models that several refinements make of one fitted student."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.refine._parameters import LeafRefinement
from skdistill.refine._path import refinement_path
from skdistill.refine._prune import pruning_path
from skdistill.refine._registry import open_prunable

__all__ = ["refined_models"]

# The fractions of the leaves that are compared by held-out samples.
_FRACTIONS = tuple(0.8**step for step in range(11))
_HELD_OUT = 0.2


def refined_models(
    model: Estimator,
    refinements: Sequence[LeafRefinement],
    X: Table,
    target: NDArray,
    sample_weight: NDArray | None = None,
    *,
    offset: NDArray | None = None,
    n_labelled: int,
    seed: int | None = None,
) -> list[Estimator]:
    """Return a fitted model as each refinement makes it.

    Parameters
    ----------
    model, X, target, sample_weight, offset
        As in `refine_leaves`.
    refinements : sequence of LeafRefinement
        How their growth is set does not matter.
    n_labelled : int
        How many samples have labels: the first ones. Others are no evidence of how
        well a smaller model does, as they are drawn around these.
    seed : int or None, default=None
        Decides which of them are held out where a tolerance is given.

    Returns
    -------
    models : list of estimator

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from skdistill.inspect import count_values
    >>> X, y = make_friedman1(500, noise=0.5, random_state=0)
    >>> model = GradientBoostingRegressor(random_state=0).fit(X, y)
    >>> refinements = [LeafRefinement(max_leaves=200), LeafRefinement()]
    >>> models = refined_models(model, refinements, X, y, n_labelled=500)
    >>> [count_values(one).leaves <= 200 for one in models]
    [True, False]
    """
    rows = _Given(X, target, sample_weight, offset)
    models: dict[int, Estimator] = {}
    refined = [i for i, one in enumerate(refinements) if not one.prunes]
    if refined:
        strengths = [refinements[i].strength for i in refined]
        path = refinement_path(model, *rows[:3], strengths=strengths, offset=offset)
        models |= {i: path.model(place) for place, i in enumerate(refined)}
    for strength in {one.strength for one in refinements if one.prunes}:
        alike = [
            i
            for i, one in enumerate(refinements)
            if one.prunes and one.strength == strength
        ]
        sizes = [_size(model, refinements[i], rows, n_labelled, seed) for i in alike]
        pruned = pruning_path(
            model, *rows[:3], sizes=sizes, strength=strength, offset=offset
        )
        models |= {i: pruned.model(place) for place, i in enumerate(alike)}
    return [models[i] for i in range(len(refinements))]


class _Given(NamedTuple):
    """What leaf values are solved for on."""

    X: Table
    target: NDArray
    weight: NDArray | None
    offset: NDArray | None

    def part(self, which: NDArray) -> "_Given":
        """Return some of the samples."""
        weight, offset = (
            None if values is None else values[which]
            for values in (self.weight, self.offset)
        )
        X = safe_indexing(self.X, which)
        return _Given(X, self.target[which], weight, offset)


def _size(
    model: Estimator,
    refinement: LeafRefinement,
    rows: _Given,
    n_labelled: int,
    seed: int | None,
) -> float:
    """Return how many leaves a refinement leaves.

    Where it has a tolerance, it is the least number whose held-out loss is within.
    """
    size = np.inf if refinement.max_leaves is None else refinement.max_leaves
    if refinement.tolerance is None:
        return size
    is_held_out = np.zeros(len(rows.target), dtype=bool)
    counts = np.arange(n_labelled)
    if rows.weight is not None:
        counts = np.flatnonzero(rows.weight[:n_labelled])
    if len(counts) < 2:  # None to hold out.
        return size
    order = np.random.default_rng(seed).permutation(counts)
    is_held_out[order[: max(1, round(_HELD_OUT * len(order)))]] = True
    used = rows.part(np.flatnonzero(~is_held_out))
    held_out = rows.part(np.flatnonzero(is_held_out))
    leaf_model = open_prunable(model)
    n_leaves = sum(leaf_model.sizes)
    sizes = [min(size, max(1, fraction * n_leaves)) for fraction in _FRACTIONS]
    path = pruning_path(
        model,
        *used[:3],
        sizes=[np.inf, *sizes],
        strength=refinement.strength,
        offset=used.offset,
    )
    losses = path.losses(*held_out)
    unit = 1.0
    if leaf_model.loss == "squared":
        target, weight = held_out.target, held_out.weight
        mean = np.average(target, axis=0, weights=weight)
        squares = np.average((target - mean) ** 2, axis=0, weights=weight)
        unit = float(np.sum(squares))
    within = losses[1:] <= losses[0] + refinement.tolerance * unit
    return float(path.n_leaves[1:][within].min()) if within.any() else size
