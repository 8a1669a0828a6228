"""How much a fit tries, how long it takes and on how many threads."""

import json
import os
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, ShuffleSplit
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_info
from xgboost import XGBClassifier

from skdistill import DistilledClassifier
from skdistill.cli import _effort, _outputs, _parts
from skdistill.cli._effort import Pace, fitting, pace_of, usual
from skdistill.cli._losses import LOSSES
from skdistill.cli._parts import preparation, student, teacher
from skdistill.cli._rows import Parts
from skdistill.cli._tables import Schema
from skdistill.cli._threads import at_most, single_threaded
from skdistill.transfer import TransferSet
from tests.cli.tables import houses, run, write

PACE = Pace(teacher=1.0, student=1.0, n_temperatures=2, n_jobs=1)


def test_large_tables_and_quick_fits_try_less():
    assert usual(20_000, quick=False).n_folds == 5
    assert usual(20_001, quick=False).n_folds == 1
    assert usual(200_000, quick=False).n_teacher_folds == 5
    assert usual(200_001, quick=False).n_teacher_folds == 3
    assert usual(10, quick=True).n_teacher_folds == 2
    assert usual(10, quick=True).has_small_teacher
    assert not usual(200_001, quick=False).has_small_teacher


def test_the_most_that_fits_is_tried_and_the_least_where_none_does():
    most = usual(10, quick=False)
    seconds = [PACE.seconds(one) for one in _effort._ALL]
    # Five folds of 6 + 2 fits, and 7; one of them; one of 4 and smaller ones; of 3.
    np.testing.assert_allclose(
        seconds, [39.0, 13.4, 0.8 * (4 + 12 / 11) + 4 + 6 / 11, 1.8 * (3 + 4 / 11)]
    )
    for number, needed in enumerate(seconds):
        found, fits = fitting(most, PACE.seconds, needed / 0.8 + 1e-6)
        assert found is _effort._ALL[number]
        assert fits
    found, fits = fitting(most, PACE.seconds, 1.0)
    assert found is _effort._ALL[-1]
    assert not fits
    found, _ = fitting(_effort._ALL[1], PACE.seconds, 1e9)
    assert found is _effort._ALL[1]
    at_once = Pace(1.0, 1.0, n_temperatures=2, n_jobs=5)
    assert at_once.seconds(most) == at_once.seconds(_effort._ALL[1])


def test_folds_are_of_groups_where_there_are_groups():
    most, *_, least = _effort._ALL
    assert most.search_params("regression", 50, 0, has_groups=False) == {}
    groups = most.search_params("regression", 50, 0, has_groups=True)
    assert isinstance(groups["cv"], GroupKFold)
    groups = least.search_params("regression", 50, 0, has_groups=True)
    assert isinstance(groups["cv"], GroupShuffleSplit)
    assert isinstance(
        least.search_params("regression", 50, 0, has_groups=False)["cv"], ShuffleSplit
    )
    classes = least.search_params("classification", 50, 0, has_groups=False)
    assert classes["temperatures"] == (1.0,)
    assert classes["transfers"][0].size == 3
    many = least.search_params("regression", 40_000, 0, has_groups=False)
    assert "transfers" not in many


def test_no_time_is_foreseen_for_few_rows_or_one_class():
    given = {"seed": 0, "n_temperatures": 1, "n_jobs": 1}
    X, y = pd.DataFrame({"a": np.arange(400.0)}), pd.Series(np.arange(400.0))
    parts = (Ridge(), [DecisionTreeRegressor(max_depth=2), Ridge()])
    assert pace_of(*parts, X[:399], y[:399], task="regression", **given) is None
    labels = pd.Series(["a"] * 398 + ["b"] * 2)
    assert pace_of(*parts, X, labels, task="classification", **given) is None
    failing = (DummyRegressor(strategy="constant"), [Ridge()])  # It lacks a constant.
    assert pace_of(*failing, X, y, task="regression", **given) is None
    pace = pace_of(*parts, X, y, task="regression", **given)
    assert pace.teacher > 0
    assert pace.student > 0


def parts_of(n_rows, n_columns, n_classes=0):
    X = pd.DataFrame(np.zeros((n_rows, n_columns)))
    y = pd.Series(np.arange(n_rows) % n_classes if n_classes else np.zeros(n_rows))
    return Parts({}, X, y, None, X, y, None, None, None, None, None, [])


@pytest.mark.parametrize(
    ("task", "size", "is_exact"),
    [
        ("regression", (1000, 10), True),
        ("regression", (1001, 10), False),
        ("classification", (1000, 10, 2), True),
        ("classification", (1000, 10, 3), False),
    ],
)
def test_trees_grow_on_histograms_where_exact_growth_is_the_cost(task, size, is_exact):
    prepare = preparation(Schema({"a": "number"}, {}))
    model = student(
        "gradient-boosting", task, prepare, parts_of(*size).n_values, "cpu"
    )[-1]
    assert type(model).__name__.startswith("Hist") != is_exact


def test_the_boosting_of_several_classes_is_small_up_to_many_rows():
    prepare = preparation(Schema({"a": "number"}, {}))
    for n_rows, n_leaves in ((500, 15), (10_000, 31)):
        X = pd.DataFrame({"a": np.zeros(n_rows)})
        stack = teacher("stack", "classification", prepare, X, "cpu", 0, 2)
        assert stack.cv.n_splits == 2
        boosting = dict(stack.estimators)["boosting"][-1][-1]
        assert boosting.max_leaf_nodes == n_leaves


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("n_rows", [100, 500])
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_a_small_teacher_is_the_same_stack_with_less_work(task, n_rows, loss):
    prepare = preparation(Schema({"a": "number"}, {}))
    X = pd.DataFrame({"a": np.zeros(n_rows)})
    usual_one, small = (
        teacher("stack", task, prepare, X, "cpu", 0, 2, loss, small=one).get_params()
        for one in (False, True)
    )
    assert [*small] == [*usual_one]
    changed = {
        name.split("__")[-1]: (small[name], usual_one[name])
        for name in small
        if isinstance(small[name], int | float)
        and repr(small[name]) != repr(usual_one[name])
    }
    expected = {"n_estimators": (50, 100)}
    if task == "regression":
        expected["max_features"] = (0.3, 1.0)
        if n_rows == 500:
            expected |= {
                "max_iter": (100, 300),
                "max_leaf_nodes": (15, 31),
                "max_bins": (64, 255),
                "learning_rate": (0.1, 0.05),
            }
    assert changed == expected


def test_quick_fits_a_small_teacher(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(_parts, "teacher", lambda *_, small: asked.append(small))
    for words in (["--quick"], []):
        houses(60).to_csv(tmp_path / "t.csv", index=False)
        run(["fit", str(tmp_path / "t.csv"), "--target", "price", *words])
    assert asked[0]
    assert not any(asked[1:])


def test_jobs_bound_threads_here_and_in_workers():
    def said():  # Pickled as it is, so that workers import next to nothing.
        return os.environ["OMP_NUM_THREADS"]

    with at_most(1):
        assert {one["num_threads"] for one in threadpool_info()} == {1}
        assert Parallel(2)(delayed(said)() for _ in range(2)) == ["1", "1"]


def test_fitted_parts_of_a_model_get_one_thread_each():
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 3
    forest = RandomForestClassifier(2, n_jobs=-1, random_state=0)
    teacher = DistilledClassifier(
        clone(forest),
        clone(forest),
        cross_fit="kfold",
        cv=2,
        random_state=0,
        transfer=None,
    )
    stack = StackingClassifier(
        [("pipeline", make_pipeline(StandardScaler(), forest)), ("forest", forest)],
        XGBClassifier(n_estimators=2, n_jobs=4),
        cv=2,
        n_jobs=2,
    ).fit(X, y)
    single_threaded(stack)
    pipeline, fitted = stack.estimators_
    assert (stack.n_jobs, pipeline[-1].n_jobs, fitted.n_jobs) == (1, 1, 1)
    config = json.loads(stack.final_estimator_.get_booster().save_config())
    assert config["learner"]["generic_param"]["nthread"] == "1"
    distilled = single_threaded(pickle.loads(pickle.dumps(teacher.fit(X, y))))
    assert distilled.student_.n_jobs == 1
    # A cascade predicts with it.
    assert {one.n_jobs for one in distilled.teacher_.estimators} == {1}
    forest.set_params(n_jobs=-1)
    boosted = MultiOutputClassifier(forest).fit(X, np.c_[y, y])
    assert {one.n_jobs for one in single_threaded(boosted).estimators_} == {1}


def test_models_get_one_thread_each():
    model = single_threaded(make_pipeline(RandomForestRegressor(n_jobs=-1)))
    assert model[-1].n_jobs == 1
    assert single_threaded(LGBMRegressor()).n_jobs == 1
    assert single_threaded(os) is os
    prepare = preparation(Schema({"a": "number"}, {}))
    for name in ("lightgbm", "xgboost"):
        model = student(name, "regression", prepare, 5, "cpu")
        assert model[-1].n_jobs == 1


def test_a_time_limit_leaves_out_what_it_says(tmp_path, capsys):
    data, words = write(tmp_path)
    houses(600).drop(columns="kind").to_csv(data, index=False)
    assert run([*words, "--time-limit", "0.01s"]) == 0
    said = capsys.readouterr().err
    assert "To take 0.01 seconds at most: a single split" in said
    assert "all the same" in said
    out = tmp_path / "out"
    notes = json.loads((out / "metrics.json").read_text("utf-8"))["notes"]
    assert "two folds of the teacher" in notes[0]
    script = (out / "reproduce.py").read_text("utf-8")
    assert "inner_cv=2" in script
    assert "cv=ShuffleSplit(" in script
    assert "TransferSet(size=3)" in script
    assert len(joblib.load(out / "model.joblib").predict(houses(5))) == 5


def test_a_time_limit_that_leaves_nothing_out_says_so(tmp_path, capsys):
    _, words = write(tmp_path)
    assert run([*words, "--time-limit", "9h"]) == 0
    note = "--time-limit leaves nothing out: it takes 400 rows to train on"
    assert note in capsys.readouterr().err
    notes = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))["notes"]
    assert note in notes[0]


@pytest.mark.parametrize("limit", ["0s", "90", "soon"])
def test_a_time_limit_is_a_time(limit, tmp_path, capsys):
    _, words = write(tmp_path)
    assert run([*words, "--time-limit", limit]) == 2
    assert "is no number above 0 with a unit, such as 50s" in capsys.readouterr().err


def test_quick_tries_less(tmp_path):
    _, words = write(tmp_path, "classification")
    words += ["--quick", "--quiet"]
    assert run(words) == 0
    script = (tmp_path / "out" / "reproduce.py").read_text("utf-8")
    assert "inner_cv=2" in script
    assert "temperatures" not in script
    assert "cv=StratifiedShuffleSplit(" in script


def test_what_was_drawn_is_named_in_the_metrics():
    assert _outputs._named(TransferSet(size=3)) == "TransferSet(size=3)"
    assert [_outputs._named(one) for one in ("auto", None)] == ["auto", None]
