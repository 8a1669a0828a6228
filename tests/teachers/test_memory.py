import pickle
import shutil
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skdistill import DistilledClassifier, DistilledRegressor
from tests.doubles import CountingTeacher, NumbersTeacher


@pytest.fixture
def diabetes():
    return load_diabetes(return_X_y=True)


def test_weights_and_groups_are_part_of_the_key(diabetes, tmp_path):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), Ridge(), memory=tmp_path / "m", random_state=0)
    unweighted = model.fit(X, y).predict(X)
    weighted = model.fit(X, y, sample_weight=np.arange(442) % 3).predict(X)
    alone = clone(model).set_params(memory=None)
    assert_array_equal(alone.fit(X, y, np.arange(442) % 3).predict(X), weighted)
    assert not np.array_equal(unweighted, weighted)
    with config_context(enable_metadata_routing=True):
        cv = GroupKFold(3).set_split_request(groups=True)
        model.set_params(cv=cv)
        scores = [
            model.fit(X, y, groups=np.arange(442) % k).teacher_score_ for k in (3, 5)
        ]
    assert scores[0] != scores[1]


def test_a_cleared_cache_loses_the_teacher_alone(diabetes, tmp_path):
    X, y = diabetes
    folder = tmp_path / "m"
    model = DistilledRegressor(Ridge(), Ridge(), memory=folder, random_state=0)
    first, again = (clone(model).fit(X, y) for _ in range(2))
    shutil.rmtree(folder)
    # The process that did the work has the teacher; another must say what happened.
    assert_array_equal(first.teacher_.predict(X).shape, (442,))
    expected = again.predict(X)
    with pytest.raises(AttributeError, match="kept in `memory` and is there no more"):
        _ = pickle.loads(pickle.dumps(again)).teacher_
    assert_array_equal(pickle.loads(pickle.dumps(again)).predict(X), expected)


@pytest.fixture
def fits(tmp_path):
    folder = tmp_path / "fits"
    folder.mkdir()
    return folder


# Five folds of the teacher, and two of a trial of the student.
N_FITS = 5 + 2


def count(folder):
    return len(list(folder.iterdir()))


def test_a_second_fit_reads_the_cached_predictions(diabetes, fits, tmp_path):
    X, y = diabetes
    model = DistilledRegressor(
        CountingTeacher(fits), Ridge(), memory=tmp_path / "m", random_state=0
    )
    first = model.fit(X, y).predict(X)
    assert count(fits) == N_FITS
    model.set_params(alpha=0.9, temperature=2.0, student=Ridge(0.1)).fit(X, y)
    model.set_params(alpha=0.5, temperature=1.0, student=Ridge()).fit(X, y)
    assert count(fits) == N_FITS
    assert_array_equal(model.predict(X), first)


def test_what_changes_the_teachers_work_is_not_read_from_the_cache(
    diabetes, fits, tmp_path
):
    X, y = diabetes
    model = DistilledRegressor(CountingTeacher(fits), Ridge(), memory=tmp_path / "m")
    model.fit(X, y)
    for change, fits_more in [
        ({"X": X * 2}, N_FITS),
        ({"y": y + 1}, N_FITS),
        ({"cv": 4}, 4 + 2),
        ({"random_state": 1}, N_FITS),
        ({"cross_fit": False}, 1),
        ({"teacher__seconds": 1e-6}, N_FITS),
    ]:
        before = count(fits)
        data = {"X": X, "y": y} | {k: v for k, v in change.items() if k in "Xy"}
        params = {k: v for k, v in change.items() if k not in "Xy"}
        clone(model).set_params(**params).fit(**data)
        assert count(fits) == before + fits_more, change


def test_the_number_of_jobs_does_not_matter(diabetes, fits, tmp_path):
    X, y = diabetes
    model = DistilledRegressor(CountingTeacher(fits), Ridge(), memory=tmp_path / "m")
    model.fit(X, y)
    model.set_params(n_jobs=2, verbose=0).fit(X, y)
    assert count(fits) == N_FITS


def test_dataframes_with_strings_and_categories_are_cached(fits, tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "number": rng.normal(size=60),
            "string": rng.choice(["a", "bb"], 60),
            "kind": pd.Categorical(rng.choice(["x", "y"], 60)),
        }
    )
    y = pd.Series(rng.normal(size=60))

    student = make_pipeline(
        make_column_transformer(("passthrough", ["number"])), Ridge()
    )
    model = DistilledRegressor(
        NumbersTeacher(fits), student, memory=str(tmp_path / "m")
    )
    model.fit(X, y)
    rows = np.arange(60)
    model.fit(X.iloc[rows].copy(), y.iloc[rows].copy())
    assert count(fits) == 5


def test_values_that_cannot_be_hashed_are_cached_too(fits, tmp_path):
    X = pd.DataFrame({"number": np.arange(30.0), "words": [["a", "b"]] * 30})
    student = make_pipeline(
        make_column_transformer(("passthrough", ["number"])), Ridge()
    )
    model = DistilledRegressor(
        NumbersTeacher(fits), student, cv=3, memory=tmp_path / "m"
    )
    model.fit(X, np.arange(30.0))
    model.fit(X, np.arange(30.0))
    assert count(fits) == 3


def test_the_teacher_is_loaded_when_asked_for(diabetes, tmp_path):
    X, y = diabetes
    memory = joblib.Memory(tmp_path / "m", verbose=0)
    model = DistilledRegressor(
        ExtraTreesRegressor(5), Ridge(), memory=memory, random_state=0
    )
    expected = model.fit(X, y).teacher_.predict(X)
    again = clone(model).fit(X, y)
    assert again._teacher._teacher is None
    assert_array_equal(again.teacher_.predict(X), expected)
    assert again.teacher_ is again.teacher_


def test_a_pickle_does_not_need_the_cache(diabetes, tmp_path):
    X, y = diabetes
    folder = tmp_path / "m"
    model = DistilledRegressor(Ridge(), Ridge(), memory=folder).fit(X, y)
    model = DistilledRegressor(Ridge(), Ridge(), memory=folder).fit(X, y)
    data = pickle.dumps(model)
    shutil.rmtree(folder)
    assert_array_equal(
        pickle.loads(data).teacher_.predict(X), model.teacher_.predict(X)
    )


def rare_class():
    """Return data of which one fold lacks a class, and folds that are not shuffled."""
    X, y = load_iris(return_X_y=True)
    y[0] = 3
    return X, y, KFold(3)


def rare_warnings(model, X, y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    return [str(one.message) for one in caught if "no row of class" in str(one.message)]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_warnings_of_folds_reach_the_caller_once_also_from_the_cache(n_jobs, tmp_path):
    X, y, cv = rare_class()
    model = DistilledClassifier(
        GaussianNB(), GaussianNB(), cv=cv, memory=tmp_path / "m", n_jobs=n_jobs
    )
    model.set_params(random_state=0, on_poor_teacher="ignore", transfer=None)
    first, again = (rare_warnings(model, X, y) for _ in range(2))
    assert again == first
    assert len(first) == len({*first}) == 3  # Each fold lacks one of four classes.
    assert "fold 0 has no row of class [0, 3]" in first[0]


SCRIPT = """
    import sys
    from pathlib import Path
    from sklearn.datasets import load_diabetes, load_iris
    from sklearn.linear_model import Ridge
    from skdistill import DistilledClassifier, DistilledRegressor
    from tests.doubles import CountingTeacher, KilledTeacher

    if __name__ == "__main__":
        kind, folder = sys.argv[1:]
        teacher = {"counting": CountingTeacher, "killed": KilledTeacher}[kind]
        X, y = load_diabetes(return_X_y=True)
        DistilledRegressor(
            teacher(Path(folder) / "fits", seconds=0.2),
            Ridge(),
            memory=Path(folder) / "m",
            on_poor_teacher="ignore",
        ).fit(X, y)
"""


def start(kind, folder):
    script = folder / "fit.py"
    script.write_text(textwrap.dedent(SCRIPT))
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(root)!r}); "
            f"sys.argv = ['fit', {kind!r}, {str(folder)!r}]; "
            f"exec(open({str(script)!r}).read())",
        ],
        stderr=subprocess.PIPE,
    )


def test_two_processes_at_once_fit_the_teacher_once(fits, tmp_path):
    processes = [start("counting", tmp_path) for _ in range(2)]
    errors = [process.communicate()[1] for process in processes]
    # On a busy machine one says that it waits for the other.
    assert all(error.count(b"Warning") <= 1 for error in errors)
    assert [process.returncode for process in processes] == [0, 0]
    assert count(fits) == 5


def test_a_killed_process_leaves_the_work_to_the_next(fits, tmp_path):
    first = start("killed", tmp_path)
    first.communicate()
    assert first.returncode == -9
    second = start("killed", tmp_path)
    assert second.communicate()[1] == b""
    assert second.returncode == 0
    assert count(fits) == 5
