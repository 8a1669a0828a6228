"""Students: training any estimator on soft labels."""

from skdistill.students._logits import LogitStudent
from skdistill.students._soft_labels import check_learns_soft_labels, fit_soft_labels

__all__ = ["LogitStudent", "check_learns_soft_labels", "fit_soft_labels"]
