"""Tables as they stand in their files: from cells to numbers, from codes to labels."""

from skdistill.tables._cells import ISO
from skdistill.tables._columns import (
    CYCLES,
    CategoryColumn,
    Column,
    DateColumn,
    NumberColumn,
    TextColumn,
)
from skdistill.tables._encoder import TableEncoder
from skdistill.tables._labelled import LabelledClassifier

__all__ = [
    "CYCLES",
    "ISO",
    "CategoryColumn",
    "Column",
    "DateColumn",
    "LabelledClassifier",
    "NumberColumn",
    "TableEncoder",
    "TextColumn",
]
