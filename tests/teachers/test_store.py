"""What goes wrong with a cache on disk is said once, and changes no result."""

import os
import pickle
import shutil
import subprocess
import time
import warnings
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
from filelock import FileLock
from joblib import Memory, parallel_config
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from skdistill import DistilledRegressor
from skdistill._warnings import warn_user
from skdistill.exceptions import CacheWarning
from skdistill.teachers import _locks as locks
from skdistill.teachers import _store as store
from tests.doubles import CountingTeacher, UnpicklableTeacher

X, Y = load_diabetes(return_X_y=True)
X_NEW = X[:20] + 0.01
NOBODY = 65534


def model_of(folder, fits=None, **params):
    teacher = Ridge() if fits is None else CountingTeacher(fits)
    return DistilledRegressor(
        teacher,
        Ridge(),
        memory=folder,
        random_state=0,
        on_poor_teacher="ignore",
        transfer=None,
        **params,
    )


def fit(model):
    """Fit a clone; return what student and teacher predict, and what was said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = clone(model).fit(X, Y, X_unlabeled=X_NEW)
        found = np.array([fitted.predict(X), fitted.teacher_.predict(X)])
    return found, [str(one.message) for one in caught]


@pytest.fixture
def fits(tmp_path):
    folder = tmp_path / "fits"
    folder.mkdir()
    return folder


def count(folder):
    return len(list(folder.iterdir()))


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


EXPECTED = fit(model_of(False))[0]


def flip(at):
    def damage(path):
        data = bytearray(path.read_bytes())
        data[int(at * (len(data) - 1))] ^= 4
        path.write_bytes(data)

    return damage


def replace_by_link(path):
    path.unlink()
    path.symlink_to(path.parent / "nothing")


def replace_by_folder(path):
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


DAMAGES = {
    "emptied": lambda path: path.write_bytes(b""),
    "cut in half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "without its last byte": lambda path: os.truncate(path, path.stat().st_size - 1),
    "with a byte more": lambda path: path.write_bytes(path.read_bytes() + b"0"),
    "garbage": lambda path: path.write_bytes(os.urandom(path.stat().st_size)),
    "a bit of the head": flip(0.01),
    "a bit in the middle": flip(0.5),
    "a bit at the end": flip(1),
    "another pickle": lambda path: path.write_bytes(pickle.dumps({"a": 1})),
    "its neighbour": lambda path: shutil.copy(files_of(path.parent)[-2], path),
    "a folder": replace_by_folder,
    "a link to nothing": replace_by_link,
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_entry_is_said_removed_and_made_anew(name, fits, tmp_path):
    model = model_of(tmp_path / "m", fits)
    expected, said = fit(model)
    assert said == []
    files = [path.relative_to(tmp_path) for path in files_of(tmp_path / "m")]
    assert {"teacher", "predictions"} < {path.name for path in files}
    for file in files:
        if not (tmp_path / file).exists():  # A part named after other work.
            continue
        before, is_needed = count(fits), file.name in ("teacher", "predictions")
        try:
            DAMAGES[name](tmp_path / file)
        except (OSError, IndexError):  # An empty file has no byte to lose.
            continue
        found, said = fit(model)
        assert_array_equal(found, expected)
        if is_needed:
            (message,) = said
            assert str((tmp_path / file).parent) in message
            assert "damaged" in message
            assert count(fits) == before + 5
        before = count(fits)
        found, said = fit(model)
        assert_array_equal(found, expected)
        assert (said, count(fits)) == ([], before)


def test_a_teacher_lost_within_a_fit_is_fitted_again(monkeypatch, tmp_path):
    fit(model_of(tmp_path))
    # Others than the first: predictions for them need the teacher itself.
    read = store.FolderStore.read

    def damaged(self, key, part, **params):
        if part == "teacher" and params.get("again", True):
            (self.folder / key / part).write_bytes(b"")
        return read(self, key, part, **params)

    monkeypatch.setattr(store.FolderStore, "read", damaged)
    with pytest.warns(CacheWarning, match="is damaged"):
        model = model_of(tmp_path).fit(X, Y, X_unlabeled=X_NEW + 0.1)
    assert_array_equal(model.teacher_.predict(X), EXPECTED[1])


def test_a_teacher_that_cannot_be_loaded_is_fitted_again(monkeypatch, tmp_path):
    fit(model_of(tmp_path))

    def refuse(file):
        raise ModuleNotFoundError("No module named 'gone'")

    with monkeypatch.context() as patch:
        patch.setattr(cloudpickle, "load", refuse)
        with pytest.warns(CacheWarning, match="cannot be loaded.*'gone'"):
            model_of(tmp_path).fit(X, Y, X_unlabeled=X_NEW + 0.1)
    found, said = fit(model_of(tmp_path))
    assert_array_equal(found, EXPECTED)
    assert said == []


class WarningTeacher(Ridge):
    def fit(self, X, y):
        warn_user("of another library", FitFailedWarning)
        return super().fit(X, y)


def test_a_warning_of_any_kind_is_kept(tmp_path):
    model = model_of(tmp_path).set_params(teacher=WarningTeacher())
    for _ in range(2):
        assert fit(model)[1] == ["of another library"]


def test_what_processes_that_died_left_is_swept_by_age(tmp_path):
    folder = tmp_path / "skdistill"
    fit(model_of(tmp_path))
    left = [folder / ".part-old", folder / ".locks" / "old.lock"]
    young = folder / ".part-young"
    left[0].mkdir()
    (left[0] / "teacher").write_text("x")
    left[1].touch()
    young.mkdir()
    for path in left:
        os.utime(path, (0, time.time() - 48 * 3600))
    fit(model_of(tmp_path, alpha=0.1, cv=3))
    assert not any(path.exists() for path in left)
    assert young.exists()


def test_files_are_the_users_alone(tmp_path):
    folder = tmp_path / "new" / "m"
    fit(model_of(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in (folder / "skdistill").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_predictions_are_kept_as_plain_arrays(tmp_path):
    fit(model_of(tmp_path))
    (path,) = tmp_path.rglob("predictions")
    with path.open("rb") as file:
        for _ in range(3):
            file.readline()
        predictions = np.lib.format.read_array(file, allow_pickle=False)
    assert predictions.shape == Y.shape


@pytest.fixture
def plain_user(tmp_path):
    """Return a function that runs another as a user without special rights."""

    def run(call):
        if os.getuid() != 0:
            return call()
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            try:
                result = call()
            except BaseException as error:
                result = error
            os.write(writer, pickle.dumps(result))
            os._exit(0)
        os.close(writer)
        with open(reader, "rb") as file:
            result = pickle.load(file)
        os.wait()
        if isinstance(result, BaseException):
            raise result
        return result

    if os.getuid() == 0:
        for folder in (tmp_path, *tmp_path.parents[:3]):  # Of a worker, one more.
            folder.chmod(folder.stat().st_mode | 0o011)
        os.chown(tmp_path, NOBODY, NOBODY)
    return run


@pytest.mark.parametrize("below", [".", "m/n"])
def test_a_folder_that_cannot_be_written_costs_the_cache_alone(
    below, tmp_path, plain_user
):
    above = tmp_path / "above"
    above.mkdir()
    if os.getuid() == 0:
        os.chown(above, NOBODY, NOBODY)
    above.chmod(0o500)
    found, said = plain_user(lambda: fit(model_of(above / below)))
    assert_array_equal(found, EXPECTED)
    (message,) = said
    assert "Permission denied" in message
    assert str(above / below) in message


@pytest.mark.parametrize("name", [".", "skdistill"])
def test_a_file_in_the_place_of_the_folder_is_refused(name, tmp_path):
    path = tmp_path / "m" / name if name != "." else tmp_path / "m"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    with pytest.raises(ValueError, match="it is not a folder"):
        model_of(tmp_path / "m").fit(X, Y)


def test_a_filled_cache_that_is_read_only_is_read(tmp_path, fits, plain_user):
    folder = tmp_path / "m"
    fits.chmod(0o777)
    plain_user(lambda: fit(model_of(folder, fits)))
    before = count(fits)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    found, said = plain_user(lambda: fit(model_of(folder, fits)))
    assert said == []
    assert_array_equal(found, fit(model_of(False, fits))[0])
    assert count(fits) == before + 5
    # Other work is done without the cache.
    _, said = plain_user(lambda: fit(model_of(folder, fits, cv=3)))
    assert len(said) == 1
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700)


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "none", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_costs_the_cache_alone(small_disk):
    for _ in range(2):
        found, said = fit(model_of(small_disk))
        assert_array_equal(found, EXPECTED)
        (message,) = said
        assert "No space left" in message
    assert [*small_disk.rglob(".part-*")] == []
    assert [*small_disk.rglob("teacher")] == []


def test_a_file_system_without_locks_costs_the_cache_alone(monkeypatch, tmp_path):
    def refuse(self, *args, **params):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    found, said = fit(model_of(tmp_path))
    assert_array_equal(found, EXPECTED)
    (message,) = said
    assert "flock" in message


def test_a_holder_without_signs_of_life_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(locks, "_SILENT", 0.1)
    monkeypatch.setattr(locks, "_PATIENCE", 0.5)
    fit(model_of(tmp_path))
    (entry,) = (tmp_path / "skdistill").glob("[0-9a-f]*")
    shutil.rmtree(entry)
    path = tmp_path / "skdistill" / ".locks" / f"{entry.name}.lock"
    path.with_suffix(".alive").write_text("process 1 of \x1b[31melsewhere")
    with FileLock(path):
        found, said = fit(model_of(tmp_path))
    assert_array_equal(found, EXPECTED)
    waits, gives_up = said
    assert waits.startswith("Waiting for process 1 of [31melsewhere")
    assert "no sign of life" in gives_up
    assert entry.is_dir()


def test_nothing_is_said_of_a_wait_that_nobody_asked_for(monkeypatch, tmp_path):
    monkeypatch.setattr(locks, "_SILENT", 0.1)
    monkeypatch.setattr(locks, "_PATIENCE", 0.3)
    silent = store.FolderStore(tmp_path, is_asked_for=False)
    with silent.holding("a"), silent.holding("a"):
        pass


def test_a_folder_cleared_meanwhile_is_made_again(tmp_path):
    folder = tmp_path / "m"
    for _ in range(2):
        found, said = fit(model_of(folder))
        assert_array_equal(found, EXPECTED)
        assert said == []
        shutil.rmtree(folder)


def test_a_relative_folder_stays_where_it_was(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    for memory in ("m", Memory("m", verbose=0), Path("m")):
        model_of(memory).fit(X, Y)
        model = model_of(memory).fit(X, Y)
        monkeypatch.chdir(tmp_path / "other")
        assert_array_equal(model.teacher_.predict(X), EXPECTED[1])
        monkeypatch.chdir(tmp_path)


def test_what_cannot_be_pickled_stays_in_the_process(tmp_path, fits):
    model = model_of(tmp_path / "m").set_params(teacher=UnpicklableTeacher(fits))
    with pytest.warns(CacheWarning, match="cannot be pickled"):
        fitted = clone(model).fit(X, Y, X_unlabeled=X_NEW)
    again, said = fit(model)
    assert_array_equal(again, [fitted.predict(X), fitted.teacher_.predict(X)])
    assert (said, count(fits)) == ([], 5)


@pytest.mark.parametrize("memory", ["m", None])
@pytest.mark.parametrize("is_several", [False, True])
def test_what_the_user_changes_reaches_no_later_fit(tmp_path, fits, memory, is_several):
    teacher = UnpicklableTeacher(fits)
    model = model_of(memory and tmp_path / memory)
    model.set_params(teacher=[("one", teacher)] if is_several else teacher)
    found, _ = fit(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CacheWarning)
        teacher = clone(model).fit(X, Y, X_unlabeled=X_NEW).teacher_
    for one in (teacher.named_estimators_.one if is_several else teacher).estimators:
        one.model_.coef_[:] = 100
    assert_array_equal(fit(model)[0], found)


def test_workers_say_what_to_do_with_what_cannot_be_pickled(fits):
    model = model_of(None, n_jobs=2).set_params(teacher=UnpicklableTeacher(fits))
    with pytest.raises(TypeError, match="cannot pickle") as caught:
        fit(model)
    notes = " ".join(caught.value.__notes__)
    assert "n_jobs=1, or threads" in notes
    assert "teacher (UnpicklableTeacher)" in notes
    with parallel_config(backend="threading"):
        assert np.isfinite(fit(model)[0]).all()


class OpaqueFolds(KFold):
    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        raise TypeError("cannot be pickled")


def test_what_nothing_recognises_is_done_each_time(tmp_path, fits):
    for n_fits in (5, 10):
        _, (message,) = fit(model_of(tmp_path / "m", fits, cv=OpaqueFolds(5)))
        assert "nothing tells when the work is the same" in message
        assert count(fits) == n_fits


def chown_to_another(path, monkeypatch):
    if os.getuid() == 0:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    else:
        user = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: user)


@pytest.mark.parametrize("part", [".", "skdistill"])
def test_a_folder_of_another_user_is_refused(part, tmp_path, monkeypatch):
    folder = tmp_path / "m"
    (folder / part).mkdir(parents=True)
    chown_to_another(folder / part, monkeypatch)
    with pytest.raises(ValueError, match="belongs to another user"):
        model_of(folder).fit(X, Y)


@pytest.mark.parametrize("part", [".", "skdistill"])
def test_a_folder_that_others_write_to_is_refused(part, tmp_path):
    folder = tmp_path / "m"
    (folder / part).mkdir(parents=True)
    (folder / part).chmod(0o777)
    with pytest.raises(ValueError, match=r"'memory'.*other users may write to it"):
        model_of(folder).fit(X, Y)


def test_a_link_of_another_user_is_refused_and_an_own_one_followed(
    tmp_path, monkeypatch
):
    (tmp_path / "m").mkdir()
    link = tmp_path / "link"
    link.symlink_to("m")
    fit(model_of(link / "n"))
    assert [*(tmp_path / "m" / "n").rglob("teacher")]
    if os.getuid() != 0:
        pytest.skip("needs the right to make a link another's")
    chown_to_another(link, monkeypatch)
    with pytest.raises(ValueError, match=r"the link .*link on the way"):
        fit(model_of(link / "n"))


def test_a_file_that_another_user_may_have_written_is_not_read(tmp_path, monkeypatch):
    fit(model_of(tmp_path))
    (path,) = tmp_path.rglob("teacher")
    if os.getuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    else:
        path.chmod(0o666)
    found, (message,) = fit(model_of(tmp_path))
    assert "other" in message
    assert_array_equal(found, EXPECTED)


def test_two_users_do_not_share_a_folder(tmp_path, plain_user):
    if os.getuid() != 0:
        pytest.skip("needs the right to be another user")
    folder = tmp_path / "m"
    plain_user(lambda: fit(model_of(folder)))
    with pytest.raises(ValueError, match=f"another user, of number {NOBODY}"):
        fit(model_of(folder))


class CacheAlone:
    def cache(self, function):
        return function


@pytest.mark.parametrize("memory", [CacheAlone(), Memory(None, backend="local")])
def test_memory_without_a_folder_is_refused_or_keeps_nothing(memory, fits):
    model = model_of(memory, fits)
    if isinstance(memory, CacheAlone):
        with pytest.raises(ValueError, match="'memory' parameter.*Pass the folder"):
            model.fit(X, Y)
        return
    for _ in range(2):
        fit(model)
    assert count(fits) == 10
