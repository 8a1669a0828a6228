"""Distillation for classification."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, is_classifier, is_regressor
from sklearn.ensemble import GradientBoostingClassifier, StackingClassifier
from sklearn.metrics import accuracy_score
from sklearn.utils import get_tags

from skdistill._fitting import LabelCoder, final_step, wrapped
from skdistill._sklearn import StrOptions
from skdistill._typing import Table
from skdistill._validation import check_binary_or_multiclass
from skdistill.distilled._base import BaseDistilled, if_student_has
from skdistill.students import (
    check_learns_soft_labels,
    count_classes,
    fit_soft_labels,
)
from skdistill.targets import SoftLabels
from skdistill.teachers import ClassAnswers

__all__ = ["DistilledClassifier"]


class DistilledClassifier(ClassifierMixin, BaseDistilled):
    """Classifier that learns from a teacher's probabilities as well as the labels.

    The computation during `fit` is::

        z = logits of honest predictions of teacher for the rows of X
        target = (1 - alpha) * onehot(y) + alpha * softmax(z / temperature)
        student_ = clone(student) fitted to `target` by cross-entropy

    and `predict`, `predict_proba` and `decision_function` are those of `student_`. An
    honest prediction for a row comes from a teacher that never saw the row's label.

    XGBoost, LightGBM, trees, forests, perceptrons, naive Bayes and nearest neighbours
    learn the target natively; see `skdistill.students.register` for others. Any other
    classifier is fitted on weighted copies of the rows, one for each class with a share
    in the row's target: exact for every loss that is a weighted sum over rows. A
    student that is a regressor learns the logits of the target by its own loss
    and answers probabilities through the softmax.

    Parameters
    ----------
    teacher : estimator, default=None
        The classifier to learn from; it needs `predict_proba` or `decision_function`.
        ``FrozenEstimator(teacher)`` is used as it is and never refitted. None is a
        stack of extremely randomised trees, gradient boosting, and logistic regression
        on random Fourier features, which takes missing values but numbers only.
    student : estimator, default=None
        The classifier to fit, which needs `sample_weight` in `fit` unless there is a
        native way for it; or a regressor. None is
        ``GradientBoostingClassifier(n_estimators=100, learning_rate=0.1,
        max_depth=3)``.
    alpha : float, default=0.5
        Weight of the teacher in the target, from 0 (the plain student) to 1 (the
        teacher alone).
    temperature : float, default=1.0
        T > 0, divides the teacher's logits: above 1 its probabilities become more even.
        The student's logits are not tempered.
    cross_fit : {"auto", "kfold", "oob", "stack"} or False, default="auto"
        Where honest predictions come from.

        - "kfold": one teacher for each fold of `cv`, which answers for the rows held
          out. `teacher_` is the mean of these teachers.
        - "oob": out-of-bag predictions of a bagged teacher.
        - "stack": the inner cross-validation of a `StackingClassifier`, by its own
          `cv`; `cv` here where `teacher` is None.
        - "auto": the cheapest of the three that the teacher has. A frozen teacher
          answers as it is.
        - False: in-sample predictions, which repeat the labels. For comparison only.
    cv : int, splitter or iterable, default=5
        The folds of "kfold"; they must hold out each row once. A number means
        stratified k-fold, shuffled by `random_state`; None is 5.
    memory : str, path-like or object with the joblib.Memory interface, default=None
        Where the teacher's work is kept, to be shared by all fits on the same data:
        the candidates of a search over `alpha`, `temperature` and the student, also in
        other processes. None keeps nothing.
    n_jobs : int, default=None
        Folds fitted at once. None is 1 unless in a `joblib.parallel_config` context.
        It does not change the result.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and every `random_state` inside teacher and student that is
        None.
    verbose : int, default=0
        Above 0, print each step with its time in seconds.
    transfer : sampler, "auto" or None, default="auto"
        Draws transfer rows: rows without labels, for which the student learns the
        teacher's answers. Density models serve too. "auto" is
        `skdistill.transfer.MungeSampler` for a student that adds up trees,
        `skdistill.transfer.ConditionalSampler` for all others, and none where alpha is
        0, or X is not a dense table of at least 100 rows. None draws none. Rows given
        as `X_transfer` to `fit` are taken besides.
    transfer_size : float or "auto", default="auto"
        How many rows to draw for each training row. "auto" is ten, but not more than
        100,000 rows in all.
    transfer_weight : float, default=1.0
        Weight of a transfer row, where a training row weighs 1 on average.
    refine : LeafRefinement, "leaves", "auto" or None, default="auto"
        Whether to solve for all leaf values of the fitted student at once, on the same
        target and rows: for students made of trees. "leaves" is
        ``skdistill.refine.LeafRefinement()``; "auto" is that for a student that adds up
        trees, and None for all others and where alpha is 0.
    soften : {"teacher", "both"}, default="teacher"
        Whose logits are divided by T. "teacher": any student, fitted by cross-entropy
        to the target above. "both": Hinton's loss [1]_, ``(1 - alpha) * CE(y, q) +
        alpha * T**2 * CE(softmax(z / T), q_T)`` with the student's probabilities q and
        q_T at temperatures 1 and T; for students trained by gradients, XGBoost and
        LightGBM.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher. XGBoost takes no labels but 0..K-1: fitted on others, it
        answers with positions in `classes_`.
    student_ : estimator
        The fitted student, a plain estimator to ship. A regressor is wrapped into a
        `skdistill.students.LogitStudent`.
    teacher_score_ : float or None
        Accuracy of the teacher's honest predictions for the training rows, weighted by
        `sample_weight`. None if `cross_fit` is False; a frozen teacher is taken at its
        word that it did not see these rows.
    fit_seconds_ : dict
        Seconds that this fit spent on the "teacher", with its honest answers and those
        for transfer rows, and on the "student". What `memory` recalls takes next to
        none.
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
        **BaseDistilled._parameter_constraints,
        "soften": [StrOptions({"teacher", "both"})],
    }

    def __init__(
        self,
        teacher=None,
        student=None,
        *,
        alpha=0.5,
        temperature=1.0,
        cross_fit="auto",
        cv=5,
        memory=None,
        n_jobs=None,
        random_state=None,
        verbose=0,
        transfer="auto",
        transfer_size="auto",
        transfer_weight=1.0,
        refine="auto",
        soften="teacher",
    ):
        super().__init__(
            teacher,
            student,
            alpha=alpha,
            temperature=temperature,
            cross_fit=cross_fit,
            cv=cv,
            memory=memory,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
            transfer=transfer,
            transfer_size=transfer_size,
            transfer_weight=transfer_weight,
            refine=refine,
        )
        self.soften = soften

    def predict(self, X: Table) -> NDArray:
        """Predict the class with the student.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return self._translate(self._fitted_student().predict(X))

    def _translate(self, labels):
        """Turn what the student predicts into what this estimator predicts."""
        return self.classes_[labels] if self._student_knows_codes else labels

    @if_student_has("predict_proba")
    def predict_proba(self, X: Table) -> NDArray:
        """Return the student's class probabilities.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._fitted_student().predict_proba(X)

    @if_student_has("decision_function")
    def decision_function(self, X: Table) -> NDArray:
        """Return the student's decision values.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes, positive for the second.
        """
        return self._fitted_student().decision_function(X)

    def _default_student(self):
        return GradientBoostingClassifier(
            n_estimators=100, learning_rate=0.1, max_depth=3
        )

    def _check_target(self, y):
        return check_binary_or_multiclass(y)

    def _summarise_target(self, y, weight):
        self.classes_ = np.unique(y)
        weighty = self.classes_ if weight is None else np.unique(y[weight > 0])
        if len(weighty) < 2:
            raise ValueError(
                "DistilledClassifier needs rows of at least two classes with weight "
                f"above zero. Got one class: {weighty[0]!r}."
            )

    def _check_parts(self):
        super()._check_parts()
        teacher, student = self.teacher, self._given_student()
        if teacher is not None and not _will_have_probabilities(teacher):
            raise ValueError(
                "The teacher of a DistilledClassifier must have predict_proba or "
                f"decision_function. Got {teacher!r}, which has neither. Wrap a "
                "classifier without them in CalibratedClassifierCV; for a regressor "
                "use DistilledRegressor."
            )
        if self.alpha > 0 or self.transfer not in ("auto", None):
            check_learns_soft_labels(student, self.soften)

    def _check_refines(self):
        student = self._given_student()
        reasons = {
            f"soften={self.soften!r}": self.soften != "teacher",
            "a regressor as student": is_regressor(student),
            "a student with class_weight": getattr(
                final_step(student), "class_weight", None
            )
            is not None,
        }
        found = [reason for reason, holds in reasons.items() if holds]
        if found:
            raise ValueError(
                "refine solves for leaf values by the student's loss on the target "
                f"above. It does not go with {found[0]}. Use refine=None."
            )
        super()._check_refines()

    def _score_answers(self, y, answers, weight):
        predicted = self.classes_[answers.argmax(axis=1)]
        return float(accuracy_score(y, predicted, sample_weight=weight))

    def _teach_student(self, student, X, y, answers, fit_params, extra, refinements):
        alpha = np.full(len(y), float(self.alpha))
        if extra is not None:
            check_learns_soft_labels(student, self.soften)
            if is_classifier(student):
                weight = fit_params.get("sample_weight")
                count_classes(student, y, self.classes_, self.classes_, weight)
            X, fit_params = extra.join(X, fit_params)
            # In place of labels: what decides is alpha = 1.
            y = np.concatenate([y, self.classes_[extra.answers.argmax(axis=1)]])
            answers = np.concatenate([answers, extra.answers])
            alpha = np.concatenate([alpha, np.ones(len(extra.answers))])
        labels = self._soften(y, answers, alpha)
        self._check_every_class_taught(labels.mixed)
        weight = fit_params.pop("sample_weight", None)
        answer = ClassAnswers(self.classes_)
        eval_labels = [
            self._soften(y_eval, answer(self._teacher.get(), X_eval), self.alpha)
            for X_eval, y_eval in _eval_sets(fit_params)
        ]
        fitted = fit_soft_labels(
            student,
            X,
            y,
            labels,
            self.classes_,
            sample_weight=weight,
            fit_params=fit_params,
            eval_labels=eval_labels,
        )
        self._student_knows_codes = LabelCoder(fitted).needs_codes
        return self._refined(fitted, X, labels.mixed, weight, refinements)

    def _soften(self, y, answers, alpha):
        """Return the labels y and the teacher's answers, to be mixed."""
        return SoftLabels(
            np.searchsorted(self.classes_, y),
            answers,
            alpha=alpha,
            temperature=self.temperature,
            soften=self.soften,
        )

    def _check_every_class_taught(self, target):
        untaught = self.classes_[~target.any(axis=0)]
        if untaught.size:
            raise ValueError(
                "Every class must have a share in the student's target. Got none for "
                f"class {untaught.tolist()}: the teacher gives it probability 0 on all "
                f"rows and alpha={self.alpha} leaves the labels no weight. Use alpha "
                "below 1, or more rows of that class."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        student = get_tags(self._given_student()).classifier_tags
        if student is not None:
            tags.classifier_tags.multi_class = student.multi_class
            tags.classifier_tags.poor_score = student.poor_score
        return tags


def _eval_sets(fit_params):
    """Return the held-out sets that XGBoost and LightGBM are given to stop early by."""
    X, y = fit_params.get("eval_X"), fit_params.get("eval_y")
    if X is None:
        return fit_params.get("eval_set") or []
    return list(zip(X, y, strict=True)) if isinstance(X, tuple) else [(X, y)]


def _will_have_probabilities(teacher):
    """Tell whether the teacher, once fitted, answers with probabilities or logits."""
    teacher = final_step(teacher)
    if hasattr(teacher, "predict_proba") or hasattr(teacher, "decision_function"):
        return True
    if isinstance(teacher, StackingClassifier):
        # Before fit it shows no method of its final estimator if that is the default.
        final = teacher.final_estimator
        return final is None or _will_have_probabilities(final)
    inner = wrapped(teacher)
    return inner is not None and _will_have_probabilities(inner)
