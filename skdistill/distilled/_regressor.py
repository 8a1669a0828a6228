"""Distillation for regression."""

from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, is_regressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.utils import get_tags

from skdistill._fitting import weight_param
from skdistill._typing import Table
from skdistill._validation import check_numeric_target
from skdistill.distilled._base import BaseDistilled
from skdistill.students import learns_counts
from skdistill.targets import mix_values, spread

__all__ = ["DistilledRegressor"]


class DistilledRegressor(RegressorMixin, BaseDistilled):
    """Regressor that learns from a teacher's answers as well as from the labels.

    The computation during `fit` is::

        t = honest predictions of teacher for the rows of X
        target = (1 - alpha) * y + alpha * (mean(y) + (t - mean(y)) / temperature)
        student_ = clone(student).fit(X, target)

    and the computation during `predict` is ``student_.predict(X)``. An honest
    prediction for a row comes from a teacher that never saw the row's label. A student
    of counts (a Poisson, gamma or Tweedie loss) gets no target below the least label.

    Parameters
    ----------
    teacher : estimator, default=None
        The regressor to learn from. ``FrozenEstimator(teacher)`` is used as it is and
        never refitted. None is a stack of extremely randomised trees, gradient
        boosting, and ridge regression on random Fourier features, which takes missing
        values but numbers only.
    student : estimator, default=None
        The regressor to fit. Mixing targets equals mixing losses for squared loss.
        None is ``GradientBoostingRegressor(n_estimators=100, learning_rate=0.1,
        max_depth=3)``.
    alpha : float, default=0.5
        Weight of the teacher in the target, from 0 (the plain student) to 1 (the
        teacher alone).
    temperature : float, default=1.0
        T > 0, divides the deviations of the teacher's answers from the mean of y.
        T other than 1 scales the target's deviations by c = 1 - alpha + alpha / T, and
        so the student's predictions too; see `rescale`.
    cross_fit : {"auto", "kfold", "oob", "stack"} or False, default="auto"
        Where honest predictions come from.

        - "kfold": one teacher for each fold of `cv`, which answers for the rows held
          out. `teacher_` is the mean of these teachers.
        - "oob": out-of-bag predictions of a bagged teacher.
        - "stack": the inner cross-validation of a `StackingRegressor`, by its own
          `cv`; `cv` here where `teacher` is None.
        - "auto": the cheapest of the three that the teacher has. A frozen teacher
          answers as it is.
        - False: in-sample predictions, which repeat the labels. For comparison only.
    cv : int, splitter or iterable, default=5
        The folds of "kfold"; they must hold out each row once. A number means k-fold,
        shuffled by `random_state`; None is 5.
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
    rescale : bool, default=False
        Whether `predict` undoes the scaling by c, returning
        ``mean + (student_.predict(X) - mean) / c``.

    Attributes
    ----------
    teacher_ : estimator
        The fitted teacher.
    student_ : estimator
        The fitted student, a plain estimator to ship.
    teacher_score_ : float or None
        R2 of the teacher's honest predictions for the training rows, weighted by
        `sample_weight`. None if `cross_fit` is False; a frozen teacher is taken at its
        word that it did not see these rows.
    fit_seconds_ : dict
        Seconds that this fit spent on the "teacher", with its honest answers and those
        for transfer rows, and on the "student". What `memory` recalls takes next to
        none.
    target_mean_ : float or ndarray of shape (n_outputs,)
        The weighted mean of y, in the unit of y.
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
        **BaseDistilled._parameter_constraints,
        "rescale": ["boolean"],
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
        rescale=False,
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
        self.rescale = rescale

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
        return self._translate(self._fitted_student().predict(X))

    def _translate(self, answers):
        """Turn what the student predicts into what this estimator predicts."""
        if not self.rescale:
            return answers
        return self.target_mean_ + (answers - self.target_mean_) / self._spread

    def _default_student(self):
        return GradientBoostingRegressor(
            n_estimators=100, learning_rate=0.1, max_depth=3
        )

    def _check_target(self, y):
        return check_numeric_target(y, multi_output=self._is_multi_output())

    def _summarise_target(self, y, weight):
        self.target_mean_ = np.average(y, axis=0, weights=weight)

    def _check_parts(self):
        super()._check_parts()
        for part in ("teacher", "student"):
            estimator = getattr(self, part)
            if estimator is not None and not is_regressor(estimator):
                raise ValueError(
                    f"The {part} of a DistilledRegressor must be a regressor. Got "
                    f"{estimator!r}. Use DistilledClassifier to predict classes."
                )

    def _score_answers(self, y, answers, weight):
        if len(y) < 2:
            return float("nan")
        return float(r2_score(y, answers, sample_weight=weight))

    def _teach_student(self, student, X, y, answers, fit_params, extra, refinements):
        self._spread = spread(self.alpha, self.temperature)
        mix = partial(
            mix_values,
            alpha=self.alpha,
            temperature=self.temperature,
            mean=self.target_mean_,
        )
        target = mix(y, answers)
        if extra is not None:
            X, fit_params = extra.join(X, fit_params)
            # In place of labels: so their targets have the spread of all others.
            target = np.concatenate([target, mix(extra.answers, extra.answers)])
        if learns_counts(student):
            target = np.maximum(target, y.min(axis=0))
        weight = fit_params.pop("sample_weight", None)
        fit_params = weight_param(student, weight, part="student") | fit_params
        student.fit(X, target, **fit_params)
        return self._refined(student, X, target, weight, refinements)

    def _is_multi_output(self):
        return all(
            get_tags(part).target_tags.multi_output
            for part in (self.teacher, self._given_student())
            if part is not None
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self._is_multi_output()
        student = get_tags(self._given_student()).regressor_tags
        if student is not None:
            tags.regressor_tags.poor_score = student.poor_score
        return tags
