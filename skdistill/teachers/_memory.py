"""Teacher work that is shared: between candidates of a search, and between processes.

`recall` keeps, under a key of everything the work depends on, the whole work and,
apart from it, the answers alone. A later call with the same key reads the answers; the
fitted teacher stays on disk until somebody asks for it. A file lock named after the
key keeps two processes from doing the same work at once; the system drops the lock of
a process that dies.
"""

import pickle
import sys
import tempfile
from collections.abc import Callable
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
from skdistill.teachers._answers import check_answers
from skdistill.teachers._routes import Lesson, Teaching, teach

__all__ = ["LazyTeacher", "recall", "recall_answers"]


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
        teacher: Estimator = None,
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

    def __getstate__(self):
        # A pickle must not depend on a cache folder that its reader may not have.
        with suppress(AttributeError):
            self.get()
        return {"_shelved": None, "_teacher": self._teacher, "key": None}


@dataclass(frozen=True)
class _Stored:
    """What is read back at once: the answers, without the teacher."""

    answers: NDArray
    honest: bool


def recall(
    memory: Any, lesson: Lesson, cross_fit: str | bool
) -> tuple[NDArray, bool, LazyTeacher]:
    """Teach, or recall what an equal lesson taught before.

    Parameters
    ----------
    memory : object with the joblib.Memory interface
        A joblib.Memory with location None keeps nothing.
    lesson : Lesson
        The teacher and the training data.
    cross_fit : str or False
        As for `teach`.

    Returns
    -------
    answers : ndarray
        The teacher's answers for the training rows.
    honest : bool
        Whether they are honest.
    teacher : LazyTeacher
        The fitted teacher.
    """
    if isinstance(memory, Memory) and memory.store_backend is None:
        done = teach(lesson, cross_fit)
        return done.answers, done.honest, LazyTeacher(done.teacher)
    key = _key(lesson, cross_fit)
    whole = memory.cache(_whole, ignore=["lesson", "cross_fit"])
    answers = memory.cache(_answers, ignore=["done"])
    with FileLock(_lock_path(memory, key)):
        if answers.check_call_in_cache(key, None):
            stored = answers(key, None)
            shelved = whole.call_and_shelve(key, lesson, cross_fit)
            return stored.answers, stored.honest, LazyTeacher(shelved=shelved, key=key)
        done = whole(key, lesson, cross_fit)
        answers(key, done)
    return done.answers, done.honest, LazyTeacher(done.teacher, key=key)


def recall_answers(
    memory: Any, teacher: LazyTeacher, answer: Callable, X: Table
) -> NDArray:
    """Let the teacher answer for new rows, or recall what it answered before.

    Parameters
    ----------
    memory : object with the joblib.Memory interface
        The one that `recall` was given.
    teacher : LazyTeacher
        What `recall` returned.
    answer : ValueAnswers or ClassAnswers
        Reads the answers off the fitted teacher.
    X : table of shape (n_rows, n_features)
        The new rows.

    Returns
    -------
    answers : ndarray
        Finite values, or logits below infinity.
    """
    if teacher.key is None:
        return _answer_for(None, teacher, answer, X)
    cached = memory.cache(_answer_for, ignore=["teacher", "answer", "X"])
    return cached(joblib.hash((teacher.key, _content(X))), teacher, answer, X)


def _answer_for(key, teacher, answer, X):
    answers = answer(teacher.get(), X)
    check_answers(answers, "X_transfer, or of a sampler's rows")
    return answers


def _key(lesson: Lesson, cross_fit: str | bool) -> str:
    """Hash all that the work depends on; `n_jobs` is not among it."""
    by_content = replace(
        lesson,
        X=_content(lesson.X),
        fit_params={name: _content(value) for name, value in lesson.fit_params.items()},
        split_params={k: _content(value) for k, value in lesson.split_params.items()},
        n_jobs=None,
    )
    library = type(final_step(lesson.teacher)).__module__.partition(".")[0]
    versions = [
        getattr(sys.modules.get(name), "__version__", None)
        for name in ("numpy", "sklearn", library)
    ]
    try:
        return joblib.hash((by_content, cross_fit, __version__, versions))
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


def _whole(key: str, lesson: Lesson, cross_fit: str | bool) -> Teaching:
    return teach(lesson, cross_fit)


def _answers(key: str, done: Teaching | None) -> _Stored:
    if done is None:  # Another process cleared the folder since we looked.
        raise KeyError(key)
    return _Stored(done.answers, done.honest)


def _lock_path(memory: Any, key: str) -> Path:
    location = getattr(memory, "location", None)
    if not isinstance(location, str | Path):
        location = tempfile.gettempdir()
    folder = Path(location) / "skdistill-locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{key}.lock"
