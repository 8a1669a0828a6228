"""ONNX models of tables as they stand in files."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from skdistill import DistilledRegressor
from skdistill.export import to_c, to_onnx
from skdistill.tables import TableEncoder
from tests.export.raw import FORMATS, every_kind

pytest.importorskip("skl2onnx")


def distilled(X, encoder, final=None):
    """Return a student of raw rows, which learned numbers of them all."""
    X = X.copy()
    student = make_pipeline(encoder, SimpleImputer(), final or Ridge())
    encoded = encoder.fit_transform(X)
    y = np.nan_to_num(encoded / (1 + np.nanstd(encoded, axis=0))).sum(axis=1)
    model = DistilledRegressor(
        make_pipeline(encoder, SimpleImputer(), Ridge()), student, transfer=None
    )
    return model.fit(X, y)


def run(onnx_model, feed):
    from onnxruntime import InferenceSession

    session = InferenceSession(onnx_model.SerializeToString())
    return session.run(None, feed)[0].ravel()


@cache
def of_every_kind():
    X = every_kind()
    model = distilled(X, TableEncoder(n_frequent=5, n_hashes=8, cyclic=True))
    return model, X, to_onnx(model, X)


def columns_of(onnx_model):
    (about,) = (one for one in onnx_model.metadata_props if one.key == "columns")
    return json.loads(about.value)


def test_cells_of_every_kind_are_encoded_as_in_python():
    model, X, onnx_model = of_every_kind()
    names = columns_of(onnx_model)
    assert names == {"_1st": "1st", "is_new": "is new"} | {
        name: name for name in ("town", "when", "note")
    }
    written = model.student_[0].written(X)
    feed = {}
    for name, column in names.items():
        kind = np.float32 if column == "1st" else object
        feed[name] = written[column].astype(kind).reshape(-1, 1)
    expected = model.predict(X)
    np.testing.assert_allclose(run(onnx_model, feed), expected, rtol=1e-4)
    # All cells of the only row are missing, and no batch is needed.
    empty = {
        name: np.array([[np.nan if name == "_1st" else ""]], dtype=cells.dtype)
        for name, cells in feed.items()
    }
    alone = pd.DataFrame([dict.fromkeys(X.columns)])
    np.testing.assert_allclose(run(onnx_model, empty), model.predict(alone), rtol=1e-4)
    # Values that no training sample has.
    new = {name: cells[:1].copy() for name, cells in feed.items()}
    new["town"][0], new["note"][0] = "Rome", "never seen, ½ before"
    row = X.iloc[:1].assign(town="Rome", note="never seen, ½ before")
    np.testing.assert_allclose(run(onnx_model, new), model.predict(row), rtol=1e-4)


def test_columns_may_come_in_any_order_and_among_others():
    model, X, onnx_model = of_every_kind()
    other = to_onnx(model, X[X.columns[::-1]].assign(more=1.0))
    assert columns_of(other) == columns_of(onnx_model)


@pytest.mark.parametrize("name", FORMATS)
def test_dates_of_many_formats(name):
    X = every_kind()[["1st", "when"]]
    dates = X["when"]
    if "%H" not in FORMATS[name] and "%I" not in FORMATS[name]:
        dates = dates.dt.normalize()
    X["when"] = dates.dt.strftime(FORMATS[name]).astype(object)
    kinds = {"1st": "number", "when": "date"}
    model = distilled(X, TableEncoder(kinds, {"when": FORMATS[name]}))
    to_onnx(model, X)  # Compares all rows.


@pytest.mark.parametrize("written", ["%Y%m%d", "%Y-%j", "%d%b%B%Y", "%I:%M %d %m %Y"])
def test_dates_that_cannot_be_split_are_refused_by_the_column(written):
    dates = every_kind()["when"].dropna().reset_index(drop=True)
    X = pd.DataFrame({"1st": np.arange(len(dates)) % 7.0, "when": dates})
    model = distilled(X, TableEncoder())
    model.student_[0].columns_[-1].written_as = written
    with pytest.raises(ValueError, match="the column 'when' holds dates like"):
        to_onnx(model, X)


def test_an_array_of_numbers_has_one_input():
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    onnx_model = to_onnx(distilled(X, TableEncoder()), X)
    assert [one.name for one in onnx_model.graph.input] == ["X"]


def test_an_array_of_strings_needs_names():
    X = np.array([["a", "b"], ["c", "d"]] * 30, dtype=object)
    with pytest.raises(ValueError, match="column 'x0' is encoded.* give a DataFrame"):
        to_onnx(distilled(X, TableEncoder()), X)


def test_tables_of_numbers_are_written_in_c():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=[*"abc"])
    model = distilled(X, TableEncoder(), DecisionTreeRegressor(max_depth=3))
    assert "skdistill_model_predict" in to_c(model, X).source


def test_other_columns_are_refused_by_name_in_c():
    model, X, _ = of_every_kind()
    encoder = model.student_[0]
    with pytest.raises(ValueError, match="the column 'is new' holds other than"):
        to_c(model, encoder.transform(X))
