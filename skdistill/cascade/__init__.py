"""Cascades: the student predicts, and the teacher where it must."""

from skdistill.cascade._classifier import CascadeClassifier
from skdistill.cascade._costs import find_fractions
from skdistill.cascade._deferral import FLOOR, expected_gains, find_corrections
from skdistill.cascade._regressor import CascadeRegressor
from skdistill.cascade._stage import CascadeStage
from skdistill.cascade._threshold import (
    certify,
    certify_stages,
    certify_whole,
    find_threshold,
    find_thresholds,
)

__all__ = [
    "FLOOR",
    "CascadeClassifier",
    "CascadeRegressor",
    "CascadeStage",
    "certify",
    "certify_stages",
    "certify_whole",
    "expected_gains",
    "find_corrections",
    "find_fractions",
    "find_threshold",
    "find_thresholds",
]
