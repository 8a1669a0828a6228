"""Distillation for classification on Dask collections."""

from typing import Any

from skdistill._parameters import inherit_parameters
from skdistill._typing import Student, Teachers
from skdistill.blocks import IN_MEMORY, BasePiecewise, PiecewiseClassifierMixin
from skdistill.dask._base import BaseDaskDistilled
from skdistill.distilled import DistilledClassifier

__all__ = ["DaskDistilledClassifier"]


@inherit_parameters(
    BaseDaskDistilled, BasePiecewise, DistilledClassifier, without=IN_MEMORY
)
class DaskDistilledClassifier(
    BaseDaskDistilled, PiecewiseClassifierMixin, DistilledClassifier
):
    """`DistilledClassifier` that is fitted on Dask collections, where the samples lie.

    The computation during `fit` is::

        teacher_ = teacher, cross-fitted on a sample of all partitions, on a worker
        for each partition, on the worker that holds it:
            target = alpha * teacher + (1 - alpha) * onehot(labels), and a transfer set
        student_ = clone(student), trained by all workers or on a sample

    A student of XGBoost is trained on all samples by ``xgboost.dask.train``, with the
    gradient of the soft labels for two classes or more; its leaves are refined on
    `student_samples` of them. Any other student is fitted, and refined, on
    `student_samples` of them on one worker. No sample comes to the client. Samples in
    memory are fitted as by `DistilledClassifier`.

    A teacher of XGBoost can learn all samples too, with ``teacher_samples=None``: it is
    cross-fitted by ``xgboost.dask.train``, with folds of whole partitions.

    Parameters
    ----------
    teacher : estimator or list of (str, estimator), default=None
        The classifier to learn from. ``FrozenEstimator(teacher)`` is sent to the
        workers as it is, and must not have seen the training samples. Any other is
        cross-fitted on `teacher_samples` of them, on one worker; these get out-of-fold
        predictions, and all others those of the fitted teacher, to which they are new.
        If `teacher_samples` is None, all get out-of-fold predictions. None and several
        are as in `DistilledClassifier`.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher.
    student_ : estimator
        The fitted student, a plain estimator to ship, which needs no Dask.
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
        0 after a fit on Dask collections.
    teacher_score_ : float or None
        Accuracy of the teacher's out-of-fold predictions for its sample.
    fit_seconds_ : dict
        Seconds that this fit spent on the "teacher", with reading the samples, and on
        the "student", with labelling them.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    skdistill.DistilledClassifier : The same on samples in memory.
    DaskDistilledRegressor : The same for regression.

    Examples
    --------
    >>> import dask.array as da
    >>> from distributed import Client
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skdistill.dask import DaskDistilledClassifier
    >>> from xgboost import XGBClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> X, y = da.from_array(X, chunks=(50, -1)), da.from_array(y, chunks=50)
    >>> model = DaskDistilledClassifier(
    ...     teacher=RandomForestClassifier(n_estimators=10),
    ...     student=XGBClassifier(n_estimators=5, verbosity=0),
    ...     random_state=0,
    ... )
    >>> with Client(processes=False, dashboard_address=":0"):
    ...     model.fit(X, y).predict_proba(X).compute().shape
    (150, 3)
    """

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
