"""What the callbacks of scikit-learn see of a search."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledClassifierCV, DistilledRegressorCV
from skdistill._sklearn import CallbackSupportMixin
from tests.doubles import PickyRegressor

pytestmark = pytest.mark.skipif(
    not hasattr(CallbackSupportMixin, "set_callbacks"),
    reason="callbacks came with scikit-learn 1.9",
)

N_FOLDS = 3
SEARCH = DistilledRegressorCV(
    Ridge(),
    DecisionTreeRegressor(max_depth=2),
    alphas=(0.3, 0.7),
    transfers=(None,),
    cv=N_FOLDS,
    random_state=0,
)
# The baseline student and one for each alpha.
N_CANDIDATES = 3


@dataclass(frozen=True)
class Event:
    """A hook that was called, and the task that it was called for."""

    process: int
    hook: str
    task: str
    number: int
    n_subtasks: int | None
    parent: str | None
    parent_number: int | None


class Recorder:
    """Writes a line for every hook that is called, whatever the process."""

    def __init__(self, path):
        self.path = path

    def write(self, hook, context):
        parent = context.parent
        event = (
            *(os.getpid(), hook),
            *(context.task_name, context.task_id, context.max_subtasks),
            *((None, None) if parent is None else (parent.task_name, parent.task_id)),
        )
        with Path(self.path).open("a") as file:
            file.write(json.dumps(event) + "\n")

    def setup(self, estimator, context):
        self.write("setup", context)

    def teardown(self, estimator, context):
        self.write("teardown", context)

    def on_fit_task_begin(self, estimator, context):
        self.write("begin", context)

    def on_fit_task_end(self, estimator, context):
        self.write("end", context)


class Propagated(Recorder):
    """Follows the fit of the estimators that a search fits."""

    max_propagation_depth = None


@pytest.fixture(scope="module")
def friedman():
    X, y = make_friedman1(90, noise=1.0, random_state=0)
    return X, np.round(y)


def read(path):
    return [Event(*json.loads(line)) for line in path.read_text().splitlines()]


@pytest.fixture
def record(tmp_path, friedman):
    """Return what a callback sees while a search is fitted."""

    def fit(search, *, recorder=Recorder, y=friedman[1]):
        path = tmp_path / "events"
        search.set_callbacks(recorder(str(path))).fit(friedman[0], y)
        return read(path)

    return fit


def in_this_process(events):
    return [event for event in events if event.process == os.getpid()]


def of_task(events, *tasks):
    """Return (hook, number) of some tasks."""
    return [(event.hook, event.number) for event in events if event.task in tasks]


def test_in_one_process_all_tasks_come_in_order(record):
    events = record(clone(SEARCH).set_params(n_jobs=1))
    assert events == in_this_process(events)
    candidates = [
        (hook, "fit-candidates")
        for _ in range(N_CANDIDATES)
        for hook in ("begin", "end")
    ]
    fold = [("begin", "score-fold"), *candidates, ("end", "score-fold")]
    assert [(event.hook, event.task) for event in events] == [
        ("setup", "fit"),
        ("begin", "fit"),
        *fold * N_FOLDS,
        ("begin", "refit"),
        ("end", "refit"),
        ("end", "fit"),
        ("teardown", "fit"),
    ]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_folds_begin_and_end_in_the_main_process_in_order(record, n_jobs):
    events = in_this_process(record(clone(SEARCH).set_params(n_jobs=n_jobs)))
    folds = of_task(events, "score-fold")
    assert [number for hook, number in folds if hook == "begin"] == [0, 1, 2]
    assert [number for hook, number in folds if hook == "end"] == [0, 1, 2]
    for number in range(N_FOLDS):
        assert folds.index(("begin", number)) < folds.index(("end", number))
    last = [(event.hook, event.task) for event in events[-4:]]
    assert last[:2] == [("begin", "refit"), ("end", "refit")]
    assert last[2:] == [("end", "fit"), ("teardown", "fit")]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_there_are_as_many_tasks_as_were_announced(record, n_jobs):
    events = record(clone(SEARCH).set_params(n_jobs=n_jobs))
    begun = [event for event in events if event.hook == "begin"]
    assert {event.n_subtasks for event in events if event.task == "fit"} == {4}
    below = sorted(event.number for event in begun if event.parent == "fit")
    assert below == [0, 1, 2, 3]
    folds = [event for event in begun if event.task == "score-fold"]
    assert {event.n_subtasks for event in folds} == {N_CANDIDATES}
    # Those of other processes are written to the same file.
    candidates = sorted(
        (event.parent_number, event.number)
        for event in begun
        if event.task == "fit-candidates"
    )
    assert candidates == [(i, j) for i in range(N_FOLDS) for j in range(N_CANDIDATES)]
    ended = [event for event in events if event.hook == "end"]
    assert len(ended) == len(begun)
    n_processes = len({event.process for event in events})
    assert (n_processes == 1) == (n_jobs == 1)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_folds_of_the_closed_form_come_first(record, n_jobs):
    search = clone(SEARCH).set_params(student=Ridge(), alphas="auto", n_jobs=n_jobs)
    events = in_this_process(record(search))
    assert {event.n_subtasks for event in events if event.task == "fit"} == {7}
    ends = [
        (event.task, event.number)
        for event in events
        if event.hook == "end" and event.parent == "fit"
    ]
    assert ends == [
        *(("linear-alpha-fold", number) for number in (0, 1, 2)),
        *(("score-fold", number) for number in (3, 4, 5)),
        ("refit", 6),
    ]
    begins = of_task(events, "linear-alpha-fold")
    assert [number for hook, number in begins if hook == "begin"] == [0, 1, 2]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks_that_follow_estimators_see_the_steps_of_the_refit(record, n_jobs):
    events = in_this_process(
        record(clone(SEARCH).set_params(n_jobs=n_jobs), recorder=Propagated)
    )
    # The refit is the fit of the chosen estimator, one task for both.
    steps = [event for event in events if event.task in ("fit-teacher", "fit-student")]
    assert [(event.hook, event.task) for event in steps] == [
        (hook, step)
        for step in ("fit-teacher", "fit-student")
        for hook in ("begin", "end")
    ]
    assert {(event.parent, event.parent_number) for event in steps} == {("fit", 3)}
    assert {event.number for event in steps} == {0, 1}


def test_a_failed_candidate_ends_its_task(record):
    search = clone(SEARCH).set_params(student=PickyRegressor())
    with pytest.warns(FitFailedWarning):
        events = record(search)
    hooks = [event.hook for event in events if event.task == "fit-candidates"]
    assert hooks == ["begin", "end"] * (N_FOLDS * N_CANDIDATES)


def test_a_search_that_stops_tears_down(record, friedman, tmp_path):
    search = clone(SEARCH).set_params(student=PickyRegressor())
    with pytest.raises(ZeroDivisionError):
        record(search, y=friedman[1] + 0.5)
    events = read(tmp_path / "events")
    assert [(event.hook, event.task) for event in events[-2:]] == [
        ("begin", "fit-candidates"),
        ("teardown", "fit"),
    ]


def test_callbacks_do_not_change_the_result(record, friedman):
    search = clone(SEARCH)
    record(search)
    alone = clone(SEARCH).fit(*friedman)
    np.testing.assert_array_equal(
        search.predict(friedman[0]), alone.predict(friedman[0])
    )
    assert search.reason_ == alone.reason_


def test_classifiers_report_too(record, friedman):
    search = DistilledClassifierCV(
        GaussianNB(), LogisticRegression(), transfers=(None,), cv=2, random_state=0
    )
    events = record(search, y=friedman[1] > 14)
    assert {event.n_subtasks for event in events if event.task == "fit"} == {3}
    assert of_task(events, "score-fold", "refit") == [
        (hook, number) for number in (0, 1, 2) for hook in ("begin", "end")
    ]
