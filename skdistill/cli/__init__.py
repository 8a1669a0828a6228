"""The command line: `skdistill fit`, `skdistill predict`, `skdistill report`."""

from skdistill.cli._main import main
from skdistill.cli._split import hold_out, many_repeats, repeats
from skdistill.cli._tables import read_table
from skdistill.cli._task import with_frequent
from skdistill.cli._weights import request_weights

__all__ = [
    "hold_out",
    "main",
    "many_repeats",
    "read_table",
    "repeats",
    "request_weights",
    "with_frequent",
]
