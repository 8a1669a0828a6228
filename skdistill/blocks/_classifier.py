"""Distillation for classification, block by block."""

from typing import Any

from skdistill._parameters import inherit_parameters
from skdistill._typing import Student, Teachers
from skdistill.blocks._base import IN_MEMORY, BaseBlockDistilled, BasePiecewise
from skdistill.blocks._predict import PiecewiseClassifierMixin
from skdistill.distilled import DistilledClassifier

__all__ = ["BlockDistilledClassifier"]


@inherit_parameters(
    BaseBlockDistilled, BasePiecewise, DistilledClassifier, without=IN_MEMORY
)
class BlockDistilledClassifier(
    BaseBlockDistilled, PiecewiseClassifierMixin, DistilledClassifier
):
    """`DistilledClassifier` for a table that is larger than memory.

    The computation during `fit` is::

        teacher_ = teacher, cross-fitted on a sample of all blocks
        for each block:
            target = alpha * teacher + (1 - alpha) * onehot(labels), and a transfer set
        student_ = clone(student), trained block by block or on a sample

    A student of XGBoost is trained on all samples from its external memory, by the
    gradient of the soft labels for two classes or more; its leaves are refined on
    `student_samples` of them. Any other student is fitted, and refined, on
    `student_samples` of them. Samples in memory are fitted as by `DistilledClassifier`.

    Parameters
    ----------
    teacher : estimator or list of (str, estimator), default=None
        The classifier to learn from. ``FrozenEstimator(teacher)`` is used as it is, and
        must not have seen the training samples. Any other is cross-fitted on
        `teacher_samples` of them; these get out-of-fold predictions, and all others
        those of the fitted teacher, to which they are new. None and several are as in
        `DistilledClassifier`.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher.
    student_ : estimator
        The fitted student, a plain estimator to ship.
    student_takes_codes_ : bool
        Whether the student predicts positions in `classes_`, as XGBoost does.
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
        Accuracy of the teacher's out-of-fold predictions for its sample.
    fit_seconds_ : dict
        Seconds that this fit spent on the "teacher" and on the "student", with
        labelling the samples.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features.

    See Also
    --------
    skdistill.DistilledClassifier : The same on samples in memory.
    BlockDistilledRegressor : The same for regression.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skdistill.blocks import BlockDistilledClassifier, ParquetBlocks
    >>> from xgboost import XGBClassifier
    >>> model = BlockDistilledClassifier(
    ...     teacher=RandomForestClassifier(n_estimators=10),
    ...     student=XGBClassifier(n_estimators=5),
    ...     random_state=0,
    ... )
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "iris.parquet")
    ...     load_iris(as_frame=True).frame.to_parquet(path)
    ...     table = ParquetBlocks(path, block_size=100)
    ...     model.fit(table, "target").predict_proba(table).shape
    (150, 3)
    """

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
