"""A worker is killed: the model is the same, or the error says what to do."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from xgboost import XGBRegressor
from xgboost.callback import TrainingCallback

from skdistill.dask import DaskDistilledRegressor

da = pytest.importorskip("dask.array", reason="needs skdistill[dask]")
distributed = pytest.importorskip("distributed", reason="needs skdistill[dask]")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Processes that end leave some.
]


def sign(folder):
    """Leave a file with the name of this process, and take a while."""
    if folder is not None:
        (folder / str(os.getpid())).touch()
        time.sleep(0.3)


class SlowTeacher(Ridge):
    """A teacher that takes a while to label a partition."""

    folder = None

    def predict(self, X):
        sign(self.folder)
        return super().predict(X)


class SlowRounds(TrainingCallback):
    """Rounds of training that take a while."""

    def __init__(self, folder):
        self.folder = folder

    def before_iteration(self, model, epoch, evals_log):
        sign(self.folder)
        return False


def kill_first_of(folder):
    while not (found := [*folder.iterdir()]):
        time.sleep(0.05)
    time.sleep(0.5)
    os.kill(int(found[0].name), signal.SIGKILL)


@pytest.mark.parametrize("step", ["teach", "label", "train"])
def test_a_killed_worker_changes_nothing(step, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 4))
    y = X[:, 0] + np.sin(3 * X[:, 1])
    fitted = SlowTeacher().fit(X, y)
    fitted.folder = tmp_path if step == "label" else None
    student = XGBRegressor(n_estimators=10, max_depth=3, n_jobs=1)
    slow = clone(student).set_params(callbacks=[SlowRounds(tmp_path)])
    model = DaskDistilledRegressor(
        slow if step == "teach" else FrozenEstimator(fitted),
        slow if step == "train" else student,
        teacher_samples=None if step == "teach" else 1000,
        cv=2,
        transfer=None,
        refine=None,
        on_poor_teacher="ignore",
        random_state=0,
    )
    given = da.from_array(X, chunks=(100, -1)), da.from_array(y, chunks=100)
    killer = threading.Thread(target=kill_first_of, args=[tmp_path])
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(2)
        killer.start()
        model.fit(*given)
        killer.join()
        found = model.predict(X)
        fitted.folder = None
        model.set_params(student=student)
        if step == "teach":
            model.set_params(teacher=student)
        else:
            given = X, y
        expected = model.fit(*given).predict(X)
    np.testing.assert_allclose(found, expected, atol=1e-4)
