"""Metrics of distillation: fidelity, calibration, the gap recovered."""

from skdistill.metrics._calibration import calibration_error
from skdistill.metrics._fidelity import kl_to_teacher, r2_to_teacher, top1_agreement
from skdistill.metrics._gap import gap_recovered
from skdistill.metrics._integral import integral_criterion

__all__ = [
    "calibration_error",
    "gap_recovered",
    "integral_criterion",
    "kl_to_teacher",
    "r2_to_teacher",
    "top1_agreement",
]
