"""The transfer set: whose target it has, how it is weighed, what is refused."""

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    ElasticNet,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KernelDensity
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.flow import Data, resolve_transfer
from skdistill.targets import Target
from skdistill.transfer import (
    ConditionalSampler,
    MungeSampler,
    SwapNoiseSampler,
    TransferSet,
)
from tests.doubles import CountingTeacher, RecordingClassifier, RecordingRegressor

MODEL = DistilledRegressor(
    Ridge(),
    RecordingRegressor(),
    alpha=0.25,
    temperature=2.0,
    transfer=None,
    calibrate=None,
    random_state=0,
)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


def test_unlabeled_samples_have_the_teachers_predictions_at_the_target_scale(diabetes):
    X, y = diabetes
    model = clone(MODEL).fit(X[:300], y[:300], X_unlabeled=X[300:])
    mean = y[:300].mean()
    scale = 0.75 + 0.25 / 2.0
    expected = mean + (model.teacher_.predict(X[300:]) - mean) * scale
    assert_array_equal(model.student_.X_, X)
    assert_allclose(model.student_.y_[300:], expected)
    alone = clone(MODEL).fit(X[:300], y[:300])
    assert_array_equal(model.student_.y_[:300], alone.student_.y_)
    assert model.student_.sample_weight_ is None


def test_drawn_samples_are_as_many_as_asked_for_and_new(diabetes):
    X, y = diabetes
    model = clone(MODEL).set_params(transfer=TransferSet(size=1.5)).fit(X, y)
    assert len(model.student_.X_) == 442 + 663
    assert not (model.student_.X_[442:, None] == X).all(axis=2).any(axis=1).all()
    again = clone(model).fit(X, y)
    assert_array_equal(again.student_.X_, model.student_.X_)


def test_drawn_samples_come_after_the_given_ones(diabetes):
    X, y = diabetes
    model = clone(MODEL).set_params(transfer=TransferSet(MungeSampler(), size=1))
    model.fit(X[:300], y[:300], X_unlabeled=X[300:])
    assert len(model.student_.X_) == 442 + 300
    assert_array_equal(model.student_.X_[:442], X)


def test_a_transfer_sample_weighs_a_multiple_of_the_mean_training_sample(diabetes):
    X, y = diabetes
    weight = np.linspace(1, 3, 300)
    model = clone(MODEL).set_params(transfer=TransferSet(None, weight=0.5))
    model.fit(X[:300], y[:300], sample_weight=weight, X_unlabeled=X[300:])
    assert_array_equal(model.student_.sample_weight_[:300], weight)
    assert_allclose(model.student_.sample_weight_[300:], 1.0)
    model.fit(X[:300], y[:300], X_unlabeled=X[300:])
    assert_array_equal(np.unique(model.student_.sample_weight_), [0.5, 1.0])


def test_samples_without_weight_leave_the_others_as_they_are(diabetes):
    X, y = diabetes
    teacher = FrozenEstimator(Ridge().fit(X, y))
    model = clone(MODEL).set_params(teacher=teacher)
    weight = np.where(np.arange(300) < 200, 2.0, 0.0)
    model.fit(X[:300], y[:300], sample_weight=weight, X_unlabeled=X[300:])
    expected = np.r_[weight, np.full(142, 2.0)]
    assert_array_equal(model.student_.sample_weight_, expected)


def test_weights_reach_the_sampler(diabetes):
    X, y = diabetes
    weight = np.r_[np.ones(42), np.zeros(400)]
    model = clone(MODEL).set_params(transfer=SwapNoiseSampler(p=0.0))
    model.fit(X, y, sample_weight=weight)
    drawn = {tuple(row) for row in model.student_.X_[442:]}
    assert drawn <= {tuple(row) for row in X[:42]}
    model.set_params(transfer=GaussianMixture())
    with pytest.raises(ValueError, match="sampler must accept sample_weight"):
        model.fit(X, y, sample_weight=weight)


@pytest.mark.parametrize("sampler", [GaussianMixture(3), KernelDensity(bandwidth=0.1)])
def test_density_models_draw_transfer_sets(diabetes, sampler):
    X, y = diabetes
    model = clone(MODEL).set_params(transfer=TransferSet(sampler, size=1)).fit(X, y)
    assert model.student_.X_.shape == (884, 10)


def test_a_transfer_set_has_the_teachers_probabilities_whatever_alpha_is(iris):
    X, y = iris
    given = X + 0.1
    teacher = LogisticRegression(max_iter=1000)
    model = DistilledClassifier(
        teacher, RecordingClassifier(), alpha=0.0, calibrate=None
    )
    model.fit(X, y, X_unlabeled=given)
    student = model.student_
    assert_array_equal(student.X_[:150], X)
    assert_array_equal(student.y_[:150], y)
    expected = model.teacher_.predict_proba(given)
    certain, row = expected.min(axis=1) > 0.01, 60
    assert certain[row]
    duplicates = (given[row] == student.X_).all(axis=1)
    assert_allclose(student.sample_weight_[duplicates], expected[row])


@pytest.mark.parametrize("soften", ["teacher", "both"])
@pytest.mark.parametrize(
    "student",
    [
        XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1),
        LGBMClassifier(n_estimators=20, min_child_samples=2, n_jobs=1, verbose=-1),
    ],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_native_student_learns_a_transfer_set_from_the_teacher(iris, student, soften):
    # Training samples next to without weight: what is learned comes from the others.
    X, y = iris
    model = DistilledClassifier(
        LogisticRegression(C=0.1, max_iter=1000),
        student,
        alpha=0.0,
        temperature=2.0,
        soften=soften,
        transfer=TransferSet(weight=1e6),
        calibrate=None,
    ).fit(X, y, X_unlabeled=X)
    teacher = model.teacher_.predict_proba(X)
    tempered = teacher**0.5 / (teacher**0.5).sum(axis=1, keepdims=True)
    learned = tempered if soften == "teacher" else teacher
    other = teacher if soften == "teacher" else tempered
    proba = model.predict_proba(X)
    assert np.abs(proba - learned).mean() < 0.6 * np.abs(proba - other).mean()


def test_a_transfer_set_helps_a_student_that_sees_few_samples():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, size=(3000, 3))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2]
    teacher = FrozenEstimator(RandomForestRegressor(50, random_state=0).fit(X, y))
    few, rest = slice(100), slice(1500, None)
    student = DecisionTreeRegressor(min_samples_leaf=3, random_state=0)
    scores = {
        transfer: DistilledRegressor(
            teacher, student, alpha=1.0, transfer=transfer, random_state=0
        )
        .fit(X[few], y[few])
        .score(X[rest], y[rest])
        for transfer in (None, "auto")
    }
    assert scores["auto"] > scores[None] + 0.1


def test_candidates_share_the_predictions_for_a_transfer_set(diabetes, tmp_path):
    X, y = diabetes
    model = DistilledRegressor(
        CountingTeacher(tmp_path / "fits"),
        LinearRegression(),
        transfer="auto",
        cv=3,
        random_state=0,
        memory=str(tmp_path / "memory"),
    )
    (tmp_path / "fits").mkdir()
    search = GridSearchCV(model, {"alpha": [0.0, 0.5, 1.0]}, cv=2).fit(X, y)
    # Three folds of two outer ones and of the refit.
    assert len(list((tmp_path / "fits").iterdir())) == 9
    fresh = clone(search.best_estimator_).set_params(memory=None).fit(X, y)
    assert_array_equal(search.predict(X), fresh.predict(X))


def test_dataframes_stay_dataframes(diabetes):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X = X.assign(sex=pd.Categorical(np.where(X["sex"] > 0, "f", "m")))
    student = RecordingRegressor()
    teacher = make_pipeline(TakeNumbers(), Ridge())
    model = DistilledRegressor(teacher, student, transfer="auto", random_state=0)
    model.fit(X.iloc[:300], y.iloc[:300], X_unlabeled=X.iloc[300:])
    seen = model.student_.X_
    pd.testing.assert_frame_equal(seen.iloc[:442].reset_index(drop=True), X)
    assert (seen.dtypes == X.dtypes).all()
    with pytest.raises(ValueError, match="dtypes of X.*object|str.*column 'sex'"):
        model.fit(X, y, X_unlabeled=X.astype({"sex": object}))
    with pytest.raises(ValueError, match="feature names"):
        model.fit(X, y, X_unlabeled=X.rename(columns={"sex": "gender"}))
    with pytest.raises(TypeError, match="must be a DataFrame"):
        model.fit(X, y, X_unlabeled=X.to_numpy())


@pytest.mark.filterwarnings("ignore:pandas.DataFrame with sparse columns found")
@pytest.mark.parametrize("columns", [["bmi"], slice(None)])
def test_no_samples_are_drawn_from_a_frame_with_sparse_columns(columns, tmp_path):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X.loc[:, "bmi"] = X["bmi"].clip(lower=0)
    names = X.columns[columns] if isinstance(columns, slice) else columns
    X = X.astype(dict.fromkeys(names, pd.SparseDtype(float, 0.0)))
    model = DistilledRegressor(CountingTeacher(tmp_path), RecordingRegressor())
    assert model.fit(X, y).student_.X_.shape == X.shape
    n_fits = len(list(tmp_path.iterdir()))
    model.set_params(transfer=MungeSampler())
    with pytest.raises(TypeError, match=r"sparse column.*X\[name\]\.sparse\.to_dense"):
        model.fit(X, y)
    assert len(list(tmp_path.iterdir())) == n_fits
    model.set_params(teacher=None, transfer="auto")
    if isinstance(columns, slice):
        with pytest.raises(ValueError, match=r"default teacher.*X\.sparse\.to_dense"):
            model.fit(X, y)


def test_sparse_samples_can_be_given_not_drawn(diabetes):
    X, y = diabetes
    X = sparse.csr_matrix(X)
    model = DistilledRegressor(Ridge(), RecordingRegressor(), random_state=0)
    model.fit(X[:300], y[:300], X_unlabeled=X[300:])
    assert model.student_.X_.shape == X.shape
    with pytest.raises(TypeError, match="[Ss]parse"):
        model.set_params(transfer=MungeSampler()).fit(X, y)


SINGLE = {
    "array": np.asarray,
    "frame": pd.DataFrame,
    "sparse matrix": sparse.csr_matrix,
    "sparse array": sparse.csr_array,
}


@pytest.mark.parametrize("other", [np.float64, np.int64])
@pytest.mark.parametrize("container", SINGLE.values(), ids=SINGLE)
def test_single_precision_stays_with_unlabeled_samples_of_another(
    container, other, diabetes
):
    X, y = diabetes
    X = np.rint(100 * X)
    student = RecordingRegressor()
    model = DistilledRegressor(Ridge(), student, transfer=None, random_state=0)
    single = container(X.astype(np.float32))
    model.fit(single[:300], y[:300], X_unlabeled=container(X[300:].astype(other)))
    seen = model.student_.X_
    dtypes = seen.dtypes if hasattr(seen, "iloc") else [seen.dtype]
    assert {*dtypes} == {np.dtype(np.float32)}
    dense = seen.toarray() if sparse.issparse(seen) else np.asarray(seen)
    assert_array_equal(dense, X)


def test_single_precision_stays_beside_privileged_columns_of_another(diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        Ridge(), RecordingRegressor(), transfer=MungeSampler(), random_state=0
    )
    X, privileged = X[:, :6].astype(np.float32), X[:, 6:]
    given = np.hstack([X, privileged])[:50]
    model.fit(X, y, X_privileged=privileged, X_unlabeled=given)
    assert model.student_.X_.dtype == np.float32


def test_a_classifiers_soft_labels_are_as_precise_as_the_samples(monkeypatch):
    X, y = load_breast_cancer(return_X_y=True)
    targets, mixed = [], Target.mixed.fget
    recorded = property(lambda target: targets.append(target) or mixed(target))
    monkeypatch.setattr(Target, "mixed", recorded)
    for dtype in (np.float32, np.float64):
        cells = X.astype(dtype)
        model = DistilledClassifier(
            GaussianNB(), DecisionTreeClassifier(max_depth=2), random_state=0
        ).fit(cells[:400], y[:400], X_unlabeled=cells[400:])
        assert {mixed(target).dtype for target in targets} == {np.dtype(dtype)}
        assert model.calibration_.temperature_ > 1
        targets.clear()


def test_integers_become_floats_beside_unlabeled_ones(diabetes):
    X, y = diabetes
    X = np.rint(100 * X).astype(int)
    model = DistilledRegressor(Ridge(), RecordingRegressor(), transfer=None)
    model.fit(X, y, X_unlabeled=X[:50] + 0.5)
    assert_array_equal(model.student_.X_[-50:], X[:50] + 0.5)


def test_what_single_precision_cannot_hold_is_refused_by_the_student(diabetes):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), DecisionTreeRegressor(), transfer=None)
    with pytest.raises(ValueError, match="infinity"):
        model.fit(X.astype(np.float32), y, X_unlabeled=np.full((3, 10), 1e100))


class Frame(list):
    """Stands for the DataFrames of other libraries."""

    columns = ("a", "b")


def test_frames_of_other_libraries_are_for_mixing_alone():
    X, y = Frame([[0.0, 1.0], [1.0, 0.0]] * 50), np.arange(100.0)
    model = DistilledRegressor(Ridge(), DecisionTreeRegressor(), random_state=0)
    with pytest.raises(TypeError, match=r"Got X as tests\.Frame.*to_pandas"):
        model.fit(X, y)
    model.set_params(transfer=None).fit(X, y)


def test_what_a_sampler_cannot_take_is_named_with_the_way_round(diabetes):
    X, y = diabetes
    X = np.where(X > 0.1, np.inf, X)
    part = HistGradientBoostingRegressor(max_iter=5)
    model = DistilledRegressor(part, part, random_state=0)
    with pytest.raises(ValueError, match="infinity") as caught:
        model.fit(X, y)
    assert "MungeSampler); transfer=None does without it" in caught.value.__notes__[0]


def test_auto_draws_samples_where_the_student_learns_from_the_teacher(diabetes):
    X, y = diabetes
    model = clone(MODEL).set_params(transfer=TransferSet(size=2))
    assert len(model.fit(X, y).student_.X_) == 3 * len(X)
    assert len(model.fit(X[:99], y[:99]).student_.X_) == 99
    assert len(model.set_params(alpha=0).fit(X, y).student_.X_) == len(X)


@pytest.mark.parametrize(
    ("size", "n_samples", "n_drawn"),
    [
        ("auto", 300, 3000),
        ("auto", 50_000, 100_000),
        (10, 50_000, 500_000),
        (0.5, 7, 4),
        (0.1, 2, 1),
    ],
)
def test_ten_samples_are_drawn_for_each_but_at_most_100_000(size, n_samples, n_drawn):
    assert TransferSet(size=size).count(n_samples) == n_drawn


@pytest.mark.parametrize(
    ("student", "sampler"),
    [
        (RandomForestRegressor(), MungeSampler),
        (make_pipeline(StandardScaler(), XGBClassifier()), MungeSampler),
        (DecisionTreeRegressor(), ConditionalSampler),
        (MLPClassifier(), ConditionalSampler),
        # They cannot follow the teacher everywhere, or keep what is drawn.
        (LogisticRegression(), type(None)),
        (make_pipeline(StandardScaler(), RidgeClassifier()), type(None)),
        (TransformedTargetRegressor(ElasticNet()), type(None)),
        (PoissonRegressor(), type(None)),
        (SGDClassifier(), type(None)),
        (VotingRegressor([("a", Lasso()), ("b", Ridge())]), type(None)),
        (
            VotingRegressor([("a", Lasso()), ("b", DecisionTreeRegressor())]),
            ConditionalSampler,
        ),
        # It learns from the teacher in no other way.
        (QuantileRegressor(), ConditionalSampler),
        (HuberRegressor(), ConditionalSampler),
    ],
)
def test_sums_of_trees_learn_munge_samples_others_conditional_ones(student, sampler):
    data = Data(np.zeros((100, 2)), np.zeros(100))
    resolved = resolve_transfer("auto", student, 0.5, data)
    assert type(resolved.sampler) is sampler


def test_what_does_not_fit_is_refused(diabetes, tmp_path):
    X, y = diabetes
    with pytest.raises(ValueError, match="10 features"):
        clone(MODEL).fit(X, y, X_unlabeled=X[:, :9])
    missing = np.where(X[:5] > 0, X[:5], np.nan)
    with pytest.raises(ValueError, match="NaN"):
        clone(MODEL).fit(X, y, X_unlabeled=missing)
    for transfer, name in (
        (TransferSet(size=0), "size"),
        (TransferSet(weight=-1), "weight"),
        (TransferSet("munge"), "sampler"),
        (3, "transfer"),
    ):
        with pytest.raises(ValueError, match=f"{name}' parameter"):
            clone(MODEL).set_params(transfer=transfer).fit(X, y)
    frame = pd.DataFrame(X)
    with pytest.raises(TypeError, match="no DataFrame, as X is none"):
        clone(MODEL).fit(X, y, X_unlabeled=frame)
    with pytest.raises(TypeError, match="both be sparse, or both dense"):
        clone(MODEL).fit(X, y, X_unlabeled=sparse.csr_array(X))
    with pytest.raises(ValueError, match="Got object in column 0 where X has float64"):
        clone(MODEL).set_params(transfer=MungeSampler()).fit(
            frame, y, X_unlabeled=frame.astype(object)
        )
    teacher = CountingTeacher(tmp_path)
    with pytest.raises(TypeError, match="class"):
        clone(MODEL).set_params(teacher=teacher, transfer=MungeSampler).fit(X, y)
    assert not list(tmp_path.iterdir())  # Refused before any work.


def test_metadata_of_training_samples_cannot_be_made_up_for_others(iris):
    X, y = iris
    with config_context(enable_metadata_routing=True):
        student = RecordingClassifier().set_fit_request(extra=True)
        model = DistilledClassifier(GaussianNB(), student)
        with pytest.raises(ValueError, match="no metadata but.*'extra'.*150 rows"):
            model.fit(X, y, extra=np.arange(150), X_unlabeled=X)


def test_a_pipeline_can_transform_the_unlabeled_samples(diabetes):
    X, y = diabetes
    with config_context(enable_metadata_routing=True):
        model = clone(MODEL).set_fit_request(X_unlabeled=True)
        pipeline = make_pipeline(
            StandardScaler(), model, transform_input=["X_unlabeled"]
        )
        pipeline.fit(X[:300], y[:300], X_unlabeled=X[300:])
    seen = pipeline[-1].student_.X_
    assert_allclose(seen, pipeline[0].transform(X))


def test_a_tree_learns_a_transfer_set_without_duplicates(iris):
    X, y = iris
    model = DistilledClassifier(
        GaussianNB(), DecisionTreeClassifier(), transfer="auto", random_state=0
    ).fit(X, y)
    assert model.student_.tree_.n_node_samples[0] == 150 * 11


@pytest.mark.parametrize(
    ("student", "limit"),
    [
        (RandomForestRegressor(3, random_state=0), None),
        (make_pipeline(StandardScaler(), DecisionTreeRegressor(random_state=0)), None),
        (RandomForestRegressor(3, max_depth=20, random_state=0), None),
        (BaggingRegressor(DecisionTreeRegressor(), 3, random_state=0), None),
        (TransformedTargetRegressor(DecisionTreeRegressor(random_state=0)), None),
        (DecisionTreeRegressor(max_depth=3), 8),
        (DecisionTreeRegressor(max_leaf_nodes=20), 20),
    ],
)
def test_a_student_with_a_transfer_set_is_no_larger_than_the_baseline(
    diabetes, student, limit
):
    X, y = diabetes
    baseline = clone(student).fit(X, y)
    model = DistilledRegressor(Ridge(), student, transfer="auto", random_state=0)
    model.fit(X, y)
    assert 1 < most_leaves(model.student_) <= (limit or most_leaves(baseline))


def test_an_unlimited_tree_of_classes_keeps_its_size_too(iris):
    X, y = iris
    student = DecisionTreeClassifier(random_state=0)
    model = DistilledClassifier(
        GaussianNB(), student, transfer="auto", random_state=0
    ).fit(X, y)
    assert model.student_.get_n_leaves() <= clone(student).fit(X, y).get_n_leaves()


def test_rescaled_predictions_have_the_slope_of_the_truth():
    X = np.linspace(-1, 1, 200).reshape(-1, 1)
    y = 2.0 * X[:, 0]
    model = DistilledRegressor(
        FrozenEstimator(LinearRegression().fit(X, y)),
        LinearRegression(),
        temperature=2.0,
        rescale=True,
    ).fit(X, y, X_unlabeled=X + 0.5)
    assert_allclose(model.predict([[0.0], [1.0]]), [0.0, 2.0], atol=1e-10)


def test_a_teacher_with_its_own_order_of_classes_is_understood(iris):
    X, y = iris
    teacher = Reversed().fit(X, y)
    model = DistilledClassifier(
        FrozenEstimator(teacher), DecisionTreeClassifier(max_depth=3), alpha=0.0
    )
    model.fit(X[::2], y[::2], X_unlabeled=X[1::2])
    assert model.score(X, y) > 0.9


def test_balanced_weights_count_labels_not_the_transfer_set(iris):
    X, y = iris
    rows = np.r_[0:50, 50:60, 100:150]
    student = DecisionTreeClassifier(class_weight="balanced")
    model = DistilledClassifier(GaussianNB(), student)
    model.fit(X[rows], y[rows], X_unlabeled=X)
    expected = 110 / (3 * np.array([50, 10, 50]))
    weights = [model.student_.class_weight[label] for label in model.classes_]
    assert_allclose(weights, expected)


def test_what_counts_samples_counts_training_samples(diabetes):
    X, y = diabetes
    student = HistGradientBoostingRegressor(max_iter=3)
    model = DistilledRegressor(
        Ridge(), student, transfer=TransferSet(SwapNoiseSampler(), size=30)
    )
    model.set_params(random_state=0).fit(X, y)
    assert not model.student_.do_early_stopping_
    model.set_params(student=RandomForestRegressor(5, oob_score=True))
    with pytest.raises(ValueError, match="with oob_score learns no transfer set"):
        model.fit(X, y)


def test_an_unlimited_regressor_learns_logits_of_a_transfer_set(iris):
    X, y = iris
    model = DistilledClassifier(
        GaussianNB(), DecisionTreeRegressor(), transfer="auto", random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.9


def test_held_out_samples_of_the_student_are_no_transfer_set(diabetes):
    X, y = diabetes
    with config_context(enable_metadata_routing=True):
        student = XGBRegressor(
            n_estimators=200, early_stopping_rounds=2, n_jobs=1
        ).set_fit_request(eval_set=True)
        model = DistilledRegressor(Ridge(), student, transfer="auto", random_state=0)
        model.fit(X[:300], y[:300], eval_set=[(X[300:], y[300:])])
    assert model.student_.best_iteration < 150


def test_samples_to_stop_by_may_be_as_many_as_the_training_samples(diabetes):
    X, y = diabetes
    with config_context(enable_metadata_routing=True):
        student = HistGradientBoostingRegressor(early_stopping=True, random_state=0)
        student.set_fit_request(X_val=True, y_val=True)
        model = DistilledRegressor(Ridge(), student, transfer="auto", random_state=0)
        model.fit(X[:200], y[:200], X_val=X[200:400], y_val=y[200:400])
        other = clone(model).fit(X[:200], y[:200], X_val=X[200:399], y_val=y[200:399])
    assert model.student_.n_iter_ < 100
    assert_allclose(model.predict(X), other.predict(X), rtol=0.3)


class Reversed(GaussianNB):
    """Its columns are in the reverse order of the labels."""

    def fit(self, X, y):
        super().fit(X, y)
        self.classes_ = self.classes_[::-1]
        self.theta_, self.var_ = self.theta_[::-1], self.var_[::-1]
        self.class_prior_ = self.class_prior_[::-1]
        return self


def most_leaves(model):
    """The leaves of the largest tree."""
    model = model[-1] if hasattr(model, "steps") else model
    model = getattr(model, "regressor_", model)
    return max(tree.get_n_leaves() for tree in getattr(model, "estimators_", [model]))


class TakeNumbers(StandardScaler):
    """Keeps the numeric columns of a dataframe."""

    def fit(self, X, y=None):
        return super().fit(X.select_dtypes("number"))

    def transform(self, X):
        return super().transform(X.select_dtypes("number"))

    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X)
