"""Trees of few leaves as a C function over sorted thresholds.

Each tree has a word with a bit for each leaf, from left to right. A split where the
sample goes right clears the bits of the leaves on its left; the sample's leaf is then
the lowest bit that is set, whatever the order of the splits (QuickScorer: Lucchese et
al., SIGIR 2015, https://doi.org/10.1145/2766462.2767733). So the splits of a feature
are sorted by their thresholds, and read only as far as the sample goes right: no step
waits for the one before, as it does on the way down a tree.

Splits that send missing values right come first: not v <= t holds for these, while
v > t, for those that send them left, does not.
"""

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdistill.export._c_source import CSource, integer
from skdistill.export._ensembles import Ensemble, Tree

__all__ = ["MAX_LEAVES", "write_bits"]

MAX_LEAVES = 64
# The highest bits of the product of a bit and such a de Bruijn sequence say its place.
_SEQUENCES = {32: 0x077CB531, 64: 0x03F79D71B4CB0A89}
_OPEN = """\
{word} bits[{n_trees}];
for (int t = 0; t < {n_trees}; t++)
    bits[t] = ({word})~({word})0;
"""
_CLEAR = """\
for (int run = {first}; run < {end}; run++) {{
    const {value} v = ({value})x[{runs}[run].feature];
    for (int i = {runs}[run].first; i < {runs}[run].end && {goes_right}; i++)
        bits[{tree}[i]] &= {kept};
}}
"""
_FIND = """\
for (int t = 0; t < {n_trees}; t++) {{
    const {wide} lowest = bits[t] & (~({wide})bits[t] + 1);
    const int leaf = {starts}[t] + {places}[({wide})(lowest * {sequence}) >> {shift}];
    {add}
}}
"""
_GOES_RIGHT = ("!(v <= {}[i])", "v > {}[i]")


@dataclass(frozen=True)
class _Splits:
    """The splits of all trees, sorted by feature and threshold.

    Going right clears the bits from `low` to before `high` of the tree's word.
    """

    feature: NDArray
    threshold: NDArray
    missing_left: NDArray
    tree: NDArray
    low: NDArray
    high: NDArray


def write_bits(source: CSource, ensemble: Ensemble, value: str, add: str) -> str:
    """Write the arrays of trees, none of which has more than 64 leaves.

    Parameters
    ----------
    source : CSource
        Where the arrays are written to.
    ensemble : Ensemble
        The trees.
    value : str
        The type that is compared with thresholds.
    add : str
        The statement that adds what a leaf of tree t gives to the outputs.

    Returns
    -------
    body : str
        The statements that read x and add to y.
    """
    splits = _sorted_splits(ensemble)
    n_leaves = np.array([tree.is_leaf.sum() for tree in ensemble.trees])
    n_bits = next(n for n in (8, 16, 32, 64) if n >= n_leaves.max())
    n_wide = max(n_bits, 32)
    runs = _runs(splits)
    n_right = int((~runs.pop("missing_left")).sum())
    facts: dict[str, Any] = {
        "n_trees": len(n_leaves),
        "value": value,
        "add": add,
        "word": f"uint{n_bits}_t",
        "wide": f"uint{n_wide}_t",
        "tree": source.array(splits.tree),
        "kept": _kept(source, splits, n_bits),
        "runs": source.records(runs),
        "starts": source.array(np.cumsum(n_leaves) - n_leaves),
        "places": source.array(_places(n_wide)),
        "sequence": integer(_SEQUENCES[n_wide], f"uint{n_wide}"),
        "shift": _shift(n_wide),
    }
    thresholds = source.array(splits.threshold, source.kind_of(splits.threshold))
    loops = [
        _CLEAR.format(
            first=first, end=end, goes_right=goes_right.format(thresholds), **facts
        )
        for first, end, goes_right in (
            (0, n_right, _GOES_RIGHT[0]),
            (n_right, len(runs["first"]), _GOES_RIGHT[1]),
        )
        if first < end
    ]
    return "".join([_OPEN.format(**facts), *loops, _FIND.format(**facts)])


def _sorted_splits(ensemble: Ensemble) -> _Splits:
    by_tree = [
        _splits_of(tree, number, takes_missing=ensemble.takes_missing)
        for number, tree in enumerate(ensemble.trees)
    ]
    splits = _Splits(*map(np.concatenate, zip(*by_tree, strict=True)))
    order = np.lexsort((splits.threshold, splits.feature, splits.missing_left))
    return _Splits(*(values[order] for values in astuple(splits)))


def _splits_of(tree: Tree, number: int, *, takes_missing: bool) -> tuple[NDArray, ...]:
    inner = ~tree.is_leaf
    before = tree.leaves_before
    return (
        tree.feature[inner],
        tree.threshold[inner],
        tree.missing_left[inner] & takes_missing,
        np.full(inner.sum(), number),
        before[inner],
        before[tree.right[inner]],
    )


def _runs(splits: _Splits) -> dict[str, NDArray]:
    """Return where the splits of each feature begin and end."""
    keys = np.stack([splits.missing_left, splits.feature])
    is_new = np.any(np.diff(keys, axis=1) != 0, axis=0)
    first = np.concatenate([[0], np.flatnonzero(is_new) + 1])
    return {
        "feature": splits.feature[first],
        "first": first,
        "end": np.append(first[1:], len(splits.feature)),
        "missing_left": splits.missing_left[first],
    }


def _kept(source: CSource, splits: _Splits, n_bits: int) -> str:
    """Return the bits that are left of a word where a sample goes right."""
    if n_bits <= 32:
        kept = (1 << n_bits) - 1 - ((1 << splits.high) - (1 << splits.low))
        return f"{source.array(kept, f'uint{n_bits}')}[i]"
    # Where they begin and end takes fewer bytes than such a word.
    low, high = source.array(splits.low), source.array(splits.high)
    one = f"(uint{n_bits}_t)1"
    return f"~(({one} << {high}[i]) - ({one} << {low}[i]))"


def _shift(n_bits: int) -> int:
    """Return by how much products are shifted, for as many bits as a place takes."""
    return n_bits - (n_bits - 1).bit_length()


def _places(n_bits: int) -> NDArray:
    places = np.zeros(n_bits, dtype=int)
    for place in range(n_bits):
        product = (_SEQUENCES[n_bits] << place) & ((1 << n_bits) - 1)
        places[product >> _shift(n_bits)] = place
    return places
