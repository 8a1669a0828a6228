"""XGBoost on the workers of a Dask cluster, with soft labels."""

from typing import Any

from sklearn.base import is_classifier

from skdistill._optional import import_optional
from skdistill._typing import Estimator
from skdistill.students._xgboost_native import NativeTraining, takes_quantiles

__all__ = ["train_on_workers"]


def train_on_workers(
    student: Estimator,
    X: Any,
    mixed: Any,
    weight: Any,
    client: Any,
    intercept: float | list[float] | None = None,
) -> Estimator:
    """Train an XGBoost student by ``xgboost.dask.train``.

    Parameters
    ----------
    student : XGBModel
        Unfitted, to be fitted in place.
    X, mixed, weight, client
        As for `StudentAdapter.fit_distributed`.
    intercept : float or list of float, default=None
        What classes start from where the student has no `base_score`.

    Returns
    -------
    student : XGBModel
    """
    dask = import_optional("xgboost.dask", extra="dask")
    n_classes = mixed.shape[1] if is_classifier(student) else 0
    training = NativeTraining(student, n_classes, intercept)
    matrix = dask.DaskQuantileDMatrix if takes_quantiles(student) else dask.DaskDMatrix
    rows = matrix(
        client,
        X,
        training.labels(mixed),
        weight=weight,
        **training.matrix_params,
    )
    trained = dask.train(client, training.params, rows, **training.options)
    return training.keep(trained["booster"])
