"""What a boosted model predicted at each stage of its training."""

from collections.abc import Iterator

from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skdistill._typing import Estimator, Table
from skdistill.distilled import translate
from skdistill.students import find_adapter, last_step

__all__ = ["staged_predictions"]

_METHODS = ("predict", "predict_proba")


def staged_predictions(
    model: Estimator, X: Table, *, method: str = "predict"
) -> Iterator[NDArray]:
    """Yield what a fitted model predicts after each stage of its training.

    Parameters
    ----------
    model : estimator
        Fitted. Boosting of scikit-learn, LightGBM or XGBoost, a perceptron that
        `skdistill.students.keeping_stages` was told of, or registered by
        `skdistill.students.register`; a Pipeline or a TransformedTargetRegressor that
        holds it; a distilled model or search with such a student, whose stages are
        those of growth: refined leaf values are part of every stage.
    X : table of shape (n_samples, n_features)
        The samples.
    method : {"predict", "predict_proba"}, default="predict"
        What to yield: values or labels, or the probabilities of the classes.

    Yields
    ------
    predictions : ndarray of shape (n_samples,) or (n_samples, n_classes)
        After 1, 2, ... rounds, of a perceptron after each epoch that is kept; the last
        is what the model itself predicts.

    Raises
    ------
    ValueError
        If the model has no stages.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from skdistill.inspect import staged_predictions
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = GradientBoostingRegressor(n_estimators=5).fit(X, y)
    >>> stages = list(staged_predictions(model, X))
    >>> len(stages), (stages[-1] == model.predict(X)).all()
    (5, np.True_)
    """
    if method not in _METHODS:
        raise ValueError(f"method must be one of {_METHODS}. Got {method!r}.")
    check_is_fitted(model)
    return _stages(model, X, method)


def _stages(model: Estimator, X: Table, method: str) -> Iterator[NDArray]:
    if hasattr(model, "best_estimator_"):
        return _stages(model.best_estimator_, X, method)
    final, seen = last_step(model, X)
    if final is not model:
        return _stages(final, seen, method)
    if hasattr(model, "student_"):
        stages = _stages(model.student_, X, method)
        if method != "predict":
            return stages
        return (translate(model, stage) for stage in stages)
    staged = find_adapter(model).stages(model, X, method)
    if staged is None:
        raise ValueError(
            f"The model must be trained in stages that can be asked for {method}: "
            "boosting, or what is registered by skdistill.students.register. Got "
            f"{type(model).__name__}. Hand what your model predicts at its stages to "
            "StagesDisplay.from_predictions or integral_criterion."
        )
    return staged
