"""C models predict as the models that they were made from."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import (
    BayesianDistilledClassifier,
    BayesianDistilledRegressor,
    CascadeRegressor,
    DistilledClassifier,
    DistilledRegressor,
    DistilledRegressorCV,
    SelfDistilledRegressor,
)
from skdistill.exceptions import RoundingWarning, UncheckedWarning
from skdistill.export import _c, to_c
from skdistill.export._c_compile import find_compiler, run_c
from skdistill.export._c_file import write_c
from skdistill.export._check import Predictions
from skdistill.export._ensembles import Ensemble
from skdistill.export._parts import Beside, apply_parts
from tests.export.cases import (
    CLASSIFIERS,
    LIGHT,
    REGRESSORS,
    TAKES_MISSING,
    TREE_CLASSIFIERS,
    TREE_REGRESSORS,
    XGB,
    puncture,
)
from tests.export.trees import EDGES, random_tree

pytestmark = [
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:There is no C compiler"),
]
needs_compiler = pytest.mark.skipif(
    find_compiler() is None, reason="needs a C compiler on the PATH"
)

X, Y = load_diabetes(return_X_y=True)
X, Y = X[:200], Y[:200]
PIXELS, DIGITS = load_digits(n_class=4, return_X_y=True)
PIXELS, DIGITS = PIXELS[:240], DIGITS[:240]
NAMES = np.array(["zero", "one", "two", "three"])[DIGITS]
FOREST = HistGradientBoostingRegressor(max_iter=5)
# From which predictions in double precision differ by the order of sums; XGBoost's
# own are sums in single precision.
EXACT = {"xgboost": 1e-6, "xgboost_forest": 1e-6}


def run(c_model, X):
    return run_c(c_model, np.asarray(X, dtype=float), find_compiler())


@pytest.fixture(params=["read", pytest.param("compiled", marks=pytest.mark.slow)])
def check(request, monkeypatch):
    """Without the compiler, `to_c` still compares what it read with the model."""
    if request.param == "read":
        monkeypatch.setattr(_c, "find_compiler", lambda: None)


def assert_same(model, X, c_model, rtol=1e-12):
    if _c.find_compiler() is None:
        values = apply_parts(_c.read_model(model), np.asarray(X, dtype=float))
        labels = None
        if hasattr(model, "classes_"):
            labels = model.classes_[values.argmax(axis=1)]
        rtol, found = max(rtol, 1e-6), Predictions(values, labels)
    else:
        found = run(c_model, X)
    if hasattr(model, "classes_"):
        assert_allclose(found.values, model.predict_proba(X), rtol=0, atol=rtol)
        assert_array_equal(found.labels, model.classes_[found.values.argmax(axis=1)])
        assert np.mean(found.labels == model.predict(X)) > 0.97  # But for ties.
    else:
        expected = model.predict(X)
        atol = rtol * np.abs(expected).max()
        assert_allclose(found.values, expected.reshape(len(X), -1), rtol=0, atol=atol)


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_predict_alike(name):
    model = DistilledRegressor(
        FrozenEstimator(LinearRegression().fit(X, Y)),
        REGRESSORS[name],
        transfer=None,
        refine="leaves" if name in TREE_REGRESSORS else None,
        random_state=0,
    ).fit(X, Y)
    assert_same(model, X, to_c(model, X), EXACT.get(name, 1e-12))


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("labels", [NAMES, DIGITS % 2 + 5], ids=["four", "two"])
def test_classifiers_predict_alike(name, labels):
    teacher = GaussianNB(var_smoothing=0.1).fit(PIXELS, labels)
    model = DistilledClassifier(
        FrozenEstimator(teacher),
        CLASSIFIERS[name],
        transfer=None,
        refine="leaves" if name in TREE_CLASSIFIERS else None,
        random_state=0,
    ).fit(PIXELS, labels)
    assert_same(model, PIXELS, to_c(model, PIXELS), EXACT.get(name, 1e-12))


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TAKES_MISSING)
def test_missing_values_go_the_way_of_the_library(name, dtype):
    # In the last column they are missing for new rows alone.
    table = np.column_stack([puncture(X[:, :-1]), X[:, -1]]).astype(np.float32)
    new = puncture(table, seed=1)
    model = clone(TREE_REGRESSORS[name]).fit(table, Y)
    assert_same(model, new, to_c(model, table, dtype=dtype), 1e-6)
    pixels = puncture(PIXELS)
    model = clone(TREE_CLASSIFIERS[name]).fit(pixels, DIGITS)
    assert_same(model, puncture(PIXELS, seed=1), to_c(model, pixels, dtype=dtype), 1e-6)


@needs_compiler
@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingRegressor(n_estimators=3),
        make_pipeline(StandardScaler(), Ridge()),
        make_pipeline(MinMaxScaler(), REGRESSORS["perceptron"]),
    ],
)
def test_models_that_take_no_missing_values_predict_none(model):
    model = clone(model).fit(X, Y)
    rows = X[:2].copy()
    rows[1, 3] = np.nan
    found = run(to_c(model, X), rows)
    assert_array_equal(np.isnan(found.values[:, 0]), [False, True])


@needs_compiler
def test_no_label_where_a_model_takes_no_missing_values():
    model = GradientBoostingClassifier(n_estimators=2).fit(PIXELS, DIGITS)
    c_model = to_c(model, PIXELS)
    rows = np.vstack([PIXELS[0], np.full(PIXELS.shape[1], np.nan)])
    with_index = replace(c_model, classes=np.array([0, 1, 2, 3, -1]))
    assert_array_equal(run(with_index, rows).labels, [model.predict(PIXELS[:1])[0], -1])


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize("name", TAKES_MISSING)
def test_rows_on_a_threshold_and_beside_it_stay_on_their_side(name):
    low = np.float32(1000.0)
    pair = np.array([low, np.nextafter(low, np.float32(2000.0))])
    table = np.repeat(pair, 40).reshape(-1, 1)
    model = clone(TREE_REGRESSORS[name])
    if "bootstrap" in model.get_params():
        model.set_params(bootstrap=False)
    model.fit(table, np.repeat([0.0, 1.0], 40))
    assert np.ptp(model.predict(table)) > 0
    for dtype in ("float64", "float32"):
        assert_same(model, table, to_c(model, table, dtype=dtype), 1e-6)


@needs_compiler
def test_double_precision_tells_apart_what_single_precision_cannot():
    table = np.repeat([1.0, 1.0 + 1e-12], 40).reshape(-1, 1)
    for model in (FOREST, LGBMRegressor(**LIGHT)):
        model = clone(model).fit(table, np.repeat([0, 1], 40))
        assert_same(model, table, to_c(model, table))
        with pytest.warns(RoundingWarning, match="C model .* for 40 of 80 samples"):
            to_c(model, table, dtype="float32")


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "steps",
    [
        [StandardScaler(), SelectKBest(f_regression, k=4)],
        [StandardScaler(with_mean=False), MinMaxScaler((-1, 2), clip=True)],
        [StandardScaler(with_std=False), MaxAbsScaler()],
        [RobustScaler(), "passthrough"],
        [SimpleImputer(strategy="median"), RobustScaler(with_centering=False)],
    ],
)
def test_numeric_steps(steps, dtype):
    table = puncture(X) if isinstance(steps[0], SimpleImputer) else X
    for last in (Ridge(), REGRESSORS["perceptron"]):
        model = make_pipeline(*map(clone_step, steps), clone(last)).fit(table, Y)
        c_model = to_c(model, table, dtype=dtype)
        rows = 3 * table  # Outside of what was seen, so that values are clipped.
        assert_same(model, rows, c_model, 1e-12 if dtype == "float64" else 1e-5)


def clone_step(step):
    return step if step == "passthrough" else clone(step)


@pytest.mark.usefixtures("check")
@pytest.mark.filterwarnings("ignore:Skipping features")
def test_an_imputer_leaves_out_columns_without_values():
    table = np.column_stack([X[:, 0], np.full(len(X), np.nan), X[:, 1]])
    for keep in (False, True):
        imputer = SimpleImputer(keep_empty_features=keep)
        model = make_pipeline(imputer, Ridge()).fit(table, Y)
        assert_same(model, table, to_c(model, table))


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh"])
def test_activations_of_perceptrons(activation):
    model = clone(REGRESSORS["perceptron"]).set_params(activation=activation)
    model.set_params(hidden_layer_sizes=(5, 3)).fit(X, np.column_stack([Y, -Y]))
    assert_same(model, X, to_c(model, X))


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize(
    "target",
    [
        {"transformer": StandardScaler()},
        {"transformer": StandardScaler(with_mean=False, with_std=False)},
        {"transformer": MinMaxScaler()},
        {"func": np.log, "inverse_func": np.exp},
        {"func": np.log1p, "inverse_func": np.expm1},
        {},
    ],
)
def test_transformed_targets(target):
    student = TransformedTargetRegressor(DecisionTreeRegressor(max_depth=3), **target)
    model = DistilledRegressor(
        Ridge(), student, temperature=2.0, rescale=True, transfer=None
    ).fit(X, Y)
    assert_same(model, X, to_c(model, X))


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize(
    "student",
    [
        HistGradientBoostingRegressor(loss="poisson", max_iter=4),
        PoissonRegressor(),
        LGBMRegressor(objective="poisson", **LIGHT),
        LGBMRegressor(objective="quantile", **LIGHT),
        XGBRegressor(objective="count:poisson", **XGB),
        XGBRegressor(objective="reg:quantileerror", quantile_alpha=0.8, **XGB),
        XGBRegressor(num_parallel_tree=2, subsample=0.5, base_score=7.0, **XGB),
        GradientBoostingRegressor(loss="absolute_error", n_estimators=4),
        GradientBoostingRegressor(init="zero", n_estimators=4),
        DecisionTreeRegressor(max_depth=None),
        DecisionTreeRegressor(min_samples_leaf=150),  # A single leaf.
    ],
)
def test_losses_and_starts(student):
    model = clone(student).fit(X, Y)
    assert_same(model, X, to_c(model, X), 1e-5 if "XGB" in repr(student) else 1e-12)


@pytest.mark.usefixtures("check")
@pytest.mark.parametrize(
    "student",
    [
        GradientBoostingClassifier(loss="exponential", n_estimators=4),
        XGBClassifier(early_stopping_rounds=1, **XGB | {"n_estimators": 30}),
        LogisticRegression(solver="liblinear"),
    ],
)
def test_losses_of_classes(student):
    y = DIGITS % 2
    params = {"eval_set": [(PIXELS[:50], y[:50])]} if "early" in repr(student) else {}
    if params:
        params["verbose"] = False
    model = student.fit(PIXELS, y, **params)
    assert_same(model, PIXELS, to_c(model, PIXELS), 1e-6)


@needs_compiler
def test_one_against_the_others_and_a_steeper_sigmoid():
    ova = LGBMClassifier(objective="multiclassova", **LIGHT).fit(PIXELS, NAMES)
    assert_same(ova, PIXELS, to_c(ova, PIXELS))
    steep = LGBMClassifier(sigmoid=2.0, **LIGHT).fit(PIXELS, DIGITS % 2)
    assert_same(steep, PIXELS, to_c(steep, PIXELS))


@needs_compiler
@pytest.mark.parametrize("name", ["boosting", "forest", "lightgbm"])
def test_integers_in_the_leaves_are_off_by_half_a_step_at_most(name):
    model = clone(TREE_REGRESSORS[name]).fit(X, Y)
    (exact,) = _c.read_model(model)
    for leaves in ("int16", "int8"):
        bound = exact.quantised(leaves)
        bound = sum(tree.scale for tree in bound.trees) / 2 / bound.divisor
        with_warning = pytest.warns(RoundingWarning, match="Leaves of type int8")
        if leaves == "int8":
            with with_warning:
                c_model = to_c(model, X, leaves=leaves)
        else:
            c_model = to_c(model, X, leaves=leaves)
        found = run(c_model, X).values[:, 0]
        assert 0 < np.abs(found - model.predict(X)).max() < bound * 1.001
        assert f"static const {leaves}_t" in c_model.source


@needs_compiler
def test_a_search_and_named_columns(tmp_path):
    frame = load_diabetes(as_frame=True).data[:200]
    frame = frame.rename(columns={"s1": "a */ b", "s2": 'é"\n'})
    model = DistilledRegressorCV(
        Ridge(), DecisionTreeRegressor(max_depth=2), transfers=(None,), cv=2
    ).fit(frame, Y)
    c_model = to_c(model, frame, tmp_path / "small.c", dtype="float32")
    assert "a * / b" in c_model.header
    assert (tmp_path / "small.c").read_text() == c_model.source
    assert (tmp_path / "small.h").read_text() == c_model.header
    assert '#include "small.h"' in c_model.source
    assert_same(model, frame, c_model, 1e-6)


@needs_compiler
@pytest.mark.parametrize(
    "labels",
    [
        np.array(['say "no"', "é\\n??/", "", "%d"]),
        np.array([-3, 0, 2**40, 7]),
        np.array([3.0, 1.0, 1e9, -2.0]),
    ],
)
def test_labels_are_those_of_the_model(labels, tmp_path):
    model = DecisionTreeClassifier(max_depth=2).fit(PIXELS, labels[DIGITS])
    to_c(model, PIXELS, tmp_path / "m.c", name="m")
    form = {"U": "%s", "i": "%lld", "f": "%.17g"}[labels.dtype.kind]
    (tmp_path / "show.c").write_text(
        '#include <stdio.h>\n#include "m.h"\nint main(void) {'
        f'for (int i = 0; i < M_N_OUTPUTS; i++) printf("{form}%c", m_classes[i], 0);'
        "return 0; }"
    )
    build(tmp_path, "m.c", "show.c")
    shown = subprocess.run([tmp_path / "out"], capture_output=True, check=True).stdout
    assert shown.decode().split("\0")[:-1] == [
        f"{label:.17g}" if form == "%.17g" else str(label) for label in model.classes_
    ]


@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
def test_the_header_is_for_cpp_too(tmp_path):
    to_c(DecisionTreeClassifier(max_depth=1).fit(X, Y > 100), X, tmp_path / "m.c")
    check = ["g++", "-Wall", "-Werror", "-x", "c++", "-fsyntax-only", "m.h"]
    subprocess.run(check, cwd=tmp_path, check=True)


def build(folder, *files, options=()):
    strict = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", *options)
    command = [find_compiler(), *strict, *files, "-o", "out", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compilers_find_nothing_to_warn_of(dtype, tmp_path):
    y = {"values": Y, "classes": DIGITS}
    tables = {"values": X, "classes": PIXELS}
    models = {
        "values": [
            make_pipeline(StandardScaler(), MinMaxScaler(clip=True), clone(FOREST)),
            clone(REGRESSORS["perceptron"]),
            DecisionTreeRegressor(min_samples_leaf=150),
        ],
        "classes": [
            make_pipeline(SimpleImputer(), LogisticRegression(max_iter=5)),
            clone(TREE_CLASSIFIERS["boosting"]),
            clone(TREE_CLASSIFIERS["forest"]),
        ],
    }
    for kind in models:
        for model in models[kind]:
            model.fit(tables[kind], y[kind])
            to_c(model, tables[kind], tmp_path / "m.c", dtype=dtype)
            build(tmp_path, "-c", "m.c")


LINEAR = FrozenEstimator(LinearRegression().fit(X, Y))
STUMP = DecisionTreeRegressor(max_depth=1)
SCALED = make_pipeline(StandardScaler(), KNeighborsRegressor())


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (SCALED, "of its KNeighborsRegressor: it is none of these: trees"),
        (
            make_pipeline(PowerTransformer(), Ridge()),
            "of its PowerTransformer: it is none of these: trees",
        ),
        (
            CascadeRegressor(DistilledRegressor(LINEAR, STUMP, transfer=None)),
            "its student, estimator_, or the cascade with to_onnx",
        ),
        (
            make_pipeline(SimpleImputer(add_indicator=True), Ridge()),
            "add_indicator=True adds columns",
        ),
        (
            make_pipeline(SimpleImputer(missing_values=0), Ridge()),
            "missing_values=0: fit it with missing values NaN",
        ),
        (GradientBoostingRegressor(init=Ridge(), n_estimators=2), "init is another"),
        (TransformedTargetRegressor(transformer=PowerTransformer()), "the target is"),
        (LGBMRegressor(linear_tree=True, **LIGHT), "linear models in the leaves"),
        (LGBMRegressor(reg_sqrt=True, **LIGHT), "objective='regression sqrt'"),
        (XGBRegressor(booster="gblinear", **XGB), "booster='gblinear'"),
        (XGBRegressor(missing=0.0, **XGB), "missing=0.0 stands for missing values"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_any_work(model, reason, monkeypatch):
    model = clone(model).fit(X, Y)
    monkeypatch.setattr(_c, "predictions_of", None)
    with pytest.raises(ValueError, match=f"cannot be exported to C.*{reason}"):
        to_c(model, X)


@pytest.mark.parametrize(
    "model",
    [
        SelfDistilledRegressor(student=STUMP),
        BayesianDistilledRegressor(LINEAR),
    ],
)
@pytest.mark.usefixtures("check")
def test_procedures_and_bayesian_students(model):
    model = clone(model).fit(X, Y)
    assert_same(model, X, to_c(model, X))


@pytest.mark.usefixtures("check")
@pytest.mark.filterwarnings("error:X does not have valid feature names")
@pytest.mark.parametrize(
    "student", [GradientBoostingRegressor(n_estimators=2), clone(FOREST)]
)
def test_names_of_columns_are_not_warned_of(student):
    frame = pd.DataFrame(X).add_prefix("f")
    to_c(student.fit(frame, Y), frame)


@pytest.mark.usefixtures("check")
def test_missing_values_of_pandas():
    frame = pd.DataFrame({"a": pd.array([1, 2, None, 4] * 50, dtype="Int64")})
    model = clone(FOREST).fit(frame, Y)
    c_model = to_c(model, frame)
    assert_same(model, frame.astype(float), c_model)


@pytest.mark.parametrize(
    "odd",
    [np.uint64(2**63), -(2**63), "a\0b", "\ud800"],
    ids=["large", "lowest", "null", "surrogate"],
)
def test_labels_that_c_has_not(odd):
    one = "b" if isinstance(odd, str) else type(odd)(1)
    labels = np.array([one, odd], dtype=object if isinstance(odd, str) else None)
    model = DecisionTreeClassifier(max_depth=1).fit(PIXELS, labels[DIGITS % 2])
    with pytest.raises(ValueError, match="without a null. Got"):
        to_c(model, PIXELS)


def test_classifiers_that_cannot_be_exported():
    several = MLPClassifier((2,), max_iter=1).fit(PIXELS, np.c_[DIGITS > 1, DIGITS < 3])
    with pytest.raises(ValueError, match="it predicts several outputs of classes"):
        to_c(several, PIXELS)
    bayesian = BayesianDistilledClassifier(GaussianNB()).fit(X, Y > 100)
    with pytest.raises(ValueError, match="take the variance of its weights"):
        to_c(bayesian, X)
    with pytest.raises(ValueError, match="without predict_proba"):
        to_c(RidgeClassifier().fit(PIXELS, DIGITS), PIXELS)
    two = DecisionTreeClassifier(max_depth=1).fit(PIXELS, np.c_[DIGITS, DIGITS])
    with pytest.raises(ValueError, match="a model of 2 outputs. Fit one model for"):
        to_c(two, PIXELS)
    odd = DecisionTreeClassifier(max_depth=1).fit(PIXELS, DIGITS)
    odd.classes_ = np.array([(0,), (1,), (2,), None], dtype=object)
    with pytest.raises(ValueError, match="are numbers or strings: .* Got"):
        to_c(odd, PIXELS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (csr_array(X), "C models take dense samples"),
        (X[0], r"shape \(n_samples, n_features\). Got shape \(10,\)"),
        (pd.DataFrame({"a": ["1"] * 9}), "of a C model holds numbers"),
        (pd.DataFrame({"a": [{}] * 9}), "of a C model holds numbers"),
        (X.astype(complex), "of a C model holds numbers"),
    ],
)
def test_samples_that_are_no_numbers(rows, message):
    with pytest.raises(ValueError, match=message):
        to_c(Ridge().fit(X, Y), rows)


@pytest.mark.parametrize(
    "params",
    [
        {"dtype": "double"},
        {"leaves": "int32"},
        {"name": "2b"},
        {"name": "a b"},
        {"name": 3},
        {"max_mismatch": 1.5},
        {"path": "model.cpp"},
        {"path": 'a".c'},
        {"path": "no/such/folder/model.c"},
    ],
)
def test_parameters(params):
    with pytest.raises(ValueError, match=rf"{next(iter(params))} must .* Got"):
        to_c(Ridge().fit(X, Y), X, **params)


def test_a_model_that_is_not_fitted():
    with pytest.raises(NotFittedError):
        to_c(DistilledRegressor(), X)


def test_without_a_compiler_it_warns_and_still_compares_what_was_read(monkeypatch):
    monkeypatch.setattr(_c, "find_compiler", lambda: None)
    model = Ridge().fit(X, Y)
    with pytest.warns(UncheckedWarning, match="no C compiler") as caught:
        to_c(model, X)
    assert caught[0].filename == __file__
    monkeypatch.setattr(_c, "read_model", lambda _: read_of(Ridge().fit(X, -Y)))
    with pytest.raises(ValueError, match="The C model must predict as the Ridge does"):
        to_c(model, X)


read_of = _c.read_model


@needs_compiler
def test_the_check_finds_another_constant_in_the_file(monkeypatch, tmp_path):
    model = DecisionTreeRegressor(max_leaf_nodes=4).fit(X, Y)

    def write(parts, **facts):
        c_model = _c_write(parts, **facts)
        changed = c_model.source.replace("y[0] += ", "y[0] += 1 + ")
        return replace(c_model, source=changed)

    monkeypatch.setattr(_c, "write_c", write)
    with pytest.raises(ValueError, match="other predictions for 200 of 200 samples"):
        to_c(model, X, tmp_path / "m.c")
    assert not list(tmp_path.iterdir())


_c_write = _c.write_c


@needs_compiler
def test_an_error_of_the_compiler_is_shown(monkeypatch):
    monkeypatch.setattr(
        _c, "write_c", lambda *a, **k: replace(_c_write(*a, **k), source="int 3;")
    )
    with pytest.raises(RuntimeError, match="The C compiler must end without an error"):
        to_c(Ridge().fit(X, Y), X)


@needs_compiler
def test_scaled_rows_may_differ_in_single_precision_as_far_as_is_accepted():
    rows = X + 1000.0
    model = make_pipeline(StandardScaler(), XGBRegressor(**XGB)).fit(rows, Y)
    assert_same(model, rows, to_c(model, rows), 1e-6)
    with pytest.warns(RoundingWarning):
        to_c(model, rows, dtype="float32", max_mismatch=1.0)


@needs_compiler
def test_trees_of_all_sizes():
    rng = np.random.default_rng(0)
    sizes = (2, 8, 9, 16, 17, 32, 33, 64, 65)
    ensembles = [
        Ensemble(tuple(random_tree(size, rng) for _ in range(5)), np.zeros(1))
        for size in sizes
    ]
    parts = [Beside(tuple((ensemble,) for ensemble in ensembles))]
    rows = rng.choice(EDGES, (200, 3))
    facts = {"name": "m", "header_name": "m.h", "dtype": "float64", "title": "trees"}
    c_model = write_c(parts, features=list("abc"), classes=None, **facts)
    assert_array_equal(run(c_model, rows).values, apply_parts(parts, rows))


@needs_compiler
def test_hundred_small_trees_stay_below_32_kilobytes(tmp_path):
    model = LGBMRegressor(**LIGHT | {"n_estimators": 100, "num_leaves": 16}).fit(X, Y)
    to_c(model, X, tmp_path / "m.c", leaves="int16")
    build(tmp_path, "-c", "m.c")
    assert (tmp_path / "out").stat().st_size < 32 * 1024
