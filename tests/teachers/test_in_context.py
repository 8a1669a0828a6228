"""Teachers that learn in context: what each context holds, and that none leaks."""

import pickle
import unittest

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import coo_array
from sklearn import config_context
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    clone,
    is_classifier,
)
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import BaggingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.exceptions import MissingClassWarning
from skdistill.teachers import (
    CrossFitTask,
    InContextClassifier,
    InContextRegressor,
    cross_fit,
    in_context,
    in_context_recipe,
    learns_in_context,
)
from skdistill.transfer import CutMixSampler, TransferSet
from tests.doubles import CountingTeacher, UnpicklableTeacher

N = 300


class KernelContext(BaseEstimator):
    """Nadaraya-Watson regression over its context; its label for a sample of it.

    `asked` lists for each prediction the samples of the context and of the batch. As
    in the libraries it stands in for, the samples are kept and nothing is learned.
    """

    asked: list[tuple[int, int]] = []  # noqa: RUF012

    def __init__(self, gamma=1.0):
        self.gamma = gamma

    def _keep(self, X, labels):
        self.X_, self.labels_ = np.asarray(X, dtype=float), labels
        self.n_features_in_ = self.X_.shape[1]
        return self

    def _look_up(self, X):
        X = np.asarray(X, dtype=float)
        KernelContext.asked.append((len(self.X_), len(X)))
        kernel = rbf_kernel(X, self.X_, gamma=self.gamma) + 1e-300
        same = (X[:, None] == self.X_).all(axis=2)
        kernel = np.where(same.any(axis=1)[:, None], same, kernel)
        return (kernel / kernel.sum(axis=1, keepdims=True)) @ self.labels_


class KernelRegressor(RegressorMixin, KernelContext):
    def fit(self, X, y):
        return self._keep(X, np.asarray(y, dtype=float))

    def predict(self, X):
        return self._look_up(X)


class KernelClassifier(ClassifierMixin, KernelContext):
    def fit(self, X, y):
        self.classes_, codes = np.unique(y, return_inverse=True)
        return self._keep(X, np.eye(len(self.classes_))[codes])

    def predict_proba(self, X):
        return self._look_up(X)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture
def asked():
    KernelContext.asked.clear()
    return KernelContext.asked


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 5)), rng.normal(size=N)


@pytest.fixture(scope="module")
def friedman():
    X, y = make_friedman1(N, n_features=6, noise=1.0, random_state=0)
    return X, y


@pytest.fixture(scope="module")
def classes():
    X, y = make_classification(N, n_classes=3, n_informative=4, random_state=0)
    return X, np.array(["ash", "birch", "cedar"])[y]


def task(teacher, X, y, *, cv=5, classes=None, n_jobs=None):
    return CrossFitTask(teacher, X, y, classes, {}, {}, cv, (0, 0), n_jobs)


def student():
    return DecisionTreeRegressor(max_leaf_nodes=32, random_state=0)


def distilled(teacher, **params):
    given = {"alpha": 1.0, "refine": None, "random_state": 0, "transfer": None}
    given |= {"student": student(), "on_poor_teacher": "ignore"}
    return DistilledRegressor(teacher, **given | params)


def fitted_to_noise(noise, teacher, **params):
    """Return the scores of a teacher, out-of-fold, and of its student on the noise."""
    X, y = noise
    # Calibration would find that the teacher knows nothing, and hide a leak.
    model = distilled(teacher, calibrate=None, **params).fit(X, y)
    return model.teacher_score_, r2_score(y, model.predict(X))


def test_on_pure_noise_neither_teacher_nor_student_finds_anything(noise):
    teacher, found = fitted_to_noise(noise, in_context(KernelRegressor()))
    assert teacher < 0.05
    assert found < 0.05


def test_in_sample_a_context_gives_the_labels_away(noise):
    X, y = noise
    frozen = FrozenEstimator(in_context(KernelRegressor()).fit(X, y))
    score, found = fitted_to_noise(noise, frozen)
    assert score == pytest.approx(1.0)
    assert found > 0.3
    teacher = in_context(KernelRegressor())
    _, found = fitted_to_noise(noise, teacher, cross_fit=False)
    assert found > 0.3


def test_on_pure_noise_a_classifier_finds_nothing(noise):
    X, y = noise
    labels = np.where(y > 0, "yes", "no")
    teacher = in_context(KernelClassifier())
    out_of_fold = cross_fit(task(teacher, X, labels, classes=np.unique(labels)), "auto")
    hits = np.unique(labels)[out_of_fold.predictions.argmax(axis=1)] == labels
    assert abs(hits.mean() - 0.5) < 4 * 0.5 / N**0.5
    frozen = FrozenEstimator(teacher.fit(X, labels))
    assert (frozen.predict(X) == labels).all()


def test_out_of_fold_predictions_are_those_of_contexts_without_the_fold(friedman):
    X, y = friedman
    done = cross_fit(task(in_context(KernelRegressor()), X, y), "auto")
    folds = task(None, X, y).folds()
    expected = cross_val_predict(KernelRegressor(), X, y, cv=folds)
    assert_allclose(done.predictions, expected)
    assert done.is_out_of_fold


def test_folds_lack_their_samples_and_all_others_have_the_whole_context(
    friedman, asked
):
    X, y = friedman
    rng = np.random.default_rng(1)
    model = distilled(
        in_context(KernelRegressor(), batch_size=50), transfer=TransferSet(size=1)
    )
    model.fit(X, y, X_unlabeled=rng.uniform(size=(70, 6)))
    contexts = [context for context, _ in asked]
    # Each sample once by its fold; 300 drawn and 70 unlabeled by all.
    assert sum(batch for context, batch in asked if context == N * 4 // 5) == N
    assert sum(batch for context, batch in asked if context == N) == N + 70
    assert {*contexts} == {N * 4 // 5, N}
    assert max(batch for _, batch in asked) == 50


def test_the_fitted_teacher_holds_all_samples_and_no_teachers_of_the_folds(friedman):
    X, y = friedman
    model = distilled(in_context(KernelRegressor())).fit(X, y)
    assert type(model.teacher_) is InContextRegressor
    assert_array_equal(model.teacher_.estimator_.X_, X)
    # It repeats the labels; the score is that of the out-of-fold predictions.
    assert_allclose(model.teacher_.predict(X), y)
    assert model.teacher_score_ < 0.9


def test_without_the_wrapper_teachers_of_the_folds_are_kept(friedman, asked):
    X, y = friedman
    model = distilled(KernelRegressor()).fit(X, y)
    model.teacher_.predict(X[:10])
    assert [context for context, _ in asked[-5:]] == [240] * 5


@pytest.mark.parametrize("batch_size", [1, 7, N, 10 * N])
def test_predictions_do_not_depend_on_the_batches(friedman, batch_size, asked):
    X, y = friedman
    teacher = in_context(KernelRegressor(), batch_size=batch_size).fit(X[:200], y[:200])
    assert_allclose(
        teacher.predict(X), KernelRegressor().fit(X[:200], y[:200]).predict(X)
    )
    sizes = [batch for _, batch in asked[:-1]]
    assert sum(sizes) == N
    assert max(sizes) == min(batch_size, N)


@pytest.mark.parametrize("batch_size", [1, 40, 10 * N])
def test_classes_do_not_depend_on_the_batches(classes, batch_size):
    X, y = classes
    alone = KernelClassifier().fit(X[::2], y[::2])
    teacher = in_context(KernelClassifier(), batch_size=batch_size).fit(X[::2], y[::2])
    assert_allclose(teacher.predict_proba(X), alone.predict_proba(X))
    assert_array_equal(teacher.predict(X), alone.predict(X))
    assert_array_equal(teacher.classes_, ["ash", "birch", "cedar"])


@pytest.mark.parametrize("batch_size", [13, 1000])
def test_tables_reach_the_estimator_as_they_are(batch_size):
    seen = []

    class Looking(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            seen.append(X)
            return self

        def predict(self, X):
            seen.append(X)
            return np.zeros(len(X))

    X = pd.DataFrame({"n": range(40), "c": pd.Categorical(["a", "b"] * 20)})
    teacher = in_context(Looking(), batch_size=batch_size).fit(X, np.zeros(40))
    teacher.predict(X)
    assert seen[0] is X
    assert all(part.dtypes.equals(X.dtypes) for part in seen)
    pd.testing.assert_frame_equal(pd.concat(seen[1:]), X)


def test_sparse_samples_and_lists_come_in_batches(friedman):
    X, y = friedman
    neighbors = KNeighborsRegressor().fit(X, y)
    expected = neighbors.predict(X)
    teacher = in_context(KNeighborsRegressor(), batch_size=11)
    assert_allclose(teacher.fit(X, y).predict(X.tolist()), expected)
    teacher = in_context(KNeighborsRegressor(algorithm="brute"), batch_size=11)
    assert_allclose(teacher.fit(coo_array(X), y).predict(coo_array(X)), expected)


def test_several_outputs(friedman):
    X, y = friedman
    both = np.c_[y, -y]
    teacher = in_context(KernelRegressor(), batch_size=17)
    done = cross_fit(task(teacher, X, both), "auto")
    assert_allclose(done.predictions[:, 0], -done.predictions[:, 1])
    assert done.teacher.predict(X).shape == both.shape


def test_workers_change_nothing(friedman):
    X, y = friedman
    parts = [
        cross_fit(task(in_context(KNeighborsRegressor()), X, y, n_jobs=n_jobs), "kfold")
        for n_jobs in (1, 2)
    ]
    assert_array_equal(*(part.predictions for part in parts))
    assert_array_equal(*(part.teacher.predict(X) for part in parts))


def test_workers_send_no_context_back(friedman, tmp_path):
    X, y = friedman
    teacher = in_context(UnpicklableTeacher(tmp_path))
    done = cross_fit(task(teacher, X, y, n_jobs=2), "kfold")
    assert done.teacher.predict(X).shape == y.shape


def test_the_cache_gives_back_what_was_fitted(friedman, tmp_path):
    X, y = friedman
    fits = tmp_path / "fits"
    fits.mkdir()
    first, second = (
        distilled(
            in_context(CountingTeacher(fits)),
            transfer=TransferSet(CutMixSampler(), size=1),
            memory=str(tmp_path / "memory"),
        ).fit(X, y)
        for _ in range(2)
    )
    n_samples = sorted(int(fit.name.rpartition("-")[2]) for fit in fits.iterdir())
    assert n_samples == [240] * 5 + [300]
    assert_array_equal(first.predict(X), second.predict(X))
    assert_array_equal(first.teacher_.predict(X), second.teacher_.predict(X))


def test_the_recipe_is_the_parameters_that_it_stands_for(friedman, asked):
    X, y = friedman
    recipe = in_context_recipe(KernelRegressor(), batch_size=70, size=2)
    seeded = {"random_state": 0, "on_poor_teacher": "warn"}
    model = DistilledRegressor(
        student=DecisionTreeRegressor(max_leaf_nodes=16), **seeded, **recipe
    ).fit(X, y)
    # Contexts that lack a fold for the samples, and all samples for the drawn ones.
    assert sum(n for context, n in asked if context == 240) == N
    assert sum(n for context, n in asked if context == N) == 2 * N
    assert max(n for _, n in asked) <= 70
    expected = DistilledRegressor(
        in_context(KernelRegressor(), batch_size=70),
        DecisionTreeRegressor(max_leaf_nodes=16),
        alpha=1.0,
        transfer=TransferSet(CutMixSampler(), size=2),
        **seeded,
    ).fit(X, y)
    assert_array_equal(model.predict(X), expected.predict(X))
    assert in_context_recipe(KernelClassifier())["transfer"].size == 10


def test_the_recipe_learns_nothing_from_noise(noise):
    X, y = noise
    recipe = in_context_recipe(KernelRegressor(), size=2)
    model = DistilledRegressor(
        student=DecisionTreeRegressor(max_leaf_nodes=16), random_state=0, **recipe
    ).fit(X, y)
    # The prediction may be one constant, which has no correlation.
    assert abs(np.cov(model.predict(X), y)[0, 1]) < 0.15 * np.var(y)


def test_one_of_several_teachers_may_learn_in_context(friedman, asked):
    X, y = friedman
    several = [("context", in_context(KernelRegressor())), ("ridge", Ridge())]
    model = distilled(several, combine="stack", transfer=TransferSet(size=1))
    model.fit(X, y)
    assert {context for context, _ in asked} == {240, 300}
    context, ridge = (model.teacher_.named_estimators_[name] for name, _ in several)
    assert type(context) is InContextRegressor
    assert len(ridge.estimators) == 5


@pytest.mark.parametrize(
    "teacher",
    [
        make_pipeline(StandardScaler(), in_context(KernelRegressor())),
        TransformedTargetRegressor(
            in_context(KernelRegressor()), transformer=StandardScaler()
        ),
        GridSearchCV(in_context(KernelRegressor()), {"estimator__gamma": [1.0]}, cv=2),
    ],
)
def test_what_holds_such_a_teacher_learns_in_context(friedman, teacher):
    X, y = friedman
    assert learns_in_context(teacher)
    model = distilled(teacher).fit(X, y)
    assert_allclose(model.teacher_.predict(X), y)
    assert model.teacher_score_ < 0.9


def test_no_other_teacher_learns_in_context():
    for teacher in (None, Ridge(), BaggingRegressor(Ridge()), KernelRegressor()):
        assert not learns_in_context(teacher)


def test_a_bag_of_contexts_has_out_of_bag_predictions(noise):
    X, y = noise
    bag = BaggingRegressor(in_context(KernelRegressor()), 60, random_state=0)
    done = cross_fit(task(bag, X, y), "auto")
    assert type(done.teacher) is BaggingRegressor
    assert r2_score(y, done.predictions) < 0.05


def test_a_teacher_of_another_library_says_so_itself(friedman):
    class Foundation(KernelRegressor):
        learns_in_context = True

    X, y = friedman
    model = distilled(Foundation()).fit(X, y)
    assert type(model.teacher_) is Foundation


@pytest.mark.parametrize("cross_fit", ["oob", "stack"])
def test_folds_are_the_only_source(noise, cross_fit):
    with pytest.raises(ValueError, match=r"InContextRegressor"):
        fitted_to_noise(noise, in_context(KernelRegressor()), cross_fit=cross_fit)


def test_a_stage_is_refused_even_of_boosting_in_its_place(noise):
    X, y = noise
    with pytest.raises(ValueError, match=r"(?s)Got 0.5 for InContext.*=1.0"):
        distilled(in_context(KernelRegressor()), teacher_stage=0.5).fit(X, y)


def test_spread_needs_several_teachers_and_says_so(friedman, asked):
    X, y = friedman
    teacher = in_context(KernelRegressor())
    one = distilled(teacher, trust="spread", transfer=TransferSet(size=1))
    with pytest.raises(ValueError, match=r"in context none of the folds' is kept"):
        one.fit(X, y)
    assert asked == []
    several = clone(one).set_params(teacher=[("a", teacher), ("b", Ridge())])
    assert several.fit(X, y).predict(X).shape == y.shape


def test_a_class_missing_in_a_fold_gets_no_probability_there(classes):
    X, y = classes
    rare = np.where(np.arange(N) == 0, "zelkova", y)
    teacher = in_context(KernelClassifier(), batch_size=50)
    with (
        pytest.warns(MissingClassWarning, match="zelkova"),
        pytest.warns(UserWarning, match="least populated"),
    ):
        model = DistilledClassifier(
            teacher, DecisionTreeClassifier(max_depth=3), transfer=TransferSet(size=1),
            refine=None, random_state=0, on_poor_teacher="ignore",
        ).fit(X, rare)  # fmt: skip
    assert_array_equal(model.teacher_.classes_, np.unique(rare))
    assert model.teacher_.predict(X[:1]) == ["zelkova"]
    assert model.predict_proba(X).shape == (N, 4)


def test_a_student_learns_from_a_classifier_in_context(classes):
    X, y = classes
    model = DistilledClassifier(
        in_context(KernelClassifier(gamma=0.1), batch_size=60),
        LogisticRegression(max_iter=1000),
        transfer=TransferSet(CutMixSampler(), size=2),
        random_state=0,
    ).fit(X, y)
    assert model.teacher_score_ < 0.95
    assert model.score(X, y) > 0.6


def test_clones_pickles_and_parameters(friedman):
    X, y = friedman
    teacher = in_context(KernelRegressor(gamma=2.0), batch_size=30)
    again = clone(teacher).set_params(batch_size=20, estimator__gamma=3.0)
    assert (again.batch_size, again.estimator.gamma) == (20, 3.0)
    assert (teacher.batch_size, teacher.estimator.gamma) == (30, 2.0)
    teacher.fit(X, y)
    assert not hasattr(teacher.estimator, "X_")  # A clone is fitted.
    loaded = pickle.loads(pickle.dumps(teacher))
    assert_array_equal(loaded.predict(X), teacher.predict(X))


def test_a_search_reaches_inside(friedman):
    X, y = friedman
    grid = {"teacher__batch_size": [10, 1000], "teacher__estimator__gamma": [0.1, 5.0]}
    model = distilled(in_context(KernelRegressor()), student=LinearRegression())
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    scores = search.cv_results_["mean_test_score"].reshape(2, 2)
    assert_allclose(scores[0], scores[1])
    assert scores[0, 0] != scores[0, 1]


def test_weights_are_the_estimators_business(friedman):
    X, y = friedman
    weight = np.arange(N) % 3 + 1.0
    refused = distilled(in_context(KernelRegressor()))
    with pytest.raises(ValueError, match=r"accept sample_weight.*KernelRegressor"):
        refused.fit(X, y, sample_weight=weight)
    taken = distilled(in_context(Ridge())).fit(X, y, sample_weight=weight)
    alone = Ridge().fit(X, y, sample_weight=weight)
    assert_allclose(taken.teacher_.predict(X), alone.predict(X))
    with config_context(enable_metadata_routing=True):
        routed = distilled(
            in_context(Ridge().set_fit_request(sample_weight=True)),
            student=student().set_fit_request(sample_weight=True),
        ).fit(X, y, sample_weight=weight)
    assert_allclose(routed.teacher_.predict(X), alone.predict(X))


def test_a_fit_that_fails_leaves_nothing(friedman):
    X, y = friedman
    teacher = in_context(KNeighborsRegressor()).fit(X, y)
    with pytest.raises(ValueError, match="NaN"):
        teacher.fit(X * np.nan, y)
    assert not hasattr(teacher, "estimator_")
    assert not hasattr(teacher, "n_features_in_")


def test_names_of_features_are_those_of_the_estimator():
    X = pd.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})
    teacher = in_context(KNeighborsRegressor(1)).fit(X, [0, 1])
    assert_array_equal(teacher.feature_names_in_, ["a", "b"])
    assert teacher.n_features_in_ == 2


def test_the_kind_is_that_of_the_estimator():
    assert is_classifier(in_context(KernelClassifier()))
    assert type(in_context(KernelClassifier())) is InContextClassifier
    assert type(in_context(KernelRegressor())) is InContextRegressor


@pytest.mark.parametrize("wrong", ["tabicl", KernelRegressor, KMeans(), None])
def test_what_neither_regresses_nor_classifies_is_refused(wrong):
    with pytest.raises(TypeError, match="takes a regressor or a classifier.*instance"):
        in_context(wrong)


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, "all"])
def test_the_batch_size_is_checked(noise, batch_size):
    with pytest.raises(ValueError, match="'batch_size' parameter"):
        in_context(KernelRegressor(), batch_size=batch_size).fit(*noise)


def test_tabicl_where_its_weights_are_at_hand(noise):
    tabicl = pytest.importorskip("tabicl")
    X, y = noise
    estimator = tabicl.TabICLRegressor(2, allow_auto_download=False, device="cpu")
    try:
        teacher = in_context(estimator).fit(X[:200], y[:200])
    except ValueError as error:
        if "automatic download is disabled" not in str(error):
            raise
        pytest.skip(str(error))
    batches = clone(teacher).set_params(batch_size=30).fit(X[:200], y[:200])
    assert_allclose(batches.predict(X), teacher.predict(X), rtol=1e-3, atol=1e-3)
    score, found = fitted_to_noise(noise, in_context(estimator, batch_size=100))
    assert score < 0.05
    assert found < 0.05


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        in_context(KNeighborsRegressor(), batch_size=7),
        in_context(KNeighborsClassifier(), batch_size=7),
    ]
)
def test_estimator_check(estimator, check):
    try:
        check(estimator)
    except unittest.SkipTest as skipped:
        pytest.fail(f"A check was skipped: {skipped}")
