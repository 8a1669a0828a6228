"""Search over distilled regressors."""

from typing import Any

from numpy.random import RandomState
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.utils import Tags

from skdistill._parameters import inherit_parameters
from skdistill._typing import Students, Teachers
from skdistill.distilled import (
    BaseDistilled,
    DistilledRegressor,
    RegressorDelegate,
    student_of,
)
from skdistill.search._base import SEARCHED, BaseDistilledCV
from skdistill.students import TrainingLoss, is_linear_in_targets, training_loss

__all__ = ["DistilledRegressorCV"]


@inherit_parameters(BaseDistilledCV, DistilledRegressor, without=SEARCHED[:-1])
class DistilledRegressorCV(RegressorDelegate, BaseDistilledCV):
    """Distilled regressor whose alpha, transfer set and refinement are chosen.

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
        Weights of the teacher to try. "optimal" is the alpha of least squared error for
        the held-out samples, within [0, 1], found in closed form from two students, one
        taught by the labels and one by the teacher alone, for the first of
        `temperatures` and `transfers`. For students that are linear in their targets
        (ordinary least squares, ridge, k-NN) it is exact; for others it is where the
        search begins, and 0.5 is tried too. Each of several teachers teaches a student
        alone, and their weights, found with alpha, take the place of `combine`; exact
        for linear students without a transfer set. "auto" is the alpha in closed form
        where that is exact, with several teachers as `combine` makes them one, else
        0.5.
    scoring : str, callable or None, default=None
        A scikit-learn scorer. If None, R2 is used; for a student of quantiles or
        expectiles its own loss, and mean absolute error for Huber's and the like.

    Attributes
    ----------
    best_estimator_ : DistilledRegressor
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
        The alpha in closed form, before it is clipped to [0, 1]; of several teachers
        within it. None if there was none to be found.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    DistilledRegressor : One candidate.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressorCV
    >>> X, y = make_friedman1(500, noise=1.0, random_state=0)
    >>> model = DistilledRegressorCV(
    ...     teacher=ExtraTreesRegressor(20, bootstrap=True),
    ...     student=DecisionTreeRegressor(max_leaf_nodes=32),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.best_score_ > model.baseline_score_
    True
    >>> model.reason_.split(":")[0]
    'Chose distillation'

    Held against the tree whose leaves are best for the labels:

    >>> model.set_params(student_params={"min_samples_leaf": [5, 10]}, cv=2)
    DistilledRegressorCV(...)
    >>> [*model.fit(X[:200], y[:200]).baseline_params_]
    ['student__min_samples_leaf']
    """

    _distilled_type = DistilledRegressor

    def __init__(
        self,
        teacher: Teachers = None,
        student: Students = None,
        **inherited: Any,
    ) -> None:
        super().__init__(teacher, student, **inherited)

    def _own_scoring(self, models: list[Any]) -> Any:
        losses: dict[TrainingLoss, Any] = {}
        for model in models:
            losses.setdefault(training_loss(student_of(model)), student_of(model))
        if all(loss.is_mean for loss in losses):
            return "r2"
        if len({(loss.kind, loss.level) for loss in losses}) > 1:
            names = " and ".join(loss.name or "the mean" for loss in losses)
            raise ValueError(
                "Students that are compared must be trained by the same loss where "
                f"scoring is None. Got losses of {names}. Pass scoring, by which all "
                "of them are compared."
            )
        ((loss, student), *_) = losses.items()
        scorer = loss.scorer()
        if scorer is None:
            raise ValueError(
                "A student whose loss is not least for the mean is scored by its own "
                f"loss, never by R2. Got {student!r}, {loss.name}, which has "
                "no score that is known. Pass scoring, a scorer of that loss."
            )
        return scorer

    def _k_fold(self, n_splits: int, rng: RandomState) -> KFold:
        return KFold(n_splits, shuffle=True, random_state=rng)

    def _one_split(self, rng: RandomState) -> ShuffleSplit:
        return ShuffleSplit(1, test_size=0.2, random_state=rng)

    def _is_linear(self, model: BaseDistilled) -> bool:
        # Rescaled by a factor that depends on alpha, predictions are not linear in it.
        rescales = self.rescale and self.temperatures[0] != 1
        # A trust or a bound may give alphas that are not in proportion to it.
        is_mixed = self.trust is None and self.bound is None and not rescales
        return is_mixed and is_linear_in_targets(student_of(model))

    def _check_optimal(self, model: BaseDistilled) -> None:
        loss = training_loss(student_of(model))
        if not loss.is_mean:
            raise ValueError(
                "alphas='optimal' finds the alpha of least squared error. Got "
                f"{student_of(model)!r}, {loss.name}, which learns from the teacher "
                "through a transfer set alone, whatever alpha is. Use alphas='auto'."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse &= all(one is None for one in self.transfers or ())
        return tags
