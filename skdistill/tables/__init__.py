"""Tables as they stand in their files: from cells to numbers, from codes to labels."""

from skdistill.tables._cells import ISO, decoded, read_strings
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
from skdistill.tables._numbers import (
    MISSING,
    MISSING_VALUES,
    PLAIN,
    Notation,
    is_sure,
    missing,
    most_likely,
    notations,
    numbers_of,
)

__all__ = [
    "CYCLES",
    "ISO",
    "MISSING",
    "MISSING_VALUES",
    "PLAIN",
    "CategoryColumn",
    "Column",
    "DateColumn",
    "LabelledClassifier",
    "Notation",
    "NumberColumn",
    "TableEncoder",
    "TextColumn",
    "decoded",
    "is_sure",
    "missing",
    "most_likely",
    "notations",
    "numbers_of",
    "read_strings",
]
