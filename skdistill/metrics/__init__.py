"""Metrics of distillation: fidelity, calibration, the gap recovered."""

from skdistill.metrics._calibration import calibration_bins, calibration_error
from skdistill.metrics._fidelity import (
    kl_by_sample,
    kl_to_teacher,
    r2_to_teacher,
    top1_agreement,
)
from skdistill.metrics._gap import gap_recovered, gap_recovered_from_scores
from skdistill.metrics._integral import integral_criterion
from skdistill.metrics._probabilities import check_probabilities, negated_log_loss

__all__ = [
    "calibration_bins",
    "calibration_error",
    "check_probabilities",
    "gap_recovered",
    "gap_recovered_from_scores",
    "integral_criterion",
    "kl_by_sample",
    "kl_to_teacher",
    "negated_log_loss",
    "r2_to_teacher",
    "top1_agreement",
]
