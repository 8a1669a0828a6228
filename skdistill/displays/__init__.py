"""Displays in scikit-learn's manner; matplotlib is imported when one is plotted."""

from skdistill.displays._cascade import CascadeDisplay
from skdistill.displays._pareto import ParetoDisplay
from skdistill.displays._search import SearchDisplay
from skdistill.displays._stages import StagesDisplay
from skdistill.displays._teacher_student import TeacherStudentDisplay

__all__ = [
    "CascadeDisplay",
    "ParetoDisplay",
    "SearchDisplay",
    "StagesDisplay",
    "TeacherStudentDisplay",
]
