"""Several teachers: their names, and what they become once they are fitted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Bunch

from skdistill._fitting import naming_failures
from skdistill._numerics import temper
from skdistill._typing import Estimator, Table
from skdistill.teachers._cache import LazyTeacher, cached_predictions
from skdistill.teachers._distribution import cached_quantiles
from skdistill.teachers._held import HeldClassifiers, HeldTeachers
from skdistill.teachers._predictions import predict_logits, predict_values
from skdistill.teachers._signal import Signal, SignalStep

__all__ = [
    "ONE_TEACHER",
    "CombinedClassifier",
    "CombinedRegressor",
    "LazyTeachers",
    "label_of",
    "named_teachers",
]

# What a teacher is called that is the only one.
ONE_TEACHER = "teacher"


def named_teachers(teacher: Any) -> list[tuple[str, Estimator]]:
    """Return the teachers that a parameter stands for, by their names.

    Parameters
    ----------
    teacher : estimator, list of (str, estimator), or None
        The parameter.

    Returns
    -------
    list of (str, estimator)
        A single one is called "teacher"; None is no estimator and left out.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> named_teachers(Ridge())
    [('teacher', Ridge())]
    """
    if isinstance(teacher, list):
        return teacher
    return [] if teacher is None else [(ONE_TEACHER, teacher)]


def label_of(name: str) -> str:
    """Return what to call a teacher in an error: one alone has no name of its own."""
    return ONE_TEACHER if name == ONE_TEACHER else f"{ONE_TEACHER} {name!r}"


class _Combined(HeldTeachers):
    """Holds several teachers, and how they are combined.

    Parameters
    ----------
    estimators : list of (str, fitted estimator)
        The teachers by their names.
    steps : list of tuple of SignalStep
        What changes each teacher's predictions, fitted.
    combination : SignalStep
        How they are combined, fitted.
    """

    def __init__(
        self,
        estimators: list[tuple[str, Estimator]],
        steps: list[tuple[SignalStep, ...]],
        combination: SignalStep,
    ) -> None:
        self.estimators = estimators
        self.steps = steps
        self.combination = combination

    def _held(self) -> list[Estimator]:
        return [estimator for _, estimator in self.estimators]

    @property
    def named_estimators_(self) -> Bunch:
        """The fitted teachers by their names."""
        return Bunch(**dict(self.estimators))

    def _combine(self, parts: list[NDArray]) -> NDArray:
        """Take what each teacher predicts through its steps, and combine it."""
        for number, steps in enumerate(self.steps):
            for step in steps:
                parts[number] = step.transform(parts[number])
        return self.combination.transform(np.stack(parts, axis=1))


class CombinedRegressor(RegressorMixin, _Combined):
    """Regressor that combines what several fitted teachers predict.

    Parameters
    ----------
    estimators : list of (str, fitted regressor)
        The teachers by their names.
    steps : list of tuple of SignalStep
        What changes each teacher's predictions, such as its calibration, fitted.
    combination : SignalStep
        How they are combined, fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyRegressor
    >>> from skdistill.teachers import Combination
    >>> both = [
    ...     (name, DummyRegressor().fit([[0]], [y])) for name, y in (("a", 1), ("b", 2))
    ... ]
    >>> mean = Combination().fit(np.array([[1.0, 2.0]]), np.array([1.5]))
    >>> CombinedRegressor(both, [(), ()], mean).predict([[0]])
    array([1.5])
    """

    def predict(self, X: Table) -> NDArray:
        """Return the combination of the teachers' predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._combine([predict_values(one, X) for one in self._held()])


class CombinedClassifier(HeldClassifiers, _Combined):
    """Classifier that combines what several fitted teachers predict.

    Parameters
    ----------
    estimators : list of (str, fitted classifier)
        The teachers by their names.
    steps : list of tuple of SignalStep
        What changes each teacher's logits, such as its calibration, fitted.
    combination : SignalStep
        How they are combined, fitted.
    classes : ndarray of shape (n_classes,)
        All labels, sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from skdistill.teachers import Combination
    >>> labels = {"a": ["no", "yes"], "b": ["no", "yes", "yes", "yes"]}
    >>> both = [
    ...     (name, DummyClassifier().fit(np.zeros((len(y), 1)), y))
    ...     for name, y in labels.items()
    ... ]
    >>> mean = Combination().fit(np.zeros((1, 2, 2)), np.array([0]))
    >>> classes = np.array(["no", "yes"])
    >>> model = CombinedClassifier(both, [(), ()], mean, classes)
    >>> model.predict_proba([[0]])
    array([[0.375, 0.625]])
    """

    def __init__(
        self,
        estimators: list[tuple[str, Estimator]],
        steps: list[tuple[SignalStep, ...]],
        combination: SignalStep,
        classes: NDArray,
    ) -> None:
        super().__init__(estimators, steps, combination)
        self.classes = classes

    def predict_proba(self, X: Table) -> NDArray:
        """Return the combination of the teachers' probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        logits = [predict_logits(one, X, self.classes) for one in self._held()]
        return temper(self._combine(logits), 1.0)


class LazyTeachers:
    """Several fitted teachers that may still lie on disk.

    Parameters
    ----------
    names : sequence of str
        Their names.
    teachers : sequence of LazyTeacher
        The teachers.
    signal : Signal
        Their combined signal, which has the fitted steps.
    classes : ndarray of shape (n_classes,) or None
        The labels, sorted; None for regression.
    """

    def __init__(
        self,
        names: Sequence[str],
        teachers: Sequence[LazyTeacher],
        signal: Signal,
        classes: NDArray | None,
    ) -> None:
        self._names, self._teachers, self._classes = names, teachers, classes
        self._steps = [part.steps for part in signal.parts]
        self._told = [part.quantiles is not None for part in signal.parts]
        self._combination = signal.steps[0]

    def hand_out(self) -> Estimator:
        """Return the fitted teachers as one, loaded on the first call."""
        fitted = [one.hand_out() for one in self._teachers]
        named = list(zip(self._names, fitted, strict=True))
        if self._classes is None:
            return CombinedRegressor(named, self._steps, self._combination)
        return CombinedClassifier(named, self._steps, self._combination, self._classes)

    def end_fit(self) -> None:
        """Let go of the training data: no teacher is fitted again from now on."""
        for teacher in self._teachers:
            teacher.end_fit()

    def predictions(
        self, memory: Any, X: Table, classes: NDArray | None
    ) -> list[NDArray]:
        """Return what each teacher predicts, as `cached_predictions` does for one."""
        found = []
        for name, teacher in zip(self._names, self._teachers, strict=True):
            with naming_failures(label_of(name)):
                found.append(cached_predictions(memory, teacher, X, classes))
        return found

    def quantiles(self, memory: Any, X: Table) -> list[NDArray | None]:
        """Return those of each, as `cached_quantiles` does; None of one without."""
        return [
            cached_quantiles(memory, teacher, X) if told else None
            for teacher, told in zip(self._teachers, self._told, strict=True)
        ]
