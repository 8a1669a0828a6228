"""Search over distilled classifiers."""

from typing import Any

from numpy.random import RandomState
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.utils import Tags

from skdistill._parameters import inherit_parameters
from skdistill._typing import Students, Teachers
from skdistill.distilled import (
    BaseDistilled,
    ClassifierDelegate,
    DistilledClassifier,
    student_of,
)
from skdistill.metrics import negated_log_loss
from skdistill.search._base import SEARCHED, BaseDistilledCV

__all__ = ["DistilledClassifierCV"]


@inherit_parameters(BaseDistilledCV, DistilledClassifier, without=SEARCHED[:-1])
class DistilledClassifierCV(ClassifierDelegate, BaseDistilledCV):
    """Distilled classifier whose alpha, transfer set and refinement are chosen.

    On each fold of `cv` the teacher is fitted once, on the training samples; all
    candidates learn from it and are scored on the samples held out. The best candidate
    is taken if it is better there than the baseline student, fitted on the labels
    alone, by more than half of the standard error of the paired differences, and a loss
    on new samples is less likely than 1 in 4: by these, and by what students gained of
    such a lead of the teacher on other tables. Where the teacher does not score above
    the baseline student and above a constant, the baseline student is kept.

    Candidates that differ in the strength of their refinement alone share one student.
    With `student_params` the student is tuned while it is distilled, and the baseline
    student is tuned beside it.
    Several students, under a budget or not, are compared in the same way: each against
    its own baseline student, and the chosen candidates of all by their scores. All
    parameters of the distilled estimator but those that are searched are parameters
    of the search too.

    Parameters
    ----------
    alphas : "auto", "optimal" or sequence of float, default="auto"
        Weights of the teacher to try. "auto" is 0.5. "optimal" begins with the mix of
        least log loss of what two students predict for the held-out samples, one taught
        by the labels and one by the teacher alone, for the first of `temperatures` and
        `transfers`; 0.5 is tried too. Each of several teachers teaches a student alone,
        and their weights, found with alpha, take the place of `combine`.
    scoring : str, callable or None, default=None
        A scikit-learn scorer. If None, the negated log loss with probabilities of at
        least 1e-6 is used, or the accuracy of a student without probabilities.

    Attributes
    ----------
    best_estimator_ : DistilledClassifier
        The chosen candidate, fitted on all samples.
    student_ : estimator
        Its fitted student, a plain estimator to ship.
    teacher_ : estimator
        The teacher fitted on all samples.
    reason_ : str
        What was chosen, and why, in a sentence.
    best_params_ : dict
        The chosen `alpha`, `temperature`, `transfer` and `refine`, and what of
        `student_params` was chosen, as ``student__...``; with
        ``alphas="optimal"`` and several teachers `combine` too, and with several
        students the name of the one that was taken, as `student`.
    alpha_ : float
        The chosen alpha; 0 where the baseline student is kept.
    temperature_ : float
        The chosen temperature.
    best_score_ : float
        Mean held-out score of the chosen candidate.
    baseline_score_ : float
        Mean held-out score of the baseline student, the best one of those that were
        tuned; of several students, of the one that was taken.
    baseline_params_ : dict
        The parameters ``student__...`` of that baseline student; empty if
        `student_params` is None.
    teacher_score_ : float
        Mean held-out score of the teacher.
    best_index_ : int
        Position of the chosen candidate in `cv_results_`; 0 is the baseline student.
        Several students follow one another, each with its baseline student first, and
        after that the tuned ones.
    cv_results_ : dict of ndarray of shape (n_candidates,)
        Scores of all candidates, as of `GridSearchCV`. Tuned ones that were left behind
        on the first folds have no score on others, and no mean.
    frontier_ : dict of ndarray of shape (n_students,)
        Score and cost of each student; `frontier` returns it as a table.
    linear_alpha_ : float or None
        The alpha of the best mix, with ``alphas="optimal"``; None otherwise.
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
    ...     teacher=ExtraTreesClassifier(20, bootstrap=True),
    ...     student=DecisionTreeClassifier(max_leaf_nodes=8),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.best_score_ > model.baseline_score_
    True
    """

    _distilled_type = DistilledClassifier

    def __init__(
        self,
        teacher: Teachers = None,
        student: Students = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)

    def _own_scoring(self, models: list[Any]) -> Any:
        knows = all(hasattr(model, "predict_proba") for model in models)
        return negated_log_loss if knows else "accuracy"

    def _check_optimal(self, model: BaseDistilled) -> None:
        if not hasattr(model, "predict_proba"):
            raise ValueError(
                "alphas='optimal' mixes probabilities. Got the student "
                f"{student_of(model)!r}, which has no predict_proba. Use alphas='auto' "
                "or a sequence of numbers."
            )

    def _k_fold(self, n_splits: int, rng: RandomState) -> StratifiedKFold:
        return StratifiedKFold(n_splits, shuffle=True, random_state=rng)

    def _one_split(self, rng: RandomState) -> StratifiedShuffleSplit:
        return StratifiedShuffleSplit(1, test_size=0.2, random_state=rng)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse &= all(one is None for one in self.transfers or ())
        return tags
