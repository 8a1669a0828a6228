"""Out-of-fold predictions of a stack for the price of its own fit.

A stack cross-validates its base models to train its final estimator. Those predictions
never saw the label of their sample. They are recorded as they reach the final
estimator, which is then cross-fitted over the same folds, since it too has seen every
label. With 5 folds each base model is fitted 6 times, against 36 if the whole stack
were cross-fitted.

A trace of a label remains: the base predictions that the final estimator learns from
were made for other samples by models that saw this one. What can pass that way is no
more than the mean of the target over each fold, about the fraction folds / samples of
the noise. With many folds this grows until, leaving one out, it is the label itself;
such stacks are refused here and cross-fitted as a whole by `cross_fit="auto"`.
"""

from collections.abc import Callable
from itertools import chain
from typing import Any, Self

from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import check_cv
from sklearn.utils import Tags, get_tags
from sklearn.utils.parallel import Parallel, delayed

from skdistill._sklearn import index_params, safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes, check_partition
from skdistill._warnings import warn_again, with_notes
from skdistill.students import LabelCoder
from skdistill.teachers._predictions import in_sample_order

__all__ = ["MOST_FOLDS", "TooManyFoldsError", "recording_stack", "stack_folds"]

MOST_FOLDS = 10


class TooManyFoldsError(ValueError):
    """A stack's folds are so many that its predictions would carry the labels."""


def recording_stack(
    stack: Estimator, X: Table, y: NDArray
) -> tuple[Estimator, "_StackRecord"]:
    """Set an unfitted stack to record what reaches its final estimator.

    Parameters
    ----------
    stack : StackingRegressor or StackingClassifier
        Unfitted; changed in place.
    X, y : array-like
        The training data, for the stack's own folds.

    Returns
    -------
    stack : the same object
    record : _StackRecord
    """
    folds = stack_folds(stack, X, y)
    if len(folds) > MOST_FOLDS:
        raise TooManyFoldsError(
            f"cross_fit='stack' needs a stack of at most {MOST_FOLDS} folds. Got "
            f"{len(folds)}, through which its final estimator would learn the labels "
            "themselves. Give the stack a smaller cv, or use cross_fit='kfold'."
        )
    record = _StackRecord(stack, folds)
    stack.set_params(cv=folds, final_estimator=record.recorder)
    return stack, record


def stack_folds(stack: Estimator, X: Table, y: NDArray) -> list:
    """Return the folds over which a stack cross-validates its base models."""
    is_classifier = isinstance(stack, StackingClassifier)
    if not isinstance(stack, StackingRegressor | StackingClassifier):
        raise ValueError(
            "cross_fit='stack' needs a StackingRegressor or StackingClassifier as "
            f"teacher. Got {stack!r}. Use cross_fit='kfold', which works for any "
            "teacher."
        )
    if isinstance(stack.cv, str):
        raise ValueError(
            "A stack with cv='prefit' has no out-of-fold predictions of its own. Got "
            f"{stack!r} as teacher. Fit it and pass FrozenEstimator(stack), or give it "
            "unfitted base models and a cv."
        )
    folds = list(check_cv(stack.cv, y, classifier=is_classifier).split(X, y))
    check_partition(folds, len(y))
    return folds


class _RecordingFinal(BaseEstimator):
    """Final estimator that keeps what it was fitted on."""

    def __init__(self, estimator: Estimator) -> None:
        self.estimator = estimator

    def fit(self, X: Table, y: NDArray, **fit_params: Any) -> Self:
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        self.X_, self.y_ = X, y
        return self

    def __sklearn_tags__(self) -> Tags:
        return get_tags(self.estimator)


class _StackRecord:
    """The stack's folds, and its parameters as they were."""

    def __init__(self, stack: Estimator, folds: list) -> None:
        self.folds = folds
        self.params = {"cv": stack.cv, "final_estimator": stack.final_estimator}
        final = stack.final_estimator
        if final is None:  # scikit-learn's own defaults
            is_classifier = isinstance(stack, StackingClassifier)
            final = LogisticRegression() if is_classifier else RidgeCV()
        self.recorder = _RecordingFinal(final)

    def out_of_fold(
        self,
        predict: Callable[[Estimator, Table], NDArray],
        stack: Estimator,
        fit_params: dict[str, Any],
        n_jobs: int | None,
    ) -> NDArray:
        """Cross-fit the final estimator on the recorded out-of-fold predictions."""
        recorder = stack.final_estimator_
        results = Parallel(n_jobs=n_jobs)(
            delayed(with_notes)(
                _final_on_fold, predict, recorder, fit_params, train, test
            )
            for train, test in self.folds
        )
        parts, notes = zip(*results, strict=True)
        warn_again(chain(*notes))
        held_out = [rows for _, rows in self.folds]
        return in_sample_order(held_out, list(parts), len(recorder.y_))

    def remove_from(self, stack: Estimator) -> None:
        """Make the fitted stack what it would be had nothing been recorded."""
        stack.final_estimator_ = stack.final_estimator_.estimator_
        stack.set_params(**self.params)


def _final_on_fold(
    predict: Callable[[Estimator, Table], NDArray],
    recorder: _RecordingFinal,
    fit_params: dict[str, Any],
    train: NDArray,
    test: NDArray,
) -> NDArray:
    """Fit a clone of the final estimator on `train`; predict for `test`."""
    final = clone(recorder.estimator)
    X, y = recorder.X_, recorder.y_
    params = index_params(X, fit_params, indices=train)
    coder = LabelCoder(final) if hasattr(recorder.estimator_, "classes_") else None
    target = y[train] if coder is None else coder.encode(y[train])
    final.fit(safe_indexing(X, train), target, **params)
    predictions = predict(final, safe_indexing(X, test))
    if coder is None:
        return predictions
    return align_classes(
        predictions, coder.classes_of(final), recorder.estimator_.classes_
    )
