"""Two views of a sample: the teacher's columns and the student's."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.datasets import load_diabetes
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistillationReport, DistilledRegressor, DistilledRegressorCV
from skdistill.inspect import open_parts
from skdistill.transfer import MungeSampler, TransferSet
from tests.doubles import RecordingRegressor

TREE = DecisionTreeRegressor(max_depth=3, random_state=0)


@pytest.fixture
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture
def frames(diabetes):
    """The student's columns, the privileged ones, and the target."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return X.iloc[:, :6], X.iloc[:, 6:], y


class RepeatingSampler(BaseEstimator):
    """Draws rows that it was fitted on."""

    def fit(self, X):
        self.X_ = X
        return self

    def sample(self, n_samples):
        rows = np.arange(n_samples) % len(self.X_)
        return self.X_.iloc[rows] if hasattr(self.X_, "iloc") else self.X_[rows]


def two_columns(X):
    return X[:, :2] * 10.0


def test_the_teacher_sees_what_a_callable_makes_of_the_samples(diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        RecordingRegressor(),
        RecordingRegressor(),
        teacher_input=two_columns,
        cross_fit=False,
        transfer=None,
    ).fit(X, y)
    assert_array_equal(model.teacher_.X_, X[:, :2] * 10.0)
    assert_array_equal(model.student_.X_, X)
    assert model.n_features_in_ == 10
    assert model.teacher_input_ is two_columns


def test_a_transformer_is_cloned_and_fitted_without_labels(diabetes):
    X, y = diabetes
    given = PCA(3)
    model = DistilledRegressor(
        RecordingRegressor(),
        RecordingRegressor(),
        teacher_input=given,
        cross_fit=False,
        transfer=None,
    ).fit(X, y)
    assert not hasattr(given, "components_")
    assert_allclose(model.teacher_.X_, PCA(3).fit_transform(X))
    assert_allclose(model.teacher_input_.transform(X), PCA(3).fit_transform(X))


def test_a_transformer_that_needs_labels_is_refused_unless_it_is_fitted(diabetes):
    X, y = diabetes
    select = SelectKBest(k=3)
    model = DistilledRegressor(Ridge(), TREE, teacher_input=select)
    with pytest.raises(ValueError, match="y to be passed") as error:
        model.fit(X, y)
    assert "teacher_input (SelectKBest), which is fitted without" in str(
        error.value.__notes__
    )
    model.set_params(teacher_input=FrozenEstimator(select.fit(X, y))).fit(X, y)
    assert model.teacher_.n_features_in_ == 3


def test_a_mapping_equals_the_same_step_in_front_of_the_teacher(diabetes):
    X, y = diabetes
    params = {"cv": 3, "random_state": 0}
    in_front = make_pipeline(StandardScaler().set_output(transform="default"), Ridge())
    by_step = DistilledRegressor(in_front, TREE, **params)
    scaled = DistilledRegressor(Ridge(), TREE, teacher_input=StandardScaler(), **params)
    # The scaler of the Pipeline is fitted on each fold's samples alone.
    assert_allclose(scaled.fit(X, y).predict(X), by_step.fit(X, y).predict(X), rtol=0.2)
    assert scaled.teacher_.n_features_in_ == 10


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_privileged_columns_reach_the_teacher_alone(frames, kind):
    X, hidden, y = frames
    if kind == "array":
        X, hidden = X.to_numpy(), hidden.to_numpy()
    model = DistilledRegressor(
        RecordingRegressor(), RecordingRegressor(), cross_fit=False, transfer=None
    ).fit(X, y, X_privileged=hidden)
    assert np.shape(model.teacher_.X_) == (442, 10)
    assert_array_equal(np.asarray(model.teacher_.X_)[:, 6:], np.asarray(hidden))
    assert_array_equal(np.asarray(model.student_.X_), np.asarray(X))
    assert model.n_features_in_ == 6
    assert model.n_privileged_ == 4
    assert model.predict(X[:3]).shape == (3,)
    if kind == "frame":
        assert model.feature_names_in_.tolist() == X.columns.tolist()
        assert model.teacher_.X_.columns.tolist() == [*X.columns, *hidden.columns]


def test_a_shuffled_index_does_not_mix_the_samples_up(frames):
    X, hidden, y = frames
    shuffled = hidden.set_axis(hidden.index[::-1], axis=0)
    model = DistilledRegressor(
        RecordingRegressor(), RecordingRegressor(), cross_fit=False, transfer=None
    ).fit(X, y, X_privileged=shuffled)
    assert_array_equal(model.teacher_.X_.to_numpy()[:, 6:], hidden.to_numpy())


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_privileged_columns_are_drawn_together_with_the_others(frames, kind):
    X, hidden, y = frames
    teacher = LinearRegression().fit(pd.concat([X, hidden], axis=1), y)
    expected = teacher.predict(pd.concat([X, hidden], axis=1))
    if kind == "array":
        X, hidden = X.to_numpy(), hidden.to_numpy()
    model = DistilledRegressor(
        LinearRegression(),
        RecordingRegressor(),
        cross_fit=False,
        alpha=1.0,
        transfer=TransferSet(RepeatingSampler(), size=1),
    ).fit(X, y, X_privileged=hidden)
    # Rows drawn again have the teacher's predictions for their own hidden columns.
    assert np.shape(model.student_.X_) == (884, 6)
    assert_allclose(model.student_.y_[442:], expected)


def test_unlabeled_samples_bring_the_privileged_columns(frames):
    X, hidden, y = frames
    unlabeled = pd.concat([X, hidden], axis=1)[:50]
    model = DistilledRegressor(
        LinearRegression(), RecordingRegressor(), transfer=None, random_state=0
    ).fit(X, y, X_unlabeled=unlabeled, X_privileged=hidden)
    assert model.student_.X_.shape == (492, 6)
    assert_allclose(model.student_.y_[442:], model.teacher_.predict(unlabeled))
    with pytest.raises(ValueError, match="6 columns of X, then the 4 of X_privileged"):
        model.fit(X, y, X_unlabeled=X[:50], X_privileged=hidden)


@pytest.mark.parametrize(
    ("hidden", "error", "message"),
    [
        (np.zeros((441, 2)), ValueError, "inconsistent numbers of samples"),
        (np.zeros(442), ValueError, "must be a table"),
        (pd.DataFrame({"a": np.zeros(442)}), TypeError, "must be no DataFrame"),
    ],
)
def test_privileged_columns_of_another_form_are_refused(
    diabetes, hidden, error, message
):
    X, y = diabetes
    with pytest.raises(error, match=message):
        DistilledRegressor(Ridge(), TREE).fit(X, y, X_privileged=hidden)


def test_a_column_cannot_be_privileged_and_not(frames):
    X, hidden, y = frames
    both = hidden.assign(age=X["age"])
    with pytest.raises(ValueError, match=r"\['age'\] in both"):
        DistilledRegressor(Ridge(), TREE).fit(X, y, X_privileged=both)


def test_a_grid_search_and_a_pipeline_route_privileged_columns(frames):
    X, hidden, y = frames
    with config_context(enable_metadata_routing=True):
        model = DistilledRegressor(RandomForestRegressor(20), TREE, random_state=0)
        model.set_fit_request(X_privileged=True)
        pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), model)
        search = GridSearchCV(
            pipeline,
            {
                "distilledregressor__alpha": [0.0, 0.5],
                "distilledregressor__transfer": [TransferSet(None), "auto"],
            },
            cv=3,
        )
        search.fit(X, y, X_privileged=hidden)
    distilled = search.best_estimator_[-1]
    assert distilled.n_privileged_ == 4
    assert distilled.n_features_in_ == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_search_of_ours_shows_the_teacher_its_columns(frames):
    X, hidden, y = frames
    search = DistilledRegressorCV(Ridge(1e-3), TREE, cv=3, random_state=0)
    search.fit(X, y, X_privileged=hidden)
    alone = DistilledRegressorCV(Ridge(1e-3), TREE, cv=3, random_state=0).fit(X, y)
    assert search.teacher_score_ > alone.teacher_score_
    assert search.baseline_score_ == alone.baseline_score_


def test_what_is_known_in_training_alone_makes_the_student_better():
    """The teacher sees the true value, of which the labels are noisy (LUPI)."""
    rng = np.random.default_rng(0)
    gains = []
    for seed in range(5):
        X = rng.uniform(size=(600, 4))
        clean = np.sin(5 * X[:, 0]) + X[:, 1]
        y = clean + rng.normal(scale=1.5, size=600)
        student = DecisionTreeRegressor(max_leaf_nodes=32, random_state=0)
        model = DistilledRegressor(
            LinearRegression(), student, alpha=1.0, transfer=None, random_state=seed
        )
        model.fit(X[:300], y[:300], X_privileged=clean[:300, None])
        baseline = student.fit(X[:300], y[:300])
        scores = [one.score(X[300:], clean[300:]) for one in (model, baseline)]
        gains.append(scores[0] - scores[1])
    assert min(gains) > 0.1


def test_a_report_maps_the_samples_for_the_teacher(diabetes):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), TREE, teacher_input=two_columns).fit(X, y)
    parts = open_parts(model)
    assert_allclose(parts.teacher.predict(X), model.teacher_.predict(two_columns(X)))
    report = DistillationReport(model, X, y, train=(X, y), n_timings=1)
    assert np.isfinite(report.to_dict()["models"]["teacher"]["scores"]["r2"])


def test_without_its_columns_the_teacher_cannot_be_compared(frames):
    X, hidden, y = frames
    model = DistilledRegressor(Ridge(), TREE).fit(X, y, X_privileged=hidden)
    with pytest.raises(ValueError, match="4 privileged columns"):
        open_parts(model).teacher.predict(X)


def test_drawing_with_munge_keeps_both_views_in_range(frames):
    X, hidden, y = frames
    model = DistilledRegressor(
        Ridge(), RecordingRegressor(), transfer=TransferSet(MungeSampler(), size=3)
    ).fit(X, y, X_privileged=hidden)
    drawn = model.student_.X_.iloc[442:]
    assert drawn.shape == (1326, 6)
    assert (drawn.min() >= X.min()).all()
