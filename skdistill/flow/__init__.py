"""The flow from labels and a teacher to a student: one pure function."""

from skdistill.flow._baseline import (
    find_folds,
    fit_baseline,
    loss_name,
    mean_and_error,
    sample_losses,
)
from skdistill.flow._bound import resolve_bound
from skdistill.flow._data import Data
from skdistill.flow._distill import (
    Distillation,
    Supervision,
    distill,
    distill_supervised,
    make_unlabeled,
    refine_fitted,
    supervise,
    supervise_labelled,
)
from skdistill.flow._guard import Verdict
from skdistill.flow._hints import folds_for, resolve_hints
from skdistill.flow._inputs import check_divisible
from skdistill.flow._mix import mix
from skdistill.flow._plan import (
    Plan,
    Seeds,
    check_plan,
    resolve_refinement,
    resolve_transfer,
)
from skdistill.flow._residuals import Residuals, best_constant, in_students_loss
from skdistill.flow._steps import resolve_combination, resolve_steps
from skdistill.flow._tables import (
    check_joinable,
    check_same_container,
    count_columns,
    join_all,
    join_columns,
    join_samples,
)
from skdistill.flow._transfer import Unlabeled, join_unlabeled
from skdistill.flow._trust import TRUSTS, resolve_trust
from skdistill.flow._view import View

__all__ = [
    "TRUSTS",
    "Data",
    "Distillation",
    "Plan",
    "Residuals",
    "Seeds",
    "Supervision",
    "Unlabeled",
    "Verdict",
    "View",
    "best_constant",
    "check_divisible",
    "check_joinable",
    "check_plan",
    "check_same_container",
    "count_columns",
    "distill",
    "distill_supervised",
    "find_folds",
    "fit_baseline",
    "folds_for",
    "in_students_loss",
    "join_all",
    "join_columns",
    "join_samples",
    "join_unlabeled",
    "loss_name",
    "make_unlabeled",
    "mean_and_error",
    "mix",
    "refine_fitted",
    "resolve_bound",
    "resolve_combination",
    "resolve_hints",
    "resolve_refinement",
    "resolve_steps",
    "resolve_transfer",
    "resolve_trust",
    "sample_losses",
    "supervise",
    "supervise_labelled",
]
