"""A sampler of one's own.

>>> import numpy as np
>>> from skdistill.checks import check_sampler
>>> check_sampler(NormalSampler(), np.random.default_rng(0).normal(size=(100, 3)))
"""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state


class NormalSampler(BaseEstimator):
    """Draw from the normal distribution with the mean and the covariance of X."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None):
        X = np.asarray(X)
        self.mean_, self.covariance_ = X.mean(axis=0), np.cov(X.T)
        return self

    def sample(self, n_samples=1):
        rng = check_random_state(self.random_state)
        return rng.multivariate_normal(self.mean_, self.covariance_, n_samples)
