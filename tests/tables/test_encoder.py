"""Cells of every kind: what a model is given of them, however they come."""

import datetime
import decimal
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils import murmurhash3_32

from skdistill.tables import LabelledClassifier, TableEncoder

DATES = pd.to_datetime(["1900-02-28", "2000-02-29", "2024-12-31", "1969-12-31"])


def encoded(cells, kind, new=None, **params):
    """Return the features of a single column, by their names."""
    encoder = TableEncoder({"c": kind}, **params).fit(pd.DataFrame({"c": cells}))
    names = [name.removeprefix("c_") for name in encoder.get_feature_names_out()]
    found = encoder.transform(pd.DataFrame({"c": cells if new is None else new}))
    return pd.DataFrame(found, columns=names)


@pytest.mark.parametrize(
    "cells",
    [
        [1, None, 3],
        ["1", None, "3.0"],
        [decimal.Decimal(1), None, 3],
        pd.array([1, pd.NA, 3], dtype="Int64"),
        [True, None, 3.0],
    ],
)
def test_numbers_are_numbers_however_they_come(cells):
    found = encoded(cells, "number")
    np.testing.assert_array_equal(found["c"], [1.0, np.nan, 3.0])


@pytest.mark.parametrize(
    ("cells", "written", "expected"),
    [
        (["12.3%", "-4 %", "?", 5.5], {"mark": "%"}, [12.3, -4, np.nan, 5.5]),
        (["1.234,56", "1.250", 1.25], {"decimal": ","}, [1234.56, 1250, 1.25]),
        (["$5,125", "($980.50)", "7"], {"mark": "$"}, [5125, -980.5, 7]),
        (["3 eur", "4 EUR", None], {"mark": "eur"}, [3, 4, np.nan]),
        (["many", "1,024", "inf"], {"coerce": True}, [np.nan, 1024, np.nan]),
        (["n/a", "1 024", ""], {}, [np.nan, 1024, np.nan]),
    ],
)
def test_numbers_are_read_as_they_are_written(cells, written, expected):
    found = encoded(cells, "number", numbers={"c": written})
    np.testing.assert_array_equal(found["c"], expected)
    encoder = TableEncoder({"c": "number"}, numbers={"c": written})
    again = encoder.fit(pd.DataFrame({"c": cells})).written(pd.DataFrame({"c": cells}))
    np.testing.assert_array_equal(again["c"], expected)


@pytest.mark.parametrize("kind", ["category", "text", "number", "date"])
def test_words_for_a_missing_cell_are_as_nothing(kind):
    cells = {"number": "1", "date": "2024-01-28"}.get(kind, "a")
    words = ["NA", "null", "<NA>", *["?", "-", " "] * (kind in ("number", "date"))]
    found = encoded([cells, None], kind, words)
    expected = encoded([cells, None], kind, [None] * len(words))
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("fitted", "new"),
    [
        (["True", "False", ""], [True, False, None]),
        (["TRUE", "false", ""], [np.True_, np.False_, np.nan]),
        (["TRUE", "FALSE", "TRUE"], ["True", "False", "true"]),
        (["True", "False", ""], [1.0, 0.0, np.nan]),
        (["2", "3", ""], [2.0, 3.0, np.nan]),
        (["2.0", "3.0", ""], [2, 3, pd.NA]),
        (["a", "b", ""], pd.array(["a", "b", None], dtype="string")),
        (["a", "b", ""], pd.Categorical(["a", "b", None])),
    ],
)
def test_a_category_is_the_same_however_it_comes(fitted, new):
    found = encoded(fitted, "category", new)
    pd.testing.assert_frame_equal(found, encoded(fitted, "category"))
    assert found.sum(axis=1).eq(1).all()


def test_a_new_category_is_none_of_the_known_ones_and_a_missing_one_may_be():
    found = encoded(["a", "b", None], "category", ["c", "b", np.nan])
    assert found.columns.tolist() == ["", "a", "b"]
    assert found.to_numpy().tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 0]]


def test_days_and_seconds_are_those_of_pandas():
    dates = DATES + pd.to_timedelta([0, 1, 3600, 86399], unit="s")
    found = encoded(dates, "date", cyclic=True)
    expected = {
        "days": (dates.normalize() - pd.Timestamp(0)).days,
        "year": dates.year,
        "month": dates.month,
        "day": dates.day,
        "weekday": dates.day_of_week,
        "day_of_year": dates.day_of_year,
        "seconds": dates.hour * 3600 + dates.minute * 60 + dates.second,
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    angle = 2 * np.pi * dates.day_of_year / 365.25
    np.testing.assert_allclose(found["sin_of_year"], np.sin(angle))
    np.testing.assert_allclose(found["cos_of_year"], np.cos(angle))
    angle = 2 * np.pi * expected["seconds"] / 86400
    np.testing.assert_allclose(found["cos_of_day"], np.cos(angle), atol=1e-12)


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y-%m-%d"])
def test_a_date_is_the_same_however_it_comes(form):
    expected = encoded(DATES, "date")
    strings = DATES.strftime(form)
    ways = [strings, [one.to_pydatetime() for one in DATES]]
    ways += [DATES.tz_localize("UTC"), [one.date() for one in DATES]]
    for cells in ways:
        found = encoded(strings, "date", cells, formats={"c": form})
        pd.testing.assert_frame_equal(found, expected)
    assert "seconds" not in expected
    found = encoded(strings, "date", [None, "", pd.NaT, np.nan], formats={"c": form})
    assert found.isna().all(axis=None)


def test_dates_without_a_format_are_those_of_iso_8601():
    strings = ["2024-01-28", "2024-01-28T10:00:00", "2024-01-28 10:00:00.5", None]
    found = encoded(strings, "date")
    assert found["seconds"].tolist()[:3] == [0.0, 36000.0, 36000.0]


def test_time_zones_are_those_of_utc():
    cells = [datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)] * 3
    there = pd.DatetimeIndex(cells).tz_convert("Asia/Tokyo")
    pd.testing.assert_frame_equal(encoded(cells, "date", there), encoded(cells, "date"))


def test_texts_have_frequent_values_counts_and_hashed_words():
    cells = ["a b", *["Köln"] * 12, *["b b"] * 11, "x-b", None]
    found = encoded(cells, "text", n_frequent=1, n_hashes=8)
    names = ["Köln", "count", *(f"words_{place}" for place in range(8))]
    assert found.columns.tolist() == names
    assert found["Köln"].tolist() == [0, *[1] * 12, *[0] * 13]
    assert found["count"].tolist() == [1, *[12] * 12, *[11] * 11, 1, 1]
    place = murmurhash3_32("b", positive=True) % 8
    words = found[f"words_{place}"]
    assert words[13] >= 2
    assert words[24] >= 1
    assert found.iloc[25, 2:].sum() == 0
    assert found.iloc[0, 2:].sum() == 2


def test_texts_without_hashes():
    assert encoded(["a", "b"], "text", n_hashes=0).columns.tolist() == ["count"]


def test_columns_come_in_any_order_and_among_others():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "c": DATES[:2]})
    encoder = TableEncoder().fit(X)
    expected = encoder.transform(X)
    found = encoder.transform(X[["c", "b", "a"]].assign(more="x"))
    np.testing.assert_array_equal(found, expected)
    for one in (clone(encoder).fit(X), pickle.loads(pickle.dumps(encoder))):
        np.testing.assert_array_equal(one.transform(X), expected)
    with pytest.raises(ValueError, match=r"lacks \['b'\].* Name the columns"):
        encoder.transform(X.drop(columns="b"))


def test_kinds_that_are_not_given_are_guessed():
    many = [f"word {place}" for place in range(50)]
    X = pd.DataFrame({"t": many, "d": [DATES[0]] * 50, "b": True, "n": range(50)})
    X["c"] = ["u", None] * 25
    X["o"] = pd.Series([1, 2.5] * 25, dtype=object)
    X["e"] = pd.Series([datetime.date(2024, 1, 2), pd.NaT] * 25, dtype=object)
    X["i"] = pd.array([1, pd.NA] * 25, dtype="Int64")
    columns = TableEncoder().fit(X).columns_
    assert {one.name: one.kind for one in columns} == {
        **{"n": "number", "o": "number", "b": "category", "c": "category"},
        **{"d": "date", "t": "text", "e": "date", "i": "number"},
    }


def test_columns_that_kinds_lack_are_left_out():
    X = pd.DataFrame({"a": [1.0, 2.0], "y": ["p", "q"]})
    encoder = TableEncoder({"a": "number"}).fit(X)
    assert encoder.transform(X[["a"]]).shape == (2, 1)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kinds": {"a": "numbers"}}, "kinds must name one of number, category"),
        ({"kinds": {}}, "kinds must name a column"),
        ({"kinds": {"z": "number"}}, r"lacks \['z'\]"),
        ({"kinds": {"a": "date"}}, "Column 'a' must hold a date in each cell"),
        (
            {"kinds": {"a": "date"}, "formats": {"a": "%d.%m.%Y"}},
            "a date like %d.%m.%Y in each cell, or nothing. Got 'x' in row 2",
        ),
        ({"kinds": {"a": "text"}, "formats": {"a": "%Y"}}, "formats are those of"),
        ({"kinds": {"a": "text"}, "numbers": {"a": {}}}, "numbers are those of"),
        (
            {"kinds": {"a": "number"}, "numbers": {"a": {"mark": "%"}}},
            "a number, maybe with %, in each cell, or nothing. Got '01.02.2024' in row",
        ),
        *(
            ({"kinds": {"a": "number"}, "numbers": {"a": one}}, "numbers must say")
            for one in ({"decimal": "x"}, {"sign": "."}, {"mark": 1}, {"coerce": 2}, 3)
        ),
        ({"numbers": "%"}, "'numbers' parameter"),
        ({"kinds": ["number"]}, "'kinds' parameter"),
        ({"formats": "%Y"}, "'formats' parameter"),
        ({"n_frequent": -1}, "'n_frequent' parameter"),
        ({"n_hashes": 1.5}, "'n_hashes' parameter"),
        ({"cyclic": "yes"}, "'cyclic' parameter"),
    ],
)
def test_what_does_not_fit_is_named(params, message):
    X = pd.DataFrame({"a": ["01.02.2024", "x"]})
    with pytest.raises(ValueError, match=message):
        TableEncoder(**params).fit(X)


def test_a_cell_that_is_no_number_is_named():
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1.0]}))
    with pytest.raises(ValueError, match=r"'a' must hold a number.*'x' in row 2"):
        encoder.transform(pd.DataFrame({"a": ["1", "x"]}))


def test_labels_of_codes():
    class Codes:
        def predict(self, X):
            return np.array([[1], [0]])

        def predict_proba(self, X):
            return np.eye(2)

    model = LabelledClassifier(Codes(), [False, True])
    assert model.predict(None).tolist() == [True, False]
    assert model.classes_.dtype == bool
    assert model.predict_proba(None).shape == (2, 2)
