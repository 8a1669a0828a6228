"""Estimators that stand in for others in the tests."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor


class CountingTeacher(RegressorMixin, BaseEstimator):
    """Linear regression that leaves one file for every fit, whatever the process."""

    def __init__(self, folder, seconds=0.0):
        self.folder = folder
        self.seconds = seconds

    def fit(self, X, y):
        name = f"{time.time_ns()}-{os.getpid()}-{len(X)}"
        (Path(self.folder) / name).touch()
        time.sleep(self.seconds)
        self.model_ = LinearRegression().fit(X, y)
        self.n_features_in_ = self.model_.n_features_in_
        return self

    def predict(self, X):
        return self.model_.predict(X)


class KilledTeacher(CountingTeacher):
    """Counting teacher whose process dies in its first fit, as by the OOM killer."""

    def fit(self, X, y):
        flag = Path(self.folder).parent / "killed"
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)


class NumbersTeacher(CountingTeacher):
    """Counting teacher that picks the column "number" from a dataframe."""

    def fit(self, X, y):
        return super().fit(X[["number"]], y)

    def predict(self, X):
        return super().predict(X[["number"]])


class Memoriser(KNeighborsRegressor):
    """Predicts for a training sample exactly the label it was given."""

    def __init__(self):
        super().__init__(n_neighbors=1)

    def fit(self, X, y):
        return super().fit(X, y)


class RecordingRegressor(RegressorMixin, BaseEstimator):
    """Keeps what `fit` was given; predicts the mean."""

    def fit(self, X, y, sample_weight=None, extra=None):
        self.X_, self.y_ = X, y
        self.sample_weight_, self.extra_ = sample_weight, extra
        self.n_features_in_ = np.shape(X)[1]
        return self

    def predict(self, X):
        shape = (np.shape(X)[0], *self.y_.shape[1:])
        return np.zeros(shape) + np.average(self.y_, axis=0)


class RecordingClassifier(ClassifierMixin, BaseEstimator):
    """Keeps what `fit` was given; predicts the class frequencies."""

    def fit(self, X, y, sample_weight=None, extra=None):
        self.X_, self.y_ = X, y
        self.sample_weight_, self.extra_ = sample_weight, extra
        self.classes_, codes = np.unique(y, return_inverse=True)
        weight = np.ones(len(codes)) if sample_weight is None else sample_weight
        total = np.bincount(codes, weights=weight)
        self.prior_ = total / total.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.prior_, (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class LogitOnlyClassifier(ClassifierMixin, BaseEstimator):
    """Classifier with `decision_function` and without `predict_proba`."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, y):
        self.model_ = self.model.fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def decision_function(self, X):
        return self.model_.decision_function(X)

    def predict(self, X):
        return self.model_.predict(X)


class FailingRegressor(RegressorMixin, BaseEstimator):
    """Raises an error of its own in `fit`."""

    def fit(self, X, y):
        raise ZeroDivisionError("the teacher's own error")

    def predict(self, X):
        raise NotImplementedError


class PickyRegressor(RegressorMixin, BaseEstimator):
    """Linear regression that takes targets with fractions for few samples alone."""

    def __init__(self, n_most=0):
        self.n_most = n_most

    def fit(self, X, y):
        if len(X) > self.n_most and (y != np.round(y)).any():
            raise ZeroDivisionError("the student's own error")
        self.model_ = LinearRegression().fit(X, y)
        return self

    def predict(self, X):
        return self.model_.predict(X)


class NanRegressor(RegressorMixin, BaseEstimator):
    """Fits, and then predicts nothing but NaN."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.full(len(X), np.nan)


class UnpicklableTeacher(CountingTeacher):
    """Counting teacher that cannot be pickled once it is fitted."""

    def fit(self, X, y):
        self.lock_ = threading.Lock()
        return super().fit(X, y)
