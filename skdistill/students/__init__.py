"""Students: what is known of each family of them, and how any is fitted on a target."""

# Each file of a family registers its adapters, by name, so that no library is imported
# before one of its students comes.
from skdistill.students import (
    _boosted_classes,  # noqa: F401
    _catboost,  # noqa: F401
    _discriminants,  # noqa: F401
    _dummy,  # noqa: F401
    _gradient_boosting,  # noqa: F401
    _gradient_descent,  # noqa: F401
    _kernels,  # noqa: F401
    _lightgbm,  # noqa: F401
    _logistic,  # noqa: F401
    _mlp,  # noqa: F401
    _naive_bayes,  # noqa: F401
    _neighbors,  # noqa: F401
    _stacking,  # noqa: F401
    _transformed_target,  # noqa: F401
    _trees,  # noqa: F401
    _xgboost,  # noqa: F401
    _xgboost_hints,  # noqa: F401
)
from skdistill.students._adapter import StudentAdapter
from skdistill.students._counts import ValueCounts
from skdistill.students._distributed import (
    fit_in_blocks,
    mixed_for,
    trains_distributed,
    trains_in_blocks,
)
from skdistill.students._early_stopping import check_takes_eval_set
from skdistill.students._fit import (
    check_learns_target,
    check_params,
    fit_on_target,
    resolve_class_weight,
)
from skdistill.students._growth import adapt_to_transfer_set, check_takes_transfer_set
from skdistill.students._held_out import held_out_labels, held_out_sets
from skdistill.students._hist_boosting import hist_boosting_nodes
from skdistill.students._labels import LabelCoder, codes_of
from skdistill.students._leaves import CutTree, LeafLoss, LeafModel, LeafNodes
from skdistill.students._linear import is_linear_in_targets
from skdistill.students._offset import find_offset
from skdistill.students._registry import find_adapter, register, registered_names
from skdistill.students._regressors import LogitStudent, ProbabilityStudent
from skdistill.students._rounds import (
    has_stages,
    keeping_stages,
    last_step,
    predict_stage,
)
from skdistill.students._schedule import (
    Part,
    fit_part,
    fit_until,
    reason_not_to_resume,
)
from skdistill.students._spaces import search_space
from skdistill.students._subsample import with_subsample
from skdistill.students._training_loss import LossWord, TrainingLoss
from skdistill.students._wrapped import (
    at_level,
    innermost_parts,
    student_parts,
    training_loss,
)
from skdistill.students._xgboost_device import boosting_on_cuda, find_device

__all__ = [
    "CutTree",
    "LabelCoder",
    "LeafLoss",
    "LeafModel",
    "LeafNodes",
    "LogitStudent",
    "LossWord",
    "Part",
    "ProbabilityStudent",
    "StudentAdapter",
    "TrainingLoss",
    "ValueCounts",
    "adapt_to_transfer_set",
    "at_level",
    "boosting_on_cuda",
    "check_learns_target",
    "check_params",
    "check_takes_eval_set",
    "check_takes_transfer_set",
    "codes_of",
    "find_adapter",
    "find_device",
    "find_offset",
    "fit_in_blocks",
    "fit_on_target",
    "fit_part",
    "fit_until",
    "has_stages",
    "held_out_labels",
    "held_out_sets",
    "hist_boosting_nodes",
    "innermost_parts",
    "is_linear_in_targets",
    "keeping_stages",
    "last_step",
    "mixed_for",
    "predict_stage",
    "reason_not_to_resume",
    "register",
    "registered_names",
    "resolve_class_weight",
    "search_space",
    "student_parts",
    "training_loss",
    "trains_distributed",
    "trains_in_blocks",
    "with_subsample",
]
