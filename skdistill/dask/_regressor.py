"""Distillation for regression on Dask collections."""

from typing import Any

from skdistill._parameters import inherit_parameters
from skdistill._typing import Student, Teachers
from skdistill.blocks import IN_MEMORY, BasePiecewise, PiecewiseRegressorMixin
from skdistill.dask._base import BaseDaskDistilled
from skdistill.distilled import DistilledRegressor

__all__ = ["DaskDistilledRegressor"]


@inherit_parameters(
    BaseDaskDistilled, BasePiecewise, DistilledRegressor, without=IN_MEMORY
)
class DaskDistilledRegressor(
    BaseDaskDistilled, PiecewiseRegressorMixin, DistilledRegressor
):
    """`DistilledRegressor` that is fitted on Dask collections, where the samples lie.

    The computation during `fit` is::

        teacher_ = teacher, cross-fitted on a sample of all partitions, on a worker
        for each partition, on the worker that holds it:
            target = alpha * teacher + (1 - alpha) * labels, and a transfer set
        student_ = clone(student), trained by all workers or on a sample

    A student of XGBoost is trained on all samples by ``xgboost.dask.train``; its leaves
    are refined on `student_samples` of them. Any other student is fitted, and refined,
    on `student_samples` of them on one worker. No sample comes to the client. Samples
    in memory are fitted as by `DistilledRegressor`.

    A teacher of XGBoost can learn all samples too, with ``teacher_samples=None``: it is
    cross-fitted by ``xgboost.dask.train``, with folds of whole partitions.

    Parameters
    ----------
    teacher : estimator or list of (str, estimator), default=None
        The regressor to learn from. ``FrozenEstimator(teacher)`` is sent to the workers
        as it is, and must not have seen the training samples. Any other is cross-fitted
        on `teacher_samples` of them, on one worker; these get out-of-fold predictions,
        and all others those of the fitted teacher, to which they are new. If
        `teacher_samples` is None, all get out-of-fold predictions. None and several are
        as in `DistilledRegressor`.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher.
    student_ : estimator
        The fitted student, a plain estimator to ship, which needs no Dask.
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
        0 after a fit on Dask collections.
    teacher_score_ : float or None
        R2 of the teacher's out-of-fold predictions for its sample.
    fit_seconds_ : dict
        Seconds that this fit spent on the "teacher", with reading the samples, and on
        the "student", with labelling them.
    target_mean_ : float
        The weighted mean of y, over all partitions.
    target_scale_ : float
        c, by which the target's deviations from the mean are scaled.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    skdistill.DistilledRegressor : The same on samples in memory.
    DaskDistilledClassifier : The same for classification.

    Examples
    --------
    >>> import dask.array as da
    >>> from distributed import Client
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from skdistill.dask import DaskDistilledRegressor
    >>> from xgboost import XGBRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X, y = da.from_array(X, chunks=(100, -1)), da.from_array(y, chunks=100)
    >>> model = DaskDistilledRegressor(
    ...     teacher=RandomForestRegressor(n_estimators=10),
    ...     student=XGBRegressor(n_estimators=5, verbosity=0),
    ...     random_state=0,
    ... )
    >>> with Client(processes=False, dashboard_address=":0"):
    ...     model.fit(X, y).predict(X).compute().shape
    (442,)
    """

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
