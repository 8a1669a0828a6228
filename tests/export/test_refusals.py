"""What cannot be exported is refused, and the error says why."""

import sys

import pytest

pytest.importorskip("skl2onnx", reason="needs the extra onnx")

import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PowerTransformer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBRegressor

from skdistill import DistilledRegressor
from skdistill.exceptions import RoundingWarning
from skdistill.export import _graph, _onnx, register_converters, to_onnx
from tests.export.cases import HIST, LIGHT, XGB
from tests.test_public_api import run_python

pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

X, Y = load_diabetes(return_X_y=True)
X, Y = X[:200], Y[:200]
CODES = np.column_stack([X[:, 0], np.arange(200) % 5])
ON_CODES = Y + 100 * (CODES[:, 1] == 2)


@pytest.mark.parametrize(
    ("student", "fit_params"),
    [
        (HistGradientBoostingRegressor(categorical_features=[1], **HIST), {}),
        (LGBMRegressor(max_cat_to_onehot=8, **LIGHT), {"categorical_feature": [1]}),
        (
            XGBRegressor(enable_categorical=True, feature_types=["q", "c"], **XGB),
            {},
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:categorical_feature")
def test_splits_on_categories(student, fit_params):
    model = DistilledRegressor(Ridge(), student, transfer=None).fit(CODES, ON_CODES)
    model.student_.fit(CODES, ON_CODES, **fit_params)
    with pytest.raises(ValueError, match=f"{type(student).__name__}: it has splits on"):
        to_onnx(model, CODES)


@pytest.mark.parametrize(
    "student",
    [
        HistGradientBoostingRegressor(**HIST),
        LGBMRegressor(**LIGHT),
        XGBRegressor(enable_categorical=True, **XGB),
    ],
)
def test_columns_of_categories_that_reach_the_student(student):
    frame = pd.DataFrame(
        {"number": CODES[:, 0], "name": pd.Categorical(["a", "b"] * 100)}
    )
    model = student.fit(frame, ON_CODES)
    with pytest.raises(
        ValueError, match=r"text among numbers, which a step of the Pip"
    ):
        to_onnx(model, frame)


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        (XGBRegressor(booster="dart", **XGB), "booster='dart'"),
        (XGBRegressor(booster="gblinear", **XGB), "booster='gblinear'"),
        (
            LGBMRegressor(boosting_type="rf", subsample=0.5, subsample_freq=1, **LIGHT),
            "r",
        ),
        (LGBMRegressor(linear_tree=True, **LIGHT), "linear models in the leaves"),
        (LGBMRegressor(zero_as_missing=True, **LIGHT), "zeros as missing values"),
        (GradientBoostingRegressor(init=Ridge()), "init"),
        (TransformedTargetRegressor(transformer=PowerTransformer()), "the target is"),
        (KernelRidge(), r"KernelRidge.*supported_converters"),
    ],
)
def test_students_that_converters_do_not_know(student, reason):
    model = student.fit(X, Y)
    with pytest.raises(ValueError, match=f"cannot be exported to ONNX: .*{reason}"):
        to_onnx(model, X)


def test_several_outputs_in_the_leaves_of_xgboost():
    model = XGBRegressor(multi_strategy="multi_output_tree", **XGB)
    with pytest.raises(ValueError, match="leaves of several outputs"):
        to_onnx(model.fit(X, np.column_stack([Y, Y])), X)


def test_the_error_names_the_student_of_a_pipeline():
    model = make_pipeline(DistilledRegressor(Ridge(), KernelRidge())).fit(X, Y)
    with pytest.raises(ValueError, match="The Pipeline cannot .* of its KernelRidge"):
        to_onnx(model, X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_check_fails_where_the_converter_gives_another_model(dtype, monkeypatch):
    convert, other = _onnx._convert, Ridge().fit(X, -Y)
    monkeypatch.setattr(
        _onnx, "_convert", lambda model, *rest, **how: convert(other, *rest, **how)
    )
    message = "as the Ridge does. Got other predictions for 200 of 200 samples, the"
    with pytest.raises(ValueError, match=message):
        to_onnx(Ridge().fit(X, Y), X, dtype=dtype)


def test_the_check_finds_one_leaf_that_is_changed(monkeypatch):
    model = DecisionTreeRegressor(max_leaf_nodes=10, random_state=0).fit(X, Y)
    changed = clone(model).fit(X, Y)
    leaf = changed.apply(X)[3]
    changed.tree_.value[leaf] += 0.001 * np.abs(Y).max()
    n_samples = (changed.apply(X) == leaf).sum()
    convert = _onnx._convert
    monkeypatch.setattr(
        _onnx, "_convert", lambda model, *rest, **how: convert(changed, *rest, **how)
    )
    with pytest.raises(
        ValueError, match=f"other predictions for {n_samples} of 200 samples"
    ):
        to_onnx(model, X, max_mismatch=(n_samples - 1) / 200)
    with pytest.warns(RoundingWarning, match=f"for {n_samples} of 200"):
        to_onnx(model, X, max_mismatch=n_samples / 200)


def test_the_check_measures_each_output_by_its_own_scale(monkeypatch):
    model = Ridge().fit(X, np.column_stack([Y, 1e9 + Y]))
    changed = clone(model).fit(X, np.column_stack([Y + np.abs(Y).max(), 1e9 + Y]))
    convert = _onnx._convert
    monkeypatch.setattr(
        _onnx, "_convert", lambda model, *rest, **how: convert(changed, *rest, **how)
    )
    with pytest.raises(ValueError, match="for 200 of 200 samples"):
        to_onnx(model, X)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_check_finds_outputs_that_are_put_one_below_the_other(monkeypatch):
    model = MLPRegressor(max_iter=5).fit(X, np.column_stack([Y, Y]))
    monkeypatch.setattr(_graph, "MLPRegressor", ())  # As the converter has it.
    with pytest.raises(ValueError, match=r"shape \(400, 1\) for 200 samples"):
        to_onnx(model, X)


def test_values_that_lie_far_from_zero_are_warned_of():
    model = DecisionTreeRegressor(max_depth=3).fit(X, X[:, 0] / np.ptp(X[:, 0]) + 1e7)
    with pytest.warns(RoundingWarning, match=r"for \d+ of 200 samples, by up to 0\.\d"):
        to_onnx(model, X)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9])
def test_values_that_are_all_the_same_are_not_warned_of(constant):
    to_onnx(Ridge().fit(X, np.column_stack([Y, np.full(len(Y), constant)])), X)


def test_the_check_finds_other_labels(monkeypatch):
    y = np.where(X[:, 0] > 0, "above", "below")
    model = DecisionTreeClassifier(max_depth=2).fit(X, y)
    changed = clone(model).fit(X, np.where(y == "above", "below", "higher"))
    convert = _onnx._convert
    monkeypatch.setattr(
        _onnx, "_convert", lambda model, *rest, **how: convert(changed, *rest, **how)
    )
    with pytest.raises(ValueError, match="for 200 of 200 samples"):
        to_onnx(model, X)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (csr_array(X), "dense samples"),
        (X[0], r"shape \(n_samples, n_features\). Got shape \(10,\)"),
    ],
)
def test_rows_that_are_no_table(rows, message):
    with pytest.raises(ValueError, match=message):
        to_onnx(Ridge().fit(X, Y), rows)


def test_text_with_missing_cells():
    frame = pd.DataFrame({"text": np.array(["a", "b", None, "b"] * 50, dtype=object)})
    encode = ColumnTransformer([("text", OneHotEncoder(), ["text"])])
    model = make_pipeline(encode, Ridge()).fit(frame, Y)
    with pytest.raises(ValueError, match=r"column 'text'.* Text may have no missing"):
        to_onnx(model, frame)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (np.array([0.5, 1.0]), "integers or strings"),
        (np.array([1]), "at least two classes"),
    ],
)
def test_labels_that_onnx_does_not_have(classes, message):
    model = DecisionTreeClassifier(max_depth=1).fit(X, Y > 100)
    model.classes_ = classes  # As libraries have them that are less strict.
    with pytest.raises(ValueError, match=message):
        to_onnx(model, X)


@pytest.mark.parametrize(
    "params", [{"dtype": "float16"}, {"max_mismatch": -0.1}, {"max_mismatch": 1.1}]
)
def test_parameters(params):
    with pytest.raises(ValueError, match=rf"{next(iter(params))} must be .* Got"):
        to_onnx(Ridge().fit(X, Y), X, **params)


def test_a_model_that_is_not_fitted():
    with pytest.raises(NotFittedError):
        to_onnx(DistilledRegressor(), X)


@pytest.mark.parametrize("missing", ["skl2onnx", "onnxmltools", "onnxruntime"])
def test_a_missing_library_is_named_with_its_extra(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    for call in (register_converters, lambda: to_onnx(Ridge().fit(X, Y), X)):
        with pytest.raises(ImportError, match=rf"{missing}.*'skdistill\[onnx\]'"):
            call()


def test_importing_the_module_loads_no_library_of_the_extra(tmp_path):
    code = """if True:
        import sys
        import skdistill.export
        print(*{"onnx", "skl2onnx", "onnxmltools", "onnxruntime"} & set(sys.modules))
    """
    assert run_python(code, tmp_path) == []
