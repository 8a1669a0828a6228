"""The cache of teacher work: between candidates of a search, and between processes.

`cached_cross_fit` keeps, under a key of everything the work depends on, the fitted
teacher and, apart from it, its predictions. A later call with the same key reads the
predictions; the teacher stays where it is until somebody asks for it. What goes wrong
with the cache is said, and costs no more than the work: a damaged entry is removed, and
what cannot be stored stays in hand.
"""

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import cloudpickle
import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from skdistill import exceptions
from skdistill._fitting import naming_failures
from skdistill._typing import Estimator, Table
from skdistill._warnings import Note, warn_again, with_notes
from skdistill.exceptions import CacheWarning
from skdistill.teachers._cross_fit import CrossFitTask, cross_fit
from skdistill.teachers._files import Fill
from skdistill.teachers._fold_mean import FoldMeanClassifier, FoldMeanRegressor
from skdistill.teachers._keys import NoKeyError, key_of
from skdistill.teachers._ownership import reason_against
from skdistill.teachers._predictions import (
    check_predictions,
    predict_logits,
    predict_values,
)
from skdistill.teachers._session import default_store, forget, is_temporary, keep, kept
from skdistill.teachers._stage import at_stage
from skdistill.teachers._store import PREDICTIONS, TEACHER, FolderStore, Store

__all__ = [
    "LazyTeacher",
    "cached_cross_fit",
    "cached_part",
    "cached_predictions",
    "open_cache",
]

_FOLDER = "skdistill"


def open_cache(memory: Any) -> Store | None:
    """Return where teacher work is kept.

    Parameters
    ----------
    memory : str, path-like, object with the joblib.Memory interface, None or False
        A folder, or an object with a `location` that is one. If None, the last work of
        this process, or of the search that it works for, is kept. If False, or if the
        location is None, nothing is.

    Returns
    -------
    store : Store or None

    Raises
    ------
    ValueError
        If there is no folder in it, or another user may write what is in the folder.
    """
    if memory is None:
        return default_store()
    if memory is False:
        return None
    location = memory
    if not isinstance(memory, str | os.PathLike):
        location = getattr(memory, "location", memory)
        if location is None:
            return None
    if not isinstance(location, str | os.PathLike):
        raise ValueError(
            "The 'memory' parameter must be a folder, or an object such as "
            "joblib.Memory whose location is a folder on this machine. Got "
            f"{memory!r}, which has none. Pass the folder itself."
        )
    # Where the process works may change, and a teacher is read later.
    folder = Path(os.path.abspath(os.fsdecode(location)))
    for path in (folder, folder / _FOLDER):
        if (reason := reason_against(path)) is not None:
            raise ValueError(
                "The 'memory' parameter must be a folder that only you can write to: "
                f"what is read from a cache is run as code. Got {path}, and {reason}. "
                "Take another folder, or mend who owns it and may write to it."
            )
    return FolderStore(folder / _FOLDER, is_asked_for=not is_temporary(folder))


class LazyTeacher:
    """A fitted teacher that may still lie in the cache.

    Parameters
    ----------
    teacher : fitted estimator, default=None
        The teacher, where it is in memory.
    load : callable, default=None
        Return the teacher from the cache; None if it is there no more.
    redo : callable, default=None
        Return the teacher by fitting it again.
    work : tuple of str, default=None
        The key of that work, and what tells it from equal work done elsewhere.
    stage : float, default=1.0
        After which fraction of its rounds the teacher is taken.
    """

    # What a pickle of a fitted teacher does not hold.
    _load: Callable[[], Estimator | None] | None = None
    _redo: Callable[[], Estimator] | None = None
    work: tuple[str, str] | None = None
    _stage: float = 1.0

    def __init__(
        self,
        teacher: Estimator | None = None,
        *,
        load: Callable[[], Estimator | None] | None = None,
        redo: Callable[[], Estimator] | None = None,
        work: tuple[str, str] | None = None,
        stage: float = 1.0,
    ) -> None:
        self._teacher = teacher
        self._stage = stage
        self._load = load
        self._redo = redo
        self.work = work

    def get(self) -> Estimator:
        """Return the fitted teacher, loaded on the first call."""
        if self._teacher is None and self._load is not None:
            self._teacher = self._load()
        if self._teacher is None and self._redo is not None:
            self._teacher = self._redo()
        if self._teacher is None:
            raise AttributeError(
                "The fitted teacher was kept in `memory` and is there no more. The "
                "student is not affected. Fit again to have the teacher."
            )
        self._load = self._redo = None
        return at_stage(self._teacher, self._stage)

    def hand_out(self) -> Estimator:
        """Return the fitted teacher to the user, who may change it.

        One that cannot be pickled is kept as it is, and from now on no longer.
        """
        if self.work is not None:
            forget(self.work[0])
        return self.get()

    def end_fit(self) -> None:
        """Let go of the training data: the teacher is not fitted again from now on."""
        self._redo = None

    def __getstate__(self) -> dict[str, Any]:
        # A pickle must not depend on a cache folder that its reader may not have.
        self.end_fit()
        try:
            return {"_teacher": self.get()}
        except AttributeError:
            return {"_teacher": None}


@dataclass(frozen=True)
class _Work:
    """What a cross-fit leaves but for the teacher, as it is read at once."""

    predictions: NDArray
    is_out_of_fold: bool
    token: str
    notes: list[Note]


# The work, and the teacher where it need not be loaded.
_Found = tuple[_Work, Estimator | None]


def cached_cross_fit(
    store: Store | None, task: CrossFitTask, method: str | bool, stage: float = 1.0
) -> tuple[NDArray, bool, LazyTeacher]:
    """Cross-fit a teacher, or read what an equal task left in the cache.

    Parameters
    ----------
    store : Store or None
        What `open_cache` returned. None keeps nothing.
    task : CrossFitTask
        The teacher and the training data.
    method : str or False
        As for `cross_fit`.
    stage : float, default=1.0
        After which fraction of its rounds the teacher predicts. It is fitted to the
        end, so that all stages are those of one fit.

    Returns
    -------
    predictions : ndarray
        The teacher's predictions for the training samples.
    is_out_of_fold : bool
        Whether none of them comes from a teacher that saw the sample's label.
    teacher : LazyTeacher
        The fitted teacher.
    """
    key = None if store is None else _key(store, task, method)
    if store is None or key is None:
        done = cross_fit(task, method)
        lazy = LazyTeacher(done.teacher, stage=stage)
        predictions = done.predictions if stage == 1 else _at_stage(lazy, task)
        return predictions, done.is_out_of_fold, lazy
    found = _read(store, key, task)
    if found is None:
        with store.holding(key):
            # Another process may have done it while this one waited.
            found = _read(store, key, task) or _do(store, key, task, method)
    work, teacher = found
    warn_again(work.notes)
    lazy = LazyTeacher(
        teacher,
        load=None if teacher is not None else _loader(store, key),
        redo=None if teacher is not None else lambda: _do(store, key, task, method)[1],
        work=(key, work.token if stage == 1 else f"{work.token}-{float(stage)}"),
        stage=stage,
    )
    predictions = work.predictions
    if stage != 1:
        find = partial(_at_stage, lazy, task)
        predictions = cached_part(store, lazy, "out-of-fold", find)
    return predictions, work.is_out_of_fold, lazy


def cached_predictions(
    store: Store | None, teacher: LazyTeacher, X: Table, classes: NDArray | None
) -> NDArray:
    """Predict for new samples, or read what was predicted before.

    Parameters
    ----------
    store : Store or None
        The one that `cached_cross_fit` was given.
    teacher : LazyTeacher
        What `cached_cross_fit` returned.
    X : table of shape (n_samples, n_features)
        The new samples, as the teacher sees them.
    classes : ndarray of shape (n_classes,) or None
        The order of the columns; None for regression.

    Returns
    -------
    predictions : ndarray
        Finite values, or logits below infinity.
    """
    find = partial(_predict_new, teacher, X, classes)
    try:
        name = key_of(X, classes) if store and teacher.work else ""
    except NoKeyError:
        return find()
    return cached_part(store, teacher, name, find)


def cached_part(
    store: Store | None, teacher: LazyTeacher, name: str, find: Callable[[], NDArray]
) -> NDArray:
    """Return some predictions of a teacher, found or read from its entry.

    Parameters
    ----------
    store : Store or None
        The one that `cached_cross_fit` was given.
    teacher : LazyTeacher
        What `cached_cross_fit` returned.
    name : str
        Tells these predictions from the others of the teacher.
    find : callable
        Returns them.

    Returns
    -------
    predictions : ndarray
    """
    if store is None or teacher.work is None:
        return find()
    key, token = teacher.work
    part = f"{token}-{name}"
    if (file := store.read(key, part)) is not None:
        with file:
            predictions, notes, _ = _read_array(file)
    else:
        predictions, notes = with_notes(find)
        store.add_part(key, part, partial(_write_array, predictions, notes, {}))
    warn_again(notes)
    return predictions


def _at_stage(teacher: LazyTeacher, task: CrossFitTask) -> NDArray:
    """Return what a teacher predicts for the training samples at its stage."""
    fitted = teacher.get()
    if not isinstance(fitted, FoldMeanRegressor | FoldMeanClassifier):
        return _predict_new(teacher, task.X, task.classes)
    predictions = fitted.predict_out_of_fold(task.X)
    check_predictions(predictions, "X")
    return predictions


def _predict_new(teacher: LazyTeacher, X: Table, classes: NDArray | None) -> NDArray:
    fitted = teacher.get()
    with naming_failures("teacher", "predicting unlabeled samples with"):
        predictions: NDArray = (
            predict_values(fitted, X)
            if classes is None
            else predict_logits(fitted, X, classes)
        )
        check_predictions(predictions, "the unlabeled samples")
    return predictions


def _key(store: Store, task: CrossFitTask, method: str | bool) -> str | None:
    """Return the key of the work; None if it cannot be recognised."""
    # How many folds are fitted at once does not change it.
    try:
        return key_of(replace(task, n_jobs=None), method)
    except NoKeyError as error:
        store.say(f"nothing tells when the work is the same, as {error}")
        return None


def _read(store: Store, key: str, task: CrossFitTask) -> _Found | None:
    """Return what is kept of some work; None if any part of it is not there."""
    if (found := kept(key)) is not None:
        return found
    file = store.read(key, PREDICTIONS)
    if file is None:
        return None
    with file:
        predictions, notes, about = _read_array(file)
    if not isinstance(task.teacher, FrozenEstimator) and not store.holds(key, TEACHER):
        return None
    work = _Work(predictions, about["is_out_of_fold"], about["token"], notes)
    return work, task.teacher if isinstance(task.teacher, FrozenEstimator) else None


def _do(store: Store, key: str, task: CrossFitTask, method: str | bool) -> _Found:
    """Do some work, and store it, or keep it where that cannot be done."""
    done, notes = with_notes(cross_fit, task, method)
    # The cache of a teacher that is itself distilled is another matter.
    notes = [note for note in notes if note[1] is not CacheWarning]
    work = _Work(done.predictions, done.is_out_of_fold, uuid.uuid4().hex, notes)
    about = {"is_out_of_fold": work.is_out_of_fold, "token": work.token}
    parts: dict[str, Fill] = {
        PREDICTIONS: partial(_write_array, work.predictions, notes, about)
    }
    if not isinstance(done.teacher, FrozenEstimator):
        parts[TEACHER] = partial(cloudpickle.dump, done.teacher)
    try:
        store.add(key, parts)
    except Exception as error:  # Pickling raises what it likes.
        keep(key, (work, done.teacher))
        store.say(
            f"the fitted teacher cannot be pickled ({type(error).__name__}: {error})"
        )
    return work, done.teacher


def _loader(store: Store, key: str) -> Callable[[], Estimator | None]:
    """Return a function that loads a teacher, also from a store that may lose it."""
    if store.lasts:
        return partial(_load, store, key, partial(store.read, key, TEACHER))
    file = store.read(key, TEACHER)
    if file is None:
        return lambda: None
    with file:
        return partial(_load, store, key, partial(BytesIO, file.read()))


def _load(
    store: Store, key: str, opener: Callable[[], BinaryIO | None]
) -> Estimator | None:
    file = opener()
    if file is None:
        return None
    with file:
        try:
            return cloudpickle.load(file)
        except Exception as error:  # Unpickling raises what it likes.
            reason = f"its teacher cannot be loaded, {type(error).__name__}: {error}"
    store.discard(key, reason)
    return None


def _write_array(
    array: NDArray, notes: list[Note], about: dict[str, Any], file: BinaryIO
) -> None:
    """Write an array, and before it what there is to say of it, without a pickle."""
    head = about | {"notes": [[text, kind.__name__] for text, kind in notes]}
    file.write(json.dumps(head).encode() + b"\n")
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)


def _read_array(file: BinaryIO) -> tuple[NDArray, list[Note], dict[str, Any]]:
    about = json.loads(file.readline())
    notes = [
        # What others than this package warn of by its means is of no kind of its own.
        (text, getattr(exceptions, kind, UserWarning))
        for text, kind in about.pop("notes")
    ]
    return np.lib.format.read_array(file, allow_pickle=False), notes, about
