"""Leaf refinement: all leaf values of a fitted tree model, solved for at once."""

from skdistill.refine._parameters import LeafRefinement
from skdistill.refine._path import RefinementPath, refine_leaves, refinement_path
from skdistill.refine._registry import check_refinable, is_refinable, sums_trees

__all__ = [
    "LeafRefinement",
    "RefinementPath",
    "check_refinable",
    "is_refinable",
    "refine_leaves",
    "refinement_path",
    "sums_trees",
]
