"""What a student keeps of the callbacks of the model it was fitted in: nothing."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor

callback = pytest.importorskip(
    "sklearn.callback", reason="callbacks came with scikit-learn 1.9"
)

# scikit-learn says so of parts without callbacks.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not support callbacks")

BOOSTING = GradientBoostingRegressor(n_estimators=5)
STUDENTS = [
    BOOSTING,
    make_pipeline(StandardScaler(), BOOSTING),
    make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), BOOSTING)),
    make_pipeline(StandardScaler(), DecisionTreeRegressor(max_depth=3)),
]


class Seen(callback.AutoPropagatedCallback):
    """Counts the tasks that begin, in the model and in all of its parts."""

    max_propagation_depth = None

    def __init__(self):
        self.n_begun = 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.n_begun += 1

    def on_fit_task_end(self, estimator, context):
        pass


def held(estimator):
    return [
        name for name in vars(estimator) if "callback" in name and name != "callbacks"
    ]


@pytest.fixture
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.mark.parametrize("refine", ["auto", "leaves", None])
@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("watched", [False, True])
def test_a_student_keeps_nothing_of_the_callbacks(diabetes, student, refine, watched):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), student, refine=refine, random_state=0)
    if watched:
        model.set_callbacks(Seen())
    fitted = model.fit(X, y).student_
    while True:
        assert held(fitted) == []
        if not hasattr(fitted, "steps"):
            break
        fitted = fitted[-1]
    again = pickle.loads(pickle.dumps(model.student_))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize("student", STUDENTS[:2])
def test_a_refined_student_is_fitted_again_with_callbacks_of_its_own(diabetes, student):
    X, y = diabetes
    fitted = DistilledRegressor(Ridge(), student, random_state=0).fit(X, y).student_
    if hasattr(fitted, "set_callbacks"):
        seen = Seen()
        fitted.set_callbacks(seen).fit(X, y)
        assert seen.n_begun > 0
    else:
        fitted.fit(X, y)


def test_a_refined_pipeline_of_classes_keeps_nothing_of_the_callbacks(diabetes):
    X, y = diabetes
    student = make_pipeline(
        StandardScaler(), GradientBoostingClassifier(n_estimators=3)
    )
    model = DistilledClassifier(GaussianNB(), student, random_state=0)
    model.set_callbacks(Seen()).fit(X, y > y.mean())
    assert held(model.student_) == held(model.student_[-1]) == []


def test_a_refined_pipeline_is_saved_by_skops(diabetes):
    io = pytest.importorskip("skops.io")
    X, y = diabetes
    student = make_pipeline(StandardScaler(), BOOSTING)
    fitted = DistilledRegressor(Ridge(), student, random_state=0).fit(X, y).student_
    saved = io.dumps(fitted)
    trusted = io.get_untrusted_types(data=saved)
    again = io.loads(saved, trusted=trusted)
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
