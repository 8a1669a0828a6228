"""Distillation for regression, block by block."""

from typing import Any

from skdistill._parameters import inherit_parameters
from skdistill._typing import Student, Teachers
from skdistill.blocks._base import IN_MEMORY, BaseBlockDistilled, BasePiecewise
from skdistill.blocks._predict import PiecewiseRegressorMixin
from skdistill.distilled import DistilledRegressor

__all__ = ["BlockDistilledRegressor"]


@inherit_parameters(
    BaseBlockDistilled, BasePiecewise, DistilledRegressor, without=IN_MEMORY
)
class BlockDistilledRegressor(
    BaseBlockDistilled, PiecewiseRegressorMixin, DistilledRegressor
):
    """`DistilledRegressor` for a table that is larger than memory.

    The computation during `fit` is::

        teacher_ = teacher, cross-fitted on a sample of all blocks
        for each block:
            target = alpha * teacher + (1 - alpha) * labels, and a transfer set
        student_ = clone(student), trained block by block or on a sample

    A student of XGBoost is trained on all samples from its external memory; its leaves
    are refined on `student_samples` of them. So is a Pipeline that ends in one; its
    other steps are fitted on `student_samples`, without labels. Any other student is
    fitted, and refined, on `student_samples` of them. Samples in memory are fitted as
    by `DistilledRegressor`.

    Parameters
    ----------
    teacher : estimator or list of (str, estimator), default=None
        The regressor to learn from. ``FrozenEstimator(teacher)`` is used as it is, and
        must not have seen the training samples. Any other is cross-fitted on
        `teacher_samples` of them; these get out-of-fold predictions, and all others
        those of the fitted teacher, to which they are new. None and several are as in
        `DistilledRegressor`.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher.
    student_ : estimator
        The fitted student, a plain estimator to ship.
    calibration_ : step, dict or None
        What calibrated the teacher's predictions, fitted on its sample.
    combination_ : step or None
        What combined several teachers, fitted; None for one.
    poor_teacher_ : str or None
        What the guard found against the teacher on its sample.
    teacher_input_ : transformer, callable or None
        The mapping from the student's samples to the teacher's, fitted on the teacher's
        sample.
    n_privileged_ : int
        0 after a fit in blocks.
    teacher_score_ : float or None
        R2 of the teacher's out-of-fold predictions for its sample.
    fit_seconds_ : dict
        Seconds that this fit spent on the "teacher" and on the "student", with
        labelling the samples.
    target_mean_ : float
        The weighted mean of y, over all blocks.
    target_scale_ : float
        c, by which the target's deviations from the mean are scaled.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features.

    See Also
    --------
    skdistill.DistilledRegressor : The same on samples in memory.
    BlockDistilledClassifier : The same for classification.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from skdistill.blocks import BlockDistilledRegressor, ParquetBlocks
    >>> from xgboost import XGBRegressor
    >>> model = BlockDistilledRegressor(
    ...     teacher=RandomForestRegressor(n_estimators=10),
    ...     student=XGBRegressor(n_estimators=5),
    ...     random_state=0,
    ... )
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "diabetes.parquet")
    ...     load_diabetes(as_frame=True).frame.to_parquet(path)
    ...     table = ParquetBlocks(path, block_size=200)
    ...     model.fit(table, "target").predict(table).shape
    (442,)
    """

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
