"""A step of the signal of one's own.

>>> from skdistill.checks import check_signal_step
>>> check_signal_step(Isotonic())
"""

from sklearn.base import BaseEstimator
from sklearn.isotonic import IsotonicRegression


class Isotonic(BaseEstimator):
    """Calibrate values by the increasing function of least squared error."""

    def fit(self, predictions, y, sample_weight=None):
        self.curve_ = IsotonicRegression(out_of_bounds="clip")
        self.curve_.fit(predictions, y, sample_weight)
        return self

    def transform(self, predictions):
        return self.curve_.predict(predictions)
