"""Search over distilled regressors."""

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, clone
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.utils import get_tags

from skdistill._typing import Table
from skdistill.distilled import DistilledRegressor
from skdistill.search._base import BaseDistilledCV
from skdistill.search._linear import best_alpha, is_linear_in_targets
from skdistill.search._scores import Group

__all__ = ["DistilledRegressorCV"]

# Hardly any teacher, yet transfer rows are drawn, as they are for any alpha above 0.
_BARELY = 1e-9


class DistilledRegressorCV(RegressorMixin, BaseDistilledCV):
    """Distilled regressor whose alpha, transfer set and refinement are chosen.

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
        The regressor to learn from, as for `DistilledRegressor`.
    student : estimator, default=None
        The regressor to fit, as for `DistilledRegressor`.
    alphas : "auto" or sequence of float, default="auto"
        Weights of the teacher to try. "auto" is 0.5;
        for students that are linear in their targets (ordinary least squares, ridge,
        k-NN) the best alpha in closed form, within [0, 1], for the first of
        `temperatures` and `transfers`.
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
        Where honest predictions come from, as for `DistilledRegressor`.
    cv : int, splitter or iterable, default=None
        The folds on which candidates are scored. None is five-fold up to 10,000
        rows; beyond, a single split that holds out a fifth of them. The held-out rows
        of a single split are scored in five parts.
    inner_cv : int or splitter, default=5
        The folds that make the teacher's honest predictions, `cv` of
        `DistilledRegressor`.
    scoring : str, callable or None, default=None
        A scikit-learn scorer. None is R2.
    memory : str, path-like or object with the joblib.Memory interface, default=None
        Where the teachers are kept. None is a temporary folder.
    n_jobs : int, default=None
        Folds worked on at once. None is 1 unless in a `joblib.parallel_config` context.
        It does not change the result.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and all else.

    Attributes
    ----------
    best_estimator_ : DistilledRegressor
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
    linear_alpha_ : float or None
        The alpha in closed form, before it is clipped to [0, 1]. None if the alphas
        were tried.
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
    ...     teacher=ExtraTreesRegressor(bootstrap=True),
    ...     student=DecisionTreeRegressor(max_leaf_nodes=32),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.best_score_ > model.baseline_score_
    True
    >>> model.reason_.split(":")[0]
    'Chose distillation'
    """

    _default_scoring = "r2"

    def predict(self, X: Table) -> NDArray:
        """Predict the target with the student.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the unit of the target.
        """
        return self._fitted().predict(X)

    def _distilled(self):
        return DistilledRegressor(**self._common_params())

    def _k_fold(self, n_splits, rng):
        return KFold(n_splits, shuffle=True, random_state=rng)

    def _one_split(self, rng):
        return ShuffleSplit(1, test_size=0.2, random_state=rng)

    def _groups(self, model, examples, folds):
        self.linear_alpha_ = None
        return super()._groups(model, examples, folds)

    def _default_alphas(self, model, examples, folds):
        if not is_linear_in_targets(model._given_student()):
            return super()._default_alphas(model, examples, folds)
        first = {"temperature": self.temperatures[0], "transfer": self.transfers[0]}
        answers = [
            [_held_out_answers(model, alpha, first, examples, *fold) for fold in folds]
            for alpha in (_BARELY, 1.0)
        ]
        hard, soft = (np.concatenate(parts) for parts in answers)
        rows = np.concatenate([row for _, parts in folds for row in parts])
        held_out = examples.part(rows)
        self.linear_alpha_ = best_alpha(held_out.y, hard, soft, held_out.weight)
        return (float(np.clip(self.linear_alpha_, 0.0, 1.0)),)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        distilled = get_tags(self._distilled())
        tags.input_tags, tags.target_tags = distilled.input_tags, distilled.target_tags
        tags.input_tags.sparse &= all(one is None for one in self.transfers or ())
        tags.regressor_tags = distilled.regressor_tags
        return tags


def _held_out_answers(model, alpha, params, examples, train, parts):
    """Return what the student taught with this alpha predicts for held-out rows."""
    fitted = clone(model)
    params |= {"alpha": alpha}
    (fitted.student_,) = Group(params, [None]).fit(fitted, examples.part(train))
    return fitted.predict(examples.part(np.concatenate(parts)).X)
