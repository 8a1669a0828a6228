"""What is predicted for samples in pieces: as in memory, piece by piece."""

from typing import Any

from skdistill.distilled import if_asked_has

__all__ = ["PiecewiseClassifierMixin", "PiecewiseRegressorMixin"]


class _PiecewisePredictions:
    """Has a method of the estimator in memory asked piece by piece."""

    def _is_in_pieces(self, X: Any) -> bool:
        raise NotImplementedError

    def _map(self, method: str, X: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        """Return what a method says of each piece, as one array.

        `shape` and `dtype` are those of what is said of one sample.
        """
        raise NotImplementedError


class PiecewiseRegressorMixin(_PiecewisePredictions):
    """Predictions of values."""

    def predict(self, X: Any) -> Any:
        """Predict the target with the student.

        Parameters
        ----------
        X : ParquetBlocks, Dask collection or table of shape (n_samples, n_features)
            The samples. Files may hold other columns too.

        Returns
        -------
        y : ndarray or dask.array.Array of shape (n_samples,)
            In the unit of the target. If X is a Dask collection, it is computed when it
            is asked for, partition by partition.
        """
        if self._is_in_pieces(X):
            return self._map("predict", X, (), float)
        return super().predict(X)  # type: ignore[misc]


class PiecewiseClassifierMixin(_PiecewisePredictions):
    """Predictions of classes."""

    classes_: Any

    def predict(self, X: Any) -> Any:
        """Predict the class with the student.

        Parameters
        ----------
        X : ParquetBlocks, Dask collection or table of shape (n_samples, n_features)
            The samples. Files may hold other columns too.

        Returns
        -------
        labels : ndarray or dask.array.Array of shape (n_samples,)
            If X is a Dask collection, they are computed when they are asked for,
            partition by partition.
        """
        if self._is_in_pieces(X):
            return self._map("predict", X, (), self._fitted_classes().dtype)
        return super().predict(X)  # type: ignore[misc]

    @if_asked_has("predict_proba")
    def predict_proba(self, X: Any) -> Any:
        """Return the student's class probabilities.

        Parameters
        ----------
        X : ParquetBlocks, Dask collection or table of shape (n_samples, n_features)
            The samples. Files may hold other columns too.

        Returns
        -------
        probabilities : ndarray or dask.array.Array of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        if self._is_in_pieces(X):
            return self._map("predict_proba", X, self._fitted_classes().shape, float)
        return super().predict_proba(X)  # type: ignore[misc]

    @if_asked_has("decision_function")
    def decision_function(self, X: Any) -> Any:
        """Return the student's decision values.

        Parameters
        ----------
        X : ParquetBlocks, Dask collection or table of shape (n_samples, n_features)
            The samples. Files may hold other columns too.

        Returns
        -------
        decision : ndarray or dask.array.Array of shape (n_samples,) or \
(n_samples, n_classes)
            With two classes, positive for the second.
        """
        if self._is_in_pieces(X):
            shape = self._fitted_classes().shape
            shape = shape if shape[0] > 2 else ()
            return self._map("decision_function", X, shape, float)
        return super().decision_function(X)  # type: ignore[misc]

    def _fitted_classes(self) -> Any:
        self._fitted_student()  # type: ignore[attr-defined]
        return self.classes_
