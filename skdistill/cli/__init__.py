"""The command line: `skdistill fit`, `skdistill predict`, `skdistill report`."""

from skdistill.cli._main import main
from skdistill.cli._split import hold_out, without_repeats
from skdistill.cli._tables import read_table
from skdistill.cli._task import with_frequent

__all__ = ["hold_out", "main", "read_table", "with_frequent", "without_repeats"]
