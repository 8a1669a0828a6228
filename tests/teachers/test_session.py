"""Without a folder the last teacher work is kept in the process, and never seen."""

import os
import pickle
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.teachers import _session as session
from tests.doubles import CountingTeacher

ROOT = Path(__file__).parents[2]
X, Y = load_diabetes(return_X_y=True)
X, Y = X[:200], Y[:200]


@pytest.fixture
def fits(tmp_path):
    folder = tmp_path / "fits"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def nothing_kept():
    default = session.default_store()
    default.clear()
    yield default
    default.clear()


# Five folds of the teacher, and two of a trial of the student.
N_FITS = 5 + 2


def count(folder):
    return len(list(folder.iterdir()))


def grid(fits, n_jobs, **params):
    model = DistilledRegressor(CountingTeacher(fits), Ridge(), **params)
    pipeline = make_pipeline(StandardScaler(), model)
    candidates = {
        "distilledregressor__alpha": [0.2, 0.8],
        "distilledregressor__temperature": [1.0, 2.0],
    }
    return GridSearchCV(pipeline, candidates, cv=3, n_jobs=n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_grid_search_with_nothing_set_fits_each_teacher_once(n_jobs, fits):
    grid(fits, n_jobs).fit(X, Y)
    # In each of three folds and in the refit.
    assert count(fits) == N_FITS * (3 + 1)


def test_false_keeps_nothing(fits):
    grid(fits, 1, memory=False).fit(X, Y)
    assert count(fits) == N_FITS * (3 * 4 + 1)


@pytest.mark.parametrize("transfer", ["auto", None])
def test_no_result_shows_what_is_kept(transfer, fits):
    searches = [
        grid(fits, 1, memory=memory, random_state=0, transfer=transfer).fit(X, Y)
        for memory in (False, None)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    assert_array_equal(*scores)
    predictions = [search.predict(X) for search in searches]
    assert_array_equal(*predictions)


def test_a_teacher_that_is_changed_later_is_kept_as_it_was(fits):
    model = DistilledRegressor(CountingTeacher(fits), Ridge(), random_state=0)
    first = clone(model).fit(X, Y)
    expected = first.teacher_.predict(X)
    for part in first.teacher_.estimators:
        part.model_.coef_[:] = 0
    again = clone(model).fit(X, Y)
    assert count(fits) == N_FITS
    assert_array_equal(again.teacher_.predict(X), expected)


def test_a_fitted_model_keeps_its_teacher_when_others_are_dropped(fits, nothing_kept):
    model = DistilledRegressor(CountingTeacher(fits), Ridge(), random_state=0)
    _, again = (clone(model).fit(X, Y) for _ in range(2))
    nothing_kept.clear()
    again.teacher_.predict(X)
    assert count(fits) == N_FITS


class LargeTeacher(RegressorMixin, BaseEstimator):
    def __init__(self, size=1000):
        self.size = size

    def fit(self, X, y):
        self.weights_ = np.zeros(self.size)
        return self

    def predict(self, X):
        return np.zeros(len(X))


def test_what_is_kept_is_bounded():
    store = session.ProcessStore(limit=1000)
    fill = [lambda file, n=n: file.write(bytes(n)) for n in (400, 500, 2000)]
    assert store.add("a", {"predictions": fill[0]})
    assert store.add("b", {"predictions": fill[0]})
    assert store.holds("a", "predictions")
    store.read("a", "predictions")
    assert store.add("c", {"predictions": fill[1]})  # Drops b, read less lately.
    found = [store.holds(key, "predictions") for key in "abc"]
    assert found == [True, False, True]
    assert not store.add("d", {"predictions": fill[2]})
    store.add_part("c", "more", fill[1])
    found = [store.holds(key, "predictions") for key in "abc"]
    assert found == [False, False, True]


def test_a_teacher_beyond_the_bound_is_not_kept(monkeypatch):
    store = session.ProcessStore(limit=2000)
    monkeypatch.setattr(session, "_process", store)
    for size, is_kept in [(1, True), (1000, False)]:
        store.clear()
        model = DistilledRegressor(
            LargeTeacher(size), Ridge(), on_poor_teacher="ignore"
        )
        model.set_params(transfer=None, calibrate=None).fit(X[:20], Y[:20])
        assert bool(store._entries) == is_kept


def test_threads_wait_for_the_same_work_alone():
    store, seen = session.ProcessStore(), []

    def work(key, seconds):
        with store.holding(key):
            seen.append(("begin", key))
            time.sleep(seconds)
            seen.append(("end", key))

    slow = threading.Thread(target=work, args=("a", 0.2))
    slow.start()
    while not seen:
        time.sleep(0.01)
    same = threading.Thread(target=work, args=("a", 0))
    same.start()
    work("b", 0)
    for thread in (slow, same):
        thread.join()
    assert seen[1:3] == [("begin", "b"), ("end", "b")]
    assert seen[3:] == [("end", "a"), ("begin", "a"), ("end", "a")]
    assert store._locks == {}


def test_another_process_has_its_own(nothing_kept):
    nothing_kept.add("a", {"predictions": lambda file: file.write(b"1")})
    assert pickle.loads(pickle.dumps(nothing_kept)) is session.default_store()
    assert len(pickle.dumps(nothing_kept)) < 200


def run(source, *words, env=None):
    """Run a script of a user; return what it printed."""
    path = Path(words[0]) / "script.py"
    path.write_text(textwrap.dedent(source))
    done = subprocess.run(
        [sys.executable, path, *map(str, words)],
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        | (env or {}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


KILLED = """
    import os, signal, sys, tempfile
    from pathlib import Path
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import LinearRegression, Ridge
    from skdistill import DistilledRegressorCV

    class Teacher(LinearRegression):
        def fit(self, X, y):
            if "killed" in sys.argv:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().fit(X, y)

    X, y = load_diabetes(return_X_y=True)
    DistilledRegressorCV(Teacher(), Ridge(), transfers=(None,)).fit(X, y)
    print("done")
"""


def test_a_search_that_was_killed_leaves_nothing_behind_the_next(tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    env = {"TMPDIR": str(folder)}
    with pytest.raises(AssertionError):
        run(KILLED, tmp_path, "killed", env=env)
    (root,) = folder.glob("skdistill-*")
    assert root.stat().st_mode & 0o777 == 0o700
    left = [*root.iterdir()]
    assert len(left) == 1
    alive = root / f"{left[0].name.rpartition('-')[0]}-{os.getpid()}"
    alive.mkdir()
    assert run(KILLED, tmp_path, env=env) == "done\n"
    assert [*root.iterdir()] == [alive]


TWO = [(f"deep_{n}", DecisionTreeRegressor(max_depth=n)) for n in (2, 5)]


def random_folds():
    return KFold(3, shuffle=True, random_state=np.random.RandomState(0))


def test_folds_drawn_anew_each_time_do_not_show_what_is_kept(nothing_kept):
    def fit(**params):
        model = DistilledRegressor(
            TWO, Ridge(), cv=random_folds(), transfer=None, random_state=0, **params
        )
        first = model.fit(X, Y).predict(X)
        return first, model.fit(X, Y).predict(X)

    found = fit(memory=False)
    assert_array_equal(fit(), found)
    assert_array_equal(fit(), found)
    assert not np.array_equal(*found)


def test_folds_drawn_anew_each_time_are_alike_in_all_processes():
    scores = [
        DistilledRegressorCV(
            TWO,
            DecisionTreeRegressor(max_depth=4),
            inner_cv=random_folds(),
            cv=3,
            transfers=(None,),
            random_state=0,
            n_jobs=n_jobs,
        )
        .fit(X, Y)
        .cv_results_["mean_test_score"]
        for n_jobs in (1, 2)
    ]
    assert_array_equal(*scores)


def test_a_search_in_a_worker_leaves_no_folder_behind(monkeypatch, tmp_path):
    monkeypatch.setattr(session.tempfile, "gettempdir", lambda: str(tmp_path))
    with session.temporary_folder() as one:
        with session.temporary_folder() as other:
            assert one.parent == other.parent
        assert one.is_dir()
        assert not other.exists()
    assert not one.parent.exists()


def test_a_search_without_a_folder_for_temporary_files_goes_on(monkeypatch, tmp_path):
    def refuse(**params):
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(session.tempfile, "mkdtemp", refuse)
    monkeypatch.setattr(session.tempfile, "gettempdir", lambda: str(tmp_path / "no"))
    search = DistilledRegressorCV(Ridge(), Ridge(), transfers=(None,), cv=2)
    search.fit(X, Y).teacher_.predict(X)


SHARED = """
    import sys, threading
    from itertools import product
    from pathlib import Path
    import numpy as np
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    from skdistill import DistilledRegressor, DistilledRegressorCV

    class Teacher(LinearRegression):
        def __init__(self, folder="", call=None, locked=False):
            super().__init__()
            self.folder, self.call, self.locked = folder, call, locked

        def fit(self, X, y):
            import os, time
            (Path(self.folder) / f"{time.time_ns()}-{os.getpid()}").touch()
            if self.locked:
                self.lock_ = threading.Lock()
            return super().fit(self._called(X), y)

        def predict(self, X):
            return super().predict(self._called(X))

        def _called(self, X):
            return X if self.call is None else self.call(X)

    def doubled(X):
        return 2 * X

    def local():
        class Local(Teacher):
            def __init__(self, folder=""):
                super().__init__(folder)
        return Local

    fits, memory, kinds, ways, jobs = sys.argv[2:7]
    TEACHERS = {
        "class": Teacher(fits),
        "function": Teacher(fits, doubled),
        "lambda": Teacher(fits, lambda X: 2 * X),
        "local": local()(fits),
        "unpicklable": Teacher(fits, locked=True),
    }

    def fit(teacher, way, n_jobs, folder):
        shared = {"memory": folder, "random_state": 0, "on_poor_teacher": "ignore"}
        if way == "search":
            del shared["on_poor_teacher"]
            return DistilledRegressorCV(
                teacher, Ridge(), cv=3, n_jobs=n_jobs, transfers=(None,), **shared
            ).fit(X, y)
        model = DistilledRegressor(
            teacher, Ridge(), n_jobs=n_jobs if way == "estimator" else None, **shared
        )
        if way == "estimator":
            model.fit(X, y)
            return model.fit(X, y)
        return GridSearchCV(model, {"alpha": [0.2, 0.5]}, cv=2, n_jobs=n_jobs).fit(X, y)

    X, y = load_diabetes(return_X_y=True)
    X, y = X[:120], y[:120]
    for kind, way, jobs in product(kinds.split(","), ways.split(","), jobs.split(",")):
        if (kind, jobs) == ("unpicklable", "2") and way != "grid":
            continue  # Its folds cannot come back from other processes.
        expected = fit(TEACHERS[kind], way, 1, False).predict(X)
        for place in (None, f"{memory}/{kind}-{way}-{jobs}"):
            before = len([*Path(fits).iterdir()])
            found = fit(TEACHERS[kind], way, int(jobs), place).predict(X)
            n_fits = len([*Path(fits).iterdir()]) - before
            same = np.array_equal(found, expected)
            print(kind, way, jobs, place is None, n_fits // 5, same)
"""

# How often a teacher is cross-fitted at most: by two fits, by two candidates on two
# folds and the refit, and by a search on three folds and its refit.
MOST_FITS = {"estimator": 1, "grid": 3, "search": 4}


def check_combinations(folder, kinds, ways, jobs):
    for name in ("fits", "memory"):
        (folder / name).mkdir()
    words = [folder, folder / "fits", folder / "memory", kinds, ways, jobs]
    for line in run(SHARED, *words, env={"PYTHONWARNINGS": "ignore"}).splitlines():
        kind, way, n_jobs, _, n_fits, same = line.split()
        assert same == "True", line
        # Each worker has its own of what cannot be pickled.
        if (kind, n_jobs) != ("unpicklable", "2"):
            assert int(n_fits) <= MOST_FITS[way], line
        yield line


def test_code_of_a_script_is_cached_like_any_other(tmp_path):
    found = [*check_combinations(tmp_path, "lambda", "estimator,grid", "2")]
    assert len(found) == 4


@pytest.mark.slow
def test_all_kinds_of_code_are_cached_everywhere(tmp_path):
    kinds, ways = "class,function,lambda,local,unpicklable", "estimator,grid,search"
    assert len([*check_combinations(tmp_path, kinds, ways, "1,2")]) == 56
