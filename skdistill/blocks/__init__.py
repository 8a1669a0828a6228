"""Distillation on samples that come block by block, as from a file too large to load.

Beside the estimators and their table it holds the steps of the flow that work on a
block, which serve wherever samples are never together in memory.
"""

from skdistill.blocks._base import IN_MEMORY, BasePiecewise
from skdistill.blocks._block import Block, Facts, describe, gather_facts, take
from skdistill.blocks._classifier import BlockDistilledClassifier
from skdistill.blocks._draw import Draw, draw_rows, seeded
from skdistill.blocks._folds import BlockFolds, assign_folds
from skdistill.blocks._label import (
    Prepared,
    count_rows,
    distill_sample,
    label,
    labels_of,
    plan_of,
    prepare,
    refine_sample,
    rows_of,
    take_target,
    to_train,
    weighing,
)
from skdistill.blocks._parquet import ParquetBlocks
from skdistill.blocks._predict import (
    PiecewiseClassifierMixin,
    PiecewiseRegressorMixin,
)
from skdistill.blocks._regressor import BlockDistilledRegressor
from skdistill.blocks._run import Done

__all__ = [
    "IN_MEMORY",
    "BasePiecewise",
    "Block",
    "BlockDistilledClassifier",
    "BlockDistilledRegressor",
    "BlockFolds",
    "Done",
    "Draw",
    "Facts",
    "ParquetBlocks",
    "PiecewiseClassifierMixin",
    "PiecewiseRegressorMixin",
    "Prepared",
    "assign_folds",
    "count_rows",
    "describe",
    "distill_sample",
    "draw_rows",
    "gather_facts",
    "label",
    "labels_of",
    "plan_of",
    "prepare",
    "refine_sample",
    "rows_of",
    "seeded",
    "take",
    "take_target",
    "to_train",
    "weighing",
]
