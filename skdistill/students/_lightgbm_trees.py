"""The trees in the text of a LightGBM model: how they are read, and how they are cut.

There splits and leaves are numbered apart, a leaf's number being inverted where it is a
child. Here the nodes are the splits first, then the leaves.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from skdistill.students._leaves import CutTree

__all__ = ["cut_text", "read_children", "read_values", "tree_sizes"]

_OF_SPLITS = ("split_feature", "split_gain", "threshold", "decision_type")
_OF_NODES = ("value", "weight", "count")


def tree_sizes(text: str) -> list[int]:
    """Read from a model's text how many leaves each of its trees has."""
    return [int(size) for size in re.findall(r"\nnum_leaves=(\d+)\n", text)]


def read_children(text: str) -> list[NDArray]:
    """Return each tree's children, as `LeafModel.children` does."""
    found = []
    for fields in _read(text):
        n_leaves = int(fields["num_leaves"])
        splits = np.array(
            [fields[f"{side}_child"].split() for side in ("left", "right")], dtype=int
        ).T
        splits = np.where(splits < 0, n_leaves - 2 - splits, splits)
        found.append(np.vstack([splits, np.full((n_leaves, 2), -1)]))
    return found


def read_values(text: str) -> NDArray:
    """Return the values of all leaves."""
    values = [fields["leaf_value"].split() for fields in _read(text)]
    return np.concatenate(values).astype(float)


def cut_text(text: str, trees: Sequence[CutTree | None], scale: float) -> str:
    """Return a model's text with cut trees, and without those that are None.

    Parameters
    ----------
    text : str
        It has the trees that predict alone.
    trees : sequence of CutTree or None
        What is left of each.
    scale : float
        By what the contributions of the leaves are multiplied.
    """
    head, _, rest = text.partition("\nTree=")
    tail = rest.partition("\nend of trees")[2]
    kept = [
        _cut_tree(fields, cut, scale)
        for fields, cut in zip(_read(text), trees, strict=True)
        if cut is not None
    ]
    blocks = [
        f"Tree={number}\n"
        + "".join(f"{name}={value}\n" for name, value in fields.items())
        + "\n\n"
        for number, fields in enumerate(kept)
    ]
    sizes = " ".join(str(len(block)) for block in blocks)
    head = re.sub(r"\ntree_sizes=.*", f"\ntree_sizes={sizes}", head)
    return f"{head}\n{''.join(blocks)}end of trees{tail}"


def _read(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each tree."""
    trees = text.partition("\nend of trees")[0].split("\nTree=")[1:]
    for tree in trees:
        lines = tree.strip().split("\n")[1:]
        yield dict(line.split("=", 1) for line in lines)


def _cut_tree(fields: dict[str, str], cut: CutTree, scale: float) -> dict[str, str]:
    """Return the fields of what is left of a tree."""
    is_leaf = cut.is_leaf
    splits, leaves = cut.kept[~is_leaf], cut.kept[is_leaf]
    new = {name: _take(fields[name].split(), splits) for name in _OF_SPLITS}
    numbers = np.where(is_leaf, ~(np.cumsum(is_leaf) - 1), np.cumsum(~is_leaf) - 1)
    for side, children in zip(("left", "right"), cut.children[~is_leaf].T, strict=True):
        new[f"{side}_child"] = " ".join(map(str, numbers[children]))
    for name in _OF_NODES:
        # A single leaf comes without all of these.
        both = (fields[f"internal_{name}"] + " " + fields[f"leaf_{name}"]).split()
        new[f"internal_{name}"] = _take(both, splits)
        new[f"leaf_{name}"] = _take(both, leaves) if len(leaves) > 1 else ""
    new["leaf_value"] = " ".join(f"{value:.17g}" for value in scale * cut.values[:, 0])
    return fields | new | {"num_leaves": str(len(leaves))}


def _take(words: list[str], numbers: NDArray) -> str:
    return " ".join(words[number] for number in numbers)
