"""Distillation for regression."""

from typing import Any, ClassVar

from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags, get_tags

from skdistill._parameters import inherit_parameters
from skdistill._sklearn import StrOptions
from skdistill._typing import Student, Table, Teachers
from skdistill.distilled._base import BaseDistilled
from skdistill.distilled._parts import is_multi_output, student_of
from skdistill.distilled._plans import translate
from skdistill.targets import TeacherBound

__all__ = ["DistilledRegressor"]


@inherit_parameters(BaseDistilled)
class DistilledRegressor(RegressorMixin, BaseDistilled):
    """Regressor that learns from a teacher's predictions as well as from the labels.

    The computation during `fit` is::

        t = out-of-fold predictions of teacher for the samples
        target = (1 - alpha) * y + alpha * (mean(y) + (t - mean(y)) / temperature)
        student_ = clone(student).fit(X, target)

    and the computation during `predict` is ``student_.predict(X)``. An
    out-of-fold prediction comes from a teacher that never saw the sample's label. A
    student of counts (a Poisson, gamma or Tweedie loss) gets no target below the
    smallest label.

    Parameters
    ----------
    teacher : estimator or list of (str, estimator), default=None
        The regressor to learn from. ``FrozenEstimator(teacher)`` is used as it is and
        never refitted. If None, a stack of extremely randomised trees, gradient
        boosting, and ridge regression on random Fourier features is used, which takes
        missing values but numbers only. Several teachers are a list of (name,
        regressor): each is cross-fitted, or frozen, calibrated and cached by itself, as
        if it was alone, and `combine` makes one prediction of theirs. Their parameters
        are reached by ``name__parameter``, and ``set_params(name=...)`` replaces one.
    student : estimator, default=None
        The regressor to fit. Mixing targets equals mixing losses for squared loss.
        If None, ``GradientBoostingRegressor(n_estimators=100, learning_rate=0.1,
        max_depth=3)`` is used.
    temperature : float, default=1.0
        T > 0, divides the deviations of the teacher's predictions from the mean of y.
        T other than 1 scales the target's deviations by c = 1 - alpha + alpha / T, and
        so the student's predictions too; see `rescale`.
    cv : int, splitter or iterable, default=5
        The folds of "kfold"; they must hold out each sample once. A number means
        k-fold, shuffled by `random_state`; None means 5.
    rescale : bool, default=False
        Whether `predict` undoes the scaling by c, returning
        ``mean + (student_.predict(X) - mean) / c``.
    bound : {"label", "teacher"}, TeacherBound or None, default=None
        Whether the teacher's part of the loss counts only where the student's squared
        error is not below that of the teacher's out-of-fold prediction. There the
        student is drawn to the "label" or to the "teacher", see
        `skdistill.targets.TeacherBound`, which holds a margin too. The student's
        loss must be the mean's; its leaves are not refined. If
        None, the teacher's part counts everywhere.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher. There is none after `fit` on stored predictions. Several
        are a `skdistill.teachers.CombinedRegressor`, with the fitted ones in
        `named_estimators_`.
    student_ : estimator
        The fitted student, a plain estimator to ship.
    calibration_ : step, dict or None
        What calibrated the teacher's predictions, fitted; for several teachers a dict
        by their names.
    combination_ : step or None
        What combined several teachers, fitted; None for one.
    poor_teacher_ : str or None
        What the guard found against the teacher, as the warning says it.
    teacher_input_ : transformer, callable or None
        The mapping from the student's samples to the teacher's, fitted.
    n_privileged_ : int
        The number of columns that the teacher saw beside the student's.
    teacher_score_ : float or None
        R2 of the teacher's out-of-fold predictions for the training samples, weighted
        by `sample_weight`. None if `cross_fit` is False; a frozen teacher and stored
        predictions are trusted not to have seen the labels.
    fit_seconds_ : dict
        Seconds that this fit spent on the "teacher", with its predictions for training
        and unlabeled samples, and on the "student". What is cached takes next to none.
    target_mean_ : float or ndarray of shape (n_outputs,)
        The weighted mean of y, in the unit of y.
    target_scale_ : float
        c, by which the target's deviations from the mean are scaled.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    DistilledClassifier : Distillation for classification.

    References
    ----------
    .. [1] Sardar, "Knowledge Distillation in Regression", sections 4 and 5.
    .. [2] Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network",
       2015.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DistilledRegressor(
    ...     teacher=RandomForestRegressor(),
    ...     student=DecisionTreeRegressor(max_leaf_nodes=8),
    ...     alpha=1.0,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.student_.get_n_leaves()
    np.int64(8)
    >>> round(model.teacher_score_, 1)
    0.4
    """

    _parameter_constraints: ClassVar[dict] = {
        "rescale": ["boolean"],
        "bound": [StrOptions({"label", "teacher"}), TeacherBound, None],
    }

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        rescale: bool = False,
        bound: TeacherBound | str | None = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
        self.rescale = rescale
        self.bound = bound

    def predict(self, X: Table) -> NDArray:
        """Predict the target with the student.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the unit of the target.
        """
        return translate(self, self._fitted_student().predict(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = is_multi_output(self)
        student = get_tags(student_of(self)).regressor_tags
        if student is not None:
            tags.regressor_tags.poor_score = student.poor_score
        return tags
