"""Where out-of-fold predictions come from: a function for each `cross_fit`."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
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

from skdistill._fitting import clone_with_seed, explaining_pickles, naming_failures
from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes, check_partition, sparse_columns
from skdistill._warnings import warn_again, with_notes
from skdistill.students import LabelCoder
from skdistill.teachers._categories import with_all_categories
from skdistill.teachers._fold_mean import FoldMeanClassifier, FoldMeanRegressor
from skdistill.teachers._in_context import learns_in_context
from skdistill.teachers._missing_classes import warn_missing_class
from skdistill.teachers._oob import (
    NoOutOfBagError,
    fit_with_oob,
    has_oob,
    oob_predictions,
)
from skdistill.teachers._predictions import (
    as_precise_as,
    check_predictions,
    in_sample_order,
    predict_logits,
    predict_values,
)
from skdistill.teachers._presets import default_classifier, default_regressor
from skdistill.teachers._stack import (
    MOST_FOLDS,
    TooManyFoldsError,
    recording_stack,
    stack_folds,
)

__all__ = [
    "CrossFitResult",
    "CrossFitTask",
    "cross_fit",
    "fits_once_a_fold",
    "is_number_of_folds",
]


@dataclass(frozen=True)
class CrossFitResult:
    """The fitted teacher and its predictions for the training samples.

    Attributes
    ----------
    teacher : fitted estimator
        Predicts for any other sample.
    predictions : ndarray
        Values of shape (n,) or (n, n_outputs); for classes, logits (n, n_classes).
    is_out_of_fold : bool
        Whether no sample's prediction comes from a teacher that saw its label. For a
        stack a trace of it remains, see `skdistill.teachers._stack`.
    """

    teacher: Estimator
    predictions: NDArray
    is_out_of_fold: bool


@dataclass(frozen=True)
class CrossFitTask:
    """All that cross-fitting a teacher needs.

    Attributes
    ----------
    teacher : estimator or None
        Unfitted, or frozen; None for the default one.
    X : table of shape (n_samples, n_features)
        The samples, as the teacher sees them.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Their labels.
    classes : ndarray of shape (n_classes,) or None
        The class labels, sorted; None for regression.
    fit_params, split_params : dict
        Metadata of the teacher's `fit` and of the split, weights among them.
    cv : int, splitter or iterable of splits
        The folds.
    seeds : tuple of int or None
        The seeds of the folds and of the teacher.
    n_jobs : int or None
        Folds fitted at once.
    """

    teacher: Estimator
    X: Table
    y: NDArray
    classes: NDArray | None
    fit_params: dict[str, Any]
    split_params: dict[str, Any]
    cv: Any
    seeds: tuple[int | None, int | None]
    n_jobs: int | None = None

    @property
    def predict(self) -> Callable[[Estimator, Table], NDArray]:
        """Return the function that takes predictions from a fitted teacher."""
        return predict_values if self.classes is None else predict_logits

    def unfitted(self) -> Estimator:
        """Return a fresh clone of the teacher, seeded."""
        teacher = clone_with_seed(self.teacher, self.seeds[1])
        return with_all_categories(teacher, self.X)

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
        codes = coder.encode(y)
        estimator.fit(X, codes, **coder.encode_held_out(params))
        return estimator, coder.classes_of(estimator)

    def predict_aligned(
        self, fitted: Estimator, known: NDArray | None, X: Table
    ) -> NDArray:
        """Return the predictions for X, with columns in the order of `classes`."""
        return self.align(self.predict(fitted, X), known)

    def align(self, predictions: NDArray, known: NDArray | None) -> NDArray:
        """Put the columns of the classes `known` into the order of `classes`."""
        if self.classes is None or known is None:
            return predictions
        return align_classes(predictions, known, self.classes)

    def splitter(self, n_splits: Integral | int) -> KFold | StratifiedKFold:
        """Return k-fold, shuffled: samples often come sorted by target or time."""
        kind = KFold if self.classes is None else StratifiedKFold
        return kind(int(n_splits), shuffle=True, random_state=self.seeds[0])

    @property
    def asks_for_folds(self) -> bool:
        """Whether the user chose the folds: by more than their number, or by groups."""
        return bool(self.split_params) or not is_number_of_folds(self.cv)

    def with_fixed_folds(self) -> "CrossFitTask":
        """Return the task with its folds as a list: a splitter may draw others."""
        return replace(self, cv=self.folds(), split_params={})

    def folds(self) -> list:
        """Return the folds as a list, checked to hold out each sample once."""
        cv = 5 if self.cv is None else self.cv
        if isinstance(cv, Integral):
            cv = self.splitter(cv)
        cv = check_cv(cv, self.y, classifier=self.classes is not None)
        folds = list(cv.split(self.X, self.y, **self.split_params))
        check_partition(folds, len(self.y))
        return folds


def cross_fit(task: CrossFitTask, method: str | bool) -> CrossFitResult:
    """Fit the teacher and get its predictions for the training samples.

    Parameters
    ----------
    task : CrossFitTask
        The teacher and the training data.
    method : {"auto", "kfold", "oob", "stack"} or False
        Where out-of-fold predictions come from. "auto" takes the cheapest source that
        the teacher has where `cv` is a number or None; else only folds do, those of
        `cv`: a stack's own count if they are the same.

    Returns
    -------
    CrossFitResult
    """
    if task.teacher is None:
        # Its members ask for the weights by metadata routing, whatever the user's
        # configuration is: no other way leads into the pipelines of a stack.
        with config_context(enable_metadata_routing=True):
            done = cross_fit(_with_default_teacher(task, method), method)
        if isinstance(done.teacher, StackingRegressor | StackingClassifier):
            # Folds made for these samples would not do for a refit on others.
            done.teacher.set_params(cv=None)
        return done
    teacher = task.teacher
    with naming_failures(f"teacher ({type(teacher).__name__})"), explaining_pickles():
        if isinstance(teacher, FrozenEstimator):
            done = _frozen(task, method)
        else:
            if method is not False:
                _check_nothing_frozen(teacher)
            done = _METHODS[method](task)
        check_predictions(done.predictions, "X")
        _check_shape(done.predictions, task)
        if task.classes is None:
            return done
        return replace(done, predictions=as_precise_as(task.X, done.predictions))


def is_number_of_folds(cv: Any) -> bool:
    """Return whether `cv` says how many folds there are, and no more."""
    return cv is None or isinstance(cv, Integral)


def fits_once_a_fold(
    teacher: Estimator | None, method: str | bool, *, asks_for_folds: bool
) -> bool:
    """Return whether a teacher is cross-fitted by one fit for each fold.

    Parameters
    ----------
    teacher : estimator or None
        Unfitted; None for the default one, a stack.
    method : {"auto", "kfold", "oob", "stack"} or False
        As for `cross_fit`.
    asks_for_folds : bool
        Whether the user chose the folds.

    Examples
    --------
    >>> from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
    >>> fits_once_a_fold(ExtraTreesRegressor(), "auto", asks_for_folds=False)
    True
    >>> fits_once_a_fold(RandomForestRegressor(), "auto", asks_for_folds=False)
    False
    """
    if method != "auto":
        return method == "kfold"
    if teacher is None or isinstance(teacher, StackingRegressor | StackingClassifier):
        return False
    return asks_for_folds or not has_oob(teacher)


def _check_shape(predictions: NDArray, task: CrossFitTask) -> None:
    """Raise if the teacher predicts other outputs, or classes, than there are in y."""
    expected, what = np.shape(task.y), "value for each sample and output"
    if task.classes is not None:
        expected, what = (len(task.y), len(task.classes)), "column for each class"
    if predictions.shape != expected:
        raise ValueError(
            f"The teacher's predictions must hold one {what}: shape {expected}. Got "
            f"shape {predictions.shape}. Mend its predict or predict_proba, or pass "
            "another teacher."
        )


def _with_default_teacher(task: CrossFitTask, method: str | bool) -> CrossFitTask:
    # A DataFrame of sparse columns alone is a sparse matrix to scikit-learn.
    if issparse(task.X) or 0 < len(sparse_columns(task.X)) == np.shape(task.X)[1]:
        raise ValueError(
            "Sparse input is not supported by the default teacher, which needs dense "
            f"data. Got a {type(task.X).__name__}. Use X.toarray(), of a DataFrame "
            "X.sparse.to_dense(), if it fits into memory, or pass a teacher that takes "
            "sparse data."
        )
    if np.ndim(task.X) != 2:
        raise ValueError(
            "The default teacher needs X of shape (n_samples, n_features). Got shape "
            f"{np.shape(task.X)}. Pass a teacher that takes such data, for example a "
            "Pipeline that begins with a vectorizer."
        )
    _check_numbers(task.X)
    if method != "kfold":
        task = task.with_fixed_folds()
    # Inside k-fold the stack is fitted on parts, for which these folds do not hold.
    needs_kfold = method == "auto" and len(task.cv) > MOST_FOLDS
    inner = task.splitter(5) if method == "kfold" or needs_kfold else task.cv
    build = default_regressor if task.classes is None else default_classifier
    teacher = build(*np.shape(task.X), cv=inner, n_jobs=task.n_jobs)
    return replace(task, teacher=teacher)


def _check_numbers(X: Table) -> None:
    """Raise if a column holds text, times or other cells that are no numbers."""
    if hasattr(X, "iloc"):
        columns = {name: X.iloc[:, i] for i, name in enumerate(X.columns)}
    else:
        values = np.asarray(X)
        columns = {} if values.dtype.kind in "biuf" else dict(enumerate(values.T))
    found = [name for name, cells in columns.items() if not _holds_numbers(cells)]
    if found:
        raise ValueError(
            "Text, categories and times are not supported by the default teacher, "
            f"which needs numbers. Got other cells in {len(found)} columns: {found[:5]}"
            ". Encode them before the distilled model, make_pipeline(encoder, model), "
            "or pass a teacher that takes them, such as a Pipeline with an encoder."
        )


def _holds_numbers(cells: Table) -> bool:
    """Return whether the cells of a column are numbers, or can be read as such.

    Cells that are neither text nor numbers are left to the teacher, which names them.
    """
    kind = getattr(cells.dtype, "kind", "O")
    if kind in "biufmM":
        return kind in "biuf"
    try:
        np.asarray(cells, dtype=float)
    except TypeError:
        return True
    except ValueError:
        return False
    return True


def _cheapest(task: CrossFitTask) -> CrossFitResult:
    if isinstance(task.teacher, StackingRegressor | StackingClassifier):
        return _stack_or_kfold(task)
    if not fits_once_a_fold(task.teacher, "auto", asks_for_folds=task.asks_for_folds):
        with suppress(NoOutOfBagError):  # As where a sample is in every tree's bag.
            return _oob(task)
    return _kfold(task)


def _stack_or_kfold(task: CrossFitTask) -> CrossFitResult:
    """Take a stack's own folds unless others were asked for, or they are too many."""
    if task.asks_for_folds:
        task = task.with_fixed_folds()
        if not _same_folds(task.cv, stack_folds(task.teacher, task.X, task.y)):
            return _kfold(task)
    try:
        return _stack(task)
    except TooManyFoldsError:
        return _kfold(task)


def _same_folds(one: list, other: list) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(rows, others)
        for fold, fellow in zip(one, other, strict=True)
        for rows, others in zip(fold, fellow, strict=True)
    )


def _kfold(task: CrossFitTask) -> CrossFitResult:
    _check_fits_parts(task.teacher)
    folds = task.folds()
    results = Parallel(n_jobs=task.n_jobs)(
        delayed(with_notes)(_fit_fold, task, number, train, test)
        for number, (train, test) in enumerate(folds)
    )
    parts, notes = zip(*results, strict=True)
    warn_again(chain(*notes))
    fitted, known, predicted = (list(part) for part in zip(*parts, strict=True))
    held_out = [rows for _, rows in folds]
    predictions = in_sample_order(held_out, predicted, len(task.y))
    if learns_in_context(task.teacher):
        # To fit it is cheap, and to ask one is cheaper than to ask one for each fold.
        fitted_on_all, _ = task.fit(task.unfitted())
        return CrossFitResult(fitted_on_all, predictions, is_out_of_fold=True)
    mean: FoldMeanRegressor | FoldMeanClassifier = FoldMeanRegressor(fitted)
    if task.classes is not None:
        mean = FoldMeanClassifier(fitted, known, task.classes)
    mean.folds_ = np.empty(len(task.y), dtype=np.min_scalar_type(len(folds)))
    for number, rows in enumerate(held_out):
        mean.folds_[rows] = number
    return CrossFitResult(mean, predictions, is_out_of_fold=True)


def _fit_fold(
    task: CrossFitTask, number: int, train: NDArray, test: NDArray
) -> tuple[Estimator | None, NDArray | None, NDArray]:
    """Fit the teacher on one fold; predict for the samples held out."""
    with naming_failures(f"teacher on fold {number}"):
        fitted, known = task.fit(task.unfitted(), train)
        if task.classes is not None and known is not None:
            warn_missing_class(number, known, task.classes, n_held_out=len(test))
        predictions = task.predict_aligned(fitted, known, safe_indexing(task.X, test))
        # A context is the training data over again: none is kept, or sent by a worker.
        kept = None if learns_in_context(task.teacher) else fitted
        return kept, known, predictions


def _in_sample(task: CrossFitTask) -> CrossFitResult:
    fitted, known = task.fit(task.unfitted())
    return CrossFitResult(
        fitted, task.predict_aligned(fitted, known, task.X), is_out_of_fold=False
    )


def _oob(task: CrossFitTask) -> CrossFitResult:
    if isinstance(task.teacher, BaggingRegressor) and task.y.ndim == 2:
        raise NoOutOfBagError(
            "BaggingRegressor has no out-of-bag predictions for several outputs. Got "
            f"y of shape {task.y.shape}. Use cross_fit='kfold'."
        )
    fitted, known = fit_with_oob(task.fit, task.unfitted())
    predictions = oob_predictions(
        fitted, n_samples=len(task.y), is_classifier=task.classes is not None
    )
    return CrossFitResult(fitted, task.align(predictions, known), is_out_of_fold=True)


def _stack(task: CrossFitTask) -> CrossFitResult:
    stack, record = recording_stack(task.unfitted(), task.X, task.y)
    fitted, known = task.fit(stack)
    predictions = record.out_of_fold(task.predict, fitted, task.fit_params, task.n_jobs)
    record.remove_from(fitted)
    return CrossFitResult(fitted, task.align(predictions, known), is_out_of_fold=True)


def _frozen(task: CrossFitTask, method: str | bool) -> CrossFitResult:
    if method not in ("auto", False):
        raise ValueError(
            "The 'cross_fit' parameter must be 'auto' or False when the teacher is a "
            f"FrozenEstimator: a frozen teacher is used as it is. Got {method!r} "
            "instead. Pass the unfitted estimator itself to have it cross-fitted."
        )
    teacher = task.teacher
    try:
        check_is_fitted(teacher)
    except NotFittedError as error:
        raise NotFittedError(
            "A FrozenEstimator given as teacher must hold a fitted estimator. Got "
            f"{teacher.estimator!r}, which is not fitted. Fit it first, or pass it "
            "without FrozenEstimator to have it fitted here."
        ) from error
    _check_same_features(teacher, task.X)
    known = None
    if task.classes is not None:
        known = np.asarray(teacher.classes_)
        _check_knows_classes(known, task.classes)
    predictions = task.predict_aligned(teacher, known, task.X)
    # Whether it has seen these rows only the user knows: a frozen teacher is trusted.
    return CrossFitResult(teacher, predictions, is_out_of_fold=True)


def _check_nothing_frozen(teacher: Estimator) -> None:
    """Raise if a part of the teacher predicts from labels it has seen already."""
    for name, part in teacher.get_params(deep=True).items():
        if isinstance(part, FrozenEstimator) and hasattr(part, "predict"):
            raise ValueError(
                f"A teacher that is cross-fitted must not hold a frozen predictor: it "
                f"would predict for rows whose labels it saw. Got {part!r} as "
                f"{name!r}. Pass it unfitted, or fit the whole teacher on other rows "
                "and pass FrozenEstimator(teacher)."
            )


def _check_fits_parts(teacher: Estimator) -> None:
    """Raise if the teacher holds splits of all samples: a fold has other ones."""
    for name, value in teacher.get_params(deep=True).items():
        if name.rpartition("__")[2] == "cv" and isinstance(value, list | tuple):
            raise ValueError(
                "A teacher that is fitted on the folds of cv must not hold splits made "
                f"for all rows of X. Got {len(value)} splits as its {name!r}. Give it "
                "a number of folds or a splitter, or, where it is a stack, the same "
                "splits as cv."
            )


def _check_same_features(teacher: Estimator, X: Table) -> None:
    expected, shape = getattr(teacher, "n_features_in_", None), np.shape(X)
    if expected is not None and len(shape) == 2 and shape[1] != expected:
        raise ValueError(
            "A frozen teacher must have been fitted on the columns of X. Got a "
            f"teacher fitted on {expected} features and X with {shape[1]}. Pass the X "
            "it knows, or a Pipeline that selects those columns, fitted and frozen as "
            "a whole."
        )


def _check_knows_classes(known: NDArray, classes: NDArray) -> None:
    if not set(known.tolist()) >= set(classes.tolist()):
        raise ValueError(
            "A frozen teacher must know all the classes in y. Got a teacher with "
            f"classes {known.tolist()} and y with classes {classes.tolist()}. Refit "
            "the teacher on these classes, or restrict the rows to those it knows."
        )


_METHODS: dict[str | bool, Callable[[CrossFitTask], CrossFitResult]] = {
    "auto": _cheapest,
    "kfold": _kfold,
    "oob": _oob,
    "stack": _stack,
    False: _in_sample,
}
