"""Distillation for classification."""

from typing import Any, ClassVar

from numpy.typing import NDArray
from sklearn.base import is_regressor
from sklearn.utils import Tags, get_tags

from skdistill._parameters import inherit_parameters
from skdistill._sklearn import StrOptions
from skdistill._typing import Student, Table, Teachers
from skdistill.distilled._base import BaseDistilled
from skdistill.distilled._delegates import ClassifierByStudent
from skdistill.distilled._parts import student_of
from skdistill.distilled._plans import translate

__all__ = ["DistilledClassifier"]


@inherit_parameters(BaseDistilled)
class DistilledClassifier(ClassifierByStudent, BaseDistilled):
    """Classifier that learns from a teacher's probabilities as well as the labels.

    The computation during `fit` is::

        z = logits of out-of-fold predictions of teacher for the samples
        target = (1 - alpha) * onehot(y) + alpha * softmax(z / temperature)
        student_ = clone(student) fitted to `target` by cross-entropy

    and `predict`, `predict_proba` and `decision_function` are those of `student_`. An
    out-of-fold prediction comes from a teacher that never saw the sample's label.

    XGBoost, LightGBM, trees, forests, perceptrons, naive Bayes and nearest neighbours
    learn the target natively; see `skdistill.students.register` for others. Any other
    classifier is fitted on duplicated samples, one for each class with a part in the
    sample's target, weighted by it: exact for every loss that is a weighted sum over
    samples. A student that is a regressor learns the logits of the target by its own
    loss and predicts probabilities through the softmax.

    Parameters
    ----------
    teacher : estimator or list of (str, estimator), default=None
        The classifier to learn from; it needs `predict_proba` or `decision_function`.
        ``FrozenEstimator(teacher)`` is used as it is and never refitted. If None, a
        stack of extremely randomised trees, gradient boosting, and logistic regression
        on random Fourier features is used, which takes missing values but numbers only.
        Several teachers are a list of (name, classifier): each is cross-fitted, or
        frozen, calibrated and cached by itself, as if it was alone, and `combine` makes
        one prediction of theirs. Their parameters are reached by ``name__parameter``,
        and ``set_params(name=...)`` replaces one.
    student : estimator, default=None
        The classifier to fit, which needs `sample_weight` in `fit` unless there is a
        native training method; or a regressor. If None,
        ``GradientBoostingClassifier(n_estimators=100, learning_rate=0.1,
        max_depth=3)`` is used.
    temperature : float, default=1.0
        T > 0, divides the teacher's logits: above 1 its probabilities become more even.
        The student's logits are not tempered.
    cv : int, splitter or iterable, default=5
        The folds of "kfold"; they must hold out each sample once. A number means
        stratified k-fold, shuffled by `random_state`; None means 5.
    soften : {"teacher", "both"}, default="teacher"
        Whose logits are divided by T. "teacher": any student, fitted by cross-entropy
        to the target above. "both": the loss of Hinton et al. 2015, ``(1 - alpha) *
        CE(y, q) + alpha * T**2 * CE(softmax(z / T), q_T)`` with the student's
        probabilities q and q_T at temperatures 1 and T; for students trained by
        gradients, XGBoost and LightGBM.
    prediction_type : {"probabilities", "logits"}, default="probabilities"
        What `teacher_predictions` and `unlabeled_predictions`, if given to `fit`, hold:
        a column for each class, in the order of `classes_`; a DataFrame whose columns
        are the classes; or, of two classes, the second's alone. Log-probabilities are
        logits.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher. XGBoost takes no labels but 0..K-1: fitted on others, it
        predicts positions in `classes_`. There is none after `fit` on stored
        predictions. Several are a `skdistill.teachers.CombinedClassifier`, with the
        fitted ones in `named_estimators_`.
    student_ : estimator
        The fitted student, a plain estimator to ship. A regressor is wrapped into a
        `skdistill.students.LogitStudent`.
    student_takes_codes_ : bool
        Whether the student predicts positions in `classes_`, as XGBoost does.
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
        Accuracy of the teacher's out-of-fold predictions for the training samples,
        weighted by `sample_weight`. None if `cross_fit` is False; a frozen teacher and
        stored predictions are trusted not to have seen the labels.
    fit_seconds_ : dict
        Seconds that this fit spent on the "teacher", with its predictions for training
        and unlabeled samples, and on the "student". What is cached takes next to none.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    DistilledRegressor : Distillation for regression.

    References
    ----------
    .. [1] Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network",
       2015, equation 1.
    .. [2] Lopez-Paz et al., "Unifying distillation and privileged information", 2016,
       equation 4.
    .. [3] Ba and Caruana, "Do Deep Nets Really Need to be Deep?", 2014, equation 1
       (regressor students).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DistilledClassifier(
    ...     teacher=RandomForestClassifier(),
    ...     student=DecisionTreeClassifier(max_leaf_nodes=4),
    ...     alpha=0.7,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.predict_proba(X[:1]).round(1)
    array([[1., 0., 0.]])
    >>> round(model.teacher_score_, 1)
    0.9
    """

    _parameter_constraints: ClassVar[dict] = {
        "soften": [StrOptions({"teacher", "both"})],
        "prediction_type": [StrOptions({"probabilities", "logits"})],
    }

    def __init__(
        self,
        teacher: Teachers = None,
        student: Student | None = None,
        *,
        soften: str = "teacher",
        prediction_type: str = "probabilities",
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)
        self.soften = soften
        self.prediction_type = prediction_type

    def predict(self, X: Table) -> NDArray:
        """Predict the class with the student.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return translate(self, self._fitted_student().predict(X))

    def _asked(self) -> Any:
        return self._fitted_student()

    def _to_ask(self) -> list[Any]:
        if hasattr(self, "student_"):
            return [self.student_]
        student = student_of(self)
        return [] if is_regressor(student) else [student]  # It learns logits.

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        student = get_tags(student_of(self)).classifier_tags
        if student is not None:
            tags.classifier_tags.multi_class = student.multi_class
            tags.classifier_tags.poor_score = student.poor_score
        return tags
