"""What a fitted model costs, stage by stage, and how far a student strays."""

from skdistill.inspect._certificate import FidelityCertificate
from skdistill.inspect._parts import Parts, open_parts
from skdistill.inspect._size import count_bytes, count_values
from skdistill.inspect._speed import (
    rows_per_second,
    time_beside_reference,
    time_single_rows,
)
from skdistill.inspect._stages import staged_predictions

__all__ = [
    "FidelityCertificate",
    "Parts",
    "count_bytes",
    "count_values",
    "open_parts",
    "rows_per_second",
    "staged_predictions",
    "time_beside_reference",
    "time_single_rows",
]
