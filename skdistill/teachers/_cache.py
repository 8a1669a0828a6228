"""The cache of teacher work: between candidates of a search, and between processes.

`cached_cross_fit` keeps, under a key of everything the work depends on, the whole work
and, apart from it, the predictions alone. A later call with the same key reads the
predictions; the fitted teacher stays on disk until somebody asks for it. A file lock
named after the key keeps two processes from doing the same work at once; the system
drops the lock of a process that dies.
"""

import pickle
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
from filelock import FileLock
from joblib import Memory
from joblib.memory import MemorizedResult
from numpy.typing import NDArray

from skdistill._fitting import final_step
from skdistill._typing import Estimator, Table
from skdistill._version import __version__
from skdistill.teachers._cross_fit import CrossFitResult, CrossFitTask, cross_fit
from skdistill.teachers._predictions import (
    check_predictions,
    predict_logits,
    predict_values,
)

__all__ = ["LazyTeacher", "cached_cross_fit", "cached_predictions"]


class LazyTeacher:
    """A fitted teacher that may still lie on disk.

    Parameters
    ----------
    teacher : fitted estimator, default=None
        The teacher, where it is in memory.
    shelved : joblib.memory.MemorizedResult, default=None
        Where on disk the work is that holds it.
    key : str, default=None
        The key of that work.
    """

    def __init__(
        self,
        teacher: Estimator | None = None,
        *,
        shelved: MemorizedResult | None = None,
        key: str | None = None,
    ) -> None:
        self._teacher = teacher
        self._shelved = shelved
        self.key = key

    def get(self) -> Estimator:
        """Return the fitted teacher, loaded on the first call."""
        if self._shelved is not None:
            try:
                self._teacher, self._shelved = self._shelved.get().teacher, None
            except (KeyError, OSError):
                self._shelved = None
        if self._teacher is None:
            raise AttributeError(
                "The fitted teacher was kept in `memory` and is there no more. The "
                "student is not affected. Fit again to have the teacher."
            )
        return self._teacher

    def __getstate__(self) -> dict[str, Any]:
        # A pickle must not depend on a cache folder that its reader may not have.
        with suppress(AttributeError):
            self.get()
        return {"_shelved": None, "_teacher": self._teacher, "key": None}


@dataclass(frozen=True)
class _Stored:
    """What is read back at once: the predictions, without the teacher."""

    predictions: NDArray
    is_out_of_fold: bool


def cached_cross_fit(
    memory: Any, task: CrossFitTask, method: str | bool
) -> tuple[NDArray, bool, LazyTeacher]:
    """Cross-fit a teacher, or read what an equal task left in the cache.

    Parameters
    ----------
    memory : object with the joblib.Memory interface, or None
        None, and a joblib.Memory with location None, keep nothing.
    task : CrossFitTask
        The teacher and the training data.
    method : str or False
        As for `cross_fit`.

    Returns
    -------
    predictions : ndarray
        The teacher's predictions for the training samples.
    is_out_of_fold : bool
        Whether none of them comes from a teacher that saw the sample's label.
    teacher : LazyTeacher
        The fitted teacher.
    """
    if memory is None or (isinstance(memory, Memory) and memory.store_backend is None):
        done = cross_fit(task, method)
        return done.predictions, done.is_out_of_fold, LazyTeacher(done.teacher)
    key = _key(task, method)
    whole = memory.cache(_whole, ignore=["task", "method"])
    predictions = memory.cache(_predictions, ignore=["done"])
    with FileLock(_lock_path(memory, key)):
        if predictions.check_call_in_cache(key, None):
            stored = predictions(key, None)
            shelved = whole.call_and_shelve(key, task, method)
            teacher = LazyTeacher(shelved=shelved, key=key)
            return stored.predictions, stored.is_out_of_fold, teacher
        done = whole(key, task, method)
        predictions(key, done)
    return done.predictions, done.is_out_of_fold, LazyTeacher(done.teacher, key=key)


def cached_predictions(
    memory: Any, teacher: LazyTeacher, X: Table, classes: NDArray | None
) -> NDArray:
    """Predict for new samples, or read what was predicted before.

    Parameters
    ----------
    memory : object with the joblib.Memory interface
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
    if teacher.key is None:
        return _predict_new(None, teacher, X, classes)
    cached = memory.cache(_predict_new, ignore=["teacher", "X", "classes"])
    return cached(joblib.hash((teacher.key, _content(X))), teacher, X, classes)


def _predict_new(
    key: str | None, teacher: LazyTeacher, X: Table, classes: NDArray | None
) -> NDArray:
    fitted = teacher.get()
    if classes is None:
        predictions = predict_values(fitted, X)
    else:
        predictions = predict_logits(fitted, X, classes)
    check_predictions(predictions, "the unlabeled samples")
    return predictions


def _key(task: CrossFitTask, method: str | bool) -> str:
    """Hash all that the work depends on; `n_jobs` is not among it."""
    by_content = replace(
        task,
        X=_content(task.X),
        fit_params={name: _content(value) for name, value in task.fit_params.items()},
        split_params={k: _content(value) for k, value in task.split_params.items()},
        n_jobs=None,
    )
    library = type(final_step(task.teacher)).__module__.partition(".")[0]
    versions = [
        getattr(sys.modules.get(name), "__version__", None)
        for name in ("numpy", "sklearn", library)
    ]
    try:
        return joblib.hash((by_content, method, __version__, versions))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        error.add_note(
            "With memory set, the teacher and the data are pickled to recognise them. "
            "Use memory=None, or replace what cannot be pickled (a lambda, a "
            "generator) by a function of a module or a list."
        )
        raise


def _content(data: Any) -> Any:
    """Stand in for pandas data: equal contents may be laid out in several ways."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(data, pandas.DataFrame | pandas.Series):
        return data
    frame = data.to_frame() if isinstance(data, pandas.Series) else data
    columns = [
        (str(name), str(dtype), list(getattr(dtype, "categories", [])))
        for name, dtype in frame.dtypes.items()
    ]
    try:
        return columns, pandas.util.hash_pandas_object(frame).to_numpy()
    except TypeError:  # Cells that cannot be hashed, such as lists, can be pickled.
        return data


def _whole(key: str, task: CrossFitTask, method: str | bool) -> CrossFitResult:
    return cross_fit(task, method)


def _predictions(key: str, done: CrossFitResult | None) -> _Stored:
    if done is None:  # Another process cleared the folder since we looked.
        raise KeyError(key)
    return _Stored(done.predictions, done.is_out_of_fold)


def _lock_path(memory: Any, key: str) -> Path:
    location = getattr(memory, "location", None)
    if not isinstance(location, str | Path):
        location = tempfile.gettempdir()
    folder = Path(location) / "skdistill-locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{key}.lock"
