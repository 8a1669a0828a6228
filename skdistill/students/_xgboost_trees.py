"""The trees in XGBoost's JSON: where they are, and how they are cut and narrowed."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from skdistill.students._leaves import CutTree

__all__ = ["cut_document", "forest_of", "keep_outputs"]

# What a leaf has in place of a split.
_OF_LEAVES = {
    "default_left": 0,
    "loss_changes": 0.0,
    "split_indices": 0,
    "split_type": 0,
}
_NO_PARENT = 2**31 - 1


def forest_of(booster: dict[str, Any]) -> dict[str, Any]:
    """Return the trees of a booster; those of DART are one level down."""
    return booster.get("gbtree", booster)["model"]


def cut_document(
    learner: dict[str, Any],
    trees: Sequence[CutTree | None],
    ends: Sequence[int],
    weights: Sequence[float],
) -> None:
    """Cut the trees of a model's document in place, and leave out those that are None.

    Parameters
    ----------
    learner : dict
        The part of the document below "learner".
    trees : sequence of CutTree or None
        What is left of the trees that predict.
    ends : sequence of int of shape (n_rounds + 1,)
        Where each round of them begins, and the last one ends.
    weights : sequence of float of shape (n_trees,)
        By what the values in the document are multiplied.
    """
    booster = learner["gradient_booster"]
    forest = forest_of(booster)
    kept = {number: cut for number, cut in enumerate(trees) if cut is not None}
    left = np.array([cut is not None for cut in trees])
    in_round = np.add.reduceat(left, ends[:-1])
    new_ends = np.cumsum([0, *in_round[in_round > 0]])
    forest["trees"] = [
        _cut_tree(forest["trees"][number], cut, weights[number]) | {"id": new}
        for new, (number, cut) in enumerate(kept.items())
    ]
    forest["tree_info"] = [forest["tree_info"][number] for number in kept]
    forest["iteration_indptr"] = new_ends.tolist()
    forest["gbtree_model_param"]["num_trees"] = str(len(kept))
    if "weight_drop" in booster:
        booster["weight_drop"] = [weights[number] for number in kept]
    if "best_iteration" in learner["attributes"]:
        learner["attributes"]["best_iteration"] = str(len(new_ends) - 2)


def keep_outputs(learner: dict[str, Any], n_outputs: int) -> None:
    """Keep the first outputs of trees whose leaves are vectors, in place.

    Parameters
    ----------
    learner : dict
        The part of the document below "learner".
    n_outputs : int
        How many are kept; the trees of one have numbers in their leaves.
    """
    params = learner["learner_model_param"]
    starts = json.loads(params["base_score"])
    params["base_score"] = json.dumps(starts[:n_outputs])
    params["num_target"] = str(n_outputs)
    for tree in forest_of(learner["gradient_booster"])["trees"]:
        _keep_outputs_of_tree(tree, len(starts), n_outputs)


def _keep_outputs_of_tree(tree: dict[str, Any], n_before: int, n_outputs: int) -> None:
    for name in ("base_weights", "leaf_weights"):
        first = np.reshape(tree[name], (-1, n_before))[:, :n_outputs]
        tree[name] = first.ravel().tolist()
    weights = np.array(tree["sum_hessian"]) * n_outputs / n_before
    tree["sum_hessian"] = weights.tolist()
    tree["tree_param"]["size_leaf_vector"] = str(n_outputs)
    if n_outputs == 1:
        leaves = np.array(tree.pop("leaf_weights"))
        is_leaf = np.array(tree["left_children"]) < 0
        right, values = (
            np.array(tree[name]) for name in ("right_children", "split_conditions")
        )
        values[is_leaf] = leaves[right[is_leaf]]
        tree["split_conditions"] = values.tolist()
        tree["right_children"] = np.where(is_leaf, -1, right).tolist()
        tree["parents"][0] = _NO_PARENT


def _cut_tree(tree: dict[str, Any], cut: CutTree, weight: float) -> dict[str, Any]:
    """Return what is left of a tree."""
    n_nodes, is_leaf = len(tree["left_children"]), cut.is_leaf
    of_nodes = {
        name: np.array(values)[cut.kept]
        for name, values in tree.items()
        if isinstance(values, list)
        and len(values) == n_nodes
        and not name.startswith("categories")
    }
    for name, value in _OF_LEAVES.items():
        of_nodes[name][is_leaf] = value
    of_nodes["left_children"], of_nodes["right_children"] = cut.children.T
    of_nodes["parents"] = np.full(len(cut.kept), _NO_PARENT)
    splits = np.flatnonzero(~is_leaf)
    for side in cut.children[splits].T:
        of_nodes["parents"][side] = splits
    values = (cut.values[:, 0] / weight).astype(np.float32)
    of_nodes["split_conditions"][is_leaf] = values
    of_nodes["base_weights"][is_leaf] = values
    params = {"num_nodes": str(len(cut.kept)), "num_deleted": "0"}
    return (
        tree
        | {name: values.tolist() for name, values in of_nodes.items()}
        | {"tree_param": tree["tree_param"] | params}
        | _cut_categories(tree, cut)
    )


def _cut_categories(tree: dict[str, Any], cut: CutTree) -> dict[str, list[int]]:
    """Return the categories of the splits that are left."""
    splits = np.flatnonzero(~cut.is_leaf)
    numbers = dict(zip(cut.kept[splits].tolist(), splits.tolist(), strict=True))
    found: dict[str, list[int]] = {
        f"categories{part}": [] for part in ("", "_nodes", "_segments", "_sizes")
    }
    for node, start, size in zip(
        tree["categories_nodes"],
        tree["categories_segments"],
        tree["categories_sizes"],
        strict=True,
    ):
        if node in numbers:
            found["categories_nodes"].append(numbers[node])
            found["categories_segments"].append(len(found["categories"]))
            found["categories_sizes"].append(size)
            found["categories"] += tree["categories"][start : start + size]
    return found
