"""A report on teacher, plain student and distilled student, side by side."""

from skdistill.report._report import DistillationReport

__all__ = ["DistillationReport"]
