"""What the callbacks of scikit-learn see of the procedures, and what is printed."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge

from skdistill import (
    CodistilledRegressor,
    NoisyStudentRegressor,
    SelfDistilledRegressor,
)
from skdistill._sklearn import CallbackSupportMixin

pytestmark = pytest.mark.skipif(
    not hasattr(CallbackSupportMixin, "set_callbacks"),
    reason="callbacks came with scikit-learn 1.9",
)

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 2)), RNG.normal(size=30)
ROUND, FOLDS, REFIT = "round", "folds", "refit"


class Recorder:
    """Notes the tasks that begin, those that end, and how many were announced."""

    def __init__(self):
        self.begun, self.ended, self.announced = [], [], []

    def setup(self, estimator, context):
        self.announced.append(context.max_subtasks)

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context):
        self.ended.append(context.task_name)


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        (SelfDistilledRegressor(Ridge(), cv=4), {}, [ROUND] * 3 + [REFIT]),
        (
            CodistilledRegressor(Ridge(), cv=2, choose=False, n_jobs=2),
            {},
            [ROUND, REFIT],
        ),
        (
            CodistilledRegressor(GradientBoostingRegressor(n_estimators=2), cv=3),
            {},
            [ROUND, ROUND, "baseline", REFIT],
        ),
        (
            NoisyStudentRegressor(Ridge(), Ridge(), cv=2, inner_cv=2),
            {"X_unlabeled": X},
            [FOLDS, REFIT],
        ),
        (
            NoisyStudentRegressor(Ridge(), Ridge(), choose=False, inner_cv=2),
            {"X_unlabeled": X},
            [REFIT],
        ),
        pytest.param(
            NoisyStudentRegressor(Ridge(), Ridge(), cv=2, inner_cv=2),
            {},
            [REFIT],
            marks=pytest.mark.filterwarnings("ignore:There are no unlabeled"),
        ),
    ],
)
def test_each_step_is_a_task_and_all_were_announced(model, given, expected):
    recorder = Recorder()
    model.set_callbacks(recorder).fit(X, Y, **given)
    assert recorder.begun == ["fit", *expected]
    assert recorder.ended == [*expected, "fit"]
    assert recorder.announced == [len(expected)]
