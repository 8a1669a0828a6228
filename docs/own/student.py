"""A student of one's own, with what its adapter knows.

>>> from skdistill.checks import check_student
>>> check_student(Quadratic())
"""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from skdistill.students import StudentAdapter, ValueCounts, register


class Quadratic(RegressorMixin, BaseEstimator):
    """Least squares on the features and their squares."""

    def fit(self, X, y, sample_weight=None):
        self.linear_ = LinearRegression().fit(self._expand(X), y, sample_weight)
        return self

    def predict(self, X):
        return self.linear_.predict(self._expand(X))

    def _expand(self, X):
        return np.hstack([X, np.square(X)])


class QuadraticAdapter(StudentAdapter):
    """Say how large the model is; all else is known of any student."""

    def count_values(self, model):
        return ValueCounts(weights=model.linear_.coef_.size + 1)


register(Quadratic, QuadraticAdapter())
