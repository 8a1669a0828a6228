import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from tests.doubles import RecordingClassifier, RecordingRegressor


@pytest.fixture(autouse=True)
def _routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def diabetes():
    return load_diabetes(return_X_y=True)


def test_weights_go_where_they_are_requested(diabetes):
    X, y = diabetes
    weight = np.random.default_rng(0).random(442)
    model = DistilledRegressor(
        RecordingRegressor().set_fit_request(sample_weight=False),
        RecordingRegressor().set_fit_request(sample_weight=True),
        cross_fit=False,
        transfer=None,
    ).fit(X, y, sample_weight=weight)
    assert model.teacher_.sample_weight_ is None
    assert_array_equal(model.student_.sample_weight_, weight)
    assert model.target_mean_ == pytest.approx(np.average(y, weights=weight))


def test_weights_that_nobody_decided_on_are_refused(diabetes):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), Ridge())
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        model.fit(X, y, sample_weight=np.ones(442))


def test_other_metadata_reaches_each_part_sample_by_sample(diabetes):
    X, y = diabetes
    extra = np.arange(442)
    model = DistilledRegressor(
        RecordingRegressor().set_fit_request(extra=True, sample_weight=True),
        RecordingRegressor().set_fit_request(extra="mark", sample_weight=True),
        cv=3,
        random_state=0,
        transfer=None,
    ).fit(X, y, extra=extra, mark=-extra)
    assert_array_equal(model.student_.extra_, -extra)
    for part in model.teacher_.estimators:
        assert_array_equal(X[part.extra_], part.X_)


def test_metadata_of_a_sample_goes_with_its_duplicates():
    X, y = load_iris(return_X_y=True)
    model = DistilledClassifier(
        RecordingClassifier().set_fit_request(sample_weight=True, extra=False),
        RecordingClassifier().set_fit_request(extra=True, sample_weight=True),
        transfer=None,
    ).fit(X, y, extra=np.arange(150), sample_weight=np.ones(150))
    assert len(model.student_.extra_) == 450
    assert_array_equal(X[model.student_.extra_], model.student_.X_)


def test_groups_reach_the_folds(diabetes):
    X, y = diabetes
    groups = np.arange(442) % 7
    cv = GroupKFold(7).set_split_request(groups=True)
    model = DistilledRegressor(RecordingRegressor(), RecordingRegressor(), cv=cv)
    model.fit(X, y, groups=groups)
    assert len(model.teacher_.estimators) == 7
    rows = {row.tobytes(): group for row, group in zip(X, groups, strict=True)}
    for part in model.teacher_.estimators:
        assert len({rows[row.tobytes()] for row in part.X_}) == 6


def test_a_teacher_may_be_called_as_what_routes_is(diabetes):
    named = [("owner", Ridge()), ("other", Ridge(2.0))]
    router = DistilledRegressor(named, Ridge()).get_metadata_routing()
    assert "'owner': {" in str(router)


def test_weights_are_routed_through_pipelines_of_parts(diabetes):
    X, y = diabetes
    scaler = StandardScaler().set_fit_request(sample_weight=True)
    part = make_pipeline(scaler, Ridge().set_fit_request(sample_weight=True))
    weight = np.random.default_rng(0).random(442)
    model = DistilledRegressor(part, part, alpha=0).fit(X, y, sample_weight=weight)
    expected = np.average(X, axis=0, weights=weight)
    assert np.allclose(model.student_[0].mean_, expected)


def test_defaults_ask_for_the_weights(diabetes):
    X, y = diabetes
    model = DistilledRegressor(random_state=0)
    model.fit(X[:60], y[:60], sample_weight=np.ones(60))
    assert model.teacher_score_ > 0


def test_weights_come_through_an_outer_meta_estimator(diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        Ridge().set_fit_request(sample_weight=True),
        DecisionTreeRegressor(max_depth=2).set_fit_request(sample_weight=True),
    ).set_fit_request(sample_weight=True)
    model.set_score_request(sample_weight=True)
    weight = np.random.default_rng(0).random(442)
    weighted = cross_validate(model, X, y, params={"sample_weight": weight}, cv=3)
    unweighted = cross_validate(model, X, y, cv=3)
    assert not np.array_equal(weighted["test_score"], unweighted["test_score"])


@pytest.mark.skipif(
    not hasattr(sklearn, "__version__")
    or tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9),
    reason="callbacks came with scikit-learn 1.9",
)
def test_callbacks_see_both_steps(diabetes):
    X, y = diabetes
    seen = []

    class Callback:
        def setup(self, estimator, context):
            seen.append("setup")

        def teardown(self, estimator, context):
            seen.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            seen.append(context.task_name)

        def on_fit_task_end(self, estimator, context):
            pass

    model = DistilledRegressor(Ridge(), Ridge()).set_callbacks(Callback())
    model.fit(X, y)
    assert seen == ["setup", "fit", "fit-teacher", "fit-student", "teardown"]
