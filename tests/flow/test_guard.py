"""The guard: which teachers are warned of, what is said, and what it costs."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    load_linnerud,
    make_classification,
    make_friedman1,
)
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.exceptions import PoorTeacherWarning
from skdistill.flow import Data, Plan, Seeds, _baseline, distill
from skdistill.transfer import MungeSampler, TransferSet
from tests.doubles import CountingTeacher

CONSTANT = "no better than a constant"
BASELINE = "the teacher knows no more than the student learns from the labels alone"
UNIT = "another unit or origin"
ORDER = "classes seem to be in another order"

TREE = DecisionTreeRegressor(max_leaf_nodes=8)
SMALL = {"transfer": None, "refine": None, "random_state": 0}


def warning_of(model, X, y, *args, **given):
    """Fit; return the guard's warning, or None. Other warnings are errors."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("always", PoorTeacherWarning)
        model.fit(X, y, *args, **given)
    messages = [str(one.message) for one in caught]
    assert messages == [model.poor_teacher_] * (model.poor_teacher_ is not None)
    return model.poor_teacher_


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(500, noise=1.0, random_state=0)


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


# --- No false alarm ---


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("teacher", [Ridge(0.1), LinearRegression()])
def test_a_good_teacher_of_diabetes_is_not_warned_of(diabetes, teacher, seed):
    model = DistilledRegressor(teacher, TREE, on_poor_teacher="warn", **SMALL)
    assert warning_of(model.set_params(random_state=seed), *diabetes) is None


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))]
)
@pytest.mark.parametrize(
    "teacher",
    [
        ExtraTreesRegressor(100, bootstrap=True, random_state=0),
        GradientBoostingRegressor(random_state=0),
    ],
)
def test_a_good_teacher_of_friedman_is_not_warned_of(teacher, seed):
    X, y = make_friedman1(400, noise=1.0, random_state=seed)
    student = DecisionTreeRegressor(max_leaf_nodes=16)
    model = DistilledRegressor(teacher, student, **SMALL).set_params(random_state=seed)
    for calibrate in ("auto", None):
        assert warning_of(model.set_params(calibrate=calibrate), X, y) is None


@pytest.mark.parametrize("seed", range(4))
def test_a_good_teacher_of_classes_is_not_warned_of(seed):
    X, y = load_breast_cancer(return_X_y=True)
    model = DistilledClassifier(
        make_pipeline(StandardScaler(), LogisticRegression()),
        DecisionTreeClassifier(max_leaf_nodes=8),
        **SMALL,
    ).set_params(random_state=seed)
    assert warning_of(model, X, y) is None


def test_the_default_teacher_is_not_warned_of():
    X, y = make_friedman1(300, noise=1.0, random_state=0)
    model = DistilledRegressor(student=TREE, on_poor_teacher="warn", **SMALL)
    assert warning_of(model, X, y) is None


# --- Poor teachers ---


@pytest.mark.parametrize("freeze", [False, True])
def test_a_constant_teacher_is_warned_of(diabetes, freeze):
    X, y = diabetes
    teacher = DummyRegressor()
    if freeze:
        teacher = FrozenEstimator(teacher.fit(X, y))
    said = warning_of(DistilledRegressor(teacher, TREE, **SMALL), X, y)
    assert CONSTANT in said
    # Both scores, and what is between them.
    assert said.count(f"{y.var():,.0f}"[:3]) >= 2
    assert "mean squared error is" in said
    assert "that of a constant 5,930" in said
    assert "with a standard error of" in said


@pytest.mark.parametrize("strategy", ["prior", "uniform"])
def test_a_constant_teacher_of_classes_is_warned_of(iris, strategy):
    model = DistilledClassifier(
        DummyClassifier(strategy=strategy), DecisionTreeClassifier(), **SMALL
    )
    said = warning_of(model, *iris)
    assert CONSTANT in said
    assert "its log loss is 1.099, that of a constant 1.099" in said


@pytest.mark.parametrize("seed", range(3))
def test_a_teacher_of_noise_is_warned_of(seed):
    rng = np.random.default_rng(seed)
    X, noise = rng.normal(size=(300, 5)), rng.normal(size=300)
    teacher = RandomForestRegressor(50)
    said = warning_of(DistilledRegressor(teacher, TREE, **SMALL), X, noise)
    assert CONSTANT in said
    model = DistilledClassifier(
        RandomForestClassifier(50), DecisionTreeClassifier(max_leaf_nodes=4), **SMALL
    )
    assert CONSTANT in warning_of(model, X, noise > 0)


def test_logarithms_of_labels_are_warned_of_unless_calibrated(diabetes):
    X, y = diabetes
    teacher = FrozenEstimator(Ridge(0.1).fit(X, np.log(y)))
    model = DistilledRegressor(teacher, TREE, calibrate=None, **SMALL)
    said = warning_of(model, X, y)
    assert CONSTANT in said
    assert UNIT in said
    assert "The labels rise by 150" in said
    assert "lie 147.3 above them" in said
    assert "calibrate='auto' mends that" in said
    assert warning_of(model.set_params(calibrate="auto"), X, y) is None


@pytest.mark.parametrize("unit", [1e-3, 0.3, 3.0, 1e3])
def test_another_unit_is_warned_of_unless_calibrated(diabetes, unit):
    X, y = diabetes
    teacher = FrozenEstimator(Ridge(0.1).fit(X, unit * y))
    model = DistilledRegressor(teacher, TREE, calibrate=None, **SMALL)
    said = warning_of(model, X, y)
    assert UNIT in said
    slope = float(said.split("The labels rise by ")[1].split()[0])
    assert slope == pytest.approx(1 / unit, rel=0.1)
    assert warning_of(model.set_params(calibrate="auto"), X, y) is None


def test_another_origin_is_warned_of_unless_calibrated(diabetes):
    X, y = diabetes
    teacher = FrozenEstimator(Ridge(0.1).fit(X, y + 30))
    model = DistilledRegressor(teacher, TREE, calibrate=None, **SMALL)
    said = warning_of(model, X, y)
    assert UNIT in said
    assert "lie -30 above them" in said
    assert warning_of(model.set_params(calibrate="auto"), X, y) is None


@pytest.mark.parametrize("calibrate", [None, "auto"])
def test_classes_in_another_order_are_named(iris, calibrate):
    X, y = iris
    names, codes = np.unique(y, return_inverse=True)
    # The first class is called by the name of the second, and so on round.
    teacher = FrozenEstimator(GaussianNB().fit(X, names[(codes + 1) % 3]))
    model = DistilledClassifier(
        teacher, DecisionTreeClassifier(max_depth=3), calibrate=calibrate, **SMALL
    )
    said = warning_of(model, X, y)
    assert CONSTANT in said
    assert ORDER in said
    right, best = (
        float(said.split(words)[1].split("%")[0])
        for words in ("it is right for ", "would be for ")
    )
    assert right < 10 < 90 < best
    assert "'versicolor' were 'setosa'" in said
    assert "'virginica' were 'versicolor'" in said
    assert "'setosa' were 'virginica'" in said


@pytest.mark.parametrize("labels", [[1, 2, 3], [False, True], ["a", "b"]])
def test_swapped_labels_are_written_as_the_user_writes_them(iris, labels):
    X, y = iris
    codes = np.minimum(np.unique(y, return_inverse=True)[1], len(labels) - 1)
    y = np.array(labels)[codes]
    swapped = np.array([labels[1], labels[0], *labels[2:]])[codes]
    teacher = FrozenEstimator(GaussianNB().fit(X, swapped))
    said = warning_of(
        DistilledClassifier(teacher, DecisionTreeClassifier(max_depth=3), **SMALL), X, y
    )
    assert f"if {labels[1]!r} were {labels[0]!r}" in said
    assert f"{labels[0]!r} were {labels[1]!r}. Check" in said
    assert "np." not in said
    # What stays where it is is not named.
    assert "3 were 3" not in said


def test_a_weak_but_sound_teacher_of_classes_is_in_no_other_order():
    X, y = make_classification(
        400, 20, n_informative=4, flip_y=0.3, n_classes=3, random_state=0
    )
    model = DistilledClassifier(GaussianNB(), DecisionTreeClassifier(max_depth=2))
    said = warning_of(model.set_params(**SMALL), X, y)
    assert said is None or ORDER not in said


@pytest.mark.parametrize("seed", range(3))
def test_a_teacher_worse_than_the_student_is_warned_of(seed):
    X, y = make_friedman1(500, noise=0.5, random_state=seed)
    student = GradientBoostingRegressor()
    model = DistilledRegressor(KNeighborsRegressor(), student, **SMALL)
    said = warning_of(model, X, y)
    assert BASELINE in said
    assert "On 100 held-out samples" in said
    assert "on_poor_teacher='baseline'" in said
    # Both scores, each with its owner: the student's is the better one.
    student_error, teacher_error = (
        float(said.split(owner)[1].split(",")[0])
        for owner in ("the baseline student's ", "mean squared error is ")
    )
    assert student_error < 0.8 * teacher_error


def test_a_teacher_of_classes_worse_than_the_student_is_warned_of():
    X, y = make_classification(
        600, 10, n_informative=6, n_clusters_per_class=4, random_state=0
    )
    student = GradientBoostingClassifier(n_estimators=50)
    model = DistilledClassifier(DecisionTreeClassifier(max_depth=1), student, **SMALL)
    said = warning_of(model, X, y)
    assert BASELINE in said
    assert "its log loss is" in said


@pytest.mark.parametrize("calibrate", [None, "auto"])
def test_columns_in_another_order_are_warned_of(friedman, calibrate):
    X, y = friedman
    teacher = FrozenEstimator(RandomForestRegressor(50).fit(X[:, ::-1], y))
    model = DistilledRegressor(teacher, TREE, calibrate=calibrate, **SMALL)
    said = warning_of(model, X, y)
    assert CONSTANT in said
    assert "sees other columns" in said


def test_stored_predictions_are_judged_too(diabetes):
    X, y = diabetes
    model = DistilledRegressor(None, TREE, **SMALL)
    noise = np.random.default_rng(0).permutation(y)
    assert CONSTANT in warning_of(model, X, y, teacher_predictions=noise)
    good = Ridge(0.1).fit(X, y).predict(X)
    assert warning_of(model, X, y, teacher_predictions=good) is None


# --- What is done about it ---


@pytest.mark.parametrize("given", ["nothing", "unlabeled", "weights"])
@pytest.mark.parametrize("transfer", [None, "auto"])
def test_the_baseline_student_is_kept_bit_for_bit(diabetes, given, transfer):
    X, y = diabetes
    params = {}
    if given == "unlabeled":
        params["X_unlabeled"] = X[::2]
    if given == "weights":
        params["sample_weight"] = np.linspace(1, 2, len(y))
    student = GradientBoostingRegressor(n_estimators=20, random_state=0)
    model = DistilledRegressor(
        DummyRegressor(), student, transfer=transfer, on_poor_teacher="baseline"
    )
    said = warning_of(model, X, y, **params)
    assert CONSTANT in said
    params.pop("X_unlabeled", None)
    baseline = clone(student).fit(X, y, **params)
    assert_array_equal(model.predict(X), baseline.predict(X))
    with pytest.warns(PoorTeacherWarning):
        distilled = clone(model).set_params(on_poor_teacher="warn").fit(X, y)
    assert not np.array_equal(distilled.predict(X), baseline.predict(X))


def test_the_baseline_student_of_classes_is_kept_bit_for_bit(iris):
    X, y = iris
    student = DecisionTreeClassifier(max_depth=3, random_state=0)
    model = DistilledClassifier(
        DummyClassifier(), student, temperature=3.0, on_poor_teacher="baseline"
    )
    assert CONSTANT in warning_of(model, X, y, X_unlabeled=X + 0.01)
    baseline = clone(student).fit(X, y)
    assert_array_equal(model.predict_proba(X), baseline.predict_proba(X))


def test_the_baseline_student_is_not_rescaled(diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        DummyRegressor(),
        Ridge(),
        temperature=3.0,
        rescale=True,
        on_poor_teacher="baseline",
    )
    warning_of(model, X, y)
    assert_array_equal(model.predict(X), Ridge().fit(X, y).predict(X))
    assert model.target_scale_ == 1


def test_it_is_said_that_the_baseline_student_was_kept(diabetes):
    model = DistilledRegressor(DummyRegressor(), Ridge(), on_poor_teacher="baseline")
    assert "baseline student" in warning_of(model, *diabetes)


def test_a_good_teacher_is_learned_from_whatever_is_done_about_poor_ones(friedman):
    X, y = friedman
    teacher = ExtraTreesRegressor(50, bootstrap=True, random_state=0)
    models = [
        DistilledRegressor(teacher, TREE, on_poor_teacher=action, **SMALL)
        for action in ("warn", "baseline", "ignore")
    ]
    first, *others = (model.fit(X, y).predict(X) for model in models)
    assert [model.poor_teacher_ for model in models] == [None] * 3
    for other in others:
        assert_array_equal(other, first)


def test_ignored_teachers_are_not_warned_of(diabetes):
    X, y = diabetes
    model = DistilledRegressor(DummyRegressor(), TREE, on_poor_teacher="ignore")
    assert warning_of(model, X, y) is None


def test_other_actions_are_refused(diabetes):
    with pytest.raises(ValueError, match="'on_poor_teacher' parameter"):
        DistilledRegressor(Ridge(), Ridge(), on_poor_teacher="raise").fit(*diabetes)


# --- What it costs ---


def count_fits(folder, n_samples=None, **params):
    """Return on how many samples the student was fitted, one by one."""
    Path(folder).mkdir(exist_ok=True)
    X, y = load_diabetes(return_X_y=True)
    student = CountingTeacher(str(folder))
    model = DistilledRegressor(Ridge(0.1), student, transfer=None, **params)
    model.fit(X[:n_samples], y[:n_samples])
    names = sorted(path.name for path in Path(folder).iterdir())
    return [int(name.split("-")[-1]) for name in names]


@pytest.mark.parametrize(("noise", "n_parts"), [(20.0, 1), (54.0, 5), (300.0, 0)])
def test_a_student_more_is_fitted_for_each_part_until_one_leads(
    tmp_path, diabetes, noise, n_parts
):
    X, y = diabetes
    student = CountingTeacher(str(tmp_path))  # Leaves an error of about 55.
    known = y + np.random.default_rng(0).normal(0, noise, len(y))
    model = DistilledRegressor(None, student, calibrate=None, **SMALL)
    said = warning_of(model, X, y, teacher_predictions=known)
    assert (said is None) == (noise < 50)
    assert len(list(tmp_path.iterdir())) == n_parts + 1


@pytest.mark.parametrize(("cv", "n_held_out"), [(5, 89), (10, 90), (KFold(3), 148)])
def test_a_part_is_a_fifth_of_the_samples_in_whole_folds(
    tmp_path, diabetes, cv, n_held_out
):
    X, y = diabetes
    model = DistilledRegressor(None, CountingTeacher(str(tmp_path)), transfer=None)
    warning_of(model.set_params(cv=cv), X, y, teacher_predictions=y)
    sizes = sorted(int(path.name.split("-")[-1]) for path in tmp_path.iterdir())
    assert sizes == [442 - n_held_out, 442]


@pytest.mark.parametrize(
    "params",
    [
        {"on_poor_teacher": "ignore"},
        {"alpha": 0},
        {"cross_fit": False},
        {"n_samples": 99},
    ],
)
def test_no_further_student_is_fitted_where_it_serves_nothing(tmp_path, params):
    n_samples = params.get("n_samples", 442)
    assert count_fits(tmp_path / "one", **params) == [n_samples]


def test_a_constant_is_found_out_without_a_further_student(tmp_path, diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        DummyRegressor(), CountingTeacher(str(tmp_path)), transfer=None
    )
    assert CONSTANT in warning_of(model, X, y)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_poor_teacher_of_few_samples_is_held_against_a_constant(diabetes):
    X, y = diabetes
    model = DistilledRegressor(DummyRegressor(), Ridge(), **SMALL)
    assert CONSTANT in warning_of(model, X[:40], y[:40])


class RowsRegressor(RegressorMixin, BaseEstimator):
    """Linear regression that keeps the first column of each fit in a list."""

    seen = []  # noqa: RUF012

    def fit(self, X, y):
        self.seen.append(X[:, 0])
        self.model_ = LinearRegression().fit(X, y)
        return self

    def predict(self, X):
        return self.model_.predict(X)


def test_groups_stay_together_in_the_held_out_part(diabetes):
    X, y = diabetes
    X = np.column_stack([np.arange(442), X])
    groups = np.random.default_rng(0).integers(23, size=442)
    RowsRegressor.seen.clear()
    with config_context(enable_metadata_routing=True):
        folds = GroupKFold(6).set_split_request(groups=True)
        model = DistilledRegressor(Ridge(0.1), RowsRegressor(), cv=folds, transfer=None)
        model.fit(X, y, groups=groups)
    *parts, every = (rows.astype(int) for rows in RowsRegressor.seen)
    assert len(every) == 442
    assert parts
    for training in parts:
        held_out = np.setdiff1d(every, training)
        assert 0.2 * 442 <= len(held_out) < 0.5 * 442
        assert not {*groups[training]} & {*groups[held_out]}


# --- Students of all kinds ---


class Bare(ClassifierMixin, BaseEstimator):
    """Classifier with neither probabilities nor decision values."""

    def fit(self, X, y, sample_weight=None):
        self.tree_ = DecisionTreeClassifier(max_depth=3, random_state=0)
        self.tree_.fit(X, y, sample_weight=sample_weight)
        self.classes_ = self.tree_.classes_
        return self

    def predict(self, X):
        return self.tree_.predict(X)


@pytest.mark.parametrize("student", [Bare(), LinearSVC()])
def test_students_without_probabilities_are_compared_by_classes(iris, student):
    X, y = iris
    good = make_pipeline(StandardScaler(), LogisticRegression())
    model = DistilledClassifier(good, student, **SMALL)
    said = warning_of(model, X, y)
    assert said is None or "its error rate is" in said
    weak = DistilledClassifier(DecisionTreeClassifier(max_depth=1), student, **SMALL)
    said = warning_of(weak, X, y)
    assert BASELINE in said
    assert "its error rate is" in said


@pytest.mark.parametrize("labels", [["a", "b", "c"], [3, 1, 2], [-1, 0, 1]])
@pytest.mark.parametrize(
    "student",
    [
        XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1),
        RandomForestClassifier(50),
        Ridge(),
    ],
)
def test_labels_of_any_kind_are_the_students_too(iris, labels, student):
    X, y = iris
    y = np.array(labels)[np.unique(y, return_inverse=True)[1]]
    stump = DecisionTreeClassifier(max_depth=1)  # Right for two classes of three.
    model = DistilledClassifier(stump, student, **SMALL)
    said = warning_of(model, X, y)
    if isinstance(student, Ridge):
        return  # A linear model of logits may be worse than the stump.
    assert BASELINE in said
    student_loss = float(said.split("the baseline student's ")[1].split(",")[0])
    assert student_loss < 0.5
    good = make_pipeline(StandardScaler(), LogisticRegression())
    assert warning_of(model.set_params(teacher=good), X, y) is None


class LateMean(RegressorMixin, BaseEstimator):
    """A teacher that was told the mean."""

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict(self, X):
        return 3 * X[:, 0] * X[:, 1] + 2


@pytest.mark.parametrize(
    "student",
    [
        GradientBoostingRegressor(loss="quantile", alpha=0.9, n_estimators=30),
        LGBMRegressor(objective="quantile", alpha=0.1, n_estimators=30, verbose=-1),
        GradientBoostingRegressor(loss="absolute_error", n_estimators=30),
    ],
)
def test_students_of_quantiles_are_compared_by_their_own_loss(student):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 6))
    y = 3 * X[:, 0] * X[:, 1] + rng.exponential(2.0, size=600)
    # Its means lie off every quantile, but it knows them all by its residuals.
    model = DistilledRegressor(LateMean(), student, calibrate=None, **SMALL)
    model.set_params(transfer=TransferSet(MungeSampler(), size=1.0))
    assert warning_of(model, X, y) is None
    said = warning_of(model.set_params(teacher=KNeighborsRegressor(1)), X, y)
    assert said is not None
    if CONSTANT not in said:
        assert "quantile loss is" in said or "mean absolute error is" in said


def test_offsets_of_held_out_samples_are_unknown_to_the_student(friedman):
    X, y = friedman
    student = XGBRegressor(n_estimators=20, max_depth=3, n_jobs=1)
    with config_context(enable_metadata_routing=True):
        student.set_fit_request(base_margin=True)
        model = DistilledRegressor(KNeighborsRegressor(), student, **SMALL)
        assert BASELINE in warning_of(model, X, y)
        assert warning_of(model, X, y, base_margin=np.full(len(y), 14.0)) is None


def test_several_outputs():
    X, y = load_linnerud(return_X_y=True)
    X, y = np.tile(X, (6, 1)), np.tile(y, (6, 1))
    model = DistilledRegressor(DummyRegressor(), KNeighborsRegressor(50), **SMALL)
    assert CONSTANT in warning_of(model, X, y)
    model.set_params(teacher=KNeighborsRegressor(2))
    assert warning_of(model, X, y) is None
    wrong = FrozenEstimator(KNeighborsRegressor(1).fit(X, y * [1, 50, 1]))
    model.set_params(teacher=wrong, calibrate=None)
    assert "The labels rise by 0.02" in warning_of(model, X, y)


# --- Weights ---


def test_the_verdict_is_that_of_the_samples_with_weight(diabetes):
    X, y = diabetes
    rng = np.random.default_rng(0)
    trusted = rng.random(442) < 0.6
    good = Ridge(0.1).fit(X, y).predict(X)
    t = np.where(trusted, good, rng.permutation(y))
    model = DistilledRegressor(None, TREE, **SMALL)
    weight = np.where(trusted, 1.0, 1e-6)
    assert warning_of(model, X, y, weight, teacher_predictions=t) is None
    assert CONSTANT in warning_of(
        model, X, y, np.where(trusted, 1e-6, 1.0), teacher_predictions=t
    )
    # Only the ratios of weights count.
    assert warning_of(model, X, y, 1e6 * weight, teacher_predictions=t) is None


@pytest.mark.parametrize("half", ["held out", "trained on"])
def test_samples_without_weight_in_a_part_do_no_harm(diabetes, half):
    X, y = diabetes
    weight = np.ones(442)
    weight[:89] = 0  # The first of five folds.
    if half == "trained on":
        weight = 1 - weight
    teacher = FrozenEstimator(Ridge(0.1).fit(X, y))
    model = DistilledRegressor(teacher, TREE, cv=KFold(5), **SMALL)
    warning_of(model, X, y, weight)
    assert np.isfinite(model.predict(X)).all()


# --- Folds that the teacher does without ---


@pytest.mark.parametrize("cv", [TimeSeriesSplit(), ShuffleSplit(3), GroupKFold()])
@pytest.mark.parametrize("kind", ["frozen", "stored", "out of bag"])
def test_folds_that_are_not_needed_need_not_serve(diabetes, cv, kind):
    # The guard asks for no more of `cv` than cross-fitting does, and that is nothing.
    X, y = diabetes
    good, given = Ridge(0.1).fit(X, y), {}
    teacher = FrozenEstimator(good)
    if kind == "stored":
        teacher, given = None, {"teacher_predictions": good.predict(X)}
    if kind == "out of bag":
        teacher = RandomForestRegressor(50, min_samples_leaf=5, random_state=0)
    source = "oob" if kind == "out of bag" else "auto"
    model = DistilledRegressor(teacher, TREE, cv=cv, cross_fit=source, **SMALL)
    warning_of(model, X, y, **given)


@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_many_classes_of_few_samples_need_no_folds_either():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(50), 3)
    X = rng.normal(scale=0.1, size=(150, 3)) + rng.normal(size=(50, 3))[y]
    teacher = FrozenEstimator(GaussianNB().fit(X, y))
    model = DistilledClassifier(teacher, DecisionTreeClassifier(), **SMALL)
    warning_of(model, X, y)


def test_a_rare_class_brings_no_other_warning():
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(150), np.ones(147), 2, 2, 2].astype(int)
    X = rng.normal(size=(300, 3)) + y[:, None]
    teacher = RandomForestClassifier(100, min_samples_leaf=5, random_state=0)
    warning_of(DistilledClassifier(teacher, DecisionTreeClassifier(), **SMALL), X, y)


class OwnLibraryError(Exception):
    """What a library raises that has errors of its own."""


class Failing(Ridge):
    """Ridge regression that takes no parts of 442 samples, or predicts none."""

    def __init__(self, error=None, in_predict=False):
        super().__init__()
        self.error = error
        self.in_predict = in_predict

    def fit(self, X, y, sample_weight=None):
        if len(X) < 442 and not self.in_predict:
            raise self.error("a part")
        return super().fit(X, y, sample_weight)

    def predict(self, X):
        if len(X) < 442 and self.in_predict:
            raise self.error("a part")
        return super().predict(X)


@pytest.mark.parametrize("in_predict", [False, True])
@pytest.mark.parametrize("error", [ValueError, KeyError, OwnLibraryError])
def test_a_student_that_parts_do_not_serve_is_not_compared(diabetes, error, in_predict):
    student = Failing(error, in_predict)
    model = DistilledRegressor(KNeighborsRegressor(), student, **SMALL)
    assert warning_of(model, *diabetes) is None


@pytest.mark.parametrize("error", [TypeError, AttributeError, MemoryError])
def test_a_student_that_is_broken_is_not_passed_over(diabetes, error):
    model = DistilledRegressor(KNeighborsRegressor(), Failing(error), **SMALL)
    with pytest.raises(error, match="a part"):
        model.fit(*diabetes)


def test_a_fault_of_the_comparison_is_not_passed_over(diabetes, monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("a fault")

    monkeypatch.setattr(_baseline, "loss_name", fail)
    model = DistilledRegressor(Ridge(), KNeighborsRegressor(), **SMALL)
    with pytest.raises(ValueError, match="a fault"):
        model.fit(*diabetes)


# --- The unit of the target ---


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e5, 1e9])
@pytest.mark.parametrize("offset", [0.0, 1e3, -1e9])
@pytest.mark.parametrize(
    ("teacher", "student", "expected"),
    [
        (LinearRegression(), KNeighborsRegressor(), None),
        (DummyRegressor(), KNeighborsRegressor(), CONSTANT),
        (KNeighborsRegressor(), LinearRegression(), BASELINE),
    ],
)
def test_no_change_of_unit_changes_the_verdict(
    scale, offset, teacher, student, expected
):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=300)
    model = DistilledRegressor(teacher, student, cv=KFold(5), transfer=None)
    for calibrate in ("auto", None):
        said = warning_of(
            model.set_params(calibrate=calibrate), X, scale * (y + offset)
        )
        assert (said is None) == (expected is None)
        assert expected is None or expected in said


# --- Where the warning points, and the flow itself ---


def test_the_warning_points_at_the_users_line(diabetes):
    X, y = diabetes
    model = DistilledRegressor(DummyRegressor(), Ridge(), transfer=None)
    with pytest.warns(PoorTeacherWarning) as caught:
        model.fit(X, y)
    assert caught[0].filename == __file__
    line = Path(__file__).read_text().splitlines()[caught[0].lineno - 1]
    assert "model.fit(X, y)" in line
    for call in (
        lambda: make_pipeline(StandardScaler(), model).fit(X, y),
        lambda: cross_val_score(model, X, y, cv=2),
    ):
        with pytest.warns(PoorTeacherWarning) as caught:
            call()
        assert {one.filename for one in caught} == {__file__}


def test_the_flow_judges_where_the_plan_says_so(diabetes):
    data = Data(*diabetes)
    plan = Plan(
        DummyRegressor(),
        Ridge(),
        transfer=TransferSet(MungeSampler(), size=1),
        seeds=Seeds(0, 1, 2, 3),
    )
    assert not distill(plan, data).verdict.findings
    done = distill(Plan(DummyRegressor(), Ridge(), on_poor_teacher="warn"), data)
    assert done.verdict.is_poor
    assert CONSTANT in str(done.verdict)
    baseline = distill(
        Plan(DummyRegressor(), Ridge(), on_poor_teacher="baseline"), data
    )
    assert baseline.plan.alpha == 0
    assert baseline.supervision.unlabeled is None
    assert_array_equal(
        baseline.students[0].predict(data.X), Ridge().fit(*diabetes).predict(data.X)
    )


def test_a_teacher_of_unlabeled_samples_alone_is_judged_too(diabetes):
    X, y = diabetes
    model = DistilledRegressor(DummyRegressor(), Ridge(), alpha=0, transfer=None)
    assert warning_of(model, X, y) is None
    assert CONSTANT in warning_of(model, X, y, X_unlabeled=X)
