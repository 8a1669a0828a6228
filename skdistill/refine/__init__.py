"""Leaf refinement: all leaf values of a fitted tree model, solved for at once."""

from skdistill.refine._parameters import LeafRefinement
from skdistill.refine._path import RefinementPath, refine_leaves, refinement_path
from skdistill.refine._registry import (
    adds_up_trees,
    check_refinable,
    is_refinable,
)

__all__ = [
    "LeafRefinement",
    "RefinementPath",
    "adds_up_trees",
    "check_refinable",
    "is_refinable",
    "refine_leaves",
    "refinement_path",
]
