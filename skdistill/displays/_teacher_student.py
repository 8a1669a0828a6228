"""The student's predictions against the teacher's."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length

from skdistill._typing import Estimator, Table
from skdistill.displays._axes import axes
from skdistill.inspect import open_parts
from skdistill.metrics import check_probabilities

if TYPE_CHECKING:
    import pandas

__all__ = ["TeacherStudentDisplay"]


class TeacherStudentDisplay:
    """The student's predictions against the teacher's, sample by sample.

    On the diagonal both predict the same. For classes the probability is shown that
    each gives to the class that the teacher chooses.

    Make it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    y_teacher : ndarray of shape (n_samples,)
        What the teacher predicts.
    y_student : ndarray of shape (n_samples,)
        What the student predicts.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is plotted.
    figure_ : matplotlib Figure
        The figure of the axes.
    scatter_ : matplotlib PathCollection
        The samples.
    line_ : matplotlib Line2D
        The diagonal.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.displays import TeacherStudentDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DistilledRegressor(
    ...     RandomForestRegressor(20), DecisionTreeRegressor(max_depth=3)
    ... ).fit(X[:300], y[:300])
    >>> display = TeacherStudentDisplay.from_estimator(model, X[300:])
    >>> display.frame().shape
    (142, 2)
    """

    def __init__(self, *, y_teacher: NDArray, y_student: NDArray) -> None:
        self.y_teacher = y_teacher
        self.y_student = y_student

    @classmethod
    def from_estimator(
        cls,
        model: Estimator,
        X: Table,
        *,
        subsample: int | None = 1000,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Plot the student of a distilled model against its teacher.

        Parameters
        ----------
        model : estimator
            A fitted distilled model, or a search over one.
        X : table of shape (n_samples, n_features)
            Held-out samples; labels are not needed.
        subsample : int, default=1000
            The largest number of samples to show, evenly spaced. If None, all are
            shown.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `scatter`.

        Returns
        -------
        TeacherStudentDisplay
        """
        parts = open_parts(model)
        method = "predict"
        if parts.classes is not None:
            if not parts.has_probabilities:
                raise ValueError(
                    "The student of a classifier must have predict_proba to be plotted "
                    f"against its teacher. Got {type(parts.model.student_).__name__}. "
                    "FidelityCertificate says how often they choose the same class."
                )
            method = "predict_proba"
        teacher = _one_column(getattr(parts.teacher, method)(X))
        if parts.classes is None and teacher.ndim == 2:
            raise ValueError(
                "from_estimator plots a model of one output. Got one of "
                f"{teacher.shape[1]}. Pass the columns of the predictions of its "
                "teacher_ and its own to from_predictions, one output at a time."
            )
        return cls.from_predictions(
            teacher,
            getattr(parts.model, method)(X),
            subsample=subsample,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_teacher: ArrayLike,
        y_student: ArrayLike,
        *,
        subsample: int | None = 1000,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Plot a student's predictions against a teacher's.

        Parameters
        ----------
        y_teacher : array-like of shape (n_samples,) or (n_samples, n_classes)
            The values that the teacher predicts, or its probabilities. One column
            alone holds values.
        y_student : array-like of the same shape
            Those of the student. If a regression has several outputs, pass one at a
            time.
        subsample : int, default=1000
            The largest number of samples to show, evenly spaced. If None, all are
            shown.
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `scatter`.

        Returns
        -------
        TeacherStudentDisplay
        """
        check_consistent_length(y_teacher, y_student)
        teacher, student = _one_column(y_teacher), _one_column(y_student)
        if teacher.ndim == 2:
            teacher = check_probabilities(teacher, "y_teacher")
            student = check_probabilities(student, "y_student")
            top = teacher.argmax(axis=1, keepdims=True)
            teacher, student = (
                np.take_along_axis(part, top, axis=1)[:, 0]
                for part in (teacher, student)
            )
        if subsample is not None and subsample < len(teacher):
            chosen = np.linspace(0, len(teacher) - 1, subsample).astype(int)
            teacher, student = teacher[chosen], student[chosen]
        return cls(y_teacher=teacher, y_student=student).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the samples and the diagonal.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot. If None, a figure is made.
        **kwargs : dict
            For matplotlib's `scatter`.

        Returns
        -------
        self : object
        """
        self.ax_ = axes(ax)
        self.figure_ = self.ax_.figure
        both = np.concatenate([self.y_teacher, self.y_student])
        ends = [both.min(), both.max()]
        (self.line_,) = self.ax_.plot(ends, ends, color="grey", linestyle="--")
        self.scatter_ = self.ax_.scatter(
            self.y_teacher, self.y_student, **{"s": 12, "alpha": 0.7} | kwargs
        )
        self.ax_.set(xlabel="teacher", ylabel="student")
        self.ax_.set_aspect("equal", adjustable="datalim")
        return self

    def frame(self) -> "pandas.DataFrame":
        """Return the samples that are shown.

        Returns
        -------
        DataFrame
            With the columns "teacher" and "student".
        """
        import pandas as pd

        return pd.DataFrame({"teacher": self.y_teacher, "student": self.y_student})


def _one_column(values: ArrayLike) -> NDArray:
    """Return an array; a table of one column, which holds no probabilities, flat."""
    values = np.asarray(values)
    return values.ravel() if values.shape[1:] == (1,) else values
