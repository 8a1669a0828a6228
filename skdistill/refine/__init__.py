"""All leaf values of a fitted tree model solved for at once, and fewer of them."""

from skdistill.refine._parameters import (
    GROWTH,
    WIDER,
    LeafRefinement,
    tries_all_features,
)
from skdistill.refine._path import RefinementPath, refine_leaves, refinement_path
from skdistill.refine._prune import PruningPath, prune_leaves, pruning_path
from skdistill.refine._refined import refined_models
from skdistill.refine._registry import (
    check_prunable,
    check_refinable,
    is_prunable,
    is_refinable,
    sums_trees,
)

__all__ = [
    "GROWTH",
    "WIDER",
    "LeafRefinement",
    "PruningPath",
    "RefinementPath",
    "check_prunable",
    "check_refinable",
    "is_prunable",
    "is_refinable",
    "prune_leaves",
    "pruning_path",
    "refine_leaves",
    "refined_models",
    "refinement_path",
    "sums_trees",
    "tries_all_features",
]
