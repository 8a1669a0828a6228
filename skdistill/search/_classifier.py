"""Search over distilled classifiers."""

from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from skdistill._typing import Table
from skdistill.distilled import DistilledClassifier
from skdistill.metrics._probabilities import negated_log_loss
from skdistill.search._base import BaseDistilledCV

__all__ = ["DistilledClassifierCV"]


def _if_distilled_has(method):
    def check(self):
        getattr(getattr(self, "best_estimator_", None) or self._distilled(), method)
        return True

    return available_if(check)


class DistilledClassifierCV(ClassifierMixin, BaseDistilledCV):
    """Distilled classifier whose alpha, transfer set and refinement are chosen.

    On each fold of `cv` the teacher is fitted once, on the training rows; all
    candidates learn from it and are scored on the rows held out. The best candidate is
    taken if it is better than the plain student, fitted on the labels alone, beyond the
    noise: by more than the standard error of their paired differences. Where the
    teacher does not score above the plain student and above a constant, the plain
    student is kept.

    Candidates that differ in the strength of their refinement alone share one student.

    Parameters
    ----------
    teacher : estimator, default=None
        The classifier to learn from, as for `DistilledClassifier`.
    student : estimator, default=None
        The classifier to fit, as for `DistilledClassifier`.
    alphas : "auto" or sequence of float, default="auto"
        Weights of the teacher to try. "auto" is 0.5.
    temperatures : sequence of float, default=(1.0,)
        Temperatures to try.
    transfers : sequence of sampler, "auto" or None, default=("auto",)
        Samplers of transfer rows to try; None draws none.
    transfer_size : float or "auto", default="auto"
        How many rows to draw for each training row. "auto" is ten, but not more than
        100,000 rows in all.
    transfer_weight : float, default=1.0
        Weight of a transfer row, where a training row weighs 1 on average.
    refinements : "auto" or sequence of LeafRefinement or None, default="auto"
        Refinements to try. "auto" is the strengths 1, 10 and 100 for sums and means of
        trees, and None for other students.
    cross_fit : {"auto", "kfold", "oob", "stack"} or False, default="auto"
        Where honest predictions come from, as for `DistilledClassifier`.
    cv : int, splitter or iterable, default=None
        The folds on which candidates are scored. None is stratified five-fold up to
        10,000 rows; beyond, a single split that holds out a fifth of them. The
        held-out rows of a single split are scored in five parts.
    inner_cv : int or splitter, default=5
        The folds that make the teacher's honest predictions, `cv` of
        `DistilledClassifier`.
    scoring : str, callable or None, default=None
        A scikit-learn scorer. None is the negated log loss with
        probabilities of 1e-6 at least, or the accuracy of a student without them.
    memory : str, path-like or object with the joblib.Memory interface, default=None
        Where the teachers are kept. None is a temporary folder.
    n_jobs : int, default=None
        Folds worked on at once. None is 1 unless in a `joblib.parallel_config` context.
        It does not change the result.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and all else.

    Attributes
    ----------
    best_estimator_ : DistilledClassifier
        The chosen candidate, fitted on all rows.
    student_ : estimator
        Its fitted student, a plain estimator to ship.
    teacher_ : estimator
        The teacher fitted on all rows.
    reason_ : str
        What was chosen, and why, in a sentence.
    best_params_ : dict
        The chosen `alpha`, `temperature`, `transfer` and `refine`.
    alpha_ : float
        The chosen alpha; 0 where the plain student is kept.
    temperature_ : float
        The chosen temperature.
    best_score_ : float
        Mean held-out score of the chosen candidate.
    baseline_score_ : float
        Mean held-out score of the plain student.
    teacher_score_ : float
        Mean held-out score of the teacher.
    best_index_ : int
        Position of the chosen candidate in `cv_results_`; 0 is the plain student.
    cv_results_ : dict of ndarray
        Scores of all candidates, as of `GridSearchCV`.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    DistilledClassifier : One candidate.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import ExtraTreesClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import DistilledClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = DistilledClassifierCV(
    ...     teacher=ExtraTreesClassifier(bootstrap=True),
    ...     student=DecisionTreeClassifier(max_leaf_nodes=8),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.best_score_ > model.baseline_score_
    True
    """

    @property
    def _default_scoring(self):
        knows = hasattr(self._distilled(), "predict_proba")
        return negated_log_loss if knows else "accuracy"

    @property
    def classes_(self) -> NDArray:
        """The labels, sorted."""
        return self._fitted().classes_

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
        return self._fitted().predict(X)

    @_if_distilled_has("predict_proba")
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
        return self._fitted().predict_proba(X)

    @_if_distilled_has("decision_function")
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
        return self._fitted().decision_function(X)

    def _distilled(self):
        return DistilledClassifier(**self._common_params())

    def _k_fold(self, n_splits, rng):
        return StratifiedKFold(n_splits, shuffle=True, random_state=rng)

    def _one_split(self, rng):
        return StratifiedShuffleSplit(1, test_size=0.2, random_state=rng)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        distilled = get_tags(self._distilled())
        tags.input_tags = distilled.input_tags
        tags.input_tags.sparse &= all(one is None for one in self.transfers or ())
        tags.classifier_tags = distilled.classifier_tags
        return tags
