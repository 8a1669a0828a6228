"""The bar of a long command, and what an interruption leaves."""

import contextlib
import io
import pickle
import signal
import sys
import time
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from rich.console import Console
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from xgboost import XGBRegressor

from skdistill import DistilledRegressorCV
from skdistill._sklearn import CallbackSupportMixin, with_callbacks
from skdistill.cli import _fit, _progress
from skdistill.cli._progress import FitProgress, step
from skdistill.cli._signals import ending_as_interrupted
from tests.cli.tables import listing, run, run_process, write

needs_callbacks = pytest.mark.skipif(
    not hasattr(CallbackSupportMixin, "set_callbacks"),
    reason="scikit-learn < 1.9 has no callbacks",
)


@dataclass
class Node:
    """A task as scikit-learn's CallbackContext describes it."""

    task_id: int = 0
    max_subtasks: int | None = 0
    parent: "Node | None" = None


def fractions_of(*tasks):
    """End the tasks in this order; return the fraction done after each."""
    moves = []
    progress = FitProgress(moves.append)
    progress.setup(None, tasks[-1])
    for task in tasks:
        progress.on_fit_task_begin(None, task)
        progress.on_fit_task_end(None, task)
    progress.teardown(None, tasks[-1])
    assert len(moves) == len(tasks)
    return moves


def test_a_task_is_worth_its_part_of_its_parent():
    root = Node(max_subtasks=3)
    first, second = (Node(fold, max_subtasks=2, parent=root) for fold in (0, 1))
    within = [Node(i, parent=fold) for fold in (first, second) for i in (0, 1)]
    last = Node(2, parent=root)
    found = fractions_of(*within[:2], first, *within[2:], second, last, root)
    np.testing.assert_allclose(
        found, [1 / 6, 2 / 6, 2 / 6, 3 / 6, 4 / 6, 4 / 6, 1.0, 1.0]
    )


def test_tasks_in_any_order_count_alike():
    root = Node(max_subtasks=2)
    folds = [Node(fold, max_subtasks=2, parent=root) for fold in (0, 1)]
    a, b = (Node(0, parent=fold) for fold in folds)
    np.testing.assert_allclose(
        fractions_of(b, a, folds[1], folds[0]), [0.25, 0.5, 0.75, 1]
    )


def test_an_ended_task_counts_in_full_whatever_is_known_of_its_subtasks():
    root = Node(max_subtasks=2)
    elsewhere = Node(0, max_subtasks=5, parent=root)  # Its subtasks ended elsewhere.
    unknown = Node(1, max_subtasks=None, parent=root)
    below = Node(0, parent=unknown)
    np.testing.assert_allclose(fractions_of(elsewhere, below, unknown), [0.5, 0.5, 1.0])


def test_a_second_fit_begins_anew():
    moves = []
    progress, root = FitProgress(moves.append), Node(max_subtasks=2)
    for _ in range(2):
        progress.setup(None, root)
        progress.on_fit_task_end(None, Node(0, parent=root))
    assert moves == [0.5, 0.5]


def test_a_copy_in_another_process_does_nothing():
    moves = []
    progress = FitProgress(moves.append)
    copy = pickle.loads(pickle.dumps(progress))
    copy.setup(None, Node())
    copy.on_fit_task_begin(None, Node())
    copy.on_fit_task_end(None, Node())
    copy.teardown(None, Node())
    assert moves == []
    progress.on_fit_task_end(None, Node())
    assert moves == [1.0]


@pytest.mark.parametrize(
    "hook", ["setup", "on_fit_task_begin", "on_fit_task_end", "teardown"]
)
def test_each_hook_ends_a_fit_whose_end_was_asked_for(hook):
    progress = FitProgress(lambda fraction: None)
    with ending_as_interrupted():
        with contextlib.suppress(KeyboardInterrupt):  # As a library may swallow it.
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            getattr(progress, hook)(None, Node())
    with ending_as_interrupted():
        getattr(progress, hook)(None, Node())


class TinySearch(CallbackSupportMixin, BaseEstimator):
    """Has the tasks of a search: two folds of three candidates each, and a refit."""

    def __init__(self, n_jobs=None):
        self.n_jobs = n_jobs

    @with_callbacks
    def fit(self, X=None, y=None):
        root = self._init_callback_context(max_subtasks=3)
        root.call_on_fit_task_begin(estimator=self)
        folds = [
            root.subcontext(task_name="score-fold", max_subtasks=3) for _ in range(2)
        ]
        for fold in folds:
            fold.call_on_fit_task_begin(estimator=self)
        ended = Parallel(self.n_jobs, return_as="generator")(
            delayed(score_fold)(self, fold) for fold in folds
        )
        for fold, _ in zip(folds, ended, strict=True):
            fold.call_on_fit_task_end(estimator=self)
        for task in (root.subcontext(task_name="refit"), root):
            task.call_on_fit_task_end(estimator=self)
        return self


def score_fold(search, fold):
    for _ in range(3):
        task = fold.subcontext(task_name="fit-candidates")
        task.call_on_fit_task_begin(estimator=search)
        task.call_on_fit_task_end(estimator=search)


def fractions_of_fit(search, *data):
    """Fit with the callback; return the fractions done, without those said twice."""
    moves = []
    search.set_callbacks(FitProgress(moves.append)).fit(*data)
    assert moves == sorted(moves)
    return sorted(set(np.round(moves, 12)))


@needs_callbacks
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_fractions_of_the_callbacks_of_scikit_learn(n_jobs):
    found = fractions_of_fit(TinySearch(n_jobs))
    # Candidates in another process are not seen; their fold is, when it has ended.
    ninths = [1, 2, 3, 4, 5, 6, 9] if n_jobs is None else [3, 6, 9]
    np.testing.assert_allclose(found, np.array(ninths) / 9)


# To be checked once the searches have callbacks.
@needs_callbacks
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_fractions_of_a_search(n_jobs):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), rng.normal(size=40)
    search = DistilledRegressorCV(
        Ridge(),
        Ridge(),
        alphas=(0.5,),
        transfers=(None,),
        refinements=(None,),
        cv=2,
        n_jobs=n_jobs,
    )
    # Two folds of two candidates, the baseline and one more, and the refit.
    sixths = [1, 2, 3, 4, 6] if n_jobs is None else [2, 4, 6]
    found = fractions_of_fit(search, X, y)
    np.testing.assert_allclose(found, np.array(sixths) / 6)
    closed_form = search.set_params(alphas="auto", n_jobs=None)
    # As many folds again for the alpha in closed form: five tasks below the root.
    np.testing.assert_allclose(fractions_of_fit(closed_form, X, y)[-1], 1.0)


# To be checked once the searches have callbacks.
@needs_callbacks
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_command_moves_its_bar(jobs, tmp_path, monkeypatch):
    bars, moves = [], []

    @contextlib.contextmanager
    def watched(console, what, *, measured=False):
        bars.append(measured)
        with step(console, what, measured=measured):
            yield moves.append

    monkeypatch.setattr(_fit, "step", watched)
    _, words = write(tmp_path)
    assert run([*words, "--jobs", jobs]) == 0
    assert bars == [False, True, False]  # Reading, distilling, evaluating.
    assert moves == sorted(moves)
    np.testing.assert_allclose(moves[-1], 1.0)


def shown(measured):
    """Return what a terminal shows of a step that fails half-way."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with (
        contextlib.suppress(LookupError),
        step(console, "Working", measured=measured) as move,
    ):
        move(0.5)
        raise LookupError
    return console.file.getvalue()


def test_the_bar_shows_the_fraction_where_it_is_known():
    assert " 50%" in shown(measured=True)
    assert "%" not in shown(measured=False)


def test_without_a_terminal_there_is_one_line():
    console = Console(file=io.StringIO())
    with step(console, "Working", measured=True) as move:
        move(0.5)
    assert console.file.getvalue() == "Working ...\n"


def test_without_a_terminal_there_is_a_line_now_and_then(monkeypatch):
    monkeypatch.setattr(_progress, "_BETWEEN_LINES", 0.0)
    console = Console(file=io.StringIO())
    with step(console, "Working", measured=True) as move:
        move(0.0)
        move(0.25)
        move(1.0)
    _, line = console.file.getvalue().splitlines()
    assert line.startswith("Working: 25%, about 0 seconds")


def test_the_model_keeps_neither_callbacks_nor_cache(tmp_path, monkeypatch):
    kept = []

    def keep(folder, model, *results):
        kept.append(model)
        return write_results(folder, model, *results)

    write_results = _fit.write_results
    monkeypatch.setattr(_fit, "write_results", keep)
    _, words = write(tmp_path)
    assert run(words) == 0
    student = joblib.load(tmp_path / "out" / "model.joblib")
    for model in (*kept, student):
        saved = pickle.dumps(model)
        assert b"FitProgress" not in saved
        assert b".out.cache" not in saved
    assert kept[0].memory is None
    assert kept[0].best_estimator_.memory is None


def test_after_an_interruption_no_teacher_is_fitted_again(
    tmp_path, monkeypatch, capsys
):
    fits = []
    fit = XGBRegressor.fit

    def counted(self, *args, **kwargs):
        fits.append(self)
        return fit(self.set_params(n_estimators=2), *args, **kwargs)

    monkeypatch.setattr(XGBRegressor, "fit", counted)
    _, words = write(tmp_path)
    words[words.index("--teacher") + 1] = "xgboost"
    with monkeypatch.context() as patch:
        patch.setattr(_fit, "DistillationReport", interrupt)
        assert run(words) == 130
    assert "Run the same command again" in capsys.readouterr().err
    assert ".out.cache" in listing(tmp_path)
    assert not (tmp_path / "out").exists()
    n_fits = len(fits)
    assert n_fits > 0
    assert run(words) == 0
    assert len(fits) == n_fits
    assert ".out.cache" not in listing(tmp_path)


def interrupt(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
@pytest.mark.parametrize(
    "sent", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_an_interrupted_fit_leaves_the_teacher_alone(sent, tmp_path):
    data, words = write(tmp_path)
    pd.concat([pd.read_csv(data)] * 30).to_csv(data, index=False)
    words[words.index("--teacher") + 1] = "xgboost"
    words[words.index("linear")] = "forest"
    process = run_process(words, tmp_path)
    cache = tmp_path / ".out.cache"
    end = time.monotonic() + 120
    while not list(cache.rglob("teacher")) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(sent)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    assert "Run the same command again" in error.splitlines()[-1]
    assert "Traceback" not in error
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"regression.csv", "regression.joblib", ".out.cache"}


def test_a_request_to_end_that_a_library_swallowed_ends_the_step():
    console = Console(file=io.StringIO())
    with (
        pytest.raises(KeyboardInterrupt),
        ending_as_interrupted(),
        step(console, "Working"),
        contextlib.suppress(KeyboardInterrupt),
    ):
        signal.raise_signal(signal.SIGTERM)
    with ending_as_interrupted(), step(console, "Working"):
        pass  # It counts once.
