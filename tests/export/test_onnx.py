"""ONNX models predict as the models that they were made from."""

import pytest

pytest.importorskip("skl2onnx", reason="needs the extra onnx")

import warnings

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from onnxruntime import InferenceSession
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
    SelfDistilledClassifier,
    SelfDistilledRegressor,
)
from skdistill.exceptions import RoundingWarning
from skdistill.export import to_onnx
from skdistill.refine import is_refinable
from tests.export.cases import (
    CLASSIFIERS,
    LIGHT,
    REGRESSORS,
    TAKES_MISSING,
    TREE_CLASSIFIERS,
    TREE_REGRESSORS,
    XGB,
    puncture,
    run,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

X, Y = load_diabetes(return_X_y=True)
X, Y = X[:200], Y[:200]
PIXELS, DIGITS = load_digits(n_class=4, return_X_y=True)
PIXELS, DIGITS = PIXELS[:240], DIGITS[:240]
NAMES = np.array(["zero", "one", "two", "three"])[DIGITS]
LABELS = {
    "two text": np.where(DIGITS % 2, "odd", "even"),
    "four text": NAMES,
    "four numbers": DIGITS + 5,
}
BAYES = GaussianNB(var_smoothing=0.1)


def distil(student, X=X, y=Y, transfer=None, refine=None, **params):
    params |= {"transfer": transfer, "refine": refine, "random_state": 0}
    teacher = FrozenEstimator(LinearRegression().fit(np.nan_to_num(X), y))
    if np.isnan(X).any():
        teacher = FrozenEstimator(HistGradientBoostingRegressor(max_iter=5).fit(X, y))
    return DistilledRegressor(teacher, student, **params).fit(X, y)


def distil_classes(student, X=PIXELS, y=NAMES, transfer=None, refine=None, **params):
    params |= {"transfer": transfer, "refine": refine, "random_state": 0}
    teacher = FrozenEstimator(clone(BAYES).fit(np.nan_to_num(X), y))
    if np.isnan(X).any():
        teacher = FrozenEstimator(DecisionTreeClassifier(max_depth=5).fit(X, y))
    return DistilledClassifier(teacher, student, **params).fit(X, y)


def assert_same_values(model, X, onnx_model):
    expected = model.predict(X)
    (values,) = run(onnx_model, X)
    assert values.dtype == np.float32
    assert values.shape == (len(expected), expected.size // len(expected))
    atol = 1e-5 * np.abs(expected).max()
    assert_allclose(values.reshape(expected.shape), expected, rtol=0, atol=atol)


def assert_same_classes(model, X, onnx_model):
    labels, probability = run(onnx_model, X)
    expected = model.predict_proba(X)
    assert_allclose(probability, expected, rtol=0, atol=1e-5)
    first, second = np.sort(expected, axis=1)[:, :-3:-1].T
    clear = first > second + 2e-5  # A tie may fall either way.
    assert clear.mean() > 0.9
    assert_array_equal(labels[clear], model.predict(X)[clear])


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_predict_alike(name):
    model = distil(REGRESSORS[name])
    assert_same_values(model, X, to_onnx(model, X))


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_predict_alike(name, labels):
    model = distil_classes(CLASSIFIERS[name], y=LABELS[labels])
    assert_same_classes(model, PIXELS, to_onnx(model, PIXELS))


@pytest.mark.parametrize("name", TREE_REGRESSORS)
def test_refined_regressors_predict_alike(name):
    model = distil(TREE_REGRESSORS[name], refine="leaves")
    assert_same_values(model, X, to_onnx(model, X))
    assert_same_values(model.student_, X, to_onnx(model.student_, X))


@pytest.mark.parametrize("labels", ["two text", "four text"])
@pytest.mark.parametrize("name", TREE_CLASSIFIERS)
def test_refined_classifiers_predict_alike(name, labels):
    assert is_refinable(TREE_CLASSIFIERS[name])
    model = distil_classes(TREE_CLASSIFIERS[name], y=LABELS[labels], refine="leaves")
    assert_same_classes(model, PIXELS, to_onnx(model, PIXELS))


@pytest.mark.parametrize("name", TAKES_MISSING)
def test_missing_values_go_the_way_of_the_library(name):
    # In the last column they are missing for new rows alone.
    X_train = np.column_stack([puncture(X[:, :-1]), X[:, -1]])
    model = distil(TREE_REGRESSORS[name], X=X_train)
    assert_same_values(model, puncture(X, seed=1), to_onnx(model, X_train))
    pixels = puncture(PIXELS)
    model = distil_classes(TREE_CLASSIFIERS[name], X=pixels)
    assert_same_classes(model, puncture(PIXELS, seed=1), to_onnx(model, pixels))


def test_rows_of_single_precision_stay_on_their_side_of_a_threshold():
    low = np.float32(1000.0)
    pair = np.array([low, np.nextafter(low, np.float32(2000.0))])
    table = np.repeat(pair, 40).reshape(-1, 1)
    y = np.repeat([0.0, 1.0], 40)
    for student in (TREE_REGRESSORS[name] for name in TAKES_MISSING):
        model = clone(student)
        if "bootstrap" in model.get_params():
            model.set_params(bootstrap=False)
        model.fit(table, y)
        assert np.ptp(model.predict(table)) > 0
        assert_same_values(model, table, to_onnx(model, table))


def test_rows_that_single_precision_cannot_tell_apart_are_warned_of():
    table = np.repeat([1.0, 1.0 + 1e-12], 40).reshape(-1, 1)
    model = HistGradientBoostingRegressor(max_iter=5).fit(table, np.repeat([0, 1], 40))
    with pytest.warns(RoundingWarning, match="for 40 of 80 samples, by up to 0.4"):
        to_onnx(model, table)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TREE_REGRESSORS)
def test_rows_that_coincide_may_lie_on_both_sides_of_a_threshold(name, dtype):
    # Sine and cosine of an hour differ from day to day in the last bits of a double.
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * rng.integers(2400, size=3000) / 24
    table = np.column_stack([np.sin(angle), np.cos(angle), rng.normal(size=3000)])
    y = np.sin(angle + 1) + (table[:, 0] > 0) + table[:, 2]
    model = clone(TREE_REGRESSORS[name]).fit(table, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RoundingWarning)
        onnx_model = to_onnx(model, table, dtype=dtype)
        classifier = clone(TREE_CLASSIFIERS[name]).fit(table, y > np.median(y))
        to_onnx(classifier, table, dtype=dtype)
    session = InferenceSession(onnx_model.SerializeToString())
    (values,) = session.run(None, {"X": table.astype(dtype)})
    expected = model.predict(table.astype(np.float32))
    assert_allclose(values[:, 0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", ["int64", "uint64", "float64"])
def test_integers_in_a_frame_are_rounded_as_others_are(dtype):
    seconds = np.repeat([1_600_000_000, 1_600_000_060], 40).astype(dtype)
    frame = pd.DataFrame({"seconds": seconds})
    model = HistGradientBoostingRegressor(max_iter=5).fit(frame, np.repeat([0, 1], 40))
    with pytest.warns(RoundingWarning, match="for 40 of 80 samples"):
        to_onnx(model, frame)


def test_rows_on_a_threshold_are_not_warned_of():
    # Thresholds of histograms are values of rows where there are many.
    table = np.random.default_rng(0).normal(size=(2000, 1))
    model = HistGradientBoostingRegressor(max_iter=3).fit(table, table[:, 0])
    to_onnx(model, table)


@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingClassifier(n_estimators=1, max_depth=1, init="zero"),
        HistGradientBoostingClassifier(max_iter=1, max_depth=1),
        LGBMClassifier(**LIGHT | {"n_estimators": 1, "num_leaves": 2}),
        XGBClassifier(**XGB | {"n_estimators": 1}, base_score=0.5, min_child_weight=20),
    ],
)
def test_two_classes_where_all_leaves_are_positive(model):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(400, 2))
    model.fit(table, rng.random(400) < 0.7)
    assert_same_classes(model, table, to_onnx(model, table))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pipelines_around_and_inside_the_distilled_model(dtype):
    rows = np.round(X * 512)
    inner = make_pipeline(StandardScaler(), DecisionTreeRegressor(max_depth=4))
    distilled = DistilledRegressor(Ridge(), inner, transfer=None)
    model = make_pipeline(SelectKBest(f_regression, k=4), distilled).fit(rows, Y)
    onnx_model = to_onnx(model, rows, dtype=dtype)
    session = InferenceSession(onnx_model.SerializeToString())
    (values,) = session.run(None, {"X": rows.astype(dtype)})
    assert_allclose(values[:, 0], model.predict(rows), rtol=1e-5)


def test_double_precision_keeps_scaled_rows_on_their_side():
    rows = X + 1000.0
    model = make_pipeline(StandardScaler(), XGBRegressor(**XGB)).fit(rows, Y)
    with pytest.warns(RoundingWarning, match=r"for \d+ of 200 samples"):
        to_onnx(model, rows, max_mismatch=1.0)
    onnx_model = to_onnx(model, rows, dtype="float64")
    session = InferenceSession(onnx_model.SerializeToString())
    (values,) = session.run(None, {"X": rows})
    assert_allclose(values[:, 0], model.predict(rows), rtol=1e-5)


@pytest.mark.parametrize(
    "student", [REGRESSORS["linear"], REGRESSORS["tree"], TREE_CLASSIFIERS["tree"]]
)
def test_outputs_are_single_precision_for_double_inputs(student):
    model = distil_classes(student)
    onnx_model = to_onnx(model, PIXELS, dtype="float64")
    session = InferenceSession(onnx_model.SerializeToString())
    labels, probability = session.run(None, {"X": PIXELS})
    assert probability.dtype == np.float32
    assert np.mean(labels == model.predict(PIXELS)) > 0.99  # But for ties.


def mixed_frame(n_rows=200):
    rng = np.random.default_rng(0)
    number = rng.normal(size=n_rows)
    frame = pd.DataFrame(
        {
            "number": number,
            "count": rng.integers(5, size=n_rows),
            "text": rng.choice(["a", "b", "c"], size=n_rows).astype(object),
            "flag": rng.random(n_rows) < 0.5,
            "gaps": np.where(rng.random(n_rows) < 0.2, np.nan, number**2),
            "unused": number,
        }
    )
    return frame, number + frame["count"] + (frame["text"] == "a")


@pytest.mark.parametrize("name", ["tree", "xgboost", "linear"])
def test_a_frame_has_an_input_for_each_column(name):
    frame, y = mixed_frame()
    encode = ColumnTransformer(
        [
            ("text", OneHotEncoder(handle_unknown="ignore"), ["text", "count"]),
            ("gaps", SimpleImputer(), ["gaps"]),
            ("as they are", "passthrough", ["flag", "number"]),
        ]
    )
    model = make_pipeline(
        encode,
        DistilledRegressor(RandomForestRegressor(10), REGRESSORS[name], transfer=None),
    ).fit(frame, y)
    onnx_model = to_onnx(model, frame)
    kinds = {one.name: one.type.tensor_type.elem_type for one in onnx_model.graph.input}
    assert kinds["text"] == 8  # String in ONNX, and 1 is single precision.
    assert {kind for name, kind in kinds.items() if name != "text"} == {1}
    assert_same_values(model, frame, onnx_model)


@pytest.mark.parametrize("name", ["hist", "lightgbm", "xgboost", "linear"])
def test_named_columns_may_reach_the_student(name):
    frame = load_diabetes(as_frame=True).data[:200].rename(columns={"s1": "a b"})
    model = DistilledRegressor(Ridge(), REGRESSORS[name], transfer=None)
    model.fit(frame, Y)
    assert_same_values(model, frame, to_onnx(model, frame))
    rows = frame.to_numpy()
    assert_allclose(
        run(to_onnx(model, rows), rows)[0][:, 0], model.predict(frame), rtol=1e-4
    )


def test_nullable_columns_are_numbers():
    frame = pd.DataFrame({"a": pd.array([1, 2, None, 4] * 20, dtype="Int64")})
    y = frame["a"].fillna(9).astype(float)
    model = HistGradientBoostingRegressor(max_iter=5).fit(frame, y)
    rows = frame.astype(float)
    onnx_model = to_onnx(model, frame)
    assert_allclose(run(onnx_model, rows)[0][:, 0], model.predict(frame), rtol=1e-5)


def test_text_may_come_as_an_array():
    frame, y = mixed_frame()
    strings = frame[["text", "text"]].to_numpy(object)
    model = make_pipeline(OneHotEncoder(), Ridge()).fit(strings, y)
    session = InferenceSession(to_onnx(model, strings).SerializeToString())
    (values,) = session.run(None, {"X": strings})
    assert_allclose(values[:, 0], model.predict(strings), rtol=1e-4)


def test_searches_are_exported_by_what_they_chose():
    teacher = RandomForestRegressor(20)
    search = DistilledRegressorCV(teacher, TREE_REGRESSORS["boosting"], cv=2)
    search.set_params(transfers=(None,), random_state=0).fit(X, Y)
    assert_same_values(search, X, to_onnx(search, X))
    search = DistilledClassifierCV(BAYES, TREE_CLASSIFIERS["xgboost"], cv=2)
    search.set_params(transfers=(None,), random_state=0).fit(PIXELS, NAMES)
    assert_same_classes(search, PIXELS, to_onnx(search, PIXELS))


def test_procedures_are_exported_by_what_they_kept():
    boosting = TREE_REGRESSORS["boosting"]
    model = SelfDistilledRegressor(boosting, choose=False, random_state=0).fit(X, Y)
    assert_same_values(model, X, to_onnx(model, X))
    model = SelfDistilledClassifier(BAYES, choose=False).fit(PIXELS, NAMES)
    assert_same_classes(model, PIXELS, to_onnx(model, PIXELS))


def test_rescaled_predictions():
    model = distil(REGRESSORS["tree"], temperature=4, rescale=True)
    assert_same_values(model, X, to_onnx(model, X))


@pytest.mark.parametrize(
    "student",
    [
        REGRESSORS["linear"],
        REGRESSORS["forest"],
        REGRESSORS["perceptron"],
        XGBRegressor(**XGB),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_several_outputs(student):
    both = np.column_stack([Y, -2 * Y])
    model = distil(student, y=both, temperature=2, rescale=True)
    assert_same_values(model, X, to_onnx(model, X))


@pytest.mark.parametrize(
    "params",
    [
        {"transformer": StandardScaler()},
        {"transformer": StandardScaler(with_mean=False, with_std=False)},
        {"func": np.log, "inverse_func": np.exp},
        {"func": np.log1p, "inverse_func": np.expm1},
        {},
    ],
)
def test_targets_that_were_transformed(params):
    model = TransformedTargetRegressor(Ridge(), **params).fit(X, Y)
    assert_same_values(model, X, to_onnx(model, X))


def test_nearest_neighbours_predict_the_mean_of_soft_labels():
    model = distil_classes(KNeighborsClassifier(4))
    onnx_model = to_onnx(model, PIXELS, max_mismatch=0.05)  # Some lie equally near.
    proba = run(onnx_model, PIXELS)[1]
    assert np.mean(np.abs(proba - model.predict_proba(PIXELS)).max(axis=1) < 1e-5) > 0.9


def test_classifiers_without_probabilities_are_compared_by_label():
    model = distil_classes(RidgeClassifier(), y=LABELS["two text"])
    assert_array_equal(run(to_onnx(model, PIXELS), PIXELS)[0], model.predict(PIXELS))


def test_best_rounds_and_parallel_trees_of_xgboost():
    stopped = XGBClassifier(**XGB | {"n_estimators": 100}, early_stopping_rounds=2)
    stopped.fit(PIXELS[:120], DIGITS[:120], eval_set=[(PIXELS[120:], DIGITS[120:])])
    assert stopped.best_iteration < stopped.get_booster().num_boosted_rounds() - 1
    assert_same_classes(stopped, PIXELS, to_onnx(stopped, PIXELS))
    for labels in (DIGITS, DIGITS % 2):
        parallel = XGBClassifier(num_parallel_tree=3, subsample=0.5, **XGB)
        parallel.fit(PIXELS, labels)
        assert_same_classes(parallel, PIXELS, to_onnx(parallel, PIXELS))


@pytest.mark.parametrize("labels", ["two text", "four text"])
def test_boosting_that_starts_from_zero(labels):
    model = GradientBoostingClassifier(init="zero", n_estimators=3)
    model.fit(PIXELS, LABELS[labels])
    assert_same_classes(model, PIXELS, to_onnx(model, PIXELS))


def test_columns_that_never_split_in_lightgbm():
    table = np.column_stack([np.ones(200), X])
    model = LGBMRegressor(**LIGHT).fit(table, Y)
    assert_same_values(model, table, to_onnx(model, table))


@pytest.mark.parametrize(
    ("labels", "exported"),
    [
        (DIGITS % 2 == 1, DIGITS % 2),
        (DIGITS.astype(float), DIGITS),
        (NAMES.astype(object), NAMES),
    ],
)
def test_labels_become_integers_or_text(labels, exported):
    model = DecisionTreeClassifier().fit(PIXELS, labels)
    assert_array_equal(run(to_onnx(model, PIXELS), PIXELS)[0], exported)


def test_lists_and_integers_are_rows():
    table = PIXELS.astype(int)
    model = Ridge().fit(table.tolist(), DIGITS)
    for rows in (table, table.tolist()):
        onnx_model = to_onnx(model, rows)
        assert_allclose(
            run(onnx_model, table)[0][:, 0], model.predict(table), rtol=1e-3
        )
