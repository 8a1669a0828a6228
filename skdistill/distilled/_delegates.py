"""What an estimator predicts by a distilled one that it holds."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skdistill._typing import Estimator, Table

__all__ = [
    "ClassifierByStudent",
    "ClassifierDelegate",
    "Delegate",
    "RegressorDelegate",
    "if_asked_has",
    "take_tags",
]


class Delegate(BaseEstimator):
    """Estimator that holds a distilled one, by which it predicts.

    A subclass says which by `_held`, and returns by `_models` those that are to be
    fitted, of which it holds one or all.
    """

    @property
    def student_(self) -> Estimator:
        """The fitted student, a plain estimator to ship."""
        return self._fitted().student_

    def _held(self) -> Any:
        """Return the fitted estimator; None if there is none yet."""
        return getattr(self, "best_estimator_", None)

    def _models(self) -> dict[str, Any]:
        """Return the distilled estimators, unfitted, by their names."""
        raise NotImplementedError

    def _to_hold(self) -> list[Any]:
        """Return unfitted estimators, of which one will be held."""
        return [*self._models().values()]

    def _fitted(self) -> Any:
        check_is_fitted(self)
        return self._held()

    def __sklearn_is_fitted__(self) -> bool:
        return self._held() is not None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        take_tags(tags, [*self._models().values()])
        return tags


def take_tags(tags: Tags, models: list[Any]) -> None:
    """Set the tags of an estimator to what all of the models in it can do."""
    common = _common_tags(models)
    tags.no_validation = common.no_validation
    tags.input_tags, tags.target_tags = common.input_tags, common.target_tags
    tags.regressor_tags = common.regressor_tags
    tags.classifier_tags = common.classifier_tags


def _common_tags(models: list[Any]) -> Tags:
    """Return the tags of what all of the models can do."""
    common, *others = [get_tags(model) for model in models]
    for tags in others:
        common.no_validation &= tags.no_validation
        common.input_tags.allow_nan &= tags.input_tags.allow_nan
        common.input_tags.sparse &= tags.input_tags.sparse
        common.target_tags.multi_output &= tags.target_tags.multi_output
        if common.classifier_tags is not None and tags.classifier_tags is not None:
            common.classifier_tags.multi_class &= tags.classifier_tags.multi_class
            common.classifier_tags.poor_score |= tags.classifier_tags.poor_score
        if common.regressor_tags is not None and tags.regressor_tags is not None:
            common.regressor_tags.poor_score |= tags.regressor_tags.poor_score
    return common


class RegressorDelegate(RegressorMixin, Delegate):
    """Regressor that predicts by the distilled one that it holds."""

    def predict(self, X: Table) -> NDArray:
        """Predict the target with the student.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the unit of the target.
        """
        return self._fitted().predict(X)


def if_asked_has(method: str) -> Callable:
    """Make a method available where all that may be asked have it."""

    def check(self: Any) -> bool:
        for model in self._to_ask():
            getattr(model, method)
        return True

    return available_if(check)


class ClassifierByStudent(ClassifierMixin, BaseEstimator):
    """Classifier whose probabilities and decision values are a student's.

    A subclass says by `_asked` which fitted estimator they come from, and by `_to_ask`
    which ones must have the methods, before and after `fit`.
    """

    def _asked(self) -> Any:
        raise NotImplementedError

    def _to_ask(self) -> list[Any]:
        raise NotImplementedError

    @if_asked_has("predict_proba")
    def predict_proba(self, X: Table) -> NDArray:
        """Return the student's class probabilities.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._asked().predict_proba(X)

    @if_asked_has("decision_function")
    def decision_function(self, X: Table) -> NDArray:
        """Return the student's decision values.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes, positive for the second.
        """
        return self._asked().decision_function(X)


class ClassifierDelegate(ClassifierByStudent, Delegate):
    """Classifier that predicts by the distilled one that it holds."""

    @property
    def classes_(self) -> NDArray:
        """The labels, sorted."""
        return self._fitted().classes_

    def predict(self, X: Table) -> NDArray:
        """Predict the class with the student.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return self._fitted().predict(X)

    def _asked(self) -> Any:
        return self._fitted()

    def _to_ask(self) -> list[Any]:
        held = self._held()
        return self._to_hold() if held is None else [held]
