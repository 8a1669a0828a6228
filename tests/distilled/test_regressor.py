import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_linnerud
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    PoissonRegressor,
    Ridge,
)
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBRegressor

from skdistill import DistilledRegressor
from tests.doubles import Memoriser, RecordingRegressor


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


STUDENTS = [
    GradientBoostingRegressor(n_estimators=10, random_state=0),
    DecisionTreeRegressor(max_depth=4, random_state=0),
    make_pipeline(StandardScaler(), Ridge()),
    MLPRegressor(max_iter=20, random_state=0),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("weighted", [False, True])
def test_alpha_zero_is_the_baseline_student_bit_for_bit(diabetes, student, weighted):
    X, y = diabetes
    weight = np.random.default_rng(0).random(len(y)) if weighted else None
    model = DistilledRegressor(Ridge(), student, alpha=0).fit(X, y, weight)
    params = {}
    if weighted:
        last = "" if not hasattr(student, "steps") else "ridge__"
        params = {f"{last}sample_weight": weight}
    baseline = clone(student).fit(X, y, **params)
    assert_array_equal(model.predict(X), baseline.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("student", STUDENTS)
def test_alpha_one_is_the_student_of_out_of_fold_predictions_alone(diabetes, student):
    X, y = diabetes
    folds = KFold(5)
    params = {"transfer": None, "refine": None, "calibrate": None}
    model = DistilledRegressor(
        Ridge(), student, alpha=1, cv=folds, on_poor_teacher="ignore", **params
    ).fit(X, y)
    predictions = cross_val_predict(Ridge(), X, y, cv=folds)
    alone = clone(student).fit(X, predictions)
    assert_array_equal(model.predict(X), alone.predict(X))


def test_the_student_learns_the_mixed_target(diabetes):
    X, y = diabetes
    weight = np.random.default_rng(0).random(len(y))
    teacher = FrozenEstimator(Ridge(10).fit(X, y))
    model = DistilledRegressor(
        teacher,
        RecordingRegressor(),
        alpha=0.3,
        temperature=2.0,
        transfer=None,
        calibrate=None,
    ).fit(X, y, weight)
    mean = np.average(y, weights=weight)
    t = teacher.predict(X)
    assert_allclose(model.student_.y_, 0.7 * y + 0.3 * (mean + (t - mean) / 2))
    assert_array_equal(model.student_.sample_weight_, weight)
    assert model.target_mean_ == pytest.approx(mean)


def test_weights_reach_the_teacher(diabetes):
    X, y = diabetes
    weight = np.random.default_rng(0).random(len(y))
    model = DistilledRegressor(RecordingRegressor(), Ridge(), cross_fit=False)
    model.fit(X, y, sample_weight=weight)
    assert_array_equal(model.teacher_.sample_weight_, weight)


def test_the_teachers_score_is_the_out_of_fold_one(diabetes):
    X, y = diabetes
    folds = KFold(4)
    model = DistilledRegressor(Ridge(), Ridge(), cv=folds, calibrate=None).fit(X, y)
    out_of_fold = cross_val_predict(Ridge(), X, y, cv=folds)
    assert model.teacher_score_ == pytest.approx(r2_score(y, out_of_fold))
    memoriser = DistilledRegressor(Memoriser(), Ridge(), calibrate=None).fit(X, y)
    assert memoriser.teacher_score_ < 0.2
    in_sample = DistilledRegressor(Memoriser(), Ridge(), cross_fit=False).fit(X, y)
    assert in_sample.teacher_score_ is None


def test_rescale_undoes_the_scaling_by_temperature(diabetes):
    X, y = diabetes
    perfect = FrozenEstimator(LinearRegression().fit(X, y))
    y = perfect.predict(X)
    model = DistilledRegressor(
        perfect, LinearRegression(), temperature=5.0, transfer=None
    )
    shrunk = model.fit(X, y).predict(X)
    assert np.std(shrunk) == pytest.approx(0.6 * np.std(y))
    rescaled = model.set_params(rescale=True).fit(X, y).predict(X)
    assert_allclose(rescaled, y)


def test_predictions_follow_the_fit_not_parameters_set_later(diabetes):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), Ridge(), temperature=2.0, rescale=True)
    before = model.fit(X, y).predict(X)
    assert_array_equal(model.set_params(temperature=5.0).predict(X), before)


def test_several_outputs_pass_through_wrappers():
    X, y = load_linnerud(return_X_y=True)
    teacher = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2)
    assert DistilledRegressor(teacher, Ridge()).fit(X, y).predict(X).shape == (20, 3)


def test_no_number_of_folds_means_five(diabetes):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), Ridge(), cv=None).fit(X, y)
    assert len(model.teacher_.estimators) == 5


def test_the_score_of_the_teacher_is_weighted(diabetes):
    X, y = diabetes
    weight = np.random.default_rng(0).random(len(y))
    folds = KFold(4)
    model = DistilledRegressor(Ridge(), Ridge(), cv=folds, calibrate=None).fit(
        X, y, weight
    )
    out_of_fold = cross_val_predict(
        Ridge(), X, y, cv=folds, params={"sample_weight": weight}
    )
    expected = r2_score(y, out_of_fold, sample_weight=weight)
    assert model.teacher_score_ == pytest.approx(expected)


@pytest.mark.parametrize("rescale", [False, True])
def test_several_outputs(rescale):
    X, y = load_linnerud(return_X_y=True)
    model = DistilledRegressor(
        Ridge(),
        DecisionTreeRegressor(),
        alpha=1,
        temperature=2.0,
        transfer=None,
        rescale=rescale,
        calibrate=None,
    ).fit(X, y)
    assert model.predict(X).shape == (20, 3)
    assert_allclose(model.target_mean_, y.mean(axis=0))
    predictions = cross_val_predict(
        Ridge(), X, y, cv=KFold(5, shuffle=True, random_state=0)
    )
    seeded = model.set_params(random_state=0)
    seeded.cv = KFold(5, shuffle=True, random_state=0)
    seeded.fit(X, y)
    scale = 1 if rescale else 2
    mean = y.mean(axis=0)
    assert_allclose(seeded.predict(X), mean + (predictions - mean) / scale)


def test_dataframes_reach_teacher_and_student_untouched():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X["site"] = pd.Categorical(np.where(X["age"] > 0, "north", "south"))

    class Frames(RecordingRegressor):
        pass

    model = DistilledRegressor(Frames(), Frames(), cross_fit=False, transfer=None)
    model.fit(X, y)
    assert model.student_.X_ is X
    assert model.teacher_.X_ is X
    folded = DistilledRegressor(Frames(), Frames()).fit(X, y)
    part = folded.teacher_.estimators[0].X_
    assert_array_equal(part.dtypes, X.dtypes)
    assert_array_equal(folded.feature_names_in_, X.columns)
    assert folded.n_features_in_ == 11


def test_missing_values_and_strings_are_the_parts_own_business():
    strings = ["good", "bad", "good good", "bad bad"] * 10
    part = make_pipeline(CountVectorizer(), Ridge())
    model = DistilledRegressor(part, part).fit(strings, [1.0, -1.0, 2.0, -2.0] * 10)
    assert model.predict(["good"]) > 0 > model.predict(["bad"])


def test_seeds_reach_teacher_folds_and_student(diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        ExtraTreesRegressor(5), DecisionTreeRegressor(max_features=2), random_state=0
    )
    first = model.fit(X, y).predict(X)
    assert_array_equal(clone(model).fit(X, y).predict(X), first)
    two_jobs = clone(model).set_params(n_jobs=2).fit(X, y).predict(X)
    assert_array_equal(two_jobs, first)
    other = clone(model).set_params(random_state=1).fit(X, y).predict(X)
    assert not np.array_equal(other, first)


def test_verbose_prints_each_step_with_its_time(diabetes, capsys):
    X, y = diabetes
    DistilledRegressor(Ridge(), Ridge(), verbose=1).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "(step 1 of 2) Fitting teacher, total=" in lines[0]
    assert "(step 2 of 2) Fitting student, total=" in lines[1]
    DistilledRegressor(Ridge(), Ridge()).fit(X, y)
    assert capsys.readouterr().out == ""


def test_the_student_gains_from_a_better_teacher():
    # Many noisy samples, a teacher that averages the noise out, a tree that does not.
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, size=(600, 2))
    truth = np.sin(3 * X[:, 0]) + X[:, 1] ** 2
    y = truth + rng.normal(0, 1.0, size=600)
    teacher = RandomForestRegressor(200, min_samples_leaf=5)
    student = DecisionTreeRegressor(max_leaf_nodes=40)
    X_test = rng.uniform(-2, 2, size=(2000, 2))
    truth_test = np.sin(3 * X_test[:, 0]) + X_test[:, 1] ** 2
    gains = []
    for seed in range(5):
        model = DistilledRegressor(teacher, student, random_state=seed)
        baseline = model.set_params(alpha=0).fit(X, y).score(X_test, truth_test)
        gains.append(
            model.set_params(alpha=1).fit(X, y).score(X_test, truth_test) - baseline
        )
    assert np.mean(gains) > 3 * np.std(gains) / np.sqrt(5)
    assert np.mean(gains) > 0.05


@pytest.mark.parametrize(
    "student",
    [
        PoissonRegressor(),
        make_pipeline(StandardScaler(), GammaRegressor()),
        HistGradientBoostingRegressor(loss="poisson", max_iter=10),
        DecisionTreeRegressor(criterion="poisson", max_leaf_nodes=8),
        LGBMRegressor(objective="poisson", n_estimators=10, verbose=-1),
        XGBRegressor(objective="count:poisson", n_estimators=10),
    ],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_students_of_counts_get_no_target_below_the_smallest_label(student):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = rng.poisson(np.exp(X[:, 0] - 1)) + 1.0
    teacher = Ridge().fit(X, y)
    assert teacher.predict(X).min() < 0
    model = DistilledRegressor(FrozenEstimator(teacher), student, alpha=1.0)
    assert (model.fit(X, y).predict(X) > 0).all()
