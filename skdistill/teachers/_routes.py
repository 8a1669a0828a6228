"""Where honest predictions come from: one function for each value of `cross_fit`."""

from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.ensemble import (
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import KFold, StratifiedKFold, check_cv
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import LabelCoder, clone_with_seed, naming_failures
from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes, check_partition
from skdistill.teachers._answers import (
    ClassAnswers,
    ValueAnswers,
    check_answers,
    in_row_order,
)
from skdistill.teachers._fold_mean import FoldMeanClassifier, FoldMeanRegressor
from skdistill.teachers._oob import NoOutOfBagError, fit_with_oob, has_oob, oob_answers
from skdistill.teachers._presets import default_classifier, default_regressor
from skdistill.teachers._stack import TooManyFoldsError, recording_stack
from skdistill.teachers._warnings import warn_missing_class

__all__ = ["Lesson", "Teaching", "teach"]


@dataclass(frozen=True)
class Teaching:
    """What teaching gives: the fitted teacher and its answers for the training rows.

    Attributes
    ----------
    teacher : fitted estimator
        Answers for new rows.
    answers : ndarray
        Values of shape (n,) or (n, n_outputs); for classes, logits (n, n_classes).
    honest : bool
        Whether no row's answer comes from a teacher that saw the row's label. Of a
        stack this holds but for a trace, see `skdistill.teachers._stack`.
    """

    teacher: Estimator
    answers: NDArray
    honest: bool


@dataclass(frozen=True)
class Lesson:
    """All that teaching needs. `classes` is None for regression."""

    teacher: Estimator
    X: Table
    y: NDArray
    classes: NDArray | None
    fit_params: dict
    split_params: dict
    cv: Any
    seeds: tuple[int | None, int | None]
    n_jobs: int | None = None

    @property
    def answer(self) -> ValueAnswers | ClassAnswers:
        """Return the function that reads answers off a fitted teacher."""
        return ValueAnswers() if self.classes is None else ClassAnswers()

    def unfitted(self) -> Estimator:
        """Return a fresh clone of the teacher, seeded."""
        return clone_with_seed(self.teacher, self.seeds[1])

    def fit(
        self, estimator: Estimator, rows: NDArray | None = None
    ) -> tuple[Estimator, NDArray | None]:
        """Fit `estimator` on `rows` (all, if None); return it and its classes."""
        X, y, params = self.X, self.y, self.fit_params
        if rows is not None:
            X, y = safe_indexing(X, rows), y[rows]
            params = index_params(self.X, params, indices=rows)
        if self.classes is None:
            return estimator.fit(X, y, **params), None
        coder = LabelCoder(estimator)
        estimator.fit(X, coder.encode(y), **params)
        return estimator, coder.classes_of(estimator)

    def respond(self, fitted: Estimator, known: NDArray | None, X: Table) -> NDArray:
        """Return the answers for X, with class columns in the order of `classes`."""
        return self.aligned(self.answer(fitted, X), known)

    def aligned(self, answers: NDArray, known: NDArray | None) -> NDArray:
        """Put the columns of the classes `known` into the order of `classes`."""
        if self.classes is None or known is None:
            return answers
        return align_classes(answers, known, self.classes)

    def splitter(self, n_splits: Integral | int) -> KFold | StratifiedKFold:
        """Return k-fold, shuffled: rows often come sorted by target or time."""
        kind = KFold if self.classes is None else StratifiedKFold
        return kind(int(n_splits), shuffle=True, random_state=self.seeds[0])

    def folds(self) -> list:
        """Return the folds as a list, checked to hold out each row once."""
        cv = 5 if self.cv is None else self.cv
        if isinstance(cv, Integral):
            cv = self.splitter(cv)
        cv = check_cv(cv, self.y, classifier=self.classes is not None)
        folds = list(cv.split(self.X, self.y, **self.split_params))
        check_partition(folds, len(self.y))
        return folds


def teach(lesson: Lesson, cross_fit: str | bool) -> Teaching:
    """Fit the teacher and get its answers for the training rows.

    Parameters
    ----------
    lesson : Lesson
        The teacher, None for the default one, and the training data.
    cross_fit : {"auto", "kfold", "oob", "stack"} or False
        Where honest answers come from; "auto" takes the cheapest source there is.

    Returns
    -------
    Teaching
    """
    if lesson.teacher is None:
        # Its members ask for the weights by metadata routing, whatever the user's
        # configuration is: no other way leads into the pipelines of a stack.
        with config_context(enable_metadata_routing=True):
            done = teach(_with_default_teacher(lesson, cross_fit), cross_fit)
        if isinstance(done.teacher, StackingRegressor | StackingClassifier):
            # Folds made for these rows would not do for a refit on others.
            done.teacher.set_params(cv=None)
        return done
    teacher = lesson.teacher
    with naming_failures(f"teacher ({type(teacher).__name__})"):
        if isinstance(teacher, FrozenEstimator):
            done = _frozen(lesson, cross_fit)
        else:
            if cross_fit is not False:
                _check_nothing_frozen(teacher)
            done = _ROUTES[cross_fit](lesson)
        check_answers(done.answers, "X")
        return done


def _with_default_teacher(lesson: Lesson, cross_fit: str | bool) -> Lesson:
    if issparse(lesson.X):
        raise ValueError(
            "Sparse input is not supported by the default teacher, which needs dense "
            f"data. Got a {type(lesson.X).__name__}. Use X.toarray() if it fits into "
            "memory, or pass a teacher that takes sparse data."
        )
    if np.ndim(lesson.X) != 2:
        raise ValueError(
            "The default teacher needs X of shape (n_samples, n_features). Got shape "
            f"{np.shape(lesson.X)}. Pass a teacher that takes such data, for example a "
            "Pipeline that begins with a vectorizer."
        )
    # Inside k-fold the stack is fitted on parts, for which these folds do not hold.
    folds = lesson.splitter(5) if cross_fit == "kfold" else lesson.folds()
    build = default_regressor if lesson.classes is None else default_classifier
    teacher = build(*np.shape(lesson.X), cv=folds, n_jobs=lesson.n_jobs)
    return replace(lesson, teacher=teacher)


def _cheapest(lesson: Lesson) -> Teaching:
    if isinstance(lesson.teacher, StackingRegressor | StackingClassifier):
        try:
            return _stack(lesson)
        except TooManyFoldsError:
            return _kfold(lesson)
    if has_oob(lesson.teacher):
        try:
            return _oob(lesson)
        except NoOutOfBagError:
            # Some row is in the bag of every tree, say: only held-out folds can answer.
            return _kfold(lesson)
    return _kfold(lesson)


def _kfold(lesson: Lesson) -> Teaching:
    folds = lesson.folds()
    parts = Parallel(n_jobs=lesson.n_jobs)(
        delayed(_fit_fold)(lesson, number, train, test)
        for number, (train, test) in enumerate(folds)
    )
    fitted, known, held_out = (list(part) for part in zip(*parts, strict=True))
    answers = in_row_order(folds, held_out, len(lesson.y))
    if lesson.classes is None:
        return Teaching(FoldMeanRegressor(fitted), answers, honest=True)
    mean = FoldMeanClassifier(fitted, known, lesson.classes)
    return Teaching(mean, answers, honest=True)


def _fit_fold(lesson, number, train, test):
    """Fit the teacher on one fold's training rows; answer for the rows held out."""
    with naming_failures(f"teacher on fold {number}"):
        fitted, known = lesson.fit(lesson.unfitted(), train)
        if lesson.classes is not None:
            warn_missing_class(number, known, lesson.classes, n_held_out=len(test))
        answers = lesson.respond(fitted, known, safe_indexing(lesson.X, test))
        return fitted, known, answers


def _in_sample(lesson: Lesson) -> Teaching:
    fitted, known = lesson.fit(lesson.unfitted())
    return Teaching(fitted, lesson.respond(fitted, known, lesson.X), honest=False)


def _oob(lesson: Lesson) -> Teaching:
    if isinstance(lesson.teacher, BaggingRegressor) and lesson.y.ndim == 2:
        raise NoOutOfBagError(
            "BaggingRegressor has no out-of-bag answers for several outputs. Got y of "
            f"shape {lesson.y.shape}. Use cross_fit='kfold'."
        )
    fitted, known = fit_with_oob(lesson.fit, lesson.unfitted())
    answers = oob_answers(
        fitted, n_samples=len(lesson.y), is_classifier=lesson.classes is not None
    )
    return Teaching(fitted, lesson.aligned(answers, known), honest=True)


def _stack(lesson: Lesson) -> Teaching:
    stack, record = recording_stack(lesson.unfitted(), lesson.X, lesson.y)
    fitted, known = lesson.fit(stack)
    answers = record.honest_answers(
        lesson.answer, fitted, lesson.fit_params, lesson.n_jobs
    )
    record.remove_from(fitted)
    return Teaching(fitted, lesson.aligned(answers, known), honest=True)


def _frozen(lesson: Lesson, cross_fit: str | bool) -> Teaching:
    if cross_fit not in ("auto", False):
        raise ValueError(
            "The 'cross_fit' parameter must be 'auto' or False when the teacher is a "
            f"FrozenEstimator: a frozen teacher is used as it is. Got {cross_fit!r} "
            "instead. Pass the unfitted estimator itself to have it cross-fitted."
        )
    teacher = lesson.teacher
    try:
        check_is_fitted(teacher)
    except NotFittedError as error:
        raise NotFittedError(
            "A FrozenEstimator given as teacher must hold a fitted estimator. Got "
            f"{teacher.estimator!r}, which is not fitted. Fit it first, or pass it "
            "without FrozenEstimator to have it fitted here."
        ) from error
    _check_same_features(teacher, lesson.X)
    known = None
    if lesson.classes is not None:
        known = np.asarray(teacher.classes_)
        _check_knows_classes(known, lesson.classes)
    answers = lesson.respond(teacher, known, lesson.X)
    # Whether it has seen these rows only the user knows: a frozen teacher is trusted.
    return Teaching(teacher, answers, honest=True)


def _check_nothing_frozen(teacher):
    """Raise if a part of the teacher answers from labels it has seen already."""
    for name, part in teacher.get_params(deep=True).items():
        if isinstance(part, FrozenEstimator) and hasattr(part, "predict"):
            raise ValueError(
                f"A teacher that is cross-fitted must not hold a frozen predictor: it "
                f"would answer for rows whose labels it saw. Got {part!r} as {name!r}. "
                "Pass it unfitted, or fit the whole teacher on other rows and pass "
                "FrozenEstimator(teacher)."
            )


def _check_same_features(teacher, X):
    expected, shape = getattr(teacher, "n_features_in_", None), np.shape(X)
    if expected is not None and len(shape) == 2 and shape[1] != expected:
        raise ValueError(
            "A frozen teacher must have been fitted on the columns of X. Got a "
            f"teacher fitted on {expected} features and X with {shape[1]}. Pass the X "
            "it knows, or a Pipeline that selects those columns, fitted and frozen as "
            "a whole."
        )


def _check_knows_classes(known, classes):
    if not set(known.tolist()) >= set(classes.tolist()):
        raise ValueError(
            "A frozen teacher must know all the classes in y. Got a teacher with "
            f"classes {known.tolist()} and y with classes {classes.tolist()}. Refit "
            "the teacher on these classes, or restrict the rows to those it knows."
        )


_ROUTES = {
    "auto": _cheapest,
    "kfold": _kfold,
    "oob": _oob,
    "stack": _stack,
    False: _in_sample,
}
