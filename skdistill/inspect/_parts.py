"""Teacher and student of a distilled model, side by side."""

from dataclasses import dataclass

from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdistill._typing import Estimator
from skdistill.flow import View
from skdistill.teachers import as_estimator

__all__ = ["Parts", "open_parts"]


@dataclass(frozen=True)
class Parts:
    """A fitted distilled model and its teacher, as scorers and metrics take them.

    Attributes
    ----------
    model : DistilledRegressor or DistilledClassifier
        What predicts: its student, with the labels it was given.
    teacher : fitted regressor or classifier
        Predicts the labels of `classes` too, whatever its library, and takes the
        student's samples.
    classes : ndarray of shape (n_classes,) or None
        The labels, sorted; None in regression.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> student = DecisionTreeRegressor(max_depth=3)
    >>> parts = open_parts(DistilledRegressor(Ridge(), student).fit(X, y))
    >>> parts.teacher.predict(X).shape, parts.has_probabilities
    ((442,), False)
    """

    model: Estimator
    teacher: Estimator
    classes: NDArray | None

    @property
    def timed_teacher(self) -> Estimator:
        """The teacher that predicts for the student's samples: itself, if it can."""
        sees_the_same = getattr(self.teacher, "view", None) is None
        return self.model.teacher_ if sees_the_same else self.teacher

    @property
    def has_probabilities(self) -> bool:
        """Whether the student has `predict_proba`."""
        return hasattr(self.model, "predict_proba")


def open_parts(model: Estimator) -> Parts:
    """Return teacher and student of a fitted distilled model, or of a search over one.

    Parameters
    ----------
    model : estimator
        A fitted distilled estimator, or a search with such a `best_estimator_`.

    Returns
    -------
    Parts

    Raises
    ------
    TypeError
        If the model is not a distilled one.
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.inspect import open_parts
    >>> X, y = load_diabetes(return_X_y=True)
    >>> parts = open_parts(DistilledRegressor(Ridge(), Ridge()).fit(X, y))
    >>> parts.teacher.predict(X[:1]).shape
    (1,)
    """
    check_is_fitted(model)
    given = model
    while hasattr(model, "best_estimator_"):
        model = model.best_estimator_
    if not hasattr(model, "teacher_"):
        raise TypeError(_describe_wrong(given))
    classes = getattr(model, "classes_", None)
    view = View(
        model.teacher_input_, getattr(model, "n_features_in_", 0), model.n_privileged_
    )
    see = None if view.is_identity else view.of_teacher
    return Parts(model, as_estimator(model.teacher_, classes, see), classes)


def _describe_wrong(model: Estimator) -> str:
    if hasattr(model, "student_"):
        return (
            "model must have the teacher that it learned from. Got a "
            f"{type(model).__name__} whose student learned stored predictions, or in a "
            "procedure those of earlier students: it has no teacher_. Compare such "
            "predictions with its own by skdistill.metrics, or give the teacher to a "
            "DistilledRegressor or DistilledClassifier, which keeps it."
        )
    remedy = "Fit a DistilledRegressor or a DistilledClassifier, and pass it."
    if isinstance(model, Pipeline):
        remedy = (
            "Pass the last step and the rows as they reach it: pipeline[-1] and "
            "pipeline[:-1].transform(X)."
        )
    return (
        "model must be a distilled model, with teacher_ and student_, or a search over "
        f"one. Got {type(model).__name__}. {remedy}"
    )
