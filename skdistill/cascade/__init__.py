"""Cascades: the student predicts, and the teacher where it must."""

from skdistill.cascade._classifier import CascadeClassifier
from skdistill.cascade._costs import find_fraction
from skdistill.cascade._deferral import FLOOR, expected_gains, find_corrections
from skdistill.cascade._regressor import CascadeRegressor
from skdistill.cascade._threshold import certify, find_threshold

__all__ = [
    "FLOOR",
    "CascadeClassifier",
    "CascadeRegressor",
    "certify",
    "expected_gains",
    "find_corrections",
    "find_fraction",
    "find_threshold",
]
