"""A teacher that is stopped early, without being fitted again.

Cho and Hariharan, "On the Efficacy of Knowledge Distillation", 2019: a
teacher that is stopped early may teach a small student better than one that was trained
to its end. What boosting predicted at an earlier stage of its training is at hand in
the fitted model, and a perceptron may keep its weights after some of its epochs.
"""

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, is_classifier

from skdistill._typing import Estimator, Table
from skdistill.students import predict_stage
from skdistill.teachers._fold_mean import FoldMeanClassifier, FoldMeanRegressor
from skdistill.teachers._held import HeldClassifiers, HeldTeachers

__all__ = ["StageClassifier", "StageRegressor", "at_stage"]


class _Stage(HeldTeachers):
    """Holds a fitted teacher, which predicts as after a fraction of its rounds.

    Parameters
    ----------
    estimator : fitted estimator
        The whole teacher.
    fraction : float
        Of its rounds, above 0 and up to 1.
    """

    def __init__(self, estimator: Estimator, fraction: float) -> None:
        self.estimator = estimator
        self.fraction = fraction

    def _held(self) -> list[Estimator]:
        return [self.estimator]


class StageRegressor(RegressorMixin, _Stage):
    """Regressor that predicts what another did after a fraction of its rounds.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> whole = GradientBoostingRegressor(n_estimators=2, learning_rate=0.5)
    >>> whole = whole.fit([[0.0], [1.0]], [0.0, 4.0])
    >>> StageRegressor(whole, 0.5).predict([[0.0], [1.0]])
    array([1., 3.])
    """

    def predict(self, X: Table) -> NDArray:
        """Return what the teacher predicted at its stage."""
        return predict_stage(self.estimator, X, "predict", self.fraction)


class StageClassifier(HeldClassifiers, _Stage):
    """Classifier that predicts what another did after a fraction of its rounds.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingClassifier
    >>> whole = GradientBoostingClassifier(n_estimators=100)
    >>> whole = whole.fit([[0.0], [1.0]], ["no", "yes"])
    >>> early = StageClassifier(whole, 0.01)
    >>> early.predict_proba([[1.0]])[0, 1] < whole.predict_proba([[1.0]])[0, 1]
    np.True_
    """

    @property
    def classes(self) -> NDArray:  # type: ignore[override]
        """The labels, in the order of the columns of `predict_proba`."""
        return np.asarray(self.estimator.classes_)

    def predict_proba(self, X: Table) -> NDArray:
        """Return the probabilities that the teacher predicted at its stage."""
        return predict_stage(self.estimator, X, "predict_proba", self.fraction)


def at_stage(teacher: Any, fraction: float) -> Any:
    """Return a fitted teacher as it was after a fraction of its rounds.

    Parameters
    ----------
    teacher : fitted estimator
        One with stages, or the mean of such of the folds.
    fraction : float
        Above 0 and up to 1, which is the teacher itself.

    Returns
    -------
    teacher : fitted estimator
        It holds the teacher given.
    """
    if fraction == 1:
        return teacher
    if isinstance(teacher, FoldMeanRegressor | FoldMeanClassifier):
        early = copy(teacher)
        early.estimators = [at_stage(one, fraction) for one in teacher.estimators]
        return early
    kind = StageClassifier if is_classifier(teacher) else StageRegressor
    return kind(teacher, fraction)
