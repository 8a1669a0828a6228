"""A report on teacher, baseline student and distilled student, side by side."""

from skdistill.report._report import DistillationReport
from skdistill.report._text import to_text

__all__ = ["DistillationReport", "to_text"]
